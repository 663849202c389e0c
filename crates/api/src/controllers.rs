//! Door controllers that are run: what each holds and is to hold, and what it cannot be given.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use engine::access::Action;
use engine::controllers::ControllerTold;
use model::{CredentialId, DoorId, PlaceId, PointId, Timestamp};
use serde::Serialize;

use crate::auth::Caller;
use crate::commands::site_of;
use crate::problem::Answer;
use crate::state::Shared;

/// Cards that are named of those that a controller cannot be given; the rest is counted.
const LEFT_OUT_MAX: usize = 1_000;

/// A card that a controller cannot be given at some door at least.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LeftOutItem {
    /// Which.
    credential: CredentialId,
    /// Why: `no_number`, `other_form`, `hours`, `conditions`, `more_than_card`, `duress` or
    /// `no_room`.
    why: Vec<&'static str>,
}

/// A controller that is run.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ControllerItem {
    /// The point that it is in the book of revocations.
    point: PointId,
    /// Its serial number.
    serial: u32,
    /// Where it is asked.
    address: String,
    /// Its doors 1 to 4; none: not used.
    doors: Vec<Option<DoorId>>,
    /// `online`, `silent` or `unknown`.
    state: &'static str,
    /// Since when.
    since: Timestamp,
    /// Cards that it is to hold.
    cards_wanted: usize,
    /// Cards that it was read to hold; none: its list was not read yet.
    cards_held: Option<usize>,
    /// Cards that are still to be written or read back.
    cards_due: usize,
    /// Of these, those that were written and read back otherwise.
    cards_unlike: usize,
    /// Cards that it holds and nobody here knows.
    cards_unknown: usize,
    /// When it last held what it is to hold, as far as was read.
    equal_at: Option<Timestamp>,
    /// When its whole list was last read.
    swept_at: Option<Timestamp>,
    /// Its list is longer than is read.
    is_cut: bool,
    /// By how much its clock was ahead when last seen, in seconds; none: it showed no time.
    clock_ahead_s: Option<i64>,
    /// How often its clock was set since the server started.
    clock_sets: u64,
    /// How often that failed.
    clock_sets_failed: u64,
    /// Cards that it cannot be given, by the first of the reasons.
    left_out: BTreeMap<&'static str, usize>,
    /// Which they are, at most 1000.
    left_out_cards: Vec<LeftOutItem>,
}

fn item(told: &ControllerTold) -> ControllerItem {
    let mut left_out = BTreeMap::new();
    let all = told.left_out.iter();
    for why in all.clone().filter_map(|(_, whys)| whys.first()) {
        *left_out.entry(why.as_str()).or_default() += 1;
    }
    let named = all.take(LEFT_OUT_MAX).map(|(credential, whys)| LeftOutItem {
        credential: credential.clone(),
        why: whys.iter().map(|why| why.as_str()).collect(),
    });
    ControllerItem {
        point: told.point.clone(),
        serial: told.serial,
        address: told.address.to_string(),
        doors: told.doors.clone(),
        state: match told.is_online {
            Some(true) => "online",
            Some(false) => "silent",
            None => "unknown",
        },
        since: told.since,
        cards_wanted: told.cards.wanted,
        cards_held: told.cards.held,
        cards_due: told.cards.due,
        cards_unlike: told.cards.unlike,
        cards_unknown: told.cards.strangers,
        equal_at: told.equal_at,
        swept_at: told.swept_at,
        is_cut: told.cards.is_cut,
        clock_ahead_s: told.clock.ahead_s,
        clock_sets: told.clock.sets,
        clock_sets_failed: told.clock.failed,
        left_out,
        left_out_cards: named.collect(),
    }
}

/// The site of a controller: that of its first door.
fn site(shared: &Shared, told: &ControllerTold) -> Option<PlaceId> {
    let first = told.doors.iter().flatten().next()?;
    site_of(shared, first.as_str())
}

/// Door controllers that are run by the server, with their cards and clocks.
#[utoipa::path(
    get, path = "/v1/controllers", tag = "access",
    responses((status = 200, body = Vec<ControllerItem>)), security(("token" = []))
)]
pub async fn list(
    State(shared): State<Shared>,
    caller: Caller,
) -> Answer<Json<Vec<ControllerItem>>> {
    let reach = caller.reach(Action::SystemRead)?;
    let all = shared.engine.controllers.all();
    let near = all.iter().filter(|told| reach.covers(site(&shared, told).as_ref()));
    Ok(Json(near.map(item).collect()))
}
