//! Evidence bundles and reports, to take along.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::access::{Action, Reach};
use engine::papers::bundle::BundleAsk;
use engine::papers::report::ReportAsk;
use engine::papers::texts::Language;
use engine::papers::{Paper, PaperError};
use model::{IncidentId, PlaceId, Timestamp};
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;

use crate::auth::Caller;
use crate::occurrences::sites;
use crate::problem::{Answer, Problem};
use crate::reason::Reason;
use crate::state::Shared;
use crate::veil::Eyes;

/// The header that holds the SHA-256 of a paper's bytes, as the audit chain has it.
const SHA256: HeaderName = HeaderName::from_static("x-sha256");

impl From<PaperError> for Problem {
    fn from(error: PaperError) -> Self {
        match error {
            PaperError::Invalid(_) => Self::bad_request(error.to_string()),
            PaperError::Form(_) => {
                tracing::error!(reason = %error, "a paper could not be written");
                Self::unavailable("the paper cannot be written now; try again")
            }
            PaperError::Lake(error) => error.into(),
            PaperError::Store(error) => error.into(),
        }
    }
}

/// A turn at making papers: each takes memory of its own.
fn turn(shared: &Shared) -> Answer<OwnedSemaphorePermit> {
    shared.papers.clone().try_acquire_owned().map_err(|_| {
        let detail = "too many evidence bundles and reports are being made; come again";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
            .after(std::time::Duration::from_secs(2))
    })
}

pub(crate) fn answer(paper: Paper, kind: &'static str, how: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("{how}; filename=\"{}\"", paper.name)),
        (SHA256, paper.sha256),
    ];
    (headers, paper.bytes).into_response()
}

/// The language of a paper's fixed texts; English where none is asked for.
pub(crate) fn language(tag: Option<&str>) -> Answer<Language> {
    let tag = tag.unwrap_or("en");
    Language::parse(tag).ok_or_else(|| {
        let known = Language::ALL.map(Language::tag).join(", ");
        Problem::bad_request(format!("`{tag}` is no language of ours; expected {known}"))
    })
}

/// The evidence of an incident as a zip archive that anybody can check: `READ-ME.txt` in it says
/// how. Needs the right `export`; what the caller may not see is left out, and `manifest.json`
/// says so. The archive's SHA-256 and the reason are kept in the audit chain; the sum is in the
/// header `X-SHA256` too.
#[utoipa::path(
    get, path = "/v1/incidents/{id}/bundle", tag = "papers",
    params(("id" = String, Path, description = "Incident id"), Reason),
    responses((status = 200, content_type = "application/zip", body = Vec<u8>),
        (status = 400, body = Problem, description = "No reason was given"),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 429, body = Problem)),
    security(("token" = []))
)]
pub async fn bundle(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    Query(reason): Query<Reason>,
) -> Answer<Response> {
    caller.must(Action::Export)?;
    caller.must(Action::IncidentRead)?;
    let missing = || Problem::not_found(format!("no incident `{id}`"));
    let wanted = IncidentId::parse(&id).map_err(|_| missing())?;
    let found = shared.engine.state.incident(&wanted).await?.ok_or_else(missing)?;
    caller.must_of(Action::IncidentRead, &found)?;
    caller.must_of(Action::Export, &found)?;
    let reason = reason.wanted()?;
    let _turn = turn(&shared)?;
    let why = |problem: Problem| problem.detail;
    let eyes = Eyes::of(&shared, &caller);
    let ask = BundleAsk {
        sees: &|person| eyes.sees(person),
        by: caller.by().0,
        reason,
        events: caller.reach(Action::EventSearch).map_err(why),
        raw: caller.must(Action::EventRaw).map_err(why),
        occurrences: caller.reach(Action::OccurrenceRead).map_err(why),
    };
    let paper = shared.engine.bundle(&found, &ask).await?;
    Ok(answer(paper, "application/zip", "attachment"))
}

/// About what.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ShiftQuery {
    /// From when (RFC 3339).
    from: Timestamp,
    /// Until before when (RFC 3339).
    to: Timestamp,
    /// About this site; about all within reach if absent.
    site: Option<PlaceId>,
    /// The zone of its times, such as `Europe/Amsterdam`; the site's or the organisation's if
    /// absent.
    zone: Option<String>,
    /// The language of its fixed texts: `en` (the default), `nl` or `zh-Hant`.
    lang: Option<String>,
}

/// The report that a shift leaves to the next, as PDF: what is open and whose it is, hand-overs
/// that wait, what was opened and resolved, who held what, the occurrence log, doors forced or
/// held open, silent sources, records lost. People appear by their ids. The SHA-256 of the file,
/// and of what it tells, are kept in the audit chain.
#[utoipa::path(
    get, path = "/v1/reports/shift", tag = "papers", params(ShiftQuery),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>),
        (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 429, body = Problem)),
    security(("token" = []))
)]
pub async fn shift(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<ShiftQuery>,
) -> Answer<Response> {
    let incidents = caller.reach(Action::IncidentRead)?;
    let occurrences = caller.reach(Action::OccurrenceRead)?;
    if let Some(site) = &query.site {
        let org = &shared.engine.current.get().org;
        if org.site_of(site) != Some(site) {
            return Err(Problem::not_found(format!("no site `{site}`")));
        }
        caller.must_at(Action::IncidentRead, Some(site))?;
        caller.must_at(Action::OccurrenceRead, Some(site))?;
    }
    let language = language(query.lang.as_deref())?;
    let _turn = turn(&shared)?;
    let why = |problem: Problem| problem.detail;
    let ask = ReportAsk {
        by: caller.by().0,
        from: query.from,
        to: query.to,
        zone: query.zone.as_deref(),
        language,
        incidents: sites(&incidents, query.site.clone()),
        occurrences: sites(&occurrences, query.site.clone()),
        sources: caller.reach(Action::SourceRead).map_err(why),
        doors: caller.reach(Action::PlaceRead).map_err(why),
        everywhere_too: incidents == Reach::Everywhere || caller.works_incidents(),
        site: query.site,
    };
    let paper = shared.engine.shift_report(&ask).await?;
    Ok(answer(paper, "application/pdf", "inline"))
}
