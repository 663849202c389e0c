//! People, their groups, and what they carry. Numbers of cards and PINs are here as keyed hashes.

use std::collections::{BTreeMap, HashMap};

use model::{CredentialId, GroupId, PersonId, Timestamp};
use serde::{Deserialize, Serialize};

use super::keys::{CredentialKey, HashKey, PinKey};
use super::names::Names;
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
    /// Their groups.
    pub groups: Vec<GroupId>,
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
            groups,
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
    pub groups: Vec<u32>,
}

/// All people, groups and credentials.
#[derive(Debug, Clone, Default)]
pub struct People {
    holders: Vec<Holder>,
    by_id: HashMap<PersonId, usize>,
    credentials: Vec<Credential>,
    by_key: HashMap<CredentialKey, usize>,
    by_credential: HashMap<CredentialId, usize>,
    /// The groups that a group is in.
    parents: HashMap<GroupId, Vec<GroupId>>,
}

impl People {
    /// Says which groups a group is in. Whoever is in it is in those as well.
    pub fn put_group(&mut self, names: &mut Names, group: GroupId, parents: Vec<GroupId>) {
        let had = self.parents.insert(group, parents.clone());
        if had.is_some_and(|had| had == parents) {
            return;
        }
        for at in 0..self.holders.len() {
            let Some(holder) = self.holders.get(at) else { continue };
            let groups = self.effective(names, &holder.person.groups);
            if let Some(holder) = self.holders.get_mut(at) {
                holder.groups = groups;
            }
        }
    }

    /// Adds or replaces a person. `false`: the limit is reached and they were left out.
    pub fn put_person(&mut self, names: &mut Names, mut person: Person) -> bool {
        // One text for each name, however many carry it.
        for group in &mut person.groups {
            let number = names.group(group);
            if let Some(known) = names.group_id(number) {
                group.clone_from(known);
            }
        }
        person.groups.shrink_to_fit();
        let groups = self.effective(names, &person.groups);
        let id = person.id.clone();
        let holder = Holder { person, groups };
        match self.by_id.get(&id).and_then(|at| self.holders.get_mut(*at)) {
            Some(old) => *old = holder,
            None if self.by_id.len() >= PEOPLE_MAX => return false,
            None => {
                self.by_id.insert(id, self.holders.len());
                self.holders.push(holder);
            }
        }
        true
    }

    /// Adds or replaces a credential. Of two with one number the later generation counts.
    /// `false`: the limit is reached, or a later generation is known, and it was left out.
    pub fn put_credential(&mut self, mut credential: Credential) -> bool {
        if let Some(holder) = credential.person.as_ref().and_then(|id| self.person(id)) {
            credential.person = Some(holder.id.clone());
        }
        let known = self.by_key.get(&credential.key).copied();
        let newer = |old: &Credential| old.generation > credential.generation;
        if known.and_then(|at| self.credentials.get(at)).is_some_and(newer) {
            return false;
        }
        let at = match self.by_credential.get(&credential.id) {
            Some(at) => *at,
            None if self.credentials.len() >= CREDENTIALS_MAX => return false,
            None => self.credentials.len(),
        };
        if let Some(old) = self.credentials.get(at).filter(|old| old.key != credential.key)
            && self.by_key.get(&old.key) == Some(&at)
        {
            self.by_key.remove(&old.key);
        }
        self.by_key.insert(credential.key, at);
        self.by_credential.insert(credential.id.clone(), at);
        match self.credentials.get_mut(at) {
            Some(old) => *old = credential,
            None => self.credentials.push(credential),
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
        let mut holders = std::mem::take(&mut self.holders);
        for holder in &mut holders {
            holder.groups = self.effective(names, &holder.person.groups);
        }
        self.holders = holders;
    }

    /// Forgets a person; what they carry is nobody's that is known.
    pub(crate) fn remove_person(&mut self, id: &PersonId) {
        let Some(at) = self.by_id.remove(id) else { return };
        self.holders.swap_remove(at);
        if let Some(moved) = self.holders.get(at) {
            self.by_id.insert(moved.person.id.clone(), at);
        }
    }

    /// Forgets a credential.
    pub(crate) fn remove_credential(&mut self, id: &CredentialId) {
        let Some(at) = self.by_credential.remove(id) else { return };
        let old = self.credentials.swap_remove(at);
        if self.by_key.get(&old.key) == Some(&at) {
            self.by_key.remove(&old.key);
        }
        let Some(moved) = self.credentials.get(at) else { return };
        self.by_credential.insert(moved.id.clone(), at);
        if self.by_key.get(&moved.key) == Some(&self.credentials.len()) {
            self.by_key.insert(moved.key, at);
        }
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
        found.shrink_to_fit();
        found
    }

    /// A person.
    pub fn person(&self, id: &PersonId) -> Option<&Person> {
        self.holder(id).map(|holder| &holder.person)
    }

    pub(crate) fn holder(&self, id: &PersonId) -> Option<&Holder> {
        self.holders.get(*self.by_id.get(id)?)
    }

    /// A credential by what was read.
    pub fn by_key(&self, key: &CredentialKey) -> Option<&Credential> {
        self.credentials.get(*self.by_key.get(key)?)
    }

    /// A credential by its id.
    pub fn credential(&self, id: &CredentialId) -> Option<&Credential> {
        self.credentials.get(*self.by_credential.get(id)?)
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
