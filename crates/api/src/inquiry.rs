//! Who could it have been.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use engine::access::Action;
use engine::detect::whereabouts::{Answer as Told, Moment, Proof, Seen, Verdict};
use engine::inquiry::Inquired;
use engine::knowledge::Knowledge;
use engine::limits::Limits;
use model::enrichment::{PresenceState, UnknownWhy};
use model::spine::PersonKind;
use model::text::Words;
use model::{PersonId, PlaceId, SourceId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::reason::{REASON_CHARS_MAX, fit};
use crate::state::Shared;
use crate::veil::Eyes;

/// Who could have been at these places at these moments?
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhereaboutsRequest {
    /// The moments; `inquiry_moments_max` at most.
    moments: Vec<MomentAsk>,
    /// Why it is asked; kept in the audit log with who asked.
    reason: String,
}

/// A moment: an instant, or an event.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MomentAsk {
    /// When; may be left out where an event says it.
    #[serde(default)]
    time: Option<Timestamp>,
    /// A door, zone, room, floor, building or site; without one it is only asked who was in at all,
    /// unless an event says where.
    #[serde(default)]
    place: Option<PlaceId>,
    /// The event that the moment is made from.
    #[serde(default)]
    event: Option<EventName>,
}

/// An event by its record and part.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventName {
    /// Journal sequence of its record.
    record: u64,
    /// Which of the record's events it is.
    #[serde(default)]
    part: u16,
}

/// Everybody against these moments.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WhereaboutsAnswer {
    /// The moments, with what their events said of them.
    moments: Vec<MomentItem>,
    /// How many people are consistent, unknown and excluded.
    counts: Counts,
    /// The people: consistent first, then unknown, then excluded.
    people: Vec<PersonAnswer>,
    /// People beyond `inquiry_people_max`, who are counted and not listed.
    left_out: usize,
    /// How far back history was looked through.
    from: Timestamp,
    /// And how far on.
    to: Timestamp,
}

/// A moment as it was asked about.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MomentItem {
    /// When.
    time: Timestamp,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<PlaceId>,
    /// The event it was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<EventName>,
}

/// People by verdict.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub struct Counts {
    /// Could have been at every place.
    consistent: usize,
    /// Neither consistent nor excluded.
    unknown: usize,
    /// Known to have been elsewhere at some moment.
    excluded: usize,
}

/// One person.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PersonAnswer {
    /// Id.
    person: PersonId,
    /// The name, once this session has given a reason for seeing it.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Kind.
    kind: PersonKind,
    /// Team.
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<String>,
    /// `consistent`, `unknown` or `excluded`.
    #[schema(value_type = String)]
    verdict: Verdict,
    /// The moments that the verdict rests on: of who is excluded, those that exclude.
    moments: Vec<SeenItem>,
}

/// One person at one moment.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SeenItem {
    /// Which moment, from 0.
    moment: usize,
    /// What was known: `in`, `out` or `unknown`.
    #[schema(value_type = String)]
    state: PresenceState,
    /// The zone, when in.
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<PlaceId>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    /// Why it is unknown: `never_seen`, `aged`, `stale`, `ambiguous`, `unwatched`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    why: Option<UnknownWhy>,
    /// `consistent`, `unknown` or `excluded`, of this moment alone.
    #[schema(value_type = String)]
    verdict: Verdict,
    /// `there`, `within_reach`, `at_its_door`, `passing`, `moved_unseen`, `seen_by_network`;
    /// `elsewhere`, `outside`; `left_unseen`, `not_known`.
    reason: &'static str,
    /// What the verdict rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<ProofItem>,
    /// The last sighting before.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<ProofItem>,
    /// The first sighting after.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<ProofItem>,
    /// Log-ons of theirs nearby.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<ProofItem>,
}

/// An event that shows where somebody was.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProofItem {
    /// Journal sequence of its record.
    record: u64,
    /// Which of the record's events it is.
    part: u16,
    /// Whose record.
    source: SourceId,
    /// When.
    time: Timestamp,
    /// `granted`, `taken`, `sensor` or `log_on`.
    by: &'static str,
    /// The door, or where the thing stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<PlaceId>,
    /// The zone that it led into.
    #[serde(skip_serializing_if = "Option::is_none")]
    into: Option<PlaceId>,
}

/// Who could have been at these places at these moments: every person of the organisation as
/// consistent, excluded (with the evidence) or unknown. People appear by their ids; the question
/// and its reason are kept in the audit log.
#[utoipa::path(
    post, path = "/v1/whereabouts", tag = "organisation", request_body = WhereaboutsRequest,
    responses((status = 200, body = WhereaboutsAnswer), (status = 400, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 429, body = Problem)),
    security(("token" = []))
)]
pub async fn ask(
    State(shared): State<Shared>,
    caller: Caller,
    Json(request): Json<WhereaboutsRequest>,
) -> Answer<Json<WhereaboutsAnswer>> {
    caller.must(Action::WhereaboutsAsk)?;
    let reach = caller.reach(Action::WhereaboutsAsk)?;
    let reason = request.reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
        let detail = format!("`reason` has 1 to {REASON_CHARS_MAX} characters");
        return Err(Problem::bad_request(detail));
    }
    fit("reason", reason, Words::Text)?;
    let _turn = shared.inquiries.clone().try_acquire_owned().map_err(|_| {
        let detail = "too many such questions are being answered; come again";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
            .after(std::time::Duration::from_secs(1))
    })?;
    let moments = moments(&shared, &caller, &request.moments).await?;
    let object = object(&moments);
    shared.engine.note_reason(("whereabouts.ask", &object), reason, caller.by().0).await?;
    let found = shared.engine.inquire(&moments).await?;
    let knowledge = shared.engine.current.get();
    let is_near = |told: &Told| {
        let person = knowledge.org.people.get(&told.person);
        reach.covers(person.and_then(|person| person.site.as_ref()))
    };
    let Inquired { mut answers, parts, from, to, .. } = found;
    answers.retain(is_near);
    answers.sort_by(|a, b| {
        (a.verdict, strength(a), &a.person).cmp(&(b.verdict, strength(b), &b.person))
    });
    let mut counts = Counts::default();
    for told in &answers {
        match told.verdict {
            Verdict::Consistent => counts.consistent += 1,
            Verdict::Unknown => counts.unknown += 1,
            Verdict::Excluded => counts.excluded += 1,
        }
    }
    let max = Limits::count(shared.engine.config.limits.inquiry_people_max);
    let left_out = answers.len().saturating_sub(max);
    answers.truncate(max);
    let eyes = Eyes::of(&shared, &caller);
    let people = answers.into_iter().filter_map(|told| person(told, &knowledge, &eyes, &parts));
    let asked = moments.iter().zip(&request.moments);
    Ok(Json(WhereaboutsAnswer {
        moments: asked
            .map(|(moment, asked)| MomentItem {
                time: moment.time,
                place: moment.place.clone(),
                event: asked.event,
            })
            .collect(),
        counts,
        people: people.collect(),
        left_out,
        from,
        to,
    }))
}

/// What the audit chain calls the question.
fn object(moments: &[Moment]) -> String {
    const NAMED_MAX: usize = 8;
    let each = moments.iter().take(NAMED_MAX).map(|moment| match &moment.place {
        Some(place) => format!("{}@{place}", moment.time),
        None => moment.time.to_string(),
    });
    let each: Vec<String> = each.collect();
    let more = moments.len().saturating_sub(NAMED_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("moments:{}{more}", each.join(","))
}

/// Who is known to have been there comes before who may have been.
fn strength(told: &Told) -> usize {
    told.moments.iter().map(|seen| seen.reason as usize).max().unwrap_or(usize::MAX)
}

async fn moments(shared: &Shared, caller: &Caller, asked: &[MomentAsk]) -> Answer<Vec<Moment>> {
    let limits = &shared.engine.config.limits;
    let max = Limits::count(limits.inquiry_moments_max);
    if asked.is_empty() || asked.len() > max {
        return Err(Problem::bad_request(format!("`moments` has 1 to {max} entries")));
    }
    let mut moments = Vec::with_capacity(asked.len());
    for (number, one) in asked.iter().enumerate() {
        moments.push(moment(shared, caller, (number, one)).await?);
    }
    let first = moments.iter().map(|moment| moment.time).min();
    let last = moments.iter().map(|moment| moment.time).max();
    let span = first.zip(last).map(|(first, last)| last.since(first));
    let longest = Limits::ms(limits.inquiry_span_ms_max);
    if span.is_some_and(|span| span > longest) {
        let days = longest.as_secs() / 86_400;
        let detail = format!("the moments lie further apart than {days} days; ask in parts");
        return Err(Problem::bad_request(detail));
    }
    Ok(moments)
}

async fn moment(
    shared: &Shared,
    caller: &Caller,
    (number, asked): (usize, &MomentAsk),
) -> Answer<Moment> {
    let org = shared.engine.current.get().org.clone();
    if let Some(place) = &asked.place {
        if !org.places.contains_key(place) {
            return Err(Problem::not_found(format!("moment {number}: no place `{place}`")));
        }
        caller.must_at(Action::WhereaboutsAsk, org.site_of(place))?;
    }
    let Some(event) = asked.event else {
        let time = asked.time.ok_or_else(|| {
            Problem::bad_request(format!("moment {number} has neither `time` nor `event`"))
        })?;
        return Ok(Moment::at(time, asked.place.clone()));
    };
    caller.must(Action::EventSearch)?;
    let found = shared.engine.moment_of((event.record, event.part)).await?;
    let (mut moment, site) = found.ok_or_else(|| {
        let name = format!("{}/{}", event.record, event.part);
        Problem::not_found(format!("moment {number}: no event {name}"))
    })?;
    caller.must_at(Action::EventSearch, site.as_ref())?;
    if asked.place.is_some() {
        moment.place.clone_from(&asked.place);
    }
    if let Some(time) = asked.time.filter(|time| *time != moment.time) {
        // Another time than the event's is no longer that event's moment.
        moment = Moment::at(time, moment.place);
    }
    Ok(moment)
}

fn person(
    told: Told,
    knowledge: &Knowledge,
    eyes: &Eyes,
    parts: &BTreeMap<u64, u16>,
) -> Option<PersonAnswer> {
    let known = knowledge.org.people.get(&told.person)?;
    let verdict = told.verdict;
    let counts = |seen: &Seen| match verdict {
        Verdict::Excluded => seen.verdict() == Verdict::Excluded,
        Verdict::Consistent | Verdict::Unknown => true,
    };
    let moments = told.moments.into_iter().enumerate().filter(|(_, seen)| counts(seen));
    Some(PersonAnswer {
        name: eyes.sees(&told.person).then(|| known.name.clone()),
        kind: known.kind,
        team: known.team.clone(),
        verdict,
        moments: moments.map(|(number, seen)| item(number, seen, parts)).collect(),
        person: told.person,
    })
}

fn item(moment: usize, seen: Seen, parts: &BTreeMap<u64, u16>) -> SeenItem {
    let proof = |proof: Proof| ProofItem {
        part: parts.get(&proof.record).copied().unwrap_or_default(),
        record: proof.record,
        source: proof.source,
        time: proof.time,
        by: proof.by.as_str(),
        at: proof.at,
        into: proof.into,
    };
    SeenItem {
        moment,
        verdict: seen.verdict(),
        state: seen.state,
        zone: seen.zone,
        since: seen.since,
        why: seen.why,
        reason: seen.reason.as_str(),
        evidence: seen.evidence.map(proof),
        last: seen.last.map(proof),
        next: seen.next.map(proof),
        also: seen.also.into_iter().map(proof).collect(),
    }
}
