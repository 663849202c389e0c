import { describe, expect, it } from 'vitest'
import { compose, missingIn, withPolicy, type Form } from './compose'

const form: Form = {
  id: 'no-risk',
  effect: 'forbid',
  who: { kind: 'group', id: 'admins' },
  where: { kind: 'zone', id: 'data-hall' },
  when: [
    { ask: 'incidents', value: 'critical', isNot: false },
    { ask: 'device', value: 'compliant', isNot: true },
    { ask: 'schedule', value: 'office', isNot: true },
  ],
}

describe('a policy from a form', () => {
  it('says what the form says', () => {
    expect(compose(form)).toBe(
      `@id("no-risk")
forbid (
  principal in Group::"admins",
  action == Action::"enter",
  resource in Zone::"data-hall"
)
when {
  context.incidents == Incidents::"critical" &&
  context.device != Posture::"compliant" &&
  !context.schedules.contains(Schedule::"office")
};
`,
    )
  })

  it('needs no condition, and quotes what it is given', () => {
    const text = compose({
      ...form,
      effect: 'permit',
      who: { kind: 'person', id: 'a"b' },
      where: { kind: 'anywhere', id: '' },
      when: [],
    })
    expect(text).toContain('principal == Person::"a\\"b"')
    expect(text.endsWith(')\u003b\n')).toBe(true)
  })

  it('names what is missing', () => {
    expect(missingIn(form)).toBeUndefined()
    expect(missingIn({ ...form, id: 'No' })).toBe('id')
    expect(missingIn({ ...form, who: { kind: 'group', id: '' } })).toBe('who')
    expect(missingIn({ ...form, when: [{ ask: 'threat', value: '', isNot: false }] })).toBe('when')
  })

  it('replaces the policy of its id and leaves the others', () => {
    const other = '@id("b")\npermit (principal, action, resource); // a; b\n'
    const before = `@id("no-risk")\nforbid (principal, action, resource)\nwhen { "a;b" like "a" };\n${other}`
    const after = withPolicy(before, 'no-risk', compose(form))
    expect(after).toContain('resource in Zone::"data-hall"')
    expect(after).not.toContain('like')
    expect(after.endsWith(other)).toBe(true)
    expect(withPolicy('', 'no-risk', 'x;\n')).toBe('x;\n')
    expect(withPolicy(other, 'no-risk', 'x;\n')).toBe(`${other.trimEnd()}\n\nx;\n`)
  })
})
