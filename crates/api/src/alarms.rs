//! How often people are alarmed, and by which rules.

use axum::Json;
use axum::extract::{Query, State};
use engine::access::Action;
use engine::alarms::{AlarmWindow, OwnerAlarms, RuleAlarms};
use engine::store::state::Alarm;
use model::{RuleId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::state::Shared;

/// What one rule rang.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AlarmRule {
    /// Which; absent for what people opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<RuleId>,
    /// Its title, where it is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// Incidents that it opened.
    alarms: u64,
    /// Its findings, those that folded included; everywhere, so only for who sees everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<u64>,
    /// Most alarms in ten minutes.
    peak: u64,
    /// Alarms in ten minutes, on average.
    per_span: f64,
}

/// What came to one owner.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AlarmOwner {
    /// `team:guard` or `person:ID`.
    owner: String,
    /// Incidents that are theirs.
    alarms: u64,
    /// Most of them in ten minutes.
    peak: u64,
}

/// Alarms of one window up to now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AlarmWindowItem {
    /// `ten_minutes`, `shift` (eight hours) or `week`.
    name: &'static str,
    /// Its first instant; the server's own beginning where that is later.
    from: Timestamp,
    /// Incidents opened.
    alarms: u64,
    /// In ten minutes, on average, for each operator on duty.
    per_operator: f64,
    /// Most in ten minutes.
    peak: u64,
    /// Spans of ten minutes with more alarms than operators.
    spans_over: u64,
    /// Spans of ten minutes.
    spans: u64,
    /// `calm` (one in ten minutes for each operator at most), `busy` (two), `over` or `flood`.
    load: &'static str,
    /// The noisiest rules.
    rules: Vec<AlarmRule>,
    /// Whose they are.
    owners: Vec<AlarmOwner>,
}

/// Of what.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AlarmQuery {
    /// Only `ten_minutes`, `shift` or `week`.
    window: Option<String>,
}

/// How often people are alarmed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AlarmRatesAnswer {
    /// The instant.
    now: Timestamp,
    /// Operators heard in the last quarter of an hour; where there is none, one is counted.
    operators: u64,
    /// Whether there were more than are counted.
    is_cut: bool,
    /// Incidents opened in each of the last twelve spans of ten minutes, oldest first; the last one
    /// ends at `now`, and is what the window `ten_minutes` counts.
    bars: Vec<u64>,
    /// Ten minutes, a shift, a week; or the one that was asked for.
    windows: Vec<AlarmWindowItem>,
}

fn window(of: AlarmWindow, sees_all: bool) -> AlarmWindowItem {
    let rule = |one: RuleAlarms| AlarmRule {
        rule: one.rule,
        title: one.title,
        alarms: one.alarms,
        findings: sees_all.then_some(one.findings),
        peak: one.peak,
        per_span: one.per_span,
    };
    let owner =
        |one: OwnerAlarms| AlarmOwner { owner: one.owner, alarms: one.alarms, peak: one.peak };
    AlarmWindowItem {
        name: of.name,
        from: of.from,
        alarms: of.alarms,
        per_operator: of.per_operator,
        peak: of.peak,
        spans_over: of.spans_over,
        spans: of.spans,
        load: of.load.as_str(),
        rules: of.rules.into_iter().map(rule).collect(),
        owners: of.owners.into_iter().map(owner).collect(),
    }
}

/// How often people are alarmed, against one alarm in ten minutes for each operator (EEMUA 191,
/// ISA-18.2), with the noisiest rules named.
#[utoipa::path(
    get, path = "/v1/alarm-rates", tag = "incidents", params(AlarmQuery),
    responses((status = 200, body = AlarmRatesAnswer), (status = 400, body = Problem)), security(("token" = []))
)]
pub async fn alarm_rates(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<AlarmQuery>,
) -> Answer<Json<AlarmRatesAnswer>> {
    caller.must(Action::IncidentRead)?;
    let reach = caller.reach(Action::IncidentRead)?;
    let sees_all = reach == engine::access::Reach::Everywhere;
    let is_near = |alarm: &Alarm| reach.covers(alarm.site.as_ref());
    let only = query.window.as_deref();
    if let Some(other) = only.filter(|name| !["ten_minutes", "shift", "week"].contains(name)) {
        let detail = format!("`{other}` is no window; expected ten_minutes, shift or week");
        return Err(Problem::bad_request(detail));
    }
    let rates = shared.engine.alarm_rates(only, is_near).await?;
    let windows = rates.windows.into_iter().map(|one| window(one, sees_all)).collect();
    let (now, operators, is_cut) = (rates.now, rates.operators, rates.is_cut);
    Ok(Json(AlarmRatesAnswer { now, operators, is_cut, bars: rates.bars, windows }))
}
