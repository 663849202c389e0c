import { IconCheck, IconMinus } from '@tabler/icons-react'
import parts from '../../parts/parts.module.css'
import { useReading } from '../../parts/reading'
import { t, word } from '../../text'
import { ProblemNote, Waiting } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import type { RolesAnswer } from './types'
import css from './system.module.css'

/** Who may do what, by the policies in force. */
export default function Roles() {
  const asked = useReading<RolesAnswer>('/v1/roles')
  return (
    <Pane
      title={t('system.tab_roles')}
      readAt={asked.readAt}
      isFlush
      head={<span className="faint cut">{t('system.roles_text')}</span>}
    >
      {asked.problem ? (
        <ProblemNote error={asked.problem} retry={asked.again} />
      ) : !asked.data ? (
        <Waiting />
      ) : (
        <Matrix {...asked.data} />
      )}
    </Pane>
  )
}

function Matrix({ roles, actions, matrix }: RolesAnswer) {
  return (
    <div className={parts.scroll} tabIndex={0} role="group" aria-label={t('system.tab_roles')}>
      <table className={`${parts.table} ${css.matrix}`}>
        <thead>
          <tr>
            <th scope="col">{t('system.action')}</th>
            {roles.map((role) => (
              <th scope="col" key={role}>
                {word('shell', 'role', role)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {actions.map((one) => {
            const { action, meaning } = typeof one === 'string' ? { action: one, meaning: '' } : one
            return (
              <tr key={action}>
                <td data-wrap>
                  {meaning || action}{' '}
                  {meaning && (
                    <span className="mono faint" data-wide>
                      {action}
                    </span>
                  )}
                </td>
                {roles.map((role) => {
                  const may = matrix[role]?.[action] === true
                  return (
                    <td key={role} data-may={may || undefined}>
                      {may ? (
                        <IconCheck size={16} aria-hidden />
                      ) : (
                        <IconMinus size={14} aria-hidden />
                      )}
                      <span className="hush">{t(may ? 'system.may' : 'system.may_not')}</span>
                    </td>
                  )
                })}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
