import { SegmentedControl, Select, TextInput } from '@mantine/core'
import { useState } from 'react'
import { call } from '../../api/client'
import { useLiveReading } from '../../live/useLiveReading'
import { useDirectory } from '../../org/organisation'
import { ReasonDialog } from '../../parts/ReasonDialog'
import { t } from '../../text'
import { usePeople, nameOfPerson } from '../people/people'
import { StateMark } from './RevocationsTab'
import type { Act, Revocation, Subject, SubjectKind } from './revocations'
import css from './access.module.css'

interface Props {
  close: () => void
  again: () => void
  /** What is settled already. */
  fixed?: { act?: Act; subject?: Subject; of?: string }
}

/** One act ends or suspends somebody everywhere; what it ends for ever it says before. */
export function RevokeDialog({ close, again, fixed = {} }: Props) {
  const directory = useDirectory()
  const [act, setAct] = useState<Act>(fixed.act ?? 'suspend')
  const [kind, setKind] = useState<SubjectKind>(fixed.subject?.kind ?? 'person')
  const [id, setId] = useState(fixed.subject?.id ?? '')
  const [key] = useState(() => crypto.randomUUID())
  const own = fixed.subject
  const name = own?.name ?? (own?.kind === 'person' ? directory.nameOf(`person:${own.id}`) : id)
  return (
    <ReasonDialog
      title={t(fixed.act === 'lift' ? 'access.act_lift' : 'access.revoke_or_suspend')}
      label={t(`access.act_${act}`)}
      close={close}
      isHarmless={act === 'lift'}
      isFollowed
      isReady={fixed.of !== undefined || id !== ''}
      run={async (reason) => {
        const made = await call<Revocation>('POST', '/v1/revocations', {
          json: fixed.of ? { act, of: fixed.of, reason } : { act, subject: { kind, id }, reason },
          headers: { 'Idempotency-Key': key },
        })
        again()
        return <Followed first={made} />
      }}
    >
      {fixed.act === undefined && (
        <SegmentedControl
          fullWidth
          value={act}
          onChange={(value) => setAct(value as Act)}
          aria-label={t('access.act')}
          data={[
            { value: 'suspend', label: t('access.act_suspend') },
            { value: 'revoke', label: t('access.act_revoke') },
          ]}
        />
      )}
      <p className={css.means}>{t(`access.act_${act}_text`)}</p>
      {own ? (
        <p>
          {t(`access.kind_${own.kind}`)}: <strong>{name}</strong>
        </p>
      ) : (
        <Whom kind={kind} setKind={setKind} id={id} setId={setId} />
      )}
    </ReasonDialog>
  )
}

/** What every point says of it, as it comes in. */
function Followed({ first }: { first: Revocation }) {
  const asked = useLiveReading<Revocation>(`/v1/revocations/${encodeURIComponent(first.id)}`, [
    'revocation',
  ])
  const now = asked.data ?? first
  return (
    <>
      <StateMark item={now} />
      {now.silent.length > 0 && (
        <p>{t('access.waits_for', { points: now.silent.join(', ') })}</p>
      )}
    </>
  )
}

interface WhomProps {
  kind: SubjectKind
  setKind: (kind: SubjectKind) => void
  id: string
  setId: (id: string) => void
}

const SHOWN_MAX = 100

function Whom({ kind, setKind, id, setId }: WhomProps) {
  const { people } = usePeople()
  return (
    <div className={css.whom}>
      <Select
        label={t('access.what')}
        value={kind}
        onChange={(value) => {
          setKind((value as SubjectKind | null) ?? 'person')
          setId('')
        }}
        allowDeselect={false}
        data={(['person', 'credential', 'pass'] as const).map((one) => ({
          value: one,
          label: t(`access.kind_${one}`),
        }))}
      />
      {kind === 'person' ? (
        <Select
          label={t('access.kind_person')}
          value={id || null}
          onChange={(value) => setId(value ?? '')}
          searchable
          limit={SHOWN_MAX}
          data={people.map((person) => ({ value: person.id, label: nameOfPerson(person) }))}
        />
      ) : (
        <TextInput
          label={t(`access.kind_${kind}`)}
          value={id}
          maxLength={64}
          onChange={(event) => setId(event.currentTarget.value.trim())}
        />
      )}
    </div>
  )
}
