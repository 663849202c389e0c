import { memo, useImperativeHandle, useMemo, useRef, type KeyboardEvent, type Ref } from 'react'
import { t } from '../text'
import { broken, differing, indented, offsetOf, type Edit } from './code'
import type { Fault } from './mapping'
import css from './mend.module.css'

/** A line's height, as the style sheet has it. */
const LINE_PX = 19
const TOP_PX = 8

export interface CodeField {
  /** Puts the cursor there and shows it. */
  goTo: (line: number, column?: number) => void
}

interface Props {
  name: string
  text: string
  faults: readonly Fault[]
  isReadOnly: boolean
  change: (text: string) => void
  ref?: Ref<CodeField>
}

/** Plain text with line numbers, faults at their lines, and Tab for two spaces. Esc, Tab leaves it. */
export const CodeArea = memo(function CodeArea(props: Props) {
  const { name, text, faults, isReadOnly, change, ref } = props
  const field = useRef<HTMLTextAreaElement>(null)
  const gutter = useRef<HTMLDivElement>(null)
  const under = useRef<HTMLDivElement>(null)
  const mayLeave = useRef(false)
  const lines = useMemo(() => text.split('\n').length, [text])
  const byLine = useMemo(() => {
    const found = new Map<number, string>()
    for (const { line, message } of faults) {
      if (line) found.set(line, [found.get(line), message].filter(Boolean).join('; '))
    }
    return found
  }, [faults])

  const follow = () => {
    const { scrollTop, scrollLeft } = field.current!
    gutter.current!.scrollTop = scrollTop
    under.current!.style.transform = `translate(${-scrollLeft}px, ${-scrollTop}px)`
  }
  useImperativeHandle(ref, () => ({
    goTo: (line, column) => {
      const area = field.current!
      const at = offsetOf(area.value, line, column)
      area.setSelectionRange(at, at)
      // A field that is given the focus shows its cursor, also where the line is long.
      area.blur()
      area.focus()
      area.scrollTop = Math.max(0, (line - 1) * LINE_PX - area.clientHeight / 2)
    },
  }))
  const put = (edit: Edit) => {
    const area = field.current!
    const { at, end, text: fresh } = differing(area.value, edit.text)
    // Through the browser where it can, so that Ctrl+Z takes it back.
    area.setSelectionRange(at, end)
    const command = fresh ? 'insertText' : 'delete'
    if (at < end || fresh) {
      if (!document.execCommand(command, false, fresh)) change(edit.text)
    }
    requestAnimationFrame(() => area.setSelectionRange(edit.from, edit.to))
  }
  const onKey = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (isReadOnly || event.nativeEvent.isComposing) return
    const { selectionStart: from, selectionEnd: to, value } = event.currentTarget
    if (event.key === 'Tab' && !mayLeave.current) {
      event.preventDefault()
      put(indented(value, from, to, event.shiftKey))
    } else if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
      event.preventDefault()
      put(broken(value, from, to))
    }
    mayLeave.current = event.key === 'Escape'
  }
  return (
    <div className={css.code}>
      <div className={css.gutter} ref={gutter} aria-hidden>
        {Array.from({ length: lines }, (_, at) => (
          <span key={at} data-fault={byLine.has(at + 1) || undefined} title={byLine.get(at + 1)}>
            {at + 1}
          </span>
        ))}
      </div>
      <div className={css.codeBox}>
        <div className={css.under} ref={under} aria-hidden>
          {[...byLine.keys()].map((line) => (
            <i key={line} style={{ top: TOP_PX + (line - 1) * LINE_PX }} />
          ))}
        </div>
        <textarea
          ref={field}
          className={css.field}
          value={text}
          aria-label={name}
          aria-description={t('mend.field_hint')}
          aria-invalid={faults.length > 0}
          readOnly={isReadOnly}
          wrap="off"
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          autoCorrect="off"
          dir="ltr"
          onScroll={follow}
          onKeyDown={onKey}
          onChange={(event) => change(event.currentTarget.value)}
        />
      </div>
    </div>
  )
})
