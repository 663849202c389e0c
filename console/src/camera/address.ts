/** Where the picture of a moment is to be seen. */
import type { Directory } from '../org/organisation'
import { parseEntity } from '../org/organisation'
import { msOf } from '../time/format'

export interface Look {
  camera: string
  door?: string
  /** RFC 3339, or milliseconds. */
  at: string | number
}

/** What a link may never be: a script, or a page made of the link itself. */
const FORBIDDEN = new Set(['javascript:', 'data:', 'blob:', 'vbscript:', 'file:'])

/** The video system's own page, by the organisation's template; undefined where that is no link. */
export function cameraAddress(template: string, look: Look): string | undefined {
  const ms = msOf(look.at)
  if (Number.isNaN(ms)) return undefined
  const values: Record<string, string> = {
    camera: look.camera,
    door: look.door ?? '',
    at: new Date(ms).toISOString(),
    at_ms: String(ms),
  }
  const filled = template.replace(/\{(camera|door|at|at_ms)\}/g, (_, name: string) =>
    encodeURIComponent(values[name]!),
  )
  try {
    return FORBIDDEN.has(new URL(filled).protocol) ? undefined : filled
  } catch {
    return undefined
  }
}

/** The camera of a door, or the entity itself where that is one. */
export function cameraOf(
  entity: string,
  directory: Directory,
): { camera: string; door?: string } | undefined {
  const { id } = parseEntity(entity)
  if (directory.asset(id)?.kind === 'camera') return { camera: id }
  const camera = directory.door(id)?.camera
  return camera ? { camera, door: id } : undefined
}

/** The first camera that any of these leads to. */
export const firstCamera = (entities: readonly string[], directory: Directory) =>
  entities.map((entity) => cameraOf(entity, directory)).find((found) => found !== undefined)
