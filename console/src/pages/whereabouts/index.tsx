import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import { t } from '../../text'
import { EmptyNote, ProblemNote, Waiting } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { useUrl } from '../../url'
import { AskForm } from './AskForm'
import { asked, readMoments, writeMoments, type Moment } from './moments'
import { Groups, type WhereaboutsAnswer } from './Groups'
import css from './whereabouts.module.css'

/** Who could it have been: moments and places in, people in three groups out. */
export default function WhereaboutsPage() {
  const [url, setUrl] = useUrl()
  const moments = readMoments(url.at)
  const [told, setTold] = useState<{ of: string; readAt: number }>()
  const question = useMutation({
    mutationFn: (reason: string) =>
      call<WhereaboutsAnswer>('POST', '/v1/whereabouts', {
        json: { moments: asked(moments), reason },
      }),
    onSuccess: () => setTold({ of: writeMoments(moments), readAt: performance.now() }),
  })
  const change = (list: readonly Moment[]) => setUrl({ at: writeMoments(list) })
  const isOld = told !== undefined && told.of !== writeMoments(moments)
  return (
    <div className={css.page}>
      <Pane title={t('whereabouts.question')} className={css.question}>
        <AskForm
          moments={moments}
          change={change}
          ask={(reason) => question.mutate(reason)}
          isBusy={question.isPending}
        />
      </Pane>
      <Pane title={t('whereabouts.title')} readAt={told?.readAt}>
        {question.isPending ? (
          <Waiting label={t('whereabouts.looking')} />
        ) : question.isError ? (
          <ProblemNote error={question.error} />
        ) : !question.data ? (
          <EmptyNote title={t('whereabouts.not_asked')}>{t('whereabouts.not_asked_text')}</EmptyNote>
        ) : (
          <>
            {isOld && (
              <p className={css.old} role="status">
                {t('whereabouts.old')}
              </p>
            )}
            <Groups answer={question.data} />
          </>
        )}
      </Pane>
    </div>
  )
}
