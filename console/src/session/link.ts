/** The one-time link's code: read from the address once, then gone from it and from the history. */
let code: string | undefined
let refused: string | undefined

/** Reads the code out of `/#/signin?code=…`, before anything else looks at the address. */
export function readLinkCode(): void {
  readRefusal()
  const found = /^#\/signin\?(.*)$/.exec(location.hash)
  if (!found) return
  code = new URLSearchParams(found[1]).get('code') ?? undefined
  history.replaceState(null, '', '/')
}

/** The code, once. */
export function takeLinkCode(): string | undefined {
  const taken = code
  code = undefined
  return taken
}

/** A link was followed: it counts more than a session that may still stand. */
export const hasLinkCode = (): boolean => code !== undefined

/** An identity provider sent the browser back without a session: `/signin?problem=CODE`. */
function readRefusal(): void {
  if (location.pathname !== '/signin') return
  refused = new URLSearchParams(location.search).get('problem') ?? undefined
  history.replaceState(null, '', `/${location.hash}`)
}

/** Why the provider's way in ended here, once. */
export function takeRefusal(): string | undefined {
  const taken = refused
  refused = undefined
  return taken
}
