import { describe, expect, it } from 'vitest'
import { Directory } from '../org/organisation'
import { cameraAddress, cameraOf, firstCamera } from './address'
import { camerasNear } from './near'

const look = { camera: 'cam 1&x', door: 'd-lobby', at: '2026-11-22T14:02:11.5Z' }

describe('the link to a camera', () => {
  it('names the camera, the door and the moment, each as a value and never as more', () => {
    expect(cameraAddress('https://vms.example/play?camera={camera}&at={at}', look)).toBe(
      'https://vms.example/play?camera=cam%201%26x&at=2026-11-22T14%3A02%3A11.500Z',
    )
    expect(cameraAddress('vms://{door}/{at_ms}', look)).toBe('vms://d-lobby/1795356131500')
  })
  it('is none where the template is no address, or the moment no time', () => {
    expect(cameraAddress('javascript:alert("{camera}")', look)).toBeUndefined()
    expect(cameraAddress('data:text/html,{camera}', look)).toBeUndefined()
    expect(cameraAddress('/play/{camera}', look)).toBeUndefined()
    expect(cameraAddress('https://vms.example/', { ...look, at: 'noon' })).toBeUndefined()
  })
})

describe('the camera of what is looked at', () => {
  const directory = new Directory(
    {
      tenant: 't',
      name: 'T',
      sites: [],
      places: [],
      doors: [
        { door: 'd-lobby', from_zone: 'a', to_zone: 'b', camera: 'cam-1' },
        { door: 'd-back', from_zone: 'a', to_zone: 'b' },
      ],
      assets: [{ id: 'cam-1', kind: 'camera', name: 'Lobby' }],
      teams: [],
      operators: [],
      version: 1,
    },
    true,
  )
  it('is the door’s, or itself', () => {
    expect(cameraOf('place:d-lobby', directory)).toEqual({ camera: 'cam-1', door: 'd-lobby' })
    expect(cameraOf('asset:cam-1', directory)).toEqual({ camera: 'cam-1' })
    expect(cameraOf('place:d-back', directory)).toBeUndefined()
    expect(firstCamera(['person:x', 'place:d-back', 'place:d-lobby'], directory)?.camera).toBe(
      'cam-1',
    )
  })
})

describe('the cameras that see the same zone', () => {
  const place = (id: string, kind: string, parent?: string) => ({ id, name: id, kind, parent })
  const camera = (id: string, place: string) => ({ id, kind: 'camera', name: id, place })
  const directory = new Directory(
    {
      tenant: 't',
      name: 'T',
      sites: [],
      places: [
        place('dock', 'zone'),
        place('yard', 'zone'),
        place('hall', 'zone'),
        place('d-dock', 'door', 'dock'),
        place('desk', 'desk', 'dock'),
      ],
      doors: [{ door: 'd-dock', from_zone: 'yard', to_zone: 'dock', camera: 'blind' }],
      assets: [
        camera('blind', 'd-dock'),
        camera('at-desk', 'desk'),
        camera('in-yard', 'yard'),
        camera('in-hall', 'hall'),
        { id: 'sensor', kind: 'sensor', name: 'sensor', place: 'dock' },
      ],
      teams: [],
      operators: [],
      version: 1,
    } as unknown as ConstructorParameters<typeof Directory>[0],
    true,
  )
  it('are those on either side of the door, not the blind one, and no other things', () => {
    const near = camerasNear({ camera: 'blind', door: 'd-dock' }, directory)
    expect(near).toEqual(['at-desk', 'in-yard'])
    expect(camerasNear({ camera: 'in-hall' }, directory)).toEqual([])
  })
})
