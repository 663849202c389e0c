import { Button, Select } from '@mantine/core'
import { IconCheck, IconCircleDashed, IconHandStop, IconQuestionMark } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent, type ReactNode } from 'react'
import { call } from '../../api/client'
import { useDirectory } from '../../org/organisation'
import { Facts, Mark, Part } from '../../parts/Facts'
import { inOurWords, t, word } from '../../text'
import { EmptyNote, ProblemNote, Waiting } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { Stamp } from '../../ui/Stamp'
import { nameOfPerson, usePeople } from '../people/people'
import type { Explanation } from './rights'
import { SnapshotVersion } from './SnapshotVersion'
import css from './access.module.css'

/** Would this person get through this door now, and why: every check and every policy. */
export function ExplainTab({ head }: { head: ReactNode }) {
  const directory = useDirectory()
  const { people } = usePeople()
  const [person, setPerson] = useState<string | null>(null)
  const [door, setDoor] = useState<string | null>(null)
  const [pin, setPin] = useState('not_given')
  const asked = useMutation({
    mutationFn: () =>
      call<Explanation>('POST', '/v1/access/explain', { json: { person, door, pin } }),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    asked.mutate()
  }
  return (
    <Pane title={t('access.explain')} head={head}>
      <form className={css.question} onSubmit={submit}>
        <Select
          label={t('access.kind_person')}
          value={person}
          onChange={setPerson}
          searchable
          limit={100}
          data={people.map((one) => ({ value: one.id, label: nameOfPerson(one) }))}
        />
        <Select
          label={t('access.which_door')}
          value={door}
          onChange={setDoor}
          searchable
          data={directory.organisation.doors.map((one) => ({
            value: one.door,
            label: directory.nameOf(`place:${one.door}`),
          }))}
        />
        <Select
          label="PIN"
          value={pin}
          allowDeselect={false}
          onChange={(value) => setPin(value ?? 'not_given')}
          data={['not_given', 'right', 'wrong'].map((one) => ({
            value: one,
            label: word('access', 'pin', one),
          }))}
        />
        <Button type="submit" disabled={!person || !door}>
          {t('access.ask')}
        </Button>
      </form>
      {asked.isPending ? (
        <Waiting />
      ) : asked.isError ? (
        <ProblemNote error={asked.error} />
      ) : asked.data ? (
        <Found found={asked.data} />
      ) : (
        <EmptyNote title={t('access.explain_empty')}>{t('access.explain_text')}</EmptyNote>
      )}
    </Pane>
  )
}

const VERDICTS = {
  passed: IconCheck,
  stopped: IconHandStop,
  asks: IconQuestionMark,
  noted: IconCheck,
  not_reached: IconCircleDashed,
}

function Found({ found }: { found: Explanation }) {
  const tone =
    found.outcome.kind === 'grant' ? 'good' : found.outcome.kind === 'refuse' ? 'bad' : 'warn'
  return (
    <>
      <Part title={t('access.outcome')}>
        <Facts
          list={[
            [
              t('access.outcome'),
              <Mark key="o" tone={tone}>
                {t(`access.outcome_${found.outcome.kind}`)}
              </Mark>,
            ],
            [t('access.because'), inOurWords(found.because.code, found.because.text)],
            [
              t('access.steps'),
              found.outcome.steps?.map((step) => word('access', 'step', step)).join(', '),
            ],
            [t('access.noted'), found.noted.map(({ code, text }) => inOurWords(code, text)).join('; ')],
            [t('access.when'), <Stamp key="w" at={found.at} place={found.door} as="full" />],
            [t('access.rights_version'), <SnapshotVersion key="v" version={found.snapshot} />],
          ]}
        />
      </Part>
      <Part title={t('access.checks')}>
        <ol className={css.checks}>
          {found.checks.map((check) => {
            const Icon = VERDICTS[check.verdict]
            return (
              <li key={check.check} data-verdict={check.verdict}>
                <Icon size={15} aria-hidden />
                <span>{word('access', 'check', check.check)}</span>
                <span className="dim">
                  {t(`access.verdict_${check.verdict}`)}
                  {check.because && `: ${inOurWords(check.because.code, check.because.text)}`}
                </span>
              </li>
            )
          })}
        </ol>
      </Part>
      <Part title={t('access.policies')}>
        {found.policies.length === 0 ? (
          <p className="faint">{t('access.no_policies')}</p>
        ) : (
          <ul className={`${css.checks} ${css.verdicts}`}>
            {found.policies.map((one) => (
              <li key={one.policy} data-verdict={one.verdict === 'permits' ? 'passed' : undefined}>
                <code className="cut">{one.right ?? one.policy}</code>
                <span>{t(`access.says_${one.verdict}`)}</span>
                <span className="dim">{one.error}</span>
              </li>
            ))}
          </ul>
        )}
      </Part>
    </>
  )
}
