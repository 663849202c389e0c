/** The state of one rule being written: its texts, and what a check says of them. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { asProblem, type Problem } from '../api/problem'
import type { Fault, Files } from '../mend/mapping'
import { useSteady } from '../parts/useSteady'
import { casesOf, checkDraft, keepDraft, keptDraft, NEW, pathsOf, readRule } from './draft'
import { TEMPLATE, TEMPLATE_CASES, type Checked, type RuleDetail } from './draft'

/** Typing rests this long before it is checked by itself. */
const REST_MS = 700

export interface Draft {
  rule: RuleDetail | undefined
  problem: Problem | undefined
  isReady: boolean
  texts: { rule: string; cases: string }
  paths: { rule: string; cases: string }
  files: Files
  isChanged: boolean
  /** The server has another version than the one that was typed upon. */
  isOvertaken: boolean
  base: string
  checked: Checked | undefined
  checkProblem: Problem | undefined
  isChecking: boolean
  /** What is said of the text is of the text as it was a moment ago. */
  isEarlier: boolean
  faults: readonly Fault[]
  change: (of: 'rule' | 'cases', text: string) => void
  reset: () => void
  rebase: () => void
  /** What was typed stands on the server, under this name and in this version; or nothing does. */
  saved: (as?: { name: string; version: string }) => void
}

export function useDraft(id: string): Draft {
  const queries = useQueryClient()
  const isNew = id === NEW
  const asked = useQuery({
    queryKey: ['rule', id],
    queryFn: ({ signal }) => readRule(id, signal),
    enabled: !isNew,
  })
  const rule = isNew ? undefined : asked.data
  const [kept, setKept] = useState(() => keptDraft(id))
  useEffect(() => keepDraft(id, kept), [id, kept])
  const base = rule?.version ?? ''
  const before = useMemo(
    () =>
      isNew
        ? { rule: TEMPLATE, cases: TEMPLATE_CASES }
        : { rule: rule?.text ?? '', cases: rule?.cases ?? '' },
    [isNew, rule],
  )
  const texts = useMemo(
    () => (kept ? { rule: kept.rule, cases: kept.cases } : before),
    [kept, before],
  )
  const paths = useMemo(() => pathsOf(rule, texts.rule), [rule, texts.rule])
  const files = useMemo<Files>(
    () => ({
      [paths.rule]: texts.rule,
      ...((texts.cases.trim() !== '' || rule?.cases) && { [paths.cases]: texts.cases }),
    }),
    [paths, texts, rule],
  )
  const isReady = isNew || rule !== undefined
  const steady = useSteady(files, REST_MS)
  const check = useQuery({
    queryKey: ['rule', 'check', id, base, steady],
    queryFn: ({ signal }) => checkDraft(steady, signal),
    enabled: isReady && Object.keys(steady).length > 0,
    placeholderData: (earlier) => earlier,
    staleTime: 60_000,
    gcTime: 60_000,
    retry: false,
  })
  return {
    rule,
    problem: asked.error ? asProblem(asked.error) : undefined,
    isReady,
    texts,
    paths,
    files,
    isChanged: isNew || texts.rule !== before.rule || texts.cases !== before.cases,
    isOvertaken: kept !== undefined && rule !== undefined && kept.base !== rule.version,
    base: kept?.base ?? base,
    checked: check.data,
    checkProblem: check.error ? asProblem(check.error) : undefined,
    isChecking: check.isFetching,
    isEarlier: steady !== files || check.isPlaceholderData,
    faults: check.data?.problems ?? [],
    change: (of, text) => {
      const next = { base: kept?.base ?? base, ...texts, [of]: text }
      if (isNew && of === 'rule') next.cases = casesOf(texts.cases, texts.rule, text)
      setKept(next)
    },
    reset: () => setKept(undefined),
    rebase: () => setKept((now) => now && { ...now, base }),
    saved: (as) => {
      keepDraft(id, undefined)
      if (as && as.name !== id) {
        // Another page shows it next; until then these fields do.
        queries.removeQueries({ queryKey: ['rule', as.name] })
      } else {
        if (as && rule) {
          const now = { ...rule, text: texts.rule, cases: texts.cases, version: as.version }
          queries.setQueryData(['rule', id], now)
        }
        setKept(undefined)
      }
      void queries.invalidateQueries({ queryKey: ['rule'] })
      void queries.invalidateQueries({ queryKey: ['/v1/rules'] })
    },
  }
}
