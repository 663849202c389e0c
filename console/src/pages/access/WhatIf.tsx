import { Button, Progress } from '@mantine/core'
import { useEffect, useState } from 'react'
import { call, get } from '../../api/client'
import { asProblem, type Problem } from '../../api/problem'
import { useDirectory } from '../../org/organisation'
import { Cut, Mark, Tile } from '../../parts/Facts'
import { Table } from '../../parts/Table'
import { count, inOurWords, t } from '../../text'
import { ProblemNote, Waiting } from '../../ui/Notes'
import type { ScheduleWindow, WhatIf } from './rights'
import css from './access.module.css'

const DAYS = 30
const ASK_EVERY_MS = 500

interface Props {
  draft: {
    policies?: readonly { file: string; text: string | null }[]
    schedules?: readonly { schedule: string; windows: readonly ScheduleWindow[] }[]
  }
  close: () => void
}

/** A draft against the requests of thirty days: who would newly pass, who would be refused. */
export function WhatIfPane({ draft, close }: Props) {
  const [found, setFound] = useState<WhatIf>()
  const [problem, setProblem] = useState<Problem>()
  const [begun] = useState(draft)
  useEffect(() => {
    const stop = new AbortController()
    let job: string | undefined
    const follow = async () => {
      const made = await call<{ job: string }>('POST', '/v1/access/what-if', {
        json: { ...begun, days: DAYS },
        signal: stop.signal,
      })
      job = made.job
      while (!stop.signal.aborted) {
        const now = await get<WhatIf>(`/v1/access/what-if/${job}`, {}, stop.signal)
        setFound(now)
        if (now.state !== 'running') return
        await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS))
      }
    }
    follow().catch((thrown: unknown) => {
      if (!stop.signal.aborted) setProblem(asProblem(thrown))
    })
    return () => {
      stop.abort()
      // What nobody looks at any more need not be worked out; if it has ended, so much the better.
      if (job) call('DELETE', `/v1/access/what-if/${job}`).catch(() => undefined)
    }
  }, [begun])
  return (
    <section className={css.whatIf} aria-label={t('access.what_if')}>
      <div className={css.whatIfHead}>
        <h3>{t('access.what_if')}</h3>
        <Button size="compact-sm" variant="default" onClick={close}>
          {t('shell.close')}
        </Button>
      </div>
      {problem ? (
        <ProblemNote error={problem} />
      ) : !found ? (
        <Waiting />
      ) : (
        <Found found={found} />
      )}
    </section>
  )
}

function Found({ found }: { found: WhatIf }) {
  const directory = useDirectory()
  return (
    <>
      {found.state === 'running' && (
        <Progress value={found.done * 100} aria-label={t('access.trying')} />
      )}
      {found.why && <p role="status">{found.why}</p>}
      <div className={css.tiles}>
        <Tile name={t('access.requests')} value={count(found.requests)} />
        <Tile
          name={t('access.newly_passes')}
          value={count(found.newly_passes)}
          tone={found.newly_passes > 0 ? 'warn' : undefined}
        />
        <Tile
          name={t('access.newly_refused')}
          value={count(found.newly_refused)}
          tone={found.newly_refused > 0 ? 'warn' : undefined}
        />
        <Tile name={t('access.unchanged')} value={count(found.unchanged)} />
        {found.unresolved > 0 && (
          <Tile
            name={t('access.unresolved')}
            value={count(found.unresolved)}
            hint={t('access.unresolved_hint')}
          />
        )}
      </div>
      {found.changes.length > 0 && (
        <Table
          label={t('access.what_if')}
          columns={[
            { label: t('access.kind_person') },
            { label: t('access.door') },
            { label: t('access.would') },
            { label: t('access.because') },
            { label: t('access.times'), isEnd: true },
          ]}
        >
          {found.changes.map((one) => (
            <tr key={`${one.person} ${one.door} ${one.would.code}`}>
              <td>
                <Cut>{one.name ?? directory.nameOf(`person:${one.person}`)}</Cut>
              </td>
              <td>
                <Cut>{directory.nameOf(`place:${one.door}`)}</Cut>
              </td>
              <td>
                <Mark tone={one.passes ? 'warn' : 'bad'}>
                  {t(one.passes ? 'access.would_pass' : 'access.would_refuse')}
                </Mark>
              </td>
              <td data-wrap className="dim">
                {inOurWords(one.would.code, one.would.text)}
              </td>
              <td data-end className="num">
                {count(one.times)}
              </td>
            </tr>
          ))}
        </Table>
      )}
      {found.more > 0 && <p className="faint">{t('access.more', { count: found.more })}</p>}
    </>
  )
}
