import { SegmentedControl } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconTower } from '@tabler/icons-react'
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import { cameraAddress, firstCamera } from '../../camera/address'
import { Dialogs } from '../../incident/Dialogs'
import { openDialog } from '../../incident/dialogs'
import { EvidenceView } from '../../incident/EvidenceView'
import { FilterText } from '../../incident/FilterBar'
import { type Row, rowKey } from '../../incident/flood'
import { IncidentDetail } from '../../incident/IncidentDetail'
import { Cursor } from '../../incident/IncidentList'
import { QueueBody } from '../../incident/QueueBody'
import { useFollow } from '../../incident/useFollow'
import { useIncident } from '../../incident/useIncident'
import { useQueue, type QueueView } from '../../incident/useQueue'
import { useQueueKeys } from '../../incident/useQueueKeys'
import { useDirectory } from '../../org/organisation'
import { PlanOf } from '../../plan/PlanOf'
import { RefusedCards } from '../../refusal/RefusedCards'
import { usePageCommands } from '../../shell/commands'
import { useRight } from '../../session/session'
import { t, type TextKey } from '../../text'
import { EmptyNote } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { useUrl, writeQuery, type UrlState } from '../../url'
import { GroupSwitch } from './GroupSwitch'
import css from './operations.module.css'

/** Where an operator stays all shift: queue, plan or evidence, incident. */
export default function OperationsPage() {
  const [url, setUrl] = useUrl()
  const [cursor] = useState(() => new Cursor())
  const queue = useQueue(url, cursor)
  const { only } = url
  useFollow(cursor, url.i, setUrl)
  // The panes follow when there is time; the cursor does not wait for them.
  const chosen = useDeferredValue(url.i)
  const open = useCallback(
    (row: Row) => {
      if (row.kind === 'group') queue.toggleGroup(row.key)
      else setUrl({ i: row.id, at: 'incident' }, true)
    },
    [queue.toggleGroup, setUrl],
  )
  useOperationsKeys(queue, cursor, open)
  const right = useRight('incident.manual')
  const byHand = useMemo(
    () => [
      {
        key: 'incident.open',
        label: t('incidents.by_hand'),
        isAllowed: right.allowed,
        run: () => openDialog('open'),
      },
    ],
    [right.allowed],
  )
  usePageCommands(byHand)
  return (
    <div className={css.panes} data-only={only} data-at={url.at}>
      {(!only || only === 'queue') && (
        <Pane
          title={t('incidents.queue')}
          isFlush
          popOut={popOut(only, 'queue', url)}
          className={css.queue}
          head={
            <>
              <QueueCount queue={queue} />
              <GroupSwitch isGrouped={queue.isGrouped} />
            </>
          }
        >
          <div className={css.filter}>
            <FilterText />
          </div>
          <QueueBody queue={queue} cursor={cursor} isWide={only === 'queue'} onOpen={open} />
        </Pane>
      )}
      {(!only || only === 'centre') && <Centre id={chosen} only={only} />}
      {(!only || only === 'incident') && (
        <Pane
          title={t('incidents.incident')}
          isFlush
          popOut={popOut(only, 'incident', url)}
          className={css.incident}
          head={<Ways to={['queue', 'plan']} />}
        >
          {chosen ? <IncidentDetail id={chosen} /> : <NoneChosen />}
        </Pane>
      )}
      {(!only || only === 'queue') && <RefusedCards className={css.refused} />}
      <Dialogs />
    </div>
  )
}

const popOut = (only: string | undefined, pane: string, url: Record<string, string | undefined>) =>
  only ? undefined : `/operations${writeQuery({ ...url, only: pane })}`

function QueueCount({ queue }: { queue: QueueView }) {
  if (!queue.isLoaded) return null
  return (
    <span className={`${css.open} dim num`}>
      {t('incidents.count', { count: queue.openCount })}
      {queue.snoozed > 0 && ` · ${t('incidents.snoozed_count', { count: queue.snoozed })}`}
    </span>
  )
}

const WAYS: Record<'queue' | 'plan' | 'incident', [label: TextKey, change: UrlState]> = {
  queue: ['incidents.queue', { at: undefined, i: undefined }],
  plan: ['incidents.plan', { at: 'plan', view: 'plan' }],
  incident: ['incidents.incident', { at: 'incident', view: undefined }],
}

/** On a phone, where one pane is seen at a time: the ways to the others. */
function Ways({ to }: { to: (keyof typeof WAYS)[] }) {
  const [, setUrl] = useUrl()
  return to.map((pane) => (
    <button
      key={pane}
      type="button"
      className={css.back}
      onClick={() => setUrl(WAYS[pane][1], pane === 'plan')}
    >
      {t(WAYS[pane][0])}
    </button>
  ))
}

function NoneChosen() {
  return (
    <EmptyNote
      title={t('incidents.none_chosen')}
      icon={<IconTower size={28} stroke={1.4} aria-hidden />}
    >
      {t('incidents.none_chosen_text')}
    </EmptyNote>
  )
}

type CentreView = 'both' | 'evidence' | 'plan'

/** The floor plan of what is chosen, its evidence, or on a tall screen both. */
function Centre({ id, only }: { id: string | undefined; only: string | undefined }) {
  const [url, setUrl] = useUrl()
  // The same reading as the pane beside it, whether or not the queue shows the incident.
  const { incident } = useIncident(id)
  const asked = url.view as CentreView | undefined
  const view: CentreView = asked ?? (isTall() ? 'both' : 'evidence')
  return (
    <Pane
      title={t(view === 'plan' ? 'incidents.plan' : 'incidents.evidence')}
      isFlush
      className={css.centre}
      popOut={popOut(only, 'centre', url)}
      head={
        <>
          <Ways to={['incident']} />
          <SegmentedControl
            className={css.views}
            size="xs"
            value={view}
            onChange={(next) => setUrl({ view: next })}
            aria-label={t('incidents.show')}
            data={[
              { value: 'both', label: t('incidents.both') },
              { value: 'evidence', label: t('incidents.evidence') },
              { value: 'plan', label: t('incidents.plan') },
            ]}
          />
        </>
      }
    >
      {!incident ? (
        <NoneChosen />
      ) : (
        <>
          {view !== 'evidence' && (
            <div className={css.half}>
              <PlanOf incident={incident} />
            </div>
          )}
          {view !== 'plan' && (
            <div className={css.half}>
              <EvidenceView incident={incident} />
            </div>
          )}
        </>
      )}
    </Pane>
  )
}

const isTall = (): boolean => matchMedia('(min-height: 880px) and (min-width: 1181px)').matches

function useOperationsKeys(queue: QueueView, cursor: Cursor, open: (row: Row) => void): void {
  const [url, setUrl] = useUrl()
  const directory = useDirectory()
  const openKey = (key: string) => {
    const row = queue.rows.find((one) => rowKey(one) === key)
    if (row) open(row)
  }
  const camera = () => {
    const incident = queue.byId.get(url.i ?? '')
    const found = firstCamera(incident?.entities ?? [], directory)
    const template = directory.organisation.camera_link
    const address =
      found && template && cameraAddress(template, { ...found, at: incident!.last_seen })
    if (address) window.open(address, '_blank', 'noopener,noreferrer')
    else if (found)
      notifications.show({
        title: t('desk.camera_unlinked_title'),
        message: `${t('desk.camera_unlinked_text')} [console] camera_link`,
        withBorder: true,
      })
    else notifications.show({ message: t('incidents.camera_none'), withBorder: true })
  }
  const group = t('incidents.key_group_incident')
  const hasLeft = useRef(false)
  useQueueKeys({
    queue,
    cursor,
    open: openKey,
    preview: openKey,
    leave: () => {
      hasLeft.current = true
      cursor.look(undefined)
      setUrl({ i: undefined, at: undefined })
    },
    extra: [
      {
        keys: 'p',
        label: t('incidents.key_plan'),
        group,
        run: () => setUrl({ view: url.view === 'plan' ? 'evidence' : 'plan' }),
      },
      { keys: 'v', label: t('incidents.key_camera'), group, run: camera },
    ],
  })
  const top = queue.rows[0]
  useEffect(() => {
    if (cursor.at.get() !== undefined) return
    if (url.i) cursor.look(url.i)
    // The gravest is looked at first, unless the operator has put the cursor away.
    else if (top && !hasLeft.current && !isPhone()) cursor.look(rowKey(top))
  }, [url.i, cursor, top])
}

const isPhone = (): boolean => matchMedia('(max-width: 720px)').matches
