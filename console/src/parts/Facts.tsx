import type { ReactNode } from 'react'
import css from './parts.module.css'

/** What is known of one thing: names on the left, values on the right. */
export function Facts({ list }: { list: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className={css.facts}>
      {list
        .filter(([, value]) => value !== undefined && value !== null && value !== '')
        .map(([name, value]) => (
          <div key={name} className={css.fact}>
            <dt>{name}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ))}
    </dl>
  )
}

/** A part of a page with a heading of its own. */
export function Part({
  title,
  end,
  children,
}: {
  title: string
  end?: ReactNode
  children: ReactNode
}) {
  return (
    <section className={css.part} aria-label={title}>
      <div className={css.partHead}>
        <h3 className={css.partTitle}>{title}</h3>
        {end}
      </div>
      {children}
    </section>
  )
}

/** One number and what it counts. */
export function Tile({
  name,
  value,
  tone,
  hint,
}: {
  name: string
  value: ReactNode
  tone?: 'good' | 'warn' | 'bad'
  hint?: string
}) {
  return (
    <div className={css.tile} data-tone={tone}>
      <div className={css.tileName}>{name}</div>
      <div className={`${css.tileValue} num`}>{value}</div>
      {hint && <div className={css.tileHint}>{hint}</div>}
    </div>
  )
}

/** A short mark: a state, a tag. Its words carry the meaning, the colour only helps. */
export function Mark({
  tone,
  children,
}: {
  tone?: 'good' | 'warn' | 'bad' | 'accent' | 'physical' | 'logical'
  children: ReactNode
}) {
  return (
    <span className={css.mark} data-tone={tone}>
      <bdi className="cut">{children}</bdi>
    </span>
  )
}

/** A text of unknown length and direction on one line; all of it in the hint. */
export function Cut({ children, isMono }: { children: string; isMono?: boolean }) {
  return (
    <bdi className={`cut ${css.block} ${isMono ? 'mono' : ''}`} title={children.slice(0, 1_000)}>
      {children.length > 400 ? `${children.slice(0, 400)}…` : children}
    </bdi>
  )
}
