import { Button, Select } from '@mantine/core'
import { IconRefreshAlert, IconTool } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, body } from '../../api/client'
import type { components } from '../../api/schema'
import type { SourceItem } from '../../api/types'
import { Mark } from '../../parts/Facts'
import { ReasonDialog } from '../../parts/ReasonDialog'
import { useOffers, useReading } from '../../parts/reading'
import { Table } from '../../parts/Table'
import { useRight } from '../../session/session'
import { t, word } from '../../text'
import { ActionButton } from '../../ui/ActionButton'
import { DataAge } from '../../ui/DataAge'
import { EmptyNote, ProblemNote, Waiting } from '../../ui/Notes'
import { Ago, Stamp } from '../../ui/Stamp'
import { useUrl } from '../../url'
import { useExternal } from '../../live/external'
import { status } from '../../live/link'
import css from './sources.module.css'

type Letter = components['schemas']['DeadLetterItem']

const MAX = 500

/** Records that gave no event: why, where in them, and another go with today's mappings. */
export function DeadLetters({ source }: { source: string | undefined }) {
  const [url, setUrl] = useUrl()
  const wanted = url.status ?? 'open'
  const asked = useReading<Letter[]>(
    '/v1/dead-letters',
    { source, status: wanted === 'all' ? undefined : wanted, limit: MAX },
    { every_ms: 10_000, keep: true },
  )
  const sources = useReading<SourceItem[]>('/v1/sources')
  const right = useRight('dead_letter.rerun')
  const queries = useQueryClient()
  const [isAsking, setAsking] = useState(false)
  const list = asked.data ?? []
  const open = list.filter((letter) => letter.status === 'open').length
  const rerun = async () => {
    const { sent } = await body(
      api.POST('/v1/dead-letters/rerun', { body: { source, limit: null } }),
    )
    asked.again()
    void queries.invalidateQueries({ queryKey: ['/v1/sources'] })
    return t('sources.rerun_done', { count: sent })
  }
  return (
    <>
      <div className={css.deadBar}>
        <Select
          value={source ?? null}
          placeholder={t('sources.every_source')}
          clearable
          searchable
          aria-label={t('sources.source')}
          data={(sources.data ?? []).map(({ id }) => id)}
          onChange={(id) => setUrl({ id: id ?? undefined })}
        />
        <Select
          value={wanted}
          allowDeselect={false}
          aria-label={t('sources.status')}
          data={['open', 'rerun', 'resolved', 'all'].map((value) => ({
            value,
            label: word('sources', 'status', value),
          }))}
          onChange={(value) => setUrl({ status: value ?? undefined })}
        />
        <span className="faint num">{t('sources.letters', { count: list.length })}</span>
        <span className={css.deadEnd}>
          {open > 0 && (
            <ActionButton
              offer={right}
              onPress={() => setAsking(true)}
              leftSection={<IconRefreshAlert size={15} />}
            >
              {t('sources.rerun')}
            </ActionButton>
          )}
          <DataAge readAt={asked.readAt} />
        </span>
      </div>
      {asked.problem ? (
        <ProblemNote error={asked.problem} retry={asked.again} />
      ) : asked.isWaiting ? (
        <Waiting />
      ) : list.length === 0 ? (
        <NoLetters />
      ) : (
        <Letters list={list} />
      )}
      {isAsking && (
        <ReasonDialog
          title={t('sources.rerun')}
          label={t('sources.rerun')}
          close={() => setAsking(false)}
          run={rerun}
          isHarmless
          isWithoutReason
        >
          <p>{t('sources.rerun_text', { source: source ?? t('sources.every_source') })}</p>
        </ReasonDialog>
      )}
    </>
  )
}

function NoLetters() {
  const now = useExternal(status)
  return (
    <EmptyNote title={t('sources.dead_none')}>
      {now && (
        <>
          {t('sources.dead_none_text', { events: now.events })} <Ago at={now.started_at} />.
        </>
      )}
    </EmptyNote>
  )
}

/** Where the mapping that gave no event is mended, with this letter in view. */
const mendOf = ({ source, mapping, record }: Letter) => ({
  to: '/sources',
  search: { tab: 'dead', id: source, mend: mapping, letter: String(record) } as never,
})

function Letters({ list }: { list: readonly Letter[] }) {
  const canMend = useOffers('get', '/v1/mappings/{name}') === true
  return (
    <Table
      label={t('sources.dead')}
      columns={[
        { label: t('sources.received_at') },
        { label: t('sources.source') },
        { label: t('sources.reason') },
        { label: t('sources.position') },
        { label: t('sources.head'), when: 'mid' },
        { label: t('sources.mapping'), when: 'wide' },
        { label: t('sources.status'), when: 'mid' },
        { label: t('mend.open'), isHushed: true },
      ]}
    >
      {list.map((letter) => (
        <tr key={letter.record}>
          <td className="num dim">
            <Stamp at={letter.received_at} />
          </td>
          <td>{letter.source}</td>
          <td data-wrap className={css.why}>
            <span className="mono">{letter.code}</span>
            <bdi className="dim" title={letter.reason.slice(0, 1_000)}>
              {letter.reason.slice(0, 300)}
            </bdi>
          </td>
          <td className="num dim">
            {letter.position
              ? t('sources.at', { line: letter.position.line, column: letter.position.column })
              : '–'}
          </td>
          <td data-mid className={css.head}>
            <bdi className="mono cut" title={letter.head?.slice(0, 1_000)}>
              {letter.head?.slice(0, 200) ?? '–'}
            </bdi>
          </td>
          <td data-wide className="dim">
            {letter.mapping ?? '–'}
          </td>
          <td data-mid>
            <Mark tone={letter.status === 'open' ? 'warn' : undefined}>
              {word('sources', 'status', letter.status)}
            </Mark>
          </td>
          {canMend && (
            <td data-end>
              {letter.mapping && letter.status === 'open' && (
                <Button
                  component={Link}
                  {...mendOf(letter)}
                  size="compact-xs"
                  variant="default"
                  leftSection={<IconTool size={13} aria-hidden />}
                >
                  {t('mend.open')}
                </Button>
              )}
            </td>
          )}
        </tr>
      ))}
    </Table>
  )
}
