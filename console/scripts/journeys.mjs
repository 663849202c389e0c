// People's ways through the console, by role and label, with axe on every page:
// node scripts/journeys.mjs BASE [LINK] [--engineer LINK] [--guard LINK] [--analyst LINK]
//     [--only WORD]
import { readFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import {
  apiOf,
  arguments_,
  device,
  ingest,
  launch,
  MORE_PAGES,
  PAGES,
  signIn,
  watch,
} from './lib.mjs'
import { doorJourneys } from './doors.mjs'

const { base, link, only, engineer, guard, analyst } = arguments_()
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const browser = await launch()
const troubles = []
const results = []

async function journey(name, run, { isStrict = false, page: ofPage } = {}) {
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
    const error = isStrict
      ? first
      : await run().then(
          () => undefined,
          (second) => second,
        )
    if (error === undefined) {
      done(`, at the second try: ${String(first.message).split('\n')[0]}`)
      return
    }
    results.push([name, error])
    if (error !== first) console.log(`        first: ${String(first.message).split('\n')[0]}`)
    const picture = join(tmpdir(), `castellan-journey-${results.length}.png`)
    await (ofPage ?? page).screenshot({ path: picture }).catch(() => {})
    console.log(
      `FAILED  ${name} (${picture})\n        ${String(error.message).split('\n').slice(0, 16).join('\n        ')}`,
    )
  }
}

const { context, page } = await device(browser, { viewport: { width: 1440, height: 900 } })
page.setDefaultTimeout(10_000)
await watch(page, troubles)
await page.addInitScript(() => localStorage.setItem('castellan.muted', 'yes'))

const api = apiOf(page)
// One journey alone has nobody before it who signs in.
if (only && link) await signIn(page, base, link)

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

/** Asks again until it is so; what is never so fails by the time it took. */
async function eventually(isSo) {
  for (let n = 0; n < 60; n += 1) {
    if (await isSo()) return
    await page.waitForTimeout(250)
  }
  throw new Error(`never came to be: ${isSo}`)
}

/** Somebody of the organisation is refused at one of its doors, just now. */
async function refusedBadge() {
  const table = await readFile(new URL('../../demo/identifiers.csv', import.meta.url), 'utf8')
  const rows = table.split('\n').map((line) => line.split(','))
  const [, badge] = rows.find(([kind, , , , , ended]) => kind === 'badge' && !ended)
  const [, door] = rows.find(
    ([kind, , entity]) => kind === 'door' && entity.startsWith('place:hq-'),
  )
  const { now } = (await api('GET', '/v1/status')).body
  await ingest(
    page,
    base,
    'pacs-hq',
    'text/csv',
    `time,badge,door,result,direction,reason\n${now},${badge},${door},denied,in,not at this hour\n`,
  )
  let found
  await eventually(async () => {
    const { body } = await api('GET', '/v1/doors/refused?limit=5')
    found = body.find?.((one) => one.at.slice(0, 19) === now.slice(0, 19))
    return found !== undefined
  })
  const organisation = (await api('GET', '/v1/organisation')).body
  const place = organisation.places.find(({ id }) => id === found.door)
  return { name: found.person.name, door: place.name }
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

async function violations(of = page) {
  // A hint that follows the mouse is no part of the page.
  await of.mouse.move(0, 0)
  await of.evaluate(axe)
  const found = await of.evaluate(() =>
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
  'the guard answers for an incident, works the procedure, resolves it, takes that back',
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
    await dialog.getByText('1 step of the procedure is not done.').waitFor()
    await dialog.getByRole('radio', { name: 'False alarm' }).check()
    await dialog.getByRole('button', { name: 'Resolve' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await detail().getByText('Resolved').first().waitFor()
    {
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
    }
  },
)

await journey('the keys alone lead to every page and to an acknowledged incident', async () => {
  {
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
  }
  {
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
  }
})

await journey('what others do neither moves the row under the cursor nor goes unsaid', async () => {
  {
    // Each in a queue of its own, so that what the demo brings does not fill it.
    const mark = `Mark${Date.now()}`
    const marked = (n, level) => incident({ title: `${mark} ${n}`, level })
    const names = async () =>
      (await page.getByRole('option').locator('bdi').allInnerTexts()).filter((text) =>
        text.startsWith(mark),
      )
    const shows = (...wanted) =>
      eventually(async () => {
        const seen = await names()
        return wanted.every((n, i) => seen[i] === `${mark} ${n}`) && seen.length === wanted.length
      })
    await marked(1, 'high')
    await marked(2, 'low')
    await open(`/operations?q=${mark}`)
    await shows(1, 2)
    // Nobody has put the cursor anywhere: what is graver stands on top at once.
    await marked(3, 'critical')
    await shows(3, 1, 2)
    // The row under the cursor stays; what is graver is seen below it, what is less grave in place.
    await page.getByRole('option').nth(1).click()
    await page.mouse.move(700, 5)
    await marked(4, 'critical')
    await shows(3, 1, 2, 4)
    await marked(5, 'medium')
    await shows(3, 1, 5, 2, 4)
    assert.match(await page.title(), /^(\(\d+\) )?Operations · Castellan$/)
    await page.getByRole('button', { name: /1 new below/ }).click()
    await shows(4, 3, 1, 5, 2)
    // In a view that is full nothing moves, and the bar says what waits.
    await page.setViewportSize({ width: 1440, height: 420 })
    for (const n of [6, 7, 8, 9]) await marked(n, 'low')
    await eventually(async () => (await names()).length > 7)
    await page.getByRole('option').nth(1).click()
    const before = await names()
    await marked(10, 'critical')
    const bar = page.getByRole('button', { name: /new critical/ }).filter({ hasText: 'show' })
    await bar.waitFor()
    assert.deepEqual(await names(), before)
    await bar.click()
    await row(`${mark} 10`).waitFor()
    await page.setViewportSize({ width: 1440, height: 900 })
  }
  {
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
  }
})

await journey('incidents are opened by hand, filtered, and acknowledged many at once', async () => {
  {
    await open('/incidents')
    await page.getByRole('button', { name: 'New incident' }).click()
    const dialog = page.getByRole('dialog')
    const title = `By hand ${Date.now()}`
    await dialog.getByRole('textbox', { name: 'Title' }).fill(title)
    await dialog.getByRole('textbox', { name: 'What happened' }).fill('Somebody rang.')
    await dialog.getByRole('button', { name: 'Open the incident' }).click()
    await detail().getByText(title).first().waitFor()
  }
  {
    const { title } = await incident()
    await open('/incidents')
    await page.keyboard.press('/')
    await page.keyboard.type(title)
    await page.waitForURL(/q=/)
    await page.reload()
    await row(title).waitFor()
    assert.equal(await page.getByRole('option').count(), 1)
  }
  {
    const [one, other] = [await incident(), await incident()]
    await open('/incidents?state=new')
    for (const { title } of [one, other]) await row(title).click({ modifiers: ['Control'] })
    const bar = page.getByRole('toolbar', { name: '2 ticked' })
    await bar.getByRole('button', { name: 'Acknowledge' }).click()
    await page.getByText('Done to 2 incidents').waitFor()
  }
})

await journey(
  'Enter right after typing opens what the palette finds, every time',
  async () => {
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
  },
  { isStrict: true },
)

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

await journey('hostile texts stay texts, in every language', async () => {
  const title = `<img src=x onerror=alert(1)>"'مرحبا ${'long '.repeat(20)}`
  const { id } = await incident({
    title: title.slice(0, 190),
    text: '<script>alert(2)</script>{{7*7}}',
  })
  // What would turn a name around on the screen does not get that far.
  const turned = { title: 'x\u202Egnirts', text: 'x', level: 'low', team: 'guard' }
  assert.equal((await api('POST', '/v1/incidents', turned)).status, 409)
  await open(`/incidents?i=${id}`)
  await detail().getByText('<script>alert(2)</script>').first().waitFor()
  assert.equal(await page.locator('img[src="x"]').count(), 0)
  {
    await open('/operations')
    await page.getByRole('button', { name: /^Account of/ }).click()
    await page.getByRole('menuitem', { name: 'Nederlands' }).click()
    await page.getByRole('heading', { level: 1, name: 'Meldkamer' }).waitFor()
    await page.evaluate(() => localStorage.setItem('castellan.language', 'zh-Hant'))
    await page.reload()
    await page.getByRole('heading', { level: 1, name: '值勤' }).waitFor()
    await page.evaluate(() => localStorage.setItem('castellan.language', 'en'))
  }
})

await journey('on a phone the guard sees who is refused, answers, and calls for help', async () => {
  const { title } = await incident()
  await page.setViewportSize({ width: 390, height: 844 })
  try {
    await open('/operations')
    const { name, door } = await refusedBadge()
    const cards = page.getByRole('region', { name: 'Refused badges' })
    const card = cards.getByRole('listitem').filter({ hasText: name })
    await card.getByText(door).waitFor()
    assert.ok(!(await cards.evaluate((box) => box.contains(document.activeElement))))
    await card.getByRole('button', { name: /^Put away/ }).click()
    await card.waitFor({ state: 'hidden' })

    await row(title).click()
    await detail().getByRole('button', { name: 'Acknowledge' }).waitFor()
    await page.getByRole('button', { name: 'Floor plan' }).click()
    await page.getByRole('button', { name: 'Incident', exact: true }).click()
    await page.getByRole('button', { name: 'Queue' }).click()
    await row(title).waitFor()

    const help = page.getByRole('button', { name: 'Panic' })
    await help.click()
    await page.getByRole('dialog').getByRole('button', { name: 'Call for help' }).click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    const owed = async () => {
      const { incidents } = (await api('GET', '/v1/incidents?limit=200')).body
      return incidents.filter((one) => one.reason_owed)
    }
    const [own] = await owed()
    assert.ok(own, 'no incident owes a reason')
    assert.match(own.title, /^Panic: Willem Brandsma, /)
    assert.ok(own.handling.call.phones.length > 0 && own.sop.length > 0, JSON.stringify(own))
    // Where it was made a plain report stands for it, among what is the caller's own.
    await open('/operations?owner=me&q=report')
    await row('Report to complete').waitFor()
    assert.equal(await row('Panic').count(), 0, 'the call is seen where it was made')
    assert.ok(!/help|panic/i.test(await page.getByRole('main').innerText()))
    // A second press joins the first.
    await help.click()
    await page.getByRole('dialog').getByText('raises no second alarm').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Call again' }).click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    assert.equal((await owed()).length, 1, 'a second alarm')
    // The reason is given in the card itself.
    await row('Report to complete').click()
    await detail().getByText('Nobody yet').waitFor()
    await detail().getByRole('textbox', { name: 'Comment' }).fill('A visitor became violent.')
    await page.keyboard.press('Control+Enter')
    await detail().getByText('A visitor became violent.').waitFor()
    await detail().getByText(own.title).first().waitFor()
    assert.equal((await owed()).length, 0)
  } finally {
    await page.setViewportSize({ width: 1440, height: 900 })
  }
})

const grid = () => page.getByRole('grid', { name: 'Events, newest first' })
const eventRow = () => grid().getByRole('row').nth(1)

await journey(
  'events run by live, are found, pivoted on, and a wrong filter is refused',
  async () => {
    {
      await open('/events')
      await eventRow().waitFor()
      await page.keyboard.press('j')
      const one = page.getByRole('region', { name: 'Event', exact: true })
      await one.getByText('class_uid').waitFor()
      assert.match(page.url(), /event=\d+\.\d+/)
      await page.getByRole('button', { name: 'Resume' }).waitFor()
      await page.keyboard.press('Escape')
      await one.waitFor({ state: 'hidden' })
    }
    {
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
      await page
        .getByRole('region', { name: 'Event', exact: true })
        .getByText('class_uid')
        .waitFor()
      await page.keyboard.press('f')
      await page.keyboard.press('s')
      await page.waitForURL(/source:/)
      const address = page.url()
      await page.reload()
      await eventRow().waitFor()
      assert.equal(page.url(), address)
    }
    {
      await open('/events?mode=search')
      await page.getByRole('textbox', { name: 'Filter' }).fill('colour:red')
      await page.keyboard.press('Enter')
      await page.getByRole('alert').filter({ hasText: 'There is no key' }).waitFor()
      assert.ok(!page.url().includes('colour'))
    }
  },
)

const focused = (of = page) =>
  of.evaluate(
    () =>
      document.activeElement?.getAttribute('aria-label') ??
      document.activeElement?.labels?.[0]?.textContent ??
      document.activeElement?.textContent,
  )

await journey(
  'every dialog begins in its first field, keeps the focus, gives it back',
  async () => {
    const { id, version } = await incident()
    await api('POST', `/v1/incidents/${id}/acts`, { action: 'acknowledge', version })
    const dialog = page.getByRole('dialog')
    const begins = async (path, opener, first, item) => {
      await open(path)
      const button = page.getByRole('button', { name: opener, exact: true }).first()
      await button.click()
      if (item) await page.getByRole('menuitem', { name: item }).click()
      await dialog.waitFor()
      await eventually(async () => (await focused())?.startsWith(first))
      for (let i = 0; i < 14; i += 1) await page.keyboard.press('Tab')
      assert.ok(
        await dialog.evaluate((box) => box.contains(document.activeElement)),
        `the focus left ${opener}`,
      )
      // A list that stands open over the dialog closes first.
      const list = dialog.locator('input[aria-expanded=true]')
      if ((await list.count()) > 0) await page.keyboard.press('Escape')
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'hidden' })
      await eventually(() => button.evaluate((it) => it === document.activeElement))
    }
    await begins(`/operations?i=${id}`, 'Resolve', 'Real, and harmful')
    await begins(`/operations?i=${id}`, 'Assign', 'To')
    await begins(`/operations?i=${id}`, 'Other acts', 'Reason', 'Snooze')
    await begins('/incidents', 'New incident', 'Title')
    await begins('/incidents?q=nothing', 'Save this view', 'Name of the view')
    await begins('/operations', 'Panic', 'Call for help')
    await begins('/system?tab=tokens', 'Make a token', 'Label')
    await begins('/system?tab=operators', 'Add an operator', 'Sign-in name')
  },
)

// The administrator's desk is left as it is; these are others' desks.
const desk = async (link) => {
  if (!link) return undefined
  const { page } = await device(browser, { viewport: { width: 1440, height: 900 } })
  page.setDefaultTimeout(10_000)
  await watch(page, troubles)
  await page.addInitScript(() => localStorage.setItem('castellan.muted', 'yes'))
  await signIn(page, base, link)
  return page
}
const gate = await desk(guard)
const soc = await desk(analyst)

await journey('a hand-over is seen at once where it goes, and waits for a word', async () => {
  if (!gate) return
  const give = async () => {
    const { id, title, version } = await incident({ level: 'high', site: 'hq' })
    await api('POST', `/v1/incidents/${id}/acts`, { action: 'acknowledge', version })
    await open(`/operations?i=${id}`)
    await detail().getByRole('button', { name: 'Other acts' }).click()
    await page.getByRole('menuitem', { name: 'Hand over' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('combobox', { name: 'To' }).fill('a')
    await page.getByRole('option', { name: 'Ria Koster' }).waitFor()
    const offered = (await page.locator('[data-combobox-option]').allInnerTexts()).join('|')
    assert.ok(offered.includes('Ria Koster') && offered.includes('Amira Benali'), offered)
    // What they are, where, and that they are there: their console is open.
    assert.match(offered, /Ria Koster\s+Guard · Every site · on duty/)
    // Oneself, an auditor, an engineer, and who works at another site alone.
    for (const name of ['Willem', 'Hanneke', 'Tom Ouwehand', 'Frans'])
      assert.ok(!offered.includes(name), offered)
    await page.getByRole('option', { name: 'Ria Koster' }).click()
    await dialog.getByRole('textbox', { name: 'Note' }).fill('The lock is broken.')
    await dialog.getByRole('button', { name: 'Hand over' }).click()
    await dialog.waitFor({ state: 'hidden' })
    return { id, title }
  }
  const cards = gate.getByRole('region', { name: 'Hand-overs to you' })
  const owner = async (id) => (await api('GET', `/v1/incidents/${id}`)).body.incident.owner
  await gate.goto(`${base}/people`)
  const taken = await give()
  await cards.getByText(taken.title).waitFor()
  await cards.getByText('The lock is broken.').waitFor()
  await gate.getByRole('link', { name: /handed over to you/ }).waitFor()
  assert.deepEqual(await violations(gate), [])
  await gate.keyboard.press('y')
  await cards.getByText(taken.title).waitFor({ state: 'hidden' })
  assert.equal((await owner(taken.id)).id, 'mf2074')

  const refused = await give()
  await gate.goto(`${base}/incidents?owner=me`)
  const first = gate.getByRole('option').first()
  await first.filter({ hasText: refused.title }).getByText('For you').waitFor()
  await cards.getByRole('button', { name: 'Decline' }).click()
  await gate.getByText(/still answers for it/).waitFor()
  assert.equal((await owner(refused.id)).id, 'mf2008')
})

await journey('what is chosen by a link is what the queue points at', async () => {
  const [one, other] = [await incident(), await incident()]
  await open(`/operations?i=${one.id}`)
  await row(one.title).and(page.locator('[aria-selected=true]')).waitFor()
  await page.keyboard.press('Control+k')
  await page.keyboard.type(other.title)
  await page.keyboard.press('Enter')
  await detail().getByText(other.title).first().waitFor()
  await row(other.title).and(page.locator('[aria-selected=true]')).waitFor()
  await page.goBack()
  await row(one.title).and(page.locator('[aria-selected=true]')).waitFor()
})

await journey('a row of the evidence leads to the event itself', async () => {
  const { incidents } = (await api('GET', '/v1/incidents?limit=200')).body
  const found = incidents.find((one) => one.evidence?.length > 0)
  assert.ok(found, 'no incident has evidence')
  await open(`/operations?i=${found.id}`)
  await page.locator('td a[href^="/events"]').first().click()
  const one = page.getByRole('region', { name: 'Event', exact: true })
  await one.getByText('OCSF event').waitFor()
})

await journey('a camera that cannot be played says why, and who can change that', async () => {
  const { doors } = (await api('GET', '/v1/organisation')).body
  const { door } = doors.find(({ camera }) => camera)
  await open(`/places?id=${door}`)
  await page.getByRole('button', { name: /cannot be played from here/ }).first().click()
  const why = page.getByRole('dialog', { name: /cannot be played from here/ })
  await why.getByText('[console] camera_link').waitFor()
  await why.getByRole('link', { name: /^Where / }).click()
  await page.waitForURL(/asset=/)
})

await journey('sound that the browser blocks is said, and one click allows it', async () => {
  const strict = await launch({ isStrict: true })
  try {
    // Signed in, and with sound: the desk of the others is muted.
    const { cookies } = await context.storageState()
    const { context: own, page: quiet } = await device(strict, {
      storageState: { cookies, origins: [] },
    })
    // Whatever looks into the page counts as a gesture: first it must stand as a person finds it.
    const stands = quiet.waitForRequest(/\/v1\/sources/)
    await quiet.goto(`${base}/sources`)
    await stands
    await quiet.getByRole('button', { name: /Sound blocked/ }).click()
    await quiet.getByRole('button', { name: /^Sound is on/ }).waitFor()
    await own.close()
  } finally {
    await strict.close()
  }
})

await journey('from an event to who it could have been, and back to the evidence', async () => {
  const { events } = (await api('GET', '/v1/events?class=4230001&limit=200')).body
  const found = events.find(({ event }) => event.activity_id === 3) ?? events[0]
  assert.ok(found, 'no passage in the demo')
  await open(`/events?mode=search&event=${found.record}.${found.part}`)
  await page.getByRole('link', { name: 'Who could it have been?' }).click()
  const question = page.getByRole('region', { name: 'When and where' })
  await question.getByRole('link', { name: 'its event' }).waitFor()
  const ask = question.getByRole('button', { name: 'Ask' })
  assert.ok(await ask.isDisabled(), 'it can be asked without a reason')
  await question.getByRole('textbox', { name: 'Why is this asked?' }).fill('journey')
  await ask.click()
  const answer = page.getByRole('region', { name: 'Who could it have been?' })
  for (const group of ['Could have been', 'Not known', 'Cannot have been']) {
    await answer.getByRole('region', { name: group }).waitFor()
  }
  const excluded = answer.getByRole('region', { name: 'Cannot have been' })
  await excluded.getByRole('button', { name: /^Why/ }).first().click()
  await excluded.locator('a[href*="event="]').first().click()
  await page.getByRole('region', { name: 'Event', exact: true }).getByText('OCSF event').waitFor()
})

await journey('a finding is read as a sentence, its evidence, and what nobody knew', async () => {
  const { incidents } = (await api('GET', '/v1/incidents?limit=200')).body
  const found = incidents.find((one) => one.findings.length > 0)
  assert.ok(found, 'no incident has findings')
  await open(`/operations?i=${found.id}`)
  const list = page.getByRole('region', { name: 'Findings' })
  await list.getByText(/Provisional|Confirmed|Withdrawn/).first().waitFor()
  await list.getByRole('link').first().click()
  const finding = page.getByRole('region', { name: 'Finding', exact: true })
  for (const part of ['What happened, in order', 'What nobody knows', 'Where it belongs']) {
    await finding.getByRole('heading', { name: part }).waitFor()
  }
  await finding.locator('a[href^="/events"]').first().waitFor()
})

await journey('people, sources and rules are read: who, how well, and why', async () => {
  {
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
  }
  {
    await open('/sources')
    const table = page.getByRole('table')
    await table.getByRole('button').first().click()
    const source = page.getByRole('region', { name: 'Source', exact: true })
    await source.getByRole('heading', { name: 'What became of every record' }).waitFor()
    const { body } = await api('GET', '/v1/sources')
    assert.ok(body.length > 0)
    assert.equal(await source.getByText('the accounts are wrong').count(), 0)
  }
  {
    await open('/detections')
    await page.getByRole('table').getByRole('button').first().click()
    await page
      .getByRole('region', { name: 'Rule', exact: true })
      .getByRole('heading', { name: 'Findings' })
      .waitFor()
  }
})

const nameIsEverywhere = async () => {
  if (!soc) return
  // At the analyst's desk: an administrator may not ask for names.
  const page = soc
  const api = apiOf(page)
  const open = async (path) => {
    await page.goto(base + path)
    await page.getByRole('main').waitFor()
  }
  const row = (title) => page.getByRole('option').filter({ hasText: title })
  const detail = () => page.getByRole('region', { name: 'Incident', exact: true })
  const { incidents } = (await api('GET', '/v1/incidents?limit=200')).body
  const about = incidents.filter((one) => one.evidence?.length > 0)
  const people = about.flatMap((one) => one.entities.filter((e) => e.startsWith('person:')))
  let id
  for (const person of people.map((entity) => entity.slice('person:'.length))) {
    const { body } = await api('GET', `/v1/people/${person}`)
    if (body.name === null) id = person
  }
  assert.ok(id, `nobody's name is hidden: ${people}`)
  const found = about.find((one) => one.entities.includes(`person:${id}`))

  // What nobody asked for is told to nobody, and whoever searches is told what to do.
  const hint = page.getByText('Names are hidden until you give a reason')
  await open('/events?mode=search&q=person:nobody-of-this-name')
  await hint.waitFor()
  await open('/people')
  await page.getByRole('textbox', { name: 'Find people' }).fill('nobody of this name')
  await hint.waitFor()
  await open(`/incidents?i=${found.id}`)
  await detail().getByText(id).first().waitFor()

  await open(`/people?id=${id}`)
  await page.getByRole('button', { name: 'Show the name' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Reason' }).fill('The journey wants it.')
  await dialog.getByRole('button', { name: 'Show the name' }).click()
  await dialog.getByRole('button', { name: 'Done' }).click()
  const { name } = (await api('GET', `/v1/people/${id}`)).body
  await page.getByRole('heading', { name }).waitFor()
  await page.getByRole('option').filter({ hasText: name }).waitFor()

  await open(`/incidents?q=${encodeURIComponent(name)}&i=${found.id}`)
  await row(found.title).first().waitFor()
  await detail().getByRole('link', { name }).first().waitFor()
  assert.equal(await detail().getByText(id, { exact: true }).count(), 0, 'a number beside the name')
  await open(`/operations?i=${found.id}&at=incident`)
  await page.locator('td').getByText(name).first().waitFor()

  const word = name.split(' ').at(-1).toLowerCase()
  await open(`/events?mode=search&q=person:${word}`)
  const table = page.getByRole('grid', { name: 'Events, newest first' })
  await table.getByRole('gridcell', { name }).first().waitFor()
  // Values in a row ask further; what happened opens it.
  await table.getByRole('row').nth(1).getByRole('gridcell').nth(1).click()
  const one = page.getByRole('region', { name: 'Event', exact: true })
  await one.getByRole('link', { name }).first().waitFor()
  await page.keyboard.press('Control+k')
  await page.keyboard.type(name)
  await page.getByRole('dialog').getByRole('option').filter({ hasText: name }).first().waitFor()
  await page.keyboard.press('Escape')

  const file = await page.evaluate(async (person) => {
    const answer = await fetch(`/v1/events/export?format=csv&person=${person}`)
    return { named: answer.headers.get('content-disposition'), text: await answer.text() }
  }, id)
  assert.match(file.named, new RegExp(`events-${id}-\\d{4}-\\d\\d-\\d\\dT\\d{4}Z\\.csv`))
  const [head, first] = file.text.split('\r\n')
  for (const column of ['what', 'person_name', 'account', 'place_name', 'host', 'src_ip']) {
    assert.ok(head.split(',').includes(column), `${column} of ${head}`)
  }
  assert.ok(first.includes(name), first)
}
await journey(
  'a name that was asked for is a name everywhere, and no other is told',
  nameIsEverywhere,
  { page: soc },
)

await journey('a badge that should have ended says so, and does not say where', async () => {
  let leaver
  await eventually(async () => {
    const { incidents } = (await api('GET', '/v1/incidents?limit=200')).body
    leaver = incidents.find((one) => one.rules.includes('leaver-badge'))
    return leaver !== undefined
  })
  const id = leaver.entities.find((entity) => entity.startsWith('person:')).slice('person:'.length)
  await open(`/people?id=${id}`)
  const person = page.getByRole('region', { name: 'Person', exact: true })
  await person.getByText(/Should have ended on .*, when this person left/).waitFor()
  await person.getByText('Last badge use').waitFor()
  await person.getByText(/This person left on /).waitFor()
  assert.equal(await person.getByText('never seen').count(), 0, 'a passage that was never seen')
  assert.deepEqual(await violations(), [])
})

await journey('what is written down is corrected, reported and bundled as evidence', async () => {
  const text = `A parcel at the gate, ${Date.now()}`
  await open('/incidents?tab=log')
  const field = page.getByRole('textbox', { name: 'What happened' })
  await field.fill(text)
  await page.reload()
  assert.equal(await field.inputValue(), text, 'the draft is lost')
  await field.press('Control+Enter')
  const entry = page.getByRole('listitem').filter({ hasText: text })
  await entry.waitFor()
  assert.equal(await field.inputValue(), '')
  await entry.hover()
  await entry.getByRole('button', { name: /^Correct this entry/ }).click()
  await field.fill(`${text}, fetched`)
  await field.press('Control+Enter')
  await page.getByRole('deletion').filter({ hasText: text }).waitFor()
  const kept = (await api('GET', '/v1/occurrences?limit=5')).body.occurrences
  const first = kept.find((one) => one.text === text)
  assert.equal(kept.find((one) => one.text === `${text}, fetched`).corrects, first.id)

  assert.deepEqual(await violations(), [])
  await page.getByRole('button', { name: 'Shift report' }).click()
  const report = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: /last 8 hours/ }).click()
  const pdf = await readFile(await (await report).path())
  assert.equal(pdf.subarray(0, 5).toString(), '%PDF-')

  const { id } = await incident()
  await open(`/incidents?i=${id}`)
  await detail().getByRole('button', { name: 'Evidence bundle and address' }).click()
  await page.getByRole('menuitem', { name: 'Evidence bundle' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Reason' }).fill('The journey wants it.')
  const bundle = page.waitForEvent('download')
  await dialog.getByRole('button', { name: 'Make the bundle' }).click()
  const zip = await readFile(await (await bundle).path())
  const sum = createHash('sha256').update(zip).digest('hex')
  await dialog.getByText(sum).waitFor()
})

// Records are an engineer's to see and not an administrator's, so that this one has a desk of its own.
const workshop = engineer
  ? await device(browser, { viewport: { width: 1440, height: 900 } })
  : { page }
if (engineer) {
  workshop.page.setDefaultTimeout(10_000)
  await watch(workshop.page, troubles)
  await signIn(workshop.page, base, engineer)
}

await journey(
  'a mapping is mended, and its dead letter becomes an event',
  async () => {
    const desk = workshop.page
    const mark = `journey-${Date.now()}`
    const alert = { alertId: mark, title: 'A new agent', severity: 'low', serviceSource: 'x' }
    const { alertId, ...rest } = alert
    const known = JSON.stringify({ id: `${alertId}-known`, ...rest })
    await ingest(page, base, 'edr', 'application/x-ndjson', known)
    const since = new Date(Date.now() - 86_400_000).toISOString()
    const waiting = async () =>
      (await apiOf(desk)('GET', '/v1/dead-letters?source=edr&status=open&limit=500')).body.length
    const waited = await waiting()
    await ingest(page, base, 'edr', 'application/x-ndjson', JSON.stringify(alert))
    await eventually(async () => (await waiting()) > waited)
    await desk.goto(`${base}/sources?tab=dead&id=edr`)
    await desk
      .getByRole('row')
      .filter({ hasText: mark })
      .getByRole('link', { name: 'Mend the mapping' })
      .click()
    const field = desk.getByRole('textbox', { name: 'map.vrl' })
    await field.filter({ hasText: 'text(.id)' }).waitFor()
    const before = await field.inputValue()
    await field.fill(before.replace('id = text(.id) ||', 'id = text(.id) || ||'))
    const fault = desk
      .getByRole('region', { name: 'map.vrl' })
      .getByRole('button')
      .filter({ hasText: /^line \d+/ })
      .first()
    await fault.click()
    // What does not hold cannot be saved, and says why.
    const save = desk.getByRole('button', { name: /^Save/ })
    assert.ok(await save.isDisabled(), 'a syntax error can be saved')
    const [, line] = /^line (\d+)/.exec(await fault.innerText())
    const cursor = await field.evaluate((area) => [
      document.activeElement === area,
      area.value.slice(0, area.selectionStart).split('\n').length,
    ])
    assert.deepEqual(cursor, [true, Number(line)])
    const mended = before.replace('id = text(.id) ||', 'id = text(.id) || text(.alertId) ||')
    await field.fill(mended)
    const letter = desk.getByRole('list', { name: 'Dead letters' }).getByRole('button').first()
    await letter.getByText('gives events').waitFor({ state: 'attached' })
    // What its source said last is tried too, and stays as it is.
    const last = desk.getByRole('list', { name: 'Last records that were understood' })
    const newest = last.getByRole('button').first()
    await newest.getByText('stays as it is').waitFor({ state: 'attached' })
    await desk.getByText(/0 of .*records? change/).waitFor()
    assert.deepEqual(await violations(desk), [])
    await field.press('Control+s')
    const dialog = desk.getByRole('dialog')
    const finish = () => dialog.getByRole('button', { name: 'Done' }).click()
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('The new agent calls it alertId.')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText(/In force as version/).waitFor()
    await finish()
    await desk.getByRole('button', { name: 'Compare with the shipped one' }).click()
    await dialog.getByRole('insertion').filter({ hasText: 'text(.alertId)' }).waitFor()
    assert.deepEqual(await violations(desk), [])
    await desk.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })

    // What changes what samples give is saved when the box says that this is meant.
    await field.fill(`${mended}\n.status_detail = "the journey was here"\n`)
    const samples = desk.getByRole('list', { name: 'What its samples give' })
    await samples.getByText('the journey was here').first().waitFor()
    await newest.getByText('changes').waitFor({ state: 'attached' })
    await newest.click()
    await desk
      .getByRole('region', { name: 'What it gives' })
      .getByRole('insertion')
      .filter({ hasText: 'the journey was here' })
      .first()
      .waitFor()
    await field.press('Control+s')
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('The journey changes its mind.')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('tick the box and save again').waitFor()
    await dialog.getByRole('checkbox').check()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText(/In force as version/).waitFor()
    await finish()
    await samples.waitFor({ state: 'detached' })
    await desk.getByRole('button', { name: /through again/ }).click()
    await dialog.getByRole('button', { name: 'Run again' }).click()
    await dialog.getByText(/^(\d+) of \1 became events/).waitFor()
    await finish()
    await eventually(async () => {
      const { body } = await api('GET', `/v1/events?source=edr&limit=50&from=${since}`)
      return JSON.stringify(body).includes(mark)
    })
    await desk.getByRole('button', { name: 'Back to the shipped one' }).click()
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('The journey is over.')
    await dialog.getByRole('button', { name: 'Back to the shipped one' }).click()
    await dialog.getByText('The shipped mapping is in force.').waitFor()
    await finish()
  },
  { page: workshop.page },
)

/** Joins both worlds: who logs on, and where the doors say that they are. */
const CONVERGED = (id) => `title: A log-on by somebody inside
id: ${id}
logsource: { category: authentication }
detection:
  selection:
    class_uid: 3002
    castellan.presence.state: [in, unknown]
  condition: selection
level: informational
castellan:
  team: soc
  because: "{castellan.person} logged on, believed {castellan.presence.state}."
  sop: [Nothing. It is a journey.]
`

await journey(
  'a converged rule is written, tested, replayed, enabled and turned off',
  async () => {
    const desk = workshop.page
    const id = `journey-${Date.now()}`
    const dialog = desk.getByRole('dialog')
    const finish = () => dialog.getByRole('button', { name: 'Done' }).click()
    const because = async (label, words) => {
      await dialog.getByRole('textbox', { name: 'Reason' }).fill('The journey wants it.')
      await dialog.getByRole('button', { name: label }).click()
      await dialog.getByText(words).waitFor()
      await finish()
    }
    await desk.goto(`${base}/detections`)
    await desk.getByRole('button', { name: 'New rule' }).click()
    const rule = desk.getByRole('textbox', { name: 'Rule', exact: true })
    const check = desk.getByRole('region', { name: 'Check' })
    await rule.fill(CONVERGED(id).replace('castellan.presence.state', 'castellan.presence.stat'))
    await check.getByText(/nothing fills the field/).waitFor()
    await rule.fill(CONVERGED(id))
    await desk
      .getByRole('textbox', { name: 'Cases', exact: true })
      .fill(
        `rule: ${id}\ncases:\n  - name: nobody knows\n    expect: undecided\n    events:\n      - { at: ` +
          `"10:00:00", source: idp, category: authentication, ocsf: { class_uid: 3002, user: ` +
          `{ name: x } } }\n  - name: no log-on\n    expect: nothing\n    events:\n      - { at: ` +
          `"10:00:00", source: idp, category: authentication, ocsf: { class_uid: 3001 } }\n`,
      )
    await check.getByText(/rule loads/).waitFor()
    assert.deepEqual(await violations(desk), [])
    const replay = desk.getByRole('region', { name: 'Replay', exact: true })
    await replay.getByRole('button', { name: 'Replay' }).click()
    await replay.getByRole('region', { name: 'What it found' }).waitFor({ timeout: 60_000 })
    assert.deepEqual(await violations(desk), [])
    await rule.press('Control+s')
    await because('Save and enable', /is in force/)
    await eventually(async () => {
      const { status } = await apiOf(desk)('GET', `/v1/rules/${id}`)
      return status === 200
    })
    await desk.getByRole('button', { name: 'Back to the list' }).click()
    await desk.getByRole('button', { name: 'Turn off' }).click()
    await because('Turn off', 'It is off.')
    await desk.getByRole('button', { name: 'Turn on' }).click()
    await because('Turn on', 'It is on.')
    for (const tab of ['Alarm rate', 'Exceptions', 'Late events']) {
      await desk.getByRole('radiogroup').getByText(tab, { exact: true }).click()
      await eventually(async () => (await violations(desk)).length === 0)
    }
    await desk.goto(`${base}/detections?draft=${id}`)
    await desk.getByRole('button', { name: 'Take it away' }).click()
    await because('Take it away', 'It is gone.')
  },
  { page: workshop.page },
)

await journey('a raw record is shown as it came, and System only what one may open', async () => {
  const desk = workshop.page
  const mark = `raw-${Date.now()}`
  const alert = { id: mark, title: '<b>A new agent</b>', severity: 'low', serviceSource: 'x' }
  const text = JSON.stringify(alert)
  await ingest(page, base, 'edr', 'application/x-ndjson', text)
  const since = new Date(Date.now() - 86_400_000).toISOString()
  let found
  await eventually(async () => {
    const { body } = await api('GET', `/v1/events?source=edr&limit=50&from=${since}`)
    found = body.events.find((one) => JSON.stringify(one).includes(mark))
    return found !== undefined
  })
  await desk.goto(`${base}/events?mode=search&event=${found.record}.${found.part}`)
  const one = desk.getByRole('region', { name: 'Event', exact: true })
  await one.getByText('OCSF event').click()
  await one.locator('pre').getByText('"class_uid"').waitFor()
  await one.getByText('Raw record').click()
  await one.locator('pre').getByText(text).waitFor()
  assert.deepEqual(await violations(desk), [])
  if (!engineer) return
  // The administrator may not read raw records, and is told so.
  await open(`/events?mode=search&event=${found.record}.${found.part}`)
  const mine = page.getByRole('region', { name: 'Event', exact: true })
  await mine.getByText('Raw record').click()
  await mine.getByText(/does not let you|may not/).waitFor()
  await desk.goto(`${base}/system`)
  const tabs = desk.getByRole('navigation', { name: 'Parts of the system' })
  await tabs.getByRole('link', { name: 'Limits' }).waitFor()
  for (const name of ['Tokens', 'Operators', 'Audit'])
    assert.equal(await tabs.getByRole('link', { name }).count(), 0, name)
  await desk.goto(`${base}/system?tab=audit`)
  await desk.getByText('You may not see or do this').waitFor()
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
  await open('/system?tab=audit')
  await page.getByText(/^Whole: \d/).waitFor()
  await page.getByRole('cell', { name: 'token.revoke', exact: true }).first().waitFor()
})

await doorJourneys({ journey, page, open, api, violations, eventually, silence })

for (const theme of ['dark', 'light']) {
  for (const name of theme === 'dark' ? [...PAGES, ...MORE_PAGES] : PAGES) {
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
