import { ActionIcon, Button } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { EventItem, SourceItem } from '../../api/types'
import { at, isEcho } from '../../event/describe'
import { useDirectory } from '../../org/organisation'
import { Facts, Part, Tile } from '../../parts/Facts'
import parts from '../../parts/parts.module.css'
import { useOffers, useReading } from '../../parts/reading'
import { count, t } from '../../text'
import { span } from '../../time/format'
import { Pane } from '../../ui/Pane'
import { Stamp } from '../../ui/Stamp'
import { EventLines } from '../people/EventLines'
import { boundariesOf, spread, sumOf, type Sum } from './account'
import { rateText, type Rate } from './rates'
import { Health, Measuring } from './SourceTable'
import css from './sources.module.css'

interface Props {
  source: SourceItem
  rate: Rate | undefined
  readAt: number | undefined
  close: () => void
  showDead: () => void
}

const LAST = 200

/** One source: how late it is, how far its clock may be off, and its accounts as sums. */
export function SourceDetail({ source, rate, readAt, close, showDead }: Props) {
  const directory = useDirectory()
  const events = useReading<{ events: EventItem[] }>(
    '/v1/events',
    { source: source.id, limit: LAST },
    { every_ms: 15_000 },
  )
  const list = events.data?.events ?? []
  return (
    <Pane
      title={<bdi>{source.id}</bdi>}
      label={t('sources.one')}
      readAt={readAt}
      back={{ label: t('sources.back'), run: close }}
      head={
        <>
          <Health source={source} />
          <ActionIcon aria-label={t('sources.close_source')} onClick={close} ms="auto">
            <IconX size={15} />
          </ActionIcon>
        </>
      }
    >
      <Timing list={list} rate={rate} />
      <Part title={t('sources.accounts')}>
        {boundariesOf(source.accounts).length === 0 && (
          <p className={parts.quiet}>{t('sources.no_records')}</p>
        )}
        {boundariesOf(source.accounts).map((boundary) => (
          <Adding
            key={boundary}
            boundary={boundary}
            sum={sumOf(source.accounts, boundary)}
            showDead={showDead}
          />
        ))}
      </Part>
      <Part title={t('sources.about')}>
        <Facts
          list={[
            [t('sources.mapping'), source.mapping && <MappingLink key="m" source={source} />],
            [t('sources.site'), directory.siteName(source.site)],
            [t('sources.trust'), t(`sources.trust_${source.trust}`)],
            [
              t('sources.heartbeat'),
              source.heartbeat_s
                ? t('sources.every', { span: span(source.heartbeat_s * 1_000) })
                : t('sources.no_heartbeat'),
            ],
            [
              t('sources.last_heard'),
              source.last_heard && <Stamp at={source.last_heard} place={source.site} as="full" />,
            ],
          ]}
        />
      </Part>
      <Part
        title={t('places.last_events')}
        end={
          <Link to="/events" search={{ mode: 'search', q: `source:${source.id}` } as never}>
            {t('people.all_events')}
          </Link>
        }
      >
        <EventLines
          events={list.filter(({ event }) => !isEcho(event))}
          problem={events.problem}
          isWaiting={events.isWaiting}
        />
      </Part>
    </Pane>
  )
}

/** The mapping by name, leading to its files where the server shows them. */
function MappingLink({ source }: { source: SourceItem }) {
  const isOffered = useOffers('get', '/v1/mappings/{name}')
  if (!isOffered) return source.mapping
  return (
    <Link to="/sources" search={{ id: source.id, mend: source.mapping } as never}>
      {source.mapping}
    </Link>
  )
}

const seconds = (ms: number): string => {
  const s = ms / 1_000
  return `${Math.abs(s) < 10 ? s.toFixed(1) : Math.round(s)} s`
}

/** Measured on the newest events: received minus claimed, and how far the clock may be off. */
function Timing({ list, rate }: { list: readonly EventItem[]; rate: Rate | undefined }) {
  const { late, doubt } = useMemo(
    () => ({
      late: spread(
        list
          .map((item) => Date.parse(item.received_at) - Date.parse(item.time))
          .filter(Number.isFinite),
      ),
      doubt: spread(
        list
          .map(
            ({ event }) =>
              (Date.parse(String(at(event, 'castellan.time.latest'))) -
                Date.parse(String(at(event, 'castellan.time.earliest')))) /
              2,
          )
          .filter(Number.isFinite),
      ),
    }),
    [list],
  )
  const isAhead = late !== undefined && late.least < -1_000
  return (
    <div className={parts.tiles}>
      <Tile
        name={t('sources.rate')}
        value={rate ? rateText(rate.now) : <Measuring />}
        hint={t('sources.a_second')}
      />
      <Tile
        name={t('sources.lateness')}
        value={late ? seconds(late.middle) : '–'}
        hint={late && t('sources.lateness_most', { most: seconds(late.most), count: list.length })}
      />
      <Tile
        name={t('sources.clock')}
        value={late ? (isAhead ? seconds(-late.least) : t('sources.not_ahead')) : '–'}
        tone={isAhead ? 'warn' : undefined}
        hint={isAhead ? t('sources.ahead') : undefined}
      />
      <Tile
        name={t('sources.doubt')}
        value={doubt ? `± ${seconds(doubt.most)}` : '–'}
        hint={t('sources.doubt_hint')}
      />
    </div>
  )
}

/** received = kept + rejected + dropped, with the numbers under one another. */
function Adding({ boundary, sum, showDead }: { boundary: string; sum: Sum; showDead: () => void }) {
  const terms = [
    ['kept', sum.kept],
    ['rejected', sum.rejected],
    ['dropped', sum.dropped],
    ...(sum.underway > 0 ? [['underway', sum.underway] as const] : []),
  ] as const
  return (
    <div className={css.adding}>
      <div className={css.boundary}>{boundary}</div>
      <div className={`${css.sum} num`}>
        <span className={css.term}>
          <b>{count(sum.received)}</b>
          <small>{t('sources.term_received')}</small>
        </span>
        {terms.map(([name, records], at) => (
          <span key={name} className={css.termGroup}>
            <span className={css.sign}>{at === 0 ? '=' : '+'}</span>
            <span
              className={css.term}
              data-loss={
                records > 0 && (name === 'rejected' || name === 'dropped') ? true : undefined
              }
            >
              <b>{count(records)}</b>
              <small>{t(`sources.term_${name}`)}</small>
            </span>
          </span>
        ))}
      </div>
      {sum.excess > 0 && (
        <p className={parts.problem}>{t('sources.excess', { count: sum.excess })}</p>
      )}
      {sum.reasons.map((one) => (
        <div key={`${one.outcome}|${one.reason}`} className={css.reason}>
          <span className="mono">{one.reason}</span>
          <span className="num">{count(one.records)}</span>
          {boundary === 'normalise' && (
            <Button variant="subtle" size="compact-xs" onClick={showDead}>
              {t('sources.show_dead')}
            </Button>
          )}
        </div>
      ))}
    </div>
  )
}
