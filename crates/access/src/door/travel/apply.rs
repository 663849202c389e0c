//! Taking in what came: everything that can fail first, then everything that cannot.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use model::Timestamp;

use crate::PolicyFile;
use crate::door::estate::{DOORS_MAX, Door, Estate, Zone};
use crate::door::live::Live;
use crate::door::names::Names;
use crate::door::people::{CREDENTIALS_MAX, PEOPLE_MAX};
use crate::door::policy::{Change as PolicyChange, Link, POLICIES_MAX, Policies};
use crate::door::schedule::Calendar;
use crate::door::snapshot::{RightsAge, Snapshot};
use crate::revocation::{TOMBSTONES_MAX, Tombstone, Tombstones};

use super::{
    Arrived, Change, DEEDS_WAITING_MAX, Delta, Full, GROUPS_MAX, NotTaken, Text, ZONES_MAX,
};

fn bound(what: &'static str, found: usize, max: usize) -> Result<(), NotTaken> {
    if found > max { Err(NotTaken::TooMany { what, found, max }) } else { Ok(()) }
}

impl Full {
    fn bounds(&self) -> Result<(), NotTaken> {
        bound("zones", self.zones.len(), ZONES_MAX)?;
        bound("doors", self.doors.len(), DOORS_MAX)?;
        bound("groups", self.groups.len(), GROUPS_MAX)?;
        bound("people", self.people.len(), PEOPLE_MAX)?;
        bound("credentials", self.credentials.len(), CREDENTIALS_MAX)?;
        let policies = self.policies.len() + self.templates.len() + self.links.len();
        bound("policies", policies, POLICIES_MAX)?;
        bound("tombstones", self.tombstones.len(), TOMBSTONES_MAX)?;
        bound("deeds", self.deeds.len(), DEEDS_WAITING_MAX)
    }
}

fn put_text(text: Text) -> PolicyChange {
    PolicyChange::Put(PolicyFile { path: text.id.to_string(), text: text.text.to_string() })
}

impl Snapshot {
    /// A snapshot as it came. Nobody is anywhere yet: see [`Snapshot::take_live`].
    pub fn from_full(full: Full) -> Result<Self, NotTaken> {
        full.bounds()?;
        Self::from_arrived(Arrived::from(full))
    }

    /// The same of one whose people lie where they will be looked for already.
    pub fn from_arrived(arrived: Arrived) -> Result<Self, NotTaken> {
        let Arrived { words: full, mut names, people } = arrived;
        full.bounds()?;
        let estate = Estate::new(&mut names, full.zones, full.doors).map_err(NotTaken::Estate)?;
        let calendar = Calendar::new(full.schedules).map_err(NotTaken::Schedules)?;
        let texts = full.templates.into_iter().chain(full.policies).map(put_text);
        let changes: Vec<_> = texts.chain(full.links.into_iter().map(PolicyChange::Link)).collect();
        let policies = Policies::empty().map_err(|problem| NotTaken::Policies(vec![problem]))?;
        let policies = policies.changed(&mut names, &changes).map_err(NotTaken::Policies)?;
        let mut tombstones = Tombstones::default();
        full.tombstones.into_iter().for_each(|stone| {
            tombstones.bury(stone);
        });
        Ok(Self {
            version: full.version,
            names: Arc::new(names),
            estate: Arc::new(estate),
            people: Arc::new(people),
            calendar: Arc::new(calendar),
            policies: Arc::new(policies),
            tombstones: Arc::new(tombstones),
            suspensions: Arc::new(full.suspensions),
            rights: RightsAge { confirmed_at: full.given_at, is_trusted: true },
            live: Live::default(),
        })
    }

    /// Takes over what changes by the minute from the snapshot before, and what is dead and
    /// suspended there: neither is ever forgotten. How many tombstones found no room.
    pub fn take_live(&mut self, before: &mut Self) -> usize {
        self.live = std::mem::take(&mut before.live);
        self.live.keep_known(&self.people);
        self.live.resettle(&self.estate);
        Arc::make_mut(&mut self.suspensions).merge(&before.suspensions);
        Arc::make_mut(&mut self.tombstones).merge(&before.tombstones)
    }

    /// Takes in a change, whole or not at all. Costs what changed, and a copy of what is shared
    /// with another snapshot.
    pub fn apply_delta(&mut self, delta: &Delta) -> Result<(), NotTaken> {
        if delta.from != self.version {
            return Err(NotTaken::OtherBase { needed: delta.from, had: self.version });
        }
        if delta.to < delta.from {
            return Err(NotTaken::Backwards { to: delta.to, from: delta.from });
        }
        self.bounds(delta)?;
        let mut names = Arc::clone(&self.names);
        let estate = self.changed_estate(&mut names, delta)?;
        let calendar = self.changed_calendar(delta)?;
        let policies = self.changed_policies(&mut names, delta)?;
        // Nothing below can fail.
        self.names = names;
        self.policies = policies.map_or_else(|| self.policies.clone(), Arc::new);
        self.calendar = calendar.map_or_else(|| self.calendar.clone(), Arc::new);
        let moved = estate.is_some();
        self.estate = estate.map_or_else(|| self.estate.clone(), Arc::new);
        self.change_people(delta);
        if moved {
            self.live.resettle(&self.estate);
        }
        if !delta.tombstones.is_empty() {
            let tombstones = Arc::make_mut(&mut self.tombstones);
            delta.tombstones.iter().for_each(|stone| {
                tombstones.bury(*stone);
            });
        }
        if !delta.suspensions.is_empty() {
            Arc::make_mut(&mut self.suspensions).merge(&delta.suspensions);
        }
        self.version = delta.to;
        self.confirm(delta.given_at);
        Ok(())
    }

    /// The rights were confirmed by whoever gives them; an older word changes nothing.
    pub fn confirm(&mut self, at: Timestamp) {
        self.rights.confirmed_at = self.rights.confirmed_at.max(at);
    }

    fn bounds(&self, delta: &Delta) -> Result<(), NotTaken> {
        let people = delta.people.put.iter().filter(|p| self.people.person(&p.id).is_none());
        let people = (self.people.persons().len() + people.count())
            .saturating_sub(delta.people.removed.len());
        bound("people", people, PEOPLE_MAX)?;
        let new = delta.credentials.put.iter();
        let new = new.filter(|card| self.people.credential(&card.id).is_none()).count();
        let credentials =
            (self.people.credentials().len() + new).saturating_sub(delta.credentials.removed.len());
        bound("credentials", credentials, CREDENTIALS_MAX)?;
        let new = |stone: &&Tombstone| !self.tombstones.knows(stone.key);
        let tombstones = self.tombstones.len() + delta.tombstones.iter().filter(new).count();
        bound("tombstones", tombstones, TOMBSTONES_MAX)?;
        bound("groups", self.people.groups_len() + delta.groups.put.len(), 2 * GROUPS_MAX)?;
        bound("zones", delta.zones.put.len(), ZONES_MAX)?;
        bound("doors", delta.doors.put.len(), DOORS_MAX)?;
        bound("deeds", delta.deeds.len(), DEEDS_WAITING_MAX)
    }

    fn changed_estate(
        &self,
        names: &mut Arc<Names>,
        delta: &Delta,
    ) -> Result<Option<Estate>, NotTaken> {
        if delta.zones.is_empty() && delta.doors.is_empty() {
            return Ok(None);
        }
        let zones: Vec<Zone> = changed(self.estate.zones().cloned(), &delta.zones, |zone| &zone.id);
        let doors: Vec<Door> = changed(self.estate.doors().cloned(), &delta.doors, |door| &door.id);
        bound("zones", zones.len(), ZONES_MAX)?;
        Estate::new(Arc::make_mut(names), zones, doors).map_err(NotTaken::Estate).map(Some)
    }

    fn changed_calendar(&self, delta: &Delta) -> Result<Option<Calendar>, NotTaken> {
        if delta.schedules.is_empty() {
            return Ok(None);
        }
        let schedules =
            changed(self.calendar.iter().cloned(), &delta.schedules, |schedule| &schedule.id);
        Calendar::new(schedules).map_err(NotTaken::Schedules).map(Some)
    }

    fn changed_policies(
        &self,
        names: &mut Arc<Names>,
        delta: &Delta,
    ) -> Result<Option<Policies>, NotTaken> {
        let (policies, templates) = (&delta.policies, &delta.templates);
        if policies.is_empty() && templates.is_empty() && delta.links.is_empty() {
            return Ok(None);
        }
        // What stands under a name goes first, links before their templates: a name may have
        // become that of another kind of thing.
        let stands = |link: &&Link| self.policies.is_known(&link.id);
        let gone = delta.links.removed.iter().chain(&policies.removed);
        let relinked = delta.links.put.iter().filter(stands).map(|link| &link.id);
        let rewritten = policies.put.iter().filter(|text| self.policies.is_known(&text.id));
        let removed: HashSet<&Arc<str>> =
            gone.chain(relinked).chain(rewritten.map(|text| &text.id)).collect();
        let removed = removed.into_iter().chain(&templates.removed).cloned();
        let mut changes: Vec<PolicyChange> = removed.map(PolicyChange::Remove).collect();
        changes.extend(templates.put.iter().chain(&policies.put).cloned().map(put_text));
        changes.extend(delta.links.put.iter().cloned().map(PolicyChange::Link));
        let changed = self.policies.changed(Arc::make_mut(names), &changes);
        changed.map_err(NotTaken::Policies).map(Some)
    }

    fn change_people(&mut self, delta: &Delta) {
        let is_same =
            delta.groups.is_empty() && delta.people.is_empty() && delta.credentials.is_empty();
        if is_same {
            return;
        }
        let (names, people) = (Arc::make_mut(&mut self.names), Arc::make_mut(&mut self.people));
        let groups: BTreeMap<_, _> = delta.groups.put.iter().cloned().collect();
        people.change_groups(names, (&groups, &delta.groups.removed));
        for id in &delta.people.removed {
            people.remove_person(id);
            self.live.forget_person(&self.estate, id);
        }
        for person in &delta.people.put {
            people.put_person(names, person.clone());
        }
        for id in &delta.credentials.removed {
            people.remove_credential(id);
            self.live.forget_credential(id);
        }
        // Two may have changed their numbers with each other: first all old ones go.
        delta.credentials.put.iter().for_each(|card| people.remove_credential(&card.id));
        for credential in &delta.credentials.put {
            people.put_credential(credential.clone());
        }
    }
}

/// A list with a change made to it.
fn changed<T: Clone, Id: std::hash::Hash + Eq>(
    had: impl Iterator<Item = T>,
    change: &Change<T, Id>,
    id: impl Fn(&T) -> &Id,
) -> Vec<T> {
    let gone: HashSet<&Id> = change.removed.iter().chain(change.put.iter().map(&id)).collect();
    let kept = had.filter(|thing| !gone.contains(id(thing)));
    let kept: Vec<T> = kept.collect();
    kept.into_iter().chain(change.put.iter().cloned()).collect()
}
