import { Pane } from '../../ui/Pane'
import { t } from '../../text'

export default function SourcesPage() {
  return <Pane title={t('sources.title')}>{null}</Pane>
}
