import { Button } from '@mantine/core'
import { IconShieldCheck, IconShieldX } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { get } from '../../api/client'
import { useDirectory } from '../../org/organisation'
import parts from '../../parts/parts.module.css'
import { useReading } from '../../parts/reading'
import { Table } from '../../parts/Table'
import { count, t } from '../../text'
import { EmptyNote, ProblemNote, Waiting } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { Stamp } from '../../ui/Stamp'
import type { AuditItem, AuditPage, AuditVerdict } from './types'
import css from './system.module.css'

const PAGE = 200

/** Every act that changed something, and whether the chain of them is whole. */
export default function Audit() {
  const asked = useInfiniteQuery({
    queryKey: ['/v1/audit', 'pages'],
    queryFn: ({ pageParam, signal }) =>
      get<AuditPage>('/v1/audit', { before: pageParam, limit: PAGE }, signal),
    initialPageParam: '',
    getNextPageParam: (last) =>
      last.next === null || last.next === undefined ? undefined : String(last.next),
    refetchInterval: 30_000,
  })
  const acts = asked.data?.pages.flatMap((page) => page.acts) ?? []
  const readAt = asked.dataUpdatedAt
    ? performance.now() - (Date.now() - asked.dataUpdatedAt)
    : undefined
  return (
    <Pane title={t('system.tab_audit')} readAt={readAt} isFlush head={<Verdict />}>
      {asked.error ? (
        <ProblemNote error={asked.error} retry={() => void asked.refetch()} />
      ) : asked.isPending ? (
        <Waiting />
      ) : acts.length === 0 ? (
        <EmptyNote title={t('system.no_acts')} />
      ) : (
        <Table
          label={t('system.tab_audit')}
          columns={[
            { label: t('system.seq'), when: 'mid', isEnd: true },
            { label: t('events.col_time') },
            { label: t('system.by') },
            { label: t('system.act') },
            { label: t('system.object'), when: 'mid' },
            { label: t('system.detail'), when: 'wide' },
          ]}
          after={
            asked.hasNextPage && (
              <div className={css.more}>
                <Button
                  variant="default"
                  loading={asked.isFetchingNextPage}
                  onClick={() => void asked.fetchNextPage()}
                >
                  {t('system.more')}
                </Button>
              </div>
            )
          }
        >
          {acts.map((act) => (
            <ActRow key={act.seq} act={act} />
          ))}
        </Table>
      )}
    </Pane>
  )
}

function ActRow({ act }: { act: AuditItem }) {
  const directory = useDirectory()
  const detail = act.detail === undefined || act.detail === null ? '' : JSON.stringify(act.detail)
  return (
    <tr>
      <td data-mid data-end className="num faint">
        {act.seq}
      </td>
      <td className="num dim">{act.at && <Stamp at={act.at} />}</td>
      <td>{act.by && <bdi>{directory.operatorName(act.by)}</bdi>}</td>
      <td className="mono">
        {act.is_erased ? <span className="faint">{t('system.erased')}</span> : act.verb}
      </td>
      <td data-mid className="mono dim">
        <bdi>{act.object?.slice(0, 200)}</bdi>
      </td>
      <td data-wide>
        <bdi className={`mono cut ${parts.block} dim`} title={detail.slice(0, 1_000)}>
          {detail.slice(0, 200)}
        </bdi>
      </td>
    </tr>
  )
}

/** Whether the chain of all acts holds, and the head that one notes elsewhere. */
function Verdict() {
  const asked = useReading<AuditVerdict>('/v1/audit/verification')
  const { data } = asked
  if (!data) return null
  return (
    <>
      <span className={css.verified} data-ok={data.is_whole} role="status">
        {data.is_whole ? (
          <IconShieldCheck size={16} aria-hidden />
        ) : (
          <IconShieldX size={16} aria-hidden />
        )}
        {data.is_whole
          ? t('system.verified', { count: data.entries, number: count(data.entries) })
          : t('system.not_verified', {
              problem: `#${data.broken_at ?? '?'} ${data.detail ?? ''}`.trim(),
            })}
      </span>
      <span
        className={`${css.chainHead} mono faint cut`}
        title={`${t('system.head')} ${data.head}`}
      >
        {data.head.slice(0, 16)}
      </span>
      <Button size="compact-sm" variant="default" onClick={asked.again}>
        {t('system.verify_again')}
      </Button>
    </>
  )
}
