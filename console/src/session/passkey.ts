/** WebAuthn between the server's JSON and the browser's buffers. */
import { call } from '../api/client'
import type { SessionAnswer } from '../api/types'

function bytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(plain, (c) => c.charCodeAt(0))
}

function base64url(buffer: ArrayBuffer | null | undefined): string | undefined {
  if (!buffer) return undefined
  const text = String.fromCharCode(...new Uint8Array(buffer))
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** What the server begins with: its ceremony's number and the browser's options. */
interface Begun {
  ceremony: string
  publicKey: Wire
}

interface Wire {
  publicKey?: Wire
  challenge: string
  user?: { id: string }
  allowCredentials?: { id: string }[]
  excludeCredentials?: { id: string }[]
}

const withBytes = (list: { id: string }[] | undefined) =>
  list?.map((item) => ({ ...item, id: bytes(item.id) }))

/** The server's options with buffers in them; some libraries wrap them once more. */
function options(wire: Wire): unknown {
  const plain = wire.publicKey ?? wire
  return {
    ...plain,
    challenge: bytes(plain.challenge),
    ...(plain.user && { user: { ...plain.user, id: bytes(plain.user.id) } }),
    ...(plain.allowCredentials && { allowCredentials: withBytes(plain.allowCredentials) }),
    ...(plain.excludeCredentials && { excludeCredentials: withBytes(plain.excludeCredentials) }),
  }
}

/** What the browser made, as the standard writes it; by hand where the browser is too old. */
function asJson(credential: PublicKeyCredential): Record<string, unknown> {
  if (typeof credential.toJSON === 'function') return credential.toJSON() as Record<string, unknown>
  const given = credential.response as AuthenticatorAssertionResponse &
    AuthenticatorAttestationResponse
  return {
    id: credential.id,
    rawId: base64url(credential.rawId),
    type: credential.type,
    extensions: credential.getClientExtensionResults(),
    response: {
      clientDataJSON: base64url(given.clientDataJSON),
      authenticatorData: base64url(given.authenticatorData),
      signature: base64url(given.signature),
      userHandle: base64url(given.userHandle),
      attestationObject: base64url(given.attestationObject),
      transports: given.getTransports?.(),
    },
  }
}

/** Whether this browser, at this address, can do passkeys at all. */
export const hasPasskeys = (): boolean =>
  typeof PublicKeyCredential !== 'undefined' && isSecureContext

/** Signs in with a passkey; the browser asks which one. */
export async function signInByPasskey(login?: string): Promise<SessionAnswer> {
  const { ceremony, publicKey } = await call<Begun>('POST', '/v1/signin/passkey/begin', {
    json: { login },
  })
  const asked = options(publicKey) as PublicKeyCredentialRequestOptions
  const credential = await navigator.credentials.get({ publicKey: asked })
  if (!credential) throw new Error('no passkey was chosen')
  const json = { ceremony, credential: asJson(credential as PublicKeyCredential) }
  return call('POST', '/v1/signin/passkey/finish', { json })
}

/** Makes a passkey for the operator who is signed in. */
export async function enrolPasskey(name: string): Promise<void> {
  const { ceremony, publicKey } = await call<Begun>('POST', '/v1/me/passkeys/begin', {
    json: { name },
  })
  const asked = options(publicKey) as PublicKeyCredentialCreationOptions
  const credential = await navigator.credentials.create({ publicKey: asked })
  if (!credential) throw new Error('no passkey was made')
  const json = { ceremony, name, credential: asJson(credential as PublicKeyCredential) }
  await call('POST', '/v1/me/passkeys/finish', { json })
}
