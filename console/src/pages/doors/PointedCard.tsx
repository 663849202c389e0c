import { useDirectory } from '../../org/organisation'
import { AgoText } from '../../parts/AgoText'
import { Because } from '../../plan/Because'
import { clearsBy, LastPassage } from '../../plan/LastPassage'
import plan_css from '../../plan/plan.module.css'
import { t } from '../../text'
import { Stamp } from '../../ui/Stamp'
import { StandsMark } from './DoorList'
import type { Row } from './doors'
import css from './doors.module.css'

/** What the pointer or the focus is on: how it stands, since when, who was last and why. */
export function PointedCard({ row }: { row: Row }) {
  const directory = useDirectory()
  const { door, told } = row
  return (
    <div className={`${plan_css.card} ${css.pointed}`} role="status">
      <bdi className={plan_css.cardHead}>{directory.nameOf(`place:${door.door}`)}</bdi>
      <div className={plan_css.cardText}>
        <StandsMark row={row} />
        {told.since && (
          <span>
            <Stamp at={told.since} place={door.door} /> · <AgoText at={told.since} />
          </span>
        )}
        {told.last ? (
          <span className={plan_css.cardLast}>
            <LastPassage last={told.last} door={door.door} /> <Because last={told.last} />
          </span>
        ) : (
          <span>{t('doors.nobody_asked')}</span>
        )}
        {clearsBy(told) && <span className={plan_css.cardClears}>{clearsBy(told)}</span>}
        {!door.point && <span className={plan_css.cardClears}>{t('doors.watched_only')}</span>}
      </div>
    </div>
  )
}
