// The console's budgets, measured over a running demo: node scripts/measure.mjs BASE LINK --pid SERVER
import { readFileSync } from 'node:fs'
import { arguments_, device, launch, signIn } from './lib.mjs'

const { base, link, pid, only } = arguments_()
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
