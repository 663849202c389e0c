import { describe, expect, it } from 'vitest'
import {
  classOf,
  complete,
  momentOf,
  parse,
  quoted,
  toQuery,
  withTerm,
  without,
  write,
} from './filter'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const query = (text: string) => toQuery(parse(text), NOW)
const codes = (text: string) => query(text).faults.map((fault) => fault.code)

describe('the filter language', () => {
  it('turns keys into the query of the API', () => {
    expect(query('person:ana door:hq-d-main host:ws-1 ip:10.0.0.7 source:fw-hq').faults).toEqual([])
    expect(
      query('person:ana door:hq-d-main host:ws-1 ip:10.0.0.7 source:fw-hq class:door').query,
    ).toEqual({
      person: 'ana',
      place: 'hq-d-main',
      asset: 'ws-1',
      ip: '10.0.0.7',
      source: 'fw-hq',
      class: '4230001',
    })
  })

  it('reads spans before now and absolute times', () => {
    expect(query('since:2h until:15m').query).toEqual({
      from: '2026-11-22T10:00:00.000Z',
      to: '2026-11-22T11:45:00.000Z',
    })
    expect(momentOf('2026-11-22T10:00:00+01:00', NOW)).toBe(Date.parse('2026-11-22T09:00:00Z'))
    expect(momentOf('yesterday', NOW)).toBeUndefined()
  })

  it('joins free words and gives them a start, because the API wants one', () => {
    expect(query('refused "no such card"').query).toEqual({
      text: 'refused no such card',
      from: '2026-11-21T12:00:00.000Z',
    })
    expect(query('refused since:1h').query.from).toBe('2026-11-22T11:00:00.000Z')
    expect(query('refused until:1d').query.from).toBe('2026-11-20T12:00:00.000Z')
  })

  it('says what it cannot read, and where', () => {
    expect(codes('colour:red')).toEqual(['unknown_key'])
    expect(codes('ip:10.0.0.300')).toEqual(['bad_ip'])
    expect(codes('since:soon')).toEqual(['bad_time'])
    expect(codes('class:nonsense')).toEqual(['bad_class'])
    expect(codes('person:a person:b')).toEqual(['twice'])
    expect(codes('door:a place:b')).toEqual(['twice'])
    expect(codes('since:1h until:2h')).toEqual(['order'])
    expect(codes('person:')).toEqual(['empty'])
    expect(parse('a colour:red').faults[0]).toMatchObject({ start: 2, end: 12 })
  })

  it('says what it has not, instead of taking it for words', () => {
    expect(codes('(person:a OR person:b)')).toEqual(['no_or', 'no_or'])
    expect(codes('person:a OR door:b')).toEqual(['no_or'])
    expect(codes('person:a,b')).toEqual(['no_or'])
    expect(codes('-class:door')).toEqual(['no_not'])
    expect(codes('NOT person:a')).toEqual(['no_not'])
    expect(codes('door:Main_Entrance!')).toEqual(['bad_id'])
    expect(parse('since:1h -class:door').faults[0]).toMatchObject({ start: 9, end: 20 })
    // A dash or a bracket of a text is one.
    expect(codes('"(person:a)" -42 (see below) and or not')).toEqual([])
    expect(query('-42').query.text).toBe('-42')
  })

  it('keeps quotes, spaces, backslashes and other scripts through writing and reading', () => {
    const values = ['two words', 'a"b', 'a\\b', 'שלום עולם', '<script>', "o'neil", 'a:b', '']
    for (const value of values.filter(Boolean)) {
      for (const key of [undefined, 'user'] as const) {
        const [term] = parse(write([{ key, value }])).terms
        expect({ key: term?.key, value: term?.value }, value).toEqual({ key, value })
      }
    }
    expect(quoted('plain')).toBe('plain')
  })

  it('never throws and stays bounded on hostile text', () => {
    for (const text of ['"', '\\', ':', '::', 'person:"', 'x'.repeat(100_000), '\u202e\u0000"\\']) {
      expect(() => query(text)).not.toThrow()
    }
    expect(parse('a '.repeat(100_000)).terms.length).toBeLessThanOrEqual(2_000)
  })

  it('reads IPv6 and class words in any case', () => {
    expect(codes('ip:fe80::1')).toEqual([])
    expect(classOf('LOGON')).toBe(3002)
    expect(classOf('__proto__')).toBeUndefined()
    expect(codes('constructor:x')).toEqual(['unknown_key'])
  })
})

describe('pivoting', () => {
  it('replaces what asked the same before and keeps the rest', () => {
    expect(withTerm('place:hq since:2h', 'door', 'hq-d-main')).toBe('since:2h door:hq-d-main')
    expect(withTerm('refused', 'user', 'Ana B')).toBe('refused user:"Ana B"')
  })

  it('takes one term away', () => {
    expect(without('person:ana since:2h', 0)).toBe('since:2h')
  })
})

describe('completion', () => {
  const known = {
    door: [
      { value: 'hq-d-main', name: 'Main entrance' },
      { value: 'dc-d-dock', name: 'Dock 4' },
    ],
    person: [{ value: 'ana maria' }],
  }

  it('offers keys, then values by id and by name', () => {
    expect(complete('', 0, known)[0]?.label).toBe('person:')
    expect(complete('do', 2, known).map((one) => one.text)).toEqual(['door:'])
    expect(complete('door:', 5, known).map((one) => one.label)).toEqual(['dc-d-dock', 'hq-d-main'])
    expect(complete('door:dock', 9, known).map((one) => one.text)).toEqual(['door:dc-d-dock '])
  })

  it('quotes what needs it and leaves the rest of the text alone', () => {
    expect(complete('since:1h person:a', 17, known)[0]?.text).toBe('since:1h person:"ana maria" ')
    expect(complete('do since:1h', 2, known)[0]).toMatchObject({ text: 'door: since:1h', caret: 5 })
  })

  it('offers nothing for a key that does not exist', () => {
    expect(complete('colour:r', 8, known)).toEqual([])
  })
})
