//! Who is inside, and who may be: names at once, without asking why; that it was asked is kept.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::Response;
use engine::access::Action;
use engine::access::door::{MusterEntry, muster};
use model::{PersonId, Timestamp, ZoneId};
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::commands::site_of;
use crate::papers::{answer, language};
use crate::problem::{Answer, Problem};
use crate::state::Shared;

/// Of which area.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MusterQuery {
    /// A zone, with all within it.
    area: String,
}

/// Somebody on the list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MusterPerson {
    /// Who.
    person: PersonId,
    /// Their name.
    name: Option<String>,
    /// In which zone, where that is known.
    zone: Option<ZoneId>,
    /// Since when.
    since: Option<Timestamp>,
    /// Why they may be in, where that is not known: `unheard` (believed elsewhere, but doors of
    /// this area are not heard) or `never_seen` (never seen, or forgotten after a muster).
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
}

/// Who is in an area, and who may be.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MusterView {
    /// Of which area.
    area: ZoneId,
    /// As of when.
    at: Timestamp,
    /// Known to be in, by zone.
    inside: Vec<MusterPerson>,
    /// Perhaps in: nobody knows that they are not.
    possibly: Vec<MusterPerson>,
    /// Zones whose doors nobody hears.
    unheard: Vec<ZoneId>,
}

/// Who is inside, by zone, with unknowns: whoever is not known to be out counts as possibly in.
/// Names are shown to whoever may ask; that somebody asked is kept in the audit log.
#[utoipa::path(
    get, path = "/v1/muster", tag = "access", params(MusterQuery),
    responses((status = 200, body = MusterView), (status = 403, body = Problem),
        (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn list(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<MusterQuery>,
) -> Answer<Json<MusterView>> {
    let missing = || Problem::not_found(format!("no zone `{}`", query.area));
    let area = ZoneId::parse(&query.area).map_err(|_| missing())?;
    caller.must_at(Action::MusterRead, site_of(&shared, area.as_str()).as_ref())?;
    let engine = &shared.engine;
    let snapshot = engine.access.snapshot();
    let estate = snapshot.estate();
    estate.zone(&area).ok_or_else(missing)?;
    let found = muster(&snapshot, &area);
    let org = &engine.current.get().org;
    let one = |entry: MusterEntry, is_known: bool| MusterPerson {
        name: org.people.get(&entry.person).map(|person| person.name.clone()),
        why: (!is_known).then_some(match entry.since {
            Some(_) => "unheard",
            None => "never_seen",
        }),
        person: entry.person,
        zone: entry.zone,
        since: entry.since,
    };
    let unheard = estate
        .zones()
        .filter(|zone| snapshot.live.is_blind(zone) && estate.is_within(&zone.id, &area));
    let view = MusterView {
        at: engine.now(),
        unheard: unheard.map(|zone| zone.id.clone()).collect(),
        inside: found.inside.into_iter().map(|entry| one(entry, true)).collect(),
        possibly: found.possibly.into_iter().map(|entry| one(entry, false)).collect(),
        area,
    };
    let shown = (view.inside.len(), view.possibly.len());
    engine.note_muster(&view.area, shown, caller.by().0).await?;
    Ok(Json(view))
}

/// Of which area, and in which words.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MusterPaperQuery {
    /// A zone, with all within it.
    area: String,
    /// The language of its fixed texts: `en` (the default), `nl` or `zh-Hant`.
    lang: Option<String>,
}

/// The same list as PDF, to be held at an assembly point: a box for each name.
#[utoipa::path(
    get, path = "/v1/muster.pdf", tag = "access", params(MusterPaperQuery),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>),
        (status = 400, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn paper(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<MusterPaperQuery>,
) -> Answer<Response> {
    let missing = || Problem::not_found(format!("no zone `{}`", query.area));
    let area = ZoneId::parse(&query.area).map_err(|_| missing())?;
    caller.must_at(Action::MusterRead, site_of(&shared, area.as_str()).as_ref())?;
    let language = language(query.lang.as_deref())?;
    let paper = shared.engine.muster_paper(&area, language, caller.by().0).await?;
    Ok(answer(paper.ok_or_else(missing)?, "application/pdf", "inline"))
}
