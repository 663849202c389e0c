//! The customer's policies: Cedar text and links of templates, validated strictly, indexed by
//! scope, compiled as far as they cannot fail, and asked of Cedar for the rest.
//!
//! INVARIANT: what comes out is what plain Cedar says of the whole set, with one rule of ours
//! before it: an error in a `forbid` refuses (`tests/policies.rs`).

mod condition;
mod facts;
mod index;
mod lasting;
mod load;
mod needed;
mod oracle;
mod residue;
mod unknown;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cedar_policy::{Effect, Schema};

pub(crate) use facts::Facts;
pub use lasting::PolicyLasts;
pub use load::{Change, Link, POLICIES_MAX, SCHEMA, policy_names};
pub(crate) use needed::{Needed, Permitted};
#[doc(hidden)]
pub use oracle::Plain;
pub(crate) use unknown::unknown;

use index::{Index, Rule};
use load::Template;
use residue::{Question, Said, Types};

use super::explain::{PolicyTold, PolicyVerdict};
use super::names::Names;
use super::reason::Reason;
use super::request::POLICIES_NAMED_MAX;

/// A set of policies, ready to be asked.
#[derive(Clone)]
pub struct Policies {
    schema: Arc<Schema>,
    types: Arc<Types>,
    rules: HashMap<Arc<str>, Arc<Rule>>,
    templates: BTreeMap<Arc<str>, Arc<Template>>,
    links: BTreeMap<Arc<str>, Link>,
    index: Index,
}

impl std::fmt::Debug for Policies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (rules, templates) = (self.rules.len(), self.templates.len());
        write!(f, "Policies({rules} rules, {templates} templates)")
    }
}

/// What policies say of one person before one door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What let through or stood in the way.
    pub because: Reason,
    /// The policies that determined it, in order of their names.
    pub policies: Vec<Arc<str>>,
}

impl Judged {
    /// Whether they permit.
    pub fn is_permit(&self) -> bool {
        self.because == Reason::Permitted
    }
}

impl Policies {
    /// How many policies and links there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are none: then nobody is permitted anything.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Names of all policies and links, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut names: Vec<&str> = self.rules.keys().map(AsRef::as_ref).collect();
        names.sort_unstable();
        names.into_iter()
    }

    /// Whether there is a policy or a link of this name.
    pub(crate) fn is_known(&self, name: &str) -> bool {
        self.rules.contains_key(name)
    }

    /// How many of them Cedar itself must be asked about, at least in part.
    pub fn residues(&self) -> usize {
        self.rules.values().filter(|rule| rule.residue.is_some()).count()
    }

    pub(crate) fn judge(&self, names: &Names, facts: &Facts<'_>) -> Judged {
        let question = Question::new(&self.types, names, facts);
        let mut permits: Vec<&Arc<str>> = Vec::new();
        let mut forbids: Vec<&Arc<str>> = Vec::new();
        let mut broken: Option<(&Arc<str>, Arc<str>)> = None;
        for rule in self.index.matching(facts.holder, facts.door) {
            if !rule.test.holds(facts) {
                continue;
            }
            let said = match &rule.residue {
                Some(residue) => question.ask(residue),
                None => Said::Satisfied,
            };
            match (said, rule.effect) {
                (Said::Satisfied, Effect::Permit) => permits.push(&rule.id),
                (Said::Satisfied, Effect::Forbid) => forbids.push(&rule.id),
                (Said::Error(error), Effect::Forbid) => {
                    if broken.as_ref().is_none_or(|(id, _)| rule.id < **id) {
                        broken = Some((&rule.id, error));
                    }
                }
                // A permit that fails permits nothing.
                (Said::Error(_), Effect::Permit) => {}
                (Said::Not, Effect::Permit | Effect::Forbid) => {}
            }
        }
        conclude(permits, forbids, broken)
    }
}

impl Policies {
    /// How every policy goes whose scope fits, in order of their names.
    pub(crate) fn told(&self, names: &Names, facts: &Facts<'_>) -> Vec<PolicyTold> {
        let question = Question::new(&self.types, names, facts);
        let tell = |rule: &Rule| {
            let said = match (&rule.residue, rule.test.holds(facts)) {
                (_, false) => Said::Not,
                (Some(residue), true) => question.ask(residue),
                (None, true) => Said::Satisfied,
            };
            let forbids = rule.effect == Effect::Forbid;
            let (verdict, error) = match said {
                Said::Satisfied if forbids => (PolicyVerdict::Forbids, None),
                Said::Satisfied => (PolicyVerdict::Permits, None),
                Said::Not => (PolicyVerdict::DoesNotHold, None),
                Said::Error(error) => (PolicyVerdict::Error, Some(error)),
            };
            PolicyTold { policy: rule.id.clone(), forbids, verdict, error }
        };
        let mut told: Vec<PolicyTold> =
            self.index.matching(facts.holder, facts.door).map(tell).collect();
        told.sort_by(|a, b| a.policy.cmp(&b.policy));
        told
    }
}

fn conclude(
    mut permits: Vec<&Arc<str>>,
    mut forbids: Vec<&Arc<str>>,
    broken: Option<(&Arc<str>, Arc<str>)>,
) -> Judged {
    let named = |ids: &mut Vec<&Arc<str>>| {
        ids.sort_unstable();
        ids.iter().take(POLICIES_NAMED_MAX).map(|id| (*id).clone()).collect::<Vec<_>>()
    };
    if !forbids.is_empty() {
        let policies = named(&mut forbids);
        if let Some(policy) = policies.first().cloned() {
            return Judged { because: Reason::Forbidden { policy }, policies };
        }
    }
    if let Some((policy, error)) = broken {
        let because = Reason::PolicyError { policy: policy.clone(), error };
        return Judged { because, policies: vec![policy.clone()] };
    }
    if permits.is_empty() {
        return Judged { because: Reason::NoPolicy, policies: Vec::new() };
    }
    Judged { because: Reason::Permitted, policies: named(&mut permits) }
}
