import { Button, Select, TextInput } from '@mantine/core'
import { useState, type FormEvent, type ReactNode } from 'react'
import { useDirectory } from '../../org/organisation'
import { Cut, Part, Tile } from '../../parts/Facts'
import { Answered, Table } from '../../parts/Table'
import { useReading } from '../../parts/reading'
import { count, t, word } from '../../text'
import { serverNow } from '../../time/clock'
import { span, zoneName } from '../../time/format'
import { momentOf, wallOf } from '../../time/zoned'
import { EmptyNote } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { Stamp } from '../../ui/Stamp'
import { useUrl } from '../../url'
import { median, tookOf, type RevocationItem } from './revocations'
import type { Answers } from './rights'
import css from './access.module.css'

/** What an auditor asks: who could, why, approved by whom; who did; how long revocations took. */
export function AnswersTab({ head }: { head: ReactNode }) {
  const [url, setUrl] = useUrl()
  const asked = useReading<Answers>(url.door && url.at ? '/v1/access/answers' : undefined, {
    door: url.door,
    at: url.at,
  })
  return (
    <Pane title={t('access.answers')} readAt={asked.readAt} head={head}>
      <Question door={url.door} at={url.at} ask={(door, at) => setUrl({ door, at }, true)} />
      {url.door && url.at ? (
        <Answered asked={asked}>{(answers) => <Found answers={answers} />}</Answered>
      ) : (
        <EmptyNote title={t('access.not_asked')}>{t('access.not_asked_text')}</EmptyNote>
      )}
      <Durations />
    </Pane>
  )
}

interface QuestionProps {
  door: string | undefined
  at: string | undefined
  ask: (door: string, at: string) => void
}

function Question({ door, at, ask }: QuestionProps) {
  const directory = useDirectory()
  const [where, setWhere] = useState<string | null>(door ?? null)
  // By the clock on the wall there, wherever the auditor sits.
  const zone = directory.zoneOf(where)
  const [asked] = useState(() => (at ? Date.parse(at) : serverNow()))
  const [typed, setWhen] = useState<string>()
  const when = typed ?? wallOf(asked, zone)
  const moment = momentOf(when, zone)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (where && !Number.isNaN(moment)) ask(where, new Date(moment).toISOString())
  }
  return (
    <form className={css.question} onSubmit={submit}>
      <Select
        label={t('access.which_door')}
        value={where}
        onChange={setWhere}
        searchable
        data={directory.organisation.doors.map((one) => ({
          value: one.door,
          label: directory.nameOf(`place:${one.door}`),
        }))}
      />
      <TextInput
        label={`${t('access.which_time')} (${zoneName(asked, zone)})`}
        type="datetime-local"
        value={when}
        onChange={(event) => setWhen(event.currentTarget.value)}
      />
      <Button type="submit" disabled={!where || Number.isNaN(moment)}>
        {t('access.ask')}
      </Button>
    </form>
  )
}

function Found({ answers }: { answers: Answers }) {
  const directory = useDirectory()
  const nameOf = (person: string | null | undefined, name: string | null | undefined) =>
    name ?? (person ? directory.nameOf(`person:${person}`) : t('access.nobody_known'))
  return (
    <>
      <Part title={t('access.could', { count: answers.could.length })}>
        {answers.could.length === 0 ? (
          <p className="faint">{t('access.nobody_could')}</p>
        ) : (
          <Table
            label={t('access.could', { count: answers.could.length })}
            columns={[
              { label: t('access.kind_person') },
              { label: t('access.by_right') },
              { label: t('access.approved_by'), when: 'mid' },
              { label: t('access.since'), when: 'wide' },
            ]}
          >
            {answers.could.map((one) => (
              <tr key={one.person}>
                <td>
                  <Cut>{nameOf(one.person, one.name)}</Cut>
                </td>
                <td>
                  {one.via.map((via) => (
                    <div key={via.policy} className="cut">
                      {via.right ?? via.policy}
                    </div>
                  ))}
                </td>
                <td data-mid className="dim">
                  {one.via.map((via) => (
                    <div key={via.policy} className="cut">
                      {via.approved_by ? directory.operatorName(via.approved_by) : '–'}
                    </div>
                  ))}
                </td>
                <td data-wide className="dim">
                  {one.via.map((via) => (
                    <div key={via.policy}>
                      {via.since ? <Stamp at={via.since} place={answers.door} /> : '–'}
                    </div>
                  ))}
                </td>
              </tr>
            ))}
          </Table>
        )}
        {(answers.could_more ?? 0) > 0 && (
          <p className="faint">{t('access.more', { count: answers.could_more ?? 0 })}</p>
        )}
      </Part>
      <Part title={t('access.did', { span: span(answers.window_s * 1_000) })}>
        {answers.did.length === 0 ? (
          <p className="faint">{t('access.nobody_did')}</p>
        ) : (
          <Table
            label={t('access.did', { span: span(answers.window_s * 1_000) })}
            columns={[
              { label: t('access.when') },
              { label: t('access.kind_person') },
              { label: t('access.outcome') },
            ]}
          >
            {answers.did.map((one) => (
              <tr key={`${one.at} ${one.record} ${one.part ?? 0}`}>
                <td>
                  <Stamp at={one.at} place={answers.door} />
                </td>
                <td>
                  <Cut>{nameOf(one.person, one.name)}</Cut>
                </td>
                <td className="dim">{word('access', 'did', one.outcome)}</td>
              </tr>
            ))}
          </Table>
        )}
        {answers.did_more && <p className="faint">{t('access.did_more')}</p>}
      </Part>
    </>
  )
}

/** How long revocations took, from the act to the last receipt. */
function Durations() {
  const asked = useReading<RevocationItem[]>('/v1/revocations')
  if (!asked.data || asked.data.length === 0) return null
  const took = asked.data.map(tookOf).filter((one) => one !== undefined)
  const open = asked.data.filter(({ state }) => state === 'unconfirmed').length
  return (
    <Part title={t('access.durations')}>
      <div className={css.tiles}>
        <Tile name={t('access.acts_done')} value={count(took.length)} />
        <Tile
          name={t('access.half_within')}
          value={took.length > 0 ? spanOf(median(took)) : '–'}
        />
        <Tile name={t('access.slowest')} value={took.length > 0 ? spanOf(Math.max(...took)) : '–'} />
        <Tile
          name={t('access.shown_unconfirmed')}
          value={count(open)}
          tone={open > 0 ? 'warn' : 'good'}
        />
      </div>
    </Part>
  )
}

const spanOf = (ms: number): string => (ms < 10_000 ? t('access.ms', { count: ms }) : span(ms))
