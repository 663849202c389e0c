//! All that a decision rests on, under one version number.

use std::sync::Arc;

use model::{GroupId, PersonId, Problem, Timestamp};

use crate::passages::Passage;
use crate::revocation::{Subject, Suspensions, Tombstone, Tombstones};

use super::estate::{Door, Estate, EstateError, Zone};
use super::live::Live;
use super::names::Names;
use super::people::{Credential, People, Person};
use super::policy::{Change, Policies};
use super::schedule::Calendar;

/// How old the rights in a snapshot are, by a clock that only goes forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RightsAge {
    /// When whoever gives them out last confirmed them.
    pub confirmed_at: Timestamp,
    /// Whether the clock is trusted: after a start without the time it is not, and every lease
    /// counts as expired.
    pub is_trusted: bool,
}

impl RightsAge {
    /// Whether they are older than this, or nobody can tell.
    pub fn is_expired(&self, age_max: std::time::Duration, now: Timestamp) -> bool {
        !self.is_trusted || now < self.confirmed_at || now.since(self.confirmed_at) > age_max
    }
}

/// Everything. A copy is cheap: what is large is shared until one of them changes it.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Goes up with every change of rights.
    pub version: u64,
    /// Small numbers, shared by all below.
    pub(crate) names: Arc<Names>,
    pub(crate) estate: Arc<Estate>,
    pub(crate) people: Arc<People>,
    pub(crate) calendar: Arc<Calendar>,
    pub(crate) policies: Arc<Policies>,
    /// What is dead for ever.
    pub tombstones: Arc<Tombstones>,
    /// Who and what is suspended, whatever their records say.
    pub suspensions: Arc<Suspensions>,
    /// How old the rights are.
    pub rights: RightsAge,
    /// What changes by the minute.
    pub live: Live,
}

impl Snapshot {
    /// Nobody, nowhere. Fails when the built-in schema of policies does not parse.
    pub fn empty(now: Timestamp) -> Result<Self, Problem> {
        Ok(Self {
            version: 0,
            names: Arc::default(),
            estate: Arc::default(),
            people: Arc::default(),
            calendar: Arc::default(),
            policies: Arc::new(Policies::empty()?),
            tombstones: Arc::default(),
            suspensions: Arc::default(),
            rights: RightsAge { confirmed_at: now, is_trusted: true },
            live: Live::default(),
        })
    }

    /// Zones and doors, in place of those before; else everything that is wrong with them, and
    /// nothing has changed.
    pub fn set_estate(
        &mut self,
        zones: Vec<Zone>,
        doors: Vec<Door>,
    ) -> Result<(), Vec<EstateError>> {
        let estate = Estate::new(Arc::make_mut(&mut self.names), zones, doors)?;
        self.estate = Arc::new(estate);
        self.live.resettle(&self.estate);
        self.version += 1;
        Ok(())
    }

    /// Schedules, in place of those before.
    pub fn set_calendar(&mut self, calendar: Calendar) {
        self.calendar = Arc::new(calendar);
        self.version += 1;
    }

    /// Says which groups a group is in.
    pub fn put_group(&mut self, group: GroupId, parents: Vec<GroupId>) {
        Arc::make_mut(&mut self.people).put_group(Arc::make_mut(&mut self.names), group, parents);
        self.version += 1;
    }

    /// Adds or replaces a person. `false`: there is no room, and they were left out.
    pub fn put_person(&mut self, person: Person) -> bool {
        self.version += 1;
        Arc::make_mut(&mut self.people).put_person(Arc::make_mut(&mut self.names), person)
    }

    /// Adds or replaces a credential. `false`: there is no room, or a later generation of its
    /// number is known, and it was left out.
    pub fn put_credential(&mut self, credential: Credential) -> bool {
        self.version += 1;
        Arc::make_mut(&mut self.people).put_credential(credential)
    }

    /// Policies, changed; else everything that is wrong, and the running set stays.
    pub fn change_policies(&mut self, changes: &[Change]) -> Result<(), Vec<Problem>> {
        let changed = self.policies.changed(Arc::make_mut(&mut self.names), changes)?;
        self.policies = Arc::new(changed);
        self.version += 1;
        Ok(())
    }

    /// Names in policies that nothing here answers to, as warnings: a misspelt zone in a right is
    /// lawful, and opens nothing.
    pub fn unknown_names(&self) -> Vec<Problem> {
        super::policy::unknown(self)
    }

    /// Takes in tombstones. How many found no room.
    pub fn bury(&mut self, tombstones: &Tombstones) -> usize {
        let lost = Arc::make_mut(&mut self.tombstones).merge(tombstones);
        self.version += 1;
        lost
    }

    /// Takes in suspensions and what lifted them; the later word on each subject counts.
    pub fn suspend(&mut self, suspensions: &Suspensions) {
        Arc::make_mut(&mut self.suspensions).merge(suspensions);
        self.version += 1;
    }

    /// The tombstones that revoking a subject takes: the present generations of all that a person
    /// carries, or of one credential.
    pub fn stones(&self, subject: &Subject, since: Timestamp) -> Vec<Tombstone> {
        let stone = |credential: &Credential| Tombstone {
            key: credential.key,
            generation: credential.generation,
            since,
        };
        match subject {
            Subject::Credential(id) | Subject::Pass(id) => {
                self.people.credential(id).map(stone).into_iter().collect()
            }
            Subject::Person(id) => {
                let carried = |credential: &&Credential| credential.person.as_ref() == Some(id);
                self.people.credentials().filter(carried).map(stone).collect()
            }
        }
    }

    /// Somebody has passed a door, or was seen: into `zone`, or outside.
    pub fn passed(
        &mut self,
        person: &PersonId,
        zone: Option<&model::ZoneId>,
        at: Timestamp,
    ) -> bool {
        self.told(&Passage::new(person.clone(), zone.cloned(), at))
    }

    /// The same as another point tells it.
    pub fn told(&mut self, passage: &Passage) -> bool {
        self.live.passed(&self.estate, &self.people, passage)
    }

    /// Somebody passes here and now: later than all that was told. When that counts as having been.
    pub fn went(
        &mut self,
        person: &PersonId,
        zone: Option<&model::ZoneId>,
        now: Timestamp,
    ) -> Timestamp {
        self.live.went(&self.estate, &self.people, (person, zone), now)
    }

    /// Forgets where somebody is: anti-passback is forgiven.
    pub fn forgive(&mut self, person: &PersonId) {
        self.live.forgive(&self.estate, person);
    }

    /// Whether another goes by the very same rights: all but what is dead, suspended, and changes
    /// by the minute. Of two that were made apart it says no even where they are equal.
    pub fn shares_rights(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.estate, &other.estate)
            && Arc::ptr_eq(&self.people, &other.people)
            && Arc::ptr_eq(&self.calendar, &other.calendar)
            && Arc::ptr_eq(&self.policies, &other.policies)
    }

    /// Zones and doors.
    pub fn estate(&self) -> &Estate {
        &self.estate
    }
    /// People and credentials.
    pub fn people(&self) -> &People {
        &self.people
    }
    /// Schedules.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }
    /// Policies.
    pub fn policies(&self) -> &Policies {
        &self.policies
    }
}
