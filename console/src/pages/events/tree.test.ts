import { expect, it } from 'vitest'
import { columnsOf, pivotOf, toggled } from './columns'
import { branches, LEAVES_MAX } from './tree'

it('puts what is asked first at the top and what is left over at the end', () => {
  const { list } = branches({
    unmapped: { a: 1 },
    zone: 'x',
    castellan: { person: 'ana' },
    class_uid: 1,
  })
  expect(list.map((branch) => branch.name)).toEqual(['class_uid', 'castellan', 'zone', 'unmapped'])
  expect(list[1]?.below?.[0]).toMatchObject({ path: 'castellan.person', text: 'ana' })
})

it('reads times, and only times, as moments', () => {
  const [time, port] = branches({ time: 1_795_339_824_000, z_port: 1_795_339_824_000 }).list
  expect(time?.moment).toBe(1_795_339_824_000)
  expect(port?.moment).toBeUndefined()
})

it('stays bounded on what no page can show', () => {
  let deep: unknown = 'end'
  for (let level = 0; level < 5_000; level += 1) deep = { deep }
  expect(() => branches(deep)).not.toThrow()
  const wide = Object.fromEntries(Array.from({ length: 9_000 }, (_, at) => [`a${at}`, at]))
  expect(branches(wide)).toMatchObject({ isCut: true, list: { length: LEAVES_MAX } })
  expect(branches({ long: 'x'.repeat(10_000) }).list[0]!.text.length).toBeLessThan(2_100)
})

it('knows by which key a value is looked for', () => {
  expect(pivotOf('castellan.person', 'ana')).toEqual(['person', 'ana'])
  expect(pivotOf('castellan.src.owner.id', 'ana')).toEqual(['person', 'ana'])
  expect(pivotOf('dst_endpoint.ip', '10.0.0.1')).toEqual(['ip', '10.0.0.1'])
  expect(pivotOf('class_uid', 4_230_001)).toEqual(['class', 'door'])
  expect(pivotOf('unmapped.vd', 'root')).toEqual([undefined, 'root'])
  expect(pivotOf('unmapped.x', 7)).toBeUndefined()
})

it('never shows a table without columns', () => {
  expect(columnsOf('nonsense').map((column) => column.id)).toContain('time')
  expect(columnsOf('record,time').map((column) => column.id)).toEqual(['record', 'time'])
  expect(toggled(columnsOf('time,what'), 'what')).toBe('time')
  expect(toggled(columnsOf('time,what'), 'who')).toBe('time,what,who')
})
