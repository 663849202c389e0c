import {
  IconCircleCheckFilled,
  IconCircleDashed,
  IconCircleDot,
  IconPlugConnectedX,
} from '@tabler/icons-react'
import type { SourceItem } from '../../api/types'
import { useDirectory } from '../../org/organisation'
import { AgoText } from '../../parts/AgoText'
import { Cut } from '../../parts/Facts'
import parts from '../../parts/parts.module.css'
import { Table } from '../../parts/Table'
import { count, t } from '../../text'
import { healthOf, sumOf } from './account'
import { rateText, type Rate } from './rates'
import css from './sources.module.css'

interface Props {
  list: readonly SourceItem[]
  rates: ReadonlyMap<string, Rate>
  chosen: string | undefined
  choose: (id: string) => void
}

/** Heard, silent, or never heard: shape, colour and word. */
export function Health({ source }: { source: SourceItem }) {
  const state = healthOf(source)
  const Icon =
    state === 'heard'
      ? IconCircleCheckFilled
      : state === 'silent'
        ? IconPlugConnectedX
        : state === 'unwatched'
          ? IconCircleDot
          : IconCircleDashed
  return (
    <span className={css.health} data-state={state}>
      <Icon size={15} aria-hidden /> {t(`sources.state_${state}`)}
    </span>
  )
}

/** A rate needs two readings: until the second there is none. */
export function Measuring() {
  return (
    <span className="faint" title={t('sources.measuring_hint')}>
      {t('sources.measuring')}
    </span>
  )
}

export function SourceTable({ list, rates, chosen, choose }: Props) {
  const directory = useDirectory()
  return (
    <Table
      label={t('sources.title')}
      columns={[
        { label: t('sources.source') },
        { label: t('sources.health') },
        { label: t('sources.last_heard'), when: 'mid' },
        { label: t('sources.rate'), when: 'mid', isEnd: true },
        { label: t('sources.received'), isEnd: true },
        { label: t('sources.rejected'), isEnd: true },
        { label: t('sources.mapping'), when: 'wide' },
        { label: t('sources.site'), when: 'wide' },
        { label: t('sources.trust'), when: 'wide' },
      ]}
    >
      {list.map((source) => {
        const sum = sumOf(source.accounts, 'normalise')
        const intake = sumOf(source.accounts, 'intake')
        const lost = sum.rejected + sum.dropped + intake.rejected + intake.dropped
        const rate = rates.get(source.id)
        return (
          <tr
            key={source.id}
            data-chosen={source.id === chosen || undefined}
            onClick={() => choose(source.id)}
          >
            <td>
              <button type="button" className={parts.link} aria-pressed={source.id === chosen}>
                <Cut>{source.id}</Cut>
              </button>
            </td>
            <td>
              <Health source={source} />
            </td>
            <td data-mid className="num dim">
              {source.last_heard ? <AgoText at={source.last_heard} /> : '–'}
            </td>
            <td data-mid data-end className="num">
              {rate ? rateText(rate.now) : <Measuring />}
            </td>
            <td data-end className="num">
              {count(intake.received)}
            </td>
            <td data-end className={`num ${lost > 0 ? css.lost : 'faint'}`}>
              {count(lost)}
            </td>
            <td data-wide className="dim">
              {source.mapping}
            </td>
            <td data-wide className="dim">
              {directory.siteName(source.site)}
            </td>
            <td data-wide className="dim">
              {t(`sources.trust_${source.trust}`)}
            </td>
          </tr>
        )
      })}
    </Table>
  )
}
