//! Names in policies that nothing answers to: lawful Cedar, and a right that nobody has.

use std::collections::BTreeSet;

use model::Problem;

use crate::door::snapshot::Snapshot;

use super::condition::Test;
use super::index::{Rule, Where, Who};

/// Every group, person, zone, door and schedule that a policy or link names and the snapshot does
/// not know; warnings, in order of the policies. What Cedar itself evaluates is not looked into.
pub(crate) fn unknown(snapshot: &Snapshot) -> Vec<Problem> {
    let mut groups: BTreeSet<u32> = BTreeSet::new();
    for holder in snapshot.people.holders() {
        groups.extend(holder.groups.iter());
    }
    let known = snapshot.people.groups().into_iter();
    groups.extend(known.filter_map(|group| snapshot.names.group_number(group)));
    let search = Search { snapshot, groups };
    let mut rules: Vec<&Rule> = snapshot.policies.rules.values().map(AsRef::as_ref).collect();
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    let mut problems = Vec::new();
    for rule in rules {
        let mut names = BTreeSet::new();
        search.scope(rule, &mut names);
        search.test(&rule.test, &mut names);
        for name in names {
            let message = format!("`{}` names {name}, which does not exist", rule.id);
            problems.push(Problem::warning("policies", None, "policy_unknown_name", message));
        }
    }
    problems
}

struct Search<'a> {
    snapshot: &'a Snapshot,
    groups: BTreeSet<u32>,
}

impl Search<'_> {
    fn group(&self, number: u32, names: &mut BTreeSet<String>) {
        if let Some(id) = self.snapshot.names.group_id(number)
            && !self.groups.contains(&number)
        {
            names.insert(format!("the group `{id}`"));
        }
    }

    fn zone(&self, number: u32, names: &mut BTreeSet<String>) {
        if let Some(id) = self.snapshot.names.zone_id(number)
            && self.snapshot.estate.zone(id).is_none()
        {
            names.insert(format!("the zone `{id}`"));
        }
    }

    fn scope(&self, rule: &Rule, names: &mut BTreeSet<String>) {
        match &rule.who {
            Who::Group(number) => self.group(*number, names),
            Who::Person(id) if self.snapshot.people.person(id).is_none() => {
                names.insert(format!("the person `{id}`"));
            }
            Who::Person(_) | Who::Anybody | Who::Nobody => {}
        }
        match &rule.place {
            Where::Zone(number) => self.zone(*number, names),
            Where::Door(id) if self.snapshot.estate.door(id).is_none() => {
                names.insert(format!("the door `{id}`"));
            }
            Where::Door(_) | Where::Anywhere | Where::Nowhere => {}
        }
    }

    fn test(&self, test: &Test, names: &mut BTreeSet<String>) {
        match test {
            Test::Not(inner) => self.test(inner, names),
            Test::All(tests) | Test::Any(tests) => {
                tests.iter().for_each(|test| self.test(test, names));
            }
            Test::Group(number) => self.group(*number, names),
            Test::Zone(number) => self.zone(*number, names),
            Test::Open(id) if self.snapshot.calendar.get(id).is_none() => {
                names.insert(format!("the schedule `{id}`"));
            }
            Test::Person(id) if self.snapshot.people.person(id).is_none() => {
                names.insert(format!("the person `{id}`"));
            }
            Test::Door(id) if self.snapshot.estate.door(id).is_none() => {
                names.insert(format!("the door `{id}`"));
            }
            Test::Open(_)
            | Test::Person(_)
            | Test::Door(_)
            | Test::Is(_)
            | Test::Word(..)
            | Test::Number(..)
            | Test::Factor(_) => {}
        }
    }
}
