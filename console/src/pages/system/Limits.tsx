import { useReading } from '../../parts/reading'
import { Answered, Table } from '../../parts/Table'
import { t } from '../../text'
import { Pane } from '../../ui/Pane'
import { nearest, share, shareText, valueText, type LimitItem } from './limits'
import { Meter } from './Meter'
import css from './system.module.css'

/** Every limit, and how near it is. */
export default function Limits() {
  const asked = useReading<LimitItem[]>('/v1/limits', {}, { every_ms: 10_000 })
  const list = nearest(asked.data ?? [])
  const near = list.filter((limit) => (share(limit) ?? 0) >= 0.7).length
  return (
    <Pane
      title={t('system.tab_limits')}
      readAt={asked.readAt}
      isFlush
      head={
        <span className="faint">
          {near === 0 ? t('system.none_near') : t('system.near', { count: near })}
        </span>
      }
    >
      <Answered asked={asked}>
        {() => (
          <Table
            label={t('system.tab_limits')}
            columns={[
              { label: t('system.limit') },
              { label: t('system.how_near'), when: 'mid' },
              { label: t('system.used'), isEnd: true },
              { label: t('system.max'), isEnd: true },
              { label: t('system.meaning'), when: 'wide' },
            ]}
          >
            {list.map((limit) => (
              <tr key={limit.name}>
                <td className={css.limitName}>
                  <span className="mono cut" title={limit.name}>
                    {limit.name}
                  </span>
                </td>
                <td data-mid className={css.near}>
                  <Meter limit={limit} /> <span className="num faint">{shareText(limit)}</span>
                </td>
                <td data-end className="num">
                  {limit.used === null || limit.used === undefined
                    ? '–'
                    : valueText(limit.used, limit.unit)}
                </td>
                <td data-end className="num">
                  {valueText(limit.max, limit.unit)}
                </td>
                <td data-wrap data-wide className={`dim ${css.meaning}`}>
                  {limit.meaning}
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Answered>
    </Pane>
  )
}
