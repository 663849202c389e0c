// People's ways through the console, by role and label, with axe on every page:
// node scripts/journeys.mjs BASE [LINK] [--only WORD]
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import assert from 'node:assert/strict'
import { arguments_, device, launch, PAGES, signIn, watch } from './lib.mjs'

const { base, link, only } = arguments_()
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const browser = await launch()
const troubles = []
const results = []

async function journey(name, run) {
  if (only && !name.includes(only)) return
  const began = performance.now()
  const done = (words) => {
    results.push([name, undefined])
    console.log(`ok      ${name} (${Math.round(performance.now() - began)} ms${words})`)
  }
  try {
    await run()
    done('')
  } catch (first) {
    // A machine under load is slow in ways that no deadline foresees; what is broken stays broken.
    const error = await run().then(
      () => undefined,
      (second) => second,
    )
    if (error === undefined) {
      done(`, at the second try: ${String(first.message).split('\n')[0]}`)
      return
    }
    results.push([name, error])
    await page.screenshot({ path: `failed-${results.length}.png` }).catch(() => {})
    console.log(
      `FAILED  ${name}\n        ${String(error.message).split('\n').slice(0, 16).join('\n        ')}`,
    )
  }
}

const { context, page } = await device(browser, { viewport: { width: 1440, height: 900 } })
page.setDefaultTimeout(10_000)
await watch(page, troubles)
await page.addInitScript(() => localStorage.setItem('castellan.muted', 'yes'))

/** A call as the console itself makes it: same origin, cookie, token against forgery. */
const api = (method, path, json) =>
  page.evaluate(
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

let made = 0
/** An incident of our own, so that journeys do not wait for a story. */
async function incident(more = {}) {
  made += 1
  const { body, status } = await api('POST', '/v1/incidents', {
    title: `Journey ${made} ${Date.now()}`,
    text: 'Opened by a journey.',
    level: 'critical',
    team: 'guard',
    sop: ['Look at the camera.', 'Speak to the person.'],
    ...more,
  })
  assert.equal(
    status,
    200,
    `opening an incident by hand answered ${status}: ${JSON.stringify(body)}`,
  )
  return body.incident
}

/**
 * Stops the server's process, as a machine that hangs does; a browser that only says it is offline
 * keeps the streams that are open already. Without a process to stop, that must do.
 */
const silence = async (isSilent) => {
  const server = Number(process.env.CASTELLAN_PID)
  if (server) process.kill(server, isSilent ? 'SIGSTOP' : 'SIGCONT')
  else await context.setOffline(isSilent)
}

const open = async (path) => {
  await page.goto(base + path)
  await page.getByRole('main').waitFor()
}
const row = (title) => page.getByRole('option').filter({ hasText: title })
const detail = () => page.getByRole('region', { name: 'Incident', exact: true })

async function violations() {
  await page.evaluate(axe)
  const found = await page.evaluate(() =>
    globalThis.axe.run(document, {
      resultTypes: ['violations'],
    }),
  )
  return found.violations.map(
    (v) =>
      `${v.id}: ${v.nodes
        .slice(0, 3)
        .map((n) => n.target.join(' '))
        .join(', ')}`,
  )
}

await journey('a new operator gets in by a one-time link and makes a passkey', async () => {
  await signIn(page, base, link)
  await page.getByRole('heading', { level: 1, name: 'Operations' }).waitFor()
  assert.ok(!page.url().includes('code='), 'the code is still in the address')
  // The demo's links let in at once; whoever means to come back makes a passkey on their own page.
  const { body } = await api('GET', '/v1/session')
  if (body.passkeys.length === 0) {
    await open('/me')
    await page.getByRole('button', { name: 'Make a passkey' }).click()
    await page.getByText('The passkey is ready.').waitFor()
  }
})

await journey(
  'the guard answers for the gravest incident, works the procedure, resolves it',
  async () => {
    const { title } = await incident()
    await open('/operations')
    await row(title).click()
    await detail().getByRole('button', { name: 'Acknowledge' }).click()
    await detail().getByText('Acknowledged').first().waitFor()
    await detail().getByRole('checkbox', { name: 'Look at the camera.' }).check()
    await detail().getByText('1 of 2').waitFor()
    await detail().getByRole('textbox', { name: 'Comment' }).fill('Nobody there.')
    await page.keyboard.press('Control+Enter')
    await detail().getByText('Nobody there.').waitFor()
    await detail().getByRole('button', { name: 'Resolve' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('radio', { name: 'False alarm' }).check()
    await dialog.getByRole('button', { name: 'Resolve' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await detail().getByText('Resolved').first().waitFor()
  },
)

await journey('what was resolved by mistake is taken back within ten seconds', async () => {
  const { id, title, version } = await incident()
  await api('POST', `/v1/incidents/${id}/acts`, { action: 'acknowledge', version })
  await open(`/incidents?i=${id}`)
  await detail().getByText(title).first().waitFor()
  await detail().getByRole('button', { name: 'Resolve' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: 'A test' }).check()
  await dialog.getByRole('button', { name: 'Resolve' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: /^Undo/ }).click()
  await detail().getByText('undone within ten seconds').first().waitFor()
})

await journey('the keys alone lead from the queue to an acknowledged incident', async () => {
  const { title } = await incident()
  await open('/operations')
  await row(title).waitFor()
  for (let i = 0; i < 40; i += 1) {
    if ((await row(title).getAttribute('aria-selected')) === 'true') break
    await page.keyboard.press('j')
    await page.waitForTimeout(40)
  }
  await detail().getByText(title).first().waitFor()
  await page.keyboard.press('a')
  await detail().getByText('Acknowledged').first().waitFor()
})

await journey(
  'a new arrival waits in the bar and does not move the row under the cursor',
  async () => {
    await incident()
    await open('/operations')
    await page.getByRole('option').first().click()
    const before = await page.getByRole('option').allInnerTexts()
    const { title } = await incident()
    const bar = page.getByRole('button', { name: /new/ }).filter({ hasText: 'show' })
    await bar.waitFor()
    const names = (list) => list.slice(0, 8).map((text) => text.split('\n').slice(0, 2).join(' '))
    assert.deepEqual(names(await page.getByRole('option').allInnerTexts()), names(before))
    await bar.click()
    await row(title).waitFor()
  },
)

await journey('the one who comes second is told who was faster', async () => {
  const { id, version, title } = await incident()
  await open(`/incidents?i=${id}`)
  await detail().getByText(title).first().waitFor()
  await page.route('**/v1/live*', (route) => route.abort())
  await page.reload()
  const button = detail().getByRole('button', { name: 'Acknowledge' })
  await button.waitFor()
  const done = await api('POST', `/v1/incidents/${id}/acts`, {
    action: 'comment',
    text: 'I was here first',
    version,
  })
  assert.equal(done.status, 200)
  await button.click()
  await page.getByText('Somebody was faster').waitFor()
  await page
    .getByText(/I was here first/)
    .first()
    .waitFor()
  await page.unroute('**/v1/live*')
})

await journey('many are ticked and acknowledged at once', async () => {
  const [one, other] = [await incident(), await incident()]
  await open('/incidents?state=new')
  for (const { title } of [one, other]) await row(title).click({ modifiers: ['Control'] })
  const bar = page.getByRole('toolbar', { name: '2 ticked' })
  await bar.getByRole('button', { name: 'Acknowledge' }).click()
  await page.getByText('Done to 2 incidents').waitFor()
})

await journey('a filter lives in the address and outlives a reload', async () => {
  const { title } = await incident()
  await open('/incidents')
  await page.keyboard.press('/')
  await page.keyboard.type(title)
  await page.waitForURL(/q=/)
  await page.reload()
  await row(title).waitFor()
  assert.equal(await page.getByRole('option').count(), 1)
})

await journey('an incident is opened by hand, found and read', async () => {
  await open('/incidents')
  await page.getByRole('button', { name: 'New incident' }).click()
  const dialog = page.getByRole('dialog')
  const title = `By hand ${Date.now()}`
  await dialog.getByRole('textbox', { name: 'Title' }).fill(title)
  await dialog.getByRole('textbox', { name: 'What happened' }).fill('Somebody rang.')
  await dialog.getByRole('button', { name: 'Open the incident' }).click()
  await detail().getByText(title).first().waitFor()
})

await journey('Enter right after typing opens what the palette finds, every time', async () => {
  const { id, title } = await incident()
  await open('/operations')
  await row(title).waitFor()
  // As fast as fingers can: the letters must all arrive, and Enter must wait for what they find.
  for (let turn = 0; turn < 4; turn += 1) {
    if (turn > 0) await open(turn % 2 ? '/sources' : '/operations')
    await page.keyboard.press('Control+k')
    await page.keyboard.type(title)
    await page.keyboard.press('Enter')
    await page.waitForURL((url) => url.searchParams.get('i') === id)
    await detail().getByText(title).first().waitFor()
  }
})

await journey('g and a letter lead to every page; ? lists the keys', async () => {
  await open('/operations')
  for (const [key, name] of [
    ['i', 'Incidents'],
    ['e', 'Events'],
    ['p', 'People'],
    ['m', 'Places'],
    ['s', 'Sources'],
    ['d', 'Detections'],
    ['x', 'System'],
    ['o', 'Operations'],
  ]) {
    await page.keyboard.press('g')
    await page.keyboard.press(key)
    await page.getByRole('heading', { level: 1, name }).waitFor()
  }
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keys' }).getByText('Acknowledge').waitFor()
})

await journey(
  'a lost link greys what is old, keeps what is typed, and comes back by itself',
  async () => {
    const { id, title } = await incident()
    await open(`/incidents?i=${id}`)
    await detail().getByText(title).first().waitFor()
    await silence(true)
    try {
      await page.getByText('The link to the server is lost.').waitFor({ timeout: 15_000 })
      await detail().getByRole('textbox', { name: 'Comment' }).fill('half a sentence')
    } finally {
      await silence(false)
    }
    await page
      .getByText('The link to the server is lost.')
      .waitFor({ state: 'hidden', timeout: 15_000 })
    await page.reload()
    assert.equal(
      await detail().getByRole('textbox', { name: 'Comment' }).inputValue(),
      'half a sentence',
    )
  },
)

await journey('hostile texts stay texts', async () => {
  const title = `<img src=x onerror=alert(1)>"'\u202Egnirts ${'long '.repeat(20)}`
  const { id } = await incident({
    title: title.slice(0, 190),
    text: '<script>alert(2)</script>{{7*7}}',
  })
  await open(`/incidents?i=${id}`)
  await detail().getByText('<script>alert(2)</script>').first().waitFor()
  assert.equal(await page.locator('img[src="x"]').count(), 0)
})

await journey('on a phone the guard goes from the queue to the incident and back', async () => {
  const { title } = await incident()
  await page.setViewportSize({ width: 390, height: 844 })
  await open('/operations')
  await row(title).click()
  await detail().getByRole('button', { name: 'Acknowledge' }).waitFor()
  await page.getByRole('button', { name: 'Queue' }).click()
  await row(title).waitFor()
  await page.setViewportSize({ width: 1440, height: 900 })
})

await journey('the console speaks Dutch and Traditional Chinese', async () => {
  await open('/operations')
  await page.getByRole('button', { name: /^Account of/ }).click()
  await page.getByRole('menuitem', { name: 'Nederlands' }).click()
  await page.getByRole('heading', { level: 1, name: 'Meldkamer' }).waitFor()
  await page.evaluate(() => localStorage.setItem('castellan.language', 'zh-Hant'))
  await page.reload()
  await page.getByRole('heading', { level: 1, name: '值勤' }).waitFor()
  await page.evaluate(() => localStorage.setItem('castellan.language', 'en'))
})

const grid = () => page.getByRole('grid', { name: 'Events, newest first' })
const eventRow = () => grid().getByRole('row').nth(1)

await journey('events run by live, are held, and one is read in all its attributes', async () => {
  await open('/events')
  await eventRow().waitFor()
  await page.keyboard.press('j')
  const one = page.getByRole('region', { name: 'Event', exact: true })
  await one.getByText('class_uid').waitFor()
  assert.match(page.url(), /event=\d+\.\d+/)
  await page.getByRole('button', { name: 'Resume' }).waitFor()
  await page.keyboard.press('Escape')
  await one.waitFor({ state: 'hidden' })
})

await journey('a filter is completed, found, pivoted on, and lives in the address', async () => {
  await open('/events?mode=search')
  await eventRow().waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('class:doo')
  await page.getByRole('option', { name: /^door/ }).waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.waitForURL(/q=class:door/)
  await eventRow().waitFor()
  await page.getByRole('textbox', { name: 'Filter' }).blur()
  await page.keyboard.press('j')
  await page.getByRole('region', { name: 'Event', exact: true }).getByText('class_uid').waitFor()
  await page.keyboard.press('f')
  await page.keyboard.press('s')
  await page.waitForURL(/source:/)
  const address = page.url()
  await page.reload()
  await eventRow().waitFor()
  assert.equal(page.url(), address)
})

await journey('a filter that says nothing is refused with its reason', async () => {
  await open('/events?mode=search')
  await page.getByRole('textbox', { name: 'Filter' }).fill('colour:red')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').filter({ hasText: 'There is no key' }).waitFor()
  assert.ok(!page.url().includes('colour'))
})

await journey('one person is found and seen in both worlds', async () => {
  await open('/people')
  const first = page.getByRole('option').first()
  await first.waitFor()
  const name = (await first.locator('bdi').first().textContent()) ?? ''
  await page.getByRole('textbox', { name: 'Find people' }).fill(name)
  await first.click()
  const person = page.getByRole('region', { name: 'Person', exact: true })
  for (const part of [
    'Presence',
    'Badges',
    'Accounts',
    'Open incidents',
    'Last at doors and sensors',
  ]) {
    await person.getByRole('heading', { name: part, exact: true }).waitFor()
  }
  assert.match(page.url(), /id=/)
})

await journey('every record of a source is accounted for by a sum that adds up', async () => {
  await open('/sources')
  const table = page.getByRole('table')
  await table.getByRole('button').first().click()
  const source = page.getByRole('region', { name: 'Source', exact: true })
  await source.getByRole('heading', { name: 'What became of every record' }).waitFor()
  const { body } = await api('GET', '/v1/sources')
  assert.ok(body.length > 0)
  assert.equal(await source.getByText('the accounts are wrong').count(), 0)
})

await journey('a rule is read together with what it found', async () => {
  await open('/detections')
  await page.getByRole('table').getByRole('button').first().click()
  await page
    .getByRole('region', { name: 'Rule', exact: true })
    .getByRole('heading', { name: 'Findings' })
    .waitFor()
})

await journey('a token is made, shown once, and revoked with a reason', async () => {
  const label = `journey ${Date.now()}`
  await open('/system?tab=tokens')
  await page.getByRole('button', { name: 'Make a token' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Label' }).fill(label)
  await dialog.getByRole('button', { name: 'Make a token' }).click()
  await dialog.getByText('This is shown once').waitFor()
  await dialog.getByRole('button', { name: 'I have kept it' }).click()
  const line = page.getByRole('row').filter({ hasText: label })
  await line.getByRole('button', { name: 'Revoke' }).click()
  assert.ok(await dialog.getByRole('button', { name: 'Revoke' }).isDisabled())
  await dialog.getByRole('textbox', { name: 'Reason' }).fill('The journey is over.')
  await dialog.getByRole('button', { name: 'Revoke' }).click()
  await dialog.getByText('The token is revoked.').waitFor()
  await dialog.getByRole('button', { name: 'Done' }).click()
  await line.getByText('Revoked').waitFor()
})

for (const theme of ['dark', 'light']) {
  for (const name of PAGES) {
    await journey(`axe finds nothing on ${name}, ${theme}`, async () => {
      await open(`/${name}`)
      await page.evaluate((t) => localStorage.setItem('mantine-color-scheme-value', t), theme)
      await page.reload()
      await page.waitForTimeout(1_200)
      assert.deepEqual(await violations(), [])
    })
  }
}

if (link) {
  await journey(
    'an ended session asks to sign in over the page and loses nothing typed',
    async () => {
      const { id, title } = await incident()
      await open(`/incidents?i=${id}`)
      await detail().getByText(title).first().waitFor()
      await detail().getByRole('textbox', { name: 'Comment' }).fill('typed before the end')
      await context.clearCookies()
      await page.keyboard.press('Control+Enter')
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('button', { name: 'Sign in with a passkey' }).click()
      await dialog.waitFor({ state: 'hidden' })
      assert.equal(
        await detail().getByRole('textbox', { name: 'Comment' }).inputValue(),
        'typed before the end',
      )
      await detail().getByRole('textbox', { name: 'Comment' }).focus()
      await page.keyboard.press('Control+Enter')
      await detail().getByText('typed before the end').first().waitFor()
    },
  )
  await journey('who signs out comes back with the passkey', async () => {
    await open('/operations')
    await page.getByRole('button', { name: /^Account of/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    assert.deepEqual(await violations(), [])
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByRole('heading', { level: 1, name: 'Operations' }).waitFor()
  })
}

await browser.close()
const failed = results.filter(([, error]) => error)
for (const trouble of new Set(troubles)) console.error(trouble)
console.log(`${results.length - failed.length} of ${results.length} journeys went well`)
process.exit(failed.length + troubles.length > 0 ? 1 : 0)
