/** The address is the state: what a page shows is what its query says. */
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'

/** A query as plain texts. */
export type UrlState = { [name: string]: string | undefined }

/** Reads `?a=b` as texts, never as anything else. */
export function parseQuery(text: string): UrlState {
  return Object.fromEntries(new URLSearchParams(text.startsWith('?') ? text.slice(1) : text))
}

/** Writes texts as `?a=b`; empty ones are left out, commas and colons stay readable. */
export function writeQuery(state: UrlState): string {
  const pairs = Object.entries(state).filter(([, value]) => value !== undefined && value !== '')
  if (pairs.length === 0) return ''
  const text = new URLSearchParams(pairs as [string, string][]).toString()
  return `?${text.replaceAll('%2C', ',').replaceAll('%3A', ':').replaceAll('%2F', '/')}`
}

/** The page's state in the address, and how to change some of it. */
export function useUrl(): [UrlState, (change: UrlState, isStep?: boolean) => void] {
  const state = useSearch({ strict: false }) as UrlState
  const navigate = useNavigate()
  const change = useCallback(
    (patch: UrlState, isStep = false) => {
      void navigate({
        to: '.',
        search: ((before: UrlState) => clean({ ...before, ...patch })) as never,
        replace: !isStep,
      })
    },
    [navigate],
  )
  return [state, change]
}

/** Without what is empty. */
export function clean(state: UrlState): UrlState {
  return Object.fromEntries(Object.entries(state).filter(([, v]) => v !== undefined && v !== ''))
}
