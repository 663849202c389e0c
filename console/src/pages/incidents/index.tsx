import { Pane } from '../../ui/Pane'
import { t } from '../../text'
export default function IncidentsPage() { return <Pane title={t('shell.nav_incidents')}>{null}</Pane> }
