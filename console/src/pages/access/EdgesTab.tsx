import { Button, CopyButton, TextInput } from '@mantine/core'
import { IconPlugConnected, IconPlugConnectedX, IconPlus } from '@tabler/icons-react'
import { useState, type ReactNode } from 'react'
import { call } from '../../api/client'
import { useLiveReading } from '../../live/useLiveReading'
import { useDirectory } from '../../org/organisation'
import { AgoText } from '../../parts/AgoText'
import { Mark } from '../../parts/Facts'
import { ReasonDialog } from '../../parts/ReasonDialog'
import { Answered, Table } from '../../parts/Table'
import { useRight } from '../../session/session'
import { count, t } from '../../text'
import { ActionButton } from '../../ui/ActionButton'
import { EmptyNote } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { Stamp } from '../../ui/Stamp'
import { isOlder, troubleOf, type EdgeItem, type Invitation } from './revocations'
import { SnapshotVersion } from './SnapshotVersion'
import css from './access.module.css'

type Asked = { of: 'approve' | 'decommission'; edge: EdgeItem } | { of: 'invite' }

/** The boxes at the sites: which decide, by which rights, and how far behind. */
export function EdgesTab({ head }: { head: ReactNode }) {
  const [open, setOpen] = useState<Asked>()
  const right = useRight('edge.manage')
  const asked = useLiveReading<EdgeItem[]>('/v1/edges', ['edge'])
  const offer = { allowed: right.allowed, reason: right.reason ?? undefined }
  return (
    <Pane title={t('access.edges')} readAt={asked.readAt} isFlush head={head}>
      <div className={css.bar}>
        <p className="faint">{t('access.edges_text')}</p>
        <ActionButton
          offer={offer}
          size="sm"
          leftSection={<IconPlus size={16} aria-hidden />}
          onPress={() => setOpen({ of: 'invite' })}
        >
          {t('access.invite')}
        </ActionButton>
      </div>
      <Answered asked={asked}>
        {(list) =>
          list.length === 0 ? (
            <EmptyNote title={t('access.no_edges')}>{t('access.no_edges_text')}</EmptyNote>
          ) : (
            <Table
              label={t('access.edges')}
              columns={[
                { label: t('access.point') },
                { label: t('access.state') },
                { label: t('access.rights_confirmed'), when: 'mid' },
                { label: t('access.records_waiting'), when: 'wide', isEnd: true },
                { label: t('access.clock'), when: 'wide' },
                { label: t('access.last_heard'), when: 'mid' },
                { label: t('access.acts'), isHushed: true },
              ]}
            >
              {list.map((edge) => (
                <Row key={edge.point} edge={edge} offer={offer} open={setOpen} />
              ))}
            </Table>
          )
        }
      </Answered>
      {open?.of === 'invite' && <InviteDialog close={() => setOpen(undefined)} />}
      {open?.of === 'approve' && (
        <ActDialog act="approve" edge={open.edge} close={() => setOpen(undefined)} />
      )}
      {open?.of === 'decommission' && (
        <ActDialog act="decommission" edge={open.edge} close={() => setOpen(undefined)} />
      )}
    </Pane>
  )
}

interface RowProps {
  edge: EdgeItem
  offer: { allowed: boolean; reason?: string }
  open: (asked: Asked) => void
}

function Row({ edge, offer, open }: RowProps) {
  const directory = useDirectory()
  const trouble = troubleOf(edge)
  const Icon = edge.state === 'connected' ? IconPlugConnected : IconPlugConnectedX
  return (
    <tr>
      <td data-wrap>
        <strong>{edge.point}</strong>
        <div className={css.hint}>
          {[directory.siteName(edge.site), t('access.doors', { count: edge.doors })]
            .filter(Boolean)
            .join(' · ')}
        </div>
      </td>
      <td data-wrap>
        <span
          className={css.state}
          data-tone={trouble ? 'warn' : edge.state === 'connected' ? 'good' : undefined}
        >
          <Icon size={15} aria-hidden /> {t(`access.edge_${edge.state}`)}
        </span>
        {trouble && trouble !== 'waiting' && trouble !== 'away' && (
          <Mark tone="warn">{t(`access.trouble_${trouble}`)}</Mark>
        )}
        {edge.not_taken && (
          <div className={css.notTaken}>
            {t('access.not_taken')} <bdi>{edge.not_taken}</bdi>
          </div>
        )}
      </td>
      <td data-mid className="dim">
        {edge.rights_at ? <AgoText at={edge.rights_at} /> : '–'}
        {edge.snapshot && (
          <div className={css.hint}>
            <SnapshotVersion version={edge.snapshot} />
            {isOlder(edge.snapshot, edge.newest) && (
              <>
                {' '}
                {t('access.newest')} <SnapshotVersion version={edge.newest} />
              </>
            )}
          </div>
        )}
      </td>
      <td data-wide data-end className="num">
        {edge.records_waiting === null || edge.records_waiting === undefined
          ? '–'
          : count(edge.records_waiting)}
        {edge.records_lost > 0 && (
          <div className={css.hint}>{t('access.lost', { count: edge.records_lost })}</div>
        )}
      </td>
      <td data-wide className="dim num">
        {edge.clock_trusted === false
          ? t('access.clock_untrusted')
          : edge.clock_offset_ms !== null && edge.clock_offset_ms !== undefined
            ? t('access.ms', { count: edge.clock_offset_ms })
            : '–'}
      </td>
      <td data-mid className="dim">
        {edge.last_heard ? <AgoText at={edge.last_heard} /> : '–'}
      </td>
      <td data-end>
        {edge.state === 'waiting' && (
          <ActionButton
            offer={offer}
            size="compact-sm"
            onPress={() => open({ of: 'approve', edge })}
          >
            {t('access.approve')}
          </ActionButton>
        )}
        {(edge.state === 'connected' || edge.state === 'away') && (
          <ActionButton
            offer={offer}
            size="compact-sm"
            variant="default"
            onPress={() => open({ of: 'decommission', edge })}
          >
            {t('access.decommission')}
          </ActionButton>
        )}
      </td>
    </tr>
  )
}

/** Taking an edge in or out: both are kept in the audit log with their reason. */
function ActDialog({
  act,
  edge,
  close,
}: {
  act: 'approve' | 'decommission'
  edge: EdgeItem
  close: () => void
}) {
  return (
    <ReasonDialog
      title={`${t(`access.${act}`)}: ${edge.point}`}
      label={t(`access.${act}`)}
      isHarmless={act === 'approve'}
      close={close}
      run={async (reason) => {
        await call('POST', `/v1/edges/${encodeURIComponent(edge.point)}/${act}`, {
          json: { reason, fingerprint: act === 'approve' ? edge.fingerprint : undefined },
        })
        return t(`access.${act}_done`)
      }}
    >
      <p>{t(`access.${act}_text`)}</p>
      {act === 'approve' && (
        <p>
          {t('access.fingerprint')}: <code className={css.code}>{edge.fingerprint}</code>
        </p>
      )}
    </ReasonDialog>
  )
}

/** A code for one new edge, shown once. */
function InviteDialog({ close }: { close: () => void }) {
  const [point, setPoint] = useState('')
  return (
    <ReasonDialog
      title={t('access.invite')}
      label={t('access.make_code')}
      isHarmless
      isWithoutReason
      close={close}
      run={async () => {
        const made = await call<Invitation>('POST', '/v1/edges', { json: { point } })
        return (
          <>
            <p>{t('access.code_text', { point: made.point })}</p>
            <code className={css.code}>{made.code}</code>
            <p>
              {t('access.code_until')} <Stamp at={made.expires_at} />
            </p>
            <CopyButton value={made.code}>
              {({ copied, copy }) => (
                <Button size="compact-sm" variant="default" onClick={copy}>
                  {t(copied ? 'access.copied' : 'access.copy')}
                </Button>
              )}
            </CopyButton>
          </>
        )
      }}
    >
      <p>{t('access.invite_text')}</p>
      <TextInput
        label={t('access.point')}
        description={t('access.point_hint')}
        value={point}
        maxLength={64}
        data-autofocus
        onChange={(event) => setPoint(event.currentTarget.value.trim())}
      />
    </ReasonDialog>
  )
}
