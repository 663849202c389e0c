// A picture of every page in three sizes and both themes: node scripts/shots.mjs BASE [LINK] [--out DIR]
import { mkdir } from 'node:fs/promises'
import { arguments_, device, launch, PAGES, signIn, SIZES, watch } from './lib.mjs'

const { base, link, out = 'shots', only } = arguments_()
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
  first: async (page) => {
    const first = page.getByRole('option').first()
    await first.waitFor({ timeout: 8_000 }).catch(() => {})
    if (await first.isVisible()) await first.click()
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
  ['person', '/people', STEPS.first],
  ['log', '/incidents?tab=log'],
  ['dead-letters', '/sources?tab=dead'],
  ['mapping', '/sources?mend=defender&id=edr', STEPS.mapping],
  ['door', '/places', STEPS.door],
  ['source', '/sources', STEPS.row],
  ['rule', '/detections', STEPS.row],
  ...['tokens', 'operators', 'roles', 'limits', 'audit', 'about'].map((tab) => [
    `system-${tab}`,
    `/system?tab=${tab}`,
  ]),
  ['palette', '/operations', STEPS.palette],
  ['keys', '/operations', STEPS.keys],
]

async function picture(page, name) {
  await page.waitForLoadState('networkidle', { timeout: 1_500 }).catch(() => {})
  await page.waitForTimeout(500)
  await page.screenshot({ path: `${out}/${name}.png` })
  console.log(`${out}/${name}.png`)
}

const { context, page } = await device(browser)
await watch(page, troubles)
await page.goto(`${base}/`)
if (link) {
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
for (const theme of ['dark', 'light']) {
  await page.evaluate((t) => localStorage.setItem('mantine-color-scheme-value', t), theme)
  for (const [size, [width, height]] of Object.entries(SIZES)) {
    await page.setViewportSize({ width, height })
    for (const [name, path, step] of VIEWS) {
      if (only && !only.split(',').includes(name)) continue
      await page.goto(base + path)
      await page.getByRole('main').waitFor()
      await page.waitForTimeout(400)
      if (step) await step(page)
      await picture(page, `${name}-${size}-${theme}`)
    }
  }
}
await context.close()
await browser.close()
for (const trouble of new Set(troubles)) console.error(trouble)
process.exit(troubles.length > 0 ? 1 : 0)
