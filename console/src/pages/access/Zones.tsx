import { useDirectory } from '../../org/organisation'
import { Cut, Mark } from '../../parts/Facts'
import { t, word } from '../../text'
import { span } from '../../time/format'
import { Listing } from './Listing'
import type { DoorRules, ZoneItem } from './rights'
import css from './access.module.css'

/** What holds at the doors into each zone. Kept in the organisation folder, and read here. */
export function Zones() {
  const directory = useDirectory()
  return (
    <>
      <p className={css.readNote}>{t('access.zones_text')}</p>
      <Listing<ZoneItem>
        path="/v1/access/zones"
        label={t('access.list_zones')}
        columns={[
          { label: t('access.zone') },
          { label: t('access.lease') },
          { label: t('access.at_expiry') },
          { label: t('access.asks'), when: 'mid' },
        ]}
        row={(zone) => (
          <tr key={zone.zone}>
            <td data-wrap>
              <bdi>{zone.name ?? directory.nameOf(`place:${zone.zone}`)}</bdi>
              <div className={css.hint}>{word('places', 'class', zone.class)}</div>
            </td>
            <td data-wrap className="num">
              {span(zone.lease_s * 1_000)}
              {!zone.is_stated && <div className={css.hint}>{t('access.usual')}</div>}
            </td>
            <td data-wrap className={css.then}>
              {word('access', 'expiry', zone.at_expiry)}
              {zone.break_glass && <div className={css.hint}>{zone.break_glass}</div>}
              {zone.glass.length > 0 && (
                <div className={css.hint}>
                  {t('access.glass', { credentials: zone.glass.join(', ') })}
                </div>
              )}
            </td>
            <td data-mid data-wrap>
              <ul className={css.rules}>
                {rulesOf(zone).map((rule) => (
                  <li key={rule}>{rule}</li>
                ))}
              </ul>
            </td>
          </tr>
        )}
      />
    </>
  )
}

/** Beyond a right, what its doors ask for: each in words of its own. */
function rulesOf(zone: ZoneItem): string[] {
  const passback = zone.anti_passback !== 'off' && word('access', 'passback', zone.anti_passback)
  const lasting = zone.anti_passback_for_s > 0 && span(zone.anti_passback_for_s * 1_000)
  return [
    passback && (lasting ? `${passback} (${lasting})` : passback),
    passback && zone.blind !== 'admit' && word('access', 'blind', zone.blind),
    zone.occupancy_max && t('access.occupancy', { count: zone.occupancy_max }),
    zone.two_person && t('access.two_person'),
    zone.escort && t('access.escort'),
    zone.first_person && t('access.first_person', { group: zone.first_person }),
    ...zone.tightening.map((rule) =>
      t(rule.pin ? 'access.tightening_pin' : 'access.tightening', {
        level: word('doors', 'threat', rule.from),
        clearance: rule.clearance_min,
      }),
    ),
  ].filter((one): one is string => typeof one === 'string')
}

/** What each door asks for and does, as the organisation folder has it. */
export function Doors() {
  const directory = useDirectory()
  return (
    <Listing<DoorRules>
      path="/v1/access/doors"
      label={t('access.list_doors')}
      columns={[
        { label: t('access.door') },
        { label: t('access.asks') },
        { label: t('access.stays_released'), when: 'mid' },
        { label: t('access.rules'), when: 'mid' },
        { label: t('access.decides'), when: 'wide' },
      ]}
      row={(door) => (
        <tr key={door.door}>
          <td>
            <Cut>{door.name ?? directory.nameOf(`place:${door.door}`)}</Cut>
            <div className={css.hint}>{directory.nameOf(`place:${door.zone}`)}</div>
          </td>
          <td>{word('doors', 'asks', door.asks)}</td>
          <td data-mid className="num">
            {span(door.hold_s * 1_000)} / {span(door.hold_accessible_s * 1_000)}
          </td>
          <td data-mid data-wrap>
            <ul className={css.rules}>
              {doorRules(door).map((rule) => (
                <li key={rule}>{rule}</li>
              ))}
            </ul>
          </td>
          <td data-wide>
            {door.point ? <Mark>{door.point}</Mark> : <span className="faint">{t('doors.watched_only')}</span>}
          </td>
        </tr>
      )}
    />
  )
}

const doorRules = (door: DoorRules): string[] =>
  [
    door.card_alone && t('access.card_alone', { schedule: door.card_alone }),
    door.fire_group && t('access.fire_group', { group: door.fire_group }),
    door.interlock && t('access.interlock', { name: door.interlock }),
    door.lift && t('access.lift', { name: door.lift }),
    door.technicians && t('access.technicians', { group: door.technicians }),
  ].filter((one): one is string => typeof one === 'string')
