//! What a policy may ask about one request, each answer made when it is first asked for.

use std::cell::OnceCell;

use model::{ScheduleId, Timestamp};

use crate::door::estate::{Estate, PlacedDoor};
use crate::door::people::{Holder, People};
use crate::door::schedule::{Calendar, WallClock};
use crate::door::words::{Freshness, Incidents, Lease, Posture, Presence, Threat, ZoneClass};

use super::condition::{Number, Slot};

/// One person before one door.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub people: &'a People,
    pub estate: &'a Estate,
    pub calendar: &'a Calendar,
    pub holder: &'a Holder,
    pub door: &'a PlacedDoor,
    pub class: ZoneClass,
    pub now: Timestamp,
    pub threat: Threat,
    pub incidents: Incidents,
    pub device: Posture,
    pub source: Freshness,
    pub presence: Presence,
    pub lease: Lease,
    /// Factors, as their bits.
    pub factors: u16,
    pub wall: OnceCell<WallClock>,
}

impl Facts<'_> {
    /// The word in a slot, as its bit.
    pub(crate) fn word(&self, slot: Slot) -> u16 {
        match slot {
            Slot::Kind => self.holder.person.kind.bit(),
            Slot::Class => self.class.bit(),
            Slot::Threat => self.threat.bit(),
            Slot::Incidents => self.incidents.bit(),
            Slot::Device => self.device.bit(),
            Slot::Source => self.source.bit(),
            Slot::Presence => self.presence.bit(),
            Slot::Lease => self.lease.bit(),
        }
    }

    /// The number in a slot.
    pub(crate) fn number(&self, slot: Number) -> i64 {
        match slot {
            Number::Minute => i64::from(self.wall().minute),
            Number::Weekday => self.wall().weekday(),
            Number::Clearance => self.holder.person.clearance,
        }
    }

    /// Whether a schedule is open; most go by the clock that the door goes by.
    pub(crate) fn is_open(&self, id: &ScheduleId) -> bool {
        self.calendar.get(id).is_some_and(|schedule| {
            if schedule.time_zone == self.door.door.time_zone {
                schedule.is_open_at(self.wall())
            } else {
                schedule.is_open(self.now)
            }
        })
    }

    pub(crate) fn wall(&self) -> WallClock {
        *self.wall.get_or_init(|| WallClock::at(self.door.door.time_zone, self.now))
    }
}
