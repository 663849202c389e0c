//! Decisions for other people's enforcement points: the same snapshot, the same kernel, and nothing
//! that is changed by asking.
//!
//! SOURCE: OpenID AuthZEN Authorization API 1.0 (final, January 2026), sections 6 to 8; what a
//! subject, an action and a resource are here stands in docs/protocols/authzen.md.

use std::collections::BTreeSet;

use access::door::{
    BodyVerdict, CardNumber, Companion, Decision, Direction, Outcome, PinVerdict, Presented,
    Request, Snapshot, decide,
};
use model::{CredentialId, DoorId, PersonId, PlaceId, Timestamp, ZoneId};

use crate::rights::{Rights, presented, shown_by_all};

/// Most evaluations of one request.
pub const EVALUATIONS_MAX: usize = 1_000;
/// Most results of one page of a search.
pub const RESULTS_MAX: usize = 1_000;
/// Results of a page where nothing is said.
pub const RESULTS: usize = 100;

/// The action of coming in.
pub const ENTER: &str = "enter";
/// The action of going out, which is always free.
pub const EXIT: &str = "exit";

/// What an enforcement point may ask about, and what it is told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scoped {
    /// `*`, `door:ID` or `zone:ID` (all doors into it and the zones in it).
    pub places: Vec<String>,
    /// It may search.
    pub search: bool,
    /// It is told why.
    pub reasons: bool,
}

impl Scoped {
    /// Whether it enforces a door.
    pub fn covers(&self, snapshot: &Snapshot, door: &DoorId) -> bool {
        let into = snapshot.estate().door(door).map(|door| &door.to);
        self.places.iter().any(|place| match place.split_once(':') {
            _ if place == "*" => true,
            Some(("door", id)) => id == door.as_str(),
            Some(("zone", id)) => ZoneId::parse(id).is_ok_and(|zone| {
                into.is_some_and(|into| snapshot.estate().is_within(into, &zone))
            }),
            Some(_) | None => false,
        })
    }
}

/// Who comes, as an enforcement point names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A person; what they would show is shown.
    Person(PersonId),
    /// One credential by its id.
    Credential(CredentialId),
    /// A card by what it says of itself.
    Card {
        /// Its format's name.
        format: String,
        /// Facility code, zero where there is none.
        facility: u64,
        /// Its number.
        number: u64,
        /// Issue level, zero where there is none.
        issue: u32,
    },
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Who.
    pub subject: Subject,
    /// Which way.
    pub direction: Direction,
    /// At which door.
    pub door: DoorId,
    /// What a reader said of a body.
    pub body: BodyVerdict,
    /// Who comes along.
    pub companion: Option<Subject>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Decided.
    Decided(Decision),
    /// The enforcement point does not enforce this door, or there is none: it is not told which.
    NotYours,
}

impl Said {
    /// Whether they may pass now, with nothing left to show.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Decided(decision) => decision.is_grant(),
            Self::NotYours => false,
        }
    }
}

/// What somebody shows.
fn shown(rights: &Rights, snapshot: &Snapshot, subject: &Subject, now: Timestamp) -> Presented {
    match subject {
        Subject::Person(id) => {
            rights.shown(snapshot, id, now).map_or(Presented::Nothing, presented)
        }
        Subject::Credential(id) => {
            snapshot.people().credential(id).map_or(Presented::Nothing, presented)
        }
        Subject::Card { format, facility, number, issue } => {
            let number = u128::from(*number);
            let (facility, issue) = (*facility, *issue);
            Presented::Card(rights.key().card(&CardNumber { format, facility, number, issue }))
        }
    }
}

/// Answers one question.
pub fn evaluate(
    (rights, snapshot): (&Rights, &Snapshot),
    scoped: &Scoped,
    question: &Question,
    now: Timestamp,
) -> Said {
    if !scoped.covers(snapshot, &question.door) {
        return Said::NotYours;
    }
    let companion = question.companion.as_ref().map(|subject| Companion {
        presented: shown(rights, snapshot, subject, now),
        pin: PinVerdict::NotGiven,
    });
    let request = Request {
        door: question.door.clone(),
        direction: question.direction,
        presented: shown(rights, snapshot, &question.subject, now),
        pin: PinVerdict::NotGiven,
        body: question.body,
        companion,
    };
    Said::Decided(decide(snapshot, &request, now))
}

/// Everybody after `after` who may pass a door now, at most `limit`; and whether there are more.
pub fn search_subjects(
    snapshot: &Snapshot,
    (door, direction): (&DoorId, Direction),
    (after, limit): (Option<&PersonId>, usize),
    now: Timestamp,
) -> (Vec<PersonId>, bool) {
    let mut found = Vec::new();
    for (person, shown) in shown_by_all(snapshot, now) {
        if after.is_some_and(|after| person <= after) {
            continue;
        }
        let mut request = Request::card(door.clone(), shown.key);
        (request.presented, request.direction) = (presented(shown), direction);
        if decide(snapshot, &request, now).is_grant() {
            if found.len() == limit {
                return (found, true);
            }
            found.push(person.clone());
        }
    }
    (found, false)
}

/// Every door after `after` that somebody may pass now, at most `limit`; and whether there are
/// more.
pub fn search_doors(
    (rights, snapshot): (&Rights, &Snapshot),
    scoped: &Scoped,
    (subject, direction): (&Subject, Direction),
    (after, limit): (Option<&DoorId>, usize),
    now: Timestamp,
) -> (Vec<DoorId>, bool) {
    let shown = shown(rights, snapshot, subject, now);
    let doors: BTreeSet<&DoorId> = snapshot.estate().doors().map(|door| &door.id).collect();
    let mut found = Vec::new();
    for door in doors {
        if after.is_some_and(|after| door <= after) || !scoped.covers(snapshot, door) {
            continue;
        }
        let request = Request {
            door: door.clone(),
            direction,
            presented: shown.clone(),
            pin: PinVerdict::NotGiven,
            body: BodyVerdict::NotGiven,
            companion: None,
        };
        if decide(snapshot, &request, now).is_grant() {
            if found.len() == limit {
                return (found, true);
            }
            found.push(door.clone());
        }
    }
    (found, false)
}

/// Why, as an enforcement point is told: a stable code and a sentence.
pub fn told(decision: &Decision) -> (&'static str, String) {
    (decision.because.code(), decision.because.to_string())
}

/// What is left to do before the door opens, as words.
pub fn steps(decision: &Decision) -> Vec<&'static str> {
    match &decision.outcome {
        Outcome::Require(steps) => steps.iter().map(|step| step.as_str()).collect(),
        Outcome::Grant { .. } | Outcome::Refuse => Vec::new(),
    }
}

/// Whether a text names what an enforcement point can be bound to, in this organisation.
pub fn is_place(org: &model::Organisation, text: &str) -> bool {
    let known = |id: &str| PlaceId::parse(id).is_ok_and(|id| org.places.contains_key(&id));
    match text.split_once(':') {
        _ if text == "*" => true,
        Some(("door" | "zone", id)) => known(id),
        Some(_) | None => false,
    }
}
