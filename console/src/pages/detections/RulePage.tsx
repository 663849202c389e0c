import { ActionIcon } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { Finding, Level, RuleItem } from '../../api/types'
import { FindingMark } from '../../finding/FindingMark'
import { useDirectory } from '../../org/organisation'
import { Facts, Mark, Part } from '../../parts/Facts'
import parts from '../../parts/parts.module.css'
import { useReading } from '../../parts/reading'
import { t, teamName } from '../../text'
import { EntityLink } from '../../ui/EntityLink'
import { Pane } from '../../ui/Pane'
import { Severity } from '../../ui/Severity'
import { Stamp } from '../../ui/Stamp'
import css from './detections.module.css'

/** What newer servers tell of a rule. */
interface Told {
  description?: string | null
  cases?: { name: string; matches?: boolean; passes?: boolean }[]
}

interface Props {
  rule: RuleItem & Told
  blocks: readonly RuleItem[]
  close: () => void
}

/** One rule: what it is built from and what it found. */
export function RulePage({ rule, blocks, close }: Props) {
  const asked = useReading<{ findings: Finding[] }>(
    '/v1/findings',
    { rule: rule.id, limit: 50 },
    { every_ms: 10_000 },
  )
  const list = asked.data?.findings ?? []
  return (
    <Pane
      title={<bdi>{rule.title.slice(0, 300)}</bdi>}
      label={t('detections.rule')}
      readAt={asked.readAt}
      back={{ label: t('detections.back'), run: close }}
      head={
        <>
          <Severity level={rule.level as Level} />
          <ActionIcon aria-label={t('detections.close_rule')} onClick={close} ms="auto">
            <IconX size={15} />
          </ActionIcon>
        </>
      }
    >
      {rule.description && <p dir="auto">{rule.description.slice(0, 4_000)}</p>}
      <div className={css.facts}>
        <Facts
          list={[
            [
              t('detections.id'),
              <span key="id" className="mono">
                {rule.id}
              </span>,
            ],
            [
              t('detections.kind'),
              t(
                rule.is_correlation || blocks.length > 0
                  ? 'detections.correlation'
                  : 'detections.single',
              ),
            ],
            [t('detections.team'), rule.team && teamName(rule.team)],
            [
              t('detections.tags'),
              rule.tags.length > 0 && (
                <span className={css.tags}>
                  {rule.tags.map((tag) => (
                    <Mark key={tag}>{tag}</Mark>
                  ))}
                </span>
              ),
            ],
            [t('detections.author'), rule.author],
            [t('detections.licence'), rule.licence],
          ]}
        />
      </div>
      {blocks.length > 0 && (
        <Part title={t('detections.blocks')}>
          {blocks.map((block) => (
            <div key={block.id} className={css.block}>
              <bdi>{block.title.slice(0, 200)}</bdi>
              <span className="mono faint cut">{block.id}</span>
            </div>
          ))}
        </Part>
      )}
      {rule.cases && rule.cases.length > 0 && (
        <Part title={t('detections.cases')}>
          {rule.cases.map((one) => (
            <div key={one.name} className={css.block}>
              <bdi>{one.name}</bdi>
              {one.matches !== undefined && (
                <Mark>{t(one.matches ? 'detections.must_fire' : 'detections.must_not')}</Mark>
              )}
            </div>
          ))}
        </Part>
      )}
      <Part
        title={t('detections.findings')}
        end={
          <Link to="/incidents" search={{ text: rule.id } as never}>
            {t('detections.incidents')}
          </Link>
        }
      >
        {asked.problem ? (
          <p className={parts.problem}>{asked.problem.detail}</p>
        ) : asked.isWaiting ? (
          <p className="faint">{t('shell.loading')}</p>
        ) : list.length === 0 ? (
          <p className={parts.quiet}>{t('detections.never_fired')}</p>
        ) : (
          list.map((finding) => <Found key={finding.finding} finding={finding} />)
        )}
      </Part>
    </Pane>
  )
}

function Found({ finding }: { finding: Finding }) {
  const directory = useDirectory()
  const place = finding.entities.find((entity) => entity.startsWith('place:'))?.slice(6)
  return (
    <div className={css.finding}>
      <div className={css.findingTop}>
        <Stamp at={finding.time} place={place} />
        <FindingMark state={finding.state} />
        <span className="faint num">
          {t('detections.evidence', { count: finding.evidence.length })}
        </span>
      </div>
      <Link to={'/findings' as never} search={{ id: finding.finding } as never}>
        <bdi className={css.because}>
          {directory.inWords(finding.because.slice(0, 600), finding.entities)}
        </bdi>
      </Link>
      <div className={css.entities}>
        {finding.entities.slice(0, 8).map((entity) => (
          <EntityLink key={entity} entity={entity} />
        ))}
      </div>
    </div>
  )
}
