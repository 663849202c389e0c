import type { Incident } from '../api/types'
import { download, type Got } from '../parts/download'
import { ReasonDialog } from '../parts/ReasonDialog'
import { t } from '../text'

/** Bytes as people say them. */
const sizeOf = (bytes: number): string =>
  bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`

/** What became of it: its name and its digest, or that it is not what the server made. */
export function outcomeOf(got: Got): string {
  if (got.sha256 && got.told && got.sha256 !== got.told)
    throw new Error(t('log.bundle_wrong', { sha: got.sha256, told: got.told }))
  const made = t('log.bundle_done', { name: got.name, size: sizeOf(got.bytes) })
  const sha = got.sha256 ?? got.told
  return sha ? `${made}. ${t('log.bundle_digest', { sha })}` : made
}

/** All that is known of one incident, in an archive that proves itself; for a typed reason. */
export default function Bundle({ incident, close }: { incident: Incident; close: () => void }) {
  const run = async (reason: string) => {
    const id = encodeURIComponent(incident.id)
    const path = `/v1/incidents/${id}/bundle`
    const got = await download(path, { reason }, `${incident.id}.zip`)
    const said = outcomeOf(got)
    return said
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
