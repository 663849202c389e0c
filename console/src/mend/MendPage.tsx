import { ActionIcon, Alert, Button, Tooltip } from '@mantine/core'
import { IconArrowLeft, IconDeviceFloppy, IconRefreshAlert } from '@tabler/icons-react'
import { useState } from 'react'
import { useKeys } from '../keys/keys'
import { Mark } from '../parts/Facts'
import { useOffers } from '../parts/reading'
import { useRight } from '../session/session'
import { t, word } from '../text'
import { ActionButton } from '../ui/ActionButton'
import { ProblemNote, Waiting } from '../ui/Notes'
import { Pane } from '../ui/Pane'
import { useUrl } from '../url'
import { CompareDialog } from './Compare'
import { Editors, OtherFaults } from './Editors'
import { RerunDialog, SaveDialog, ShippedDialog } from './MendDialogs'
import css from './mend.module.css'
import { isUnderstood, resultOf, samplesOf, standsAgainst } from './mapping'
import { Results } from './Results'
import { useMend, type Mend } from './useMend'

type Open = 'save' | 'shipped' | 'rerun' | 'compare' | undefined

/** A mapping's files beside what they make of the records that gave no event. */
export default function MendPage() {
  const [url, setUrl] = useUrl()
  const name = url.mend ?? ''
  const mend = useMend(name, url.id, url.letter ? Number(url.letter) : undefined)
  const [open, setOpen] = useState<Open>()
  const { mapping } = mend
  const mayEdit = mapping?.may_edit.allowed ?? false
  const close = () => setUrl({ mend: undefined, letter: undefined }, true)
  useKeys([
    {
      keys: 'mod+s',
      label: t('mend.save'),
      group: t('mend.title'),
      isGlobal: true,
      run: () => mend.isChanged && mayEdit && !saveRefusal(mend) && setOpen('save'),
    },
  ])
  return (
    <div className={css.page}>
      <Pane
        title={t('mend.title_of', { name })}
        isFlush
        head={
          <>
            <Tooltip label={t('mend.back')}>
              <ActionIcon aria-label={t('mend.back')} onClick={close}>
                <IconArrowLeft size={16} />
              </ActionIcon>
            </Tooltip>
            {mapping && (
              <>
                <Mark tone={mapping.origin === 'house' ? 'accent' : undefined}>
                  {word('mend', 'origin', mapping.origin)}
                </Mark>
                <span className={`${css.version} faint num`}>
                  {t('mend.version', { version: mapping.version })}
                </span>
              </>
            )}
          </>
        }
      >
        {mend.problem ? (
          <ProblemNote error={mend.problem} retry={mend.again} />
        ) : !mapping ? (
          <Waiting />
        ) : (
          <>
            <Notices mend={mend} />
            <div className={css.bar}>
              <Summary mend={mend} />
              <Tools mend={mend} setOpen={setOpen} />
            </div>
            <Editors mend={mend} isReadOnly={!mayEdit} />
            <OtherFaults mend={mend} />
            <Results mend={mend} />
          </>
        )}
      </Pane>
      {open === 'save' && mapping && (
        <SaveDialog name={name} mend={mend} close={() => setOpen(undefined)} />
      )}
      {open === 'shipped' && (
        <ShippedDialog name={name} mend={mend} close={() => setOpen(undefined)} />
      )}
      {open === 'compare' && mapping?.shipped && (
        <CompareDialog
          name={name}
          shipped={mapping.shipped}
          here={mend.files}
          close={() => setOpen(undefined)}
        />
      )}
      {open === 'rerun' && url.id && (
        <RerunDialog
          source={url.id}
          letters={mend.letters}
          close={() => setOpen(undefined)}
          done={mend.again}
        />
      )}
    </div>
  )
}

/** Why what is in the fields cannot be saved, as far as the last trial of it says. */
function saveRefusal(mend: Mend): string | undefined {
  const [first] = mend.isEarlier ? [] : standsAgainst(mend.faults)
  if (!first) return undefined
  const where = first.line ? `${first.file}:${first.line}` : first.file
  return t('mend.cannot_save', { where, why: first.message })
}

function Tools({ mend, setOpen }: { mend: Mend; setOpen: (open: Open) => void }) {
  const [url] = useUrl()
  const canRestore = useOffers('delete', '/v1/mappings/{name}')
  const rerun = useRight('dead_letter.rerun')
  const { mapping } = mend
  if (!mapping) return null
  const open = mend.letters.filter((letter) => letter.status === 'open').length
  const nothing = { allowed: false, reason: t('mend.nothing_changed') }
  const unsaved = { allowed: false, reason: t('mend.save_first') }
  const refusal = saveRefusal(mend)
  const broken = refusal ? { allowed: false, reason: refusal } : undefined
  return (
    <span className={css.tools}>
      {mapping.origin === 'house' && canRestore && (
        <ActionButton
          size="compact-sm"
          variant="default"
          offer={mapping.may_edit}
          onPress={() => setOpen('shipped')}
        >
          {t('mend.shipped')}
        </ActionButton>
      )}
      {mapping.shipped && (
        <Button size="compact-sm" variant="default" onClick={() => setOpen('compare')}>
          {t('mend.compare')}
        </Button>
      )}
      {mend.isChanged && (
        <Button size="compact-sm" variant="default" onClick={mend.reset}>
          {t('mend.discard')}
        </Button>
      )}
      {open > 0 && url.id && (
        <ActionButton
          size="compact-sm"
          variant={mend.isChanged ? 'default' : 'filled'}
          offer={mend.isChanged ? unsaved : rerun}
          leftSection={<IconRefreshAlert size={14} />}
          onPress={() => setOpen('rerun')}
        >
          {t('mend.rerun', { count: open })}
        </ActionButton>
      )}
      <ActionButton
        size="compact-sm"
        variant={mend.isChanged ? 'filled' : 'default'}
        offer={
          !mapping.may_edit.allowed
            ? mapping.may_edit
            : mend.isChanged
              ? (broken ?? mapping.may_edit)
              : nothing
        }
        leftSection={<IconDeviceFloppy size={14} />}
        shortcut="Ctrl S"
        onPress={() => setOpen('save')}
      >
        {t('mend.save')}
      </ActionButton>
    </span>
  )
}

/** What the one who types must know: others were faster, or no trial could be made. */
function Notices({ mend }: { mend: Mend }) {
  return (
    <>
      {mend.isOvertaken && (
        <Alert color="yellow" className={css.notice} role="alert">
          {t('mend.overtaken', { version: mend.mapping?.version ?? '' })}{' '}
          <Button size="compact-xs" variant="default" onClick={mend.reset}>
            {t('mend.take_theirs')}
          </Button>{' '}
          <Button size="compact-xs" variant="default" onClick={mend.rebase}>
            {t('mend.keep_mine')}
          </Button>
        </Alert>
      )}
      {mend.tryProblem && (
        <Alert color="red" className={css.notice} role="alert">
          {t('mend.try_failed')} <bdi>{mend.tryProblem.detail}</bdi>
        </Alert>
      )}
    </>
  )
}

/** How many of the letters in view the text in the fields understands. */
function Summary({ mend }: { mend: Mend }) {
  const understood = mend.letters.filter((_, at) =>
    isUnderstood(resultOf(mend.tried, mend.letters, at)),
  ).length
  // Faults of samples and warnings do not keep a trial from being made.
  const isStuck = mend.faults.length > 0 && (mend.tried?.results.length ?? 0) === 0
  const samples = samplesOf(mend.tried)
  const lost = samples.filter(({ effect }) => effect === 'lost').length
  const changed = samples.filter(({ effect }) => effect === 'changed').length
  const words = mend.noTrial
    ? [t('mend.no_trial', { why: mend.noTrial })]
    : isStuck
      ? [t('mend.faulty', { count: mend.faults.length })]
      : [
          mend.letters.length > 0 &&
            t('mend.understood', { done: understood, count: mend.letters.length }),
          samples.length > 0 && t('mend.effect', { changed, count: samples.length }),
          lost > 0 && t('mend.effect_lost', { count: lost }),
          samples.length === 0 &&
            mend.letters.length === 0 &&
            t(mend.tried ? 'mend.no_records' : 'mend.trying'),
        ]
  return (
    <p className={css.summary} role="status" data-lost={lost > 0 || undefined}>
      {words.filter(Boolean).join(' ')}
    </p>
  )
}
