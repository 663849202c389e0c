import { Checkbox } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { asProblem, Problem } from '../api/problem'
import { ReasonDialog } from '../parts/ReasonDialog'
import { t } from '../text'
import {
  backToShipped,
  faultsIn,
  isAcceptable,
  isOnlyOfSamples,
  saveFiles,
  type Letter,
} from './mapping'
import { rerunLetters, type Outcome } from './rerun'
import type { Mend } from './useMend'

interface Props {
  name: string
  mend: Mend
  close: () => void
}

/** Puts what is in the fields into force, for a typed reason. */
export function SaveDialog({ name, mend, close }: Props) {
  const [accepts, setAccepts] = useState(false)
  const changed = mend.faults.filter(isAcceptable)
  const samples = new Set(changed.map(({ file }) => file)).size
  const run = async (reason: string) => {
    try {
      const base = mend.mapping!.version
      const { version, warnings } = await saveFiles(name, mend.files, base, reason, accepts)
      mend.reset()
      mend.again()
      const told = (warnings ?? []).map(({ file, message }) => `${file}: ${message}.`)
      return [t('mend.saved', { version }), ...told].join(' ')
    } catch (thrown) {
      const problem = asProblem(thrown)
      const faults = faultsIn(problem)
      if (faults.length > 0) mend.setFaults(faults)
      if (problem.code === 'version_conflict') mend.again()
      if (isOnlyOfSamples(faults)) {
        throw new Problem(problem.status, problem.code, t('mend.accept_hint'))
      }
      throw thrown
    }
  }
  return (
    <ReasonDialog
      title={t('mend.save_title', { name })}
      label={t('mend.save')}
      close={close}
      run={run}
      isHarmless
    >
      <p>{t('mend.save_text')}</p>
      {samples > 0 && (
        <Checkbox
          label={t('mend.accept_samples', { count: samples })}
          description={`${changed[0]!.message}. ${t('mend.accept_needed')}`}
          checked={accepts}
          onChange={(event) => setAccepts(event.currentTarget.checked)}
        />
      )}
    </ReasonDialog>
  )
}

/** Takes the house's own text out of force. */
export function ShippedDialog({ name, mend, close }: Props) {
  const run = async (reason: string) => {
    await backToShipped(name, reason, mend.mapping!.version)
    mend.reset()
    mend.again()
    return t('mend.shipped_done')
  }
  return (
    <ReasonDialog title={t('mend.shipped')} label={t('mend.shipped')} close={close} run={run}>
      <p>{t('mend.shipped_text')}</p>
    </ReasonDialog>
  )
}

const saying = ({ sent, understood, refused, underway }: Outcome): string =>
  [
    t('mend.rerun_understood', { count: understood, sent }),
    refused > 0 ? t('mend.rerun_refused', { count: refused }) : '',
    underway > 0 ? t('mend.rerun_underway', { count: underway }) : '',
  ]
    .filter(Boolean)
    .join(' ')

/** Sends the letters in view through again, and says what became of them. */
export function RerunDialog({
  source,
  letters,
  close,
  done,
}: {
  source: string
  letters: readonly Letter[]
  close: () => void
  done: () => void
}) {
  const queries = useQueryClient()
  const [now, setNow] = useState<Outcome>()
  const open = letters.filter((letter) => letter.status === 'open').map((letter) => letter.record)
  const run = async () => {
    const outcome = await rerunLetters(source, open, setNow)
    void queries.invalidateQueries({ queryKey: ['mend', 'letters'] })
    void queries.invalidateQueries({ queryKey: ['/v1/dead-letters'] })
    void queries.invalidateQueries({ queryKey: ['/v1/sources'] })
    done()
    return saying(outcome)
  }
  return (
    <ReasonDialog
      title={t('mend.rerun', { count: open.length })}
      label={t('sources.rerun')}
      close={close}
      run={run}
      isHarmless
      isWithoutReason
    >
      <p>{now ? saying(now) : t('mend.rerun_text', { source })}</p>
    </ReasonDialog>
  )
}
