import { Pane } from '../../ui/Pane'
import { t } from '../../text'

export default function DetectionsPage() {
  return <Pane title={t('detections.title')}>{null}</Pane>
}
