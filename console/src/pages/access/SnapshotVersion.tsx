import { CopyButton, Tooltip } from '@mantine/core'
import { t } from '../../text'
import { endOf } from './revocations'
import css from './access.module.css'

/** A snapshot's version: its end is enough to compare by; the whole is in the hint, and is copied. */
export function SnapshotVersion({ version }: { version: string }) {
  return (
    <CopyButton value={version}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? t('access.copied') : t('access.copy_version', { version })}>
          <button type="button" className={css.version} onClick={copy}>
            {endOf(version)}
            <span className="hush">{t('access.copy_version', { version })}</span>
          </button>
        </Tooltip>
      )}
    </CopyButton>
  )
}
