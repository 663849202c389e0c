import { MultiSelect, Select, TextInput, Textarea } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useDirectory } from '../../org/organisation'
import { Problem } from '../../api/problem'
import { ReasonDialog } from '../../parts/ReasonDialog'
import { t } from '../../text'
import { ticking } from '../../time/clock'
import { addException, conditionsIn } from '../../workbench/draft'

const DAY_MS = 86_400_000
const DAYS = 30

/** Keeps a rule from speaking of something, until a day, by a team's word. */
export function ExceptDialog({ rule, close }: { rule: string; close: () => void }) {
  const directory = useDirectory()
  const queries = useQueryClient()
  const [sites, setSites] = useState<string[]>([])
  const [when, setWhen] = useState('')
  const [owner, setOwner] = useState<string | null>(null)
  const [until, setUntil] = useState(() =>
    new Date(ticking.get() + DAYS * DAY_MS).toISOString().slice(0, 10),
  )
  const run = async (reason: string) => {
    const conditions = conditionsIn(when)
    if (!conditions) throw new Problem(400, 'conditions', t('detections.when_wrong'))
    if (!owner) throw new Problem(400, 'owner', t('detections.owner_missing'))
    const { id } = await addException({
      rules: [rule],
      sites,
      when: conditions,
      until,
      owner,
      reason,
    })
    void queries.invalidateQueries({ queryKey: ['/v1/exceptions'] })
    return t('detections.excepted_done', { id, until })
  }
  return (
    <ReasonDialog
      title={t('detections.except_title', { rule })}
      label={t('detections.except')}
      close={close}
      run={run}
      isHarmless
    >
      <p>{t('detections.except_text')}</p>
      <MultiSelect
        data-autofocus
        label={t('detections.sites')}
        value={sites}
        onChange={setSites}
        data={directory.organisation.sites.map((id) => ({
          value: id,
          label: directory.siteName(id),
        }))}
      />
      <Textarea
        label={t('detections.when')}
        description={t('detections.when_hint')}
        placeholder="castellan.person.team = cleaning"
        autosize
        minRows={2}
        value={when}
        onChange={(event) => setWhen(event.currentTarget.value)}
      />
      <Select
        label={t('detections.owner')}
        value={owner}
        onChange={setOwner}
        data={directory.organisation.teams.map(String)}
        searchable
        withAsterisk
      />
      <TextInput
        type="date"
        label={t('detections.until')}
        description={t('detections.until_hint')}
        value={until}
        onChange={(event) => setUntil(event.currentTarget.value)}
        withAsterisk
      />
    </ReasonDialog>
  )
}
