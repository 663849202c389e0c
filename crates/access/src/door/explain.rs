//! The same decision with every check and policy told one by one: for whoever asks why.
//!
//! INVARIANT: the decision is what [`decide`] says, and where a check stopped it the reason is that
//! check's (`tests/explain.rs`).

use std::sync::Arc;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::checks::{Entry, Found, facts, find, identify_found};
use super::decide::decide;
use super::policy::PolicyLasts;
use super::reason::Reason;
use super::request::{Decision, Request};
use super::snapshot::Snapshot;
use super::words::{CredentialKind, Factor, Lease};

/// How one check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    /// Nothing stood in the way.
    Passed,
    /// Something is to be recorded, and did not stand in the way.
    Noted,
    /// More has to be shown.
    Asks,
    /// It stood in the way.
    Stopped,
    /// Something before it had stood in the way already, or nothing of it counted.
    NotReached,
}

/// One check, in the order in which they are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckTold {
    /// Its name.
    pub check: &'static str,
    /// How it went.
    pub verdict: CheckVerdict,
    /// Why, where it did not simply pass.
    pub because: Option<Reason>,
}

/// How one policy went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyVerdict {
    /// It permits.
    Permits,
    /// It forbids.
    Forbids,
    /// It is for somebody or somewhere else, or its conditions do not hold.
    DoesNotHold,
    /// It could not be evaluated.
    Error,
}

/// One policy whose scope this person and door are in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyTold {
    /// Its name.
    pub policy: Arc<str>,
    /// Whether it could forbid; else it could permit.
    pub forbids: bool,
    /// How it went.
    pub verdict: PolicyVerdict,
    /// Why it could not be evaluated.
    pub error: Option<Arc<str>>,
}

/// A decision, and everything that led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What [`decide`] says.
    pub decision: Decision,
    /// Every check, in order.
    pub checks: Vec<CheckTold>,
    /// Every policy whose scope fits, in order of their names; also where a check had stopped
    /// already, so that one sees what would have come.
    pub policies: Vec<PolicyTold>,
}

/// The names of the checks, in their order.
pub const CHECKS: [&str; 13] = [
    "credential",
    "glass",
    "lease",
    "lockdown",
    "threat",
    "anti_passback",
    "occupancy",
    "company",
    "first_person",
    "interlock",
    "work",
    "factors",
    "policies",
];

/// Decides one request and tells how.
pub fn explain(snapshot: &Snapshot, request: &Request, now: Timestamp) -> Explanation {
    let decision = decide(snapshot, request, now);
    let mut trace = Trace::default();
    let mut policies = Vec::new();
    let placed = snapshot.estate().door(&request.door).is_some();
    if request.direction.is_egress() || !placed {
        trace.stop_at_once(&decision);
    } else {
        policies = walk(snapshot, request, (&decision, now), &mut trace);
    }
    Explanation { decision, checks: trace.told(), policies }
}

#[derive(Default)]
struct Trace {
    checks: Vec<CheckTold>,
    is_stopped: bool,
}

impl Trace {
    fn told(mut self) -> Vec<CheckTold> {
        for check in CHECKS {
            if self.checks.iter().all(|told| told.check != check) {
                let verdict = CheckVerdict::NotReached;
                self.checks.push(CheckTold { check, verdict, because: None });
            }
        }
        let order = |told: &CheckTold| CHECKS.iter().position(|check| *check == told.check);
        self.checks.sort_by_key(order);
        self.checks
    }

    fn stop_at_once(&mut self, decision: &Decision) {
        let verdict = match decision.is_grant() {
            true => CheckVerdict::Passed,
            false => CheckVerdict::Stopped,
        };
        let because = Some(decision.because.clone());
        self.checks.push(CheckTold { check: "credential", verdict, because });
    }

    fn put(&mut self, check: &'static str, verdict: CheckVerdict, because: Option<Reason>) {
        self.is_stopped |= verdict == CheckVerdict::Stopped;
        self.checks.push(CheckTold { check, verdict, because });
    }

    /// One check of an entry: what it noted and asked for tells how it went.
    fn step<'a>(
        &mut self,
        check: &'static str,
        entry: &mut Entry<'a>,
        ask: impl FnOnce(&mut Entry<'a>) -> Result<(), Reason>,
    ) {
        if self.is_stopped {
            return;
        }
        let (noted, asked) = (entry.noted.len(), (entry.steps.len(), entry.needs_pin));
        let (verdict, because) = match ask(entry) {
            Err(reason) => (CheckVerdict::Stopped, Some(reason)),
            Ok(()) if (entry.steps.len(), entry.needs_pin) != asked => {
                (CheckVerdict::Asks, entry.noted.get(noted).cloned())
            }
            Ok(()) if entry.noted.len() > noted => {
                (CheckVerdict::Noted, entry.noted.get(noted).cloned())
            }
            Ok(()) => (CheckVerdict::Passed, None),
        };
        self.put(check, verdict, because);
    }
}

fn walk(
    snapshot: &Snapshot,
    request: &Request,
    (decision, now): (&Decision, Timestamp),
    trace: &mut Trace,
) -> Vec<PolicyTold> {
    let found: Found<'_> = find(snapshot, &request.presented);
    let Some(placed) = snapshot.estate.placed(&request.door) else { return Vec::new() };
    let mut entry = Entry::new(snapshot, request, placed, now);
    let shown = match identify_found(snapshot, (&request.presented, found), now) {
        Ok(shown) => {
            trace.put("credential", CheckVerdict::Passed, None);
            Some(shown)
        }
        Err(reason) => {
            trace.put("credential", CheckVerdict::Stopped, Some(reason));
            None
        }
    };
    if let Some(shown) = shown {
        let closed = entry.closed();
        let is_glass = shown.credential.kind == CredentialKind::BreakGlass;
        let responder = shown.holder.is_some_and(|holder| holder.person.is_responder());
        if is_glass || shown.holder.is_none() || (closed.is_some() && responder) {
            // What breaks the glass, and responders during a lockdown, meet none of what follows.
            let check = if closed.is_some() { "lockdown" } else { "glass" };
            let verdict = match decision.is_grant() {
                true => CheckVerdict::Passed,
                false => CheckVerdict::Stopped,
            };
            trace.put(check, verdict, Some(decision.because.clone()));
            trace.is_stopped = true;
        } else if let Some(holder) = shown.holder {
            let mut company = None;
            trace.step("lease", &mut entry, |entry| entry.lease());
            trace.step("lockdown", &mut entry, |_| closed.map_or(Ok(()), Err));
            trace.step("threat", &mut entry, |entry| entry.threat(holder));
            trace.step("anti_passback", &mut entry, |entry| entry.anti_passback(holder));
            trace.step("occupancy", &mut entry, |entry| entry.occupancy(holder));
            trace.step("company", &mut entry, |entry| {
                company = entry.company(&shown, holder)?;
                Ok(())
            });
            trace.step("first_person", &mut entry, |entry| entry.first_person(holder));
            trace.step("interlock", &mut entry, |entry| entry.interlock());
            trace.step("work", &mut entry, |entry| entry.work(holder));
            trace.step("factors", &mut entry, |entry| entry.factors(&shown, (holder, company)));
            if !trace.is_stopped {
                let judged = entry.ask_policies(holder, entry.shown_factors());
                let verdict = match judged.is_permit() {
                    true => CheckVerdict::Passed,
                    false => CheckVerdict::Stopped,
                };
                trace.put("policies", verdict, Some(judged.because));
            }
        }
    }
    let Some(holder) = found.holder else { return Vec::new() };
    let factors = entry.shown_factors();
    let facts = facts(snapshot, (holder, placed), (entry.lease, factors), now);
    snapshot.policies.told(&snapshot.names, &facts)
}

/// How every policy goes whose scope a person before a door is in, with a card and rights that are
/// young enough; `None`: one of them does not exist.
pub fn explain_policies(
    snapshot: &Snapshot,
    (person, door): (&model::PersonId, &model::DoorId),
    now: Timestamp,
) -> Option<Vec<PolicyTold>> {
    let (holder, placed) = (snapshot.people.holder(person)?, snapshot.estate.placed(door)?);
    let with = (Lease::Current, Factor::Card.bit());
    let facts = facts(snapshot, (holder, placed), with, now);
    Some(snapshot.policies.told(&snapshot.names, &facts))
}

/// How every policy goes for good whose scope a person before a door is in, with a card alone:
/// whatever the hour and whatever else is the case; `None`: one of them does not exist.
pub fn lasting_policies(
    snapshot: &Snapshot,
    (person, door): (&model::PersonId, &model::DoorId),
) -> Option<Vec<PolicyLasts>> {
    let (holder, placed) = (snapshot.people.holder(person)?, snapshot.estate.placed(door)?);
    let with = (Lease::Current, Factor::Card.bit());
    // The instant counts for nothing: what depends on it is told as such.
    let facts = facts(snapshot, (holder, placed), with, Timestamp::from_secs(0));
    Some(snapshot.policies.lasting(&facts))
}
