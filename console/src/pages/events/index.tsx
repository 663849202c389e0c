import { Pane } from '../../ui/Pane'
import { t } from '../../text'

export default function EventsPage() {
  return <Pane title={t('events.title')}>{null}</Pane>
}
