import { SegmentedControl } from '@mantine/core'
import { bring, t } from '../../text'
import own from '../../text/en/access.json'
import { useUrl } from '../../url'
import { AnswersTab } from './AnswersTab'
import { EdgesTab } from './EdgesTab'
import { ExplainTab } from './ExplainTab'
import { PoliciesTab } from './PoliciesTab'
import { RevocationsTab } from './RevocationsTab'
import { RightsTab } from './RightsTab'

bring('access', own)

const TABS = ['revocations', 'rights', 'policies', 'explain', 'answers', 'edges'] as const
type Tab = (typeof TABS)[number]

/** Who may pass where, who may not any more, and who decides it at the doors. */
export default function AccessPage() {
  const [url, setUrl] = useUrl()
  const tab: Tab = TABS.find((one) => one === url.tab) ?? 'revocations'
  const head = (
    <SegmentedControl
      value={tab}
      onChange={(value) =>
        setUrl({
          tab: value === 'revocations' ? undefined : value,
          id: undefined,
          kind: undefined,
          file: undefined,
        })
      }
      aria-label={t('access.view')}
      data={TABS.map((one) => ({ value: one, label: t(`access.${one}`) }))}
    />
  )
  switch (tab) {
    case 'revocations':
      return <RevocationsTab head={head} />
    case 'rights':
      return <RightsTab head={head} />
    case 'policies':
      return <PoliciesTab head={head} />
    case 'explain':
      return <ExplainTab head={head} />
    case 'answers':
      return <AnswersTab head={head} />
    case 'edges':
      return <EdgesTab head={head} />
  }
}
