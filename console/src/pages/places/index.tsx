import { SegmentedControl } from '@mantine/core'
import { useMemo } from 'react'
import { useKeys } from '../../keys/keys'
import { useDirectory } from '../../org/organisation'
import { useDoorStates } from '../../plan/doors'
import { t } from '../../text'
import { EmptyNote, Waiting } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { useUrl } from '../../url'
import { useReading } from '../../parts/reading'
import { AssetPage } from './AssetPage'
import { PlacePage } from './PlacePage'
import { PlanPane } from './PlanPane'
import { TreePane } from './TreePane'
import { treeOf } from './tree'
import css from './places.module.css'

/** Where things are: the tree of places, their plans, doors in their live states, and things. */
export default function PlacesPage() {
  const [url, setUrl] = useUrl()
  const directory = useDirectory()
  const doors = useDoorStates()
  const asked = useReading('/v1/organisation')
  const asset = url.asset ? directory.asset(url.asset) : undefined
  const at = url.id ?? asset?.place ?? directory.organisation.sites[0]
  const rows = useMemo(
    () => treeOf(directory.organisation.places, url.find ?? ''),
    [directory, url.find],
  )
  const view = url.view ?? (url.id || url.asset ? 'detail' : 'tree')
  const choose = (entity: string) => {
    const isAsset = entity.startsWith('asset:')
    const id = entity.slice(entity.indexOf(':') + 1)
    setUrl({ id: isAsset ? undefined : id, asset: isAsset ? id : undefined, view: undefined }, true)
  }
  const step = (by: number) => {
    const index = rows.findIndex(({ place }) => place.id === at)
    const next = rows[Math.min(rows.length - 1, Math.max(0, index < 0 ? 0 : index + by))]
    if (next) choose(`place:${next.place.id}`)
  }
  const group = t('places.title')
  useKeys([
    { keys: 'j', label: t('places.key_next'), group, run: () => step(1) },
    { keys: 'k', label: t('places.key_previous'), group, run: () => step(-1) },
  ])
  if (!directory.isKnown) {
    return (
      <Pane title={t('places.title')}>
        {asked.problem ? (
          <EmptyNote title={t('places.unknown')}>{t('places.unknown_text')}</EmptyNote>
        ) : (
          <Waiting />
        )}
      </Pane>
    )
  }
  return (
    <div className={css.page} data-view={view}>
      <SegmentedControl
        className={css.views}
        value={view}
        size="sm"
        fullWidth
        aria-label={t('places.view')}
        onChange={(chosen) => setUrl({ view: chosen })}
        data={(['tree', 'plan', 'detail'] as const).map((value) => ({
          value,
          label: t(`places.view_${value}`),
        }))}
      />
      <TreePane rows={rows} at={at} doors={doors.data} choose={choose} />
      <PlanPane
        at={at}
        chosen={url.asset ? `asset:${url.asset}` : `place:${at}`}
        doors={doors.data}
        choose={choose}
      />
      {url.asset ? (
        <AssetPage id={url.asset} />
      ) : (
        <PlacePage id={at ?? ''} doors={doors.data} doorsMissing={doors.isError} />
      )}
    </div>
  )
}
