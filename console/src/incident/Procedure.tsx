import { Checkbox, Kbd, Progress, Tooltip } from '@mantine/core'
import { useState } from 'react'
import type { ActionOffer, Incident, SopStep } from '../api/types'
import { useDirectory } from '../org/organisation'
import { t } from '../text'
import { refusalOf } from '../ui/ActionButton'
import { Stamp } from '../ui/Stamp'
import css from './incident.module.css'
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
  const directory = useDirectory()
  const [busy, setBusy] = useState<number>()
  const { sop } = incident
  if (sop.length === 0) return null
  const done = sop.filter((step) => step.done).length
  const refusal = refusalOf(offer)
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
      <ol className={css.steps}>
        {sop.map((step, i) => {
          const by = doneBy(step)
          const box = (
            <Checkbox
              size="xs"
              classNames={{ label: css.stepLabel }}
              checked={by !== undefined || busy === i}
              readOnly={by !== undefined}
              disabled={!by && refusal !== undefined}
              onChange={() => {
                if (!by) void tick(i)
              }}
              label={
                <span>
                  <span className={css.stepText}>{step.text}</span>
                </span>
              }
            />
          )
          return (
            <li key={i} className={css.step} data-done={by ? true : undefined}>
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
                  <Stamp at={by.at} place={incident.site} withSeconds={false} />
                </span>
              ) : (
                i < 9 &&
                !refusal && (
                  <Kbd className={css.stepKey} aria-hidden>
                    {i + 1}
                  </Kbd>
                )
              )}
            </li>
          )
        })}
      </ol>
    </section>
  )
}
