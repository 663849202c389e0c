//! What changed between two snapshots of one point.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{
    CredentialId, DoorId, GroupId, PersonId, PlaceId, RevocationId, ScheduleId, Timestamp, ZoneId,
};
use serde::{Deserialize, Serialize};

use crate::door::estate::{Door, Zone};
use crate::door::people::{Credential, Person};
use crate::door::policy::Link;
use crate::door::schedule::Schedule;
use crate::revocation::{Suspensions, Tombstone};

use super::{Full, Text};

/// What was put and what was removed of one kind of thing, each in order of ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change<T, Id> {
    /// Added, or in place of what had the same id.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub put: Vec<T>,
    /// Gone.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<Id>,
}

impl<T, Id> Default for Change<T, Id> {
    fn default() -> Self {
        Self { put: Vec::new(), removed: Vec::new() }
    }
}

impl<T, Id> Change<T, Id> {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.put.is_empty() && self.removed.is_empty()
    }
}

impl<T: Clone + PartialEq, Id: Ord + Clone> Change<T, Id> {
    /// Between two lists, each in order of ids.
    fn between<'a>(old: &'a [T], new: &'a [T], id: impl Fn(&'a T) -> &'a Id) -> Self
    where
        Id: 'a,
    {
        let mut change = Self::default();
        let (mut olds, mut news) = (old.iter().peekable(), new.iter().peekable());
        loop {
            match (olds.peek().copied(), news.peek().copied()) {
                (None, None) => return change,
                (Some(before), after) if after.is_none_or(|after| id(before) < id(after)) => {
                    change.removed.push(id(before).clone());
                    olds.next();
                }
                (before, Some(after)) => {
                    let same = before.filter(|before| id(before) == id(after));
                    if same != Some(after) {
                        change.put.push(after.clone());
                    }
                    if same.is_some() {
                        olds.next();
                    }
                    news.next();
                }
                // The first arm has taken it.
                (Some(_), None) => {
                    olds.next();
                }
            }
        }
    }
}

/// What changed from one version to another. What did not change is left out of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// Whose.
    pub site: PlaceId,
    /// From this version.
    pub from: u64,
    /// To this one.
    pub to: u64,
    /// When it was given.
    pub given_at: Timestamp,
    /// Zones.
    #[serde(default, skip_serializing_if = "Change::is_empty")]
    pub zones: Change<Zone, ZoneId>,
    /// Doors.
    #[serde(default, skip_serializing_if = "Change::is_empty")]
    pub doors: Change<Door, DoorId>,
    /// Schedules.
    #[serde(default, skip_serializing_if = "Change::is_empty")]
    pub schedules: Change<Schedule, ScheduleId>,
    /// Groups with the groups that they are in.
    #[serde(default, skip_serializing_if = "Change::is_empty")]
    pub groups: Change<(GroupId, Vec<GroupId>), GroupId>,
    /// People.
    #[serde(default, skip_serializing_if = "Change::is_empty")]
    pub people: Change<Person, PersonId>,
    /// Credentials.
    #[serde(default, skip_serializing_if = "Change::is_empty")]
    pub credentials: Change<Credential, CredentialId>,
    /// Policies.
    #[serde(default, skip_serializing_if = "Change::is_empty")]
    pub policies: Change<Text, Arc<str>>,
    /// Templates.
    #[serde(default, skip_serializing_if = "Change::is_empty")]
    pub templates: Change<Text, Arc<str>>,
    /// Links.
    #[serde(default, skip_serializing_if = "Change::is_empty")]
    pub links: Change<Link, Arc<str>>,
    /// What died since. None is ever removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tombstones: Vec<Tombstone>,
    /// New words on who is suspended.
    #[serde(default, skip_serializing_if = "Suspensions::is_empty")]
    pub suspensions: Suspensions,
    /// All deeds that wait for the point's receipt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deeds: Vec<RevocationId>,
}

impl Delta {
    /// What leads from one to the other. Tombstones that only the old one has stay.
    pub fn between(old: &Full, new: &Full) -> Self {
        let pairs = |groups: &BTreeMap<GroupId, Vec<GroupId>>| {
            let each = groups.iter().map(|(group, within)| (group.clone(), within.clone()));
            each.collect::<Vec<_>>()
        };
        let (old_groups, new_groups) = (pairs(&old.groups), pairs(&new.groups));
        let known: BTreeMap<_, _> = old
            .tombstones
            .iter()
            .map(|stone| (stone.key, (stone.generation, stone.since)))
            .collect();
        let dead = new
            .tombstones
            .iter()
            .filter(|stone| known.get(&stone.key) != Some(&(stone.generation, stone.since)));
        Self {
            site: new.site.clone(),
            from: old.version,
            to: new.version,
            given_at: new.given_at,
            zones: Change::between(&old.zones, &new.zones, |zone| &zone.id),
            doors: Change::between(&old.doors, &new.doors, |door| &door.id),
            schedules: Change::between(&old.schedules, &new.schedules, |schedule| &schedule.id),
            groups: Change::between(&old_groups, &new_groups, |(group, _)| group),
            people: Change::between(&old.people, &new.people, |person| &person.id),
            credentials: Change::between(&old.credentials, &new.credentials, |card| &card.id),
            policies: Change::between(&old.policies, &new.policies, |policy| &policy.id),
            templates: Change::between(&old.templates, &new.templates, |template| &template.id),
            links: Change::between(&old.links, &new.links, |link| &link.id),
            tombstones: dead.copied().collect(),
            suspensions: new.suspensions.since(&old.suspensions),
            deeds: new.deeds.clone(),
        }
    }

    /// A change that concerns the dead and the suspended alone: what a revocation needs, made
    /// without looking at people. Valid where nothing else changed for the point between `from`
    /// and `to`.
    pub fn words(
        site: PlaceId,
        (from, to): (u64, u64),
        given_at: Timestamp,
        (tombstones, suspensions): (Vec<Tombstone>, Suspensions),
        deeds: Vec<RevocationId>,
    ) -> Self {
        Self {
            site,
            from,
            to,
            given_at,
            zones: Change::default(),
            doors: Change::default(),
            schedules: Change::default(),
            groups: Change::default(),
            people: Change::default(),
            credentials: Change::default(),
            policies: Change::default(),
            templates: Change::default(),
            links: Change::default(),
            tombstones,
            suspensions,
            deeds,
        }
    }
}
