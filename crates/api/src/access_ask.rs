//! Why somebody may pass a door or may not.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use engine::access::Action;
use engine::access::door::{self, CheckVerdict, PolicyVerdict};
use engine::rights::{AskError, Asked, PastRequest, RIGHT_PREFIX, Told, Who};
use model::{CredentialId, DoorId, PersonId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::state::Shared;
use crate::version::SnapshotVersion;

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
    snapshot: SnapshotVersion,
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
        snapshot: SnapshotVersion(decision.snapshot),
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
