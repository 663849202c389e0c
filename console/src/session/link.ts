/** The one-time link's code: read from the address once, then gone from it and from the history. */
let code: string | undefined
/** Why the server sent the browser back to the sign-in page, as its code. */
let refusal: string | undefined

/** Reads the code out of `/#/signin?code=…`, before anything else looks at the address. */
export function readLinkCode(): void {
  if (location.pathname === '/signin') {
    refusal = new URLSearchParams(location.search).get('problem') ?? undefined
    history.replaceState(null, '', `/${location.hash}`)
  }
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

/** Why a sign-in by a provider ended at our door, for as long as the page stands. */
export const whyRefused = (): string | undefined => refusal
