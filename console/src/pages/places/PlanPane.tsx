import { Button, FileButton, SegmentedControl } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconMapOff, IconUpload } from '@tabler/icons-react'
import { lazy, Suspense, useEffect, useMemo, useState } from 'react'
import { call } from '../../api/client'
import { asProblem } from '../../api/problem'
import type { DoorState, Plan } from '../../api/types'
import { useDirectory } from '../../org/organisation'
import { ReasonDialog } from '../../parts/ReasonDialog'
import { usePlans } from '../../plan/doors'
import { Legend } from '../../plan/PlanOf'
import plan_css from '../../plan/plan.module.css'
import { useRight } from '../../session/session'
import { t } from '../../text'
import { ActionButton } from '../../ui/ActionButton'
import { EmptyNote, ProblemNote, Waiting } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { addMark, moveMark, withoutMark } from './marks'
import { Placing } from './Placing'
import css from './places.module.css'

const FloorPlan = lazy(() => import('../../plan/FloorPlan'))

interface Props {
  at: string | undefined
  chosen: string
  doors: ReadonlyMap<string, DoorState> | undefined
  choose: (entity: string) => void
}

/** The plan of a place, or of the nearest place above it that has one. */
export function PlanPane({ at, chosen, doors, choose }: Props) {
  const directory = useDirectory()
  const asked = usePlans()
  const around = useMemo(() => directory.above(at ?? '').map((place) => place.id), [directory, at])
  const own = around.map((id) => asked.data?.find((one) => one.place === id)).find(Boolean)
  const below = (asked.data ?? []).filter((one) =>
    directory.above(one.place).some((place) => place.id === at),
  )
  const plan = own ?? below[0]
  const site = plan && directory.place(plan.place)?.site
  const floors = (asked.data ?? []).filter(
    (one) => site && directory.place(one.place)?.site === site,
  )
  const target =
    plan?.place ??
    directory.above(at ?? '').find((one) => one.kind !== 'door' && one.kind !== 'zone')?.id ??
    at
  const problem = asked.error ? asProblem(asked.error) : undefined
  return (
    <Pane
      title={
        plan ? t('places.plan_of', { place: directory.siteName(plan.place) }) : t('places.plan')
      }
      isFlush
      className={css.plan}
      head={
        asked.data && (
          <>
            {floors.length > 1 && (
              <SegmentedControl
                value={plan?.place}
                onChange={(place) => choose(`place:${place}`)}
                aria-label={t('places.floor')}
                data={floors.map(({ place }) => ({
                  value: place,
                  label: directory.siteName(place).slice(0, 24),
                }))}
              />
            )}
            {target && (
              <UploadButton
                place={target}
                hasPlan={plan !== undefined}
                done={() => void asked.refetch()}
              />
            )}
          </>
        )
      }
    >
      {asked.isPending ? (
        <Waiting />
      ) : problem?.isMissing ? (
        <EmptyNote
          title={t('places.plans_missing')}
          icon={<IconMapOff size={28} stroke={1.5} aria-hidden />}
        >
          {t('places.plans_missing_text')}
        </EmptyNote>
      ) : problem ? (
        <ProblemNote error={problem} retry={() => void asked.refetch()} />
      ) : !plan ? (
        <EmptyNote
          title={t('places.no_plan')}
          icon={<IconMapOff size={28} stroke={1.5} aria-hidden />}
        >
          {t('places.no_plan_text')}
        </EmptyNote>
      ) : (
        <Editable
          key={plan.place}
          plan={plan}
          chosen={chosen}
          doors={doors}
          choose={choose}
          done={() => void asked.refetch()}
        />
      )}
    </Pane>
  )
}

function Editable({
  plan,
  chosen,
  doors,
  choose,
  done,
}: {
  plan: Plan
  chosen: string
  doors: Props['doors']
  choose: Props['choose']
  done: () => void
}) {
  const right = useRight('plan.edit')
  const [draft, setDraft] = useState<Plan['marks']>()
  const [isRemoving, setRemoving] = useState(false)
  const shown = useMemo(() => ({ ...plan, marks: draft ?? plan.marks }), [plan, draft])
  useEffect(() => setDraft(undefined), [plan.marks])
  const save = async () => {
    try {
      await call('PUT', `/v1/plans/${encodeURIComponent(plan.place)}/marks`, { json: draft })
      notifications.show({ color: 'green', message: t('places.saved') })
      setDraft(undefined)
      done()
    } catch (thrown) {
      notifications.show({
        color: 'red',
        title: t('places.not_saved'),
        message: asProblem(thrown).detail,
      })
    }
  }
  return (
    <>
      <div className={plan_css.frame}>
        <Suspense fallback={<Waiting />}>
          <FloorPlan
            plan={shown}
            doors={doors}
            chosen={chosen}
            onChoose={choose}
            onMoved={draft ? (entity, x, y) => setDraft(moveMark(draft, entity, x, y)) : undefined}
          />
        </Suspense>
        <Legend plan={shown} doors={doors} />
      </div>
      <div className={css.planBar}>
        {draft ? (
          <>
            <Placing
              plan={shown}
              add={(entity) => setDraft(addMark(draft, entity))}
              remove={(entity) => setDraft(withoutMark(draft, entity))}
            />
            <Button variant="default" onClick={() => setDraft(undefined)}>
              {t('shell.cancel')}
            </Button>
            <Button onClick={() => void save()}>{t('shell.save')}</Button>
          </>
        ) : (
          <>
            <span className="faint">{t('places.marks', { count: plan.marks.length })}</span>
            <ActionButton
              variant="subtle"
              color="red"
              offer={right}
              onPress={() => setRemoving(true)}
              ms="auto"
            >
              {t('places.remove_plan')}
            </ActionButton>
            <ActionButton variant="default" offer={right} onPress={() => setDraft(plan.marks)}>
              {t('places.place_marks')}
            </ActionButton>
          </>
        )}
      </div>
      {isRemoving && (
        <ReasonDialog
          title={t('places.remove_plan')}
          label={t('places.remove_plan')}
          close={() => setRemoving(false)}
          run={async (reason) => {
            await call('DELETE', `/v1/plans/${encodeURIComponent(plan.place)}`, {
              query: { reason },
            })
            done()
            return t('places.removed')
          }}
        >
          <p>{t('places.remove_text', { count: plan.marks.length })}</p>
        </ReasonDialog>
      )}
    </>
  )
}

const PLAN_BYTES_MAX = 8 * 1_048_576

function UploadButton({
  place,
  hasPlan,
  done,
}: {
  place: string
  hasPlan: boolean
  done: () => void
}) {
  const right = useRight('plan.edit')
  const directory = useDirectory()
  const [isBusy, setBusy] = useState(false)
  const send = async (file: File | null) => {
    if (!file) return
    setBusy(true)
    try {
      if (file.size > PLAN_BYTES_MAX) throw new Error(t('places.too_large'))
      const type = file.type || (file.name.endsWith('.svg') ? 'image/svg+xml' : 'image/png')
      await call('PUT', `/v1/plans/${encodeURIComponent(place)}/image`, { body: file, type })
      notifications.show({
        color: 'green',
        message: t('places.uploaded', { place: directory.siteName(place) }),
      })
      done()
    } catch (thrown) {
      notifications.show({
        color: 'red',
        title: t('places.not_saved'),
        message: asProblem(thrown).detail,
      })
    } finally {
      setBusy(false)
    }
  }
  const label = t(hasPlan ? 'places.replace_plan' : 'places.upload_plan')
  return (
    <FileButton onChange={(file) => void send(file)} accept="image/svg+xml,image/png">
      {({ onClick }) => (
        <ActionButton
          variant="default"
          size="compact-sm"
          ms="auto"
          flex="none"
          offer={right}
          onPress={onClick}
          loading={isBusy}
          leftSection={<IconUpload size={14} />}
        >
          {label}
        </ActionButton>
      )}
    </FileButton>
  )
}
