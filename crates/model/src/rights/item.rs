//! Rights thing by thing: as they are kept, compared, changed and undone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Cards, Credential, DoorRules, Group, Member, Pins, Right, RightsData, Schedule, ZoneRules,
};
use crate::ids::{CredentialId, DoorId, GroupId, PersonId, PointId, RightId, ScheduleId, ZoneId};

/// One thing of [`RightsData`], as it is kept, changed and undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each holds the thing of its name")]
pub enum Item {
    Group(GroupId, Group),
    Member(Member),
    Credential(CredentialId, Credential),
    Right(RightId, Right),
    Schedule(ScheduleId, Schedule),
    Zone(ZoneId, ZoneRules),
    Door(DoorId, DoorRules),
    Point(PointId, Vec<DoorId>),
    Cards(Cards),
    Policy(String, String),
    Pins(PersonId, Pins),
}

impl Item {
    /// Its kind's word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Group(..) => "group",
            Self::Member(_) => "member",
            Self::Credential(..) => "credential",
            Self::Right(..) => "right",
            Self::Schedule(..) => "schedule",
            Self::Zone(..) => "zone",
            Self::Door(..) => "door",
            Self::Point(..) => "point",
            Self::Cards(_) => "cards",
            Self::Policy(..) => "policy",
            Self::Pins(..) => "pins",
        }
    }

    /// What tells it from others of its kind.
    pub fn key(&self) -> String {
        match self {
            Self::Group(id, _) => id.to_string(),
            Self::Member(member) => member.key(),
            Self::Credential(id, _) => id.to_string(),
            Self::Right(id, _) => id.to_string(),
            Self::Schedule(id, _) => id.to_string(),
            Self::Zone(id, _) => id.to_string(),
            Self::Door(id, _) => id.to_string(),
            Self::Point(id, _) => id.to_string(),
            Self::Cards(_) => String::new(),
            Self::Policy(file, _) => file.clone(),
            Self::Pins(id, _) => id.to_string(),
        }
    }
}

/// What becomes of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemChange {
    /// Its kind.
    pub kind: String,
    /// What tells it from others of its kind.
    pub key: String,
    /// What it was; none: it is new.
    pub before: Option<Item>,
    /// What it is; none: it is gone.
    pub after: Option<Item>,
}

impl RightsData {
    /// Every thing, in order.
    pub fn items(&self) -> Vec<Item> {
        let mut items = Vec::new();
        items.extend(self.groups.iter().map(|(id, one)| Item::Group(id.clone(), one.clone())));
        items.extend(self.members.values().cloned().map(Item::Member));
        let credential =
            |(id, one): (&CredentialId, &Credential)| Item::Credential(id.clone(), one.clone());
        items.extend(self.credentials.iter().map(credential));
        items.extend(self.rights.iter().map(|(id, one)| Item::Right(id.clone(), one.clone())));
        let schedule =
            |(id, one): (&ScheduleId, &Schedule)| Item::Schedule(id.clone(), one.clone());
        items.extend(self.schedules.iter().map(schedule));
        items.extend(self.zones.iter().map(|(id, one)| Item::Zone(id.clone(), one.clone())));
        items.extend(self.doors.iter().map(|(id, one)| Item::Door(id.clone(), one.clone())));
        items.extend(self.points.iter().map(|(id, one)| Item::Point(id.clone(), one.clone())));
        if self.cards != Cards::default() {
            items.push(Item::Cards(self.cards.clone()));
        }
        items.extend(self.policies.iter().map(|(id, one)| Item::Policy(id.clone(), one.clone())));
        items.extend(self.pins.iter().map(|(id, one)| Item::Pins(id.clone(), one.clone())));
        items
    }

    /// Adds or replaces one thing.
    pub fn put(&mut self, item: Item) {
        match item {
            Item::Group(id, one) => drop(self.groups.insert(id, one)),
            Item::Member(one) => drop(self.members.insert(one.key(), one)),
            Item::Credential(id, one) => drop(self.credentials.insert(id, one)),
            Item::Right(id, one) => drop(self.rights.insert(id, one)),
            Item::Schedule(id, one) => drop(self.schedules.insert(id, one)),
            Item::Zone(id, one) => drop(self.zones.insert(id, one)),
            Item::Door(id, one) => drop(self.doors.insert(id, one)),
            Item::Point(id, one) => drop(self.points.insert(id, one)),
            Item::Cards(one) => self.cards = one,
            Item::Policy(id, one) => drop(self.policies.insert(id, one)),
            Item::Pins(id, one) => drop(self.pins.insert(id, one)),
        }
    }

    /// Takes one thing away.
    pub fn remove(&mut self, item: &Item) {
        match item {
            Item::Group(id, _) => drop(self.groups.remove(id)),
            Item::Member(one) => drop(self.members.remove(&one.key())),
            Item::Credential(id, _) => drop(self.credentials.remove(id)),
            Item::Right(id, _) => drop(self.rights.remove(id)),
            Item::Schedule(id, _) => drop(self.schedules.remove(id)),
            Item::Zone(id, _) => drop(self.zones.remove(id)),
            Item::Door(id, _) => drop(self.doors.remove(id)),
            Item::Point(id, _) => drop(self.points.remove(id)),
            Item::Cards(_) => self.cards = Cards::default(),
            Item::Policy(id, _) => drop(self.policies.remove(id)),
            Item::Pins(id, _) => drop(self.pins.remove(id)),
        }
    }

    /// One thing by its kind's word and what tells it from others.
    pub fn item(&self, kind: &str, key: &str) -> Option<Item> {
        macro_rules! of {
            ($map:ident, $id:ty, $make:path) => {{
                let id = <$id>::parse(key).ok()?;
                self.$map.get(&id).map(|one| $make(id.clone(), one.clone()))
            }};
        }
        match kind {
            "group" => of!(groups, GroupId, Item::Group),
            "member" => self.members.get(key).cloned().map(Item::Member),
            "credential" => of!(credentials, CredentialId, Item::Credential),
            "right" => of!(rights, RightId, Item::Right),
            "schedule" => of!(schedules, ScheduleId, Item::Schedule),
            "zone" => of!(zones, ZoneId, Item::Zone),
            "door" => of!(doors, DoorId, Item::Door),
            "point" => of!(points, PointId, Item::Point),
            "cards" if self.cards != Cards::default() => Some(Item::Cards(self.cards.clone())),
            "policy" => {
                self.policies.get(key).map(|text| Item::Policy(key.to_owned(), text.clone()))
            }
            "pins" => of!(pins, PersonId, Item::Pins),
            _ => None, // tidy: wildcard: kinds are text
        }
    }

    /// What has to change for this to become `next`, in order of kind and key.
    pub fn changes_to(&self, next: &Self) -> Vec<ItemChange> {
        let keyed = |data: &Self| -> BTreeMap<(&'static str, String), Item> {
            data.items().into_iter().map(|item| ((item.kind(), item.key()), item)).collect()
        };
        let (mut before, after) = (keyed(self), keyed(next));
        let mut changes = BTreeMap::new();
        for ((kind, key), item) in after {
            let had = before.remove(&(kind, key.clone()));
            if had.as_ref() != Some(&item) {
                let (name, after) = (kind.to_owned(), Some(item));
                let change = ItemChange { kind: name, key: key.clone(), before: had, after };
                changes.insert((kind, key), change);
            }
        }
        for ((kind, key), item) in before {
            let (name, before) = (kind.to_owned(), Some(item));
            let change = ItemChange { kind: name, key: key.clone(), before, after: None };
            changes.insert((kind, key), change);
        }
        changes.into_values().collect()
    }

    /// This with these changes done to it.
    pub fn changed(mut self, changes: &[ItemChange]) -> Self {
        for change in changes {
            match (&change.before, &change.after) {
                (_, Some(after)) => self.put(after.clone()),
                (Some(before), None) => self.remove(before),
                (None, None) => {}
            }
        }
        self
    }
}

impl ItemChange {
    /// What undoes it.
    pub fn undone(&self) -> Self {
        Self {
            kind: self.kind.clone(),
            key: self.key.clone(),
            before: self.after.clone(),
            after: self.before.clone(),
        }
    }
}
