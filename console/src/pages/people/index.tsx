import { Pane } from '../../ui/Pane'
import { t } from '../../text'

export default function PeoplePage() {
  return <Pane title={t('people.title')}>{null}</Pane>
}
