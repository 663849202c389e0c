/** Readings of the API that renew themselves and say how old they are. */
import { useQuery } from '@tanstack/react-query'
import { get } from '../api/client'
import { asProblem, type Problem } from '../api/problem'

type Query = Record<string, string | number | boolean | undefined | null>

export interface Reading<T> {
  data: T | undefined
  problem: Problem | undefined
  isWaiting: boolean
  /** What is shown answers the question before; the new answer is on its way. */
  isOld: boolean
  /** The server does not offer it at all: an older one. */
  isMissing: boolean
  /** When it was read, by `performance.now()`. */
  readAt: number | undefined
  again: () => void
}

interface Options {
  /** Ask again this often. */
  every_ms?: number
  /** Keep showing the answer of the question before until the new one is there. */
  keep?: boolean
}

/** Reads `path`; nothing is asked while it is undefined. */
export function useReading<T>(
  path: string | undefined,
  query: Query = {},
  { every_ms, keep }: Options = {},
): Reading<T> {
  const asked = useQuery({
    queryKey: [path, query],
    queryFn: ({ signal }) => get<T>(path!, query, signal),
    enabled: path !== undefined,
    refetchInterval: (now) =>
      now.state.error && asProblem(now.state.error).isMissing ? false : (every_ms ?? false),
    placeholderData: keep ? (before: unknown) => before as never : undefined,
  })
  const problem = asked.error ? asProblem(asked.error) : undefined
  const age_ms = Date.now() - asked.dataUpdatedAt
  return {
    data: asked.data as T | undefined,
    problem,
    isOld: asked.isPlaceholderData,
    isWaiting: asked.isPending && path !== undefined,
    isMissing: problem?.isMissing ?? false,
    readAt: asked.dataUpdatedAt ? performance.now() - age_ms : undefined,
    again: () => void asked.refetch(),
  }
}

interface OpenApi {
  paths: Record<string, Record<string, unknown>>
}

const useDocument = () =>
  useQuery({
    queryKey: ['openapi'],
    queryFn: ({ signal }) => get<OpenApi>('/openapi.json', {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  })

/** Whether this server describes `method path` in its own document; undefined while asking. */
export function useOffers(method: string, path: string): boolean | undefined {
  const { data, isError } = useDocument()
  if (isError) return false
  return data && method.toLowerCase() in (data.paths[path] ?? {})
}

/** Whether what the server says of `method path` has this word in it, such as a format's name. */
export function useMentions(method: string, path: string, name: string): boolean {
  const { data } = useDocument()
  const said = data?.paths[path]?.[method.toLowerCase()]
  return said !== undefined && JSON.stringify(said).toLowerCase().includes(name)
}
