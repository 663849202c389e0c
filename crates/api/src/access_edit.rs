//! Changing who may pass where: one act, one version, with who, why and by whose approval.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use engine::access::Action;
use engine::rights::{By, ChangeError, Changed};
use model::rights::{
    DAYS, Holder, Item, ItemChange, Opens, Pins, Right, RightsData, Schedule, Window,
};
use model::spine::Validity;
use model::text::Words;
use model::{DoorId, GroupId, PersonId, RightId, ScheduleId, Timestamp, ZoneId};
use serde::{Deserialize, Serialize};

use crate::access::Named;
use crate::access_house::{HolidayItem, WindowItem};
use crate::auth::Caller;
use crate::problem::{Answer, FileProblem, FileProblems, Problem};
use crate::reason::{Reason, fit};
use crate::replays::typed;
use crate::state::Shared;
use crate::version::SnapshotVersion;

/// Longest name of a policy file.
const FILE_CHARS_MAX: usize = 80;
/// Largest policy file.
const POLICY_BYTES_MAX: usize = 512 << 10;

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        let detail = error.to_string();
        match error {
            ChangeError::Problems(problems) => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                let mut refused = Self::new(status, "rights_refused", detail);
                let problems = problems.into_iter().map(FileProblem::from).collect();
                refused.problems = Some(Box::new(FileProblems(problems)));
                refused
            }
            ChangeError::NoVersion(_) => Self::not_found(detail),
            ChangeError::ChangedSince { .. } | ChangeError::ChangedMeanwhile { .. } => {
                Self::new(StatusCode::CONFLICT, "changed_since", detail)
            }
            ChangeError::Nothing => Self::new(StatusCode::CONFLICT, "nothing_changes", detail),
            ChangeError::Store(error) => error.into(),
        }
    }
}

/// What one change did to one thing.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ChangedItem {
    /// `right`, `schedule`, `policy` and so on.
    pub(crate) kind: String,
    /// Which.
    pub(crate) key: String,
    /// `added`, `changed` or `removed`.
    pub(crate) was: &'static str,
}

impl ChangedItem {
    pub(crate) fn of(change: &ItemChange) -> Self {
        let was = match (&change.before, &change.after) {
            (None, _) => "added",
            (Some(_), Some(_)) => "changed",
            (Some(_), None) => "removed",
        };
        Self { kind: change.kind.clone(), key: change.key.clone(), was }
    }
}

/// A change that is in force.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ChangeMade {
    /// Its version.
    version: u64,
    /// The version of the snapshot that decides by it.
    snapshot: SnapshotVersion,
    /// What it changed.
    changes: Vec<ChangedItem>,
}

impl From<Changed> for ChangeMade {
    fn from(made: Changed) -> Self {
        let changes = made.changes.iter().map(ChangedItem::of).collect();
        Self { version: made.version, snapshot: SnapshotVersion(made.snapshot), changes }
    }
}

pub(crate) fn by(caller: &Caller, why: &str, approved_by: Option<String>) -> By {
    By { by: caller.by().0.to_owned(), why: why.to_owned(), approved_by }
}

/// Puts one thing, in place of the one that is there.
fn put(item: Item) -> impl FnOnce(&RightsData) -> Vec<ItemChange> {
    move |data| {
        let (kind, key) = (item.kind().to_owned(), item.key());
        vec![ItemChange { before: data.item(&kind, &key), kind, key, after: Some(item) }]
    }
}

/// Takes one thing away.
fn take(kind: &'static str, key: String) -> impl FnOnce(&RightsData) -> Vec<ItemChange> {
    move |data| {
        let before = data.item(kind, &key);
        vec![ItemChange { kind: kind.to_owned(), key, before, after: None }]
    }
}

/// A right as it is wanted.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RightBody {
    /// `group` or `person`.
    holder: Named,
    /// `zone` or `door`.
    opens: Named,
    /// In which hours; at any where none is said.
    schedule: Option<String>,
    /// Who approved it.
    approved_by: Option<String>,
    /// From when on.
    valid_from: Option<Timestamp>,
    /// Until when.
    valid_to: Option<Timestamp>,
    /// Why: kept with the right and with the version.
    reason: String,
}

/// A field whose text is no id, or names nothing that is known.
pub(crate) fn unknown(field: &str, id: &str) -> Problem {
    Problem::bad_request(format!("`{field}`: there is no `{id}`"))
}

/// Reads whom a right is for and what it opens, and refuses what nobody knows.
pub(crate) fn named(
    shared: &Shared,
    data: &RightsData,
    (holder, opens): (&Named, &Named),
) -> Answer<(Holder, Opens)> {
    let org = shared.engine.access.organisation();
    let snapshot = shared.engine.access.snapshot();
    let holder = match holder.kind.as_str() {
        "group" => {
            let known = |id: &GroupId| data.groups.contains_key(id);
            let id = GroupId::parse(&holder.id).ok().filter(known);
            Holder::Group(id.ok_or_else(|| unknown("holder.id", &holder.id))?)
        }
        "person" => {
            let known = |id: &PersonId| org.people.contains_key(id);
            let id = PersonId::parse(&holder.id).ok().filter(known);
            Holder::Person(id.ok_or_else(|| unknown("holder.id", &holder.id))?)
        }
        _ => return Err(Problem::bad_request("`holder.kind` is `group` or `person`")),
    };
    let opens = match opens.kind.as_str() {
        "zone" => {
            let known = |id: &ZoneId| snapshot.estate().zone(id).is_some();
            let id = ZoneId::parse(&opens.id).ok().filter(known);
            Opens::Zone(id.ok_or_else(|| unknown("opens.id", &opens.id))?)
        }
        "door" => {
            let known = |id: &DoorId| snapshot.estate().door(id).is_some();
            let id = DoorId::parse(&opens.id).ok().filter(known);
            Opens::Door(id.ok_or_else(|| unknown("opens.id", &opens.id))?)
        }
        _ => return Err(Problem::bad_request("`opens.kind` is `zone` or `door`")),
    };
    Ok((holder, opens))
}

pub(crate) fn known_schedule(
    data: &RightsData,
    schedule: Option<&String>,
) -> Answer<Option<ScheduleId>> {
    let Some(text) = schedule else { return Ok(None) };
    let known = |id: &ScheduleId| data.schedules.contains_key(id);
    let id = ScheduleId::parse(text).ok().filter(known);
    id.map(Some).ok_or_else(|| unknown("schedule", text))
}

/// Gives a right, or changes it.
#[utoipa::path(
    put, path = "/v1/access/rights/{right}", tag = "access", request_body = RightBody,
    params(("right" = String, Path, description = "Right id")),
    responses((status = 200, body = ChangeMade), (status = 400, body = Problem),
        (status = 409, body = Problem, description = "It is so already"),
        (status = 422, body = Problem, description = "It does not hold; see `problems`")),
    security(("token" = []))
)]
pub async fn put_right(
    State(shared): State<Shared>,
    caller: Caller,
    Path(right): Path<String>,
    Json(body): Json<RightBody>,
) -> Answer<Json<ChangeMade>> {
    caller.must(Action::AccessEdit)?;
    let why = typed(&body.reason)?.to_owned();
    let id = RightId::parse(&right).map_err(|e| Problem::bad_request(e.to_string()))?;
    let data = shared.engine.access.data();
    let (holder, opens) = named(&shared, &data, (&body.holder, &body.opens))?;
    let schedule = known_schedule(&data, body.schedule.as_ref())?;
    if let Some(text) = &body.approved_by {
        fit("approved_by", text, Words::Line)?;
    }
    let validity = validity(body.valid_from, body.valid_to)?;
    let approved_by = body.approved_by;
    let reason = Some(why.clone());
    let right =
        Right { holder, opens, schedule, approved_by: approved_by.clone(), reason, validity };
    let by = by(&caller, &why, approved_by);
    let made = shared.engine.change_rights(put(Item::Right(id, right)), &by, "edit").await?;
    Ok(Json(made.into()))
}

pub(crate) fn validity(from: Option<Timestamp>, to: Option<Timestamp>) -> Answer<Validity> {
    match (from, to) {
        (Some(from), Some(to)) if from >= to => {
            Err(Problem::bad_request(format!("valid from {from} but only to {to}: never valid")))
        }
        (from, to) => Ok(Validity { from, to }),
    }
}

async fn removed(
    shared: &Shared,
    caller: &Caller,
    (kind, key): (&'static str, String),
    reason: &Reason,
) -> Answer<Json<ChangeMade>> {
    caller.must(Action::AccessEdit)?;
    let why = reason.wanted()?;
    let missing = || Problem::not_found(format!("no {kind} `{key}`"));
    shared.engine.access.data().item(kind, &key).ok_or_else(missing)?;
    let by = by(caller, why, None);
    let made = shared.engine.change_rights(take(kind, key), &by, "edit").await?;
    Ok(Json(made.into()))
}

/// Takes a right away.
#[utoipa::path(
    delete, path = "/v1/access/rights/{right}", tag = "access",
    params(("right" = String, Path, description = "Right id"), Reason),
    responses((status = 200, body = ChangeMade), (status = 400, body = Problem),
        (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn remove_right(
    State(shared): State<Shared>,
    caller: Caller,
    Path(right): Path<String>,
    Query(reason): Query<Reason>,
) -> Answer<Json<ChangeMade>> {
    removed(&shared, &caller, ("right", right), &reason).await
}

/// Hours as they are wanted.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleBody {
    /// Display name.
    name: Option<String>,
    /// IANA zone; the organisation's where none is said.
    time_zone: Option<String>,
    /// When it is open.
    windows: Vec<WindowItem>,
    /// Its holidays.
    #[serde(default)]
    holidays: Vec<HolidayItem>,
    /// Why.
    reason: String,
}

/// Reads hours; what is wrong with them the calendar says when they are tried.
pub(crate) fn hours(
    name: Option<String>,
    time_zone: Option<String>,
    windows: &[WindowItem],
    holidays: &[HolidayItem],
) -> Answer<Schedule> {
    let bad = |detail: String| Problem::bad_request(detail);
    if let Some(zone) = &time_zone
        && !engine::rights::is_time_zone(zone)
    {
        return Err(bad(format!("`time_zone`: `{zone}` is no IANA time zone")));
    }
    if let Some(name) = &name {
        fit("name", name, Words::Line)?;
    }
    let minute = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        Some(hour * 60 + minute).filter(|at| hour <= 24 && minute < 60 && *at <= 1_440)
    };
    let mut read = Vec::new();
    for window in windows {
        let mut days = 0_u16;
        for day in &window.days {
            let bit = DAYS.iter().position(|known| known == day);
            days |= 1 << bit.ok_or_else(|| bad(format!("`days`: `{day}` is no day")))?;
        }
        let time = |text: &String| {
            minute(text).ok_or_else(|| bad(format!("`{text}` is no time such as 07:30")))
        };
        read.push(Window { days, from: time(&window.from)?, to: time(&window.to)? });
    }
    let mut dates = std::collections::BTreeMap::new();
    for holiday in holidays {
        if !engine::rights::is_date(&holiday.date) {
            return Err(bad(format!("`date`: `{}` is none such as 2026-12-25", holiday.date)));
        }
        dates.insert(holiday.date.clone(), holiday.kind);
    }
    Ok(Schedule { name, time_zone, windows: read, holidays: dates })
}

/// Sets hours, or changes them.
#[utoipa::path(
    put, path = "/v1/access/schedules/{schedule}", tag = "access", request_body = ScheduleBody,
    params(("schedule" = String, Path, description = "Schedule id")),
    responses((status = 200, body = ChangeMade), (status = 400, body = Problem),
        (status = 422, body = Problem, description = "They do not hold; see `problems`")),
    security(("token" = []))
)]
pub async fn put_schedule(
    State(shared): State<Shared>,
    caller: Caller,
    Path(schedule): Path<String>,
    Json(body): Json<ScheduleBody>,
) -> Answer<Json<ChangeMade>> {
    caller.must(Action::AccessEdit)?;
    let why = typed(&body.reason)?.to_owned();
    let id = ScheduleId::parse(&schedule).map_err(|e| Problem::bad_request(e.to_string()))?;
    let one = hours(body.name, body.time_zone, &body.windows, &body.holidays)?;
    let by = by(&caller, &why, None);
    let made = shared.engine.change_rights(put(Item::Schedule(id, one)), &by, "edit").await?;
    Ok(Json(made.into()))
}

/// Takes hours away; refused while a right or a door goes by them.
#[utoipa::path(
    delete, path = "/v1/access/schedules/{schedule}", tag = "access",
    params(("schedule" = String, Path, description = "Schedule id"), Reason),
    responses((status = 200, body = ChangeMade), (status = 404, body = Problem),
        (status = 422, body = Problem, description = "Something goes by it; see `problems`")),
    security(("token" = []))
)]
pub async fn remove_schedule(
    State(shared): State<Shared>,
    caller: Caller,
    Path(schedule): Path<String>,
    Query(reason): Query<Reason>,
) -> Answer<Json<ChangeMade>> {
    removed(&shared, &caller, ("schedule", schedule), &reason).await
}

/// A file of policies as it is wanted.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyBody {
    /// In Cedar; each policy with an `@id`.
    text: String,
    /// Why.
    reason: String,
}

/// The name of a policy file: one that the organisation folder could have.
pub(crate) fn policy_file(file: &str) -> Answer<()> {
    let stem = file.strip_suffix(".cedar").unwrap_or_default();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    let fits = !stem.is_empty() && file.len() <= FILE_CHARS_MAX && stem.chars().all(plain);
    if !fits || stem.starts_with('.') {
        let detail =
            "a policy file is called such as `house.cedar`: a-z, 0-9, dot, dash, underscore";
        return Err(Problem::bad_request(detail));
    }
    Ok(())
}

/// Writes a file of policies. One with an error is refused with its line, and what runs goes on.
#[utoipa::path(
    put, path = "/v1/access/policies/{file}", tag = "access", request_body = PolicyBody,
    params(("file" = String, Path, description = "Such as `house.cedar`")),
    responses((status = 200, body = ChangeMade), (status = 400, body = Problem),
        (status = 422, body = Problem, description = "It does not hold; see `problems`")),
    security(("token" = []))
)]
pub async fn put_policy(
    State(shared): State<Shared>,
    caller: Caller,
    Path(file): Path<String>,
    Json(body): Json<PolicyBody>,
) -> Answer<Json<ChangeMade>> {
    caller.must(Action::AccessEdit)?;
    let why = typed(&body.reason)?.to_owned();
    policy_file(&file)?;
    if body.text.len() > POLICY_BYTES_MAX {
        let detail = format!("`text` has more than {POLICY_BYTES_MAX} bytes");
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail));
    }
    let by = by(&caller, &why, None);
    let item = Item::Policy(file, body.text);
    let made = shared.engine.change_rights(put(item), &by, "edit").await?;
    Ok(Json(made.into()))
}

/// Takes a file of policies away.
#[utoipa::path(
    delete, path = "/v1/access/policies/{file}", tag = "access",
    params(("file" = String, Path, description = "Such as `house.cedar`"), Reason),
    responses((status = 200, body = ChangeMade), (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn remove_policy(
    State(shared): State<Shared>,
    caller: Caller,
    Path(file): Path<String>,
    Query(reason): Query<Reason>,
) -> Answer<Json<ChangeMade>> {
    removed(&shared, &caller, ("policy", file), &reason).await
}

/// Digits as they are wanted; kept as keyed hashes only.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PinBody {
    /// Four to twelve digits.
    pin: String,
    /// Those that tell that somebody is forced.
    duress: Option<String>,
    /// Why.
    reason: String,
}

/// Sets a person's digits.
#[utoipa::path(
    put, path = "/v1/access/people/{person}/pin", tag = "access", request_body = PinBody,
    params(("person" = String, Path, description = "Person id")),
    responses((status = 200, body = ChangeMade), (status = 400, body = Problem),
        (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn put_pin(
    State(shared): State<Shared>,
    caller: Caller,
    Path(person): Path<String>,
    Json(body): Json<PinBody>,
) -> Answer<Json<ChangeMade>> {
    caller.must(Action::AccessEdit)?;
    let why = typed(&body.reason)?.to_owned();
    let missing = || Problem::not_found(format!("no person `{person}`"));
    let id = PersonId::parse(&person).map_err(|_| missing())?;
    shared.engine.access.organisation().people.get(&id).ok_or_else(missing)?;
    let digits = |field: &str, text: &str| {
        let fits = (4..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        let wrong = || Problem::bad_request(format!("`{field}`: expected 4 to 12 digits"));
        fits.then_some(()).ok_or_else(wrong)
    };
    digits("pin", &body.pin)?;
    if let Some(duress) = &body.duress {
        digits("duress", duress)?;
        if *duress == body.pin {
            let detail = "`duress`: the digits that tell of force must differ from the others";
            return Err(Problem::bad_request(detail));
        }
    }
    let hashed = |text: &str| shared.engine.access.pin_text(&id, text);
    let pins = Pins { pin: hashed(&body.pin), duress: body.duress.as_deref().map(hashed) };
    let by = by(&caller, &why, None);
    let made = shared.engine.change_rights(put(Item::Pins(id, pins)), &by, "edit").await?;
    Ok(Json(made.into()))
}

/// Takes a person's digits away.
#[utoipa::path(
    delete, path = "/v1/access/people/{person}/pin", tag = "access",
    params(("person" = String, Path, description = "Person id"), Reason),
    responses((status = 200, body = ChangeMade), (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn remove_pin(
    State(shared): State<Shared>,
    caller: Caller,
    Path(person): Path<String>,
    Query(reason): Query<Reason>,
) -> Answer<Json<ChangeMade>> {
    removed(&shared, &caller, ("pins", person), &reason).await
}
