import 'leaflet/dist/leaflet.css'
import L from 'leaflet'
import { memo, useEffect, useMemo, useRef } from 'react'
import type { DoorState, Plan } from '../api/types'
import { useDirectory } from '../org/organisation'
import { t } from '../text'
import { markOf, MARK_PX, SMALL_MARK_PX } from './mark'
import { useMarks, type Shown } from './marks'
import css from './plan.module.css'

const SMALL_PLAN_PX = 520

interface Props {
  plan: Plan
  doors: ReadonlyMap<string, DoorState> | undefined
  /** Entities that the incident names: ringed. */
  named?: ReadonlySet<string>
  /** The one that is looked at. */
  chosen?: string
  onChoose?: (entity: string) => void
  /** Told what the pointer or the focus is on; nothing when it has left. */
  onPoint?: (entity: string | undefined) => void
  /** Marks can be dragged; told where one was put, from 0 to 1. */
  onMoved?: (entity: string, x: number, y: number) => void
}

interface Placed {
  marker: L.Marker
  key: string
}

/** A floor plan with its doors and things in their live states. */
const FloorPlan = memo(function FloorPlan({ plan, doors, named, chosen, ...on }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const layer = useRef<L.LayerGroup>(undefined)
  const placed = useRef(new Map<string, Placed>())
  const directory = useDirectory()
  const bounds = useMemo(
    () =>
      L.latLngBounds([
        [0, 0],
        [plan.height, plan.width],
      ]),
    [plan.height, plan.width],
  )
  const told = useRef(on)
  told.current = on
  const isMovable = on.onMoved !== undefined
  const marks = useMarks(plan, doors, named, chosen)

  useEffect(() => {
    const made = L.map(box.current!, {
      crs: L.CRS.Simple,
      attributionControl: false,
      zoomSnap: 0.05,
      zoomDelta: 0.5,
      minZoom: -6,
      maxZoom: 3,
      keyboard: true,
      zoomControl: false,
    })
    L.control.zoom({ position: 'topleft' }).addTo(made)
    const name = t('incidents.plan_of', { place: directory.siteName(plan.place) })
    L.imageOverlay(plan.image, bounds, { className: css.image, alt: name }).addTo(made)
    layer.current = L.layerGroup().addTo(made)
    placed.current.clear()
    const fit = () => {
      made.invalidateSize({ pan: false })
      made.fitBounds(bounds, { animate: false, padding: [8, 8] })
    }
    fit()
    const watch = new ResizeObserver(fit)
    watch.observe(box.current!)
    return () => {
      watch.disconnect()
      made.remove()
    }
    // The directory only names the picture; a new one need not draw it again.
  }, [plan.image, plan.place, bounds])

  useEffect(() => {
    const group = layer.current
    if (!group) return
    // On a phone, marks as large as on a desk would hide the rooms.
    const size = (box.current?.clientWidth ?? 0) < SMALL_PLAN_PX ? SMALL_MARK_PX : MARK_PX
    const gone = new Set(placed.current.keys())
    for (const mark of marks) {
      gone.delete(mark.entity)
      const key = JSON.stringify([mark, size, isMovable, bounds])
      const before = placed.current.get(mark.entity)
      // What has not changed stays: whoever goes from mark to mark by keyboard keeps their place.
      if (before?.key === key) continue
      const hadFocus = before && before.marker.getElement() === document.activeElement
      before?.marker.remove()
      const marker = markerOf(mark, { plan, size, isMovable, told }).addTo(group)
      dress(marker, mark, told)
      placed.current.set(mark.entity, { marker, key })
      if (hadFocus) marker.getElement()?.focus({ preventScroll: true })
    }
    for (const entity of gone) {
      placed.current.get(entity)?.marker.remove()
      placed.current.delete(entity)
    }
  }, [plan, marks, bounds, isMovable])

  return <div ref={box} className={css.map} role="region" aria-label={t('incidents.plan')} />
})

type Told = React.RefObject<Pick<Props, 'onChoose' | 'onPoint' | 'onMoved'>>

interface Ground {
  plan: Plan
  size: number
  isMovable: boolean
  told: Told
}

function markerOf(mark: Shown, { plan, size, isMovable, told }: Ground): L.Marker {
  const icon = L.divIcon({
    html: markOf(mark, size),
    className: css.icon,
    iconSize: [size, size],
    iconAnchor: [size / 2, size / 2],
  })
  const marker = L.marker([(1 - mark.y) * plan.height, mark.x * plan.width], {
    icon,
    alt: mark.label,
    keyboard: true,
    draggable: isMovable,
    zIndexOffset: mark.weight,
  })
  const hint = document.createElement('span')
  hint.textContent = mark.hint
  marker.bindTooltip(hint, {
    // What stays stands above its mark, and below the one chosen: beside it, it would cover the
    // door next to it.
    direction: mark.isChosen ? 'bottom' : mark.isSaid ? 'top' : 'auto',
    offset: mark.isChosen ? [0, size / 2] : mark.isSaid ? [0, -size / 2] : [12, 0],
    className: css.hint,
    permanent: mark.isSaid,
  })
  marker.on('click', () => told.current.onChoose?.(mark.entity))
  marker.on('mouseover', () => told.current.onPoint?.(mark.entity))
  marker.on('mouseout', () => told.current.onPoint?.(undefined))
  marker.on('dragend', () => {
    const { lat, lng } = marker.getLatLng()
    told.current.onMoved?.(mark.entity, lng / plan.width, 1 - lat / plan.height)
  })
  return marker
}

/** What ears and keys need: a name, and to be pressed. */
function dress(marker: L.Marker, mark: Shown, told: Told): void {
  const element = marker.getElement()
  if (!element) return
  element.setAttribute('aria-label', mark.label)
  if (mark.isChosen) element.setAttribute('aria-current', 'true')
  element.addEventListener('focus', () => told.current.onPoint?.(mark.entity))
  element.addEventListener('blur', () => told.current.onPoint?.(undefined))
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return
    event.preventDefault()
    told.current.onChoose?.(mark.entity)
  })
}

export default FloorPlan
