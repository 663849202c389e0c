//! What holds in the house: hours, the rules of zones and doors, and policies.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use engine::access::Action;
use model::rights::{DAYS, DoorRules, ZoneRules};
use model::{CredentialId, DoorId, GroupId, PlaceId, Timestamp, ZoneId};
use serde::{Deserialize, Serialize};

use crate::access::Scope;
use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::state::Shared;

/// How far the next change of a schedule is looked for.
const NEXT_CHANGE_MAX: Duration = Duration::from_secs(8 * 86_400);

/// Hours of certain days, half-open.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowItem {
    /// `monday` to `sunday`, `holiday-1` to `holiday-8`: on these days it begins.
    pub days: Vec<String>,
    /// Such as `07:00`.
    pub from: String,
    /// Such as `19:00` or `24:00`; at or before `from` it is on the next day.
    pub to: String,
}

/// A holiday.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HolidayItem {
    /// Such as `2026-12-25`.
    pub date: String,
    /// 1 to 8.
    pub kind: u8,
}

/// Hours of the week.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ScheduleItem {
    /// Its id.
    schedule: String,
    /// Display name.
    name: Option<String>,
    /// IANA zone.
    time_zone: String,
    /// When it is open.
    windows: Vec<WindowItem>,
    /// Its holidays.
    holidays: Vec<HolidayItem>,
    /// Whether now.
    is_open: bool,
    /// When it next opens or closes, within eight days.
    next_change: Option<Timestamp>,
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// Schedules, by id.
#[utoipa::path(
    get, path = "/v1/access/schedules", tag = "access",
    responses((status = 200, body = Vec<ScheduleItem>), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn schedules(
    State(shared): State<Shared>,
    caller: Caller,
) -> Answer<Json<Vec<ScheduleItem>>> {
    caller.must(Action::AccessRead)?;
    let (data, now) = (shared.engine.access.data(), shared.engine.now());
    let snapshot = shared.engine.access.snapshot();
    let org = shared.engine.access.organisation();
    let days = |bits: u16| {
        let named = DAYS.iter().enumerate().filter(move |(bit, _)| bits & (1 << bit) != 0);
        named.map(|(_, day)| (*day).to_owned()).collect()
    };
    let items = data.schedules.iter().map(|(id, one)| {
        let kept = snapshot.calendar().get(id);
        let window = |window: &model::rights::Window| WindowItem {
            days: days(window.days),
            from: clock(window.from),
            to: clock(window.to),
        };
        let holiday =
            |(date, kind): (&String, &u8)| HolidayItem { date: date.clone(), kind: *kind };
        ScheduleItem {
            schedule: id.to_string(),
            name: one.name.clone(),
            time_zone: one.time_zone.clone().unwrap_or_else(|| org.time_zone.clone()),
            windows: one.windows.iter().map(window).collect(),
            holidays: one.holidays.iter().map(holiday).collect(),
            is_open: kept.is_some_and(|kept| kept.is_open(now)),
            next_change: kept.and_then(|kept| kept.next_change(now, NEXT_CHANGE_MAX)),
        }
    });
    Ok(Json(items.collect()))
}

/// What changes with the threat level.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TighteningItem {
    /// From this level on.
    from: &'static str,
    /// At least this clearance.
    clearance_min: i64,
    /// The PIN as well.
    pin: bool,
}

/// What holds at the doors into a zone.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ZoneItem {
    /// Its id.
    zone: ZoneId,
    /// Display name.
    name: Option<String>,
    /// How guarded it is.
    class: &'static str,
    /// The area around it.
    parent: Option<ZoneId>,
    /// Its site.
    site: Option<PlaceId>,
    /// Whether it has rules of its own; else the usual ones.
    is_stated: bool,
    /// How old its rights may be, in seconds.
    lease_s: u64,
    /// `refuse`, `pin_as_well`, `escort_only` or `allow_and_flag`.
    at_expiry: &'static str,
    /// The way in that needs no network.
    break_glass: Option<String>,
    /// Credentials that open it whatever the rights' age.
    glass: Vec<CredentialId>,
    /// `off`, `soft`, `hard` or `timed`.
    anti_passback: &'static str,
    /// For how long, where that is timed.
    anti_passback_for_s: u64,
    /// `admit`, `pin` or `refuse`, where leaving is not heard.
    blind: &'static str,
    /// At most so many people.
    occupancy_max: Option<u32>,
    /// Nobody enters it alone.
    two_person: bool,
    /// Those who need an escort enter it with one only.
    escort: bool,
    /// One of these must have come first.
    first_person: Option<GroupId>,
    /// What changes with the threat level.
    tightening: Vec<TighteningItem>,
}

/// Zones within the caller's reach, by id.
#[utoipa::path(
    get, path = "/v1/access/zones", tag = "access",
    responses((status = 200, body = Vec<ZoneItem>), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn zones(State(shared): State<Shared>, caller: Caller) -> Answer<Json<Vec<ZoneItem>>> {
    let scope = Scope::of(&shared, &caller)?;
    let data = shared.engine.access.data();
    let snapshot = shared.engine.access.snapshot();
    let usual = ZoneRules::default();
    let near = snapshot.estate().zones().filter(|zone| scope.covers(zone.id.as_str()));
    let items = near.map(|zone| {
        let stated = data.zones.get(&zone.id);
        let rules = stated.unwrap_or(&usual);
        let tight = rules.tightening.iter().map(|rule| TighteningItem {
            from: rule.from.as_str(),
            clearance_min: rule.clearance_min,
            pin: rule.pin,
        });
        ZoneItem {
            zone: zone.id.clone(),
            name: scope.place_name(zone.id.as_str()),
            class: zone.class.as_str(),
            parent: zone.parent.clone(),
            site: scope.site(zone.id.as_str()),
            is_stated: stated.is_some(),
            lease_s: rules.lease.as_secs(),
            at_expiry: rules.at_expiry.as_str(),
            break_glass: rules.break_glass.clone(),
            glass: rules.glass.clone(),
            anti_passback: rules.anti_passback.as_str(),
            anti_passback_for_s: rules.anti_passback_for.as_secs(),
            blind: rules.blind.as_str(),
            occupancy_max: rules.occupancy_max,
            two_person: rules.two_person,
            escort: rules.escort,
            first_person: rules.first_person.clone(),
            tightening: tight.collect(),
        }
    });
    Ok(Json(items.collect()))
}

/// A door and what it asks for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AccessDoorItem {
    /// Its id.
    door: DoorId,
    /// Display name.
    name: Option<String>,
    /// The zone that it leads into.
    zone: ZoneId,
    /// The zone before it; none: outside.
    from_zone: Option<ZoneId>,
    /// Its site.
    site: Option<PlaceId>,
    /// The point that enforces it; none: it is only watched.
    point: Option<String>,
    /// `card`, `card_and_pin` or `card_and_body`.
    asks: &'static str,
    /// For how long its strike is released.
    hold_s: u64,
    /// For how long for people who need more time.
    hold_accessible_s: u64,
    /// Its interlock.
    interlock: Option<String>,
    /// The lift whose floor it is.
    lift: Option<String>,
    /// Doors that one fire input releases.
    fire_group: Option<String>,
    /// Who may enter while it is being worked on.
    technicians: Option<GroupId>,
    /// Outside these hours it asks for the PIN as well.
    card_alone: Option<String>,
}

/// Doors within the caller's reach, by id.
#[utoipa::path(
    get, path = "/v1/access/doors", tag = "access",
    responses((status = 200, body = Vec<AccessDoorItem>), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn doors(
    State(shared): State<Shared>,
    caller: Caller,
) -> Answer<Json<Vec<AccessDoorItem>>> {
    let scope = Scope::of(&shared, &caller)?;
    let data = shared.engine.access.data();
    let snapshot = shared.engine.access.snapshot();
    let usual = DoorRules::default();
    let held = data.points.iter().flat_map(|(point, doors)| doors.iter().map(move |d| (d, point)));
    let held: BTreeMap<_, _> = held.collect();
    let near = snapshot.estate().doors().filter(|door| scope.covers(door.id.as_str()));
    let mut items: Vec<AccessDoorItem> = near
        .map(|door| {
            let rules = data.doors.get(&door.id).unwrap_or(&usual);
            AccessDoorItem {
                door: door.id.clone(),
                name: scope.place_name(door.id.as_str()),
                zone: door.to.clone(),
                from_zone: door.from.clone(),
                site: scope.site(door.id.as_str()),
                point: held.get(&door.id).map(ToString::to_string),
                asks: rules.asks.as_str(),
                hold_s: rules.hold.as_secs(),
                hold_accessible_s: rules.hold_accessible.as_secs(),
                interlock: rules.interlock.clone(),
                lift: rules.lift.clone(),
                fire_group: rules.fire_group.clone(),
                technicians: rules.technicians.clone(),
                card_alone: rules.card_alone.as_ref().map(ToString::to_string),
            }
        })
        .collect();
    items.sort_by(|a, b| a.door.cmp(&b.door));
    Ok(Json(items))
}

/// One file of policies.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PolicyFileItem {
    /// Its name.
    file: String,
    /// In Cedar.
    text: String,
    /// The policies in it, by their names.
    policies: Vec<String>,
}

/// The house's policies of doors.
#[utoipa::path(
    get, path = "/v1/access/policies", tag = "access",
    responses((status = 200, body = Vec<PolicyFileItem>), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn policies(
    State(shared): State<Shared>,
    caller: Caller,
) -> Answer<Json<Vec<PolicyFileItem>>> {
    caller.must(Action::AccessRead)?;
    let data = shared.engine.access.data();
    let item = |(file, text): (&String, &String)| PolicyFileItem {
        file: file.clone(),
        text: text.clone(),
        policies: engine::access::door::policy_names(text),
    };
    Ok(Json(data.policies.iter().map(item).collect()))
}
