import { Modal } from '@mantine/core'
import { Fragment, useMemo } from 'react'
import { t } from '../text'
import { diffLines, hunks, type DiffLine } from './diff'
import { fileNames, type Files } from './mapping'
import css from './mend.module.css'

/** Lines of one file that are shown; more is nothing that anybody compares by eye. */
const LINES_MAX = 3_000

interface Props {
  name: string
  shipped: Files
  here: Files
  close: () => void
}

/** The text in the fields beside the one that came with the program. */
export function CompareDialog({ name, shipped, here, close }: Props) {
  return (
    <Modal opened onClose={close} title={t('mend.compare_title', { name })} size="80rem">
      {fileNames({ ...shipped, ...here }).map((file) => (
        <Compared key={file} file={file} shipped={shipped[file] ?? ''} here={here[file] ?? ''} />
      ))}
    </Modal>
  )
}

function Compared({ file, shipped, here }: { file: string; shipped: string; here: string }) {
  if (shipped === here) return <p className="dim">{t('mend.compare_same', { file })}</p>
  return (
    <>
      <h3 className="mono">{file}</h3>
      <DiffLines shipped={shipped} here={here} />
    </>
  )
}

/** What one text has and the other has not, line by line. */
export function DiffLines({ shipped, here }: { shipped: string; here: string }) {
  const parts = useMemo(
    () => (shipped === here ? [] : hunks(diffLines(shipped, here)).slice(0, LINES_MAX)),
    [shipped, here],
  )
  return (
    <div className={css.compared} tabIndex={0} dir="ltr">
      {parts.map((part, at) => (
        <Fragment key={at}>
          {'skipped' in part ? (
            <p>{t('mend.compare_skipped', { count: part.skipped })}</p>
          ) : (
            <Line line={part} />
          )}
        </Fragment>
      ))}
    </div>
  )
}

function Line({ line: { kind, text, shipped, here } }: { line: DiffLine }) {
  return (
    <div data-kind={kind}>
      <span>{shipped}</span>
      <span>{here}</span>
      <span aria-hidden>{kind === 'here' ? '+' : kind === 'shipped' ? '−' : ''}</span>
      {kind === 'here' ? (
        <ins>
          <b className="hush">{t('mend.compare_here')} </b>
          {text}
        </ins>
      ) : kind === 'shipped' ? (
        <del>
          <b className="hush">{t('mend.compare_shipped')} </b>
          {text}
        </del>
      ) : (
        <bdi>{text}</bdi>
      )}
    </div>
  )
}
