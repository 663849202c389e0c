import { IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import { call } from '../../api/client'
import { Cut, Mark } from '../../parts/Facts'
import { ReasonDialog } from '../../parts/ReasonDialog'
import { useReading } from '../../parts/reading'
import { Answered, Table } from '../../parts/Table'
import { useRight } from '../../session/session'
import { t } from '../../text'
import { serverNow } from '../../time/clock'
import { ActionButton } from '../../ui/ActionButton'
import { EmptyNote } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { Stamp } from '../../ui/Stamp'
import { MakeToken } from './MakeToken'
import { stateOf, type TokenItem } from './tokens'
import css from './system.module.css'

/** Machines' ways in: made here, shown once, ended for ever. */
export default function Tokens() {
  const asked = useReading<TokenItem[]>('/v1/tokens', {}, { every_ms: 30_000 })
  const right = useRight('token.manage')
  const [isMaking, setMaking] = useState(false)
  const [ending, setEnding] = useState<TokenItem>()
  const list = [...(asked.data ?? [])].sort((a, b) => b.created_at.localeCompare(a.created_at))
  return (
    <Pane
      title={t('system.tab_tokens')}
      readAt={asked.readAt}
      isFlush
      head={
        <ActionButton
          offer={right}
          onPress={() => setMaking(true)}
          leftSection={<IconPlus size={14} />}
          ms="auto"
        >
          {t('system.make_token')}
        </ActionButton>
      }
    >
      <Answered asked={asked}>
        {() =>
          list.length === 0 ? (
            <EmptyNote title={t('system.no_tokens')}>{t('system.no_tokens_text')}</EmptyNote>
          ) : (
            <Table
              label={t('system.tab_tokens')}
              columns={[
                { label: t('system.label') },
                { label: t('system.state') },
                { label: t('system.scopes'), when: 'mid' },
                { label: t('system.sources'), when: 'wide' },
                { label: t('system.made'), when: 'wide' },
                { label: t('system.expires') },
                { label: t('system.actions'), isHushed: true },
              ]}
            >
              {list.map((token) => {
                const state = stateOf(token, serverNow())
                return (
                  <tr key={token.id} className={state === 'valid' ? undefined : css.over}>
                    <td>
                      <Cut>{token.label}</Cut>
                      <span className="mono faint">{token.id}</span>
                    </td>
                    <td>
                      <Mark tone={state === 'valid' ? 'good' : undefined}>
                        {t(`system.token_${state}`)}
                      </Mark>
                    </td>
                    <td data-mid>
                      <span className={css.tags}>
                        {token.scopes.map((scope) => (
                          <Mark key={scope}>{scope}</Mark>
                        ))}
                      </span>
                    </td>
                    <td data-wide data-wrap className="dim">
                      {token.sources.length > 0
                        ? token.sources.join(', ')
                        : t('system.every_source')}
                    </td>
                    <td data-wide className="num dim">
                      <Stamp at={token.created_at} withSeconds={false} />
                    </td>
                    <td className="num dim">
                      {token.expires_at ? (
                        <Stamp at={token.expires_at} withSeconds={false} />
                      ) : (
                        t('system.never')
                      )}
                    </td>
                    <td data-end>
                      {state === 'valid' && (
                        <ActionButton
                          variant="subtle"
                          color="red"
                          offer={right}
                          onPress={() => setEnding(token)}
                        >
                          {t('system.revoke')}
                        </ActionButton>
                      )}
                    </td>
                  </tr>
                )
              })}
            </Table>
          )
        }
      </Answered>
      {isMaking && <MakeToken close={() => setMaking(false)} done={asked.again} />}
      {ending && (
        <ReasonDialog
          title={t('system.revoke_token')}
          label={t('system.revoke')}
          close={() => setEnding(undefined)}
          run={async (reason) => {
            await call('DELETE', `/v1/tokens/${encodeURIComponent(ending.id)}`, {
              query: { reason },
            })
            asked.again()
            return t('system.revoked')
          }}
        >
          <p>{t('system.revoke_text', { label: ending.label.slice(0, 120) })}</p>
        </ReasonDialog>
      )}
    </Pane>
  )
}
