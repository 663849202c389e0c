import type { Call } from '../api/types'
import { useDirectory } from '../org/organisation'
import { t } from '../text'
import { Stamp } from '../ui/Stamp'
import css from './incident.module.css'

/** A number as `tel:` takes it. */
const dialled = (phone: string): string => `tel:${phone.replace(/[^+\d]/g, '')}`

/** How a caller is reached. */
export function Phones({ call }: { call: Call }) {
  const { phones } = call
  if (!phones?.length) return t('desk.phone_none')
  return phones.map((phone, i) => (
    <span key={phone}>
      {i > 0 && ', '}
      <a href={dialled(phone)} className="num">
        <bdi>{phone}</bdi>
      </a>
    </span>
  ))
}

/** Who calls for help, how they are reached, and when they pressed again. */
export function CallFacts({ call, site }: { call: Call; site?: string | null }) {
  const directory = useDirectory()
  return (
    <dl className={css.facts}>
      <dt>{t('desk.caller')}</dt>
      <dd>
        <bdi>{directory.operatorName(call.by)}</bdi>
      </dd>
      <dt>{t('desk.phone')}</dt>
      <dd>
        <Phones call={call} />
      </dd>
      {call.again && call.again.length > 0 && (
        <>
          <dt>{t('desk.pressed_again')}</dt>
          <dd className={css.entities}>
            {call.again.map((at) => (
              <Stamp key={at} at={at} place={site} />
            ))}
          </dd>
        </>
      )}
    </dl>
  )
}
