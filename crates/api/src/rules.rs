//! Rules as people change them: read, checked, saved, turned on and off, excepted.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use engine::access::{Action, At};
use engine::detect::RuleMeta;
use engine::edit::rules::{
    CaseView, DraftChecked, ExceptionEdit, ExceptionView, RuleEdit, RuleEditError, RuleView,
};
use engine::flow::history::{History, HistoryState};
use model::{Level, PlaceId, RuleId, TeamId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::auth::Caller;
use crate::mappings::MayEdit;
use crate::problem::{Answer, FileProblem, FileProblems, Problem};
use crate::reason::Reason;
use crate::replays::typed;
use crate::state::Shared;

impl From<RuleEditError> for Problem {
    fn from(error: RuleEditError) -> Self {
        let detail = error.to_string();
        match error {
            RuleEditError::Unknown { .. } => Self::not_found(detail),
            RuleEditError::NoFolder => Self::new(StatusCode::CONFLICT, "not_editable", detail),
            RuleEditError::Conflict { .. } => {
                Self::new(StatusCode::CONFLICT, "version_conflict", detail)
            }
            RuleEditError::Invalid(_) => Self::bad_request(detail),
            RuleEditError::Problems(problems) => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                let mut refused = Self::new(status, "rule_refused", detail);
                let problems = problems.into_iter().map(FileProblem::from).collect();
                refused.problems = Some(Box::new(FileProblems(problems)));
                refused
            }
            RuleEditError::Folder(error) => {
                tracing::error!(reason = %error, "the content folder cannot be written");
                Self::unavailable(detail)
            }
            RuleEditError::Store(error) => error.into(),
            RuleEditError::Panic => Self::unavailable(detail),
        }
    }
}

/// A rule with its file and its cases.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RuleDetail {
    /// Its id.
    id: RuleId,
    /// Its title.
    title: String,
    /// Its level.
    level: Level,
    /// What it is about, in its author's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Who owns its findings.
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<TeamId>,
    /// What to do, step by step.
    sop: Vec<String>,
    /// Sigma's tags.
    tags: Vec<String>,
    /// Sigma's status.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    /// Whether it joins other rules' matches.
    is_correlation: bool,
    /// Whether its matches are findings of their own.
    is_reported: bool,
    /// Whether it asks where people are, so that its findings are provisional at first.
    asks_presence: bool,
    /// The set that turns it off.
    #[serde(skip_serializing_if = "Option::is_none")]
    off_by: Option<String>,
    /// Its file.
    path: String,
    /// What stands there.
    text: String,
    /// Another one when the file has changed: give it as `base_version` with a change.
    version: String,
    /// Its cases' file.
    cases_path: String,
    /// What stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    cases: Option<String>,
    /// `shipped`, or `house` for a file in the house's content folder, which wins.
    origin: &'static str,
    /// Other rules of the same file.
    beside: Vec<RuleId>,
    /// How often it could not be decided since the detector began.
    undecided: u64,
    /// Why.
    why_undecided: Vec<String>,
    /// What a rule that learns what is usual was taught of the time before it came into force;
    /// absent where it had that already when the server began.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<RuleHistory>,
    /// Whether the caller may change it.
    may_edit: MayEdit,
    /// Whether the caller may replay it.
    may_try: MayEdit,
}

/// What a rule was taught of the time before it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RuleHistory {
    /// `reading`: nothing is judged by the rule until it has been read; `learned`; `failed`: it
    /// learns from when it came into force.
    state: &'static str,
    /// Events read.
    events: u64,
    /// When the earliest of them happened; without any, from when on was looked.
    since: Timestamp,
    /// Whether it begins later than the rule asks for, because there was too much to read.
    is_cut: bool,
}

impl From<History> for RuleHistory {
    fn from(history: History) -> Self {
        let state = match history.state {
            HistoryState::Reading => "reading",
            HistoryState::Learned => "learned",
            HistoryState::Failed => "failed",
        };
        let History { events, since, is_cut, .. } = history;
        Self { state, events, since, is_cut }
    }
}

fn may(shared: &Shared, caller: &Caller, action: Action) -> MayEdit {
    let refusal = caller.may(action, At::Nowhere).err();
    let folder = match action {
        Action::RuleEdit => shared.engine.no_rule_editing(),
        _ => None,
    };
    MayEdit::of(refusal.or(folder))
}

fn detail(view: RuleView, shared: &Shared, caller: &Caller) -> RuleDetail {
    let RuleView { meta, text, version, cases, origin, beside } = view;
    let counted = shared.engine.judged.get();
    let undecided = counted.undecided.get(&meta.id);
    RuleDetail {
        undecided: undecided.map_or(0, |stat| stat.count),
        why_undecided: undecided.map(|s| s.reasons.iter().cloned().collect()).unwrap_or_default(),
        history: shared.engine.histories.of(&meta.id).map(RuleHistory::from),
        id: meta.id,
        title: meta.title,
        level: meta.level,
        description: meta.description,
        team: meta.team,
        sop: meta.sop,
        tags: meta.tags,
        status: meta.status,
        is_correlation: meta.is_correlation,
        is_reported: meta.is_reported,
        asks_presence: meta.asks_presence,
        off_by: meta.off_by,
        path: meta.path,
        text,
        version,
        cases_path: cases.0,
        cases: cases.1,
        origin: origin.as_str(),
        beside,
        may_edit: may(shared, caller, Action::RuleEdit),
        may_try: may(shared, caller, Action::RuleTry),
    }
}

fn rule_id(text: &str) -> Answer<RuleId> {
    let missing = |_| Problem::not_found(format!("no rule `{}`", text.escape_debug()));
    RuleId::parse(text).map_err(missing)
}

/// A rule with its file, its cases, and whether the caller may change or replay it.
#[utoipa::path(
    get, path = "/v1/rules/{id}", tag = "content",
    params(("id" = String, Path, description = "Rule")),
    responses((status = 200, body = RuleDetail), (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn one(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Json<RuleDetail>> {
    caller.must(Action::RuleRead)?;
    let view = shared.engine.rule(&rule_id(&id)?)?;
    Ok(Json(detail(view, &shared, &caller)))
}

/// A draft.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftBody {
    /// Files by path, such as `rules/house/NAME.yml` and `rules/house/NAME.cases.yml`.
    files: BTreeMap<String, String>,
}

/// One rule of a draft.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DraftRule {
    /// Its id.
    id: RuleId,
    /// Its title.
    title: String,
    /// Its level.
    level: Level,
    /// Whether it speaks for itself.
    is_reported: bool,
    /// Its file.
    path: String,
}

/// One case.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CaseItem {
    /// Which rule.
    rule: String,
    /// Its name.
    name: String,
    /// What went otherwise; absent when it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

/// What a check found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DraftAnswer {
    /// What is wrong, with file and line; warnings too.
    problems: Vec<FileProblem>,
    /// The rules that loaded.
    rules: Vec<DraftRule>,
    /// The cases of the draft, run.
    cases: Vec<CaseItem>,
}

fn checked(found: DraftChecked) -> DraftAnswer {
    let rule = |meta: RuleMeta| DraftRule {
        id: meta.id,
        title: meta.title,
        level: meta.level,
        is_reported: meta.is_reported,
        path: meta.path,
    };
    let case = |one: CaseView| CaseItem { rule: one.rule, name: one.name, failure: one.failure };
    DraftAnswer {
        problems: found.problems.into_iter().map(FileProblem::from).collect(),
        rules: found.rules.into_iter().map(rule).collect(),
        cases: found.cases.into_iter().map(case).collect(),
    }
}

/// Checks a draft as `castellan rules check` and `rules test` do, among the rules in force. Nothing
/// is kept.
#[utoipa::path(
    post, path = "/v1/rules/check", tag = "content", request_body = DraftBody,
    responses((status = 200, body = DraftAnswer), (status = 400, body = Problem)),
    security(("token" = []))
)]
pub async fn check(
    State(shared): State<Shared>,
    caller: Caller,
    Json(body): Json<DraftBody>,
) -> Answer<Json<DraftAnswer>> {
    caller.must(Action::RuleTry)?;
    Ok(Json(checked(shared.engine.check_rules(body.files).await?)))
}

/// A change of a rule.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSaveBody {
    /// The rule's file and its cases', by path.
    files: BTreeMap<String, String>,
    /// The version of the rule's file that was looked at; empty for a new one.
    base_version: String,
    /// Why; kept in the audit log.
    reason: String,
}

/// What a change did.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RuleSaved {
    /// The version in force now.
    version: String,
    /// What deserves a look.
    warnings: Vec<FileProblem>,
}

/// Checks a rule and its cases, writes them into the house's content folder and puts them in force
/// without a restart. A shipped rule's file becomes a copy of the house's.
#[utoipa::path(
    put, path = "/v1/rules/{id}", tag = "content", request_body = RuleSaveBody,
    params(("id" = String, Path, description = "Rule; its file must hold it")),
    responses((status = 200, body = RuleSaved), (status = 400, body = Problem),
        (status = 409, body = Problem, description = "Changed meanwhile, or not editable"),
        (status = 422, body = Problem, description = "It does not hold; see `problems`"),
        (status = 503, body = Problem)),
    security(("token" = []))
)]
pub async fn save(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    Json(body): Json<RuleSaveBody>,
) -> Answer<Json<RuleSaved>> {
    caller.must(Action::RuleEdit)?;
    let id = rule_id(&id)?;
    let reason = typed(&body.reason)?.to_owned();
    let edit = RuleEdit { rule: id, files: body.files, base_version: body.base_version, reason };
    let (version, warnings) = shared.engine.save_rule(edit, caller.by().0).await?;
    let warnings = warnings.into_iter().map(FileProblem::from).collect();
    Ok(Json(RuleSaved { version, warnings }))
}

/// Which copy to give up.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RuleRemoveQuery {
    /// Why; kept in the audit log.
    reason: Option<String>,
    /// The version that was looked at; refused when another stands. Any, if absent.
    base_version: Option<String>,
}

/// Gives up the house's file of a rule: what ships under the same path is in force again, or
/// nothing.
#[utoipa::path(
    delete, path = "/v1/rules/{id}", tag = "content",
    params(("id" = String, Path, description = "Rule"), RuleRemoveQuery),
    responses((status = 204, description = "Done"), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem, description = "Others build on it")),
    security(("token" = []))
)]
pub async fn remove(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<RuleRemoveQuery>,
) -> Answer<StatusCode> {
    caller.must(Action::RuleEdit)?;
    let why = typed(query.reason.as_deref().unwrap_or_default())?;
    let how = (why, query.base_version.as_deref());
    shared.engine.remove_rule(&rule_id(&id)?, how, caller.by().0).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// On or off.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SwitchBody {
    /// Whether it is to speak.
    enabled: bool,
    /// Why; kept in the audit log, and with the rule while it is off.
    reason: String,
}

/// Turns a rule on or off. What it had open stays; nothing is lost.
#[utoipa::path(
    post, path = "/v1/rules/{id}/switch", tag = "content", request_body = SwitchBody,
    params(("id" = String, Path, description = "Rule")),
    responses((status = 200, body = RuleDetail), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)),
    security(("token" = []))
)]
pub async fn switch(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    Json(body): Json<SwitchBody>,
) -> Answer<Json<RuleDetail>> {
    caller.must(Action::RuleEdit)?;
    let (id, why) = (rule_id(&id)?, typed(&body.reason)?);
    shared.engine.switch_rule(&id, (body.enabled, why), caller.by().0).await?;
    let view = shared.engine.rule(&id)?;
    Ok(Json(detail(view, &shared, &caller)))
}

/// An exception.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ExceptionItem {
    /// Its id.
    id: String,
    /// The rules that it silences.
    rules: Vec<String>,
    /// Where; everywhere if empty.
    sites: Vec<PlaceId>,
    /// Of which events, where the console wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    when: Option<BTreeMap<String, Value>>,
    /// The first instant of event time at which it holds no more.
    until: Timestamp,
    /// Whose word it is.
    owner: TeamId,
    /// Why.
    reason: String,
    /// Its file.
    path: String,
    /// Whether it can be ended here.
    is_ours: bool,
    /// Matches that it kept back since the detector began.
    kept: u64,
    /// Whether its time is over.
    is_over: bool,
}

fn exception(view: ExceptionView) -> ExceptionItem {
    ExceptionItem {
        id: view.meta.id,
        rules: view.meta.rules,
        sites: view.meta.sites,
        when: view.when,
        until: view.meta.until,
        owner: view.meta.owner,
        reason: view.meta.reason,
        path: view.meta.path,
        is_ours: view.is_ours,
        kept: view.kept,
        is_over: view.is_over,
    }
}

/// Every exception with its end and what it kept back, those that hold first.
#[utoipa::path(
    get, path = "/v1/exceptions", tag = "content",
    responses((status = 200, body = Vec<ExceptionItem>), (status = 400, body = Problem)),
    security(("token" = []))
)]
pub async fn exceptions(
    State(shared): State<Shared>,
    caller: Caller,
) -> Answer<Json<Vec<ExceptionItem>>> {
    caller.must(Action::RuleRead)?;
    Ok(Json(shared.engine.exceptions()?.into_iter().map(exception).collect()))
}

/// A new exception.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptionBody {
    /// The rules that it silences.
    rules: Vec<RuleId>,
    /// Where; everywhere if empty.
    #[serde(default)]
    sites: Vec<PlaceId>,
    /// Of which events: fields, with Sigma's modifiers, and the value or values that they have.
    #[serde(default)]
    when: BTreeMap<String, Value>,
    /// The last day (UTC) or an instant.
    until: String,
    /// The team whose word it is.
    owner: TeamId,
    /// Why.
    reason: String,
}

/// What was made.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ExceptionMade {
    /// Its id.
    id: String,
}

/// Adds an exception, at once in force.
#[utoipa::path(
    post, path = "/v1/exceptions", tag = "content", request_body = ExceptionBody,
    responses((status = 200, body = ExceptionMade), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem, description = "It does not hold; see `problems`")),
    security(("token" = []))
)]
pub async fn except(
    State(shared): State<Shared>,
    caller: Caller,
    Json(body): Json<ExceptionBody>,
) -> Answer<Json<ExceptionMade>> {
    caller.must(Action::RuleEdit)?;
    let reason = typed(&body.reason)?.to_owned();
    let edit = ExceptionEdit {
        rules: body.rules,
        sites: body.sites,
        when: body.when,
        until: body.until,
        owner: body.owner,
        reason,
    };
    let id = shared.engine.add_exception(edit, caller.by().0).await?;
    Ok(Json(ExceptionMade { id }))
}

/// Ends an exception that was made here.
#[utoipa::path(
    delete, path = "/v1/exceptions/{id}", tag = "content",
    params(("id" = String, Path, description = "Exception"), Reason),
    responses((status = 204, description = "Ended"), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)),
    security(("token" = []))
)]
pub async fn end_exception(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    Query(reason): Query<Reason>,
) -> Answer<StatusCode> {
    caller.must(Action::RuleEdit)?;
    shared.engine.end_exception(&id, reason.wanted()?, caller.by().0).await?;
    Ok(StatusCode::NO_CONTENT)
}
