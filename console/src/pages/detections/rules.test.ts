import { expect, it } from 'vitest'
import type { Finding, RuleItem } from '../../api/types'
import { blocksOf, firingsOf, inForce, problemText, rulesOf, type Kind } from './rules'

const rule = (id: string, level: RuleItem['level'] = 'low'): RuleItem =>
  ({
    id,
    title: id,
    level,
    tags: [],
    is_correlation: false,
    is_reported: true,
    origin: 'shipped',
  }) as RuleItem
const finding = (id: string, time: string, state: Finding['state'] = 'confirmed') =>
  ({ rule: id, time, state }) as Finding
const rules = [rule('b'), rule('a', 'critical'), rule('a.part'), rule('c'), rule('alone.dotted')]

it('counts what fired, and when last, without what was withdrawn', () => {
  const firings = firingsOf([
    finding('b', '2026-11-22T10:00:00Z'),
    finding('b', '2026-11-22T09:00:00Z'),
    finding('c', '2026-11-22T10:00:00Z', 'withdrawn'),
  ])
  expect(firings.get('b')).toEqual({ count: 2, last: '2026-11-22T10:00:00Z' })
  expect(firings.has('c')).toBe(false)
})

it('puts what fired first, then the gravest, and hides building blocks', () => {
  const firings = firingsOf([finding('b', '2026-11-22T10:00:00Z')])
  expect(rulesOf(rules, '', firings).map((one) => one.id)).toEqual(['b', 'a', 'alone.dotted', 'c'])
  expect(rulesOf(rules, 'CRITICAL', firings).map((one) => one.id)).toEqual(['a'])
  expect(blocksOf(rules, 'a').map((one) => one.id)).toEqual(['a.part'])
})

it('finds what was written here, what is on trial and what is off', () => {
  const list = [
    rule('shipped'),
    { ...rule('own'), origin: 'house' },
    { ...rule('trial'), status: 'experimental' },
    { ...rule('silent'), off_by: 'console' },
  ]
  const ids = (kind: Kind) => rulesOf(list, '', new Map(), kind).map((one) => one.id)
  expect(ids('house')).toEqual(['own'])
  expect(ids('experimental')).toEqual(['trial'])
  expect(ids('off')).toEqual(['silent'])
  expect(ids('all')).toHaveLength(4)
})

it('does not count a rule that is off as one in force', () => {
  expect(inForce([...rules, { ...rule('off'), off_by: 'console' }])).toBe(rules.length)
})

it('says a content problem in words, whatever its shape', () => {
  expect(problemText('x')).toBe('x')
  expect(problemText({ file: 'a.yml', detail: 'no level' })).toBe('a.yml: no level')
  expect(problemText({ odd: 1 })).toBe('{"odd":1}')
})
