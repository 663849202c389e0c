import { useState } from 'react'
import { asProblem } from '../../api/problem'
import { Mark } from '../../parts/Facts'
import { useReading } from '../../parts/reading'
import { Answered, Table } from '../../parts/Table'
import { useRight } from '../../session/session'
import { count, t } from '../../text'
import { ActionButton } from '../../ui/ActionButton'
import { EmptyNote } from '../../ui/Notes'
import { Stamp } from '../../ui/Stamp'
import { useUrl } from '../../url'
import { startReplay, type Late } from '../../workbench/draft'
import { Outcome, useReplay } from '../../workbench/ReplayPanel'
import css from './detections.module.css'

/** Events that came too late for what was waited for, and what their time would have given. */
export default function LateTab() {
  const [url, setUrl] = useUrl()
  const asked = useReading<Late[]>('/v1/late', {}, { every_ms: 15_000 })
  const may = useRight('rule.try')
  const [refusal, setRefusal] = useState<string>()
  const replay = useReplay(url.run)
  const judge = async (source: string) => {
    setRefusal(undefined)
    try {
      const begun = await startReplay({ late_of: source })
      setUrl({ run: begun.id })
    } catch (thrown) {
      setRefusal(asProblem(thrown).detail)
    }
  }
  return (
    <div className={css.scrolls} tabIndex={0} role="group" aria-label={t('detections.tab_late')}>
      <p className={`${css.explain} dim`}>{t('detections.late_text')}</p>
      {refusal && (
        <p role="alert" className={css.explain}>
          {refusal}
        </p>
      )}
      <Answered asked={asked}>
        {(list) =>
          list.length === 0 ? (
            <EmptyNote title={t('detections.none_late')}>
              {t('detections.none_late_text')}
            </EmptyNote>
          ) : (
            <Table
              label={t('detections.tab_late')}
              columns={[
                { label: t('detections.source') },
                { label: t('detections.late_events'), isEnd: true },
                { label: t('detections.late_open'), isEnd: true },
                { label: t('detections.from') },
                { label: t('detections.to') },
                { label: t('detections.acts'), isHushed: true },
              ]}
            >
              {list.map((one) => (
                <tr key={one.source}>
                  <td>{one.source}</td>
                  <td data-end className="num">
                    {count(one.events)}
                  </td>
                  <td data-end className="num">
                    {count(one.open)}
                  </td>
                  <td>
                    <Stamp at={one.first} />
                  </td>
                  <td>
                    <Stamp at={one.last} />
                  </td>
                  <td>
                    {one.open > 0 ? (
                      <ActionButton
                        size="compact-xs"
                        variant="default"
                        offer={may}
                        onPress={() => void judge(one.source)}
                      >
                        {t('detections.judge_again')}
                      </ActionButton>
                    ) : (
                      <Mark tone="good">
                        {t('detections.settled', { by: one.settled_by ?? '' })}
                      </Mark>
                    )}
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Answered>
      {url.run && (
        <section className={css.lateRun} aria-label={t('detections.replay')}>
          <Outcome id={url.run} asked={replay} />
        </section>
      )}
    </div>
  )
}
