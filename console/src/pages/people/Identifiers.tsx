import { IconHash, IconId, IconKey, IconMail, IconPhone } from '@tabler/icons-react'
import { useMemo } from 'react'
import type { PersonItem } from '../../api/types'
import { Cut, Mark, Part } from '../../parts/Facts'
import parts from '../../parts/parts.module.css'
import { t, word } from '../../text'
import { serverNow } from '../../time/clock'
import { EntityLink } from '../../ui/EntityLink'
import { Stamp } from '../../ui/Stamp'
import css from './people.module.css'
import { grouped, validity, type Identifier } from './identifiers'

const ICONS = { badge: IconId, account: IconKey, other: IconHash }
/** What else names somebody, by the beginning of its kind. */
const OTHER_ICONS = { email: IconMail, phone: IconPhone }
/** What the server says instead of what would name somebody. */
const COVERED = '…'

/** What a person carries and is called: badges, accounts, devices. */
export function Identifiers({ person }: { person: PersonItem }) {
  const groups = useMemo(() => grouped(person.identifiers), [person.identifiers])
  return (
    <>
      <Part title={t('people.badges')}>
        <Cards list={groups.badge} kind="badge" place={person.site} />
      </Part>
      <Part title={t('people.accounts')}>
        <Cards list={groups.account} kind="account" place={person.site} />
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
          <Cards list={groups.other} kind="other" place={person.site} />
        </Part>
      )}
    </>
  )
}

function Cards({
  list,
  kind,
  place,
}: {
  list: readonly Identifier[]
  kind: keyof typeof ICONS
  place: string | null | undefined
}) {
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
        </span>
        {state !== 'valid' && <Mark tone="warn">{word('people', 'validity', state)}</Mark>}
      </div>
    )
  })
}
