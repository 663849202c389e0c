import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useDirectory } from '../../org/organisation'
import { Mark } from '../../parts/Facts'
import { ReasonDialog } from '../../parts/ReasonDialog'
import { useReading } from '../../parts/reading'
import { Answered, Table } from '../../parts/Table'
import { useRight } from '../../session/session'
import { count, t } from '../../text'
import { ActionButton } from '../../ui/ActionButton'
import { dateOf, msOf } from '../../time/format'
import { EmptyNote } from '../../ui/Notes'
import { Stamp } from '../../ui/Stamp'
import { endException, type Exception } from '../../workbench/draft'
import css from './detections.module.css'

const DAY_MS = 86_400_000

/** The last day on which an exception holds, as it was given; or the instant of its end. */
function Until({ at }: { at: string }) {
  const ms = msOf(at)
  if (ms % DAY_MS !== 0) return <Stamp at={at} />
  return (
    <time className="num" dateTime={at} title={t('detections.until_hint')}>
      {dateOf(ms - 1, 'UTC')}
    </time>
  )
}

/** What rules do not say, until when, by whose word, and how much that was. */
export function ExceptionTab() {
  const asked = useReading<Exception[]>('/v1/exceptions', {}, { every_ms: 15_000 })
  const directory = useDirectory()
  const queries = useQueryClient()
  const may = useRight('rule.edit')
  const [ends, setEnds] = useState<string>()
  return (
    <Answered asked={asked}>
      {(list) =>
        list.length === 0 ? (
          <EmptyNote title={t('detections.no_exceptions')}>
            {t('detections.no_exceptions_text')}
          </EmptyNote>
        ) : (
          <>
            <Table
              label={t('detections.tab_exceptions')}
              columns={[
                { label: t('detections.rule') },
                { label: t('detections.about_what') },
                { label: t('detections.until') },
                { label: t('detections.kept_back'), isEnd: true },
                { label: t('detections.owner'), when: 'mid' },
                { label: t('system.reason'), when: 'wide' },
                { label: t('detections.acts'), isHushed: true },
              ]}
            >
              {list.map((one) => (
                <tr key={one.id}>
                  <td>
                    <bdi>{one.rules.join(', ')}</bdi>
                  </td>
                  <td className={css.about}>
                    <bdi>
                      {[
                        one.sites.map(directory.siteName).join(', '),
                        ...Object.entries(one.when ?? {}).map(
                          ([field, value]) => `${field} = ${String(value)}`,
                        ),
                      ]
                        .filter(Boolean)
                        .join(' · ') || one.path}
                    </bdi>
                  </td>
                  <td>
                    <Until at={one.until} />{' '}
                    {one.is_over && <Mark tone="warn">{t('detections.is_over')}</Mark>}
                  </td>
                  <td data-end className="num">
                    {count(one.kept)}
                  </td>
                  <td data-mid className="dim">
                    {one.owner}
                  </td>
                  <td data-wide className="dim">
                    <bdi>{one.reason}</bdi>
                  </td>
                  <td>
                    {one.is_ours && (
                      <ActionButton
                        size="compact-xs"
                        variant="default"
                        offer={may}
                        onPress={() => setEnds(one.id)}
                      >
                        {t('detections.end')}
                      </ActionButton>
                    )}
                  </td>
                </tr>
              ))}
            </Table>
            {ends && (
              <ReasonDialog
                title={t('detections.end_title')}
                label={t('detections.end')}
                close={() => setEnds(undefined)}
                run={async (reason) => {
                  await endException(ends, reason)
                  void queries.invalidateQueries({ queryKey: ['/v1/exceptions'] })
                  return t('detections.ended')
                }}
                isHarmless
              >
                <p>{t('detections.end_text')}</p>
              </ReasonDialog>
            )}
          </>
        )
      }
    </Answered>
  )
}
