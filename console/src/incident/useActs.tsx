import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import { asProblem, Problem } from '../api/problem'
import type { Incident, IncidentView } from '../api/types'
import { useDirectory } from '../org/organisation'
import { t } from '../text'
import {
  doAct,
  doActs,
  explainConflict,
  offerUndo,
  UNDO_MS,
  undo,
  type Act,
  type Undo,
} from './acts'

/** Says that something was done, and takes it back when asked in time. */
function tellUndo(made: Undo, failed: (problem: Problem) => void): void {
  const id = `undo-${made.until_ms}`
  const back = () => {
    notifications.hide(id)
    made.run().catch((thrown) => failed(asProblem(thrown)))
  }
  notifications.show({
    id,
    autoClose: UNDO_MS,
    withBorder: true,
    message: (
      <span style={{ display: 'flex', alignItems: 'center', gap: 12 }}>
        {made.label}
        <Button size="compact-xs" variant="light" onClick={back}>
          {t('shell.undo')} (z)
        </Button>
      </span>
    ),
  })
}

const tellRefused = (title: string, message: string) =>
  notifications.show({ title, message, color: 'red', autoClose: 9_000, withBorder: true })

/** Acts on one incident or many, with everything that a person must be told. */
export function useActs() {
  const queries = useQueryClient()
  const directory = useDirectory()

  const keep = useCallback(
    (view: IncidentView) => {
      queries.setQueryData(['incident', view.incident.id], view)
    },
    [queries],
  )

  const failedOne = useCallback(
    async (looked: Incident, thrown: unknown) => {
      const problem = asProblem(thrown)
      // The session has ended: that stands on the screen already, and how to go on.
      if (problem.status === 401) return
      const { text, view } = await explainConflict(
        looked,
        problem,
        directory.nameOf.bind(directory),
      )
      if (view) keep(view)
      const title =
        problem.code === 'version_conflict'
          ? t('incidents.conflict')
          : problem.status === 409
            ? t('incidents.refused')
            : t('incidents.act_failed')
      tellRefused(title, text)
    },
    [directory, keep],
  )

  /** True when it was done. */
  const one = useCallback(
    async (looked: Incident, act: Act): Promise<boolean> => {
      try {
        const view = await doAct(looked, act)
        keep(view)
        const made = offerUndo([{ before: looked, after: view.incident }], act)
        if (made) tellUndo(made, (problem) => void failedOne(view.incident, problem))
        return true
      } catch (thrown) {
        await failedOne(looked, thrown)
        return false
      }
    },
    [failedOne, keep],
  )

  const many = useCallback(
    async (list: readonly Incident[], act: Act): Promise<boolean> => {
      if (list.length === 1) return one(list[0]!, act)
      const outcomes = await doActs(list, act)
      const done = outcomes.flatMap(({ id, view }) => {
        const before = list.find((incident) => incident.id === id)
        if (!view || !before) return []
        keep(view)
        return [{ before, after: view.incident }]
      })
      const failed = outcomes.filter((outcome) => outcome.problem)
      if (failed.length > 0) {
        const why = [...new Set(failed.map((outcome) => outcome.problem!.detail))]
          .slice(0, 3)
          .join('; ')
        tellRefused(t('incidents.bulk_partly', { done: done.length, failed: failed.length }), why)
      }
      const made = offerUndo(done, act)
      if (made) tellUndo(made, (problem) => tellRefused(t('incidents.act_failed'), problem.detail))
      else if (done.length > 0) {
        notifications.show({
          message: t('incidents.bulk_done', { count: done.length }),
          withBorder: true,
        })
      }
      return failed.length === 0
    },
    [keep, one],
  )

  return { one, many }
}

/** Takes the last act back, if ten seconds have not passed. */
export function undoLast(): void {
  const made = undo.get()
  if (!made || performance.now() > made.until_ms) return
  notifications.hide(`undo-${made.until_ms}`)
  made.run().catch((thrown) => tellRefused(t('incidents.act_failed'), asProblem(thrown).detail))
}
