/** Cameras that see the same zone: where one is blind, these are the guard's eyes. */
import type { Directory } from '../org/organisation'

const NEAR_MAX = 6

/** Other cameras of the zones that a door joins or that a camera stands in, by name. */
export function camerasNear(
  { camera, door }: { camera: string; door?: string },
  directory: Directory,
): string[] {
  const own = door ? directory.door(door) : undefined
  const place = directory.asset(camera)?.place
  const zones = new Set(
    [
      ...[own?.from_zone, own?.to_zone],
      ...directory.zonesOf(door),
      ...directory.zonesOf(place),
    ].filter((zone) => zone !== undefined),
  )
  return directory.organisation.assets
    .filter(({ id, kind }) => kind === 'camera' && id !== camera)
    .filter((one) => directory.zonesOf(one.place).some((zone) => zones.has(zone)))
    .sort((a, b) => a.name.localeCompare(b.name))
    .slice(0, NEAR_MAX)
    .map(({ id }) => id)
}
