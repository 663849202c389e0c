/** What happened to an incident, in words; and what happened while somebody looked away. */
import type { Incident, Owner, TimelineEntry } from '../api/types'
import { t, teamName, word } from '../text'

type NameOf = (entity: string) => string

const owner = (value: unknown, nameOf: NameOf): string => {
  const { kind, id } = (value ?? {}) as Partial<Owner>
  if (!kind || !id) return '?'
  return kind === 'team' ? teamName(id) : nameOf(`operator:${id}`)
}

/** Entries that the newer has and the older has not. Histories only grow. */
export function changesSince(older: Incident, newer: Incident): TimelineEntry[] {
  return newer.timeline.slice(older.timeline.length)
}

/** One line of the history as a sentence without who and when. */
export function entryText(entry: TimelineEntry, nameOf: NameOf, sop: Incident['sop'] = []): string {
  const { act } = entry
  switch (act.act) {
    case 'opened':
      return act.text
        ? t('incidents.did_opened_text', { text: String(act.text) })
        : t('incidents.did_opened')
    case 'folded':
      return t('incidents.did_folded', { because: String(act.because) })
    case 'finding_withdrawn':
      return t('incidents.did_withdrawn')
    case 'state':
      return t('incidents.did_state', {
        from: word('incidents', 'state', String(act.from)),
        to: word('incidents', 'state', String(act.to)),
      })
    case 'owner':
      return t('incidents.did_owner', { from: owner(act.from, nameOf), to: owner(act.to, nameOf) })
    case 'comment':
      return String(act.text)
    case 'disposition': {
      const what = word('incidents', 'disposition', String(act.disposition))
      return act.reason ? `${what}: ${String(act.reason)}` : what
    }
    case 'step': {
      const index = Number(act.step)
      return t('incidents.did_step', { step: String(index + 1), text: sop[index]?.text ?? '' })
    }
    case 'notified':
      return t('incidents.did_notified', {
        channel: String(act.channel),
        outcome: String(act.outcome),
      })
    case 'escalated':
      return t('incidents.did_escalated', { count: Number(act.step) })
    case 'called_again':
      return t('desk.did_called_again', { text: String(act.text) })
    case 'offered':
      return withWhy(t('incidents.did_offered', { to: owner(act.to, nameOf) }), act.note)
    case 'offer_ended':
      return withWhy(word('incidents', 'offer', String(act.how)), act.reason)
    case 'snoozed':
      return withWhy(t('incidents.did_snoozed'), act.reason)
    case 'woken':
      return word('incidents', 'woken', String(act.why))
    case 'milestone':
      return word('incidents', 'milestone', String(act.milestone))
    case 'merged':
      return t('incidents.did_merged', { id: String(act.incident) })
    case 'merged_into':
      return t('incidents.did_merged_into', { id: String(act.incident) })
    default:
      return otherText(act, nameOf)
  }
}

const withWhy = (what: string, why: unknown): string => (why ? `${what}: ${String(why)}` : what)

/** Acts that newer servers add: the word, and what they say that a person can read. */
function otherText(act: TimelineEntry['act'], nameOf: NameOf): string {
  const parts = Object.entries(act).flatMap(([name, value]) => {
    if (name === 'act' || value === null || value === undefined) return []
    if (name === 'to' || name === 'from') {
      return typeof value === 'object' ? [owner(value, nameOf)] : [String(value)]
    }
    return typeof value === 'object' ? [] : [String(value)]
  })
  const what = word('incidents', 'did', act.act)
  return parts.length > 0 ? `${what}: ${parts.join(', ')}` : what
}

/** "Frans Hendrix: acknowledged; Sanne: a comment", for the one who came second. */
export function whoDidWhat(entries: readonly TimelineEntry[], nameOf: NameOf): string {
  return entries.map((e) => `${nameOf(`operator:${e.by}`)}: ${entryText(e, nameOf)}`).join('; ')
}
