import { Select } from '@mantine/core'
import { ALL_STATES } from '../../incident/filter'
import { t, word } from '../../text'
import { useUrl } from '../../url'
import css from './incidents.module.css'

/** Which states the list shows; the open ones when nothing is said. */
export function StateFilter() {
  const [url, setUrl] = useUrl()
  const data = [
    { value: '', label: t('incidents.view_open') },
    ...ALL_STATES.map((state) => ({ value: state, label: word('incidents', 'state', state) })),
    { value: 'resolved,closed', label: t('incidents.view_done') },
    { value: 'all', label: t('incidents.state_all') },
  ]
  return (
    <Select
      className={css.select}
      aria-label={t('incidents.state')}
      data={data}
      value={url.state ?? ''}
      allowDeselect={false}
      onChange={(state) => setUrl({ state: state || undefined })}
    />
  )
}
