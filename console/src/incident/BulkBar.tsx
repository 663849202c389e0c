import { Button, CloseButton } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { memo, useMemo } from 'react'
import type { Incident, IncidentView } from '../api/types'
import { useExternal } from '../live/external'
import { t, type TextKey } from '../text'
import { readIncident, type Act } from './acts'
import { openDialog, type DialogKind } from './dialogs'
import css from './incident.module.css'
import type { Cursor } from './IncidentList'
import { useActs } from './useActs'

/** Offers asked for at once; more are acted on without asking first. */
const ASKED_MAX = 40

const BULK: { action: string; label: TextKey; act?: Act; dialog?: DialogKind }[] = [
  { action: 'acknowledge', label: 'incidents.action_acknowledge', act: { action: 'acknowledge' } },
  { action: 'assign', label: 'incidents.action_assign', dialog: 'assign' },
  { action: 'snooze', label: 'incidents.action_snooze', dialog: 'snooze' },
  { action: 'merge', label: 'incidents.action_merge', dialog: 'merge' },
  { action: 'resolve', label: 'incidents.action_resolve', dialog: 'resolve' },
  { action: 'close', label: 'incidents.action_close', act: { action: 'close' } },
]

/** What can be done to all that are ticked; each button says to how many the server allows it. */
export const BulkBar = memo(function BulkBar({
  cursor,
  byId,
}: {
  cursor: Cursor
  byId: ReadonlyMap<string, Incident>
}) {
  const ticked = useExternal(cursor.ticked)
  const { many } = useActs()
  const list = useMemo(() => [...ticked].flatMap((id) => byId.get(id) ?? []), [ticked, byId])
  const views = useQueries({
    queries: list.slice(0, ASKED_MAX).map(({ id }) => ({
      queryKey: ['incident', id],
      queryFn: ({ signal }: { signal: AbortSignal }) => readIncident(id, signal),
      staleTime: 5_000,
    })),
    combine: (results) =>
      results.flatMap((result): IncidentView[] => (result.data ? [result.data] : [])),
  })
  if (list.length === 0) return null
  const allowing = (action: string) =>
    list.filter((incident) => {
      const view = views.find((known) => known.incident.id === incident.id)
      return (
        view?.actions.some((offer) => offer.action === action && offer.allowed) ??
        list.length > ASKED_MAX
      )
    })
  return (
    <div
      className={css.bulk}
      role="toolbar"
      aria-label={t('incidents.ticked_count', { count: list.length })}
    >
      <strong className="num">{t('incidents.ticked_count', { count: list.length })}</strong>
      {BULK.map((entry) => {
        const some = allowing(entry.action)
        const run = () => {
          if (entry.act) void many(some, entry.act)
          else if (entry.dialog) openDialog(entry.dialog, some)
        }
        if (some.length === 0) return null
        return (
          <Button key={entry.action} variant="default" size="compact-sm" onClick={run}>
            {t(entry.label)}
            {some.length < list.length && (
              <span className="dim num">
                &nbsp;{t('incidents.of_n', { some: some.length, all: list.length })}
              </span>
            )}
          </Button>
        )
      })}
      <CloseButton
        size="sm"
        aria-label={t('incidents.untick_all')}
        onClick={() => cursor.untick()}
      />
    </div>
  )
})
