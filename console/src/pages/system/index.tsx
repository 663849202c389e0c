import { Pane } from '../../ui/Pane'
import { t } from '../../text'

export default function SystemPage() {
  return <Pane title={t('system.title')}>{null}</Pane>
}
