/**
 * The console's words. English is part of the program; other languages are fetched when asked
 * for. `t('incidents.count', { count: 3 })` takes `count_one` or `count_other` by the language's
 * own rules.
 */
import { english, type Area, type English } from './english'
import { language, LANGUAGES, type Language } from './language'

export { bring } from './english'
export { language, LANGUAGES, type Language } from './language'

type Texts = Record<string, Record<string, string>>
type Plain<K> = K extends `${infer Stem}_one` | `${infer Stem}_other` ? Stem : K
/** Every key there is: `area.key`. */
export type TextKey = {
  [A in Area]: `${A}.${Plain<keyof English[A] & string>}`
}[Area]

const KEPT = 'castellan.language'
let texts: Texts = english
let plural = new Intl.PluralRules('en')

const files = import.meta.glob<Record<string, string>>(['./nl/*.json', './zh-Hant/*.json'], {
  import: 'default',
})

function find(source: Texts, key: string, count: unknown): string | undefined {
  const dot = key.indexOf('.')
  const area = source[key.slice(0, dot)]
  const name = key.slice(dot + 1)
  if (!area) return undefined
  if (typeof count === 'number') {
    const chosen = area[`${name}_${plural.select(count)}`] ?? area[`${name}_other`]
    if (chosen !== undefined) return chosen
  }
  return area[name]
}

/** A text in the language in use; English where that has none. */
export function t(key: TextKey, params: Record<string, string | number> = {}): string {
  const text = find(texts, key, params.count) ?? find(english as Texts, key, params.count) ?? key
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in params ? shown(params[name]!) : whole,
  )
}

const shown = (value: string | number): string => (typeof value === 'number' ? count(value) : value)

/** A number with the language's separators. */
export function count(value: number): string {
  return value.toLocaleString(language.get() === 'en' ? 'en-GB' : language.get())
}

/** A team's name: ours for those that rules name, else its own word. */
export function teamName(id: string): string {
  const key = `shell.team_${id}`
  const known = find(texts, key, undefined) ?? find(english as Texts, key, undefined)
  return known ?? t('incidents.team', { name: id.replaceAll(/[-_]/g, ' ') })
}

/** A word of a closed set, such as a state; the word itself if the set has grown. */
export function word(area: Area, prefix: string, value: string): string {
  return (
    find(texts, `${area}.${prefix}_${value}`, undefined) ??
    find(english as Texts, `${area}.${prefix}_${value}`, undefined) ??
    value.replaceAll('_', ' ')
  )
}

/**
 * What the server says in English, by its code: in the language in use where that has words for it.
 * English has none of its own here, so that they need not be fetched.
 */
export const inOurWords = (code: string | undefined, said: string): string =>
  (code && find(texts, `reasons.${code}`, undefined)) || said

/** Takes another language into use and remembers it. */
export async function speak(wanted: Language): Promise<void> {
  if (wanted === 'en') texts = english
  else {
    const own = Object.entries(files).filter(([path]) => path.startsWith(`./${wanted}/`))
    const read = await Promise.all(
      own.map(async ([path, file]) => {
        const area = path.split('/').pop()!.replace('.json', '')
        return [area, await file()] as const
      }),
    )
    texts = Object.fromEntries(read)
  }
  plural = new Intl.PluralRules(wanted)
  document.documentElement.lang = wanted
  localStorage.setItem(KEPT, wanted)
  language.set(wanted)
}

/** The language that was chosen here before, else the browser's, if it is one of ours. */
export function startLanguage(): Promise<void> {
  const kept = localStorage.getItem(KEPT)
  if (kept && kept in LANGUAGES) return speak(kept as Language)
  for (const asked of navigator.languages) {
    if (asked.startsWith('nl')) return speak('nl')
    if (/^zh-(TW|HK|MO|Hant)/i.test(asked)) return speak('zh-Hant')
    if (asked.startsWith('en')) return speak('en')
  }
  return speak('en')
}
