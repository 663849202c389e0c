import { useExternal } from '../../live/external'
import { useLiveReading } from '../../live/useLiveReading'
import { useDirectory } from '../../org/organisation'
import { t, word } from '../../text'
import { clockRate, ticking } from '../../time/clock'
import { msOf } from '../../time/format'
import { grouped, isFresh, isUnderWay, type DoorCommand } from './doors'
import { Steps } from './Steps'
import css from './doors.module.css'

const READ_MAX = 100
const GROUPS_MAX = 4
const NAMED_MAX = 3

/** What was just asked of doors, where it was asked: until the device has said, and a while longer. */
export function Receipts() {
  const asked = useLiveReading<DoorCommand[]>('/v1/commands', ['command'], { limit: READ_MAX })
  const now = useExternal(ticking)
  const fresh = (asked.data ?? []).filter((one) =>
    isFresh(one, (now - msOf(one.done_at ?? one.at)) / clockRate()),
  )
  if (fresh.length === 0) return null
  return (
    <ul className={css.receipts} aria-label={t('doors.receipts')} aria-live="polite">
      {grouped(fresh)
        .slice(0, GROUPS_MAX)
        .map((group) => (
          <li key={group[0]!.id}>
            <Group commands={group} />
          </li>
        ))}
    </ul>
  )
}

/** One command, or those of an act over a zone: how many doors have confirmed, and which have not. */
export function Group({ commands }: { commands: readonly DoorCommand[] }) {
  const directory = useDirectory()
  const name = (door: string) => directory.nameOf(`place:${door}`)
  const [first] = commands
  if (!first) return null
  const order = word('doors', 'order', first.order)
  if (commands.length === 1) {
    return (
      <>
        <span className={css.receiptWhat}>
          <strong>{order}</strong> <bdi>{name(first.door)}</bdi>
        </span>
        <Steps command={first} />
      </>
    )
  }
  const open = commands.filter(({ state }) => state !== 'confirmed')
  // While one is under way, nothing has failed yet.
  const worst = open.find(isUnderWay) ?? open[0] ?? first
  return (
    <>
      <span className={css.receiptWhat}>
        <strong>{order}</strong>{' '}
        {t('doors.receipts_of', { done: commands.length - open.length, all: commands.length })}
        {open.length > 0 && (
          <bdi className="dim">
            {' '}
            {open
              .slice(0, NAMED_MAX)
              .map(({ door }) => name(door))
              .join(', ')}
            {open.length > NAMED_MAX && ' …'}
          </bdi>
        )}
      </span>
      <Steps command={worst} />
    </>
  )
}
