import { Button } from '@mantine/core'
import { useState } from 'react'
import { askSession, session, signOut } from '../../session/session'
import { useExternal } from '../../live/external'
import { t } from '../../text'
import { Credentials } from './Credentials'
import { Frame } from './Frame'
import css from './signin.module.css'

/** A new operator's first act: a way to come back without a link. */
export default function Enrol() {
  const now = useExternal(session)
  const [isDone, setDone] = useState(false)
  const name = now.state === 'in' ? now.session.operator.name : ''
  return (
    <Frame title={t('signin.enrol_title', { name })}>
      <p className={css.hint}>{t('signin.enrol_text')}</p>
      <Credentials onDone={() => setDone(true)} />
      <div className={css.formEnd}>
        <Button variant="subtle" color="gray" onClick={() => void signOut()}>
          {t('shell.sign_out')}
        </Button>
        <Button disabled={!isDone} onClick={() => void askSession()}>
          {t('signin.enrol_go')}
        </Button>
      </div>
    </Frame>
  )
}
