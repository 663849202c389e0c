/** Files that the server makes for this operator, and how they reach their disk. */
import { fetchFile, type CallOptions } from '../api/client'

export interface Got {
  name: string
  bytes: number
  /** Of what arrived, computed here; absent where the browser cannot. */
  sha256?: string
  /** What the server says that it should be. */
  told?: string
}

const hex = (bytes: ArrayBuffer): string =>
  [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/** `attachment; filename="x.zip"` gives x.zip. */
export function nameIn(disposition: string | null): string | undefined {
  const found = /filename="?([^";]+)"?/i.exec(disposition ?? '')?.[1]
  return found?.replace(/[^\w.+-]+/g, '_')
}

/** The digest in a header: hex, or RFC 9530's `sha-256=:base64:`. */
export function digestIn(headers: Headers): string | undefined {
  const plain = headers.get('x-content-sha256') ?? headers.get('x-sha256')
  if (plain && /^[0-9a-f]{64}$/i.test(plain.trim())) return plain.trim().toLowerCase()
  const field = headers.get('repr-digest') ?? headers.get('content-digest') ?? ''
  const coded = /sha-256=:([A-Za-z0-9+/=]+):/.exec(field)?.[1]
  if (!coded) return undefined
  return hex(Uint8Array.from(atob(coded), (c) => c.charCodeAt(0)).buffer)
}

/** Fetches a file and hands it to the browser to keep. A refusal is thrown, and nothing is kept. */
export async function download(
  path: string,
  query: CallOptions['query'],
  fallback: string,
  headers: Record<string, string> = {},
): Promise<Got> {
  const response = await fetchFile(path, query, headers)
  const blob = await response.blob()
  const name = nameIn(response.headers.get('content-disposition')) ?? fallback
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
  const subtle = globalThis.crypto?.subtle
  const sha256 = subtle && hex(await subtle.digest('SHA-256', await blob.arrayBuffer()))
  return { name, bytes: blob.size, sha256, told: digestIn(response.headers) }
}
