import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

type Texts = Record<string, string>
const folder = new URL('.', import.meta.url)
const read = (path: string): Texts =>
  JSON.parse(readFileSync(new URL(path, folder), 'utf8')) as Texts
const areas = readdirSync(new URL('en/', folder)).filter((name) => name.endsWith('.json'))
const params = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!).sort()
/** Languages without plural forms need the `_other` of a pair alone. */
const needed = (keys: string[], language: string) =>
  language === 'zh-Hant'
    ? keys.filter((key) => !(key.endsWith('_one') && keys.includes(key.replace(/_one$/, '_other'))))
    : keys

describe.each(['nl', 'zh-Hant'])('the texts in %s', (language) => {
  it.each(areas)('say all that %s says, with the same places to fill', (area) => {
    const english = read(`en/${area}`)
    const other = read(`${language}/${area}`)
    const missing = needed(Object.keys(english), language).filter((key) => !(key in other))
    expect(missing).toEqual([])
    const odd = Object.keys(other).filter((key) => {
      const base = english[key] ?? english[key.replace(/_other$/, '_one')]
      return base === undefined || params(base).join() !== params(other[key]!).join()
    })
    expect(odd).toEqual([])
  })
})
