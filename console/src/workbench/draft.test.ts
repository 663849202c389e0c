import { describe, expect, it } from 'vitest'
import { casesOf, conditionsIn, doneOf, idIn, pathsOf, TEMPLATE, TEMPLATE_CASES } from './draft'

describe('a draft', () => {
  it('lies where its rule stands, else by the id that it gives', () => {
    expect(pathsOf(undefined, TEMPLATE).rule).toBe('rules/house/my-rule.yml')
    expect(pathsOf(undefined, 'title: x\nid: "Gate-1"\n').cases).toBe(
      'rules/house/gate-1.cases.yml',
    )
    const there = { path: 'rules/doors/a.yml', cases_path: 'rules/doors/a.cases.yml' }
    expect(pathsOf(there, TEMPLATE).rule).toBe('rules/doors/a.yml')
  })
  it('takes its cases along when it is called otherwise', () => {
    const renamed = TEMPLATE.replace('id: my-rule', 'id: Gate-1')
    const cases = casesOf(TEMPLATE_CASES, TEMPLATE, renamed)
    expect(cases).toBe(TEMPLATE_CASES.replace('rule: my-rule', 'rule: Gate-1'))
    expect(casesOf(cases, renamed, TEMPLATE)).toBe(TEMPLATE_CASES)
    expect(casesOf('rule: other\n', TEMPLATE, renamed)).toBe('rule: other\n')
  })
  it('has a name even where its id cannot be one', () => {
    expect(idIn('id: ../../etc/passwd\n')).toBe('my-rule')
    expect(idIn('title: none\n')).toBe('my-rule')
  })
})

describe('an exception', () => {
  it('is written a field a line, and several values by commas', () => {
    const text = 'castellan.person.team = cleaning\n\nuser.name|startswith=adm_, svc_'
    expect(conditionsIn(text)).toEqual({
      'castellan.person.team': 'cleaning',
      'user.name|startswith': ['adm_', 'svc_'],
    })
    expect(conditionsIn('')).toEqual({})
    for (const wrong of ['no sign', '= value', 'field =', 'field = ,']) {
      expect(conditionsIn(wrong)).toBeUndefined()
    }
  })
})

it('says how far a replay is, also when nothing is there to be read', () => {
  expect(doneOf({ read: 0, of: 0, events_per_s: 0, waits: 0 })).toBe(0)
  expect(doneOf({ read: 50, of: 200, events_per_s: 1, waits: 0 })).toBe(25)
  expect(doneOf({ read: 300, of: 200, events_per_s: 1, waits: 0 })).toBe(100)
})
