// What the scripts that look at the console share: a browser, a way in, arguments.
import assert from 'node:assert/strict'
import { chromium } from 'playwright-core'

export const SIZES = { wall: [1920, 1080], laptop: [1366, 768], phone: [390, 844] }
export const PAGES = [
  'operations',
  'incidents',
  'events',
  'people',
  'places',
  'doors',
  'access',
  'sources',
  'detections',
  'system',
  'me',
  'whereabouts',
]

/** Pages within pages. */
export const MORE_PAGES = [
  'incidents?tab=log',
  'doors?tab=muster',
  ...['rights', 'policies', 'explain', 'answers', 'edges'].map((tab) => `access?tab=${tab}`),
  'sources?tab=dead',
  'detections?draft=workstation-owner-elsewhere',
  ...['alarms', 'exceptions', 'late'].map((tab) => `detections?tab=${tab}`),
  ...['tokens', 'operators', 'roles', 'limits', 'audit', 'about'].map((tab) => `system?tab=${tab}`),
]

/** `--name value` pairs and the rest. */
export function arguments_() {
  const named = {}
  const rest = []
  const given = process.argv.slice(2)
  for (let i = 0; i < given.length; i += 1) {
    if (given[i].startsWith('--')) named[given[i].slice(2)] = given[++i]
    else rest.push(given[i])
  }
  if (!rest[0]) {
    console.error('usage: node scripts/….mjs BASE_URL [SIGN_IN_LINK] [--out DIR] [--only NAME]')
    process.exit(2)
  }
  return { base: rest[0].replace(/\/$/, ''), link: rest[1], ...named }
}

/** `isStrict`: nothing sounds until somebody has clicked, as in a browser as it comes. */
export function launch({ isStrict = false } = {}) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      isStrict
        ? '--autoplay-policy=document-user-activation-required'
        : '--autoplay-policy=no-user-gesture-required',
    ],
  })
}

/** Everything that must not happen on any page, gathered for the end. */
export function watch(page, troubles) {
  page.on('pageerror', (error) => troubles.push(`page error: ${error.message}`))
  page.on('dialog', (dialog) => {
    troubles.push(`a script opened a dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  return page
    .addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        console.error(
          `policy violation: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`,
        )
      })
    })
    .then(() =>
      page.on('console', (message) => {
        if (message.text().startsWith('policy violation')) troubles.push(message.text())
      }),
    )
}

/** A window with a passkey of its own, as a person's device would have. */
export async function device(browser, options = {}) {
  const context = await browser.newContext({
    locale: 'en-GB',
    timezoneId: 'Europe/London',
    ...options,
  })
  const page = await context.newPage()
  const cdp = await context.newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return { context, page }
}

/** In by the one-time link; a passkey is made when the server wants one. */
export async function signIn(page, base, link) {
  await page.goto(link ?? `${base}/`)
  const arrived = page.getByRole('navigation', { name: /pages|pagina|頁面/i })
  const enrol = page.getByRole('button', { name: 'Make a passkey' })
  await arrived.or(enrol).first().waitFor({ timeout: 20_000 })
  if (await enrol.isVisible().catch(() => false)) {
    if (!(await arrived.isVisible().catch(() => false))) {
      await enrol.click()
      await page.getByText('The passkey is ready.').waitFor({ timeout: 10_000 })
      await page.getByRole('button', { name: 'Open the console' }).click()
    }
  }
  await arrived.waitFor({ timeout: 20_000 })
}

/** A call as the console itself makes it: same origin, cookie, token against forgery. */
export const apiOf = (of) => (method, path, json) =>
  of.evaluate(
    async ([method, path, json]) => {
      const session = await fetch('/v1/session').then(
        (r) => (r.ok ? r.json() : {}),
        () => ({}),
      )
      const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': session.csrf ?? '' }
      const answer = await fetch(path, { method, headers, body: json && JSON.stringify(json) })
      return { status: answer.status, body: await answer.json().catch(() => null) }
    },
    [method, path, json],
  )

/** Sends a record to a source as its device would: with a token of its own. */
export async function ingest(page, base, source, type, text) {
  const token = await apiOf(page)('POST', '/v1/tokens', {
    label: `journeys ${source}`,
    scopes: ['ingest'],
    sources: [source],
    expires_at: new Date(Date.now() + 3_600_000).toISOString(),
  })
  assert.equal(token.status, 200, JSON.stringify(token.body))
  const answer = await fetch(`${base}/v1/ingest/${source}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token.body.token}`, 'Content-Type': type },
    body: text,
  })
  assert.equal(answer.status, 200, await answer.text())
}
