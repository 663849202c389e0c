/** The state of one mapping being mended: its files, what was typed, and what a trial says of it. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useState } from 'react'
import { get } from '../api/client'
import { asProblem, type Problem } from '../api/problem'
import { useSteady } from '../parts/useSteady'
import { useRight } from '../session/session'
import { refusalOf } from '../ui/ActionButton'
import {
  isChanged,
  keepFiles,
  keptFiles,
  lettersFor,
  readMapping,
  SAMPLES_MAX,
  tryFiles,
  type Fault,
  type Files,
  type Letter,
  type Mapping,
  type Tried,
} from './mapping'

/** Typing rests this long before a trial is made by itself. */
const REST_MS = 700
const NONE: Letter[] = []
const EMPTY: Files = {}

export interface Mend {
  mapping: Mapping | undefined
  problem: Problem | undefined
  files: Files
  isChanged: boolean
  /** The server has another version than the one that was typed upon. */
  isOvertaken: boolean
  letters: readonly Letter[]
  /** Why nothing can be tried on records. */
  noTrial: string | undefined
  tried: Tried | undefined
  isTrying: boolean
  /** Why no trial could be made. */
  tryProblem: Problem | undefined
  faults: readonly Fault[]
  /** What is said of the text is of the text as it was a moment ago. */
  isEarlier: boolean
  setFaults: (faults: readonly Fault[]) => void
  change: (file: string, text: string) => void
  /** What stands in force, again in the fields. */
  reset: () => void
  /** What was typed is now meant for the version in force. */
  rebase: () => void
  again: () => void
}

export function useMend(
  name: string,
  source: string | undefined,
  record: number | undefined,
): Mend {
  const queries = useQueryClient()
  const asked = useQuery({
    queryKey: ['mapping', name],
    queryFn: ({ signal }) => readMapping(name, signal),
    refetchOnWindowFocus: true,
  })
  const mapping = asked.data
  const [draft, setDraft] = useState(() => keptFiles(name))
  const [refused, setFaults] = useState<readonly Fault[]>([])
  useEffect(() => keepFiles(name, draft), [name, draft])
  const files = draft?.files ?? mapping?.files ?? EMPTY
  const change = useCallback(
    (file: string, text: string) => {
      if (!mapping) return
      setFaults([])
      setDraft((before) => ({
        base: before?.base ?? mapping.version,
        files: { ...(before?.files ?? mapping.files), [file]: text },
      }))
    },
    [mapping],
  )
  const letters = useLetters(name, source, record)
  // A mapping can copy every word of a record: whoever may not see records may not try on them.
  const raw = useRight('event.raw')
  const tryOn = raw.allowed ? letters : NONE
  const latest = raw.allowed && source ? SAMPLES_MAX : 0
  const trial = useTrial(name, source, files, [tryOn, latest], mapping?.version)
  const { problems } = trial.data ?? { problems: [] }
  return {
    mapping,
    problem: asked.error ? asProblem(asked.error) : undefined,
    files,
    isChanged: mapping !== undefined && isChanged(mapping.files, files),
    isOvertaken: draft !== undefined && mapping !== undefined && draft.base !== mapping.version,
    letters,
    noTrial: refusalOf(raw),
    tried: trial.data,
    isTrying: trial.isFetching,
    tryProblem: trial.error ? asProblem(trial.error) : undefined,
    faults: refused.length > 0 ? refused : problems,
    isEarlier: refused.length === 0 && trial.isEarlier,
    setFaults,
    change,
    reset: () => {
      setFaults([])
      setDraft(undefined)
    },
    rebase: () => setDraft((before) => before && mapping && { ...before, base: mapping.version }),
    again: () => void queries.invalidateQueries({ queryKey: ['mapping', name] }),
  }
}

/** The letter that it began with, and others that failed for the same reason. */
function useLetters(
  name: string,
  source: string | undefined,
  record: number | undefined,
): readonly Letter[] {
  const { data } = useQuery({
    queryKey: ['mend', 'letters', name, source, record],
    queryFn: async ({ signal }) => {
      const all = await get<Letter[]>('/v1/dead-letters', { source, limit: 1_000 }, signal)
      const ofMapping = all.filter((letter) => letter.mapping === name)
      const code = all.find((letter) => letter.record === record)?.code
      return lettersFor(
        ofMapping.filter((letter) => !code || letter.code === code),
        record,
      )
    },
  })
  return data ?? NONE
}

/** A trial of what is in the fields, once typing rests; nothing of it is kept by the server. */
function useTrial(
  name: string,
  source: string | undefined,
  files: Files,
  [letters, latest]: [readonly Letter[], number],
  version: string | undefined,
) {
  const steady = useSteady(files, REST_MS)
  const records = useMemo(() => letters.map((letter) => letter.record), [letters])
  const trial = useQuery({
    // What is expected of samples, and what the house has beside, is of a version too.
    queryKey: ['mend', 'try', name, version, source, steady, records, latest],
    queryFn: ({ signal }) => tryFiles(name, steady, source, records, latest, signal),
    enabled: version !== undefined && Object.keys(steady).length > 0,
    placeholderData: (before) => before,
    staleTime: 60_000,
    gcTime: 60_000,
    retry: false,
  })
  const { data, error, isFetching, isPlaceholderData } = trial
  return { data, error, isFetching, isEarlier: steady !== files || isPlaceholderData }
}
