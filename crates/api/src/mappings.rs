//! Mappings as a house changes them: read, tried, saved, given back.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use engine::access::{Action, At};
use engine::edit::{Edit, EditError, InForce, MappingView, Saved, TryRequest, Trying};
use engine::trial::TrialError;
use model::{SourceId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::auth::Caller;
use crate::events::site_of_source;
use crate::problem::{Answer, FileProblem, FileProblems, Problem};
use crate::reason::REASON_CHARS_MAX;
use crate::state::Shared;
use crate::veil::Eyes;

/// A mapping's files as they are in force.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MappingFiles {
    /// Name.
    name: String,
    /// Another one when a file has changed: give it as `base_version` with a change.
    version: String,
    /// `mapping.toml` and `map.vrl`.
    files: BTreeMap<String, String>,
    /// Its samples and what is expected of them, by path.
    samples: BTreeMap<String, String>,
    /// `shipped`, or `house` for a copy in the house's content folder, which wins.
    origin: &'static str,
    /// What ships under this name, where the house has a copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    shipped: Option<BTreeMap<String, String>>,
    /// Whether the caller may change it.
    may_edit: MayEdit,
}

/// Whether something may be changed, and if not why.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MayEdit {
    /// It may.
    allowed: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl MayEdit {
    /// Allowed unless there is a reason against it.
    pub(crate) fn of(refusal: Option<String>) -> Self {
        Self { allowed: refusal.is_none(), reason: refusal }
    }
}

fn is_program(path: &str) -> bool {
    !path.contains('/')
}

fn item(view: MappingView, refusal: Option<String>) -> MappingFiles {
    let (files, samples) = view.files.into_iter().partition(|(path, _)| is_program(path));
    let programs = |files: BTreeMap<String, String>| {
        files.into_iter().filter(|(path, _)| is_program(path)).collect()
    };
    MappingFiles {
        name: view.name.to_string(),
        version: view.version,
        files,
        samples,
        origin: view.origin.as_str(),
        shipped: view.shipped.map(programs),
        may_edit: MayEdit::of(refusal),
    }
}

impl From<EditError> for Problem {
    fn from(error: EditError) -> Self {
        let detail = error.to_string();
        let of = |status, code: &str| Self::new(status, code, detail.clone());
        match error {
            EditError::Unknown(_) => Self::not_found(detail),
            EditError::NotEditable(_) => of(StatusCode::CONFLICT, "not_editable"),
            EditError::Conflict { .. } => of(StatusCode::CONFLICT, "version_conflict"),
            EditError::NotShipped(_) => of(StatusCode::CONFLICT, "not_shipped"),
            EditError::Invalid(_) => Self::bad_request(detail),
            EditError::TooLarge { .. } => of(StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            EditError::Trial(error) => of_trial(&error, detail),
            EditError::Problems(problems) => {
                let mut refused = of(StatusCode::UNPROCESSABLE_ENTITY, "mapping_refused");
                let problems = problems.into_iter().map(FileProblem::from).collect();
                refused.problems = Some(Box::new(FileProblems(problems)));
                refused
            }
            EditError::Folder(error) => {
                tracing::error!(reason = %error, "the content folder cannot be written");
                Self::unavailable(detail)
            }
            EditError::Store(error) => error.into(),
            EditError::Lake(error) => error.into(),
        }
    }
}

fn of_trial(error: &TrialError, detail: String) -> Problem {
    let refused = |code: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail.clone());
    match error {
        TrialError::Absent => Problem::new(StatusCode::CONFLICT, "not_editable", detail),
        TrialError::Busy(_) => {
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_tries", detail)
                .after(std::time::Duration::from_secs(2))
        }
        TrialError::Question { .. } => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
        }
        TrialError::Time(_) => refused("too_slow"),
        TrialError::Memory(_) => refused("too_much_memory"),
        TrialError::Answer(_) => refused("too_much_output"),
        TrialError::Stack | TrialError::Panic => refused("mapping_crashed"),
        TrialError::Ended(how) => {
            tracing::warn!(how, "the process that tries a mapping ended unexpectedly");
            refused("mapping_crashed")
        }
        TrialError::NotStarted(error) => {
            tracing::error!(reason = %error, "no process could be started to try a mapping");
            Problem::unavailable(detail)
        }
    }
}

/// A path such as `acme/map.vrl` without the mapping that it is in.
fn inside(mut problem: FileProblem, name: &str) -> FileProblem {
    if let Some(path) = problem.file.strip_prefix(name).and_then(|rest| rest.strip_prefix('/')) {
        problem.file = path.to_owned();
    }
    problem
}

fn named(error: EditError, name: &str) -> Problem {
    let mut problem = Problem::from(error);
    if let Some(FileProblems(all)) = problem.problems.as_deref_mut() {
        let apart = std::mem::take(all);
        all.extend(apart.into_iter().map(|one| inside(one, name)));
    }
    problem
}

/// A mapping's files, its version, and whether the caller may change it.
#[utoipa::path(
    get, path = "/v1/mappings/{name}", tag = "content",
    params(("name" = String, Path, description = "Mapping")),
    responses((status = 200, body = MappingFiles), (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn one(
    State(shared): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
) -> Answer<Json<MappingFiles>> {
    caller.must(Action::MappingRead)?;
    let view = shared.engine.mapping(&name)?;
    let refusal = caller.may(Action::MappingEdit, At::Nowhere).err();
    let refusal = refusal.or_else(|| shared.engine.no_editing());
    Ok(Json(item(view, refusal)))
}

/// What to try. Nothing is kept.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TryBody {
    /// Files as edited, by path; others stay as they are in force.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// As whose the texts are read.
    source: Option<SourceId>,
    /// Records of dead letters; needs the right `event.raw`.
    #[serde(default)]
    dead_letters: Vec<u64>,
    /// So many of the source's last records that the mapping in force makes events of, to see
    /// what changes for them; needs `source` and the right `event.raw`.
    #[serde(default)]
    latest: u32,
    /// Texts, each a record; for CSV the header and records.
    #[serde(default)]
    texts: Vec<String>,
}

/// What a try gave.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TryAnswer {
    /// What is wrong with the files, and with what their samples give.
    problems: Vec<FileProblem>,
    /// What became of each record, dead letters first.
    results: Vec<TryResult>,
    /// What the mapping in force makes of the source's last records, the newest first.
    samples: Vec<TrySample>,
}

/// A record that the mapping in force makes events of; `results` says what the files tried make
/// of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TrySample {
    /// The record.
    record: u64,
    /// When it came.
    received_at: Timestamp,
    /// Its beginning, where it is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<String>,
    /// The events that the mapping in force makes of it.
    #[schema(value_type = Vec<Object>)]
    before: Vec<Box<RawValue>>,
    /// Whether the files tried make other events of it.
    is_changed: bool,
}

/// Most bytes of a record that are shown beside its events.
const HEAD_BYTES_MAX: usize = 4_096;

/// What became of one record.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TryResult {
    /// The dead letter's record.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<u64>,
    /// The text's number, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<usize>,
    /// The mapping that read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    mapping: Option<String>,
    /// The events that it gives.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    events: Vec<Box<RawValue>>,
    /// What the OCSF validator says of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    complaints: Vec<String>,
    /// Why it gives none.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<TryProblem>,
}

/// Why a record gives no event.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TryProblem {
    /// The reason's code, such as `no_mapping`.
    reason: String,
    /// The reason in words.
    detail: String,
    /// Where in the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<model::Position>,
}

fn result(tried: Trying, eyes: &Eyes) -> TryResult {
    TryResult {
        record: tried.record,
        text: tried.text,
        mapping: tried.mapping.map(|name| name.to_string()),
        events: covered(tried.events, eyes),
        complaints: tried.complaints,
        problem: tried.problem.map(|letter| TryProblem {
            reason: letter.reason.code().to_owned(),
            detail: letter.reason.to_string(),
            position: letter.position,
        }),
    }
}

/// Tries files of a mapping on dead letters and pasted texts, bounded in time and memory.
#[utoipa::path(
    post, path = "/v1/mappings/{name}/try", tag = "content", request_body = TryBody,
    params(("name" = String, Path, description = "Mapping")),
    responses((status = 200, body = TryAnswer), (status = 400, body = Problem),
        (status = 409, body = Problem, description = "Nothing can be tried here"),
        (status = 413, body = Problem),
        (status = 422, body = Problem, description = "It took too long or too much, or crashed"),
        (status = 429, body = Problem, description = "Others are being tried"),
        (status = 503, body = Problem, description = "No process could be started")),
    security(("token" = []))
)]
pub async fn try_out(
    State(shared): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<TryBody>,
) -> Answer<Json<TryAnswer>> {
    caller.must(Action::MappingEdit)?;
    if !body.dead_letters.is_empty() || body.latest > 0 {
        // A program can copy every word of a record into its event.
        caller.must(Action::EventRaw)?;
    }
    if body.latest > 0 {
        let source = body.source.as_ref();
        let source = source.ok_or_else(|| Problem::bad_request("`latest` needs `source`"))?;
        caller.must_at(Action::EventRaw, site_of_source(&shared, source).as_ref())?;
    }
    let request = TryRequest {
        files: body.files,
        source: body.source,
        dead_letters: body.dead_letters,
        latest: usize::try_from(body.latest).unwrap_or(usize::MAX),
        texts: body.texts,
    };
    let tried = shared.engine.try_mapping(&name, request).await;
    let tried = tried.map_err(|error| named(error, &name))?;
    let eyes = Eyes::of(&shared, &caller);
    let problems = tried.problems.into_iter().map(|one| inside(one.into(), &name)).collect();
    let sample = |one: InForce| sample(one, &tried.results, &eyes);
    let samples = tried.samples.into_iter().map(sample).collect();
    let results = tried.results.into_iter().map(|one| result(one, &eyes)).collect();
    Ok(Json(TryAnswer { problems, results, samples }))
}

fn sample(one: InForce, results: &[Trying], eyes: &Eyes) -> TrySample {
    let after = results.iter().find(|result| result.record == Some(one.record));
    let texts = |events: &[Box<RawValue>]| -> Vec<String> {
        events.iter().map(|event| event.get().to_owned()).collect()
    };
    TrySample {
        record: one.record,
        received_at: one.received_at,
        is_changed: after.is_some_and(|after| texts(&after.events) != texts(&one.events)),
        head: crate::raw::head(eyes, &one.body, HEAD_BYTES_MAX),
        before: covered(one.events, eyes),
    }
}

/// Events as the caller sees them.
fn covered(events: Vec<Box<RawValue>>, eyes: &Eyes) -> Vec<Box<RawValue>> {
    let seen = |event: Box<RawValue>| match eyes.json(event.get()) {
        Cow::Borrowed(_) => event,
        Cow::Owned(text) => RawValue::from_string(text).unwrap_or(event),
    };
    events.into_iter().map(seen).collect()
}

/// A change of a mapping.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveBody {
    /// Files by path: `mapping.toml`, `map.vrl`, `samples/NAME`, `expected/NAME.ndjson`. Others
    /// stay as they are.
    files: BTreeMap<String, String>,
    /// The version that was looked at; empty for a new mapping.
    base_version: String,
    /// Why; kept in the audit log.
    reason: String,
    /// What its samples give from now on is what is expected of them.
    #[serde(default)]
    accept_samples: bool,
}

/// What a change did.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SavedAnswer {
    /// The version in force now.
    version: String,
    /// Samples whose outcome is expected from now on.
    accepted: Vec<String>,
    /// What deserves a look.
    warnings: Vec<FileProblem>,
}

fn saved(done: Saved, name: &str) -> SavedAnswer {
    SavedAnswer {
        version: done.version,
        accepted: done.accepted,
        warnings: done.warnings.into_iter().map(|one| inside(one.into(), name)).collect(),
    }
}

fn reason(text: &str) -> Answer<&str> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > REASON_CHARS_MAX {
        let detail = format!("`reason` has 1 to {REASON_CHARS_MAX} characters");
        return Err(Problem::bad_request(detail));
    }
    Ok(text)
}

/// Checks a change as `castellan check` does, with the mapping's samples, writes it into the
/// house's content folder and puts it in force. A shipped mapping becomes a copy of the house's.
#[utoipa::path(
    put, path = "/v1/mappings/{name}", tag = "content", request_body = SaveBody,
    params(("name" = String, Path, description = "Mapping")),
    responses((status = 200, body = SavedAnswer), (status = 400, body = Problem),
        (status = 409, body = Problem, description = "Changed meanwhile, or not editable"),
        (status = 413, body = Problem),
        (status = 422, body = Problem, description = "It does not hold; see `problems`"),
        (status = 429, body = Problem, description = "Others are being tried"),
        (status = 503, body = Problem, description = "No process could be started")),
    security(("token" = []))
)]
pub async fn save(
    State(shared): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<SaveBody>,
) -> Answer<Json<SavedAnswer>> {
    caller.must(Action::MappingEdit)?;
    let edit = Edit {
        reason: reason(&body.reason)?.to_owned(),
        files: body.files,
        base_version: body.base_version,
        accept_samples: body.accept_samples,
    };
    let done = shared.engine.save_mapping(&name, edit, caller.by().0).await;
    Ok(Json(saved(done.map_err(|error| named(error, &name))?, &name)))
}

/// Which copy to give up.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RestoreQuery {
    /// Why; kept in the audit log.
    reason: Option<String>,
    /// The version that was looked at; refused when another stands. Any, if absent.
    base_version: Option<String>,
}

/// Gives up the house's copy: the shipped mapping is in force again.
#[utoipa::path(
    delete, path = "/v1/mappings/{name}", tag = "content",
    params(("name" = String, Path, description = "Mapping"), RestoreQuery),
    responses((status = 200, body = SavedAnswer), (status = 404, body = Problem),
        (status = 409, body = Problem)),
    security(("token" = []))
)]
pub async fn restore(
    State(shared): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
    Query(query): Query<RestoreQuery>,
) -> Answer<Json<SavedAnswer>> {
    caller.must(Action::MappingEdit)?;
    let why = reason(query.reason.as_deref().unwrap_or_default())?;
    let how = (why, query.base_version.as_deref());
    let done = shared.engine.restore_mapping(&name, how, caller.by().0).await;
    Ok(Json(saved(done.map_err(|error| named(error, &name))?, &name)))
}
