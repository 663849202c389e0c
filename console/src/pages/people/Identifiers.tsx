import { IconHash, IconId, IconKey, IconMail, IconPhone } from '@tabler/icons-react'
import { useMemo } from 'react'
import type { PersonItem } from '../../api/types'
import { useDirectory } from '../../org/organisation'
import { AgoText } from '../../parts/AgoText'
import { Cut, Mark, Part } from '../../parts/Facts'
import parts from '../../parts/parts.module.css'
import { t, word } from '../../text'
import { serverNow } from '../../time/clock'
import { dateOf } from '../../time/format'
import { EntityLink } from '../../ui/EntityLink'
import { Severity } from '../../ui/Severity'
import { Stamp } from '../../ui/Stamp'
import css from './people.module.css'
import { grouped, validity, type Identifier } from './identifiers'
import { gravityOf, type Passage } from './passage'

const ICONS = { badge: IconId, account: IconKey, other: IconHash }
/** What else names somebody, by the beginning of its kind. */
const OTHER_ICONS = { email: IconMail, phone: IconPhone }
/** What the server says instead of what would name somebody. */
const COVERED = '…'

/** What a person carries and is called: badges, accounts, devices. */
export function Identifiers({
  person,
  passage,
}: {
  person: PersonItem
  passage: Passage | undefined
}) {
  const groups = useMemo(() => grouped(person.identifiers), [person.identifiers])
  return (
    <>
      <Part title={t('people.badges')}>
        <Cards list={groups.badge} kind="badge" person={person} passage={passage} />
      </Part>
      <Part title={t('people.accounts')}>
        <Cards list={groups.account} kind="account" person={person} />
      </Part>
      <Part title={t('people.devices')}>
        {person.assets.length === 0 ? (
          <p className={parts.quiet}>{t('people.no_devices')}</p>
        ) : (
          person.assets.map((asset) => (
            <div key={asset} className={css.card}>
              <EntityLink entity={`asset:${asset}`} />
            </div>
          ))
        )}
      </Part>
      {groups.other.length > 0 && (
        <Part title={t('people.other')}>
          <Cards list={groups.other} kind="other" person={person} />
        </Part>
      )}
    </>
  )
}

function Cards({
  list,
  kind,
  person,
  passage,
}: {
  list: readonly Identifier[]
  kind: keyof typeof ICONS
  person: PersonItem
  passage?: Passage
}) {
  const place = person.site
  if (list.length === 0) return <p className={parts.quiet}>{t('people.nothing')}</p>
  return list.map((one) => {
    const state = validity(one, serverNow())
    const Icon = OTHER_ICONS[one.kind as keyof typeof OTHER_ICONS] ?? ICONS[kind]
    return (
      <div
        key={`${one.kind}|${one.realm}|${one.value}|${one.valid_from}`}
        className={css.card}
        data-state={state}
      >
        <Icon size={16} stroke={1.6} aria-hidden />
        <span className={css.cardText}>
          {one.value === COVERED ? (
            <span className="faint">{t('people.covered')}</span>
          ) : (
            <Cut isMono>{one.value}</Cut>
          )}
          <span className={`${css.cardHint} cut`}>
            {[word('people', 'id', one.kind), one.realm].filter(Boolean).join(' · ')}
            {one.valid_from && (
              <>
                {' '}
                · {t('people.from')} <Stamp at={one.valid_from} place={place} withSeconds={false} />
              </>
            )}
            {one.valid_to && (
              <>
                {' '}
                · {t('people.until')} <Stamp at={one.valid_to} place={place} withSeconds={false} />
              </>
            )}
          </span>
          {one.overdue && <Overdue kind={kind} person={person} />}
          {passage?.badge === one.value && <UsedSince passage={passage} />}
        </span>
        {state !== 'valid' && <Mark tone="warn">{word('people', 'validity', state)}</Mark>}
      </div>
    )
  })
}

/** It was never ended although its person has left: what a guard is to see first. */
function Overdue({ kind, person }: { kind: keyof typeof ICONS; person: PersonItem }) {
  const zone = useDirectory().zoneOf(person.site)
  const date = person.until && dateOf(person.until, zone)
  return (
    <span className={css.overdue}>
      <Severity level="high" />
      <span>
        {date
          ? t(`people.overdue_${kind === 'badge' ? 'badge' : 'account'}_on`, { date })
          : t(kind === 'badge' ? 'people.overdue_badge' : 'people.overdue_account')}
      </span>
    </span>
  )
}

/** A badge that is not in force was shown at a door. */
function UsedSince({ passage }: { passage: Passage }) {
  const level = gravityOf(passage)
  if (!level) return null
  return (
    <span className={css.overdue}>
      <Severity level={level} />
      <span>
        {t('people.used_since')} <AgoText at={passage.at} />: {word('people', 'turn', passage.turn)}
      </span>
    </span>
  )
}
