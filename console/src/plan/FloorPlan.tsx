import 'leaflet/dist/leaflet.css'
import L from 'leaflet'
import { memo, useEffect, useMemo, useRef } from 'react'
import type { DoorState, Plan } from '../api/types'
import { parseEntity, useDirectory } from '../org/organisation'
import { t, word } from '../text'
import { useLost } from './lost'
import { SHAPES, type Shape } from './shapes'
import css from './plan.module.css'

const SVG = 'http://www.w3.org/2000/svg'

const MARK_PX = 22
const SMALL_MARK_PX = 15
const SMALL_PLAN_PX = 520

interface Props {
  plan: Plan
  doors: ReadonlyMap<string, DoorState> | undefined
  /** Entities that the incident names: ringed. */
  named: ReadonlySet<string>
  onChoose?: (entity: string) => void
  /** Marks can be dragged; told where one was put, from 0 to 1. */
  onMoved?: (entity: string, x: number, y: number) => void
}

/** Built from elements, never from markup: names come from outside. */
function markOf(shape: string, condition: string, isNamed: boolean, size: number): HTMLElement {
  const box = document.createElement('span')
  box.className = css.mark ?? ''
  if (size < MARK_PX) box.dataset.small = 'true'
  box.dataset.condition = condition
  if (isNamed) box.dataset.named = 'true'
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', '0 0 24 24')
  const path = document.createElementNS(SVG, 'path')
  path.setAttribute('d', shape)
  path.setAttribute('fill-rule', 'evenodd')
  svg.append(path)
  box.append(svg)
  return box
}

/** A floor plan with its doors and things in their live states. */
const FloorPlan = memo(function FloorPlan({ plan, doors, named, onChoose, onMoved }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const map = useRef<L.Map>(undefined)
  const layer = useRef<L.LayerGroup>(undefined)
  const directory = useDirectory()
  const lost = useLost()
  const bounds = useMemo(
    () =>
      L.latLngBounds([
        [0, 0],
        [plan.height, plan.width],
      ]),
    [plan.height, plan.width],
  )
  const choose = useRef(onChoose)
  choose.current = onChoose
  const moved = useRef(onMoved)
  moved.current = onMoved
  const isMovable = onMoved !== undefined

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
    map.current = made
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
    group.clearLayers()
    // On a phone, marks as large as on a desk would hide the rooms.
    const size = (box.current?.clientWidth ?? 0) < SMALL_PLAN_PX ? SMALL_MARK_PX : MARK_PX
    for (const mark of plan.marks) {
      const { kind, id } = parseEntity(mark.entity)
      const door = kind === 'place' && directory.door(id)
      const asset = kind === 'asset' ? directory.asset(id) : undefined
      const condition: Shape =
        door || kind === 'place'
          ? (doors?.get(id)?.state ?? 'unknown')
          : lost.has(mark.entity)
            ? 'offline'
            : asset?.kind === 'camera'
              ? 'camera'
              : 'asset'
      const name = directory.nameOf(mark.entity).slice(0, 60)
      const state =
        condition === 'camera' || condition === 'asset'
          ? (asset?.kind ?? kind)
          : word('incidents', 'door_state', condition)
      const label = t('incidents.plan_door', { name, state })
      const icon = L.divIcon({
        html: markOf(SHAPES[condition], condition, named.has(mark.entity), size),
        className: css.icon,
        iconSize: [size, size],
        iconAnchor: [size / 2, size / 2],
      })
      const marker = L.marker([(1 - mark.y) * plan.height, mark.x * plan.width], {
        icon,
        alt: label,
        keyboard: true,
        draggable: isMovable,
        zIndexOffset: named.has(mark.entity) ? 500 : 0,
      })
      const hint = document.createElement('span')
      hint.textContent = label
      marker.bindTooltip(hint, {
        direction: 'auto',
        offset: [12, 0],
        className: css.hint,
        permanent: named.has(mark.entity) && kind === 'place',
      })
      marker.on('click', () => choose.current?.(mark.entity))
      marker.on('dragend', () => {
        const { lat, lng } = marker.getLatLng()
        moved.current?.(mark.entity, lng / plan.width, 1 - lat / plan.height)
      })
      marker.addTo(group)
      marker.getElement()?.setAttribute('aria-label', label)
    }
  }, [plan, doors, named, directory, lost, isMovable])

  return <div ref={box} className={css.map} role="region" aria-label={t('incidents.plan')} />
})

export default FloorPlan
