import { SegmentedControl } from '@mantine/core'
import { lazy, Suspense, useMemo } from 'react'
import type { SourceItem } from '../../api/types'
import { useKeys } from '../../keys/keys'
import { Tile } from '../../parts/Facts'
import parts from '../../parts/parts.module.css'
import { useReading } from '../../parts/reading'
import { count, t } from '../../text'
import { EmptyNote, ProblemNote, Waiting } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { useUrl } from '../../url'
import { healthOf, sumOf, type HealthState, type Sum } from './account'
import { DeadLetters } from './DeadLetters'
import { MuteDoors } from './MuteDoors'
import { SourceDetail } from './SourceDetail'
import { SourceTable } from './SourceTable'
import { useRates } from './rates'
import css from './sources.module.css'

const MendPage = lazy(() => import('../../mend/MendPage'))

const EVERY_MS = 5_000

/** The sources; or, from a dead letter, the mapping that must be mended. */
export default function SourcesPage() {
  const [url] = useUrl()
  if (!url.mend) return <Sources />
  return (
    <Suspense fallback={<Waiting />}>
      <MendPage key={url.mend} />
    </Suspense>
  )
}

/** Where records come from, how well, and what became of every one of them. */
function Sources() {
  const [url, setUrl] = useUrl()
  const asked = useReading<SourceItem[]>('/v1/sources', {}, { every_ms: EVERY_MS })
  const list = useMemo(
    () => [...(asked.data ?? [])].sort((a, b) => rank(a) - rank(b) || a.id.localeCompare(b.id)),
    [asked.data],
  )
  const rates = useRates(asked.data)
  const step = (by: number) => {
    const at = list.findIndex((one) => one.id === url.id)
    const next = list[Math.min(list.length - 1, Math.max(0, at < 0 ? 0 : at + by))]
    if (next) setUrl({ id: next.id })
  }
  const group = t('sources.title')
  useKeys([
    { keys: 'j', label: t('sources.key_next'), group, run: () => step(1) },
    { keys: 'k', label: t('sources.key_previous'), group, run: () => step(-1) },
    {
      keys: 'Escape',
      label: t('sources.close_source'),
      group,
      run: () => setUrl({ id: undefined }),
    },
  ])
  const tab = url.tab === 'dead' ? 'dead' : 'health'
  const chosen = list.find((one) => one.id === url.id)
  const total = useMemo(() => totalOf(list), [list])
  return (
    <div
      className={chosen && tab === 'health' ? parts.split : css.whole}
      data-even
      data-open={chosen ? true : undefined}
    >
      <Pane
        title={t('sources.title')}
        readAt={asked.readAt}
        isFlush
        head={
          <SegmentedControl
            value={tab}
            onChange={(value) => setUrl({ tab: value === 'dead' ? 'dead' : undefined })}
            aria-label={t('sources.view')}
            data={[
              { value: 'health', label: t('sources.health') },
              { value: 'dead', label: t('sources.dead') },
            ]}
          />
        }
      >
        {tab === 'dead' ? (
          <DeadLetters source={url.id} />
        ) : asked.problem && !asked.data ? (
          <ProblemNote error={asked.problem} retry={asked.again} />
        ) : !asked.data ? (
          <Waiting />
        ) : list.length === 0 ? (
          <EmptyNote title={t('sources.none')}>{t('sources.none_text')}</EmptyNote>
        ) : (
          <>
            <Totals list={list} total={total} />
            <MuteDoors />
            <SourceTable
              list={list}
              rates={rates}
              chosen={url.id}
              choose={(id) => setUrl({ id }, true)}
            />
          </>
        )}
      </Pane>
      {chosen && tab === 'health' && (
        <SourceDetail
          key={chosen.id}
          source={chosen}
          rate={rates.get(chosen.id)}
          readAt={asked.readAt}
          close={() => setUrl({ id: undefined })}
          showDead={() => setUrl({ tab: 'dead' })}
        />
      )}
    </div>
  )
}

const RANKS: Record<HealthState, number> = { silent: 0, never: 1, heard: 2, unwatched: 2, empty: 3 }

/** Silent ones first, then those that never spoke, then those that are heard. */
const rank = (source: SourceItem): number => RANKS[healthOf(source)]

function totalOf(list: readonly SourceItem[]): Sum {
  return sumOf(
    list.flatMap((source) => source.accounts),
    'normalise',
  )
}

function Totals({ list, total }: { list: readonly SourceItem[]; total: Sum }) {
  const silent = list.filter((source) => source.state === 'silent').length
  const never = list.filter((source) => healthOf(source) === 'never').length
  const lost = total.rejected + total.dropped
  return (
    <div className={css.totals}>
      <Tile
        name={t('sources.heard')}
        value={count(list.filter((one) => healthOf(one) === 'heard').length)}
      />
      <Tile
        name={t('sources.silent')}
        value={count(silent)}
        tone={silent > 0 ? 'bad' : never > 0 ? undefined : 'good'}
        hint={silent === 0 && never === 0 ? t('sources.all_speak') : undefined}
      />
      {never > 0 && (
        <Tile
          name={t('sources.state_never')}
          value={count(never)}
          tone="warn"
          hint={t('sources.never_hint')}
        />
      )}
      <Tile name={t('sources.records')} value={count(total.received)} />
      <Tile
        name={t('sources.not_understood')}
        value={count(lost)}
        tone={lost > 0 ? 'warn' : 'good'}
      />
    </div>
  )
}
