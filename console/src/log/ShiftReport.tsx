import { Button, Menu, Select, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconFileText } from '@tabler/icons-react'
import { useState, type FormEvent } from 'react'
import { asProblem } from '../api/problem'
import { useDirectory } from '../org/organisation'
import { download } from '../parts/download'
import { FormFoot } from '../parts/FormFoot'
import { useOffers } from '../parts/reading'
import { useRight } from '../session/session'
import { language, t } from '../text'
import { serverNow } from '../time/clock'
import { zoneName } from '../time/format'
import { wallOf } from '../time/zoned'
import { Dialog } from '../ui/Dialog'
import css from './log.module.css'
import { periodOf, reportName, SHIFTS_H, type Period, type Wanted } from './period'

interface Props {
  /** The site in view; all of the operator's, if absent. */
  site?: string
}

const PATH = '/v1/reports/shift'

/** What the shift leaves to the next one, as a PDF in the language of this console. */
export function ShiftReport({ site }: Props) {
  const isOffered = useOffers('get', PATH)
  const mayRead = useRight('occurrence.read').allowed
  const mayWork = useRight('incident.read').allowed
  const [isBusy, setBusy] = useState(false)
  const [isAsking, setAsking] = useState(false)
  const directory = useDirectory()
  if (!isOffered || !mayRead || !mayWork) return null
  const fetchIt = async (wanted: Wanted, of: string | undefined) => {
    const zone = directory.zoneOf(of)
    const period = periodOf(wanted, zone, serverNow())
    if (!period) return
    setBusy(true)
    try {
      await makeReport(period, of, zone)
    } catch (thrown) {
      notifications.show({
        title: t('log.report_failed'),
        message: asProblem(thrown).detail,
        color: 'red',
        withBorder: true,
      })
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <Menu>
        <Menu.Target>
          <Button
            size="compact-sm"
            variant="default"
            loading={isBusy}
            leftSection={<IconFileText size={14} />}
          >
            {t('log.report')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{site ? directory.siteName(site) : t('log.every_site')}</Menu.Label>
          {SHIFTS_H.map((hours) => (
            <Menu.Item key={hours} onClick={() => void fetchIt({ hours }, site)}>
              {t('log.report_hours', { count: hours })}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={() => setAsking(true)}>{t('log.report_custom')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {isAsking && (
        <Dialog close={() => setAsking(false)} title={t('log.report')} size={440}>
          <Custom
            site={site}
            close={() => setAsking(false)}
            run={(wanted, of) => {
              setAsking(false)
              void fetchIt(wanted, of)
            }}
          />
        </Dialog>
      )}
    </>
  )
}

async function makeReport(period: Period, site: string | undefined, zone: string): Promise<void> {
  const spoken = language.get()
  await download(PATH, { ...period, site, zone, lang: spoken }, reportName(period, site, zone), {
    'Accept-Language': spoken,
  })
}

function Custom({
  site,
  run,
  close,
}: {
  site: string | undefined
  run: (wanted: Wanted, site: string | undefined) => void
  close: () => void
}) {
  const directory = useDirectory()
  const [of, setOf] = useState<string | null>(site ?? null)
  const zone = directory.zoneOf(of)
  const now = serverNow()
  const [from, setFrom] = useState(() => wallOf(now - 8 * 3_600_000, zone))
  const [to, setTo] = useState(() => wallOf(now, zone))
  const isPeriod = periodOf({ from, to }, zone, now) !== undefined
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isPeriod) run({ from, to }, of ?? undefined)
  }
  return (
    <form className={css.form} onSubmit={submit}>
      <Select
        label={t('incidents.site')}
        placeholder={t('log.every_site')}
        value={of}
        clearable
        data={directory.organisation.sites.map((id) => ({
          value: id,
          label: directory.siteName(id),
        }))}
        onChange={setOf}
      />
      <div className={css.fields}>
        <TextInput
          type="datetime-local"
          label={`${t('log.from')} (${zoneName(now, zone)})`}
          value={from}
          required
          data-autofocus
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <TextInput
          type="datetime-local"
          label={`${t('log.to')} (${zoneName(now, zone)})`}
          value={to}
          required
          error={!isPeriod && t('log.period_wrong')}
          onChange={(event) => setTo(event.currentTarget.value)}
        />
      </div>
      <FormFoot label={t('log.report_make')} close={close} isReady={isPeriod} />
    </form>
  )
}
