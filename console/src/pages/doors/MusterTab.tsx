import { Button, Select } from '@mantine/core'
import { IconHelpCircle, IconPrinter, IconUserCheck } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useLiveReading } from '../../live/useLiveReading'
import { useDirectory } from '../../org/organisation'
import { AgoText } from '../../parts/AgoText'
import { Tile } from '../../parts/Facts'
import { Answered, Table } from '../../parts/Table'
import { useRight } from '../../session/session'
import { count, language, t, word } from '../../text'
import { EmptyNote } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { Stamp } from '../../ui/Stamp'
import { useUrl } from '../../url'
import type { Muster, MusterEntry } from './doors'
import css from './doors.module.css'

/** Who is inside, and who may be: names stand here without anybody's asking why. */
export function MusterTab({ head }: { head: ReactNode }) {
  const [url, setUrl] = useUrl()
  const directory = useDirectory()
  const right = useRight('muster.read')
  const areas = directory.organisation.places.filter(
    ({ kind }) => kind === 'site' || kind === 'building' || kind === 'zone',
  )
  const area = url.area ?? directory.organisation.sites[0]
  const asked = useLiveReading<Muster>(
    right.allowed && area ? '/v1/muster' : undefined,
    ['door', 'edge'],
    { area },
  )
  return (
    <Pane title={t('doors.muster')} readAt={asked.readAt} isFlush head={head}>
      <div className={css.musterBar}>
        <Select
          aria-label={t('doors.area')}
          value={area ?? null}
          onChange={(value) => setUrl({ area: value ?? undefined })}
          allowDeselect={false}
          searchable
          data={areas.map(({ id }) => ({ value: id, label: directory.nameOf(`place:${id}`) }))}
        />
        {right.allowed && area && (
          <Button
            component="a"
            href={`/v1/muster.pdf?${new URLSearchParams({ area, lang: language.get() })}`}
            target="_blank"
            rel="noopener"
            variant="default"
            title={t('doors.paper_hint')}
            leftSection={<IconPrinter size={16} aria-hidden />}
          >
            {t('doors.print')}
          </Button>
        )}
      </div>
      {!right.allowed ? (
        <EmptyNote title={t('doors.muster_refused')}>{right.reason ?? ''}</EmptyNote>
      ) : (
        <Answered asked={asked}>{(muster) => <List muster={muster} />}</Answered>
      )}
    </Pane>
  )
}

function List({ muster }: { muster: Muster }) {
  const directory = useDirectory()
  const zoneName = (id: string) => directory.nameOf(`place:${id}`)
  return (
    <>
      <div className={css.musterTiles}>
        <Tile name={t('doors.inside')} value={count(muster.inside.length)} />
        <Tile
          name={t('doors.possibly')}
          value={count(muster.possibly.length)}
          tone={muster.possibly.length > 0 ? 'warn' : 'good'}
          hint={t('doors.possibly_hint')}
        />
        {muster.unheard.length > 0 && (
          <Tile
            name={t('doors.unheard')}
            value={count(muster.unheard.length)}
            tone="warn"
            hint={muster.unheard.map(zoneName).join(', ')}
          />
        )}
      </div>
      <p className={css.musterAt}>
        {zoneName(muster.area)} · <Stamp at={muster.at} place={muster.area} as="full" />
      </p>
      <Table
        label={t('doors.muster')}
        columns={[
          { label: t('doors.person') },
          { label: t('doors.state') },
          { label: t('doors.zone') },
          { label: t('doors.seen'), when: 'mid' },
        ]}
      >
        {muster.inside.map((entry) => (
          <Row key={entry.person} entry={entry} isInside />
        ))}
        {muster.possibly.map((entry) => (
          <Row key={entry.person} entry={entry} />
        ))}
      </Table>
    </>
  )
}

function Row({ entry, isInside }: { entry: MusterEntry; isInside?: boolean }) {
  const directory = useDirectory()
  const Icon = isInside ? IconUserCheck : IconHelpCircle
  return (
    <tr>
      <td>
        <bdi className="cut">{entry.name ?? directory.nameOf(`person:${entry.person}`)}</bdi>
      </td>
      <td>
        <span className={css.at} data-tone={isInside ? undefined : 'warn'}>
          <Icon size={15} aria-hidden /> {t(isInside ? 'doors.is_inside' : 'doors.is_possibly')}
        </span>
        {entry.why && <div className={css.hint}>{word('doors', 'why', entry.why)}</div>}
      </td>
      <td>{entry.zone ? directory.nameOf(`place:${entry.zone}`) : '–'}</td>
      <td data-mid className="dim">
        {entry.since ? <AgoText at={entry.since} /> : t('doors.never_seen')}
      </td>
    </tr>
  )
}
