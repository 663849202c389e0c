//! The past once more: drafts and rules in force over a stretch of the lake, and late events.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use engine::access::Action;
use engine::replay::{Counted, Pace, ReplayAsk, ReplayError, ReplayView, Report, RuleCount, Side};
use model::{Finding, FindingId, Level, PlaceId, RuleId, SourceId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::auth::Caller;
use crate::problem::{Answer, FileProblem, FileProblems, Problem};
use crate::reason::{self, REASON_CHARS_MAX};
use crate::state::Shared;
use crate::veil::Eyes;

/// Findings of one page.
const PAGE_MAX: u32 = 500;
/// Findings adopted at once.
const ADOPTED_MAX: usize = 500;

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        let detail = error.to_string();
        match error {
            ReplayError::Problems(problems) => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                let mut refused = Self::new(status, "draft_refused", detail);
                let problems = problems.into_iter().map(FileProblem::from).collect();
                refused.problems = Some(Box::new(FileProblems(problems)));
                refused
            }
            ReplayError::UnknownRule(_) | ReplayError::Invalid(_) => Self::bad_request(detail),
            ReplayError::Busy(_) => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_replays", detail)
                    .after(Duration::from_secs(5))
            }
            ReplayError::Unknown(_) => Self::not_found(detail),
            ReplayError::NotNow(_) | ReplayError::Stopped => {
                Self::new(StatusCode::CONFLICT, "not_now", detail)
            }
            ReplayError::Lake(error) => error.into(),
            ReplayError::Store(error) => error.into(),
            ReplayError::System(_) | ReplayError::Panic => Self::unavailable(detail),
        }
    }
}

/// What to replay.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayRequest {
    /// The draft: rule files, exceptions and filters among them, by path such as
    /// `rules/house/NAME.yml`. Without any the rules in force are replayed.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// Only these rules.
    #[serde(default)]
    rules: Vec<RuleId>,
    /// The stretch's first instant; may be absent with `late_of`.
    from: Option<Timestamp>,
    /// Its end; now if absent.
    to: Option<Timestamp>,
    /// Only findings about this site. Events of all sites are read: people move between them.
    site: Option<PlaceId>,
    /// The hours in which this source's late events lie that wait to be judged again.
    late_of: Option<SourceId>,
    /// How many seconds before `from` the reading begins; enough for presence, windows and
    /// episodes if absent.
    warm_s: Option<u32>,
    /// Whether the same rules as they are in force are replayed beside the draft.
    #[serde(default)]
    compare: bool,
}

/// How far a replay is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReplayPace {
    /// Events read so far, those before the stretch included.
    read: u64,
    /// How many there are at most.
    of: u64,
    /// Up to which event time it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    /// Events read in a second.
    events_per_s: f64,
    /// How many seconds it will still take at this pace.
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining_s: Option<u64>,
    /// How often it stood aside for the flow.
    waits: u64,
}

impl From<Pace> for ReplayPace {
    fn from(pace: Pace) -> Self {
        let Pace { read, of, at, events_per_s, remaining_s, waits } = pace;
        Self { read, of, at, events_per_s, remaining_s, waits }
    }
}

/// One day.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DayCount {
    /// Such as `2026-11-22`, in the organisation's zone.
    day: String,
    /// Findings.
    findings: u64,
}

/// One rule.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReplayRule {
    /// Its id.
    rule: RuleId,
    /// Its title.
    title: String,
    /// Its level.
    level: Level,
    /// Findings.
    findings: u64,
    /// Most of them in ten minutes.
    peak: u64,
    /// How often it could not be decided.
    undecided: u64,
    /// Why.
    why_undecided: Vec<String>,
    /// Findings of the rule in force alone; with `compare`.
    #[serde(skip_serializing_if = "Option::is_none")]
    only_old: Option<u64>,
    /// Findings of the draft alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    only_new: Option<u64>,
    /// Findings of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    both: Option<u64>,
}

/// How often something was concerned.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TopEntity {
    /// `person:ID`, `place:ID` or `asset:ID`.
    entity: String,
    /// In how many findings.
    findings: u64,
}

/// What was known when the stretch began.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReplayWarmth {
    /// Where the reading began.
    from: Timestamp,
    /// The earliest event that there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_event: Option<Timestamp>,
    /// Events read before the stretch.
    events: u64,
    /// People seen by then.
    people_seen: u64,
    /// People of the organisation.
    people: u64,
}

/// What a replay came to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReplayReport {
    /// Events of the stretch.
    events: u64,
    /// Stored events that could not be read.
    unreadable: u64,
    /// What was known beforehand.
    warmth: ReplayWarmth,
    /// Findings.
    findings: u64,
    /// Whether there were so many that the run ended early.
    is_cut: bool,
    /// Up to which event time it was judged.
    judged_to: Timestamp,
    /// Windows and matches still open at the end, because more may still come.
    undecided_yet: u64,
    /// Findings that later events could still overturn, `provisional` among those listed; not
    /// counted with the others.
    provisional: u64,
    /// Windows and matches that were closed before their time, for want of room.
    closed_early: u64,
    /// Day by day, days without any included.
    days: Vec<DayCount>,
    /// Rule by rule, the noisiest first.
    rules: Vec<ReplayRule>,
    /// Most findings in ten minutes.
    peak: u64,
    /// Spans of ten minutes with more than one finding.
    spans_over: u64,
    /// Whom and what it is about most.
    top: Vec<TopEntity>,
    /// Matches that exceptions kept back, by exception.
    excepted: BTreeMap<String, u64>,
    /// Findings that can be looked at; the rest is only counted.
    kept: u64,
    /// Events judged in a second.
    events_per_s: f64,
}

/// A replay.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReplayItem {
    /// Its id.
    id: String,
    /// Who asked for it.
    by: String,
    /// When.
    asked_at: Timestamp,
    /// The stretch.
    from: Timestamp,
    /// Its end.
    to: Timestamp,
    /// Findings about this site alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<PlaceId>,
    /// Whose late events it looks at.
    #[serde(skip_serializing_if = "Option::is_none")]
    late_of: Option<SourceId>,
    /// The rules it is about.
    rules: Vec<RuleId>,
    /// Whether they are a draft.
    is_draft: bool,
    /// `running`, `done`, `stopped` or `failed`.
    state: String,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// How far it is.
    pace: ReplayPace,
    /// What it came to, once it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<ReplayReport>,
    /// When it was settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    settled_at: Option<Timestamp>,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    settled_by: Option<String>,
}

fn report(report: &Report) -> ReplayReport {
    let rule = |one: &RuleCount| {
        let compared = report.compared.as_ref();
        let line = compared.map(|all| all.get(&one.rule).cloned().unwrap_or_default());
        ReplayRule {
            rule: one.rule.clone(),
            title: one.title.clone(),
            level: one.level,
            findings: one.findings,
            peak: one.peak,
            undecided: one.undecided,
            why_undecided: one.why_undecided.clone(),
            only_old: line.as_ref().map(|line| line.only_old),
            only_new: line.as_ref().map(|line| line.only_new),
            both: line.as_ref().map(|line| line.both),
        }
    };
    let top = |one: &Counted| TopEntity { entity: one.what.clone(), findings: one.findings };
    let day = |(day, findings): &(String, u64)| DayCount { day: day.clone(), findings: *findings };
    let warmth = report.warmth.clone();
    ReplayReport {
        events: report.events,
        unreadable: report.unreadable,
        warmth: ReplayWarmth {
            from: warmth.from,
            first_event: warmth.first_event,
            events: warmth.events,
            people_seen: warmth.people_seen,
            people: warmth.people,
        },
        findings: report.findings,
        is_cut: report.is_cut,
        judged_to: report.judged_to,
        undecided_yet: report.undecided_yet,
        provisional: report.provisional,
        closed_early: report.closed_early,
        days: report.days.iter().map(day).collect(),
        rules: report.rules.iter().map(rule).collect(),
        peak: report.peak,
        spans_over: report.spans_over,
        top: report.top.iter().map(top).collect(),
        excepted: report.excepted.clone(),
        kept: report.kept.len() as u64,
        events_per_s: report.events_per_s,
    }
}

fn item(view: ReplayView) -> ReplayItem {
    let state = serde_json::to_value(view.state).unwrap_or_default();
    let (settled_at, settled_by) = view.settled.unzip();
    ReplayItem {
        id: view.id,
        by: view.by,
        asked_at: view.asked_at,
        from: view.from,
        to: view.to,
        site: view.site,
        late_of: view.late_of,
        rules: view.rules,
        is_draft: view.is_draft,
        state: state.as_str().unwrap_or_default().to_owned(),
        why: view.why,
        pace: view.pace.into(),
        report: view.report.as_deref().map(report),
        settled_at,
        settled_by,
    }
}

/// Begins a replay of a stretch of the lake in the background: of a draft, or of rules in force.
/// It opens no incident.
#[utoipa::path(
    post, path = "/v1/replays", tag = "content", request_body = ReplayRequest,
    responses((status = 200, body = ReplayItem), (status = 400, body = Problem),
        (status = 422, body = Problem, description = "The draft does not hold; see `problems`"),
        (status = 429, body = Problem, description = "Others run"),
        (status = 503, body = Problem)),
    security(("token" = []))
)]
pub async fn start(
    State(shared): State<Shared>,
    caller: Caller,
    Json(request): Json<ReplayRequest>,
) -> Answer<Json<Value>> {
    caller.must(Action::RuleTry)?;
    let ask = ReplayAsk {
        files: request.files,
        rules: request.rules,
        from: request.from,
        to: request.to,
        site: request.site,
        late_of: request.late_of,
        warm: request.warm_s.map(|seconds| Duration::from_secs(u64::from(seconds))),
        is_compared: request.compare,
    };
    let id = shared.engine.start_replay(ask, caller.by().0).await?;
    Eyes::of(&shared, &caller).answer(&item(shared.engine.replay(&id)?))
}

/// The replays that are remembered, the newest first.
#[utoipa::path(
    get, path = "/v1/replays", tag = "content",
    responses((status = 200, body = Vec<ReplayItem>)), security(("token" = []))
)]
pub async fn list(State(shared): State<Shared>, caller: Caller) -> Answer<Json<Value>> {
    caller.must(Action::RuleTry)?;
    let all: Vec<ReplayItem> = shared.engine.replays().into_iter().map(item).collect();
    Eyes::of(&shared, &caller).answer(&all)
}

/// How one replay stands, and what it came to.
#[utoipa::path(
    get, path = "/v1/replays/{id}", tag = "content",
    params(("id" = String, Path, description = "Replay")),
    responses((status = 200, body = ReplayItem), (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn one(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    caller.must(Action::RuleTry)?;
    Eyes::of(&shared, &caller).answer(&item(shared.engine.replay(&id)?))
}

/// Stops a replay that runs, and forgets one that has ended.
#[utoipa::path(
    delete, path = "/v1/replays/{id}", tag = "content",
    params(("id" = String, Path, description = "Replay")),
    responses((status = 204, description = "Done"), (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn end(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    caller.must(Action::RuleTry)?;
    shared.engine.end_replay(&id, caller.by().0).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which findings of a replay.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReplayFindingQuery {
    /// Of this rule.
    rule: Option<RuleId>,
    /// `old`: the rules in force alone; `new`: the draft alone; `both`.
    side: Option<String>,
    /// About this person, place or thing.
    entity: Option<model::Entity>,
    /// How many to leave out from the beginning.
    after: Option<u32>,
    /// Findings of a page, at most 500.
    limit: Option<u32>,
}

/// One finding of a replay.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReplayFinding {
    /// `new`: of the replayed rules alone; `old`: of the rules in force alone; `both`.
    side: &'static str,
    /// Whether it is a finding already.
    is_known: bool,
    /// The finding.
    finding: Finding,
}

/// One page, the earliest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReplayFindingPage {
    /// The findings.
    findings: Vec<ReplayFinding>,
    /// Give this as `after` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u32>,
}

/// What a replay found, one by one.
#[utoipa::path(
    get, path = "/v1/replays/{id}/findings", tag = "content",
    params(("id" = String, Path, description = "Replay"), ReplayFindingQuery),
    responses((status = 200, body = ReplayFindingPage), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "It is not done")),
    security(("token" = []))
)]
pub async fn findings(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<ReplayFindingQuery>,
) -> Answer<Json<Value>> {
    caller.must(Action::RuleTry)?;
    let side = query.side.as_deref().map(side).transpose()?;
    let fits = |of: Side, finding: &Finding| {
        side.is_none_or(|side| side == of)
            && query.rule.as_ref().is_none_or(|rule| *rule == finding.rule)
            && query.entity.as_ref().is_none_or(|one| finding.entities.contains(one))
    };
    let after = query.after.unwrap_or(0);
    let limit = query.limit.unwrap_or(100).clamp(1, PAGE_MAX);
    let page = (after as usize, limit as usize);
    let (found, has_more) = shared.engine.replay_findings(&id, fits, page).await?;
    let next = has_more.then(|| after.saturating_add(limit));
    let findings = found.into_iter().map(|(side, finding, is_known)| ReplayFinding {
        side: side.as_str(),
        is_known,
        finding,
    });
    Eyes::of(&shared, &caller).answer(&ReplayFindingPage { findings: findings.collect(), next })
}

fn side(text: &str) -> Answer<Side> {
    match text {
        "old" => Ok(Side::Old),
        "new" => Ok(Side::New),
        "both" => Ok(Side::Both),
        _ => Err(Problem::bad_request("`side` is old, new or both")),
    }
}

/// What to make of a replay.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleRequest {
    /// Findings to take over, with their ids; at most 500. None: they are dismissed.
    #[serde(default)]
    adopt: Vec<FindingId>,
    /// Why; kept in the audit log.
    reason: String,
}

/// What a settlement did.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SettleAnswer {
    /// Findings that were taken over.
    adopted: Vec<FindingId>,
    /// Findings that were known already.
    known: u64,
    /// Hours of late events that are done with.
    late_hours: u64,
}

/// Takes findings of a replay of the rules in force over, so that they are findings and incidents,
/// and says that the late events of its stretch are done with. Doing it again changes nothing.
#[utoipa::path(
    post, path = "/v1/replays/{id}/settle", tag = "content", request_body = SettleRequest,
    params(("id" = String, Path, description = "Replay")),
    responses((status = 200, body = SettleAnswer), (status = 400, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "It is of a draft, or not done")),
    security(("token" = []))
)]
pub async fn settle(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    Json(request): Json<SettleRequest>,
) -> Answer<Json<SettleAnswer>> {
    caller.must(Action::RuleTry)?;
    caller.must(Action::IncidentOperate)?;
    if request.adopt.len() > ADOPTED_MAX {
        return Err(Problem::bad_request(format!("at most {ADOPTED_MAX} findings at once")));
    }
    let why = typed(&request.reason)?;
    let by = caller.by().0;
    let settled = shared.engine.settle_replay(&id, &request.adopt, (why, by)).await?;
    let (adopted, known, late_hours) = (settled.adopted, settled.known, settled.late_hours);
    Ok(Json(SettleAnswer { adopted, known, late_hours }))
}

/// A reason that must be given.
pub(crate) fn typed(text: &str) -> Answer<&str> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > REASON_CHARS_MAX {
        let detail = format!("`reason` has 1 to {REASON_CHARS_MAX} characters");
        return Err(Problem::bad_request(detail));
    }
    reason::fit("reason", text, model::text::Words::Text)?;
    Ok(text)
}

/// What one source was late with.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LateItem {
    /// Whose.
    source: SourceId,
    /// Events that came later than was waited for.
    events: u64,
    /// Those of them that wait to be judged again, or dismissed.
    open: u64,
    /// The earliest that waits; of all where none does.
    first: Timestamp,
    /// The latest.
    last: Timestamp,
    /// When some were last settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    settled_at: Option<Timestamp>,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    settled_by: Option<String>,
}

/// Events that came later than was waited for, source by source: kept and searchable, judged alone
/// when they came, and by windows once somebody replays their time.
#[utoipa::path(
    get, path = "/v1/late", tag = "system",
    responses((status = 200, body = Vec<LateItem>)), security(("token" = []))
)]
pub async fn late(State(shared): State<Shared>, caller: Caller) -> Answer<Json<Vec<LateItem>>> {
    caller.must(Action::SourceRead)?;
    let reach = caller.reach(Action::SourceRead)?;
    let knowledge = shared.engine.current.get();
    let all = shared.engine.late().await?.into_iter();
    let near = all.filter(|one| reach.covers(knowledge.source(&one.source).site.as_ref()));
    let item = |one: engine::replay::LateSource| LateItem {
        source: one.source,
        events: one.events,
        open: one.open,
        first: one.first,
        last: one.last,
        settled_at: one.settled_at,
        settled_by: one.settled_by,
    };
    Ok(Json(near.map(item).collect()))
}
