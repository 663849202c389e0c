//! Commands to doors with their receipts, lockdowns and the threat level.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use engine::access::Action;
use engine::access::door::{Order, Threat, Work};
use engine::access::link::What;
use engine::command::{CommandError, LockdownTold, Ordered, Wanted};
use model::{DoorId, PlaceId, PointId, Timestamp, ZoneId};
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::edges::Why;
use crate::problem::{Answer, Problem};
use crate::state::Shared;

/// Longest Idempotency-Key.
const KEY_CHARS_MAX: usize = 200;
/// Commands of one page.
const PAGE_MAX: u32 = 500;

/// A command, and what has become of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CommandItem {
    /// Id.
    id: String,
    /// To which door.
    door: DoorId,
    /// Who runs that door.
    point: PointId,
    /// `release`, `unlock`, `relock`, `lock`, `lock_down`, `end_lockdown`, `fire_reset`,
    /// `maintenance`, `walk_test` or `end_work`.
    order: &'static str,
    /// For how long, where that was said.
    hold_s: Option<u64>,
    /// Until when, for work.
    until: Option<Timestamp>,
    /// Why.
    reason: Option<String>,
    /// By whose right.
    by: String,
    /// When.
    at: Timestamp,
    /// Not done at or after this.
    expires_at: Timestamp,
    /// `asked`, `sent`, `confirmed`, `unconfirmed`, `expired`, `refused` or `failed`.
    state: &'static str,
    /// Why it ended so.
    why: Option<String>,
    /// When it ended.
    done_at: Option<Timestamp>,
}

/// What is to be done.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandRequest {
    /// `release`, `unlock`, `relock`, `lock`, `fire_reset`, `maintenance`, `walk_test`,
    /// `end_work` or `rotate_keys`.
    order: String,
    /// For how long the strike is released; as the door says if left out.
    #[serde(default)]
    hold_s: Option<u64>,
    /// Until when there is work on the door.
    #[serde(default)]
    until: Option<Timestamp>,
    /// Why; kept in the audit log.
    reason: String,
}

/// Which commands.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CommandQuery {
    /// Of this door alone.
    door: Option<String>,
    /// How many, at most 500.
    limit: Option<u32>,
}

/// A zone that is locked down.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LockdownItem {
    /// Which.
    zone: ZoneId,
    /// Since when.
    since: Timestamp,
    /// When to ask whether it is still needed. It ends nothing by itself.
    ask_at: Option<Timestamp>,
    /// By whose right.
    by: String,
    /// Why; it may follow.
    reason: Option<String>,
}

/// Lock this down.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LockdownRequest {
    /// Which zone, with all within it.
    zone: ZoneId,
    /// Why; it may follow.
    #[serde(default)]
    reason: Option<String>,
}

/// How wary the house is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ThreatItem {
    /// `normal`, `elevated`, `high` or `severe`.
    level: &'static str,
    /// Since when.
    since: Option<Timestamp>,
    /// By whose right.
    by: Option<String>,
    /// Why.
    reason: Option<String>,
}

/// Set it so.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ThreatRequest {
    /// `normal`, `elevated`, `high` or `severe`.
    level: String,
    /// Why; kept in the audit log.
    reason: String,
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        let text = error.to_string();
        match error {
            CommandError::NoDoor(_) => Self::not_found(text),
            CommandError::NoPoint(_) => Self::new(StatusCode::CONFLICT, "no_point", text),
            CommandError::Bad(_) => Self::bad_request(text),
            CommandError::Fire(_) => Self::new(StatusCode::CONFLICT, "fire", text),
            CommandError::OtherKey(_) => Self::new(StatusCode::CONFLICT, "other_command", text),
            CommandError::Full | CommandError::Random(_) => Self::unavailable(text),
            CommandError::Store(error) => error.into(),
        }
    }
}

/// The item of a command.
pub fn item(ordered: &Ordered) -> CommandItem {
    let (order, hold, until) = match ordered.what {
        What::Order { order, hold } => {
            let word = match order {
                Order::Release => "release",
                Order::Unlock => "unlock",
                Order::Relock => "relock",
                Order::Lock => "lock",
                Order::LockDown => "lock_down",
                Order::EndLockdown => "end_lockdown",
            };
            (word, hold, None)
        }
        What::Work(Some((Work::Maintenance, until))) => ("maintenance", None, Some(until)),
        What::Work(Some((Work::WalkTest, until))) => ("walk_test", None, Some(until)),
        What::Work(None) => ("end_work", None, None),
        What::FireReset => ("fire_reset", None, None),
        What::RotateKeys => ("rotate_keys", None, None),
    };
    CommandItem {
        id: ordered.id.clone(),
        door: ordered.door.clone(),
        point: ordered.point.clone(),
        order,
        hold_s: hold.map(|hold| hold.as_secs()),
        until,
        reason: ordered.reason.clone(),
        by: ordered.by.clone(),
        at: ordered.at,
        expires_at: ordered.expires_at,
        state: ordered.stands.as_str(),
        why: ordered.why.clone(),
        done_at: ordered.done_at,
    }
}

/// The site of something that bears the id of a place: a door, a zone.
pub fn site_of(shared: &Shared, id: &str) -> Option<PlaceId> {
    let place = PlaceId::parse(id).ok()?;
    shared.engine.current.get().org.site_of(&place).cloned()
}

fn door_of(text: &str) -> Answer<DoorId> {
    DoorId::parse(text).map_err(|_| Problem::not_found(format!("no door `{text}`")))
}

fn zone_of(text: &str) -> Answer<ZoneId> {
    ZoneId::parse(text).map_err(|_| Problem::not_found(format!("no zone `{text}`")))
}

fn what_of(request: &CommandRequest) -> Answer<What> {
    let order = |order| Ok(What::Order { order, hold: request.hold_s.map(Duration::from_secs) });
    let work = |work| {
        let missing = || Problem::bad_request("`until` says when the work on the door ends");
        Ok(What::Work(Some((work, request.until.ok_or_else(missing)?))))
    };
    match request.order.as_str() {
        "release" => order(Order::Release),
        "unlock" => order(Order::Unlock),
        "relock" => order(Order::Relock),
        "lock" => order(Order::Lock),
        "fire_reset" => Ok(What::FireReset),
        "maintenance" => work(Work::Maintenance),
        "walk_test" => work(Work::WalkTest),
        "end_work" => Ok(What::Work(None)),
        "rotate_keys" => Ok(What::RotateKeys),
        other => Err(Problem::bad_request(format!(
            "`{other}` is no order: release, unlock, relock, lock, fire_reset, maintenance, \
             walk_test, end_work or rotate_keys"
        ))),
    }
}

/// Gives a command to a door. It answers as soon as that is on disk (202); what becomes of it is
/// told by `GET /v1/commands/{id}` and the live stream. Under one Idempotency-Key a command is
/// given once. Nothing that locks is sent while the door's fire input is not quiet.
#[utoipa::path(
    post, path = "/v1/doors/{door}/commands", tag = "access", request_body = CommandRequest,
    params(("door" = String, Path, description = "Door id"),
        ("Idempotency-Key" = Option<String>, Header,
            description = "The same key again is the same command")),
    responses((status = 202, body = CommandItem), (status = 400, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)),
    security(("token" = []))
)]
pub async fn give(
    State(shared): State<Shared>,
    caller: Caller,
    Path(door): Path<String>,
    headers: HeaderMap,
    Json(request): Json<CommandRequest>,
) -> Answer<(StatusCode, Json<CommandItem>)> {
    let door = door_of(&door)?;
    caller.must_at(Action::DoorOperate, site_of(&shared, door.as_str()).as_ref())?;
    let key = headers.get("idempotency-key").map(|key| key.to_str());
    let key = key.transpose();
    let key = key.map_err(|_| Problem::bad_request("the Idempotency-Key is not ASCII text"))?;
    if key.is_some_and(|key| key.is_empty() || key.len() > KEY_CHARS_MAX) {
        let detail = format!("an Idempotency-Key has 1 to {KEY_CHARS_MAX} characters");
        return Err(Problem::bad_request(detail));
    }
    let what = what_of(&request)?;
    let why = Why { reason: request.reason };
    let wanted = Wanted {
        door,
        what,
        reason: Some(why.wanted()?.to_owned()),
        by: caller.by().0.to_owned(),
        key: key.map(str::to_owned),
    };
    let ordered = shared.engine.command(wanted).await?;
    Ok((StatusCode::ACCEPTED, Json(item(&ordered))))
}

/// Commands, newest first.
#[utoipa::path(
    get, path = "/v1/commands", tag = "access", params(CommandQuery),
    responses((status = 200, body = Vec<CommandItem>)), security(("token" = []))
)]
pub async fn list(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<CommandQuery>,
) -> Answer<Json<Vec<CommandItem>>> {
    let reach = caller.reach(Action::PlaceRead)?;
    let door = query.door.as_deref().map(door_of).transpose()?;
    let limit = query.limit.unwrap_or(100).clamp(1, PAGE_MAX);
    let all = shared.engine.commander.list(door.as_ref(), limit).await?;
    let near = |one: &&Ordered| reach.covers(site_of(&shared, one.door.as_str()).as_ref());
    Ok(Json(all.iter().filter(near).map(item).collect()))
}

/// One command, and what has become of it.
#[utoipa::path(
    get, path = "/v1/commands/{id}", tag = "access",
    params(("id" = String, Path, description = "Command id")),
    responses((status = 200, body = CommandItem), (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn one(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Json<CommandItem>> {
    caller.must(Action::PlaceRead)?;
    let found = shared.engine.commander.get(&id).await?;
    let found = found.ok_or_else(|| Problem::not_found(format!("no command `{id}`")))?;
    caller.must_at(Action::PlaceRead, site_of(&shared, found.door.as_str()).as_ref())?;
    Ok(Json(item(&found)))
}

fn lockdown_item(zone: &ZoneId, told: &LockdownTold) -> LockdownItem {
    LockdownItem {
        zone: zone.clone(),
        since: told.since,
        ask_at: told.ask_at,
        by: told.by.clone(),
        reason: told.reason.clone(),
    }
}

/// Zones that are locked down.
#[utoipa::path(
    get, path = "/v1/lockdowns", tag = "access",
    responses((status = 200, body = Vec<LockdownItem>)), security(("token" = []))
)]
pub async fn lockdowns(
    State(shared): State<Shared>,
    caller: Caller,
) -> Answer<Json<Vec<LockdownItem>>> {
    let reach = caller.reach(Action::PlaceRead)?;
    let alertness = shared.engine.commander.alertness();
    let near = |zone: &ZoneId| reach.covers(site_of(&shared, zone.as_str()).as_ref());
    let near = alertness.lockdowns.iter().filter(|(zone, _)| near(zone));
    Ok(Json(near.map(|(zone, told)| lockdown_item(zone, told)).collect()))
}

/// Locks a zone down with all within it, at once: nobody enters but responders; whoever is inside
/// gets out as ever. The reason may follow. It lasts until somebody ends it.
#[utoipa::path(
    post, path = "/v1/lockdowns", tag = "access", request_body = LockdownRequest,
    responses((status = 201, body = LockdownItem), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn lock_down(
    State(shared): State<Shared>,
    caller: Caller,
    Json(request): Json<LockdownRequest>,
) -> Answer<(StatusCode, Json<LockdownItem>)> {
    let site = site_of(&shared, request.zone.as_str());
    caller.must_at(Action::LockdownOperate, site.as_ref())?;
    let reason = request.reason.filter(|reason| !reason.trim().is_empty());
    if let Some(reason) = &reason {
        crate::reason::fit("reason", reason, model::text::Words::Text)?;
    }
    let told = shared.engine.lock_down(&request.zone, (caller.by().0, reason)).await?;
    Ok((StatusCode::CREATED, Json(lockdown_item(&request.zone, &told))))
}

/// Says why a zone was locked down.
#[utoipa::path(
    post, path = "/v1/lockdowns/{zone}/reason", tag = "access", request_body = Why,
    params(("zone" = String, Path, description = "Zone id")),
    responses((status = 200, body = LockdownItem), (status = 400, body = Problem)),
    security(("token" = []))
)]
pub async fn lockdown_reason(
    State(shared): State<Shared>,
    caller: Caller,
    Path(zone): Path<String>,
    Json(why): Json<Why>,
) -> Answer<Json<LockdownItem>> {
    let zone = zone_of(&zone)?;
    caller.must_at(Action::LockdownOperate, site_of(&shared, zone.as_str()).as_ref())?;
    let by = (caller.by().0, why.wanted()?);
    let told = shared.engine.lockdown_reason(&zone, by).await?;
    Ok(Json(lockdown_item(&zone, &told)))
}

/// Ends a lockdown. No door becomes unlocked by it.
#[utoipa::path(
    post, path = "/v1/lockdowns/{zone}/end", tag = "access", request_body = Why,
    params(("zone" = String, Path, description = "Zone id")),
    responses((status = 204), (status = 400, body = Problem)), security(("token" = []))
)]
pub async fn end_lockdown(
    State(shared): State<Shared>,
    caller: Caller,
    Path(zone): Path<String>,
    Json(why): Json<Why>,
) -> Answer<StatusCode> {
    let zone = zone_of(&zone)?;
    caller.must_at(Action::LockdownOperate, site_of(&shared, zone.as_str()).as_ref())?;
    shared.engine.end_lockdown(&zone, (caller.by().0, why.wanted()?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The threat level.
#[utoipa::path(
    get, path = "/v1/threat", tag = "access",
    responses((status = 200, body = ThreatItem)), security(("token" = []))
)]
pub async fn threat(State(shared): State<Shared>, caller: Caller) -> Answer<Json<ThreatItem>> {
    caller.must(Action::PlaceRead)?;
    let told = shared.engine.commander.alertness().threat;
    Ok(Json(ThreatItem {
        level: told.as_ref().map_or(Threat::Normal, |told| told.level).as_str(),
        since: told.as_ref().map(|told| told.since),
        by: told.as_ref().map(|told| told.by.clone()),
        reason: told.map(|told| told.reason),
    }))
}

/// Raises or lowers the threat level, of every site.
#[utoipa::path(
    put, path = "/v1/threat", tag = "access", request_body = ThreatRequest,
    responses((status = 200, body = ThreatItem), (status = 400, body = Problem),
        (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn set_threat(
    State(shared): State<Shared>,
    caller: Caller,
    Json(request): Json<ThreatRequest>,
) -> Answer<Json<ThreatItem>> {
    caller.must_at(Action::LockdownOperate, None)?;
    let unknown = || Problem::bad_request("`level` is normal, elevated, high or severe");
    let level = Threat::parse(&request.level).ok_or_else(unknown)?;
    let why = Why { reason: request.reason };
    let told = shared.engine.set_threat(level, (caller.by().0, why.wanted()?)).await?;
    Ok(Json(ThreatItem {
        level: told.level.as_str(),
        since: Some(told.since),
        by: Some(told.by),
        reason: Some(told.reason),
    }))
}
