// Refuses a build whose first page needs more script than the budget allows.
import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const INITIAL_JS_KB_MAX = 250
const dist = new URL('../dist/', import.meta.url)
const read = (path) => readFileSync(new URL(path, dist))
const gz = (path) => gzipSync(read(path), { level: 9 }).length / 1000

const html = read('index.html').toString()
if (/<script(?![^>]*\bsrc=)/.test(html) || /<style|\sstyle=|\son\w+=/.test(html)) {
  console.error('index.html has an inline script, style or handler: the policy would stop it')
  process.exit(1)
}
/** A script and all that it imports before it can run. */
function withImports(path, seen = new Set()) {
  if (seen.has(path)) return seen
  seen.add(path)
  const text = read(path).toString()
  for (const [, name] of text.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) {
    withImports(`assets/${name}`, seen)
  }
  return seen
}
const named = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((m) => m[1])
const initial = new Set(named.flatMap((path) => [...withImports(path)]))
const total = [...initial].reduce((sum, path) => sum + gz(path), 0)
for (const name of readdirSync(new URL('assets/', dist)).filter((n) => /\.(js|css)$/.test(n))) {
  const size = gz(`assets/${name}`)
  if (size > 8)
    console.log(
      `${size.toFixed(1).padStart(7)} kB  ${name}${initial.has(`assets/${name}`) ? '  (initial)' : ''}`,
    )
}
console.log(`initial script ${total.toFixed(1)} kB gzip, at most ${INITIAL_JS_KB_MAX}`)
if (total > INITIAL_JS_KB_MAX) process.exit(1)
