/** The keys of a queue, as guards and analysts know them. */
import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import type { Incident, IncidentView } from '../api/types'
import { useKeys, type Binding } from '../keys/keys'
import { t } from '../text'
import { refusalOf } from '../ui/ActionButton'
import type { Act } from './acts'
import { COMMENT_FIELD } from './CommentBox'
import { openDialog, type DialogKind } from './dialogs'
import { rowKey } from './flood'
import type { Cursor } from './IncidentList'
import { step } from './queue'
import { undoLast, useActs } from './useActs'
import type { QueueView } from './useQueue'

export const FILTER_FIELD = 'incident-filter'

interface Wanted {
  queue: QueueView
  cursor: Cursor
  /** Shows the row's incident, or opens its group. */
  open: (key: string) => void
  preview: (key: string) => void
  leave: () => void
  extra?: Binding[]
}

export function useQueueKeys({ queue, cursor, open, preview, leave, extra = [] }: Wanted): void {
  const { many } = useActs()
  const queries = useQueryClient()

  /** The ticked incidents, else those of the row under the cursor. */
  const chosen = (): Incident[] => {
    const ticked = cursor.ticked.get()
    const row = queue.rows.find((one) => rowKey(one) === cursor.at.get())
    const under = !row ? [] : row.kind === 'group' ? row.ids : [row.id]
    const ids = ticked.size > 0 ? [...ticked] : under
    // Nothing is done by a key to what stands for a call from this screen.
    return ids.flatMap((id) => queue.byId.get(id) ?? []).filter((one) => !one.isMasked)
  }
  /** For one incident whose offers we know, the server's reason why not comes before any dialog. */
  const refused = (list: Incident[], action: string): boolean => {
    if (list.length !== 1) return list.length === 0
    const view = queries.getQueryData<IncidentView>(['incident', list[0]!.id])
    if (!view || view.incident.version !== list[0]!.version) return false
    const refusal = refusalOf(view.actions.find((offer) => offer.action === action))
    if (refusal)
      notifications.show({ title: t('incidents.refused'), message: refusal, withBorder: true })
    return refusal !== undefined
  }
  const does = (act: Act) => () => {
    const list = chosen()
    if (!refused(list, act.action)) void many(list, act)
  }
  const asks = (kind: DialogKind, action: string) => () => {
    const list = chosen()
    if (!refused(list, action)) openDialog(kind, list)
  }
  const move = (by: number) => () => {
    const next = step(queue.rows.map(rowKey), cursor.at.get(), by)
    if (next !== undefined) cursor.place(next)
  }
  const withRow = (run: (key: string) => void) => () => {
    const key = cursor.at.get()
    if (key !== undefined) run(key)
  }
  const group = t('incidents.key_group_queue')
  const one = t('incidents.key_group_incident')
  useKeys([
    { keys: 'j', label: t('incidents.key_down'), group, run: move(1) },
    { keys: 'k', label: t('incidents.key_up'), group, run: move(-1) },
    { keys: 'ArrowDown', isHidden: true, label: t('incidents.key_down'), group, run: move(1) },
    { keys: 'ArrowUp', isHidden: true, label: t('incidents.key_up'), group, run: move(-1) },
    { keys: 'Enter', label: t('incidents.key_open'), group, run: withRow(open) },
    { keys: ' ', label: t('incidents.key_preview'), group, run: withRow(preview) },
    {
      keys: 'x',
      label: t('incidents.key_tick'),
      group,
      run: withRow((key) => {
        const row = queue.rows.find((r) => rowKey(r) === key)
        if (row) cursor.toggle(row.kind === 'group' ? row.ids : [row.id])
      }),
    },
    { keys: 'n', label: t('incidents.key_let_in'), group, run: queue.letIn },
    {
      keys: '/',
      label: t('incidents.key_filter'),
      group,
      run: () => document.getElementById(FILTER_FIELD)?.focus(),
    },
    {
      keys: 'Escape',
      label: t('incidents.key_leave'),
      group,
      run: ({ target }) => {
        // A step or a button that has the focus gives it up first; the incident stays.
        const control = target instanceof HTMLElement && target.closest('input, button')
        if (control instanceof HTMLElement) control.blur()
        else if (cursor.ticked.get().size > 0) cursor.untick()
        else leave()
      },
    },
    {
      keys: 'a',
      label: t('incidents.action_acknowledge'),
      group: one,
      run: does({ action: 'acknowledge' }),
    },
    { keys: 't', label: t('incidents.action_assign'), group: one, run: asks('assign', 'assign') },
    {
      keys: 'e',
      label: t('incidents.action_escalate'),
      group: one,
      run: asks('escalate', 'assign'),
    },
    { keys: 'h', label: t('incidents.action_snooze'), group: one, run: asks('snooze', 'snooze') },
    { keys: 'm', label: t('incidents.action_merge'), group: one, run: asks('merge', 'merge') },
    {
      keys: 'r',
      label: t('incidents.action_resolve'),
      group: one,
      run: asks('resolve', 'resolve'),
    },
    {
      keys: 'c',
      label: t('incidents.action_comment'),
      group: one,
      run: () => document.getElementById(COMMENT_FIELD)?.focus(),
    },
    { keys: 'z', label: t('incidents.key_undo'), group: one, run: undoLast },
    ...Array.from({ length: 9 }, (_, i) => ({
      keys: String(i + 1),
      label: t('incidents.key_step'),
      group: one,
      shownAs: '1–9',
      isHidden: i > 0,
      run: () => {
        const list = chosen()
        const looked = list[0]
        if (list.length !== 1 || !looked?.sop[i] || looked.sop[i]?.done) return
        if (!refused(list, 'tick_step')) void many(list, { action: 'tick_step', step: i })
      },
    })),
    ...extra,
  ])
}
