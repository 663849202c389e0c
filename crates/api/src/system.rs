//! Sources, accounts, limits, dead letters, content, health.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::access::{Action, Reach};
use engine::store::state::{
    DEAD_LETTER_PAGE_MAX, DeadLetterChoice, DeadLetterFilter, DeadLetterStatus,
};
use model::{Organisation, SourceId, SourceState, Timestamp};
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::state::Shared;
use crate::veil::Eyes;

/// One line of the accounts: received = kept + rejected + dropped at each boundary and source.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AccountItem {
    /// `listen` (by listener), `intake`, `normalise` (by source), `detect`, `lake`, `stream`.
    boundary: String,
    /// Whose.
    source: String,
    /// `received`, `kept`, `rejected`, `dropped`.
    outcome: String,
    /// Why.
    reason: String,
    /// How many.
    records: u64,
}

/// One source.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SourceItem {
    /// Id.
    id: SourceId,
    /// Its mapping, or `auto`.
    mapping: String,
    /// Its site.
    site: Option<model::PlaceId>,
    /// How well its sender is known, at best.
    trust: model::Trust,
    /// Heard or silent; absent when it declares no heartbeat.
    state: Option<SourceState>,
    /// When it was last heard since the start.
    last_heard: Option<Timestamp>,
    /// Seconds of silence that make it stale.
    heartbeat_s: Option<u64>,
    /// Its lines of the accounts, of all time.
    accounts: Vec<AccountItem>,
}

fn account(line: engine::engine::AccountLine) -> AccountItem {
    AccountItem {
        boundary: line.boundary,
        source: line.source,
        outcome: line.outcome,
        reason: line.reason,
        records: line.records,
    }
}

/// Sources with their health and accounts; `unassigned` holds what no source matched.
#[utoipa::path(
    get, path = "/v1/sources", tag = "system",
    responses((status = 200, body = Vec<SourceItem>)), security(("token" = []))
)]
pub async fn sources(
    State(shared): State<Shared>,
    caller: Caller,
) -> Answer<Json<Vec<SourceItem>>> {
    caller.must(Action::SourceRead)?;
    let reach = caller.reach(Action::SourceRead)?;
    let mut found = shared.engine.sources().await?;
    found.retain(|status| reach.covers(status.source.site.as_ref()));
    let item = |status: engine::engine::SourceStatus| SourceItem {
        mapping: status.source.mapping.as_ref().map_or("auto".into(), ToString::to_string),
        site: status.source.site,
        trust: status.source.trust,
        state: status.state,
        last_heard: status.last_heard,
        heartbeat_s: status.source.heartbeat.map(|h| h.as_secs()),
        accounts: status.accounts.into_iter().map(account).collect(),
        id: status.source.id,
    };
    Ok(Json(found.into_iter().map(item).collect()))
}

/// The accounts of all time, at every boundary. A role of some sites gets the lines of their
/// sources; those of listeners, of detection and of the lake are the whole organisation's.
#[utoipa::path(
    get, path = "/v1/accounts", tag = "system",
    responses((status = 200, body = Vec<AccountItem>)), security(("token" = []))
)]
pub async fn accounts(
    State(shared): State<Shared>,
    caller: Caller,
) -> Answer<Json<Vec<AccountItem>>> {
    let reach = caller.reach(Action::SystemRead)?;
    let mut lines = shared.engine.account_lines().await?;
    let org = &shared.engine.current.get().org;
    lines.retain(|line| reach == Reach::Everywhere || is_of(org, line, &reach));
    Ok(Json(lines.into_iter().map(account).collect()))
}

/// Whether a line of the accounts is that of a source within reach.
fn is_of(org: &Organisation, line: &engine::engine::AccountLine, reach: &Reach) -> bool {
    let by_source = ["intake", "normalise"].contains(&line.boundary.as_str());
    let source = SourceId::parse(&line.source).ok().filter(|_| by_source);
    let source = source.and_then(|id| org.sources.get(&id));
    source.is_some_and(|source| reach.covers(source.site.as_ref()))
}

/// One limit and how near it is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LimitItem {
    /// Key under `[limits]`.
    name: String,
    /// Its unit.
    unit: String,
    /// The bound in force.
    max: u64,
    /// How much is used now, where that is known.
    used: Option<u64>,
    /// What it bounds and what happens at it.
    meaning: String,
}

/// Every limit and how near it is.
#[utoipa::path(
    get, path = "/v1/limits", tag = "system",
    responses((status = 200, body = Vec<LimitItem>)), security(("token" = []))
)]
pub async fn limits(State(shared): State<Shared>, caller: Caller) -> Answer<Json<Vec<LimitItem>>> {
    caller.must(Action::SystemRead)?;
    let item = |limit: engine::engine::LimitStatus| LimitItem {
        name: limit.name.into(),
        unit: limit.unit.into(),
        max: limit.max,
        used: limit.used,
        meaning: limit.meaning.into(),
    };
    Ok(Json(shared.engine.limit_status().into_iter().map(item).collect()))
}

/// Which dead letters.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeadLetterQuery {
    /// Of this source.
    source: Option<SourceId>,
    /// With this reason's code, such as `no_mapping`.
    reason: Option<String>,
    /// `open`, `rerun` or `resolved`.
    status: Option<String>,
    /// Older than this record.
    before: Option<u64>,
    /// How many, at most 1000.
    limit: Option<u32>,
}

/// A record that gave no event.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeadLetterItem {
    /// Journal sequence.
    record: u64,
    /// Whose.
    source: SourceId,
    /// When it was received.
    received_at: Timestamp,
    /// Which mapping tried.
    mapping: Option<String>,
    /// The reason's code.
    code: String,
    /// The reason in words.
    reason: String,
    /// Where in the record.
    position: Option<model::Position>,
    /// `open`, `rerun` or `resolved`.
    status: String,
    /// The record's first bytes; needs the right `event.raw`.
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<String>,
}

/// Bytes of a dead letter's record that a listing shows.
const HEAD_BYTES: usize = 512;

/// Records that gave no event, newest first, with the reason.
#[utoipa::path(
    get, path = "/v1/dead-letters", tag = "system", params(DeadLetterQuery),
    responses((status = 200, body = Vec<DeadLetterItem>)), security(("token" = []))
)]
pub async fn dead_letters(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<DeadLetterQuery>,
) -> Answer<Json<Vec<DeadLetterItem>>> {
    caller.must(Action::SourceRead)?;
    let filter = DeadLetterFilter {
        status: query.status.as_deref().map(status).transpose()?,
        source: query.source,
        reason_code: query.reason,
        before_record: query.before,
        limit: query.limit.unwrap_or(100),
    };
    let reach = caller.reach(Action::SourceRead)?;
    let knowledge = shared.engine.current.get();
    let eyes = Eyes::of(&shared, &caller);
    let shows_head = caller.must(Action::EventRaw).is_ok();
    let found = shared.engine.state.dead_letters(&filter).await?;
    let item = |stored: engine::store::state::StoredDeadLetter| {
        let head = stored.raw.body.get(..HEAD_BYTES).unwrap_or(&stored.raw.body);
        DeadLetterItem {
            record: stored.letter.record,
            source: stored.letter.source,
            received_at: stored.letter.received_at,
            mapping: stored.letter.mapping.map(|m| m.to_string()),
            code: stored.letter.reason.code().into(),
            reason: eyes.text(stored.letter.reason.to_string()),
            position: stored.letter.position,
            status: word(stored.status).into(),
            head: shows_head.then(|| eyes.text(String::from_utf8_lossy(head).into_owned())),
        }
    };
    let is_near = |stored: &engine::store::state::StoredDeadLetter| {
        reach.covers(knowledge.source(&stored.letter.source).site.as_ref())
    };
    Ok(Json(found.into_iter().filter(is_near).map(item).collect()))
}

fn word(status: DeadLetterStatus) -> &'static str {
    match status {
        DeadLetterStatus::Open => "open",
        DeadLetterStatus::Rerun => "rerun",
        DeadLetterStatus::Resolved => "resolved",
    }
}

fn status(text: &str) -> Answer<DeadLetterStatus> {
    match text {
        "open" => Ok(DeadLetterStatus::Open),
        "rerun" => Ok(DeadLetterStatus::Rerun),
        "resolved" => Ok(DeadLetterStatus::Resolved),
        other => Err(Problem::bad_request(format!(
            "`{other}` is no status; expected open, rerun or resolved"
        ))),
    }
}

/// Which dead letters to send through again.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RerunRequest {
    /// Of this source; of all if absent.
    source: Option<SourceId>,
    /// With this reason's code.
    reason: Option<String>,
    /// Only these records; at most 1000.
    #[serde(default)]
    records: Vec<u64>,
    /// How many, oldest first, at most 1000.
    limit: Option<u32>,
}

/// What a re-run sent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RerunAnswer {
    /// Records sent through again.
    sent: u64,
}

/// Sends open dead letters through again, with today's mappings, oldest first.
#[utoipa::path(
    post, path = "/v1/dead-letters/rerun", tag = "system", request_body = RerunRequest,
    responses((status = 200, body = RerunAnswer), (status = 503, body = Problem)),
    security(("token" = []))
)]
pub async fn rerun(
    State(shared): State<Shared>,
    caller: Caller,
    Json(request): Json<RerunRequest>,
) -> Answer<Json<RerunAnswer>> {
    caller.must(Action::DeadLetterRerun)?;
    let limit = request.limit.unwrap_or(1_000);
    if request.records.len() > DEAD_LETTER_PAGE_MAX as usize {
        let detail = format!("at most {DEAD_LETTER_PAGE_MAX} records at once");
        return Err(Problem::bad_request(detail));
    }
    let (source, reason_code, records) = (request.source, request.reason, request.records);
    let choice = DeadLetterChoice { source, reason_code, records };
    let sent = shared.engine.rerun(&choice, limit, caller.by().0).await;
    let sent = sent.map_err(|error| Problem::unavailable(error.to_string()))?;
    Ok(Json(RerunAnswer { sent }))
}

/// One mapping.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MappingItem {
    /// Name.
    name: String,
    /// Vendor.
    vendor: String,
    /// Product.
    product: String,
    /// Version.
    version: String,
    /// `real`: proved on real records; `constructed`: made from the vendor's documentation.
    evidence: String,
    /// `shipped`, or `house` for one in the house's content folder.
    origin: &'static str,
}

/// The mappings in force.
#[utoipa::path(
    get, path = "/v1/mappings", tag = "content",
    responses((status = 200, body = Vec<MappingItem>)), security(("token" = []))
)]
pub async fn mappings(
    State(shared): State<Shared>,
    caller: Caller,
) -> Answer<Json<Vec<MappingItem>>> {
    caller.must(Action::MappingRead)?;
    Ok(Json(
        shared
            .engine
            .mappings()
            .into_iter()
            .map(|m| MappingItem {
                name: m.name,
                vendor: m.vendor,
                product: m.product,
                version: m.version,
                evidence: m.evidence.into(),
                origin: m.origin.as_str(),
            })
            .collect(),
    ))
}

/// One rule.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RuleItem {
    /// Id.
    id: String,
    /// Title.
    title: String,
    /// Level.
    level: model::Level,
    /// Which team owns its findings.
    team: Option<String>,
    /// Sigma tags.
    tags: Vec<String>,
    /// Author.
    author: Option<String>,
    /// Licence.
    licence: Option<String>,
    /// Whether it joins other rules' matches.
    is_correlation: bool,
    /// Whether its matches are findings of their own, or only feed correlations.
    is_reported: bool,
    /// The set that turns it off, where one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    off_by: Option<String>,
    /// `shipped`, or `house` for one in the house's content folder.
    origin: &'static str,
    /// Sigma's status, such as `experimental`.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
}

/// The rules in force.
#[utoipa::path(
    get, path = "/v1/rules", tag = "content",
    responses((status = 200, body = Vec<RuleItem>)), security(("token" = []))
)]
pub async fn rules(State(shared): State<Shared>, caller: Caller) -> Answer<Json<Vec<RuleItem>>> {
    caller.must(Action::RuleRead)?;
    let knowledge = shared.engine.current.get();
    let house = shared.engine.house_rules();
    let item = |meta: &engine::detect::RuleMeta| RuleItem {
        id: meta.id.to_string(),
        title: meta.title.clone(),
        level: meta.level,
        team: meta.team.as_ref().map(ToString::to_string),
        tags: meta.tags.clone(),
        author: meta.author.clone(),
        licence: meta.licence.clone(),
        is_correlation: meta.is_correlation,
        is_reported: meta.is_reported,
        off_by: meta.off_by.clone(),
        origin: if house.contains(&meta.path) { "house" } else { "shipped" },
        status: meta.status.clone(),
    };
    Ok(Json(knowledge.rules.iter().map(|(_, meta)| item(meta)).collect()))
}

/// How the server stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StatusAnswer {
    /// The organisation's name.
    organisation: String,
    /// This program's version.
    version: String,
    /// Since when it runs.
    started_at: Timestamp,
    /// Its clock.
    now: Timestamp,
    /// Records can be taken and the flow keeps up.
    is_ready: bool,
    /// Newest durable record.
    journalled: u64,
    /// Newest judged record.
    judged: u64,
    /// Events judged since the start.
    events: u64,
    /// Open incidents.
    open_incidents: usize,
    /// What is wrong with the content folder as it is now; the last good content stays in force.
    content_problems: Vec<String>,
}

/// How the server stands, in one answer for the status page.
#[utoipa::path(
    get, path = "/v1/status", tag = "system",
    responses((status = 200, body = StatusAnswer)), security(("token" = []))
)]
pub async fn status_of(State(shared): State<Shared>, caller: Caller) -> Answer<Json<StatusAnswer>> {
    caller.must(Action::SystemRead)?;
    Ok(Json(status_now(&shared).await))
}

/// What the status page and the live stream's ticks say.
pub(crate) async fn status_now(shared: &Shared) -> StatusAnswer {
    let readiness = shared.engine.readiness().await;
    let current = &shared.engine.current;
    StatusAnswer {
        organisation: current.get().org.name.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
        started_at: shared.engine.started_at,
        now: shared.engine.now(),
        is_ready: readiness.is_ready,
        journalled: readiness.journalled,
        judged: readiness.judged,
        events: readiness.events,
        open_incidents: readiness.open_incidents,
        content_problems: current.refused_content().iter().map(ToString::to_string).collect(),
    }
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "system", responses((status = 200, body = String)))]
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Records can be made durable and the flow keeps up.
#[utoipa::path(
    get, path = "/readyz", tag = "system",
    responses((status = 200, body = String), (status = 503, body = Problem))
)]
pub async fn readyz(State(shared): State<Shared>) -> Answer<&'static str> {
    let readiness = shared.engine.readiness().await;
    if readiness.is_ready {
        return Ok("ready\n");
    }
    let behind = readiness.journalled.saturating_sub(readiness.judged);
    Err(Problem::unavailable(format!("the flow is {behind} records behind the journal")))
}

/// Prometheus metrics.
#[utoipa::path(
    get, path = "/metrics", tag = "system",
    responses((status = 200, body = String, content_type = "text/plain"))
)]
pub async fn metrics(State(shared): State<Shared>) -> Response {
    match &shared.metrics {
        Some(metrics) => {
            let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
            (StatusCode::OK, kind, metrics.render()).into_response()
        }
        None => Problem::unavailable("metrics are not recorded in this process").into_response(),
    }
}
