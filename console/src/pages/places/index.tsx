import { Pane } from '../../ui/Pane'
import { t } from '../../text'

export default function PlacesPage() {
  return <Pane title={t('places.title')}>{null}</Pane>
}
