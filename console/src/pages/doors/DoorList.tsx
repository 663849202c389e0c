import { useDirectory } from '../../org/organisation'
import { AgoText } from '../../parts/AgoText'
import { Cut, Mark } from '../../parts/Facts'
import parts from '../../parts/parts.module.css'
import { Table } from '../../parts/Table'
import { DoorWord } from '../../plan/DoorShape'
import { t, word } from '../../text'
import type { ControlledDoor } from '../../api/types'
import type { Row } from './doors'
import css from './doors.module.css'

interface Props {
  rows: readonly Row[]
  chosen: string | undefined
  choose: (id: string) => void
}

/** Doors as a table. */
export function DoorList({ rows, chosen, choose }: Props) {
  const directory = useDirectory()
  return (
    <Table
      label={t('doors.title')}
      columns={[
        { label: t('doors.door') },
        { label: t('doors.stands') },
        { label: t('doors.since'), when: 'mid' },
        { label: t('doors.rights'), when: 'wide' },
        { label: t('doors.point'), when: 'wide' },
      ]}
    >
      {rows.map(({ door, told }) => (
        <tr
          key={door.door}
          data-chosen={door.door === chosen || undefined}
          onClick={() => choose(door.door)}
        >
          <td>
            <button type="button" className={parts.link} aria-pressed={door.door === chosen}>
              <Cut>{directory.nameOf(`place:${door.door}`)}</Cut>
            </button>
            <div className={css.hint}>
              {directory.nameOf(`place:${door.zone}`)}
              {!door.point && ` · ${t('doors.watched_only')}`}
            </div>
          </td>
          <td>
            <StandsMark row={{ door, told }} />
          </td>
          <td data-mid className="dim">
            {told.since ? <AgoText at={told.since} /> : '–'}
          </td>
          <td data-wide>
            <LeaseMark door={door} />
          </td>
          <td data-wide className="dim">
            {door.point ?? '–'}
          </td>
        </tr>
      ))}
    </Table>
  )
}

/** How it stands, in shape, colour and word; what was ordered over it beside. */
export function StandsMark({ row: { door, told } }: { row: Row }) {
  return (
    <span className={css.stands}>
      <DoorWord state={told.state} />
      {told.state === 'offline' && door.stands && (
        <span className="faint">
          {t('doors.was', { state: word('incidents', 'door_state', door.stands) })}
        </span>
      )}
      {door.lockdown && told.state !== 'lockdown' && <Mark tone="bad">{t('doors.locked_down')}</Mark>}
      {door.work && <Mark tone="warn">{word('doors', 'order', door.work)}</Mark>}
    </span>
  )
}

/** Whether the rights that the door goes by are as young as its zone asks for. */
export function LeaseMark({ door }: { door: ControlledDoor }) {
  if (!door.point) return <span className="faint">–</span>
  const tone = door.lease === 'current' ? 'good' : 'warn'
  return <Mark tone={tone}>{t(`doors.lease_${door.lease}`)}</Mark>
}
