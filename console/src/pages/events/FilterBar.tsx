import { ActionIcon, Combobox, Kbd, TextInput, useCombobox } from '@mantine/core'
import { IconFilter, IconX } from '@tabler/icons-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useKeys } from '../../keys/keys'
import { t } from '../../text'
import { serverNow } from '../../time/clock'
import { complete, parse, toQuery, type Fault, type Offer } from './filter'
import { useFinder, useKnown } from './known'
import { unclear } from './who'
import css from './events.module.css'

export const faultText = (fault: Fault): string =>
  t(`events.fault_${fault.code}`, { found: fault.found.slice(0, 80) })

/** Each once, with where it stands; what the language cannot say at all comes before the rest. */
export function toldOf(faults: readonly Fault[]): string[] {
  const foreign = faults.filter(({ code }) => code === 'no_or' || code === 'no_not')
  const list = foreign.length > 0 ? foreign : faults
  const seen = new Set<string>()
  const once = list.filter(({ code }) => list === faults || (!seen.has(code) && seen.add(code)))
  return once.map((fault) => `${faultText(fault)} ${t('events.fault_at', { at: fault.start + 1 })}`)
}

/** Where the filter is written, with completion; takes effect on Enter. */
export function FilterBar({ text, onText }: { text: string; onText: (text: string) => void }) {
  const [draft, setDraft] = useState(text)
  const [caret, setCaret] = useState(text.length)
  const input = useRef<HTMLInputElement>(null)
  const known = useKnown()
  const box = useCombobox({ onDropdownClose: () => box.resetSelectedOption() })
  useEffect(() => setDraft(text), [text])
  useKeys([
    {
      keys: '/',
      label: t('events.key_filter'),
      group: t('events.title'),
      run: () => input.current?.focus(),
    },
  ])
  const offers = useMemo(() => complete(draft, caret, known), [draft, caret, known])
  const faults = useMemo(() => toQuery(parse(draft), serverNow()).faults, [draft])
  const find = useFinder()
  const unsure = useMemo(() => unclear(parse(text), find), [text, find])
  const take = (offer: Offer) => {
    setDraft(offer.text)
    setCaret(offer.caret)
    box.resetSelectedOption()
    requestAnimationFrame(() => input.current?.setSelectionRange(offer.caret, offer.caret))
  }
  const submit = () => {
    box.closeDropdown()
    if (faults.length === 0) onText(draft.trim())
  }
  const moved = () => setCaret(input.current?.selectionStart ?? draft.length)
  return (
    <div className={css.filter}>
      <Combobox
        store={box}
        shadow="md"
        width="target"
        offset={2}
        onOptionSubmit={(value) => {
          const offer = offers[Number(value)]
          if (offer) take(offer)
        }}
      >
        <Combobox.Target>
          <TextInput
            ref={input}
            size="sm"
            value={draft}
            aria-label={t('events.filter')}
            spellCheck={false}
            placeholder={t('events.filter_hint')}
            autoComplete="off"
            dir="auto"
            error={faults.length > 0 || undefined}
            className={css.filterInput}
            leftSection={<IconFilter size={15} aria-hidden />}
            rightSection={
              draft ? (
                <ActionIcon
                  size="sm"
                  aria-label={t('events.clear_filter')}
                  onClick={() => {
                    setDraft('')
                    onText('')
                  }}
                >
                  <IconX size={14} />
                </ActionIcon>
              ) : (
                <Kbd className={css.slash} aria-hidden>
                  /
                </Kbd>
              )
            }
            onChange={(event) => {
              setDraft(event.currentTarget.value)
              setCaret(event.currentTarget.selectionStart ?? event.currentTarget.value.length)
              box.openDropdown()
            }}
            onSelect={moved}
            onFocus={() => box.openDropdown()}
            onBlur={() => box.closeDropdown()}
            onKeyDown={(event) => {
              const isOption = box.dropdownOpened && box.getSelectedOptionIndex() >= 0
              if (event.key === 'Tab' && box.dropdownOpened && offers[0] && draft) {
                event.preventDefault()
                take(offers[Math.max(0, box.getSelectedOptionIndex())]!)
              } else if (event.key === 'Enter' && !isOption) submit()
              else if (event.key === 'Escape') {
                if (box.dropdownOpened) box.closeDropdown()
                else input.current?.blur()
              }
            }}
          />
        </Combobox.Target>
        <Combobox.Dropdown hidden={offers.length === 0}>
          <Combobox.Options aria-label={t('events.completions')}>
            {offers.map((offer, index) => (
              <Combobox.Option value={String(index)} key={offer.label + offer.text}>
                <span className={css.offer}>
                  <bdi className="mono cut">{offer.label}</bdi>
                  <bdi className="faint cut">{offer.hint ?? keyHint(offer.label)}</bdi>
                </span>
              </Combobox.Option>
            ))}
          </Combobox.Options>
        </Combobox.Dropdown>
      </Combobox>
      {faults.length > 0 && (
        <p className={css.fault} role="alert">
          {toldOf(faults).join(' · ')}
        </p>
      )}
      {faults.length === 0 &&
        unsure.map(({ value, who }) => (
          <p key={value} className={css.unsure} role="note">
            {who.many
              ? t('events.person_many', { found: value.slice(0, 80), list: who.many.join(', ') })
              : t('events.person_unknown', { found: value.slice(0, 80) })}{' '}
            {!who.many && t('shell.names_hidden')}
          </p>
        ))}
    </div>
  )
}

/** What a key of the language asks for, in words. */
function keyHint(label: string): string {
  const key = label.replace(':', '')
  const hints: Record<string, string> = {
    person: t('events.key_person'),
    door: t('events.key_door'),
    host: t('events.key_host'),
    ip: t('events.key_ip'),
    place: t('events.key_place'),
    class: t('events.key_class'),
    source: t('events.key_source'),
    since: t('events.key_since'),
    until: t('events.key_until'),
    user: t('events.key_user'),
    badge: t('events.key_badge'),
    site: t('events.key_site'),
  }
  return hints[key] ?? ''
}
