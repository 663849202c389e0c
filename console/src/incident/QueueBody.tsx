import { Button } from '@mantine/core'
import { status } from '../live/link'
import { HELD_MAX, loadIncidents } from '../live/incidents'
import { useExternal } from '../live/external'
import { t } from '../text'
import { EmptyNote, ProblemNote, Waiting } from '../ui/Notes'
import { Stamp } from '../ui/Stamp'
import { useUrl } from '../url'
import { BulkBar } from './BulkBar'
import { Arrivals, IncidentList, type Cursor } from './IncidentList'
import type { Row } from './flood'
import list from './list.module.css'
import type { QueueView } from './useQueue'

interface Props {
  queue: QueueView
  cursor: Cursor
  isWide: boolean
  onOpen: (row: Row) => void
  onMore?: () => void
  isReading?: boolean
}

/** The queue itself: bulk acts, rows, the bar of arrivals; or that all is well. */
export function QueueBody({ queue, cursor, isWide, onOpen, onMore, isReading }: Props) {
  if (!queue.isLoaded && queue.problem) {
    return <ProblemNote error={queue.problem} retry={() => void loadIncidents()} />
  }
  if (!queue.isLoaded || (isReading && queue.rows.length === 0)) return <Waiting />
  return (
    <>
      <BulkBar cursor={cursor} byId={queue.byId} />
      {queue.rows.length === 0 ? (
        <AllWell openCount={queue.openCount} />
      ) : (
        <IncidentList
          label={t('incidents.title')}
          rows={queue.rows}
          byId={queue.byId}
          cursor={cursor}
          isWide={isWide}
          onOpen={onOpen}
          onMore={onMore}
        />
      )}
      {/* Below the rows, so that its coming and going moves none of them. */}
      <Arrivals
        ids={queue.arrived}
        aside={queue.aside}
        gone={queue.gone}
        byId={queue.byId}
        letIn={queue.letIn}
      />
      {queue.isCut && <p className={list.cut}>{t('incidents.cut', { max: HELD_MAX })}</p>}
    </>
  )
}

function AllWell({ openCount }: { openCount: number }) {
  const now = useExternal(status)
  const [url, setUrl] = useUrl()
  if (openCount > 0) {
    const clear = () =>
      setUrl({
        q: undefined,
        level: undefined,
        owner: undefined,
        site: undefined,
        state: undefined,
        entity: undefined,
        rule: undefined,
      })
    return (
      <EmptyNote title={t('incidents.all_well_matching')}>
        <p>{t('incidents.all_well_matching_text', { count: openCount })}</p>
        {url.q && <p>{t('shell.names_hidden')}</p>}
        <Button variant="default" onClick={clear}>
          {t('incidents.clear_filter')}
        </Button>
      </EmptyNote>
    )
  }
  return (
    <EmptyNote title={t('incidents.all_well')}>
      {now && <SinceText since={now.started_at} events={now.events} />}
    </EmptyNote>
  )
}

/** The sentence with a moment in the middle, wherever the language puts it. */
function SinceText({ since, events }: { since: string; events: number }) {
  const [before, after] = t('incidents.all_well_since', { events }).split('{since}')
  return (
    <>
      {before}
      <Stamp at={since} />
      {after}
    </>
  )
}
