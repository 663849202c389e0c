import type { StatusAnswer } from '../../api/types'
import { useExternal } from '../../live/external'
import { status } from '../../live/link'
import { AgoText } from '../../parts/AgoText'
import { Facts, Part, Tile } from '../../parts/Facts'
import parts from '../../parts/parts.module.css'
import { useReading } from '../../parts/reading'
import { count, t } from '../../text'
import { Waiting } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { Ago, Stamp } from '../../ui/Stamp'
import { nearest, shareText, type LimitItem } from './limits'
import { Meter } from './Meter'
import css from './system.module.css'

interface UnresolvedItem {
  kind: string
  value: string
  source: string
  count: number
  last: string
}

/** How the server stands, now. */
export default function Status() {
  const now = useExternal(status) as (StatusAnswer & { content_problems?: unknown[] }) | undefined
  const limits = useReading<LimitItem[]>('/v1/limits', {}, { every_ms: 10_000 })
  const unresolved = useReading<UnresolvedItem[]>(
    '/v1/unresolved',
    { limit: 12 },
    { every_ms: 30_000 },
  )
  if (!now) return <Waiting />
  const behind = now.journalled - now.judged
  return (
    <Pane title={t('system.tab_status')}>
      <div className={parts.tiles}>
        <Tile
          name={t('system.state')}
          value={t(now.is_ready ? 'system.ready' : 'system.not_ready')}
          tone={now.is_ready ? 'good' : 'bad'}
        />
        <Tile name={t('system.running')} value={<Ago at={now.started_at} />} />
        <Tile
          name={t('system.journalled')}
          value={count(now.journalled)}
          hint={t('system.journalled_hint')}
        />
        <Tile
          name={t('system.behind')}
          value={count(Math.max(0, behind))}
          tone={behind > 10_000 ? 'warn' : 'good'}
          hint={t('system.behind_hint')}
        />
        <Tile name={t('system.events')} value={count(now.events)} />
        <Tile name={t('system.open')} value={count(now.open_incidents)} />
      </div>
      <div className={css.columns}>
        <Part title={t('system.storage')}>
          {nearest(limits.data ?? [])
            .filter(({ unit, used }) => unit === 'bytes' && used !== null && used !== undefined)
            .map((limit) => (
              <div key={limit.name} className={css.limit}>
                <span className="mono cut">{limit.name}</span>
                <Meter limit={limit} />
                <span className="num faint">{shareText(limit)}</span>
              </div>
            ))}
          {limits.problem && <p className={parts.problem}>{limits.problem.detail}</p>}
        </Part>
        <Part title={t('system.about_server')}>
          <Facts
            list={[
              [t('system.organisation'), now.organisation],
              [t('system.version'), now.version],
              [t('system.started'), <Stamp key="s" at={now.started_at} as="full" />],
              [t('system.clock'), <Stamp key="n" at={now.now} as="both" />],
              [
                t('system.content'),
                now.content_problems &&
                  (now.content_problems.length === 0
                    ? t('system.content_whole')
                    : t('system.content_problems', { count: now.content_problems.length })),
              ],
            ]}
          />
        </Part>
        <Part title={t('system.unresolved')}>
          <p className={parts.quiet}>{t('system.unresolved_text')}</p>
          {(unresolved.data ?? []).map((one) => (
            <div key={`${one.kind}|${one.value}|${one.source}`} className={css.unresolved}>
              <bdi className="mono cut" title={one.value.slice(0, 600)}>
                {one.value.slice(0, 200)}
              </bdi>
              <span className="faint cut">
                {one.kind} · {one.source}
              </span>
              <span className="num">{count(one.count)}</span>
              <span className="faint">
                <AgoText at={one.last} />
              </span>
            </div>
          ))}
          {unresolved.data?.length === 0 && <p>{t('system.unresolved_none')}</p>}
        </Part>
      </div>
    </Pane>
  )
}
