import { Alert, Button, Kbd, Select, Textarea, TextInput } from '@mantine/core'
import { IconAlertTriangle, IconX } from '@tabler/icons-react'
import { useState, type FormEvent, type KeyboardEvent } from 'react'
import { asProblem } from '../api/problem'
import { useDirectory } from '../org/organisation'
import { useRight, useSession } from '../session/session'
import { t, word } from '../text'
import { zoneName } from '../time/format'
import { serverNow } from '../time/clock'
import { refusalOf } from '../ui/ActionButton'
import css from './log.module.css'
import {
  KINDS,
  momentOfDraft,
  TEXT_CHARS_MAX,
  write,
  type Draft,
  type Kind,
  type Occurrence,
} from './occurrences'

interface Props {
  draft: Draft
  change: (patch: Partial<Draft>) => void
  /** The server has it. */
  done: (entry: Occurrence) => void
  /** What is being corrected, if it is at hand. */
  corrected: Occurrence | undefined
}

/** The id of the field, for the key that leads to it. */
export const TEXT_FIELD = 'occurrence-text'

/** What happened, in a form that can be filled without leaving the keyboard. */
export function EntryForm({ draft, change, done, corrected }: Props) {
  const directory = useDirectory()
  const { roles } = useSession()
  const right = useRight('occurrence.write')
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string>()
  const refused = refusalOf(right)
  const { places, sites } = directory.organisation
  const home = roles.find((role) => role.sites?.length)?.sites?.[0] ?? sites[0]
  const place = draft.place ? directory.place(draft.place) : undefined
  const site = place ? (place.kind === 'site' ? place.id : (place.site ?? undefined)) : home
  const zone = directory.zoneOf(draft.place ?? site)
  const at = momentOfDraft(draft, zone)
  const isFuture = at !== undefined && at > serverNow() + 60_000
  const isReady = draft.text.trim() !== '' && !isFuture && !refused
  const send = async () => {
    if (!isReady || isBusy) return
    setBusy(true)
    setRefusal(undefined)
    try {
      const entry = await write(
        {
          kind: draft.kind,
          text: draft.text.trim(),
          site,
          place: place && place.kind !== 'site' ? place.id : undefined,
          at: at === undefined ? undefined : new Date(at).toISOString(),
          corrects: draft.corrects,
          incident: draft.incident,
        },
        draft.key,
      )
      done(entry)
    } catch (thrown) {
      setRefusal(asProblem(thrown).detail)
    } finally {
      setBusy(false)
    }
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void send()
  }
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void send()
    if (event.key === 'Escape') (event.target as HTMLElement).blur()
  }
  return (
    <form className={css.form} onSubmit={submit} onKeyDown={onKey}>
      {draft.corrects && (
        <div className={css.correcting}>
          <span>
            {t('log.correcting')} <bdi className="dim">{corrected?.text.slice(0, 120)}</bdi>
          </span>
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<IconX size={12} />}
            onClick={() =>
              change({ corrects: undefined, incident: undefined, exact: undefined, wall: '' })
            }
          >
            {t('log.correct_not')}
          </Button>
        </div>
      )}
      <div className={css.fields}>
        <Select
          label={t('log.kind')}
          value={draft.kind}
          allowDeselect={false}
          data={KINDS.map((value) => ({ value, label: word('log', 'kind', value) }))}
          onChange={(kind) => change({ kind: (kind ?? 'note') as Kind })}
        />
        <TextInput
          type="datetime-local"
          label={`${t('log.time')} (${zoneName(serverNow(), zone)})`}
          value={draft.wall}
          error={isFuture && t('log.time_future')}
          description={draft.wall ? undefined : t('log.time_now')}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          onChange={(event) => change({ wall: event.currentTarget.value })}
        />
      </div>
      <Select
        label={t('log.place')}
        placeholder={t('log.place_none')}
        value={draft.place ?? home ?? null}
        searchable
        clearable={draft.place !== null && draft.place !== home}
        limit={40}
        data={places.map(({ id, name, site: of }) => ({
          value: id,
          label: of && of !== id ? `${name} · ${directory.siteName(of)}` : name,
        }))}
        nothingFoundMessage={t('shell.palette_none')}
        onChange={(value) => change({ place: value })}
      />
      <Textarea
        id={TEXT_FIELD}
        label={t('log.text')}
        placeholder={refused ?? t('log.text_hint')}
        value={draft.text}
        disabled={refused !== undefined}
        autosize
        minRows={4}
        maxRows={14}
        maxLength={TEXT_CHARS_MAX}
        dir="auto"
        onChange={(event) => change({ text: event.currentTarget.value })}
      />
      {refusal && (
        <Alert color="red" icon={<IconAlertTriangle size={17} />} role="alert">
          {t('log.not_written')} <bdi>{refusal}</bdi>
        </Alert>
      )}
      <div className={css.formEnd}>
        <span className={css.forever}>{t('log.forever')}</span>
        <Button
          type="submit"
          loading={isBusy}
          disabled={!isReady}
          rightSection={
            <Kbd className={css.kbd} aria-hidden>
              Ctrl ↵
            </Kbd>
          }
        >
          {t('log.write')}
        </Button>
      </div>
    </form>
  )
}
