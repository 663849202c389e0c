//! The decision itself: out is granted, in is checked.

use std::sync::Arc;
use std::time::Duration;

use model::{DoorId, PersonId, Timestamp};

use super::checks::{Entry, Found, Shown, facts, find, identify_found};
use super::estate::{AntiPassback, HOLD, PlacedDoor};
use super::live::Position;
use super::people::Holder;
use super::policy::{Judged, Plain};
use super::reason::Reason;
use super::request::{Companion, Decision, Outcome, PinVerdict, Presented, Request};
use super::snapshot::Snapshot;
use super::words::{CredentialKind, Factor, Fire, Lease};

/// Decides one request. Total: whatever is asked, there is an answer and its reason.
///
/// `now` is the instant of the request by the clock that `snapshot.rights` goes by. The snapshot
/// is not changed: whoever acts on the answer reports the passage (`Snapshot::passed`) and typed
/// PINs (`Live::pin_tried`).
///
/// A way out is granted before anything else is looked at. A way in meets the fixed checks in
/// their order (credential, person, lease, lockdown and threat, anti-passback, occupancy, company,
/// first person, interlock, work on the door, factors) and then the customer's policies; the first
/// obstacle is named. Steps that are left are asked for only where nothing else stands in the way.
pub fn decide(snapshot: &Snapshot, request: &Request, now: Timestamp) -> Decision {
    let found = find(snapshot, &request.presented);
    let placed = snapshot.estate.placed(&request.door);
    if request.direction.is_egress() {
        return egress(snapshot, request, (placed, found), now);
    }
    let Some(placed) = placed else {
        let refused = Passage::refused(Reason::UnknownDoor, Vec::new());
        return decision(snapshot, request, found, (refused, Vec::new()));
    };
    let mut entry = Entry::new(snapshot, request, placed, now);
    let passage = enter(&mut entry, found)
        .unwrap_or_else(|(because, policies)| Passage::refused(because, policies));
    if entry.fire.releases() {
        entry.noted.push(Reason::Fire { says: entry.fire });
    }
    decision(snapshot, request, found, (passage, entry.noted))
}

struct Passage {
    outcome: Outcome,
    because: Reason,
    policies: Vec<Arc<str>>,
    companion: Option<PersonId>,
}

impl Passage {
    fn refused(because: Reason, policies: Vec<Arc<str>>) -> Self {
        Self { outcome: Outcome::Refuse, because, policies, companion: None }
    }
    fn granted(because: Reason, hold: Duration) -> Self {
        let outcome = Outcome::Grant { hold };
        Self { outcome, because, policies: Vec::new(), companion: None }
    }
}

fn decision(
    snapshot: &Snapshot,
    request: &Request,
    found: Found<'_>,
    (passage, noted): (Passage, Vec<Reason>),
) -> Decision {
    let forced = |found: &Found<'_>| found.credential.is_some_and(|c| c.is_duress);
    let forced_companion = |companion: &Companion| {
        companion.pin == PinVerdict::Duress || forced(&find(snapshot, &companion.presented))
    };
    Decision {
        outcome: passage.outcome,
        because: passage.because,
        policies: passage.policies,
        noted,
        duress: request.pin == PinVerdict::Duress
            || forced(&found)
            || request.companion.as_ref().is_some_and(forced_companion),
        person: found.holder.map(|holder| holder.person.id.clone()),
        credential: found.credential.map(|credential| credential.id.clone()),
        companion: passage.companion,
        snapshot: snapshot.version,
    }
}

/// Out: granted, and what is worth knowing noted.
fn egress(
    snapshot: &Snapshot,
    request: &Request,
    (placed, found): (Option<&PlacedDoor>, Found<'_>),
    now: Timestamp,
) -> Decision {
    let mut noted = Vec::new();
    if request.presented != Presented::Nothing
        && let Err(obstacle) = identify_found(snapshot, (&request.presented, found), now)
    {
        noted.push(obstacle);
    }
    let hold = placed.map_or(HOLD, |placed| hold(placed, found.holder));
    match placed {
        Some(placed) => {
            leaving(snapshot, placed, found.holder, &mut noted);
            let fire = snapshot.live.fire(placed.door.fire_group.as_ref());
            if fire.releases() {
                noted.push(Reason::Fire { says: fire });
            }
        }
        None => noted.push(Reason::UnknownDoor),
    }
    decision(snapshot, request, found, (Passage::granted(Reason::Egress, hold), noted))
}

fn leaving(
    snapshot: &Snapshot,
    placed: &PlacedDoor,
    holder: Option<&Holder>,
    noted: &mut Vec<Reason>,
) {
    let Some(holder) = holder else { return };
    let live = &snapshot.live;
    for zone in placed.entered.iter().filter_map(|place| snapshot.estate.zone_in(*place)) {
        let inside = match live.position(&holder.person.id) {
            Position::In { zone: at, .. } => snapshot.estate.is_within(at, &zone.id),
            Position::Out { .. } | Position::Unknown => false,
        };
        if zone.anti_passback != AntiPassback::Off && !inside {
            noted.push(Reason::NotInside { zone: zone.id.clone() });
        }
        if zone.two_person && inside && live.inside(&zone.id) == 2 {
            noted.push(Reason::LeftAlone { zone: zone.id.clone() });
        }
    }
}

fn hold(placed: &PlacedDoor, holder: Option<&Holder>) -> Duration {
    if holder.is_some_and(|holder| holder.person.is_slow) {
        placed.door.hold_accessible.max(placed.door.hold)
    } else {
        placed.door.hold
    }
}

type Obstacle = (Reason, Vec<Arc<str>>);

fn enter<'a>(entry: &mut Entry<'a>, found: Found<'a>) -> Result<Passage, Obstacle> {
    let alone = |because: Reason| (because, Vec::new());
    let presented = &entry.request.presented;
    let shown = identify_found(entry.snapshot, (presented, found), entry.now).map_err(alone)?;
    let closed = entry.closed();
    let Some(holder) = shown.holder else {
        return break_glass(entry, &shown, closed).map_err(alone);
    };
    let hold = hold(entry.placed, Some(holder));
    if let Some(closed) = &closed
        && holder.person.is_responder()
    {
        entry.noted.push(closed.clone());
        return Ok(Passage::granted(Reason::Responder, hold));
    }
    if shown.credential.kind == CredentialKind::BreakGlass {
        return break_glass(entry, &shown, closed).map_err(alone);
    }
    entry.lease().map_err(alone)?;
    if let Some(closed) = closed {
        return Err(alone(closed));
    }
    entry.threat(holder).map_err(alone)?;
    entry.anti_passback(holder).map_err(alone)?;
    entry.occupancy(holder).map_err(alone)?;
    let company = entry.company(&shown, holder).map_err(alone)?;
    entry.first_person(holder).map_err(alone)?;
    entry.interlock().map_err(alone)?;
    entry.work(holder).map_err(alone)?;
    entry.factors(&shown, (holder, company)).map_err(alone)?;
    let judged = entry.ask_policies(holder, entry.shown_factors());
    if !judged.is_permit() {
        return Err((judged.because, judged.policies));
    }
    let companion = company.map(|holder| holder.person.id.clone());
    if !entry.steps.is_empty() {
        let outcome = Outcome::Require(std::mem::take(&mut entry.steps));
        let because = Reason::StepsLeft;
        return Ok(Passage { outcome, because, policies: judged.policies, companion });
    }
    let mut granted = Passage::granted(judged.because, hold);
    (granted.policies, granted.companion) = (judged.policies, companion);
    Ok(granted)
}

/// What breaks the glass opens its own zones, whatever the age of rights; no lockdown.
fn break_glass(
    entry: &Entry<'_>,
    shown: &Shown<'_>,
    closed: Option<Reason>,
) -> Result<Passage, Reason> {
    if let Some(closed) = closed {
        return Err(closed);
    }
    let zone = entry.snapshot.estate.zone(&entry.placed.door.to);
    let is_for = zone.is_some_and(|zone| zone.glass.contains(&shown.credential.id));
    if shown.credential.kind != CredentialKind::BreakGlass || !is_for {
        return Err(Reason::NoHolder);
    }
    Ok(Passage::granted(Reason::BreakGlass, hold(entry.placed, shown.holder)))
}

/// Which floors of a lift a request in its car may call, in the order of the doors: each floor is
/// a door of its own. What is no floor of this lift is refused, whatever it would say else.
pub fn decide_floors(
    snapshot: &Snapshot,
    (lift, floors): (&str, &[DoorId]),
    request: &Request,
    now: Timestamp,
) -> Vec<(DoorId, Decision)> {
    let each = floors.iter().map(|floor| {
        let asked = Request { door: floor.clone(), ..request.clone() };
        let door = snapshot.estate.door(floor);
        let is_floor = door.is_some_and(|door| door.lift.as_deref() == Some(lift));
        let decided = if is_floor || request.direction.is_egress() {
            decide(snapshot, &asked, now)
        } else {
            let found = find(snapshot, &asked.presented);
            let refused = Passage::refused(Reason::NoFloor { lift: lift.into() }, Vec::new());
            decision(snapshot, &asked, found, (refused, Vec::new()))
        };
        (floor.clone(), decided)
    });
    each.collect()
}

/// What the customer's policies alone say of one person before one door, with a card and rights
/// that are young enough; `None`: one of them does not exist. For what-if and for search.
pub fn judge_policies(
    snapshot: &Snapshot,
    asked: (&PersonId, &DoorId),
    now: Timestamp,
) -> Option<Judged> {
    judge_with(snapshot, asked, (Lease::Current, Factor::Card.bit()), now)
}

/// The same with another lease and other factors.
#[doc(hidden)]
pub fn judge_with(
    snapshot: &Snapshot,
    (person, door): (&PersonId, &DoorId),
    with: (Lease, u16),
    now: Timestamp,
) -> Option<Judged> {
    let (holder, placed) = (snapshot.people.holder(person)?, snapshot.estate.placed(door)?);
    let facts = facts(snapshot, (holder, placed), with, now);
    Some(snapshot.policies.judge(&snapshot.names, &facts))
}

/// The same by plain Cedar on the whole set.
#[doc(hidden)]
pub fn judge_plain(
    (snapshot, plain): (&Snapshot, &Plain),
    (person, door): (&PersonId, &DoorId),
    with: (Lease, u16),
    now: Timestamp,
) -> Option<Result<Judged, String>> {
    let (holder, placed) = (snapshot.people.holder(person)?, snapshot.estate.placed(door)?);
    let facts = facts(snapshot, (holder, placed), with, now);
    Some(plain.judge(&snapshot.names, &facts))
}

/// What a fire input says at a door.
pub(super) fn fire_at(snapshot: &Snapshot, door: &DoorId) -> Fire {
    let group = snapshot.estate.door(door).and_then(|door| door.fire_group.as_ref());
    snapshot.live.fire(group)
}
