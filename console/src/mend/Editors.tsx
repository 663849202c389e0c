import { SegmentedControl } from '@mantine/core'
import { useRef, useState } from 'react'
import { Mark } from '../parts/Facts'
import { t } from '../text'
import { CodeArea, type CodeField } from './CodeArea'
import { fileNames, type Fault } from './mapping'
import css from './mend.module.css'
import type { Mend } from './useMend'

const NONE: readonly Fault[] = []
/** Faults of one file that are listed; the list scrolls for itself. */
const FAULTS_SHOWN_MAX = 200

/** Faults that lie in neither field: in what the mapping's samples give. */
export function OtherFaults({ mend }: { mend: Mend }) {
  const faults = mend.faults.filter((fault) => !(fault.file in mend.files))
  if (faults.length === 0) return null
  return (
    <ul
      className={css.others}
      aria-label={t('mend.samples')}
      data-earlier={mend.isEarlier || undefined}
    >
      {faults.slice(0, FAULTS_SHOWN_MAX).map((fault, at) => (
        <li key={at} data-warning={fault.gravity === 'warning' || undefined}>
          <span className="mono">{fault.file}</span>{' '}
          {fault.line && (
            <span className="num">
              {t('sources.at', { line: fault.line, column: fault.column ?? 1 })}
            </span>
          )}{' '}
          <bdi>{fault.message}</bdi>
        </li>
      ))}
    </ul>
  )
}

/** Both files beside one another; on a narrow screen one at a time. */
export function Editors({ mend, isReadOnly }: { mend: Mend; isReadOnly: boolean }) {
  const names = fileNames(mend.files)
  const fields = useRef(new Map<string, CodeField>())
  const [front, setFront] = useState<string>()
  const shown = front ?? names.at(-1)
  return (
    <div className={css.editors}>
      <SegmentedControl
        className={css.fileTabs}
        value={shown}
        onChange={setFront}
        aria-label={t('mend.file')}
        data={names}
      />
      {names.map((file) => {
        const faults = mend.faults.filter((fault) => fault.file === file)
        return (
          <section
            key={file}
            className={css.file}
            data-front={file === shown || undefined}
            aria-label={file}
          >
            <h3 className={css.fileName}>
              <span className="mono">{file}</span>
              {mend.mapping?.files[file] !== mend.files[file] && (
                <Mark tone="warn">{t('mend.changed')}</Mark>
              )}
            </h3>
            <CodeArea
              ref={(field) => {
                if (field) fields.current.set(file, field)
              }}
              name={file}
              text={mend.files[file] ?? ''}
              faults={mend.isEarlier ? NONE : faults}
              isReadOnly={isReadOnly}
              change={(text) => mend.change(file, text)}
            />
            {faults.length > 0 && (
              <ul className={css.faults} data-earlier={mend.isEarlier || undefined}>
                {mend.isEarlier && <li className="dim">{t('mend.earlier')}</li>}
                {faults.slice(0, FAULTS_SHOWN_MAX).map((fault, at) => (
                  <li key={at} data-warning={fault.gravity === 'warning' || undefined}>
                    <button
                      type="button"
                      onClick={() =>
                        fields.current.get(file)?.goTo(fault.line ?? 1, fault.column ?? 1)
                      }
                    >
                      {fault.line && (
                        <span className="num">
                          {t('sources.at', { line: fault.line, column: fault.column ?? 1 })}
                        </span>
                      )}
                      <bdi>{fault.message}</bdi>
                    </button>
                  </li>
                ))}
              </ul>
            )}
          </section>
        )
      })}
    </div>
  )
}
