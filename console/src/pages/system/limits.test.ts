import { expect, it } from 'vitest'
import { nearest, share, shareText, toneOf, valueText } from './limits'

const limit = (name: string, used: number | null, max = 100) => ({
  name,
  used,
  max,
  unit: 'rows',
  meaning: '',
})

it('puts the nearest to its limit first, and what is not measured last', () => {
  expect(
    nearest([limit('none', null), limit('low', 1), limit('high', 95)]).map((one) => one.name),
  ).toEqual(['high', 'low', 'none'])
})

it('tells how near', () => {
  expect([share(limit('a', 50)), share(limit('a', null)), share(limit('a', 5, 0))]).toEqual([
    0.5,
    undefined,
    undefined,
  ])
  expect([
    shareText(limit('a', 500)),
    shareText(limit('a', 0)),
    shareText({ ...limit('a', 1), max: 1e6 }),
  ]).toEqual(['100 %', '0 %', '< 1 %'])
  expect([toneOf(0.5), toneOf(0.7), toneOf(0.9)]).toEqual(['good', 'warn', 'bad'])
})

it('writes values in units that people read', () => {
  expect(valueText(0, 'bytes')).toBe('0 B')
  expect(valueText(67_108_864, 'bytes')).toBe('64 MiB')
  expect(valueText(5_462_936, 'bytes')).toBe('5.2 MiB')
  expect(valueText(86_400_000, 'ms')).toBe('1 d')
  expect(valueText(1_500, 'ms')).toBe('1,500 ms')
  expect(valueText(200_000, 'records_per_second')).toBe('200,000 records per second')
})
