import { ActionIcon, Button, Select, Textarea, TextInput } from '@mantine/core'
import { IconPlus, IconSearch, IconX } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useMemo, useState, type FormEvent } from 'react'
import { useDirectory } from '../../org/organisation'
import { useRight } from '../../session/session'
import { t } from '../../text'
import { serverNow } from '../../time/clock'
import { zoneName } from '../../time/format'
import { refusalOf } from '../../ui/ActionButton'
import { MOMENTS_MAX, timeOfWall, wallOfMoment, type Moment } from './moments'
import css from './whereabouts.module.css'

const REASON_CHARS_MAX = 500

interface Props {
  moments: readonly Moment[]
  change: (moments: readonly Moment[]) => void
  ask: (reason: string) => void
  isBusy: boolean
}

/** The moments, why it is asked, and the button. */
export function AskForm({ moments, change, ask, isBusy }: Props) {
  const right = useRight('whereabouts.ask')
  const refusal = refusalOf(right)
  const [reason, setReason] = useState('')
  const isReady = moments.length > 0 && reason.trim() !== '' && !refusal && !isBusy
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isReady) ask(reason.trim())
  }
  const add = () => {
    const last = moments.at(-1)
    const time = last?.time ?? new Date(Math.floor(serverNow() / 60_000) * 60_000).toISOString()
    change([...moments, { time, place: last?.place }])
  }
  return (
    <form className={css.form} onSubmit={submit}>
      <p className="dim">{t('whereabouts.question_text')}</p>
      {refusal && (
        <p className={css.refusal} role="alert">
          {refusal}
        </p>
      )}
      <ol className={css.moments} aria-label={t('whereabouts.moments')}>
        {moments.map((moment, at) => (
          <MomentRow
            key={at}
            number={at + 1}
            moment={moment}
            change={(one) => change(moments.map((known, n) => (n === at ? one : known)))}
            remove={() => change(moments.filter((_, n) => n !== at))}
          />
        ))}
      </ol>
      <Button
        variant="default"
        leftSection={<IconPlus size={14} />}
        onClick={add}
        disabled={moments.length >= MOMENTS_MAX || refusal !== undefined}
      >
        {t('whereabouts.add')}
      </Button>
      <Textarea
        label={t('whereabouts.reason')}
        description={t('whereabouts.reason_text')}
        autosize
        minRows={2}
        maxRows={6}
        maxLength={REASON_CHARS_MAX}
        value={reason}
        withAsterisk
        disabled={refusal !== undefined}
        dir="auto"
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <Button
        type="submit"
        disabled={!isReady}
        loading={isBusy}
        leftSection={<IconSearch size={14} />}
      >
        {t('whereabouts.ask')}
      </Button>
    </form>
  )
}

interface RowProps {
  number: number
  moment: Moment
  change: (moment: Moment) => void
  remove: () => void
}

/** One moment: when, where, and from which event. */
function MomentRow({ number, moment, change, remove }: RowProps) {
  const directory = useDirectory()
  const zone = directory.zoneOf(moment.place)
  const places = useMemo(
    () =>
      directory.organisation.places.map(({ id, name, site }) => ({
        value: id,
        label: site && site !== id ? `${name} · ${directory.siteName(site)}` : name,
      })),
    [directory],
  )
  const setWall = (wall: string) => {
    const time = timeOfWall(wall, zone)
    // Another time than its event's is a moment of its own.
    if (time) change({ time, place: moment.place })
  }
  return (
    <li className={css.moment}>
      <TextInput
        type="datetime-local"
        step={1}
        size="xs"
        label={`${t('whereabouts.time', { number })} (${zoneName(moment.time, zone)})`}
        value={wallOfMoment(moment.time, zone)}
        onChange={(event) => setWall(event.currentTarget.value)}
      />
      <Select
        size="xs"
        label={t('whereabouts.place', { number })}
        placeholder={t('whereabouts.place_none')}
        value={moment.place ?? null}
        data={places}
        searchable
        clearable
        limit={40}
        nothingFoundMessage={t('shell.palette_none')}
        onChange={(place) => change({ ...moment, place: place ?? undefined })}
      />
      <span className={css.momentEnd}>
        {moment.event && (
          <Link
            to={'/events' as never}
            search={{ mode: 'search', event: moment.event } as never}
            className="num"
          >
            {t('whereabouts.event')}
          </Link>
        )}
        <ActionIcon size="sm" aria-label={t('whereabouts.remove', { number })} onClick={remove}>
          <IconX size={14} />
        </ActionIcon>
      </span>
    </li>
  )
}
