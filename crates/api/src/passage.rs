//! When somebody's badge was last used at a door.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use engine::access::Action;
use engine::lake::Search;
use engine::passage::{Passage, Turn, Uncounted};
use model::{CredentialState, PersonId, Timestamp};
use serde::Serialize;

use crate::auth::Caller;
use crate::events::within;
use crate::people::shown;
use crate::problem::{Answer, Problem};
use crate::state::Shared;
use crate::veil::Eyes;

/// SOURCE: OCSF physec 0.1.0, `physical_access_activity`.
const PHYSICAL_ACCESS: u32 = 4_230_001;
/// How far back is looked.
const BACK_MAX: Duration = Duration::from_secs(31 * 24 * 3_600);
/// Events among which a passage is looked for: doors that were forced are none.
const EVENTS_MAX: usize = 20;

/// The last passage, if there was one.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PassageAnswer {
    /// The newest of the last 31 days at the caller's sites.
    #[serde(skip_serializing_if = "Option::is_none")]
    passage: Option<PassageItem>,
}

/// A badge used at a door.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PassageItem {
    /// When.
    at: Timestamp,
    /// The event's record.
    record: u64,
    /// The event's part of it.
    part: u16,
    /// At which door.
    #[serde(skip_serializing_if = "Option::is_none")]
    door: Option<String>,
    /// `granted`, `refused`, `passed` or `not_used`.
    #[schema(value_type = String)]
    turn: Turn,
    /// The end of the badge's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    badge: Option<String>,
    /// `current`, `replaced`, `revoked`, `expired` or `unknown`, by the organisation's records.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<CredentialState>,
    /// Why, in the access system's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Why it does not say where they are: `refused`, `not_used`, `not_in_force` (their badge had
    /// ended, or they had left) or `untrusted` (anyone could have sent it). Absent where it does.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    uncounted: Option<Uncounted>,
}

/// When a person's badge was last used at a door, and why that does not say where they are, where
/// it does not.
#[utoipa::path(
    get, path = "/v1/presence/{person}/passage", tag = "organisation",
    params(("person" = String, Path, description = "Person id")),
    responses((status = 200, body = PassageAnswer), (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn last(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Json<PassageAnswer>> {
    caller.must(Action::PersonRead)?;
    let missing = || Problem::not_found(format!("no person `{id}`"));
    let person = PersonId::parse(&id).map_err(|_| missing())?;
    let knowledge = shared.engine.current.get();
    let known = knowledge.org.people.get(&person).ok_or_else(missing)?;
    caller.must_at(Action::PersonRead, known.site.as_ref())?;
    let reach = caller.reach(Action::EventSearch)?;
    let eyes = Eyes::of(&shared, &caller);
    let search = Search {
        from: Some(shared.engine.now().minus(BACK_MAX)),
        person: Some(person),
        class: Some(PHYSICAL_ACCESS),
        limit: EVENTS_MAX,
        ..Search::default()
    };
    let page = within(&shared, search, &reach, &eyes).await?;
    let passage = shared.engine.last_passage(&page.events).await?;
    Ok(Json(PassageAnswer { passage: passage.map(|passage| item(passage, &eyes)) }))
}

fn item(passage: Passage, eyes: &Eyes) -> PassageItem {
    PassageItem {
        at: passage.at,
        record: passage.record,
        part: passage.part,
        door: passage.door,
        turn: passage.turn,
        badge: passage.badge.map(|number| shown("badge", &number)),
        credential: passage.credential,
        reason: passage.reason.map(|reason| eyes.text(reason)),
        uncounted: passage.uncounted,
    }
}
