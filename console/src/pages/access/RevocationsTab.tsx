import { IconCircleCheckFilled, IconHourglass, IconReplace, IconUserX } from '@tabler/icons-react'
import { useState, type ReactNode } from 'react'
import { useLiveReading } from '../../live/useLiveReading'
import { useDirectory } from '../../org/organisation'
import { AgoText } from '../../parts/AgoText'
import { Cut, Facts, Mark, Part } from '../../parts/Facts'
import parts from '../../parts/parts.module.css'
import { Answered, Table } from '../../parts/Table'
import { useRight } from '../../session/session'
import { t } from '../../text'
import { span } from '../../time/format'
import { ActionButton } from '../../ui/ActionButton'
import { EntityLink } from '../../ui/EntityLink'
import { EmptyNote } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { Stamp } from '../../ui/Stamp'
import { useUrl } from '../../url'
import { RevokeDialog } from './RevokeDialog'
import {
  closedOf,
  shownOf,
  tookOf,
  type Revocation,
  type RevocationItem,
  type Signing,
  type Subject,
} from './revocations'
import { SnapshotVersion } from './SnapshotVersion'
import css from './access.module.css'

/** The receipts board: nothing is shown as revoked before every point has confirmed it. */
export function RevocationsTab({ head }: { head: ReactNode }) {
  const [url, setUrl] = useUrl()
  const [isOpen, setOpen] = useState(false)
  const right = useRight('revocation.act')
  const asked = useLiveReading<RevocationItem[]>('/v1/revocations', ['revocation', 'edge'])
  const chosen = asked.data?.find((one) => one.id === url.id)
  return (
    <div className={parts.split} data-even data-open={chosen ? true : undefined}>
      <Pane title={t('access.revocations')} readAt={asked.readAt} isFlush head={head}>
        <div className={css.bar}>
          <p className="faint">{t('access.revocations_text')}</p>
          <ActionButton
            offer={{ allowed: right.allowed, reason: right.reason ?? undefined }}
            color="red"
            size="sm"
            leftSection={<IconUserX size={16} aria-hidden />}
            onPress={() => setOpen(true)}
          >
            {t('access.revoke_or_suspend')}
          </ActionButton>
        </div>
        <Answered asked={asked}>
          {(list) =>
            list.length === 0 ? (
              <EmptyNote title={t('access.no_revocations')}>
                {t('access.no_revocations_text')}
              </EmptyNote>
            ) : (
              <Board list={list} chosen={url.id} choose={(id) => setUrl({ id }, true)} />
            )
          }
        </Answered>
      </Pane>
      {chosen ? (
        <One
          key={chosen.id}
          id={chosen.id}
          again={asked.again}
          close={() => setUrl({ id: undefined })}
        />
      ) : (
        <Pane title={t('access.revocation')}>
          <EmptyNote title={t('access.none_chosen')}>{t('access.revocation_none_chosen')}</EmptyNote>
        </Pane>
      )}
      {isOpen && <RevokeDialog close={() => setOpen(false)} again={asked.again} />}
    </div>
  )
}

interface BoardProps {
  list: readonly RevocationItem[]
  chosen: string | undefined
  choose: (id: string) => void
}

function Board({ list, chosen, choose }: BoardProps) {
  return (
    <Table
      label={t('access.revocations')}
      columns={[
        { label: t('access.subject') },
        { label: t('access.state') },
        { label: t('access.receipts'), isEnd: true },
        { label: t('access.took'), when: 'mid', isEnd: true },
        { label: t('access.when'), when: 'wide' },
      ]}
    >
      {list.map((item) => (
        <tr
          key={item.id}
          data-chosen={item.id === chosen || undefined}
          onClick={() => choose(item.id)}
        >
          <td>
            <button type="button" className={parts.link} aria-pressed={item.id === chosen}>
              <SubjectName subject={item.subject} />
            </button>
          </td>
          <td>
            <StateMark item={item} />
          </td>
          <td data-end className="num">
            {t('access.of', { done: closedOf(item), all: item.points })}
          </td>
          <td data-mid data-end className="num dim">
            {tookText(item)}
          </td>
          <td data-wide className="dim">
            <AgoText at={item.at} />
          </td>
        </tr>
      ))}
    </Table>
  )
}

function SubjectName({ subject }: { subject: Subject }) {
  const directory = useDirectory()
  const own = subject.kind === 'person' ? directory.nameOf(`person:${subject.id}`) : subject.id
  return <Cut>{subject.name ?? own}</Cut>
}

/** The state, in shape, colour and word. */
export function StateMark({ item }: { item: RevocationItem }) {
  const shown = shownOf(item)
  const Icon =
    shown === 'unconfirmed'
      ? IconHourglass
      : shown === 'superseded'
        ? IconReplace
        : IconCircleCheckFilled
  const tone = shown === 'unconfirmed' ? 'warn' : shown === 'superseded' ? undefined : 'good'
  return (
    <span className={css.state} data-tone={tone}>
      <Icon size={15} aria-hidden /> {t(`access.shown_${shown}`)}
    </span>
  )
}

function tookText(item: RevocationItem): string {
  const took = tookOf(item)
  if (took === undefined) return '–'
  return took < 10_000 ? t('access.ms', { count: took }) : span(took)
}

/** One act with the receipt of each point, and how it is known. */
function One({ id, again, close }: { id: string; again: () => void; close: () => void }) {
  const directory = useDirectory()
  const right = useRight('revocation.act')
  const [isLifting, setLifting] = useState(false)
  const asked = useLiveReading<Revocation>(`/v1/revocations/${encodeURIComponent(id)}`, [
    'revocation',
    'edge',
  ])
  const back = { label: t('access.revocations'), run: close }
  return (
    <Pane title={t('access.revocation')} readAt={asked.readAt} back={back}>
      <Answered asked={asked}>
        {(one) => (
          <>
            <Facts
              list={[
                [t('access.state'), <StateMark key="s" item={one} />],
                [t('access.subject'), <SubjectLink key="l" subject={one.subject} />],
                [t('access.act'), t(`access.act_${one.act}`)],
                [t('access.reason'), one.reason],
                [t('access.by'), directory.operatorName(one.by)],
                [t('access.when'), <Stamp key="w" at={one.at} as="full" />],
                [t('access.took'), tookText(one)],
                [
                  t('access.incident'),
                  one.incident && <a href={`/incidents?id=${one.incident}`}>{one.incident}</a>,
                ],
                [t('access.compensating'), one.compensating ?? undefined],
              ]}
            />
            {one.act === 'suspend' && one.state !== 'superseded' && (
              <div className={css.acts}>
                <ActionButton
                  offer={{ allowed: right.allowed, reason: right.reason ?? undefined }}
                  variant="default"
                  size="sm"
                  onPress={() => setLifting(true)}
                >
                  {t('access.act_lift')}
                </ActionButton>
              </div>
            )}
            <Part title={t('access.receipts')}>
              <Signings list={one.signings} />
            </Part>
            {isLifting && (
              <RevokeDialog
                close={() => setLifting(false)}
                again={again}
                fixed={{ act: 'lift', subject: one.subject, of: one.id }}
              />
            )}
          </>
        )}
      </Answered>
    </Pane>
  )
}

function SubjectLink({ subject }: { subject: Subject }) {
  if (subject.kind === 'person') return <EntityLink entity={`person:${subject.id}`} />
  return (
    <>
      {t(`access.kind_${subject.kind}`)} <code>{subject.id}</code>
    </>
  )
}

function Signings({ list }: { list: readonly Signing[] }) {
  if (list.length === 0) return <p className="faint">{t('access.no_points')}</p>
  return (
    <ul className={css.signings}>
      {list.map((signing) => (
        <li key={signing.point} className={css.signing}>
          <span className={css.signingWho}>
            <strong className="cut">{signing.point}</strong>
            {signing.kind && <span className={css.hint}>{t(`access.point_${signing.kind}`)}</span>}
          </span>
          <Mark tone={toneOf(signing)}>{t(`access.signing_${signing.state}`)}</Mark>
          <span className="dim">
            {signing.known && t(`access.known_${signing.known}`)}
            {signing.snapshot && (
              <>
                {' · '}
                {t('access.rights_version')} <SnapshotVersion version={signing.snapshot} />
              </>
            )}
            {signing.state === 'silent' && (
              <>
                {signing.stale_until ? (
                  <>
                    {t('access.until')} <Stamp at={signing.stale_until} />
                  </>
                ) : (
                  t('access.no_end')
                )}
              </>
            )}
          </span>
          {signing.at && <Stamp at={signing.at} />}
        </li>
      ))}
    </ul>
  )
}

const toneOf = ({ state }: Signing): 'good' | 'warn' | undefined =>
  state === 'confirmed' ? 'good' : state === 'silent' ? 'warn' : undefined
