//! Questions about doors: why, what if, and who could and did.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use engine::access::Action;
use engine::access::door::{self, CheckVerdict, PolicyVerdict};
use engine::rights::{
    AnswerError, AskError, Asked, Could, Job, Line, PastRequest, PastTurn, Question, RIGHT_PREFIX,
    Told, Via, WHAT_IF_DAYS_MAX, WhatIfError, WhatIfState, Who,
};
use model::rights::{Item, ItemChange, Right, RightsData};
use model::spine::Validity;
use model::{CredentialId, DoorId, PersonId, RightId, ScheduleId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::access::{Named, Scope};
use crate::access_edit::{hours, known_schedule, named, policy_file};
use crate::access_house::{HolidayItem, WindowItem};
use crate::auth::Caller;
use crate::problem::{Answer, FileProblem, FileProblems, Problem};
use crate::state::Shared;

/// Longest window of who did.
const WINDOW_S_MAX: u64 = 7 * 86_400;
/// Window of who did, before and after, where nothing is said.
const WINDOW_S: u64 = 3_600;
/// Most things that one draft changes.
const DRAFT_MAX: usize = 1_000;

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        let detail = error.to_string();
        match error {
            AskError::Unknown { .. } => Self::not_found(detail),
            AskError::Problems(_) => Self::new(StatusCode::CONFLICT, "not_composable", detail),
            AskError::Store(error) => error.into(),
            AskError::Panic => Self::unavailable(detail),
        }
    }
}

impl From<AnswerError> for Problem {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::Ask(error) => error.into(),
            AnswerError::Lake(error) => error.into(),
        }
    }
}

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

/// Why, as a stable code and in words.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DoorReason {
    /// Such as `no_policy`.
    code: &'static str,
    /// In words.
    text: String,
}

impl From<&door::Reason> for DoorReason {
    fn from(reason: &door::Reason) -> Self {
        Self { code: reason.code(), text: reason.to_string() }
    }
}

/// A question: somebody at a door, now, then, or made up.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainBody {
    /// At which door; that of the event where `record` is given.
    door: Option<DoorId>,
    /// Who; what they would show is shown.
    person: Option<PersonId>,
    /// Or one credential.
    credential: Option<CredentialId>,
    /// Or an event of the past: its record.
    record: Option<u64>,
    /// The part of the record.
    #[serde(default)]
    part: u16,
    /// When; now where nothing is said.
    at: Option<Timestamp>,
    /// `entry` or `exit`.
    direction: Option<String>,
    /// `not_given`, `right`, `wrong` or `duress`.
    pin: Option<String>,
    /// `not_given`, `match` or `no_match`.
    body: Option<String>,
    /// Who comes along.
    companion: Option<PersonId>,
}

/// What happens.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OutcomeItem {
    /// `grant`, `require` or `refuse`.
    kind: &'static str,
    /// For how long the strike is released.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_s: Option<u64>,
    /// What is left to do: `pin`, `step_up`, `second_person`, `escort`.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<&'static str>>,
}

impl From<&door::Outcome> for OutcomeItem {
    fn from(outcome: &door::Outcome) -> Self {
        match outcome {
            door::Outcome::Grant { hold } => {
                Self { kind: "grant", hold_s: Some(hold.as_secs()), steps: None }
            }
            door::Outcome::Require(steps) => {
                let steps = steps.iter().map(|step| step.as_str()).collect();
                Self { kind: "require", hold_s: None, steps: Some(steps) }
            }
            door::Outcome::Refuse => Self { kind: "refuse", hold_s: None, steps: None },
        }
    }
}

/// How one check went.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CheckItem {
    /// Its name.
    check: &'static str,
    /// `passed`, `noted`, `asks`, `stopped` or `not_reached`.
    verdict: &'static str,
    /// Why.
    because: Option<DoorReason>,
}

/// How one policy went.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PolicyItem {
    /// Its name.
    policy: String,
    /// `permit` or `forbid`.
    effect: &'static str,
    /// `permits`, `forbids`, `does_not_hold` or `error`.
    verdict: &'static str,
    /// Why it could not be evaluated.
    error: Option<String>,
    /// The right behind it.
    right: Option<String>,
}

/// A decision and everything that led to it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Explained {
    /// For which instant.
    at: Timestamp,
    /// At which door.
    door: DoorId,
    /// Who.
    person: Option<PersonId>,
    /// With which credential.
    credential: Option<CredentialId>,
    /// The version of the snapshot.
    snapshot: u64,
    /// The version of rights in state.
    version: Option<u64>,
    /// What happens.
    outcome: OutcomeItem,
    /// Why.
    because: DoorReason,
    /// What else is to be recorded.
    noted: Vec<DoorReason>,
    /// Every check, in order.
    checks: Vec<CheckItem>,
    /// Every policy whose scope fits.
    policies: Vec<PolicyItem>,
}

fn explained(told: Told) -> Explained {
    let check = |one: &door::CheckTold| CheckItem {
        check: one.check,
        verdict: match one.verdict {
            CheckVerdict::Passed => "passed",
            CheckVerdict::Noted => "noted",
            CheckVerdict::Asks => "asks",
            CheckVerdict::Stopped => "stopped",
            CheckVerdict::NotReached => "not_reached",
        },
        because: one.because.as_ref().map(DoorReason::from),
    };
    let policy = |one: &door::PolicyTold| PolicyItem {
        policy: one.policy.to_string(),
        effect: if one.forbids { "forbid" } else { "permit" },
        verdict: match one.verdict {
            PolicyVerdict::Permits => "permits",
            PolicyVerdict::Forbids => "forbids",
            PolicyVerdict::DoesNotHold => "does_not_hold",
            PolicyVerdict::Error => "error",
        },
        error: one.error.as_ref().map(ToString::to_string),
        right: one.policy.strip_prefix(RIGHT_PREFIX).map(str::to_owned),
    };
    let decision = &told.explanation.decision;
    Explained {
        at: told.at,
        door: told.door,
        person: decision.person.clone(),
        credential: decision.credential.clone(),
        snapshot: decision.snapshot,
        version: told.version,
        outcome: (&decision.outcome).into(),
        because: (&decision.because).into(),
        noted: decision.noted.iter().map(DoorReason::from).collect(),
        checks: told.explanation.checks.iter().map(check).collect(),
        policies: told.explanation.policies.iter().map(policy).collect(),
    }
}

fn word<T: Copy>(field: &str, text: Option<&str>, words: &[(&str, T)]) -> Answer<T> {
    let first = words.first().map(|(_, value)| *value);
    let Some(text) = text else {
        return first.ok_or_else(|| Problem::bad_request(format!("`{field}` is missing")));
    };
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let wrong = || format!("`{field}`: `{text}` is none of {}", known.join(", "));
    found.ok_or_else(|| Problem::bad_request(wrong()))
}

async fn asked(shared: &Shared, body: ExplainBody) -> Answer<Asked> {
    use door::{BodyVerdict, Direction, PinVerdict};
    let mut at = body.at;
    let mut door = body.door;
    let mut who = match (body.person, body.credential) {
        (Some(_), Some(_)) => {
            return Err(Problem::bad_request("give `person` or `credential`, not both"));
        }
        (Some(person), None) => Some(Who::Person(person)),
        (None, Some(credential)) => Some(Who::Credential(credential)),
        (None, None) => None,
    };
    let mut direction = word(
        "direction",
        body.direction.as_deref(),
        &[("entry", Direction::Entry), ("exit", Direction::Exit)],
    )?;
    if let Some(record) = body.record {
        let found = shared.engine.lake.event(record, body.part).await?;
        let past = found.as_ref().and_then(PastRequest::of);
        let missing = || format!("record {record} is no request at a door that is known");
        let past = past.ok_or_else(|| Problem::not_found(missing()))?;
        at = at.or(Some(past.at));
        door = door.or(Some(past.door));
        who = who.or(past.person.map(Who::Person));
        if past.is_way_out {
            direction = Direction::Exit;
        }
    }
    let pins = [
        ("not_given", PinVerdict::NotGiven),
        ("right", PinVerdict::Right),
        ("wrong", PinVerdict::Wrong),
        ("duress", PinVerdict::Duress),
    ];
    let bodies = [
        ("not_given", BodyVerdict::NotGiven),
        ("match", BodyVerdict::Match),
        ("no_match", BodyVerdict::NoMatch),
    ];
    Ok(Asked {
        door: door.ok_or_else(|| Problem::bad_request("say `door`, or a `record`"))?,
        who: who.unwrap_or(Who::Nobody),
        at,
        direction,
        pin: word("pin", body.pin.as_deref(), &pins)?,
        body: word("body", body.body.as_deref(), &bodies)?,
        companion: body.companion,
    })
}

/// Why somebody may pass a door or may not: every check and policy, now, then or made up. Of an
/// instant of the past: by the rights of then and the organisation of today; where people were then
/// is not known any more.
#[utoipa::path(
    post, path = "/v1/access/explain", tag = "access", request_body = ExplainBody,
    responses((status = 200, body = Explained), (status = 400, body = Problem),
        (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn explain(
    State(shared): State<Shared>,
    caller: Caller,
    Json(body): Json<ExplainBody>,
) -> Answer<Json<Explained>> {
    caller.must(Action::AccessRead)?;
    let asked = asked(&shared, body).await?;
    let site = shared.engine.access.site_of_door(&asked.door);
    caller.must_at(Action::AccessRead, site.as_ref())?;
    Ok(Json(explained(shared.engine.explain_door(&asked).await?)))
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
    let is_own = job.by == caller.by().0 || reach == engine::access::Reach::Everywhere;
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

/// Which door, and when.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AnswersQuery {
    /// Which door.
    door: DoorId,
    /// At which instant; now where nothing is said.
    at: Option<Timestamp>,
    /// Who did, so many seconds before and after; at most seven days.
    window_s: Option<u64>,
}

/// By what somebody could pass.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ViaItem {
    /// The right behind it.
    right: Option<String>,
    /// The policy, as decisions name it.
    policy: String,
    /// Who approved the right.
    approved_by: Option<String>,
    /// Why it was given.
    reason: Option<String>,
    /// The version that put it in force as it was.
    since_version: Option<u64>,
    /// When that was.
    since: Option<Timestamp>,
    /// Who did that.
    by: Option<String>,
}

/// Somebody who could pass.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CouldItem {
    /// Who.
    person: PersonId,
    /// Their name, where the caller has given a reason for seeing it.
    name: Option<String>,
    /// Why: permitted, or after showing more.
    because: DoorReason,
    /// By what.
    via: Vec<ViaItem>,
}

/// Somebody who asked.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DidItem {
    /// Who, if the credential was somebody's.
    person: Option<PersonId>,
    /// Their name, where the caller has given a reason for seeing it.
    name: Option<String>,
    /// When.
    at: Timestamp,
    /// `granted`, `refused`, `passed` or `not_used`.
    #[schema(value_type = String)]
    outcome: PastTurn,
    /// Whether it led out.
    is_way_out: bool,
    /// The event's record.
    record: u64,
    /// The event's part of it.
    part: u16,
}

/// Who could open a door at an instant and why; and who did.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AnswersItem {
    /// Which door.
    door: DoorId,
    /// At which instant.
    at: Timestamp,
    /// The version of rights of then.
    version: Option<u64>,
    /// Who could, by person.
    could: Vec<CouldItem>,
    /// How many more could and are not listed.
    could_more: u64,
    /// Who asked within the window, newest first.
    did: Vec<DidItem>,
    /// Whether older ones are left out.
    did_more: bool,
    /// The window before and after, in seconds.
    window_s: u64,
}

/// Who could open a door at an instant, why and approved by whom; and who did. By the rights of
/// then and the organisation of today.
#[utoipa::path(
    get, path = "/v1/access/answers", tag = "access", params(AnswersQuery),
    responses((status = 200, body = AnswersItem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "The rights of then do not hold any more")),
    security(("token" = []))
)]
pub async fn answers(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<AnswersQuery>,
) -> Answer<Json<AnswersItem>> {
    let scope = Scope::of(&shared, &caller)?;
    let site = shared.engine.access.site_of_door(&query.door);
    caller.must_at(Action::AccessRead, site.as_ref())?;
    let at = query.at.unwrap_or_else(|| shared.engine.now());
    let window_s = query.window_s.unwrap_or(WINDOW_S).min(WINDOW_S_MAX);
    let window = Duration::from_secs(window_s);
    let found = shared.engine.door_answers(&query.door, at, window).await?;
    let via = |via: Via| ViaItem {
        approved_by: via.right.as_ref().and_then(|(_, right)| right.approved_by.clone()),
        reason: via.right.as_ref().and_then(|(_, right)| right.reason.clone()),
        right: via.right.map(|(id, _)| id),
        policy: via.policy.to_string(),
        since_version: via.since.as_ref().map(|since| since.version),
        since: via.since.as_ref().map(|since| since.at),
        by: via.since.as_ref().map(|since| since.by.clone()),
    };
    let could = |one: Could| CouldItem {
        name: scope.name(&one.person),
        because: (&one.because).into(),
        via: one.via.into_iter().map(via).collect(),
        person: one.person,
    };
    let did = |one: PastRequest| DidItem {
        name: one.person.as_ref().and_then(|person| scope.name(person)),
        person: one.person,
        at: one.at,
        outcome: one.turn,
        is_way_out: one.is_way_out,
        record: one.record,
        part: one.part,
    };
    Ok(Json(AnswersItem {
        door: query.door,
        at,
        version: found.version,
        could: found.could.into_iter().map(could).collect(),
        could_more: found.could_more,
        did: found.did.into_iter().map(did).collect(),
        did_more: found.did_more,
        window_s,
    }))
}
