import { readFile, access } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join, extname } from 'node:path'
import { device, launch, signIn, apiOf } from './lib.mjs'
import { chromium } from 'playwright-core'
const OUT = '/tmp/castellan/s6/desk-look'
const log = await readFile(process.env.DEMO_LOG ?? '/tmp/castellan/s6/desk-demo.log', 'utf8')
export const links = Object.fromEntries([...log.matchAll(/^ +(guard|analyst|engineer|auditor|administrator) +(\S+) .*?(http:\S+)$/gm)].map(([, role, name, link]) => [role === 'guard' ? name.toLowerCase() : role, link]))
export const base = links.administrator.split('/#')[0]
const DIST = new URL('../dist/', import.meta.url).pathname
const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.html': 'text/html', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' }
export async function desk(browser, who, options = {}) {
  const kept = `${OUT}/${who}-${new URL(base).port}.json`
  const { context, page } = await device(browser, { ...options, ...(existsSync(kept) && { storageState: kept }) })
  if (!process.env.REAL) await context.route((url) => !url.pathname.startsWith('/v1') && !url.pathname.startsWith('/openapi'), async (route) => {
    const path = new URL(route.request().url()).pathname
    const file = join(DIST, extname(path) ? path : 'index.html')
    if (!existsSync(file)) return route.fulfill({ status: 404, body: '' })
    return route.fulfill({ body: await readFile(file), contentType: TYPES[extname(file)] ?? 'application/octet-stream' })
  })
  page.setDefaultTimeout(10000)
  page.on('pageerror', (e) => console.log('page error', e.message))
  if (!existsSync(kept)) { await signIn(page, base, links[who]); await context.storageState({ path: kept }) }
  return { context, page, api: apiOf(page) }
}
export const shot = (page, name) => page.screenshot({ path: `${OUT}/${name}.png` })
export { launch, chromium }
