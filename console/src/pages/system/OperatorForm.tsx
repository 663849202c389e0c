import { MultiSelect, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { call } from '../../api/client'
import { asProblem } from '../../api/problem'
import { useDirectory } from '../../org/organisation'
import { FormFoot } from '../../parts/FormFoot'
import parts from '../../parts/parts.module.css'
import { useReading } from '../../parts/reading'
import { t, word } from '../../text'
import { Dialog } from '../../ui/Dialog'
import { grantsOf, textsOf, type Grants } from './grants'
import type { OperatorItem, RolesAnswer } from './types'

interface Props {
  operator: OperatorItem | undefined
  close: () => void
  done: () => void
}

/** Makes or changes an operator: name, teams, and which roles at which sites. */
export function OperatorForm({ operator, close, done }: Props) {
  const directory = useDirectory()
  const roles = useReading<RolesAnswer>('/v1/roles')
  const [login, setLogin] = useState(operator?.login ?? '')
  const [name, setName] = useState(operator?.name ?? '')
  const [teams, setTeams] = useState(operator?.teams ?? [])
  const [grants, setGrants] = useState<Grants>(textsOf(operator?.roles ?? []))
  const [refusal, setRefusal] = useState<string>()
  const { organisation } = directory
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setRefusal(undefined)
    try {
      const own = { name: name.trim(), teams, roles: grantsOf(grants) }
      if (operator) {
        await call('PUT', `/v1/operators/${encodeURIComponent(operator.id)}`, {
          json: { ...own, version: operator.version },
        })
      } else await call('POST', '/v1/operators', { json: { ...own, login: login.trim() } })
      done()
      close()
    } catch (thrown) {
      setRefusal(asProblem(thrown).detail)
    }
  }
  return (
    <Dialog
      close={close}
      size={480}
      title={t(operator ? 'system.change_operator' : 'system.add_operator')}
    >
      <form className={parts.form} onSubmit={(event) => void submit(event)}>
        {!operator && (
          <TextInput
            label={t('system.login')}
            value={login}
            maxLength={100}
            data-autofocus
            onChange={(event) => setLogin(event.currentTarget.value)}
          />
        )}
        <TextInput
          label={t('system.name')}
          value={name}
          maxLength={200}
          dir="auto"
          data-autofocus={operator ? true : undefined}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <MultiSelect
          label={t('system.teams')}
          data={organisation.teams}
          value={teams}
          onChange={setTeams}
          searchable
        />
        <MultiSelect
          label={t('system.roles')}
          description={
            operator?.provider
              ? t('system.roles_by_provider', { name: operator.provider })
              : undefined
          }
          value={Object.keys(grants)}
          data={(roles.data?.roles ?? []).map((role) => ({
            value: role,
            label: word('shell', 'role', role),
          }))}
          onChange={(chosen) =>
            setGrants(Object.fromEntries(chosen.map((role) => [role, grants[role] ?? []])))
          }
        />
        {Object.entries(grants).map(([role, sites]) => (
          <MultiSelect
            key={role}
            label={t('system.role_at', { role: word('shell', 'role', role) })}
            value={sites}
            placeholder={sites.length === 0 ? t('system.everywhere') : undefined}
            clearable
            data={organisation.sites.map((site) => ({
              value: site,
              label: directory.siteName(site),
            }))}
            onChange={(chosen) => setGrants({ ...grants, [role]: chosen })}
          />
        ))}
        <FormFoot
          label={t('shell.save')}
          close={close}
          isReady={name.trim() !== '' && (operator !== undefined || login.trim() !== '')}
          refusal={refusal}
        />
      </form>
    </Dialog>
  )
}
