import { SegmentedControl } from '@mantine/core'
import { t } from '../../text'
import { useUrl } from '../../url'
import { DoorsTab } from './DoorsTab'
import { MusterTab } from './MusterTab'

/** Doors that we decide at, and who is behind them. */
export default function DoorsPage() {
  const [url, setUrl] = useUrl()
  const tab = url.tab === 'muster' ? 'muster' : 'doors'
  const head = (
    <SegmentedControl
      value={tab}
      onChange={(value) => setUrl({ tab: value === 'muster' ? value : undefined, id: undefined })}
      aria-label={t('doors.view')}
      data={[
        { value: 'doors', label: t('doors.title') },
        { value: 'muster', label: t('doors.muster') },
      ]}
    />
  )
  return tab === 'muster' ? <MusterTab head={head} /> : <DoorsTab head={head} />
}

