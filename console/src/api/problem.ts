/** A problem document (RFC 9457) as the console carries it. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    /** The last part of its type, such as `version_conflict`. */
    readonly code: string,
    readonly detail: string,
    readonly retryAfterS?: number,
    /** What else the server says about it, such as the faults of a file. */
    readonly more: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail)
    this.name = 'Problem'
  }

  /** The server does not know this address: an older server, or nothing there. */
  get isMissing(): boolean {
    return this.status === 404 || this.status === 405 || this.status === 501
  }

  get isForbidden(): boolean {
    return this.status === 403
  }
}

/** The link failed before the server could answer. */
export const unreachable = (detail: string) => new Problem(0, 'unreachable', detail)

/** Reads a refused answer. */
export async function problemOf(response: Response): Promise<Problem> {
  const retry = Number(response.headers.get('retry-after')) || undefined
  try {
    const body = (await response.clone().json()) as Record<string, unknown>
    const kind =
      typeof body.code === 'string'
        ? body.code
        : String(body.type ?? '')
            .split(':')
            .pop()
    const detail = typeof body.detail === 'string' ? body.detail : response.statusText
    return new Problem(response.status, kind || 'unknown', detail, retry, body)
  } catch {
    const detail = response.statusText || `HTTP ${response.status}`
    return new Problem(response.status, 'unknown', detail, retry)
  }
}

/** What went wrong, as a problem, whatever was thrown. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown
  return unreachable(thrown instanceof Error ? thrown.message : String(thrown))
}
