//! What a draft of rights would change for those who asked to come in during the last days.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use engine::access::{Action, Reach};
use engine::rights::{Job, Line, Question, WHAT_IF_DAYS_MAX, WhatIfError, WhatIfState};
use model::rights::{Item, ItemChange, Right, RightsData};
use model::spine::Validity;
use model::{DoorId, PersonId, RightId, ScheduleId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::access::{Named, Scope};
use crate::access_ask::DoorReason;
use crate::access_edit::{hours, known_schedule, named, policy_file};
use crate::access_house::{HolidayItem, WindowItem};
use crate::auth::Caller;
use crate::problem::{Answer, FileProblem, FileProblems, Problem};
use crate::state::Shared;

/// Most things that one draft changes.
const DRAFT_MAX: usize = 1_000;

impl From<WhatIfError> for Problem {
    fn from(error: WhatIfError) -> Self {
        let detail = error.to_string();
        match error {
            WhatIfError::Problems(problems) => {
                let mut refused =
                    Self::new(StatusCode::UNPROCESSABLE_ENTITY, "rights_refused", detail);
                let problems = problems.into_iter().map(FileProblem::from).collect();
                refused.problems = Some(Box::new(FileProblems(problems)));
                refused
            }
            WhatIfError::Busy => Self::new(StatusCode::TOO_MANY_REQUESTS, "busy", detail)
                .after(Duration::from_secs(5)),
            WhatIfError::Random(_) | WhatIfError::Panic => Self::unavailable(detail),
        }
    }
}

/// A policy file of a draft.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftPolicy {
    /// Its name.
    file: String,
    /// Its text; none: it goes.
    text: Option<String>,
}

/// A right of a draft.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftRight {
    /// Its id.
    right: String,
    /// Who.
    holder: Option<Named>,
    /// Where.
    opens: Option<Named>,
    /// In which hours.
    schedule: Option<String>,
    /// It goes.
    #[serde(default)]
    remove: bool,
}

/// Hours of a draft.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftSchedule {
    /// Its id.
    schedule: String,
    /// When it is open.
    windows: Vec<WindowItem>,
    /// IANA zone.
    time_zone: Option<String>,
    /// Its holidays.
    #[serde(default)]
    holidays: Vec<HolidayItem>,
}

/// What would be changed, and against how many days it is held.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhatIfBody {
    /// Policy files.
    #[serde(default)]
    policies: Vec<DraftPolicy>,
    /// Rights.
    #[serde(default)]
    rights: Vec<DraftRight>,
    /// Hours.
    #[serde(default)]
    schedules: Vec<DraftSchedule>,
    /// The requests of so many days, 1 to 30.
    days: u32,
}

/// A question that is being answered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WhatIfBegun {
    /// Its id.
    job: String,
}

fn change(data: &RightsData, item: Item) -> ItemChange {
    let (kind, key) = (item.kind().to_owned(), item.key());
    ItemChange { before: data.item(&kind, &key), kind, key, after: Some(item) }
}

fn gone(data: &RightsData, kind: &str, key: &str) -> Answer<ItemChange> {
    let before = data.item(kind, key);
    if before.is_none() {
        return Err(Problem::bad_request(format!("there is no {kind} `{key}`")));
    }
    Ok(ItemChange { kind: kind.to_owned(), key: key.to_owned(), before, after: None })
}

fn draft(shared: &Shared, body: WhatIfBody) -> Answer<Vec<ItemChange>> {
    let parts = body.policies.len() + body.rights.len() + body.schedules.len();
    if !(1..=DRAFT_MAX).contains(&parts) {
        let detail = format!("a draft changes 1 to {DRAFT_MAX} policies, rights or schedules");
        return Err(Problem::bad_request(detail));
    }
    let mut data = (*shared.engine.access.data()).clone();
    let mut changes = Vec::new();
    for one in body.schedules {
        let id = ScheduleId::parse(&one.schedule);
        let id = id.map_err(|e| Problem::bad_request(e.to_string()))?;
        let read = hours(None, one.time_zone, &one.windows, &one.holidays)?;
        changes.push(change(&data, Item::Schedule(id.clone(), read.clone())));
        data.schedules.insert(id, read);
    }
    for one in body.policies {
        policy_file(&one.file)?;
        changes.push(match one.text {
            Some(text) => change(&data, Item::Policy(one.file, text)),
            None => gone(&data, "policy", &one.file)?,
        });
    }
    for one in body.rights {
        if one.remove {
            changes.push(gone(&data, "right", &one.right)?);
            continue;
        }
        let id = RightId::parse(&one.right).map_err(|e| Problem::bad_request(e.to_string()))?;
        let had = data.rights.get(&id);
        let holder = one.holder.or_else(|| Some(Named::holder(&had?.holder)));
        let opens = one.opens.or_else(|| Some(Named::opens(&had?.opens)));
        let (Some(holder), Some(opens)) = (holder, opens) else {
            return Err(Problem::bad_request("a new right says `holder` and `opens`"));
        };
        let (holder, opens) = named(shared, &data, (&holder, &opens))?;
        let schedule = known_schedule(&data, one.schedule.as_ref())?;
        let (approved_by, reason, validity) = (None, None, Validity::default());
        let right = Right { holder, opens, schedule, approved_by, reason, validity };
        changes.push(change(&data, Item::Right(id, right)));
    }
    Ok(changes)
}

/// Begins to answer what a draft would change for those who asked to come in during the last days.
/// Nothing is changed by asking.
#[utoipa::path(
    post, path = "/v1/access/what-if", tag = "access", request_body = WhatIfBody,
    responses((status = 201, body = WhatIfBegun), (status = 400, body = Problem),
        (status = 422, body = Problem, description = "The draft does not hold; see `problems`"),
        (status = 429, body = Problem)),
    security(("token" = []))
)]
pub async fn what_if(
    State(shared): State<Shared>,
    caller: Caller,
    Json(body): Json<WhatIfBody>,
) -> Answer<(StatusCode, Json<WhatIfBegun>)> {
    let reach = caller.reach(Action::AccessRead)?;
    let days = body.days;
    if !(1..=WHAT_IF_DAYS_MAX).contains(&days) {
        let detail = format!("`days` is 1 to {WHAT_IF_DAYS_MAX}");
        return Err(Problem::bad_request(detail));
    }
    let changes = draft(&shared, body)?;
    let question = Question { changes, days, reach };
    let job = shared.engine.what_if(question, caller.by().0).await?;
    Ok((StatusCode::CREATED, Json(WhatIfBegun { job: job.id.clone() })))
}

/// Somebody at a door for whom something would change.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WhatIfLine {
    /// Who.
    person: PersonId,
    /// Their name, where the caller has given a reason for seeing it.
    name: Option<String>,
    /// Where.
    door: DoorId,
    /// What the rights that run say.
    was: DoorReason,
    /// What the draft says.
    would: DoorReason,
    /// Whether they would pass.
    passes: bool,
    /// How often they asked.
    times: u64,
    /// For the first time.
    first: Timestamp,
    /// For the last.
    last: Timestamp,
}

/// How a question stands, and its answer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WhatIfItem {
    /// `running`, `done`, `stopped` or `failed`.
    #[schema(value_type = String)]
    state: WhatIfState,
    /// The stretch.
    from: Timestamp,
    /// Its end.
    to: Timestamp,
    /// How much of it was looked at, 0 to 1.
    done: f64,
    /// Requests to come in.
    requests: u64,
    /// Requests of whom nobody knows.
    unresolved: u64,
    /// How many would pass and do not.
    newly_passes: u64,
    /// How many pass and would not.
    newly_refused: u64,
    /// How many go as before.
    unchanged: u64,
    /// Who and where, the most frequent first.
    changes: Vec<WhatIfLine>,
    /// How many lines are left out.
    more: u64,
    /// A bound was reached: older requests were not looked at.
    is_cut: bool,
    /// Why it failed.
    why: Option<String>,
}

/// Only whoever asked, or somebody who sees everything, is told.
fn own(shared: &Shared, caller: &Caller, id: &str) -> Answer<Arc<Job>> {
    let missing = || Problem::not_found(format!("no question `{id}`"));
    let job = shared.engine.what_ifs.get(id).ok_or_else(missing)?;
    let reach = caller.reach(Action::AccessRead)?;
    let is_own = job.by == caller.by().0 || reach == Reach::Everywhere;
    is_own.then_some(job).ok_or_else(missing)
}

/// How a question stands, and its answer.
#[utoipa::path(
    get, path = "/v1/access/what-if/{job}", tag = "access",
    params(("job" = String, Path, description = "Question")),
    responses((status = 200, body = WhatIfItem), (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn what_if_one(
    State(shared): State<Shared>,
    caller: Caller,
    Path(job): Path<String>,
) -> Answer<Json<WhatIfItem>> {
    let job = own(&shared, &caller, &job)?;
    let scope = Scope::of(&shared, &caller)?;
    let (state, answer, why) = job.state();
    let answer = answer.unwrap_or_default();
    let line = |line: &Line| WhatIfLine {
        name: scope.name(&line.person),
        person: line.person.clone(),
        door: line.door.clone(),
        was: (&line.was).into(),
        would: (&line.would).into(),
        passes: line.passes,
        times: line.times,
        first: line.first,
        last: line.last,
    };
    let changed = answer.newly_passes + answer.newly_refused;
    Ok(Json(WhatIfItem {
        state,
        from: job.from,
        to: job.to,
        done: job.done(),
        requests: answer.requests,
        unresolved: answer.unresolved,
        newly_passes: answer.newly_passes,
        newly_refused: answer.newly_refused,
        unchanged: answer.requests.saturating_sub(changed),
        changes: answer.lines.iter().map(line).collect(),
        more: answer.more,
        is_cut: answer.is_cut,
        why,
    }))
}

/// Stops a question.
#[utoipa::path(
    delete, path = "/v1/access/what-if/{job}", tag = "access",
    params(("job" = String, Path, description = "Question")),
    responses((status = 204), (status = 404, body = Problem)), security(("token" = []))
)]
pub async fn what_if_end(
    State(shared): State<Shared>,
    caller: Caller,
    Path(job): Path<String>,
) -> Answer<StatusCode> {
    let job = own(&shared, &caller, &job)?;
    shared.engine.what_ifs.stop(&job.id);
    Ok(StatusCode::NO_CONTENT)
}
