import { Pane } from '../../ui/Pane'
import { t } from '../../text'
export default function MePage() { return <Pane title={t('shell.my_account')}>{null}</Pane> }
