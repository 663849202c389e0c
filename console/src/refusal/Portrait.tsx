import { IconUser } from '@tabler/icons-react'
import { useState } from 'react'
import css from './refusal.module.css'

/** The first letters of a name's first and last word, in any script. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean)
  const ends = words.length > 1 ? [words[0]!, words.at(-1)!] : words
  return ends.map((word) => [...word][0]!.toLocaleUpperCase()).join('')
}

interface Props {
  id: string | undefined
  name: string | undefined
  hasPhoto: boolean
  isSmall?: boolean
}

/** A person's photo; their initials where there is none; an outline where nobody is known. */
export function Portrait({ id, name, hasPhoto, isSmall }: Props) {
  const [isBroken, setBroken] = useState(false)
  if (id && hasPhoto && !isBroken) {
    return (
      <img
        className={css.portrait}
        data-small={isSmall || undefined}
        src={`/v1/people/${encodeURIComponent(id)}/photo`}
        alt=""
        onError={() => setBroken(true)}
      />
    )
  }
  return (
    <span className={css.portrait} data-small={isSmall || undefined} aria-hidden>
      {name ? initialsOf(name) : <IconUser size={isSmall ? 16 : 34} stroke={1.4} />}
    </span>
  )
}
