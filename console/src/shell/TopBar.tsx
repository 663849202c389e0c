import {
  ActionIcon,
  Kbd,
  Menu,
  Tooltip,
  UnstyledButton,
  useMantineColorScheme,
} from '@mantine/core'
import {
  IconBell,
  IconBellOff,
  IconBellX,
  IconLanguage,
  IconLogout,
  IconMoon,
  IconSearch,
  IconSun,
  IconUserCircle,
} from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { status } from '../live/link'
import { useExternal } from '../live/external'
import { useDirectory } from '../org/organisation'
import { signOut, useSession } from '../session/session'
import { LANGUAGES, speak, t, word, type Language } from '../text'
import { clockRate, ticking } from '../time/clock'
import { clockTime, isSameClock, viewerZone, zoneName } from '../time/format'
import { AlarmRate } from './AlarmRate'
import { allowSound, isBlocked, isMuted, setMuted } from './AlarmSound'
import { openPalette } from './Palette'
import css from './shell.module.css'

/** The page's name, the way to everything, the alarm rate, the time, the operator. */
export function TopBar({ title }: { title: string }) {
  return (
    <header className={css.bar}>
      <h1 className={css.title}>{title}</h1>
      <UnstyledButton className={css.search} onClick={openPalette}>
        <IconSearch size={14} aria-hidden />
        <span className={`${css.searchText} cut`}>{t('shell.search_hint')}</span>
        <Kbd className={css.searchKey} aria-hidden>
          Ctrl K
        </Kbd>
      </UnstyledButton>
      <div className={css.barEnd}>
        <AlarmRate />
        <Clock />
        <Mute />
        <Operator />
      </div>
    </header>
  )
}

function Clock() {
  const now = useExternal(ticking)
  const directory = useDirectory()
  const zone = directory.zoneOf(undefined)
  const mine = viewerZone()
  const rate = clockRate()
  useExternal(status)
  return (
    <div className={`${css.clock} num`}>
      <strong>{clockTime(now, zone)}</strong> <span className="dim">{zoneName(now, zone)}</span>
      {!isSameClock(now, zone, mine) && (
        <span className={css.clockMine} title={mine}>
          {clockTime(now, mine, false)} {t('shell.your_time')}
        </span>
      )}
      {rate !== 1 && (
        <span className={css.clockMine} title={t('shell.clock_fast')}>
          ×{Math.round(rate)}
        </span>
      )}
    </div>
  )
}

function Mute() {
  const muted = useExternal(isMuted)
  const blocked = useExternal(isBlocked) && !muted
  if (blocked) {
    return (
      <Tooltip label={t('shell.sound_blocked_text')}>
        <button type="button" className={css.blocked} onClick={() => void allowSound()}>
          <IconBellX size={16} aria-hidden />
          <span className={css.blockedText}>{t('shell.sound_blocked')}</span>
        </button>
      </Tooltip>
    )
  }
  const label = t(muted ? 'shell.sound_off' : 'shell.sound_on')
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} aria-pressed={muted} onClick={() => setMuted(!muted)}>
        {muted ? <IconBellOff size={17} /> : <IconBell size={17} />}
      </ActionIcon>
    </Tooltip>
  )
}

function Operator() {
  const { operator, roles } = useSession()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const navigate = useNavigate()
  const isDark = colorScheme !== 'light'
  return (
    <Menu width={230}>
      <Menu.Target>
        <ActionIcon aria-label={t('shell.account_of', { name: operator.name })}>
          <IconUserCircle size={19} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <div className={css.who}>
          <strong>
            <bdi>{operator.name}</bdi>
          </strong>
          <span className="dim">{roles.map((r) => word('shell', 'role', r.role)).join(', ')}</span>
        </div>
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconUserCircle size={15} />}
          onClick={() => void navigate({ to: '/me' as never })}
        >
          {t('shell.my_account')}
        </Menu.Item>
        <Menu.Item
          leftSection={isDark ? <IconSun size={15} /> : <IconMoon size={15} />}
          onClick={() => setColorScheme(isDark ? 'light' : 'dark')}
        >
          {t(isDark ? 'shell.theme_light' : 'shell.theme_dark')}
        </Menu.Item>
        <Menu.Divider />
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <Menu.Item
            key={code}
            lang={code}
            leftSection={<IconLanguage size={15} />}
            onClick={() => void speak(code as Language)}
          >
            {name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={15} />} onClick={() => void signOut()}>
          {t('shell.sign_out')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
