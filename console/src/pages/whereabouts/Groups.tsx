import {
  IconCircleCheck,
  IconCircleX,
  IconHelpCircle,
  IconChevronRight,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { memo, useState } from 'react'
import type { components } from '../../api/schema'
import { useDirectory } from '../../org/organisation'
import { count, t, word } from '../../text'
import { EntityLink } from '../../ui/EntityLink'
import { Stamp } from '../../ui/Stamp'
import css from './whereabouts.module.css'

type Schemas = components['schemas']
export type WhereaboutsAnswer = Schemas['WhereaboutsAnswer']
type PersonAnswer = Schemas['PersonAnswer']
type Seen = Schemas['SeenItem']
type Proof = Schemas['ProofItem']

const VERDICTS = ['consistent', 'unknown', 'excluded'] as const
type Verdict = (typeof VERDICTS)[number]
const ICONS = {
  consistent: IconCircleCheck,
  unknown: IconHelpCircle,
  excluded: IconCircleX,
}
/** People of one group that are shown before somebody asks for all. */
const SHOWN = 40

/** Everybody in three groups: could have been, not known, cannot have been. */
export function Groups({ answer }: { answer: WhereaboutsAnswer }) {
  return (
    <div className={css.groups}>
      {VERDICTS.map((verdict) => (
        <Group key={verdict} verdict={verdict} answer={answer} />
      ))}
      <p className="faint">
        {t('whereabouts.looked')} <Stamp at={answer.from} as="full" /> – {' '}
        <Stamp at={answer.to} as="full" />
        {answer.left_out > 0 && ` · ${t('whereabouts.left_out', { count: answer.left_out })}`}
      </p>
    </div>
  )
}

function Group({ verdict, answer }: { verdict: Verdict; answer: WhereaboutsAnswer }) {
  const Icon = ICONS[verdict]
  const [isWhole, setWhole] = useState(false)
  const people = answer.people.filter((one) => one.verdict === verdict)
  const shown = isWhole ? people : people.slice(0, SHOWN)
  return (
    <section
      className={css.group}
      data-verdict={verdict}
      aria-label={word('whereabouts', 'verdict', verdict)}
    >
      <h3 className={css.groupTitle}>
        <Icon size={17} aria-hidden />
        {word('whereabouts', 'verdict', verdict)}
        <span className="num faint">{count(answer.counts[verdict])}</span>
      </h3>
      <p className="dim">{word('whereabouts', 'means', verdict)}</p>
      {shown.map((person) => (
        <PersonRow key={person.person} person={person} answer={answer} />
      ))}
      {people.length > shown.length && (
        <button type="button" className={css.more} onClick={() => setWhole(true)}>
          {t('whereabouts.all', { count: people.length })}
        </button>
      )}
    </section>
  )
}

/** One person; what each moment says of them opens below. */
const PersonRow = memo(function PersonRow({
  person,
  answer,
}: {
  person: PersonAnswer
  answer: WhereaboutsAnswer
}) {
  const [isOpen, setOpen] = useState(false)
  const decisive = person.moments.find((seen) => seen.verdict === person.verdict)
  return (
    <div className={css.person}>
      <div className={css.personLine}>
        <button
          type="button"
          className={css.opener}
          aria-expanded={isOpen}
          aria-label={t('whereabouts.why', { who: person.name ?? person.person })}
          onClick={() => setOpen(!isOpen)}
        >
          <IconChevronRight size={14} aria-hidden data-open={isOpen || undefined} />
        </button>
        <EntityLink entity={`person:${person.person}`} />
        {decisive && !isOpen && <Sentence seen={decisive} />}
        {decisive?.evidence && !isOpen && <ProofLink proof={decisive.evidence} />}
      </div>
      {isOpen && (
        <ol className={css.seen}>
          {person.moments.map((seen) => (
            <SeenRow key={seen.moment} seen={seen} answer={answer} />
          ))}
        </ol>
      )}
    </div>
  )
})

function Sentence({ seen }: { seen: Seen }) {
  const directory = useDirectory()
  const zone = seen.zone ? directory.nameOf(`place:${seen.zone}`) : ''
  const why = seen.why ? word('people', 'why', seen.why) : ''
  const text = word('whereabouts', 'reason', seen.reason)
  return (
    <span className={`${css.sentence} dim`}>
      {[text, zone, why].filter(Boolean).join(' · ')}
    </span>
  )
}

function SeenRow({ seen, answer }: { seen: Seen; answer: WhereaboutsAnswer }) {
  const moment = answer.moments[seen.moment]
  const Icon = ICONS[seen.verdict as Verdict] ?? IconHelpCircle
  const proofs: [string, Proof | null | undefined][] = [
    ['evidence', seen.evidence],
    ['last', seen.evidence ? undefined : seen.last],
    ['next', seen.next],
    ...(seen.also ?? []).map((one): [string, Proof] => ['also', one]),
  ]
  return (
    <li data-verdict={seen.verdict}>
      <div className={css.seenTop}>
        <Icon size={15} aria-label={word('whereabouts', 'verdict', seen.verdict)} />
        {moment && <Stamp at={moment.time} place={moment.place} />}
        {moment?.place && <EntityLink entity={`place:${moment.place}`} />}
        <Sentence seen={seen} />
      </div>
      <ul className={css.proofs}>
        {proofs.map(
          ([name, proof], at) =>
            proof && (
              <li key={at}>
                <span className="faint">{word('whereabouts', 'proof', name)}</span>
                <ProofLink proof={proof} />
              </li>
            ),
        )}
      </ul>
    </li>
  )
}

/** One click to the event that shows it. */
function ProofLink({ proof }: { proof: Proof }) {
  const directory = useDirectory()
  const at = proof.at ? directory.nameOf(`place:${proof.at}`) : undefined
  const into = proof.into ? directory.nameOf(`place:${proof.into}`) : undefined
  const where = at && into && at !== into ? `${at} → ${into}` : (at ?? into)
  return (
    <Link
      to={'/events' as never}
      search={{ mode: 'search', event: `${proof.record}.${proof.part}` } as never}
      className={css.proof}
    >
      <Stamp at={proof.time} place={proof.at ?? proof.into} />
      <span>{word('whereabouts', 'by', proof.by)}</span>
      {where && <bdi className="cut">{where}</bdi>}
    </Link>
  )
}
