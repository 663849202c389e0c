// The console's budgets, measured over a running demo: node scripts/measure.mjs BASE LINK --pid SERVER
import { readFileSync } from 'node:fs'
import { arguments_, device, launch, signIn } from './lib.mjs'

const { base, link, pid, only } = arguments_()
const ROUNDS = 5
const EVENTS = 100
const CONSOLES = 50
const TAIL_RATE = 2_000
const TAIL_S = 10
/** Clock ticks a second of /proc/PID/stat: proc(5). */
const TICKS_PER_S = 100

const sleep = (ms) => new Promise((done) => setTimeout(done, ms))
const round = (number) => Math.round(number * 10) / 10
function rank(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))])
}
function cpuSeconds() {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S
}

const browser = await launch()
const { context, page } = await device(browser)
await signIn(page, base, link)
const state = await context.storageState()

/** Asks the server as the page would. */
function ask(method, path, body) {
  return page.evaluate(
    async ([method, path, body]) => {
      const session = await (await fetch('/v1/session')).json()
      const headers = { 'content-type': 'application/json', 'x-csrf-token': session.csrf }
      const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) })
      return answer.json()
    },
    [method, path, body],
  )
}
async function token() {
  const expires = new Date(Date.now() + 864e5).toISOString()
  const wanted = {
    label: 'measures',
    scopes: ['ingest'],
    sources: ['pacs-dc'],
    expires_at: expires,
  }
  return (await ask('POST', '/v1/tokens', wanted)).token
}
async function send(secret, lines) {
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'text/csv' }
  const body = `time,badge,door,direction,result\n${lines.join('\n')}\n`
  const answer = await fetch(`${base}/v1/ingest/pacs-dc`, { method: 'POST', headers, body })
  if (!answer.ok) throw new Error(`ingest: ${answer.status} ${await answer.text()}`)
}
const passage = (badge) => `${new Date().toISOString()},${badge},DC Gatehouse,in,taken`

const measures = {
  /** From asking for the page until the queue or its empty state can be read. */
  async 'first useful paint'() {
    const result = {}
    for (const slower of [1, 4]) {
      const times = []
      for (let n = 0; n < ROUNDS; n += 1) {
        const fresh = await browser.newContext({ storageState: state })
        const tab = await fresh.newPage()
        const cdp = await fresh.newCDPSession(tab)
        await cdp.send('Emulation.setCPUThrottlingRate', { rate: slower })
        const began = Date.now()
        await tab.goto(`${base}/operations`, { waitUntil: 'commit' })
        const queue = tab.getByRole('listbox').or(tab.getByText('All is well'))
        await queue.first().waitFor({ timeout: 30_000 })
        times.push(Date.now() - began)
        await fresh.close()
      }
      result[`ms, CPU ÷ ${slower}`] = rank(times, 0.5)
    }
    return result
  },

  /** One passage at a time over HTTP, until the live list shows another row. */
  async 'wire to browser'() {
    const secret = await token()
    await page.goto(`${base}/events?mode=live&q=door:dc-d-gate`)
    await page.getByRole('grid').waitFor()
    await sleep(2_000)
    const times = []
    for (let n = 0; n < EVENTS; n += 1) {
      await page.evaluate(() => {
        const list = document.querySelector('[role=grid]')
        window.seen = new Promise((done) => {
          new MutationObserver((_, observer) => {
            observer.disconnect()
            requestAnimationFrame(() => done(Date.now()))
          }).observe(list, { childList: true, subtree: true })
        })
      })
      const began = Date.now()
      await send(secret, [passage(900_000 + n)])
      times.push((await page.evaluate(() => window.seen)) - began)
      await sleep(100)
    }
    return { events: EVENTS, p50_ms: rank(times, 0.5), p99_ms: rank(times, 0.99) }
  },

  /** Many records a second past an open live list. */
  async 'live tail'() {
    const secret = await token()
    await page.goto(`${base}/events?mode=live`)
    await page.getByRole('grid').waitFor()
    const cdp = await context.newCDPSession(page)
    await cdp.send('Performance.enable')
    const metrics = async () => {
      const { metrics } = await cdp.send('Performance.getMetrics')
      return Object.fromEntries(metrics.map((one) => [one.name, one.value]))
    }
    await page.evaluate(() => {
      window.long = []
      new PerformanceObserver((list) =>
        window.long.push(...list.getEntries().map((entry) => entry.duration)),
      ).observe({ entryTypes: ['longtask'] })
    })
    const before = await metrics()
    const began = Date.now()
    let sent = 0
    while (Date.now() - began < TAIL_S * 1_000) {
      const due = Math.floor(((Date.now() - began) / 1_000) * TAIL_RATE)
      if (due > sent) {
        await send(
          secret,
          Array.from({ length: due - sent }, (_, n) => passage(910_000 + n)),
        )
        sent = due
      }
      await sleep(50)
    }
    const after = await metrics()
    const wall = (Date.now() - began) / 1_000
    const long = await page.evaluate(() => window.long)
    return {
      records_a_second: round(sent / wall),
      script_percent: round(((after.ScriptDuration - before.ScriptDuration) / wall) * 100),
      tasks_over_50_ms: long.length,
      longest_ms: round(Math.max(0, ...long)),
    }
  },

  /** What a console asks of the server while nobody touches it, fifty times over. */
  async 'fifty consoles'() {
    if (!pid) return { skipped: 'no --pid' }
    await page.goto('about:blank')
    const cookie = state.cookies.map((one) => `${one.name}=${one.value}`).join('; ')
    const stop = new AbortController()
    const one = async () => {
      const headers = { cookie }
      const live = await fetch(`${base}/v1/live`, { headers, signal: stop.signal })
      const read = (async () => {
        for await (const chunk of live.body) void chunk
      })().catch(() => {})
      while (!stop.signal.aborted) {
        await fetch(`${base}/v1/status`, { headers }).then((answer) => answer.text())
        await sleep(2_000)
      }
      await read
    }
    const idle = cpuSeconds()
    await sleep(15_000)
    const alone = (cpuSeconds() - idle) / 15
    const all = Array.from({ length: CONSOLES }, one)
    await sleep(3_000)
    const busy = cpuSeconds()
    await sleep(15_000)
    const together = (cpuSeconds() - busy) / 15
    stop.abort()
    await Promise.allSettled(all)
    return {
      core_percent_without: round(alone * 100),
      core_percent_with: round(together * 100),
    }
  },
}

for (const [name, measure] of Object.entries(measures)) {
  if (!only || name.includes(only)) console.log(`${name}: ${JSON.stringify(await measure())}`)
}
await browser.close()
