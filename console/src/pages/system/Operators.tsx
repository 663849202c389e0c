import { Alert, Button, CopyButton } from '@mantine/core'
import { IconCopy, IconKey, IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import { call } from '../../api/client'
import { useDirectory } from '../../org/organisation'
import { AgoText } from '../../parts/AgoText'
import { Cut, Mark } from '../../parts/Facts'
import parts from '../../parts/parts.module.css'
import { ReasonDialog } from '../../parts/ReasonDialog'
import { useReading } from '../../parts/reading'
import { Answered, Table } from '../../parts/Table'
import { useRight } from '../../session/session'
import { t, teamName, word } from '../../text'
import { ActionButton } from '../../ui/ActionButton'
import { Dialog } from '../../ui/Dialog'
import { Pane } from '../../ui/Pane'
import { OperatorForm } from './OperatorForm'
import type { OperatorItem } from './types'
import css from './system.module.css'

type Asked =
  | { kind: 'edit'; operator: OperatorItem | undefined }
  | { kind: 'bar' | 'link'; operator: OperatorItem }
  | { kind: 'made'; code: string }

const addressOf = (operator: OperatorItem) => `/v1/operators/${encodeURIComponent(operator.id)}`

/** The people who may sign in, as what and where. */
export default function Operators() {
  const asked = useReading<OperatorItem[]>('/v1/operators', {}, { every_ms: 30_000 })
  const right = useRight('operator.manage')
  const directory = useDirectory()
  const [open, setOpen] = useState<Asked>()
  const close = () => setOpen(undefined)
  return (
    <Pane
      title={t('system.tab_operators')}
      readAt={asked.readAt}
      isFlush
      head={
        <ActionButton
          offer={right}
          onPress={() => setOpen({ kind: 'edit', operator: undefined })}
          ms="auto"
          leftSection={<IconPlus size={14} />}
        >
          {t('system.add_operator')}
        </ActionButton>
      }
    >
      <Answered asked={asked}>
        {(list) => (
          <Table
            label={t('system.tab_operators')}
            className={css.operators}
            columns={[
              { label: t('system.name') },
              { label: t('system.roles') },
              { label: t('system.teams'), when: 'wide' },
              { label: t('system.signs_in_by'), when: 'wide' },
              { label: t('system.seen'), when: 'mid' },
              { label: t('system.actions'), isHushed: true },
            ]}
          >
            {list.map((operator) => (
              <tr key={operator.id} className={operator.disabled ? css.over : undefined}>
                <td>
                  <Cut>{operator.name}</Cut>
                  <span className="faint">
                    <Cut>{operator.login}</Cut>
                  </span>
                </td>
                <td className={css.roles}>
                  <span className={css.tags}>
                    {operator.roles.map(({ role, sites }) => (
                      <Mark key={role}>
                        {word('shell', 'role', role)}
                        {sites && `: ${sites.map((site) => directory.siteName(site)).join(', ')}`}
                      </Mark>
                    ))}
                    {operator.disabled && <Mark tone="warn">{t('system.barred')}</Mark>}
                  </span>
                </td>
                <td data-wide data-wrap className="dim">
                  {operator.teams.map(teamName).join(', ') || '–'}
                </td>
                <td data-wide data-wrap className="dim">
                  {waysIn(operator)}
                </td>
                <td data-mid className="dim">
                  {operator.seen_at ? <AgoText at={operator.seen_at} /> : t('system.never')}
                </td>
                <td data-end>
                  <span className={css.rowActions}>
                    <ActionButton
                      variant="subtle"
                      offer={right}
                      onPress={() => setOpen({ kind: 'edit', operator })}
                    >
                      {t('system.change')}
                    </ActionButton>
                    <ActionButton
                      variant="subtle"
                      offer={
                        operator.provider
                          ? { allowed: false, reason: t('system.link_by_provider') }
                          : right
                      }
                      onPress={() => setOpen({ kind: 'link', operator })}
                    >
                      {t('system.new_link')}
                    </ActionButton>
                    <ActionButton
                      variant="subtle"
                      color="red"
                      offer={right}
                      onPress={() => setOpen({ kind: 'bar', operator })}
                    >
                      {t(operator.disabled ? 'system.unbar' : 'system.bar')}
                    </ActionButton>
                  </span>
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Answered>
      {open?.kind === 'edit' && (
        <OperatorForm operator={open.operator} close={close} done={asked.again} />
      )}
      {open?.kind === 'bar' && (
        <ReasonDialog
          title={t(open.operator.disabled ? 'system.unbar' : 'system.bar')}
          close={close}
          label={t(open.operator.disabled ? 'system.unbar' : 'system.bar')}
          run={async (reason) => {
            const json = { disabled: !open.operator.disabled, version: open.operator.version }
            await call('PUT', addressOf(open.operator), { json, query: { reason } })
            asked.again()
            return t('system.changed')
          }}
        >
          <p>
            {t(open.operator.disabled ? 'system.unbar_text' : 'system.bar_text', {
              name: open.operator.name.slice(0, 120),
            })}
          </p>
        </ReasonDialog>
      )}
      {open?.kind === 'link' && (
        <ReasonDialog
          title={t('system.new_link')}
          label={t('system.new_link')}
          close={close}
          isHarmless
          isWithoutReason
          run={async () => {
            const { code } = await call<{ code: string }>(
              'POST',
              `${addressOf(open.operator)}/link`,
            )
            setOpen({ kind: 'made', code })
            return t('system.changed')
          }}
        >
          <p>{t('system.new_link_text', { name: open.operator.name.slice(0, 120) })}</p>
        </ReasonDialog>
      )}
      {open?.kind === 'made' && <LinkMade code={open.code} close={close} />}
    </Pane>
  )
}

function waysIn(operator: OperatorItem): string {
  const ways = [
    operator.provider ?? undefined,
    operator.passkeys ? t('system.passkeys', { count: operator.passkeys }) : undefined,
    operator.has_password
      ? t(operator.has_totp ? 'system.password_totp' : 'system.password')
      : undefined,
  ].filter(Boolean)
  return ways.join(', ') || t('system.not_enrolled')
}

/** The link is shown once; it opens the way in for one person. */
function LinkMade({ code, close }: { code: string; close: () => void }) {
  const link = `${location.origin}/#/signin?code=${encodeURIComponent(code)}`
  return (
    <Dialog close={close} title={t('system.new_link')} size={500} closeOnClickOutside={false}>
      <div className={parts.form}>
        <Alert color="yellow" icon={<IconKey size={18} />}>
          {t('system.link_once')}
        </Alert>
        <code className={css.secret}>{link}</code>
        <div className={parts.formEnd}>
          <CopyButton value={link}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy} leftSection={<IconCopy size={14} />}>
                {copied ? t('events.copied') : t('events.copy')}
              </Button>
            )}
          </CopyButton>
          <Button onClick={close}>{t('shell.done')}</Button>
        </div>
      </div>
    </Dialog>
  )
}
