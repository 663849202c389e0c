//! A whole snapshot as it is read: people and what they carry go straight to where they will be
//! looked for, one after the other, so that a small box holds them once.

use std::collections::BTreeMap;
use std::fmt;

use model::{GroupId, PlaceId, RevocationId, Timestamp};
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::door::estate::{Door, Zone};
use crate::door::names::Names;
use crate::door::people::{CREDENTIALS_MAX, Credential, PEOPLE_MAX, People, Person};
use crate::door::policy::Link;
use crate::door::schedule::Schedule;
use crate::revocation::{Suspensions, Tombstone};

use super::{Full, Text};

/// A [`Full`] that was read piece by piece, for [`crate::door::Snapshot::from_arrived`]. It is read
/// from what a [`Full`] is written as, with its fields named.
#[derive(Debug)]
pub struct Arrived {
    /// Everything but people and credentials: those lists are empty here.
    pub words: Full,
    pub(super) names: Names,
    pub(super) people: People,
}

impl From<Full> for Arrived {
    fn from(mut full: Full) -> Self {
        let (people, credentials) =
            (std::mem::take(&mut full.people), std::mem::take(&mut full.credentials));
        let mut names = Names::default();
        let mut held = People::with_room(people.len(), credentials.len());
        held.change_groups(&mut names, (&full.groups, &[]));
        for person in people {
            held.put_person(&mut names, person);
        }
        for credential in credentials {
            held.put_credential(credential);
        }
        Self { words: full, names, people: held }
    }
}

/// The fields of a [`Full`].
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    Site,
    Version,
    GivenAt,
    Zones,
    Doors,
    Schedules,
    Groups,
    People,
    Credentials,
    Policies,
    Templates,
    Links,
    Tombstones,
    Suspensions,
    Deeds,
    #[serde(other)]
    Unknown,
}

/// What has come of a [`Full`] so far.
#[derive(Default)]
struct Parts {
    site: Option<PlaceId>,
    version: Option<u64>,
    given_at: Option<Timestamp>,
    zones: Option<Vec<Zone>>,
    doors: Option<Vec<Door>>,
    schedules: Option<Vec<Schedule>>,
    groups: Option<BTreeMap<GroupId, Vec<GroupId>>>,
    policies: Option<Vec<Text>>,
    templates: Option<Vec<Text>>,
    links: Option<Vec<Link>>,
    tombstones: Option<Vec<Tombstone>>,
    suspensions: Option<Suspensions>,
    deeds: Option<Vec<RevocationId>>,
    names: Names,
    held: People,
    has_people: bool,
    has_credentials: bool,
}

impl Parts {
    fn take<'de, A: MapAccess<'de>>(&mut self, field: Field, map: &mut A) -> Result<(), A::Error> {
        match field {
            Field::Site => self.site = Some(map.next_value()?),
            Field::Version => self.version = Some(map.next_value()?),
            Field::GivenAt => self.given_at = Some(map.next_value()?),
            Field::Zones => self.zones = Some(map.next_value()?),
            Field::Doors => self.doors = Some(map.next_value()?),
            Field::Schedules => self.schedules = Some(map.next_value()?),
            Field::Groups => {
                let groups = map.next_value()?;
                self.held.change_groups(&mut self.names, (&groups, &[]));
                self.groups = Some(groups);
            }
            Field::People => {
                map.next_value_seed(Persons(self))?;
                self.has_people = true;
            }
            Field::Credentials => {
                map.next_value_seed(Credentials(self))?;
                self.has_credentials = true;
            }
            Field::Policies => self.policies = Some(map.next_value()?),
            Field::Templates => self.templates = Some(map.next_value()?),
            Field::Links => self.links = Some(map.next_value()?),
            Field::Tombstones => self.tombstones = Some(map.next_value()?),
            Field::Suspensions => self.suspensions = Some(map.next_value()?),
            Field::Deeds => self.deeds = Some(map.next_value()?),
            Field::Unknown => drop(map.next_value::<serde::de::IgnoredAny>()?),
        }
        Ok(())
    }

    fn whole<E: Error>(self) -> Result<Arrived, E> {
        let missing = E::missing_field;
        if !self.has_people {
            return Err(missing("people"));
        }
        if !self.has_credentials {
            return Err(missing("credentials"));
        }
        let words = Full {
            site: self.site.ok_or_else(|| missing("site"))?,
            version: self.version.ok_or_else(|| missing("version"))?,
            given_at: self.given_at.ok_or_else(|| missing("given_at"))?,
            zones: self.zones.ok_or_else(|| missing("zones"))?,
            doors: self.doors.ok_or_else(|| missing("doors"))?,
            schedules: self.schedules.ok_or_else(|| missing("schedules"))?,
            groups: self.groups.ok_or_else(|| missing("groups"))?,
            people: Vec::new(),
            credentials: Vec::new(),
            policies: self.policies.ok_or_else(|| missing("policies"))?,
            templates: self.templates.ok_or_else(|| missing("templates"))?,
            links: self.links.ok_or_else(|| missing("links"))?,
            tombstones: self.tombstones.ok_or_else(|| missing("tombstones"))?,
            suspensions: self.suspensions.ok_or_else(|| missing("suspensions"))?,
            deeds: self.deeds.ok_or_else(|| missing("deeds"))?,
        };
        Ok(Arrived { words, names: self.names, people: self.held })
    }
}

impl<'de> Deserialize<'de> for Arrived {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Whole;
        impl<'de> Visitor<'de> for Whole {
            type Value = Arrived;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole snapshot")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Arrived, A::Error> {
                let mut parts = Parts::default();
                while let Some(field) = map.next_key()? {
                    parts.take(field, &mut map)?;
                }
                parts.whole()
            }
        }
        from.deserialize_map(Whole)
    }
}

/// Takes people in as they are read.
struct Persons<'a>(&'a mut Parts);

impl<'de> DeserializeSeed<'de> for Persons<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Persons<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {PEOPLE_MAX} people")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut people: A) -> Result<(), A::Error> {
        let Parts { held, names, .. } = self.0;
        held.expect_people(people.size_hint().unwrap_or(0));
        while let Some(person) = people.next_element::<Person>()? {
            if !held.put_person(names, person) {
                return Err(A::Error::invalid_length(PEOPLE_MAX + 1, &"at most that many people"));
            }
        }
        Ok(())
    }
}

/// Takes credentials in as they are read.
struct Credentials<'a>(&'a mut Parts);

impl<'de> DeserializeSeed<'de> for Credentials<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Credentials<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {CREDENTIALS_MAX} credentials")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut credentials: A) -> Result<(), A::Error> {
        let held = &mut self.0.held;
        held.expect_credentials(credentials.size_hint().unwrap_or(0));
        let mut taken = 0_usize;
        while let Some(credential) = credentials.next_element::<Credential>()? {
            taken += 1;
            if taken > CREDENTIALS_MAX {
                return Err(A::Error::invalid_length(taken, &"at most four million credentials"));
            }
            // One whose number has a later generation is left out, as everywhere.
            held.put_credential(credential);
        }
        Ok(())
    }
}
