//! People, their groups, and what they carry. Numbers of cards and PINs are here as keyed hashes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::{CredentialId, GroupId, PersonId, Timestamp};
use serde::{Deserialize, Serialize};

use super::keys::{CredentialKey, HashKey, PinKey};
use super::names::Names;
use super::places::{PLACES_MAX, Places};
use super::request::PinVerdict;
use super::words::{CredentialKind, PersonKind, Standing};

/// Most people of one snapshot.
pub const PEOPLE_MAX: usize = 1_000_000;
/// Most credentials of one snapshot.
pub const CREDENTIALS_MAX: usize = 4_000_000;
/// Deepest nesting of groups.
pub const GROUPS_DEEP_MAX: usize = 16;
/// Most groups that one person is counted in, those around their groups among them.
pub const GROUPS_OF_PERSON_MAX: usize = 1_024;
/// Lists of groups that are kept beyond one for each person, for whoever comes next.
const LISTS_SPARE: usize = 1_024;

const _: () = assert!(PEOPLE_MAX < PLACES_MAX && CREDENTIALS_MAX < PLACES_MAX);

/// Somebody who may be let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// What they are to the organisation.
    pub kind: PersonKind,
    /// Whether they are in force.
    pub standing: Standing,
    /// Not before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// Not at or after this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Timestamp>,
    /// Their groups; people of the same groups share one list.
    pub groups: Arc<[GroupId]>,
    /// How far they are trusted; zero for nobody in particular.
    pub clearance: i64,
    /// Enters during a lockdown, whatever else stands in the way.
    pub is_responder: bool,
    /// Enters zones that ask for an escort with one only.
    pub needs_escort: bool,
    /// May be that escort.
    pub may_escort: bool,
    /// Is given more time at doors.
    pub is_slow: bool,
    /// Their PIN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<PinKey>,
    /// The PIN they type when somebody forces them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duress_pin: Option<PinKey>,
}

impl Person {
    /// An employee in force, in these groups.
    pub fn plain(id: PersonId, groups: Vec<GroupId>) -> Self {
        Self {
            id,
            kind: PersonKind::Employee,
            standing: Standing::Active,
            valid_from: None,
            valid_to: None,
            groups: groups.into(),
            clearance: 0,
            is_responder: false,
            needs_escort: false,
            may_escort: false,
            is_slow: false,
            pin: None,
            duress_pin: None,
        }
    }

    /// Whether lockdowns let them through.
    pub fn is_responder(&self) -> bool {
        self.is_responder || self.kind == PersonKind::Responder
    }

    /// What these digits are to this person. The digits go no further: a request carries the
    /// verdict, so that no record can hold a PIN.
    pub fn judge_pin(&self, key: &HashKey, digits: &str) -> PinVerdict {
        let typed = Some(key.pin(&self.id, digits));
        if typed == self.duress_pin {
            PinVerdict::Duress
        } else if typed == self.pin {
            PinVerdict::Right
        } else {
            PinVerdict::Wrong
        }
    }
}

/// Something that opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Its id.
    pub id: CredentialId,
    /// What its number hashes to.
    pub key: CredentialKey,
    /// What it is.
    pub kind: CredentialKind,
    /// Counts up each time the number is given out; a revocation ends one generation for ever.
    pub generation: u32,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Whether it is in force.
    pub standing: Standing,
    /// Not before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// Not at or after this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Timestamp>,
    /// Using it tells that its holder is forced.
    pub is_duress: bool,
}

impl Credential {
    /// A card in force, for good.
    pub fn card(id: CredentialId, key: CredentialKey, person: PersonId) -> Self {
        Self {
            id,
            key,
            kind: CredentialKind::Card,
            generation: 1,
            person: Some(person),
            standing: Standing::Active,
            valid_from: None,
            valid_to: None,
            is_duress: false,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Holder {
    pub person: Person,
    /// Their groups and those around them, ascending.
    pub groups: Arc<[u32]>,
}

/// All people, groups and credentials.
#[derive(Debug, Clone, Default)]
pub struct People {
    holders: Vec<Holder>,
    by_id: Places,
    credentials: Vec<Credential>,
    by_key: Places,
    by_credential: Places,
    /// The groups that a group is in.
    parents: HashMap<GroupId, Vec<GroupId>>,
    /// Every list of groups that somebody has, with the groups around them.
    lists: HashMap<Arc<[GroupId]>, Arc<[u32]>>,
}

impl People {
    /// Nobody yet, with room for so many people and credentials, and no more.
    pub(crate) fn with_room(people: usize, credentials: usize) -> Self {
        let mut none = Self::default();
        none.expect_people(people);
        none.expect_credentials(credentials);
        none
    }

    /// So many people come, where nobody is known yet.
    pub(crate) fn expect_people(&mut self, people: usize) {
        if self.holders.is_empty() {
            let people = people.min(PEOPLE_MAX);
            (self.holders, self.by_id) = (Vec::with_capacity(people), Places::with_room(people));
        }
    }

    /// So many credentials come, where none is known yet.
    pub(crate) fn expect_credentials(&mut self, credentials: usize) {
        if self.credentials.is_empty() {
            let credentials = credentials.min(CREDENTIALS_MAX);
            self.credentials = Vec::with_capacity(credentials);
            self.by_key = Places::with_room(credentials);
            self.by_credential = Places::with_room(credentials);
        }
    }

    /// Says which groups a group is in. Whoever is in it is in those as well.
    pub fn put_group(&mut self, names: &mut Names, group: GroupId, parents: Vec<GroupId>) {
        let had = self.parents.insert(group, parents.clone());
        if had.is_none_or(|had| had != parents) {
            self.count_groups(names);
        }
    }

    /// Adds or replaces a person. `false`: the limit is reached and they were left out.
    pub fn put_person(&mut self, names: &mut Names, mut person: Person) -> bool {
        let known = self.place_of(&person.id);
        if known.is_none() && self.holders.len() >= PEOPLE_MAX {
            return false;
        }
        let (ids, groups) = self.shared(names, &person.groups);
        person.groups = ids;
        match known.and_then(|at| self.holders.get_mut(at)) {
            Some(old) => {
                // What else carries this name goes on sharing it.
                person.id.clone_from(&old.person.id);
                *old = Holder { person, groups };
            }
            None => {
                let called = |at: usize| self.holders.get(at).map(|holder| &holder.person.id);
                self.by_id.put(&person.id, (None, self.holders.len()), called);
                self.holders.push(Holder { person, groups });
            }
        }
        true
    }

    /// The one list of these groups, with the groups around them.
    fn shared(&mut self, names: &mut Names, groups: &[GroupId]) -> (Arc<[GroupId]>, Arc<[u32]>) {
        if let Some((ids, numbers)) = self.lists.get_key_value(groups) {
            return (Arc::clone(ids), Arc::clone(numbers));
        }
        if self.lists.len() >= self.holders.len() + LISTS_SPARE {
            let of = |holder: &Holder| (holder.person.groups.clone(), holder.groups.clone());
            self.lists = self.holders.iter().map(of).collect();
        }
        // One text for each name, however many carry it.
        let one = |group: &GroupId| {
            let number = names.group(group);
            names.group_id(number).unwrap_or(group).clone()
        };
        let ids: Arc<[GroupId]> = groups.iter().map(one).collect();
        let numbers: Arc<[u32]> = self.effective(names, &ids).into();
        self.lists.insert(Arc::clone(&ids), Arc::clone(&numbers));
        (ids, numbers)
    }

    /// Adds or replaces a credential. Of two with one number the later generation counts.
    /// `false`: the limit is reached, or a later generation is known, and it was left out.
    pub fn put_credential(&mut self, mut credential: Credential) -> bool {
        if let Some(holder) = credential.person.as_ref().and_then(|id| self.person(id)) {
            credential.person = Some(holder.id.clone());
        }
        let known = self.place_by_key(&credential.key);
        let newer = |old: &Credential| old.generation > credential.generation;
        if known.and_then(|at| self.credentials.get(at)).is_some_and(newer) {
            return false;
        }
        let before = self.place_of_credential(&credential.id);
        if before.is_none() && self.credentials.len() >= CREDENTIALS_MAX {
            return false;
        }
        let at = before.unwrap_or(self.credentials.len());
        let key_at = |at: usize| self.credentials.get(at).map(|one| &one.key);
        if let Some(old) = key_at(at).copied().filter(|old| *old != credential.key) {
            self.by_key.remove(&old, at, key_at);
        }
        self.by_key.put(&credential.key, (known, at), key_at);
        match self.credentials.get_mut(at) {
            Some(old) => *old = credential,
            None => {
                let called = |at: usize| self.credentials.get(at).map(|one| &one.id);
                self.by_credential.put(&credential.id, (None, at), called);
                self.credentials.push(credential);
            }
        }
        true
    }

    /// Says which groups these are in, and forgets others; everybody is counted anew once.
    pub(crate) fn change_groups(
        &mut self,
        names: &mut Names,
        (put, removed): (&BTreeMap<GroupId, Vec<GroupId>>, &[GroupId]),
    ) {
        if put.is_empty() && removed.is_empty() {
            return;
        }
        removed.iter().for_each(|group| {
            self.parents.remove(group);
        });
        self.parents.extend(put.iter().map(|(group, within)| (group.clone(), within.clone())));
        self.count_groups(names);
    }

    /// Counts anew which groups are around those that somebody is in.
    fn count_groups(&mut self, names: &mut Names) {
        let lists = std::mem::take(&mut self.lists).into_keys();
        let counted = lists.map(|ids| {
            let numbers = self.effective(names, &ids).into();
            (ids, numbers)
        });
        self.lists = counted.collect();
        for holder in &mut self.holders {
            if let Some(numbers) = self.lists.get(&holder.person.groups) {
                holder.groups = Arc::clone(numbers);
            }
        }
    }

    /// Forgets a person; what they carry is nobody's that is known.
    pub(crate) fn remove_person(&mut self, id: &PersonId) {
        let Some(at) = self.place_of(id) else { return };
        let called = |at: usize| self.holders.get(at).map(|holder| &holder.person.id);
        self.by_id.remove(id, at, called);
        let last = self.holders.len() - 1;
        if let Some(moved) = called(last).filter(|_| at != last) {
            self.by_id.put(moved, (Some(last), at), called);
        }
        self.holders.swap_remove(at);
    }

    /// Forgets a credential.
    pub(crate) fn remove_credential(&mut self, id: &CredentialId) {
        let Some(at) = self.place_of_credential(id) else { return };
        let last = self.credentials.len() - 1;
        let (id_at, key_at) = (
            |at: usize| self.credentials.get(at).map(|one| &one.id),
            |at: usize| self.credentials.get(at).map(|one| &one.key),
        );
        self.by_credential.remove(id, at, id_at);
        if let Some(key) = key_at(at) {
            self.by_key.remove(key, at, key_at);
        }
        if let Some(moved) = self.credentials.get(last).filter(|_| at != last) {
            self.by_credential.put(&moved.id, (Some(last), at), id_at);
            // Of two with one number, the other may be the one that it leads to.
            if self.by_key.find(&moved.key, key_at) == Some(last) {
                self.by_key.put(&moved.key, (Some(last), at), key_at);
            }
        }
        self.credentials.swap_remove(at);
    }

    fn place_of(&self, id: &PersonId) -> Option<usize> {
        self.by_id.find(id, |at| self.holders.get(at).map(|holder| &holder.person.id))
    }

    fn place_by_key(&self, key: &CredentialKey) -> Option<usize> {
        self.by_key.find(key, |at| self.credentials.get(at).map(|one| &one.key))
    }

    fn place_of_credential(&self, id: &CredentialId) -> Option<usize> {
        self.by_credential.find(id, |at| self.credentials.get(at).map(|one| &one.id))
    }

    /// Whether this is the credential that its number leads to: of two with one number, one does.
    pub(crate) fn is_found(&self, credential: &Credential) -> bool {
        self.by_key(&credential.key).is_some_and(|found| found.id == credential.id)
    }

    fn effective(&self, names: &mut Names, direct: &[GroupId]) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::new();
        let mut next: Vec<(&GroupId, usize)> = direct.iter().map(|group| (group, 0)).collect();
        while let Some((group, deep)) = next.pop() {
            let number = names.group(group);
            if found.contains(&number) || found.len() >= GROUPS_OF_PERSON_MAX {
                continue;
            }
            found.push(number);
            if deep < GROUPS_DEEP_MAX {
                let above = self.parents.get(group).into_iter().flatten();
                next.extend(above.map(|group| (group, deep + 1)));
            }
        }
        found.sort_unstable();
        found
    }

    /// A person.
    pub fn person(&self, id: &PersonId) -> Option<&Person> {
        self.holder(id).map(|holder| &holder.person)
    }

    pub(crate) fn holder(&self, id: &PersonId) -> Option<&Holder> {
        self.holders.get(self.place_of(id)?)
    }

    /// A credential by what was read.
    pub fn by_key(&self, key: &CredentialKey) -> Option<&Credential> {
        self.credentials.get(self.place_by_key(key)?)
    }

    /// A credential by its id.
    pub fn credential(&self, id: &CredentialId) -> Option<&Credential> {
        self.credentials.get(self.place_of_credential(id)?)
    }

    /// The groups that a group is directly in.
    pub(crate) fn parents(&self, group: &GroupId) -> &[GroupId] {
        self.parents.get(group).map_or(&[], Vec::as_slice)
    }

    /// Every group that is said to be in others, in order.
    pub(crate) fn groups(&self) -> Vec<&GroupId> {
        let mut groups: Vec<&GroupId> = self.parents.keys().collect();
        groups.sort();
        groups
    }

    pub(crate) fn groups_len(&self) -> usize {
        self.parents.len()
    }

    pub(crate) fn holders(&self) -> &[Holder] {
        &self.holders
    }

    /// Every credential, in the order in which they came.
    pub fn credentials(&self) -> impl ExactSizeIterator<Item = &Credential> {
        self.credentials.iter()
    }

    /// Everybody, in the order in which they came.
    pub fn persons(&self) -> impl ExactSizeIterator<Item = &Person> {
        self.holders.iter().map(|holder| &holder.person)
    }
}
