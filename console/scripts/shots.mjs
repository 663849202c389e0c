// A picture of every page in three sizes and both themes, or only those of the guides:
// node scripts/shots.mjs BASE [LINK] [--out DIR] [--only NAME,…] [--guides DIR [--guard LINK]]
import { mkdir } from 'node:fs/promises'
import { apiOf, arguments_, device, ingest, launch, PAGES, signIn, SIZES, watch } from './lib.mjs'

const { base, link, guides, guard, out = guides ?? 'shots', only } = arguments_()
await mkdir(out, { recursive: true })
const browser = await launch()
const troubles = []

/** What each picture shows beyond the bare page. */
const STEPS = {
  operations: async (page) => {
    await page
      .getByRole('option')
      .first()
      .waitFor({ timeout: 8_000 })
      .catch(() => {})
    await page.waitForTimeout(900)
  },
  palette: async (page) => {
    await page.keyboard.press('Control+k')
    await page.keyboard.type('door')
  },
  keys: (page) => page.keyboard.press('?'),
  incident: async (page) => {
    const first = page.getByRole('option').first()
    await first.waitFor({ timeout: 8_000 }).catch(() => {})
    if (await first.isVisible()) await first.click()
    await page.waitForTimeout(900)
  },
  event: async (page) => {
    await page
      .getByRole('row')
      .nth(1)
      .waitFor({ timeout: 8_000 })
      .catch(() => {})
    await page.keyboard.press('j')
    await page.waitForTimeout(900)
  },
  // Somebody of whom something is known, rather than the first of the list.
  person: async (page) => {
    const { events = [] } = (await apiOf(page)('GET', '/v1/events?limit=200')).body
    const seen = events.find(({ event }) => event.castellan?.person)?.event.castellan.person
    if (seen) await page.goto(`${base}/people?id=${encodeURIComponent(seen)}`)
    await page.waitForTimeout(1_500)
  },
  mapping: (page) => page.getByRole('textbox', { name: 'map.vrl' }).waitFor({ timeout: 8_000 }),
  door: async (page) => {
    const door = page
      .getByRole('treeitem')
      .filter({ hasText: /door|gate|entrance/i })
      .first()
    if (await door.isVisible()) await door.click()
    await page.waitForTimeout(1_200)
  },
  // A finding that rests on both worlds, where there is one.
  finding: async (page) => {
    const { incidents = [] } = (await apiOf(page)('GET', '/v1/incidents?limit=200')).body
    const found = incidents.filter(({ findings }) => findings?.length > 0)
    const both = found.find(({ rules }) => rules?.some((rule) => rule.includes('workstation')))
    const one = both ?? found[0]
    if (one) await page.goto(`${base}/findings?id=${one.findings[0]}`)
    await page.waitForTimeout(1_500)
  },
  who: async (page) => {
    const { events = [] } = (await apiOf(page)('GET', '/v1/events?class=4230001&limit=50')).body
    const one = events.at(-1)
    if (!one) return
    await page.goto(`${base}/events?mode=search&event=${one.record}.${one.part}`)
    await page.getByRole('link', { name: 'Who could it have been?' }).click()
    await page.getByRole('textbox', { name: 'Why is this asked?' }).fill('A door was left open.')
    await page.getByRole('button', { name: 'Ask' }).click()
    await page.waitForTimeout(1_500)
  },
  row: async (page) => {
    const first = page.getByRole('table').getByRole('button').first()
    await first.waitFor({ timeout: 8_000 }).catch(() => {})
    if (await first.isVisible()) await first.click()
    await page.waitForTimeout(1_200)
  },
}
const VIEWS = [
  ...PAGES.map((name) => [name, `/${name}`, STEPS[name]]),
  ['incident', '/incidents', STEPS.incident],
  ['search', '/events?mode=search&q=class:door', STEPS.event],
  ['person', '/people', STEPS.person],
  ['log', '/incidents?tab=log'],
  ['dead-letters', '/sources?tab=dead'],
  ['mapping', '/sources?mend=defender&id=edr', STEPS.mapping],
  ['door', '/places', STEPS.door],
  ['source', '/sources', STEPS.row],
  ['rule', '/detections', STEPS.row],
  ['workbench', '/detections?draft=workstation-owner-elsewhere'],
  ...['alarms', 'exceptions', 'late'].map((tab) => [`detections-${tab}`, `/detections?tab=${tab}`]),
  ['finding', '/detections', STEPS.finding],
  ['who', '/whereabouts', STEPS.who],
  ...['tokens', 'operators', 'roles', 'limits', 'audit', 'about'].map((tab) => [
    `system-${tab}`,
    `/system?tab=${tab}`,
  ]),
  ...['rights', 'policies', 'explain', 'answers', 'edges'].map((tab) => [
    `access-${tab}`,
    `/access?tab=${tab}`,
  ]),
  ...['groups', 'schedules', 'zones', 'doors', 'credentials', 'versions'].map((kind) => [
    `access-${kind}`,
    `/access?tab=rights&kind=${kind}`,
  ]),
  ['muster', '/doors?tab=muster'],
  ['doors-one', '/doors', STEPS.row],
  ['doors-plan', '/doors?show=plan'],
  ['palette', '/operations', STEPS.palette],
  ['keys', '/operations', STEPS.keys],
]

/** What the guides call the pictures that they show. */
const IN_GUIDES = {
  operations: 'operations',
  incident: 'incident',
  log: 'log',
  search: 'search',
  person: 'person',
  rule: 'detections',
  finding: 'finding',
  who: 'who',
  workbench: 'workbench',
  source: 'sources',
  'dead-letters': 'dead-letters',
  places: 'places',
  'system-limits': 'limits',
}

/** So that the guides' pictures show what they speak of: a log with entries, records not understood. */
async function furnish(page) {
  const api = apiOf(page)
  const { sites } = (await api('GET', '/v1/organisation')).body
  const site = sites.at(-1)
  for (const [kind, text] of [
    [
      'patrol',
      'Round of the ground floor and the loading bay. All doors shut; a lamp is out at bay 3.',
    ],
    ['visitor', 'Two visitors for finance, badges V-014 and V-015 given out.'],
    ['keys', 'Key 22 (plant room) to the contractor, back by 17:00.'],
    ['fault', 'Barrier 2 is slow to close; the contractor is called.'],
  ]) {
    await api('POST', '/v1/occurrences', { kind, text, site })
  }
  const wrong = { id: 7, title: 'A new agent', severity: 'low', serviceSource: 'agent' }
  const lines = [1, 2, 3].map((n) => JSON.stringify({ ...wrong, id: undefined, alertId: `a-${n}` }))
  await ingest(page, base, 'edr', 'application/x-ndjson', lines.join('\n'))
}

async function picture(page, name) {
  await page.waitForLoadState('networkidle', { timeout: 1_500 }).catch(() => {})
  await page.waitForTimeout(500)
  await page.screenshot({ path: `${out}/${name}.png` })
  console.log(`${out}/${name}.png`)
}

/** A hand-over as its receiver sees it, at a desk of their own. */
async function handOver(page) {
  const { page: theirs, context } = await device(browser)
  await signIn(theirs, base, guard)
  const api = apiOf(page)
  const { operator } = (await apiOf(theirs)('GET', '/v1/session')).body
  const { incidents } = (await api('GET', '/v1/incidents?state=new&limit=50')).body
  const acts = `/v1/incidents/${incidents.at(-1).id}/acts`
  await api('POST', acts, { action: 'acknowledge' })
  const to = { kind: 'person', id: operator.person }
  const note = 'I have spoken to the owner; the desk was empty. My shift ends.'
  await api('POST', acts, { action: 'offer', to, note })
  await theirs.evaluate(() => localStorage.setItem('mantine-color-scheme-value', 'dark'))
  const [width, height] = SIZES.laptop
  await theirs.setViewportSize({ width, height })
  await theirs.goto(`${base}/operations`)
  await theirs
    .getByRole('region', { name: 'Hand-overs to you' })
    .getByRole('button')
    .first()
    .waitFor()
  await STEPS.operations(theirs)
  await picture(theirs, 'hand-over')
  await context.close()
}

const { context, page } = await device(browser)
await watch(page, troubles)
await page.goto(`${base}/`)
if (link && !guides) {
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  for (const [size, [width, height]] of Object.entries(SIZES)) {
    await page.setViewportSize({ width, height })
    for (const theme of ['dark', 'light']) {
      await page.emulateMedia({ colorScheme: theme })
      await page.evaluate(
        (t) => document.documentElement.setAttribute('data-mantine-color-scheme', t),
        theme,
      )
      await picture(page, `signin-${size}-${theme}`)
    }
  }
}
await page.evaluate(() => localStorage.setItem('castellan.muted', 'yes'))
await signIn(page, base, link)
if (guides) await furnish(page)
for (const theme of guides ? ['dark'] : ['dark', 'light']) {
  await page.evaluate((t) => localStorage.setItem('mantine-color-scheme-value', t), theme)
  for (const [size, [width, height]] of Object.entries(SIZES)) {
    if (guides && size !== 'laptop') continue
    await page.setViewportSize({ width, height })
    for (const [name, path, step] of VIEWS) {
      if (only && !only.split(',').includes(name)) continue
      if (guides && !IN_GUIDES[name]) continue
      await page.goto(base + path)
      await page.getByRole('main').waitFor()
      await page.waitForTimeout(400)
      if (step) await step(page)
      await picture(page, guides ? IN_GUIDES[name] : `${name}-${size}-${theme}`)
    }
  }
}
if (guides && guard) await handOver(page)
await context.close()
await browser.close()
for (const trouble of new Set(troubles)) console.error(trouble)
process.exit(troubles.length > 0 ? 1 : 0)
