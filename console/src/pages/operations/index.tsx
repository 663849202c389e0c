import { Pane } from '../../ui/Pane'
import { t } from '../../text'
export default function OperationsPage() { return <Pane title={t('shell.nav_operations')}>{null}</Pane> }
