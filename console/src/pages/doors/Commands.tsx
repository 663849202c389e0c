import { useLiveReading } from '../../live/useLiveReading'
import { useDirectory } from '../../org/organisation'
import { Part } from '../../parts/Facts'
import { Answered } from '../../parts/Table'
import { t, word } from '../../text'
import { Stamp } from '../../ui/Stamp'
import type { DoorCommand } from './doors'
import { Steps } from './Steps'
import css from './doors.module.css'

const SHOWN_MAX = 20

/** What was asked of a door, newest first, each with what the device said. */
export function CommandList({ door }: { door: string }) {
  const asked = useLiveReading<DoorCommand[]>('/v1/commands', ['command'], {
    door,
    limit: SHOWN_MAX,
  })
  return (
    <Part title={t('doors.commands')}>
      <Answered asked={asked}>
        {(list) =>
          list.length === 0 ? (
            <p className="faint">{t('doors.no_commands')}</p>
          ) : (
            <ul className={css.commands}>
              {list.map((command) => (
                <CommandLine key={command.id} command={command} />
              ))}
            </ul>
          )
        }
      </Answered>
    </Part>
  )
}

function CommandLine({ command }: { command: DoorCommand }) {
  const directory = useDirectory()
  return (
    <li className={css.command}>
      <span className={css.commandText}>
        <strong>{word('doors', 'order', command.order)}</strong>{' '}
        {directory.operatorName(command.by)}
        {command.reason && (
          <>
            {' · '}
            <bdi>{command.reason}</bdi>
          </>
        )}
      </span>
      <Stamp at={command.at} place={command.door} />
      <Steps command={command} />
    </li>
  )
}
