import { useState } from 'react'
import { useDirectory } from '../../org/organisation'
import { Cut, Mark } from '../../parts/Facts'
import { t, word } from '../../text'
import { ActionButton } from '../../ui/ActionButton'
import { Stamp } from '../../ui/Stamp'
import { Listing, type ListProps } from './Listing'
import { RemoveDialog, UndoDialog } from './RightDialogs'
import type { CredentialItem, GroupItem, RightItem, VersionItem } from './rights'
import css from './access.module.css'

/** Who may pass where, by which hours and whose approval. */
export function Rights({ offer }: ListProps) {
  const directory = useDirectory()
  const [removing, setRemoving] = useState<RightItem>()
  return (
    <>
      <Listing<RightItem>
        path="/v1/access/rights"
        label={t('access.list_rights')}
        columns={[
          { label: t('access.who') },
          { label: t('access.where') },
          { label: t('access.schedule'), when: 'mid' },
          { label: t('access.approved_by'), when: 'wide' },
          { label: t('access.holds'), when: 'mid' },
          { label: t('access.acts'), isHushed: true, when: 'mid' },
        ]}
        row={(right) => (
          <tr key={right.right}>
            <td>
              <Cut>
                {right.holder.kind === 'person'
                  ? directory.nameOf(`person:${right.holder.id}`)
                  : right.holder.id}
              </Cut>
              <div className={css.hint}>{right.right}</div>
            </td>
            <td>
              <Cut>{directory.nameOf(`place:${right.opens.id}`)}</Cut>
            </td>
            <td data-mid className="dim">
              {right.schedule ?? t('access.always')}
            </td>
            <td data-wide className="dim">
              <Cut>{right.approved_by ? directory.operatorName(right.approved_by) : '–'}</Cut>
            </td>
            <td data-mid>
              <Mark tone={right.holds ? 'good' : undefined}>
                {t(right.holds ? 'access.in_force' : 'access.not_in_force')}
              </Mark>
            </td>
            <td data-mid data-end>
              <ActionButton
                offer={offer}
                size="compact-sm"
                variant="default"
                onPress={() => setRemoving(right)}
              >
                {t('access.take')}
              </ActionButton>
            </td>
          </tr>
        )}
      />
      {removing && <RemoveDialog right={removing} close={() => setRemoving(undefined)} />}
    </>
  )
}

/** People who share rights. */
export function Groups() {
  return (
    <Listing<GroupItem>
      path="/v1/access/groups"
      label={t('access.list_groups')}
      columns={[
        { label: t('access.group') },
        { label: t('access.members'), isEnd: true },
        { label: t('access.within'), when: 'mid' },
        { label: t('access.traits'), when: 'wide' },
      ]}
      row={(group) => (
        <tr key={group.group}>
          <td>
            <Cut>{group.name ?? group.group}</Cut>
          </td>
          <td data-end className="num">
            {group.members}
          </td>
          <td data-mid className="dim">
            {group.within.join(', ') || '–'}
          </td>
          <td data-wide className="dim">
            {group.traits.map((trait) => word('access', 'trait', trait)).join(', ') || '–'}
          </td>
        </tr>
      )}
    />
  )
}

/** What opens, and whose it is. */
export function Credentials() {
  const directory = useDirectory()
  return (
    <Listing<CredentialItem>
      path="/v1/access/credentials"
      label={t('access.list_credentials')}
      columns={[
        { label: t('access.kind_credential') },
        { label: t('access.kind_person') },
        { label: t('access.state') },
        { label: t('access.generation'), when: 'mid', isEnd: true },
        { label: t('access.format'), when: 'wide' },
      ]}
      row={(one) => (
        <tr key={one.credential}>
          <td>
            <Cut>{one.credential}</Cut>
          </td>
          <td>
            <Cut>
              {one.name ?? (one.person ? directory.nameOf(`person:${one.person}`) : '–')}
            </Cut>
          </td>
          <td>
            <Mark tone={one.revoked ? 'bad' : one.standing === 'active' ? 'good' : 'warn'}>
              {one.revoked ? t('access.shown_revoked') : word('access', 'standing', one.standing)}
            </Mark>
          </td>
          <td data-mid data-end className="num">
            {one.generation}
          </td>
          <td data-wide className="dim">
            {one.format ?? '–'}
          </td>
        </tr>
      )}
    />
  )
}

/** Every change of all that. */
export function Versions({ offer }: ListProps) {
  const directory = useDirectory()
  const [undoing, setUndoing] = useState<VersionItem>()
  return (
    <>
      <Listing<VersionItem>
        path="/v1/access/versions"
        label={t('access.list_versions')}
        columns={[
          { label: t('access.when') },
          { label: t('access.by') },
          { label: t('access.reason') },
          { label: t('access.changes'), isEnd: true },
          { label: t('access.acts'), isHushed: true },
        ]}
        row={(version) => (
          <tr key={version.version}>
            <td>
              <Stamp at={version.at} />
              <div className={css.hint}>
                {t('access.version', { number: version.version })} ·{' '}
                {t(`access.what_${version.what}`)}
              </div>
            </td>
            <td>
              <Cut>{directory.operatorName(version.by)}</Cut>
            </td>
            <td data-wrap className="dim">
              {version.why}
            </td>
            <td data-end className="num">
              {version.changes}
            </td>
            <td data-end>
              <ActionButton
                offer={offer}
                size="compact-sm"
                variant="default"
                onPress={() => setUndoing(version)}
              >
                {t('access.undo')}
              </ActionButton>
            </td>
          </tr>
        )}
      />
      {undoing && <UndoDialog version={undoing} close={() => setUndoing(undefined)} />}
    </>
  )
}
