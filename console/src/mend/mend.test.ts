import { describe, expect, it } from 'vitest'
import { Problem } from '../api/problem'
import { broken, differing, indented, lineAt, offsetOf } from './code'
import { diffLines, hunks } from './diff'
import {
  faultsIn,
  fileNames,
  isAcceptable,
  isOnlyOfSamples,
  isUnderstood,
  lettersFor,
  resultOf,
  samplesOf,
  standsAgainst,
  type Letter,
} from './mapping'
import { outcomeOf } from './rerun'

const letter = (record: number, status = 'open'): Letter => ({
  record,
  status,
  source: 'idp',
  received_at: '2026-11-22T14:00:00Z',
  code: 'mapping_failed',
  reason: 'no such field',
  mapping: 'okta',
})

describe('the field for code', () => {
  it('moves with Tab what is chosen, or puts two spaces', () => {
    expect(indented('ab', 1, 1, false)).toEqual({ text: 'a  b', from: 3, to: 3 })
    expect(indented('a\nb\nc', 0, 3, false)).toEqual({ text: '  a\n  b\nc', from: 2, to: 7 })
    expect(indented('  a\n b', 3, 6, true)).toEqual({ text: 'a\nb', from: 1, to: 3 })
  })
  it('begins a new line where the one before began', () => {
    expect(broken('if x {\n  y', 10, 10)).toEqual({ text: 'if x {\n  y\n  ', from: 13, to: 13 })
  })
  it('replaces no more than what differs', () => {
    expect(differing('a\nb\nc', '  a\n  b\nc')).toEqual({ at: 0, end: 2, text: '  a\n  ' })
    expect(differing('  a', 'a')).toEqual({ at: 0, end: 2, text: '' })
    expect(differing('aa', 'aaa')).toEqual({ at: 2, end: 2, text: 'a' })
  })
  it('finds a line and a column, and the nearest where there is none', () => {
    expect(offsetOf('ab\ncd', 2, 2)).toBe(4)
    expect(offsetOf('ab\ncd', 9, 9)).toBe(5)
    expect(lineAt('ab\ncd', 4)).toBe(2)
    expect(offsetOf('a\n😀 x = é', 2, 3)).toBe(5)
  })
})

describe('a change of a mapping', () => {
  it('is tried against the letter it began with, then against others that are open', () => {
    const all = [letter(9), letter(7, 'resolved'), letter(5), letter(3)]
    expect(lettersFor(all, 5).map(({ record }) => record)).toEqual([5, 9, 3])
  })
  it('has its results by record, or else in the order of the question', () => {
    const letters = [letter(5), letter(9)]
    const events = [{ class_uid: 3002 }]
    const named = { problems: [], results: [{ record: 9, events }, { record: 5 }] }
    expect(isUnderstood(resultOf(named, letters, 1))).toBe(true)
    expect(isUnderstood(resultOf(named, letters, 0))).toBe(false)
    const plain = { problems: [], results: [{ events }] }
    expect(isUnderstood(resultOf(plain, letters, 0))).toBe(true)
    expect(resultOf(plain, letters, 1)).toBeUndefined()
  })
  it('is refused with faults that lie in files', () => {
    const fault = { file: 'map.vrl', line: 3, column: 1, message: 'expected `}`' }
    const problem = new Problem(422, 'invalid', 'no', undefined, { problems: [fault, 'odd', {}] })
    expect(faultsIn(problem)).toEqual([fault])
    expect(fileNames({ 'map.vrl': '', 'mapping.toml': '' })).toEqual(['mapping.toml', 'map.vrl'])
  })
})

describe('what stands against saving', () => {
  const unexpected = { file: 'expected/a.ndjson', code: 'unexpected', message: 'other' }
  const invalid = { file: 'samples/a.log', code: 'not_ocsf', message: 'no class' }
  const heir = { file: 'heir/expected/a.ndjson', code: 'unexpected', message: 'other' }
  const warning = { file: 'map.vrl', gravity: 'warning', code: 'native_engine', message: 'no' }
  it('may be accepted where the mapping itself is asked what it gives', () => {
    expect([unexpected, invalid, heir, warning].map(isAcceptable)).toEqual([
      true,
      false,
      false,
      false,
    ])
  })
  it('is a matter of the box alone when nothing else is wrong', () => {
    expect(isOnlyOfSamples([unexpected, warning])).toBe(true)
    for (const more of [invalid, heir]) expect(isOnlyOfSamples([unexpected, more])).toBe(false)
    expect(isOnlyOfSamples([warning])).toBe(false)
  })
})

describe('what came last', () => {
  const sample = (record: number, is_changed = false) => ({
    record,
    received_at: '2026-11-22T14:00:00Z',
    before: [{ class_uid: 3002 }],
    is_changed,
  })
  const events = [{ class_uid: 3002 }]
  const dead = { reason: 'mapping_failed', detail: 'no id' }
  it('is told by what the change makes of it, the worst first', () => {
    const tried = {
      problems: [],
      results: [
        { record: 9, events },
        { record: 8, events },
        { record: 7, problem: dead },
        { record: 6, events: [] },
      ],
      samples: [sample(9), sample(8, true), sample(7, true), sample(6, true), sample(5)],
    }
    expect(samplesOf(tried).map(({ record, effect }) => [record, effect])).toEqual([
      [7, 'lost'],
      [6, 'lost'],
      [8, 'changed'],
      [5, 'unknown'],
      [9, 'same'],
    ])
    expect(samplesOf(undefined)).toEqual([])
  })
  it('does not stand against saving, and what does not hold does', () => {
    const syntax = { file: 'map.vrl', line: 3, code: 'vrl', message: 'unexpected token' }
    const sampled = { file: 'expected/a.ndjson', code: 'unexpected', message: 'other' }
    const warned = { ...syntax, gravity: 'warning' }
    expect(standsAgainst([sampled, warned])).toEqual([])
    expect(standsAgainst([sampled, syntax])).toEqual([syntax])
  })
})

describe('two texts beside one another', () => {
  const marks = { same: ' ', shipped: '-', here: '+' }
  const shown = (a: string, b: string) =>
    diffLines(a, b).map(({ kind, text }) => marks[kind] + text)
  it('show the fewest lines that differ', () => {
    expect(shown('a\nb\nc\n', 'a\nx\nc\n')).toEqual([' a', '-b', '+x', ' c'])
    expect(shown('a\nb\nc', 'b\nc\nd')).toEqual(['-a', ' b', ' c', '+d'])
    expect(shown('a', 'a')).toEqual([' a'])
    expect(shown('', 'x')).toEqual(['-', '+x'])
  })
  it('give both texts back, whatever they are', () => {
    let seed = 7
    const next = () => (seed = (seed * 48_271) % 2_147_483_647)
    const text = () => Array.from({ length: next() % 40 }, () => 'abcd'[next() % 4]!).join('\n')
    for (let n = 0; n < 300; n += 1) {
      const [a, b] = [text(), text()]
      const lines = diffLines(a, b)
      const of = (gone: string) => lines.filter(({ kind }) => kind !== gone).map((one) => one.text)
      expect(of('here').join('\n'), `seed ${seed}`).toBe(a)
      expect(of('shipped').join('\n'), `seed ${seed}`).toBe(b)
      for (const { kind, shipped, here } of lines) {
        expect([shipped !== undefined, here !== undefined]).toEqual([
          kind !== 'here',
          kind !== 'shipped',
        ])
      }
    }
  })
  it('differ in so many places that they are shown one after the other', () => {
    const many = (mark: string) => Array.from({ length: 900 }, (_, n) => `${mark}${n}`).join('\n')
    const lines = diffLines(many('a'), many('b'))
    expect(lines.length).toBe(1_800)
    expect(lines[0]!.kind).toBe('shipped')
  })
  it('leave out what is the same far around', () => {
    const a = Array.from({ length: 20 }, (_, n) => String(n))
    const b = a.map((text, n) => (n === 10 ? 'x' : text))
    const parts = hunks(diffLines(a.join('\n'), b.join('\n')))
    expect(parts[0]).toEqual({ skipped: 7 })
    expect(parts.at(-1)).toEqual({ skipped: 6 })
    expect(parts.length).toBe(10)
  })
})

describe('letters sent through again', () => {
  it('are understood unless a newer letter stands for them', () => {
    const now = [letter(12), letter(5, 'resolved'), letter(3, 'rerun'), letter(2, 'resolved')]
    expect(outcomeOf([5, 3, 2], now, 9)).toEqual({
      sent: 3,
      understood: 1,
      refused: 1,
      underway: 1,
    })
  })
})
