// The console's budgets, measured over a running demo:
// node scripts/measure.mjs BASE LINK --pid SERVER --syslog HOST:PORT
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { arguments_, device, launch, signIn } from './lib.mjs'

const { base, link, pid, syslog, only } = arguments_()
const ROUNDS = 5
const CONSOLES = 50
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

/** A log source of its own: OpenSSH over syslog, one TCP connection. */
async function sender() {
  const at = syslog.lastIndexOf(':')
  const socket = connect(Number(syslog.slice(at + 1)), syslog.slice(0, at))
  await new Promise((done, failed) => socket.once('connect', done).once('error', failed))
  const line = (words) => `<38>1 ${new Date().toISOString()} web-1 sshd 4711 - - ${words}\n`
  return {
    send: (all) => socket.write(all.map(line).join('')),
    end: () => socket.end(),
  }
}
const left = (user, n) => `Disconnected from user ${user} 10.9.${n % 250}.7 port ${40_000 + (n % 9_000)}`

/** Sends so many a second, evenly, until told to stop; then says how many. */
function stream(to, perSecond) {
  const STEP_MS = 50
  let [owed, sent, last] = [0, 0, Date.now()]
  const timer = setInterval(() => {
    const now = Date.now()
    owed += ((now - last) * perSecond) / 1_000
    last = now
    const lines = Math.floor(owed)
    owed -= lines
    to.send(Array.from({ length: lines }, (_, n) => left('ana', sent + n)))
    sent += lines
  }, STEP_MS)
  return () => {
    clearInterval(timer)
    return sent
  }
}

/** What the page's main thread does meanwhile. */
async function watched(tab, during) {
  const cdp = await tab.context().newCDPSession(tab)
  await cdp.send('Performance.enable')
  await tab.evaluate(() => {
    window.longTasks = []
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.longTasks.push(entry.duration)
    }).observe({ type: 'longtask' })
  })
  const read = async () => {
    const { metrics } = await cdp.send('Performance.getMetrics')
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]))
  }
  const [before, began] = [await read(), Date.now()]
  await during()
  const [after, seconds] = [await read(), (Date.now() - began) / 1_000]
  const spent = (name) => after[name] - before[name]
  const tasks = await tab.evaluate(() => window.longTasks)
  return {
    script_percent: round((spent('ScriptDuration') * 100) / seconds),
    main_thread_percent: round((spent('TaskDuration') * 100) / seconds),
    main_thread_ms: spent('TaskDuration') * 1_000,
    // The thread's own time, which a busy machine does not lengthen.
    thread_ms: spent('ThreadTime') * 1_000,
    tasks_over_50_ms: tasks.length,
    longest_ms: tasks.length ? round(Math.max(...tasks)) : 0,
  }
}

async function liveEvents(query) {
  const tab = await context.newPage()
  await tab.goto(`${base}/events?mode=live${query}`)
  await tab.getByRole('button', { name: 'Hold', exact: true }).waitFor({ timeout: 20_000 })
  return tab
}

const browser = await launch()
const { context, page } = await device(browser)
await signIn(page, base, link)
const state = await context.storageState()

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

  /** From an event's bytes into the socket until its row stands in the filtered tail, beside others. */
  async 'wire to browser'() {
    if (!syslog) return { skipped: 'no --syslog' }
    const tab = await liveEvents(`&q=${encodeURIComponent('marker')}`)
    await tab.evaluate(() => {
      window.shown = new Map()
      const look = () => {
        for (const row of document.querySelectorAll('[data-row]')) {
          if (!window.shown.has(row.dataset.row)) window.shown.set(row.dataset.row, Date.now())
        }
      }
      const all = { subtree: true, childList: true, attributes: true }
      new MutationObserver(look).observe(document.body, all)
    })
    const [one, others] = [await sender(), await sender()]
    const stop = stream(others, 1_000)
    await sleep(3_000)
    const sent = []
    for (let n = 0; n < 200; n += 1) {
      sent.push(Date.now())
      one.send([left('marker', n)])
      await sleep(40 + Math.random() * 80)
    }
    await sleep(3_000)
    stop()
    // Rows are named by their records' numbers, which go up as the events were sent.
    const shown = await tab.evaluate(() => [...window.shown])
    const times = shown.sort(([a], [b]) => Number(a) - Number(b)).map(([, time]) => time)
    one.end()
    others.end()
    await tab.close()
    if (times.length !== sent.length) return { sent: sent.length, seen: times.length }
    const waits = times.map((time, n) => time - sent[n])
    return {
      beside_per_s: 1_000,
      sent: sent.length,
      p50_ms: rank(waits, 0.5),
      p99_ms: rank(waits, 0.99),
      slowest_ms: rank(waits, 1),
    }
  },

  /** The tail of everything at 2,000 events a second; then one key after another through it. */
  async 'live tail'() {
    if (!syslog) return { skipped: 'no --syslog' }
    const tab = await liveEvents('')
    const to = await sender()
    const stop = stream(to, 2_000)
    await sleep(5_000)
    const tail = await watched(tab, () => sleep(20_000))
    const rate = await tab.getByText(/a second/).first().textContent()
    const sent = stop()
    to.end()
    await sleep(1_000)
    const PRESSES = 200
    const keys = await watched(tab, async () => {
      for (let n = 0; n < PRESSES; n += 1) await tab.keyboard.press(n % 10 === 9 ? 'k' : 'j')
    })
    await tab.close()
    const { main_thread_ms: _, thread_ms: _own, ...shown } = tail
    return {
      sent,
      shown_rate: rate,
      ...shown,
      ms_per_key: round(keys.main_thread_ms / PRESSES),
      own_ms_per_key: round(keys.thread_ms / PRESSES),
      key_tasks_over_50_ms: keys.tasks_over_50_ms,
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
