import { describe, expect, it } from 'vitest'
import { Problem } from '../api/problem'
import { broken, differing, indented, lineAt, offsetOf } from './code'
import { faultsIn, fileNames, isUnderstood, lettersFor, resultOf, type Letter } from './mapping'
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
