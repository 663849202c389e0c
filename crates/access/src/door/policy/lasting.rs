//! What policies say of a person at a door for good: whatever the hour, the threat, and what is
//! known of the person and their things. For whoever is told once and cannot ask again.

use std::sync::Arc;

use cedar_policy::Effect;

use super::Policies;
use super::condition::{Number, Slot, Test};
use super::facts::Facts;

/// One policy whose scope a person and a door are in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyLasts {
    /// Its name.
    pub policy: Arc<str>,
    /// Whether it could forbid; else it could permit.
    pub forbids: bool,
    /// Whether it holds: always, never, or as it comes (none).
    pub holds: Option<bool>,
}

impl Policies {
    /// How every policy goes whose scope fits, for good, in order of their names.
    pub(crate) fn lasting(&self, facts: &Facts<'_>) -> Vec<PolicyLasts> {
        let mut told: Vec<PolicyLasts> = self
            .index
            .matching(facts.holder, facts.door)
            .map(|rule| PolicyLasts {
                policy: rule.id.clone(),
                forbids: rule.effect == Effect::Forbid,
                // What is left to Cedar is asked only where the beginning holds.
                holds: match (lasts(&rule.test, facts), rule.residue.is_some()) {
                    (Some(false), _) => Some(false),
                    (Some(true) | None, true) | (None, false) => None,
                    (Some(true), false) => Some(true),
                },
            })
            .collect();
        told.sort_by(|a, b| a.policy.cmp(&b.policy));
        told
    }
}

/// Kleene's three values: what changes with time or circumstance is unknown.
fn lasts(test: &Test, facts: &Facts<'_>) -> Option<bool> {
    match test {
        Test::Not(test) => lasts(test, facts).map(|holds| !holds),
        Test::All(tests) => both(tests.iter().map(|test| lasts(test, facts)), false),
        Test::Any(tests) => both(tests.iter().map(|test| lasts(test, facts)), true),
        Test::Word(slot, _) => match slot {
            Slot::Kind | Slot::Class => Some(test.holds(facts)),
            Slot::Threat
            | Slot::Incidents
            | Slot::Device
            | Slot::Source
            | Slot::Presence
            | Slot::Lease => None,
        },
        Test::Number(number, ..) => match number {
            Number::Clearance => Some(test.holds(facts)),
            Number::Minute | Number::Weekday => None,
        },
        Test::Open(_) => None,
        Test::Is(_)
        | Test::Factor(_)
        | Test::Group(_)
        | Test::Zone(_)
        | Test::Person(_)
        | Test::Door(_) => Some(test.holds(facts)),
    }
}

/// All of them (`decides` is false) or any (true): one that decides does so, else an unknown one
/// leaves it unknown.
fn both(tests: impl Iterator<Item = Option<bool>>, decides: bool) -> Option<bool> {
    let mut said = Some(!decides);
    for test in tests {
        match test {
            Some(holds) if holds == decides => return Some(decides),
            Some(_) => {}
            None => said = None,
        }
    }
    said
}
