import { NativeSelect, SegmentedControl } from '@mantine/core'
import { IconAlertTriangle, IconPlus } from '@tabler/icons-react'
import { lazy, Suspense, useMemo, useRef } from 'react'
import type { Finding, Level, RuleItem } from '../../api/types'
import { useKeys } from '../../keys/keys'
import { useExternal } from '../../live/external'
import { status } from '../../live/link'
import { AgoText } from '../../parts/AgoText'
import { Cut, Mark } from '../../parts/Facts'
import { FindBar } from '../../parts/FindBar'
import parts from '../../parts/parts.module.css'
import { useReading } from '../../parts/reading'
import { Answered, Table } from '../../parts/Table'
import { count, t, teamName } from '../../text'
import { useRight } from '../../session/session'
import { ActionButton } from '../../ui/ActionButton'
import { EmptyNote, Waiting } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { Severity } from '../../ui/Severity'
import { useUrl } from '../../url'
import { RulePage } from './RulePage'
import {
  blocksOf,
  firingsOf,
  inForce,
  KINDS,
  problemText,
  rulesOf,
  type Firing,
  type Kind,
} from './rules'
import css from './detections.module.css'

const WorkbenchPage = lazy(() => import('../../workbench/WorkbenchPage'))
const AlarmTab = lazy(() => import('./AlarmTab').then((file) => ({ default: file.AlarmTab })))
const ExceptionTab = lazy(() =>
  import('./ExceptionTab').then((file) => ({ default: file.ExceptionTab })),
)
const LateTab = lazy(() => import('./LateTab'))

const FINDINGS = 1_000
const TABS = ['rules', 'alarms', 'exceptions', 'late'] as const
type Tab = (typeof TABS)[number]

/** The rules; or one of them, being written. */
export default function DetectionsPage() {
  const [url] = useUrl()
  if (!url.draft) return <Detections />
  return (
    <Suspense fallback={<Waiting />}>
      <WorkbenchPage key={url.draft} />
    </Suspense>
  )
}

/** The rules in force, how much they ring, what they do not say, and what came too late. */
function Detections() {
  const [url, setUrl] = useUrl()
  const tab: Tab = TABS.find((one) => one === url.tab) ?? 'rules'
  const may = useRight('rule.try')
  const tools = (
    <div className={css.tools}>
      <SegmentedControl
        size="xs"
        value={tab}
        onChange={(one) => setUrl({ tab: one === 'rules' ? undefined : one, run: undefined }, true)}
        aria-label={t('detections.title')}
        data={TABS.map((value) => ({ value, label: t(`detections.tab_${value}`) }))}
      />
      <ActionButton
        size="compact-sm"
        variant="default"
        offer={may}
        aria-label={t('detections.new')}
        leftSection={<IconPlus size={14} />}
        onPress={() => setUrl({ draft: 'new', run: undefined }, true)}
      >
        <span className={css.newText}>{t('detections.new')}</span>
      </ActionButton>
    </div>
  )
  if (tab === 'rules') return <Rules tools={tools} />
  return (
    <div className={css.whole}>
      <Pane title={t('detections.title')} isFlush head={tools}>
        <Suspense fallback={<Waiting />}>
          {tab === 'alarms' ? <AlarmTab /> : tab === 'exceptions' ? <ExceptionTab /> : <LateTab />}
        </Suspense>
      </Pane>
    </div>
  )
}

/** The rules in force, how often each has fired, and what is wrong with their files. */
function Rules({ tools }: { tools: React.ReactNode }) {
  const [url, setUrl] = useUrl()
  const asked = useReading<RuleItem[]>('/v1/rules', {}, { every_ms: 30_000 })
  const fired = useReading<{ findings: Finding[]; next?: string | null }>(
    '/v1/findings',
    { limit: FINDINGS },
    { every_ms: 10_000 },
  )
  const search = useRef<HTMLInputElement>(null)
  const firings = useMemo(() => firingsOf(fired.data?.findings ?? []), [fired.data])
  const kind: Kind = KINDS.find((one) => one === url.kind) ?? 'all'
  const list = useMemo(
    () => rulesOf(asked.data ?? [], url.find ?? '', firings, kind),
    [asked.data, url.find, firings, kind],
  )
  const all = useMemo(() => rulesOf(asked.data ?? [], '', firings), [asked.data, firings])
  const chosen = asked.data?.find((rule) => rule.id === url.id)
  const step = (by: number) => {
    const at = list.findIndex((rule) => rule.id === url.id)
    const next = list[Math.min(list.length - 1, Math.max(0, at < 0 ? 0 : at + by))]
    if (next) setUrl({ id: next.id })
  }
  const group = t('detections.title')
  useKeys([
    { keys: '/', label: t('detections.search'), group, run: () => search.current?.focus() },
    { keys: 'j', label: t('detections.key_next'), group, run: () => step(1) },
    { keys: 'k', label: t('detections.key_previous'), group, run: () => step(-1) },
    {
      keys: 'Escape',
      label: t('detections.close_rule'),
      group,
      run: () => setUrl({ id: undefined }),
    },
  ])
  return (
    <div
      className={chosen ? parts.split : css.whole}
      data-even
      data-open={chosen ? true : undefined}
    >
      <Pane
        title={t('detections.title')}
        readAt={fired.readAt ?? asked.readAt}
        isFlush
        head={
          <>
            {asked.data && (
              <span className={`${css.shown} faint num`}>{shownText(list, all, Boolean(url.find?.trim()) || kind !== 'all')}</span>
            )}
            {tools}
          </>
        }
      >
        <FindBar field={search} label={t('detections.search')} hint={t('detections.search_hint')}>
          <NativeSelect
            size="sm"
            value={kind}
            aria-label={t('detections.kinds')}
            onChange={(event) =>
              setUrl({ kind: event.currentTarget.value === 'all' ? undefined : event.currentTarget.value })
            }
            data={KINDS.map((value) => ({ value, label: t(`detections.kind_${value}`) }))}
          />
        </FindBar>
        <Problems />
        <Answered asked={asked}>
          {() =>
            list.length === 0 ? (
              <EmptyNote title={t('detections.none')}>{t('detections.none_text')}</EmptyNote>
            ) : (
              <RuleTable
                list={list}
                firings={firings}
                isCut={Boolean(fired.data?.next)}
                chosen={url.id}
                choose={(id) => setUrl({ id }, true)}
              />
            )
          }
        </Answered>
      </Pane>
      {chosen && (
        <RulePage
          key={chosen.id}
          rule={chosen}
          blocks={blocksOf(asked.data ?? [], chosen.id)}
          close={() => setUrl({ id: undefined })}
        />
      )}
    </div>
  )
}

/** How many rules are in force: of how many, where some are looked for; and how many are off. */
function shownText(list: readonly RuleItem[], all: readonly RuleItem[], finds: boolean): string {
  const on = inForce(list)
  const off = list.length - on
  const shown = finds
    ? t('detections.shown_of', { shown: on, count: inForce(all) })
    : t('detections.shown', { count: on })
  return off > 0 ? `${shown} · ${t('detections.shown_off', { count: off })}` : shown
}

/** Content that could not be loaded: its rules do not watch. */
function Problems() {
  const now = useExternal(status) as { content_problems?: unknown[] } | undefined
  const list = now?.content_problems ?? []
  if (list.length === 0) return null
  return (
    <div className={css.problems} role="alert">
      <IconAlertTriangle size={16} aria-hidden />
      <div>
        <strong>{t('detections.problems', { count: list.length })}</strong>
        <ul>
          {list.slice(0, 20).map((one) => (
            <li key={problemText(one)}>
              <bdi>{problemText(one)}</bdi>
            </li>
          ))}
        </ul>
      </div>
    </div>
  )
}

function RuleTable({
  list,
  firings,
  isCut,
  chosen,
  choose,
}: {
  list: readonly RuleItem[]
  firings: ReadonlyMap<string, Firing>
  isCut: boolean
  chosen: string | undefined
  choose: (id: string) => void
}) {
  return (
    <Table
      label={t('detections.title')}
      columns={[
        { label: t('detections.rule') },
        { label: t('incidents.level') },
        { label: t('detections.fired'), isEnd: true },
        { label: t('detections.last_fired'), when: 'mid' },
        { label: t('detections.team'), when: 'mid' },
        { label: t('detections.tags'), when: 'wide' },
      ]}
    >
      {list.map((rule) => {
        const firing = firings.get(rule.id)
        return (
          <tr
            key={rule.id}
            data-chosen={rule.id === chosen || undefined}
            onClick={() => choose(rule.id)}
          >
            <td className={css.name}>
              <button type="button" className={parts.link} aria-pressed={rule.id === chosen}>
                <Cut>{rule.title}</Cut>
              </button>
              {rule.off_by && <Mark tone="warn">{t('detections.is_off')}</Mark>}
              <span className={`${css.id} mono cut`}>{rule.id}</span>
            </td>
            <td>
              <Severity level={rule.level as Level} />
            </td>
            <td data-end className={`num ${firing ? '' : 'faint'}`}>
              {firing ? `${count(firing.count)}${isCut ? '+' : ''}` : '0'}
            </td>
            <td data-mid className="dim">
              {firing ? (
                <AgoText at={firing.last} />
              ) : (
                <span className="faint">{t('detections.never')}</span>
              )}
            </td>
            <td data-mid className="dim">
              {rule.team ? teamName(rule.team) : '–'}
            </td>
            <td data-wide>
              <span className={css.tags}>
                {rule.tags.slice(0, 3).map((tag) => (
                  <Mark key={tag}>{tag}</Mark>
                ))}
              </span>
            </td>
          </tr>
        )
      })}
    </Table>
  )
}
