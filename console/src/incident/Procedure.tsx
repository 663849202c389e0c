import { Checkbox, Kbd, Progress, Tooltip } from '@mantine/core'
import { useState } from 'react'
import type { ActionOffer, Incident, SopStep } from '../api/types'
import { useDirectory } from '../org/organisation'
import { t } from '../text'
import { refusalOf } from '../ui/ActionButton'
import { Stamp } from '../ui/Stamp'
import css from './incident.module.css'
import { stepGroups } from './steps'
import { useActs } from './useActs'

/** Who ticked a step and when, whichever shape the server gives it in. */
export function doneBy(step: SopStep): { by: string; at: string } | undefined {
  if (!step.done) return undefined
  return Array.isArray(step.done) ? pairOf(step.done) : step.done
}

function pairOf([one, other]: [string, string]): { by: string; at: string } {
  return Number.isNaN(Date.parse(one)) ? { by: one, at: other } : { by: other, at: one }
}

/** The operating procedure, step by step; a ticked step says by whom and when. */
export function Procedure({
  incident,
  offer,
}: {
  incident: Incident
  offer: ActionOffer | undefined
}) {
  const { one } = useActs()
  const [busy, setBusy] = useState<number>()
  const { sop } = incident
  if (sop.length === 0) return null
  const done = sop.filter((step) => step.done).length
  const refusal = refusalOf(offer)
  const groups = stepGroups(sop)
  const tick = async (step: number) => {
    if (refusal || busy !== undefined) return
    setBusy(step)
    await one(incident, { action: 'tick_step', step })
    setBusy(undefined)
  }
  return (
    <section className={css.part} aria-label={t('incidents.sop')}>
      <h4 className={css.partTitle}>
        {t('incidents.sop')}
        <span className="dim num">{t('incidents.of_n', { some: done, all: sop.length })}</span>
        <Progress
          value={(done / sop.length) * 100}
          size={4}
          className={css.progress}
          aria-label={t('incidents.sop_done', { done, all: sop.length })}
        />
      </h4>
      {groups.map((group, at) => (
        <div key={at} role="group" aria-label={group.title}>
          {groups.length > 1 && (
            <h5 className={css.asked}>
              <bdi>{group.title ?? t('incidents.sop_by_hand')}</bdi>
            </h5>
          )}
          <ol className={css.steps} start={group.steps[0]!.number + 1}>
            {group.steps.map(({ step, number }) => (
              <Step
                key={number}
                step={step}
                number={number}
                site={incident.site}
                refusal={refusal}
                isBusy={busy === number}
                tick={() => void tick(number)}
              />
            ))}
          </ol>
        </div>
      ))}
    </section>
  )
}

interface StepProps {
  step: SopStep
  /** From 0, as the server counts them. */
  number: number
  site: string | null | undefined
  refusal: string | undefined
  isBusy: boolean
  tick: () => void
}

function Step({ step, number, site, refusal, isBusy, tick }: StepProps) {
  const directory = useDirectory()
  const by = doneBy(step)
  const others = (step.asked_by ?? []).slice(1).map(({ title }) => title)
  const box = (
    <Checkbox
      size="xs"
      classNames={{ label: css.stepLabel }}
      checked={by !== undefined || isBusy}
      readOnly={by !== undefined}
      disabled={!by && refusal !== undefined}
      onChange={() => {
        if (!by) tick()
      }}
      label={<span className={css.stepText}>{step.text}</span>}
    />
  )
  return (
    <li className={css.step} data-done={by ? true : undefined}>
      {!by && refusal ? (
        <Tooltip label={refusal}>
          <div>{box}</div>
        </Tooltip>
      ) : (
        box
      )}
      {by ? (
        <span className={css.stepBy}>
          <bdi>{directory.operatorName(by.by)}</bdi>,{' '}
          <Stamp at={by.at} place={site} withSeconds={false} />
        </span>
      ) : (
        number < 9 &&
        !refusal && (
          <Kbd className={css.stepKey} aria-hidden>
            {number + 1}
          </Kbd>
        )
      )}
      {others.length > 0 && (
        <span className={css.stepAlso}>
          <bdi>{t('incidents.sop_also', { titles: others.join(', ') })}</bdi>
        </span>
      )}
    </li>
  )
}
