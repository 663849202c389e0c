import type { Call } from '../api/types'
import { useDirectory } from '../org/organisation'
import { t } from '../text'
import { Stamp } from '../ui/Stamp'
import css from './incident.module.css'

/** The caller's numbers, to be read and not pressed: a telephone that rings gives them away. */
export function Phones({ call }: { call: Call }) {
  const { phones } = call
  if (!phones?.length) return t('desk.phone_none')
  return (
    <>
      {phones.map((phone, i) => (
        <span key={phone}>
          {i > 0 && ', '}
          <bdi className="num">{phone}</bdi>
        </span>
      ))}{' '}
      ({t('desk.phone_silent')})
    </>
  )
}

/** Who calls for help, how they are reached, and when they pressed again. */
export function CallFacts({
  call,
  site,
  name,
}: {
  call: Call
  site?: string | null
  /** Of the caller, where the incident says more than the directory. */
  name?: string
}) {
  const directory = useDirectory()
  return (
    <dl className={css.facts}>
      <dt>{t('desk.caller')}</dt>
      <dd>
        <bdi>{name ?? directory.operatorName(call.by)}</bdi>
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
