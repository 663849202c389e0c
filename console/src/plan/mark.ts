/** A mark of a plan as an element: built, never written as markup, for names come from outside. */
import type { Shown } from './marks'
import { SHAPES } from './shapes'
import css from './plan.module.css'

const SVG = 'http://www.w3.org/2000/svg'

export const MARK_PX = 22
export const SMALL_MARK_PX = 15

export function markOf({ shape, isNamed, isChosen }: Shown, size: number): HTMLElement {
  const box = document.createElement('span')
  box.className = css.mark ?? ''
  if (size < MARK_PX) box.dataset.small = 'true'
  box.dataset.condition = shape
  if (isNamed) box.dataset.named = 'true'
  if (isChosen) box.dataset.chosen = 'true'
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', '0 0 24 24')
  const path = document.createElementNS(SVG, 'path')
  path.setAttribute('d', SHAPES[shape])
  path.setAttribute('fill-rule', 'evenodd')
  svg.append(path)
  box.append(svg)
  return box
}
