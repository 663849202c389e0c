//! Doors that we control: how each stands, how young its rights are, what may be done with it.

use axum::Json;
use axum::extract::State;
use engine::access::door::{Freshness, Lease};
use engine::access::{Action, At};
use engine::edges::EdgeTold;
use model::{DoorId, PlaceId, PointId, Timestamp, ZoneId};
use serde::Serialize;

use crate::auth::Caller;
use crate::commands::site_of;
use crate::problem::Answer;
use crate::state::Shared;

/// Whether somebody may do it, and if not why.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MayItem {
    /// Whether they may.
    allowed: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
}

/// What may be done with a door.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MayDo {
    /// Open, lock and unlock it.
    operate: MayItem,
    /// Lock its zone down.
    lockdown: MayItem,
}

/// A door.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ControlItem {
    /// Id.
    door: DoorId,
    /// Who runs it; none: nobody, it is only watched.
    point: Option<PointId>,
    /// The zone that it leads into.
    zone: ZoneId,
    /// The zone before it; none: outside.
    from_zone: Option<ZoneId>,
    /// Of which site.
    site: Option<PlaceId>,
    /// `card`, `card_and_pin` or `card_and_body`.
    asks: &'static str,
    /// `closed`, `unlocked`, `open`, `tamper`, `trouble`, `held`, `forced` or `fire`.
    #[schema(value_type = Option<String>)]
    stands: Option<engine::access::doorway::Stands>,
    /// Since when.
    since: Option<Timestamp>,
    /// Whether its strike is released.
    is_released: bool,
    /// Whether it is unlocked by the hours of its schedule.
    by_schedule: bool,
    /// Whether its reader answers in a secure channel.
    secure: Option<bool>,
    /// `live`, `silent` (as it was last told) or `never`.
    heard: &'static str,
    /// Since when its point has been away.
    silent_since: Option<Timestamp>,
    /// When the rights that it goes by were given.
    rights_at: Option<Timestamp>,
    /// `current`, `expired` or `unknown`.
    lease: &'static str,
    /// How old its rights may be, in seconds.
    lease_s: u64,
    /// Whether its zone is locked down.
    lockdown: bool,
    /// Whether it is locked by itself, for everybody but responders.
    locked: bool,
    /// `maintenance` or `walk_test`, while there is work on it.
    work: Option<&'static str>,
    /// Until when there is.
    work_until: Option<Timestamp>,
    /// Commands whose end is not known.
    open_commands: usize,
    /// What may be done with it.
    may: MayDo,
}

fn may(caller: &Caller, action: Action, site: Option<&PlaceId>) -> MayItem {
    let refusal = caller.may(action, site.map_or(At::Unknown, At::Site)).err();
    MayItem { allowed: refusal.is_none(), refusal }
}

/// Whether the rights of a point are as young as a zone asks for, as far as it has confirmed.
fn lease(edge: Option<&EdgeTold>, lease: std::time::Duration, now: Timestamp) -> &'static str {
    age(edge.and_then(|edge| edge.alive.as_ref()?.rights_at), lease, now)
}

fn age(given: Option<Timestamp>, lease: std::time::Duration, now: Timestamp) -> &'static str {
    match given {
        Some(at) if now.since(at) <= lease => Lease::Current.as_str(),
        Some(_) => Lease::Expired.as_str(),
        None => Freshness::Unknown.as_str(),
    }
}

/// Every door that rights know, how it stands and who runs it.
#[utoipa::path(
    get, path = "/v1/doors/control", tag = "access",
    responses((status = 200, body = Vec<ControlItem>)), security(("token" = []))
)]
pub async fn list(State(shared): State<Shared>, caller: Caller) -> Answer<Json<Vec<ControlItem>>> {
    let reach = caller.reach(Action::PlaceRead)?;
    let engine = &shared.engine;
    let (snapshot, now) = (engine.access.snapshot(), engine.now());
    let (estate, data) = (snapshot.estate(), engine.access.data());
    let edges = engine.edges.list();
    let mut items = Vec::new();
    for door in estate.doors() {
        let site = site_of(&shared, door.id.as_str());
        if !reach.covers(site.as_ref()) {
            continue;
        }
        let point = data.points.iter().find(|(_, doors)| doors.contains(&door.id));
        let point = point.map(|(point, _)| point.clone());
        let edge = edges.iter().find(|edge| Some(&edge.point) == point.as_ref());
        let alive = edge.and_then(|edge| edge.alive.as_ref());
        let told = point.as_ref().and_then(|point| engine.edges.door(point, &door.id));
        let is_live = told.as_ref().is_some_and(|(_, is_live)| *is_live);
        let told = told.map(|(told, _)| told);
        let is_here = edge.is_none() && point.is_some();
        // A controller goes by its cards: they are as old as when they were last read to be equal.
        let board = point.as_ref().and_then(|point| engine.controllers.equal_at(point));
        let age_max = estate.zone(&door.to).map(|zone| zone.lease.age_max).unwrap_or_default();
        let place = site.as_ref();
        let work = snapshot.live.work(&door.id, now);
        items.push(ControlItem {
            zone: door.to.clone(),
            from_zone: door.from.clone(),
            asks: door.asks.as_str(),
            stands: told.as_ref().map(|told| told.stands),
            since: told.as_ref().map(|told| told.since),
            is_released: told.as_ref().is_some_and(|told| told.is_released),
            by_schedule: told.as_ref().is_some_and(|told| told.by_schedule),
            secure: told.as_ref().and_then(|told| told.secure),
            heard: match &told {
                Some(_) if is_live => "live",
                Some(_) => "silent",
                None => "never",
            },
            silent_since: alive.filter(|alive| !alive.is_connected).map(|alive| alive.since),
            rights_at: match board {
                Some(equal_at) => equal_at,
                None => alive.and_then(|alive| alive.rights_at),
            },
            lease: match board {
                Some(equal_at) => age(equal_at, age_max, now),
                // Our own doors go by our own rights, confirmed every second.
                None if is_here && told.is_some() => Lease::Current.as_str(),
                None => lease(edge, age_max, now),
            },
            lease_s: age_max.as_secs(),
            lockdown: snapshot.live.lockdown(estate, &door.to).is_some(),
            locked: snapshot.live.is_locked(&door.id),
            work: work.map(|at| at.work.as_str()),
            work_until: work.map(|at| at.until),
            open_commands: engine.commander.open_at(&door.id),
            may: MayDo {
                operate: may(&caller, Action::DoorOperate, place),
                lockdown: may(&caller, Action::LockdownOperate, place),
            },
            door: door.id.clone(),
            point,
            site,
        });
    }
    Ok(Json(items))
}
