import { ActionIcon } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { IconX } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Finding, Level, RuleItem } from '../../api/types'
import { FindingMark } from '../../finding/FindingMark'
import { useDirectory } from '../../org/organisation'
import { Facts, Mark, Part } from '../../parts/Facts'
import parts from '../../parts/parts.module.css'
import { useReading } from '../../parts/reading'
import { ReasonDialog } from '../../parts/ReasonDialog'
import { t, teamName, word } from '../../text'
import { fullDay } from '../../time/format'
import { ActionButton } from '../../ui/ActionButton'
import { EntityLink } from '../../ui/EntityLink'
import { Pane } from '../../ui/Pane'
import { Severity } from '../../ui/Severity'
import { Stamp } from '../../ui/Stamp'
import { useUrl } from '../../url'
import { checkDraft, switchRule, type RuleDetail } from '../../workbench/draft'
import { ExceptDialog } from './ExceptDialog'
import css from './detections.module.css'

interface Props {
  rule: RuleItem
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
  const read = useReading<RuleDetail>(`/v1/rules/${encodeURIComponent(rule.id)}`)
  const detail = read.data
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
      {detail?.description && <p dir="auto">{detail.description.slice(0, 4_000)}</p>}
      <Acts rule={rule} detail={detail} again={read.again} />
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
              rule.tags.length > 0 ? (
                <span className={css.tags}>
                  {rule.tags.map((tag) => (
                    <Mark key={tag}>{tag}</Mark>
                  ))}
                </span>
              ) : undefined,
            ],
            [t('detections.origin'), word('detections', 'origin', rule.origin)],
            [
              t('detections.undecided'),
              detail && detail.undecided > 0 ? (
                <span key="undecided" title={detail.why_undecided.join('\n')}>
                  {t('detections.undecided_times', { count: detail.undecided })}{' '}
                  <bdi className="dim">{detail.why_undecided[0]}</bdi>
                </span>
              ) : undefined,
            ],
            [
              t('detections.history'),
              detail?.history ? <History key="history" history={detail.history} /> : undefined,
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
      <Cases detail={detail} />
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
          <p className={parts.quiet}>
            {t(rule.origin === 'house' ? 'detections.not_fired_yet' : 'detections.never_fired')}
          </p>
        ) : (
          list.map((finding) => <Found key={finding.finding} finding={finding} />)
        )}
      </Part>
    </Pane>
  )
}

/** What can be done with a rule: written, replayed, turned off, excepted. */
function Acts({
  rule,
  detail,
  again,
}: {
  rule: RuleItem
  detail: RuleDetail | undefined
  again: () => void
}) {
  const [, setUrl] = useUrl()
  const queries = useQueryClient()
  const [open, setOpen] = useState<'on' | 'off' | 'except'>()
  if (!detail) return null
  const offer = (of: RuleDetail['may_edit']) => ({
    allowed: of.allowed,
    reason: of.reason ?? undefined,
  })
  const isOff = rule.off_by != null
  const label = t(isOff ? 'detections.turn_on' : 'detections.turn_off')
  return (
    <div className={css.acts}>
      {isOff && <Mark tone="warn">{t('detections.off_by', { set: rule.off_by ?? '' })}</Mark>}
      <ActionButton
        size="compact-sm"
        variant="default"
        offer={offer(detail.may_try)}
        onPress={() => setUrl({ draft: rule.id, run: undefined }, true)}
      >
        {t('detections.write')}
      </ActionButton>
      <ActionButton
        size="compact-sm"
        variant="default"
        offer={offer(detail.may_edit)}
        onPress={() => setOpen(isOff ? 'on' : 'off')}
      >
        {label}
      </ActionButton>
      <ActionButton
        size="compact-sm"
        variant="default"
        offer={offer(detail.may_edit)}
        onPress={() => setOpen('except')}
      >
        {t('detections.except')}
      </ActionButton>
      {open === 'except' && <ExceptDialog rule={rule.id} close={() => setOpen(undefined)} />}
      {(open === 'on' || open === 'off') && (
        <ReasonDialog
          title={t(`detections.turn_${open}`)}
          label={t(`detections.turn_${open}`)}
          close={() => setOpen(undefined)}
          run={async (reason) => {
            await switchRule(rule.id, open === 'on', reason)
            void queries.invalidateQueries({ queryKey: ['/v1/rules'] })
            again()
            return t(`detections.is_${open}_now`)
          }}
          isHarmless={open === 'on'}
        >
          <p>{t(`detections.turn_${open}_text`)}</p>
        </ReasonDialog>
      )}
    </div>
  )
}

/** The cases that stand beside a rule, run now. */
/** What a rule that learns was taught of the time before it. */
function History({ history }: { history: NonNullable<RuleDetail['history']> }) {
  const zone = useDirectory().zoneOf(null)
  if (history.state === 'failed') return <span>{t('detections.history_failed')}</span>
  const events = history.events
  if (history.state === 'reading') return <span>{t('detections.history_reading', { events })}</span>
  const since = fullDay(history.since, zone)
  const key = history.is_cut ? 'detections.history_cut' : 'detections.history_learned'
  return <span>{t(key, { events, since })}</span>
}

function Cases({ detail }: { detail: RuleDetail | undefined }) {
  const text = detail?.cases
  const { data } = useQuery({
    queryKey: ['rule', 'cases', detail?.id, detail?.version],
    queryFn: ({ signal }) =>
      checkDraft({ [detail!.path]: detail!.text, [detail!.cases_path]: text! }, signal),
    enabled: Boolean(text) && Boolean(detail?.may_try.allowed),
    staleTime: Number.POSITIVE_INFINITY,
  })
  if (!data || data.cases.length === 0) return null
  return (
    <Part title={t('detections.cases')}>
      {data.cases.map((one, at) => (
        <div key={at} className={css.block}>
          <bdi>{one.name}</bdi>
          <Mark tone={one.failure ? 'bad' : 'good'}>
            {t(one.failure ? 'detections.fails' : 'detections.passes')}
          </Mark>
        </div>
      ))}
    </Part>
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
