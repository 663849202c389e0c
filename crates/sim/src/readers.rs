//! Readers on one OSDP line with a door each, as they stand in a building: cards, keys, a leaf that
//! people open when the strike lets them, a contact that may lie, a cover, a fire relay.
//!
//! A state machine without sockets, clock or randomness of its own: bytes and time in, bytes and
//! what the readers were told out. The protocol is [`codec::osdp::Device`].

mod cue;
mod door;
mod plan;
mod station;
mod told;

use std::time::Duration;

pub use cue::{CUE_BYTES_MAX, CardCue, Cue, CueError, Gesture, LeafCue};
pub use door::{ContactFault, DoorPlan, People};
pub use plan::{PlanError, READERS_MAX, ReaderPlan};
pub use told::{Told, What};

use crate::chance::Chance;
use station::Station;

/// What was told and nobody took; beyond it the oldest is forgotten.
const TOLD_MAX: usize = 4_096;

/// All readers of one line.
pub struct Readers {
    stations: Vec<Station>,
    chance: Chance,
    told: std::collections::VecDeque<Told>,
}

impl Readers {
    /// Readers that were just switched on. `seed`: of the numbers in their handshakes.
    ///
    /// # Errors
    /// [`PlanError`]: none or too many, an address twice or out of range, inputs that coincide.
    pub fn new(plans: &[ReaderPlan], seed: u64) -> Result<Self, PlanError> {
        plan::check(plans)?;
        let stations = plans.iter().map(Station::new).collect();
        Ok(Self { stations, chance: Chance::of(seed, &["readers"]), told: Default::default() })
    }

    /// Takes bytes of the line at `now`, the time since some beginning; gives what the readers
    /// answer, in the order of their places. Readers at one address answer both, as real ones do.
    pub fn receive(&mut self, bytes: &[u8], now: Duration) -> Vec<u8> {
        let mut answers = Vec::new();
        for station in &mut self.stations {
            let random = self.chance.next().to_be_bytes();
            answers.extend(station.receive(bytes, now, random));
        }
        self.gather(now);
        answers
    }

    /// Does what a cue says, at `now`.
    ///
    /// # Errors
    /// [`CueError`]: there is no such reader, or it cannot be done as things stand.
    pub fn act(&mut self, cue: &Cue, now: Duration) -> Result<(), CueError> {
        let mut found = false;
        for station in self.stations.iter_mut().filter(|one| one.address() == cue.reader) {
            found = true;
            station.act(&cue.gesture, now)?;
        }
        self.gather(now);
        if found { Ok(()) } else { Err(CueError::NoSuchReader(cue.reader)) }
    }

    /// Lets time pass.
    pub fn tick(&mut self, now: Duration) {
        for station in &mut self.stations {
            station.tick(now);
        }
        self.gather(now);
    }

    /// When something happens by itself next; `None` while nothing is due.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        self.stations.iter().filter_map(Station::wake_at).min()
    }

    /// What the readers were told or what happened at their doors, oldest first.
    pub fn next_told(&mut self) -> Option<Told> {
        self.told.pop_front()
    }

    /// Cards that the latest [`Readers::receive`] answered with, by address: for measurements.
    pub fn cards_said(&self) -> impl Iterator<Item = u8> {
        self.stations.iter().filter(|station| station.has_said_card()).map(Station::address)
    }

    /// Readers whose strike the latest [`Readers::receive`] was told to release, whether or not it
    /// had let go before: for measurements.
    pub fn released_anew(&self) -> impl Iterator<Item = u8> {
        self.stations.iter().filter(|station| station.is_released_anew()).map(Station::address)
    }

    fn gather(&mut self, now: Duration) {
        for station in &mut self.stations {
            let address = station.address();
            while let Some(what) = station.next_told() {
                if self.told.len() == TOLD_MAX {
                    self.told.pop_front();
                }
                self.told.push_back(Told { after: now, reader: address, what });
            }
        }
    }
}

#[cfg(test)]
mod tests;
