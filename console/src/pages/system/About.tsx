import { useExternal } from '../../live/external'
import { status } from '../../live/link'
import { Facts, Part } from '../../parts/Facts'
import parts from '../../parts/parts.module.css'
import { useReading } from '../../parts/reading'
import { useSession } from '../../session/session'
import { t, word } from '../../text'
import { Pane } from '../../ui/Pane'
import css from './system.module.css'

interface MappingItem {
  name: string
  vendor: string
  product: string
  version: string
  evidence: string
}

/** What this is, and what it can read. */
export default function About() {
  const now = useExternal(status)
  const { operator, roles } = useSession()
  const mappings = useReading<MappingItem[]>('/v1/mappings')
  return (
    <Pane title={t('system.tab_about')} readAt={mappings.readAt}>
      <div className={css.columns}>
        <Part title="Castellan">
          <p className={parts.said}>{t('system.about_text')}</p>
          <Facts
            list={[
              [t('system.version'), now?.version],
              [t('system.licence'), 'Apache-2.0'],
              [
                t('system.api'),
                <a key="a" href="/openapi.json">
                  openapi.json
                </a>,
              ],
            ]}
          />
        </Part>
        <Part title={t('system.you')}>
          <Facts
            list={[
              [t('system.name'), operator.name],
              [t('system.roles'), roles.map(({ role }) => word('shell', 'role', role)).join(', ')],
              [t('system.teams'), operator.teams.join(', ')],
            ]}
          />
        </Part>
        <Part title={t('system.mappings', { count: mappings.data?.length ?? 0 })}>
          {(mappings.data ?? []).map((one) => (
            <div key={one.name} className={css.mapping}>
              <span>
                {one.vendor} {one.product}
              </span>
              <span className="faint">
                {t(one.evidence === 'real' ? 'system.from_real' : 'system.from_documents')}
              </span>
            </div>
          ))}
          {mappings.problem && <p className={parts.problem}>{mappings.problem.detail}</p>}
        </Part>
      </div>
    </Pane>
  )
}
