//! Policies by their scope: a request meets only those whose scope can match it.

use std::collections::HashMap;
use std::sync::Arc;

use cedar_policy::Effect;
use model::{DoorId, PersonId};

use crate::door::estate::PlacedDoor;
use crate::door::names::Bits;
use crate::door::people::Holder;

use super::condition::Test;
use super::residue::Residue;

/// Whom a scope means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    Anybody,
    Group(u32),
    Person(PersonId),
    /// Its scope cannot match.
    Nobody,
}

/// Which doors a scope means.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Where {
    Anywhere,
    Zone(u32),
    Door(DoorId),
    /// Its scope cannot match.
    Nowhere,
}

/// One policy, or one link of a template.
#[derive(Debug)]
pub(crate) struct Rule {
    pub id: Arc<str>,
    pub effect: Effect,
    pub who: Who,
    pub place: Where,
    pub test: Test,
    pub residue: Option<Residue>,
    /// As it was written; none: a link.
    pub text: Option<Arc<str>>,
}

/// The rules of one door, zone, or of all doors.
#[derive(Debug, Clone, Default)]
struct Bucket {
    anybody: Vec<Arc<Rule>>,
    /// The groups of `by_group`, as bits: most of a person's groups are in none of them.
    groups: Bits,
    by_group: HashMap<u32, Vec<Arc<Rule>>>,
    by_person: HashMap<PersonId, Vec<Arc<Rule>>>,
}

impl Bucket {
    fn list(&mut self, who: &Who) -> Option<&mut Vec<Arc<Rule>>> {
        match who {
            Who::Anybody => Some(&mut self.anybody),
            Who::Group(group) => {
                self.groups.set(*group);
                Some(self.by_group.entry(*group).or_default())
            }
            Who::Person(person) => Some(self.by_person.entry(person.clone()).or_default()),
            Who::Nobody => None,
        }
    }
}

/// All rules.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    buckets: HashMap<Where, Arc<Bucket>>,
}

impl Index {
    pub(crate) fn add(&mut self, rule: &Arc<Rule>) {
        if rule.place == Where::Nowhere {
            return;
        }
        let bucket = self.buckets.entry(rule.place.clone()).or_default();
        if let Some(list) = Arc::make_mut(bucket).list(&rule.who) {
            list.push(rule.clone());
        }
    }

    pub(crate) fn remove(&mut self, rule: &Rule) {
        let Some(bucket) = self.buckets.get_mut(&rule.place) else { return };
        // A group that is left without rules keeps its bit; that costs one look-up.
        if let Some(list) = Arc::make_mut(bucket).list(&rule.who) {
            list.retain(|other| other.id != rule.id);
        }
    }

    /// Every rule whose scope matches this person before this door.
    pub(crate) fn matching<'a>(
        &'a self,
        holder: &'a Holder,
        placed: &'a PlacedDoor,
    ) -> impl Iterator<Item = &'a Rule> {
        let zones = placed.into.iter().map(|zone| Where::Zone(*zone));
        let places =
            [Where::Anywhere, Where::Door(placed.door.id.clone())].into_iter().chain(zones);
        let buckets = places.filter_map(|place| self.buckets.get(&place));
        buckets.flat_map(|bucket| {
            let groups = holder.groups.iter().filter(|group| bucket.groups.has(**group));
            let of_groups = groups.filter_map(|group| bucket.by_group.get(group)).flatten();
            let of_person = bucket.by_person.get(&holder.person.id).into_iter().flatten();
            bucket.anybody.iter().chain(of_groups).chain(of_person).map(AsRef::as_ref)
        })
    }
}
