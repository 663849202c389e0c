import { Facts } from '../../parts/Facts'
import { t } from '../../text'
import type { Explanation } from './why'

/** Of a rule that joins events: what it groups by, what it needs and what it has. */
export function Standing({ told }: { told: Explanation }) {
  const { window } = told
  if (!window) return null
  const group = Object.entries(window.group).map(([name, value]) => `${name}: ${value ?? '–'}`)
  return (
    <>
      <Facts
        list={[
          [t('findings.group'), group.join(' · ')],
          [t('findings.needs'), window.needs],
          [t('findings.has'), window.has],
          [t('findings.missing'), window.missing.join(', ')],
        ]}
      />
      <p className="faint">{t('findings.as_today')}</p>
    </>
  )
}
