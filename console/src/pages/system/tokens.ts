export interface TokenItem {
  id: string
  label: string
  scopes: string[]
  sources: string[]
  created_at: string
  expires_at?: string | null
  revoked_at?: string | null
}

export type TokenState = 'valid' | 'expired' | 'revoked'

export function stateOf(token: TokenItem, now: number): TokenState {
  if (token.revoked_at) return 'revoked'
  return token.expires_at && Date.parse(token.expires_at) <= now ? 'expired' : 'valid'
}
