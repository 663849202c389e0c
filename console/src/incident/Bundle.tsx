import { Button, CopyButton } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import type { Incident } from '../api/types'
import { download, type Got } from '../parts/download'
import parts from '../parts/parts.module.css'
import { ReasonDialog } from '../parts/ReasonDialog'
import { t } from '../text'

/** Bytes as people say them. */
const sizeOf = (bytes: number): string =>
  bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`

/** The digest of what arrived; fails when it is not what the server made. */
export function digestOf({ sha256, told }: Got): string | undefined {
  if (sha256 && told && sha256 !== told)
    throw new Error(t('log.bundle_wrong', { sha: sha256, told }))
  return sha256 ?? told
}

/** What became of it: its name, and its digest to compare and to keep. */
function Made({ got, sha }: { got: Got; sha: string | undefined }) {
  return (
    <>
      {t('log.bundle_done', { name: got.name, size: sizeOf(got.bytes) })}
      {sha && (
        <div className={parts.digest}>
          <span>SHA-256</span>
          <CopyButton value={sha}>
            {({ copied, copy }) => (
              <Button
                size="compact-xs"
                variant="default"
                onClick={copy}
                leftSection={copied ? <IconCheck size={13} /> : <IconCopy size={13} />}
              >
                {t(copied ? 'events.copied' : 'events.copy')}
              </Button>
            )}
          </CopyButton>
          <code>{sha}</code>
        </div>
      )}
    </>
  )
}

/** All that is known of one incident, in an archive that proves itself; for a typed reason. */
export default function Bundle({ incident, close }: { incident: Incident; close: () => void }) {
  const run = async (reason: string) => {
    const id = encodeURIComponent(incident.id)
    const path = `/v1/incidents/${id}/bundle`
    const got = await download(path, { reason }, `${incident.id}.zip`)
    return <Made got={got} sha={digestOf(got)} />
  }
  return (
    <ReasonDialog
      title={t('log.bundle')}
      label={t('log.bundle_make')}
      close={close}
      run={run}
      isHarmless
    >
      <p>{t('log.bundle_text')}</p>
    </ReasonDialog>
  )
}
