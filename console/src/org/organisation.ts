/** The organisation's places, doors and things, and the names and zones that follow from them. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { get } from '../api/client'
import type { AssetItem, DoorItem, Organisation, PlaceItem } from '../api/types'
import { teamName } from '../text'
import { isZone } from '../time/format'
import { NO_NAMES, useNames, type Names } from './names'

const NOBODY: Organisation = {
  tenant: '',
  name: '',
  sites: [],
  places: [],
  doors: [],
  assets: [],
  teams: [],
  operators: [],
  version: '',
}

export class Directory {
  private readonly places: ReadonlyMap<string, PlaceItem>
  private readonly assets: ReadonlyMap<string, AssetItem>
  private readonly doors: ReadonlyMap<string, DoorItem>

  constructor(
    readonly organisation: Organisation,
    readonly isKnown: boolean,
    readonly isReading = false,
    /** Of those whose names this operator has asked for. */
    readonly names: Names = NO_NAMES,
  ) {
    this.places = new Map(organisation.places.map((place) => [place.id, place]))
    this.assets = new Map(organisation.assets.map((asset) => [asset.id, asset]))
    this.doors = new Map(organisation.doors.map((door) => [door.door, door]))
  }

  place = (id: string): PlaceItem | undefined => this.places.get(id)
  asset = (id: string): AssetItem | undefined => this.assets.get(id)
  door = (id: string): DoorItem | undefined => this.doors.get(id)

  /** A name for `person:x`, `asset:x`, `place:x`, `team:x`; the id where none is known. */
  nameOf = (entity: string): string => {
    const { kind, id } = parseEntity(entity)
    if (kind === 'place') return this.place(id)?.name ?? id
    if (kind === 'asset') return this.asset(id)?.name ?? id
    if (kind === 'team') return teamName(id)
    if (kind === 'operator') return this.operatorName(id)
    if (kind === 'person') return this.names.get(id) ?? id
    return id
  }

  /**
   * A sentence of a rule with names where it says the numbers of places and things, and of people
   * whose names were asked for. What could be a plain word or a plain number is somebody's only
   * where `about` says so.
   */
  inWords = (text: string, about: readonly string[] = []): string =>
    text.replace(/[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*/g, (id, at: number) => {
      const isId = /[-_.]|[A-Za-z][0-9]|[0-9][A-Za-z]/.test(id)
      const person = isId || about.includes(`person:${id}`) ? this.names.get(id) : undefined
      if (person !== undefined || !/[-_.]/.test(id)) return person ?? id
      return withoutEcho(text.slice(0, at), this.place(id)?.name ?? this.asset(id)?.name ?? id)
    })

  operatorName(id: string): string {
    const known = this.organisation.operators.find((o) => o.id === id || o.person === id)
    return known?.name ?? id
  }

  siteName = (id: string | null | undefined): string => (id ? (this.place(id)?.name ?? id) : '')

  /** The place and those that hold it, nearest first. */
  above(id: string): PlaceItem[] {
    const chain: PlaceItem[] = []
    for (let at = this.place(id); at && chain.length < 12; at = this.place(at.parent ?? '')) {
      chain.push(at)
    }
    return chain
  }

  /** The zones that a place is, lies in, or joins as a door. */
  zonesOf(place: string | null | undefined): string[] {
    const door = place ? this.door(place) : undefined
    const joined = [door?.from_zone, door?.to_zone].filter((zone) => zone !== undefined)
    const held = this.above(place ?? '').filter(({ kind }) => kind === 'zone')
    return [...joined, ...held.map(({ id }) => id)] as string[]
  }

  /** The zone of a place's clock: its own, or that of the nearest place above it. */
  zoneOf(place: string | null | undefined): string {
    const own = this.above(place ?? '').find((at) => at.time_zone)?.time_zone
    const zone = own ?? this.organisation.time_zone
    return zone && isZone(zone) ? zone : 'UTC'
  }

  /** Where an asset or a door is, as a place. */
  placeOf(entity: string): string | undefined {
    const { kind, id } = parseEntity(entity)
    if (kind === 'place') return id
    if (kind === 'asset') return this.asset(id)?.place ?? undefined
    return undefined
  }
}

/** “the workstation” before “Workstation 2003” says it twice: then the name goes on without it. */
function withoutEcho(before: string, name: string): string {
  const said = /([A-Za-z]+) $/.exec(before)?.[1]
  const [first, rest] = name.split(/ (.*)/)
  return rest && said && first?.toLowerCase() === said.toLowerCase() ? rest : name
}

export interface EntityRef {
  kind: string
  id: string
}

export function parseEntity(entity: string): EntityRef {
  const colon = entity.indexOf(':')
  if (colon < 0) return { kind: '', id: entity }
  return { kind: entity.slice(0, colon), id: entity.slice(colon + 1) }
}

/** The organisation; an empty one, marked so, where the server does not tell it. */
export function useDirectory(): Directory {
  const { data, isLoading } = useQuery({
    queryKey: ['organisation'],
    queryFn: ({ signal }) => get<Organisation>('/v1/organisation', {}, signal),
    staleTime: 300_000,
  })
  const names = useNames()
  return useMemo(() => directoryOf(data, isLoading, names), [data, isLoading, names])
}

let made: { key: readonly unknown[]; directory: Directory } | undefined

/** One for all who ask for the same. */
function directoryOf(data: Organisation | undefined, isLoading: boolean, names: Names): Directory {
  const key = [data, isLoading, names]
  if (!made || made.key.some((part, at) => part !== key[at])) {
    const directory = new Directory(data ?? NOBODY, data !== undefined, isLoading, names)
    made = { key, directory }
  }
  return made.directory
}
