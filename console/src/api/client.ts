import createClient, { type Middleware } from 'openapi-fetch'
import type { paths } from './schema'
import { problemOf, unreachable, Problem } from './problem'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])
/** Longer than any answer takes that is not a search or an export. */
const WAIT_MS_MAX = 35_000
/** A bundle of evidence or a report is made while we wait. */
const FILE_WAIT_MS_MAX = 180_000

let csrf: string | undefined
let onSessionLost: (problem: Problem) => void = () => {}

/** The session's token against forged requests; kept in memory alone. */
export function setCsrf(token: string | undefined): void {
  csrf = token
}

/** Who is told when the server no longer knows the session. */
export function whenSessionLost(tell: (problem: Problem) => void): void {
  onSessionLost = tell
}

/** What can be done about a refusal so that the same request passes; `false`: nothing. */
let mend: (problem: Problem) => Promise<boolean> = async () => false

/** Who gives what a refused request lacked. */
export function whenRefused(mended: (problem: Problem) => Promise<boolean>): void {
  mend = mended
}

/** A request without our cookie is one without a token, to a server that also takes those. */
const isSignedOut = (code: string): boolean =>
  code.startsWith('session_') || code === 'token_missing'

/** Sends a request; a change once more, if what it lacked was given meanwhile. */
async function send(request: Request, wait_ms = WAIT_MS_MAX): Promise<Response> {
  const spare = SAFE.has(request.method) ? undefined : request.clone()
  try {
    return await attempt(request, wait_ms)
  } catch (thrown) {
    if (!spare || !(thrown instanceof Problem) || !(await mend(thrown))) throw thrown
    return attempt(spare, wait_ms)
  }
}

async function attempt(request: Request, wait_ms: number): Promise<Response> {
  if (csrf && !SAFE.has(request.method)) request.headers.set('X-CSRF-Token', csrf)
  const own = AbortSignal.timeout(wait_ms)
  const signal = request.signal ? AbortSignal.any([request.signal, own]) : own
  let response: Response
  try {
    response = await fetch(request, { signal, credentials: 'same-origin' })
  } catch (thrown) {
    if (request.signal?.aborted) throw thrown
    throw unreachable(own.aborted ? 'no answer in time' : 'the server cannot be reached')
  }
  if (response.ok) return response
  const problem = await problemOf(response)
  if (response.status === 401 && isSignedOut(problem.code)) onSessionLost(problem)
  throw problem
}

const refuse: Middleware = {
  onError: ({ error }) => (error instanceof Error ? error : new Error(String(error))),
}

/** The typed client: `const page = await body(api.GET('/v1/incidents', { params }))`. */
export const api = createClient<paths>({ baseUrl: '/', fetch: (request) => send(request) })
api.use(refuse)

/** The body of a typed call; a refusal is thrown as a `Problem`. */
export async function body<T>(call: Promise<{ data?: T }>): Promise<T> {
  const { data } = await call
  return data as T
}

export interface CallOptions {
  query?: Record<string, string | number | boolean | undefined | null>
  json?: unknown
  body?: BodyInit
  type?: string
  headers?: Record<string, string>
  signal?: AbortSignal
}

/** An address with its query; empty values are left out. */
export function address(path: string, query: CallOptions['query'] = {}): string {
  const pairs = Object.entries(query).filter(([, v]) => v !== undefined && v !== null && v !== '')
  const text = new URLSearchParams(pairs.map(([k, v]) => [k, String(v)])).toString()
  return text ? `${path}?${text}` : path
}

/** A call that `schema/openapi.json` does not describe yet, or whose body is not JSON. */
export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const headers = new Headers({ ...options.headers, Accept: 'application/json' })
  let content = options.body
  if (options.json !== undefined) {
    content = JSON.stringify(options.json)
    headers.set('Content-Type', 'application/json')
  } else if (options.type) headers.set('Content-Type', options.type)
  const url = new URL(address(path, options.query), location.origin)
  const response = await send(
    new Request(url, { method, headers, body: content, signal: options.signal }),
  )
  if (response.status === 204) return undefined as T
  const kind = response.headers.get('content-type') ?? ''
  if (!kind.includes('json')) throw new Problem(404, 'not_json', `${path} gave no JSON`)
  return (await response.json()) as T
}

export const get = <T>(path: string, query?: CallOptions['query'], signal?: AbortSignal) =>
  call<T>('GET', path, { query, signal })

/** A file that the server makes; one that takes long may take long. */
export function fetchFile(
  path: string,
  query: CallOptions['query'],
  headers: Record<string, string> = {},
): Promise<Response> {
  const url = new URL(address(path, query), location.origin)
  return send(new Request(url, { headers }), FILE_WAIT_MS_MAX)
}
