/** A policy from a form: the text that says the same, for whoever wants to read on. */

export type Effect = 'permit' | 'forbid'

export interface Form {
  id: string
  effect: Effect
  /** Whom it is about: everybody, a group or a person. */
  who: { kind: 'anybody' | 'group' | 'person'; id: string }
  /** Where: everywhere, a zone or a door. */
  where: { kind: 'anywhere' | 'zone' | 'door'; id: string }
  /** All of these must hold. */
  when: readonly Condition[]
}

/** What a policy may ask; each with the values that it can have. */
export const ASKS = {
  schedule: [],
  threat: ['normal', 'elevated', 'high', 'severe'],
  incidents: ['none', 'open', 'critical', 'unknown'],
  device: ['compliant', 'non_compliant', 'no_device', 'unknown'],
  source: ['fresh', 'stale', 'unknown'],
  presence: ['here', 'beyond', 'elsewhere', 'out', 'unknown'],
  lease: ['current', 'expired'],
  factor: ['card', 'pin', 'mobile', 'biometric'],
} as const
export type Ask = keyof typeof ASKS

export interface Condition {
  ask: Ask
  value: string
  /** It must not be so. */
  isNot: boolean
}

const TYPES: Partial<Record<Ask, string>> = {
  threat: 'Threat',
  incidents: 'Incidents',
  device: 'Posture',
  source: 'Freshness',
  presence: 'Presence',
  lease: 'Lease',
}

/** A text in quotes as the language wants it. */
const quoted = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

function conditionText({ ask, value, isNot }: Condition): string {
  if (ask === 'schedule') {
    const holds = `context.schedules.contains(Schedule::${quoted(value)})`
    return isNot ? `!${holds}` : holds
  }
  if (ask === 'factor') {
    const holds = `context.factors.contains(Factor::${quoted(value)})`
    return isNot ? `!${holds}` : holds
  }
  return `context.${ask} ${isNot ? '!=' : '=='} ${TYPES[ask]}::${quoted(value)}`
}

/** The policy's text (Cedar). */
export function compose({ id, effect, who, where, when }: Form): string {
  const principal =
    who.kind === 'anybody'
      ? 'principal'
      : who.kind === 'group'
        ? `principal in Group::${quoted(who.id)}`
        : `principal == Person::${quoted(who.id)}`
  const resource =
    where.kind === 'anywhere'
      ? 'resource'
      : where.kind === 'zone'
        ? `resource in Zone::${quoted(where.id)}`
        : `resource == Door::${quoted(where.id)}`
  const head = [
    `@id(${quoted(id)})`,
    `${effect} (`,
    `  ${principal},`,
    '  action == Action::"enter",',
    `  ${resource}`,
    ')',
  ].join('\n')
  if (when.length === 0) return `${head};\n`
  return `${head}\nwhen {\n  ${when.map(conditionText).join(' &&\n  ')}\n};\n`
}

/** What is still missing before the form says anything. */
export function missingIn(form: Form): 'id' | 'who' | 'where' | 'when' | undefined {
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(form.id)) return 'id'
  if (form.who.kind !== 'anybody' && !form.who.id) return 'who'
  if (form.where.kind !== 'anywhere' && !form.where.id) return 'where'
  return form.when.some(({ value }) => !value) ? 'when' : undefined
}

/** The text with a policy added, or the one of the same id replaced. */
export function withPolicy(text: string, id: string, policy: string): string {
  const mark = `@id(${quoted(id)})`
  const at = text.indexOf(mark)
  if (at < 0) return text.trim() === '' ? policy : `${text.trimEnd()}\n\n${policy}`
  const end = endOf(text, at)
  return `${text.slice(0, at)}${policy.trimEnd()}${text.slice(end)}`
}

/** Where the policy that begins at `at` ends: after its semicolon, outside quotes and comments. */
function endOf(text: string, at: number): number {
  let isQuoted = false
  for (let here = at; here < text.length; here += 1) {
    const sign = text[here]
    if (isQuoted && sign === '\\') here += 1
    else if (sign === '"') isQuoted = !isQuoted
    else if (!isQuoted && text.startsWith('//', here)) {
      const line = text.indexOf('\n', here)
      if (line < 0) return text.length
      here = line
    } else if (!isQuoted && sign === ';') return here + 1
  }
  return text.length
}
