//! What stands on a line.

use codec::osdp::Scbk;
use thiserror::Error;

use super::door::{DoorPlan, People};

/// Readers of one line.
pub const READERS_MAX: usize = 127;

/// One reader and its door.
#[derive(Debug, Clone)]
pub struct ReaderPlan {
    /// 0 to 126.
    pub address: u8,
    /// Its key; without one it speaks in clear text.
    pub key: Option<Scbk>,
    /// Whether it takes the install key, which everybody knows.
    pub is_installing: bool,
    /// Its serial number.
    pub serial: u32,
    /// What it is wired to.
    pub door: DoorPlan,
    /// What people at its door do who are let through.
    pub people: People,
}

impl ReaderPlan {
    /// A reader with a key, or in clear text, and an ordinary door.
    #[must_use]
    pub fn plain(address: u8, key: Option<Scbk>) -> Self {
        Self {
            address,
            key,
            is_installing: false,
            serial: 1_000 + u32::from(address),
            door: DoorPlan::default(),
            people: People::Go,
        }
    }
}

/// Why a line cannot be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PlanError {
    /// None, or more than a line has addresses.
    #[error("a line has 1 to {READERS_MAX} readers, not {0}")]
    Count(usize),
    /// 127 is everybody's.
    #[error("there is no address {0}: expected 0 to 126")]
    Address(u8),
    /// Two functions on one input.
    #[error("reader {0} has two functions on one input")]
    Inputs(u8),
}

pub(super) fn check(plans: &[ReaderPlan]) -> Result<(), PlanError> {
    if plans.is_empty() || plans.len() > READERS_MAX {
        return Err(PlanError::Count(plans.len()));
    }
    for plan in plans {
        if usize::from(plan.address) >= READERS_MAX {
            return Err(PlanError::Address(plan.address));
        }
        let DoorPlan { contact_input, exit_input, fire_input, .. } = plan.door;
        if contact_input == exit_input || contact_input == fire_input || exit_input == fire_input {
            return Err(PlanError::Inputs(plan.address));
        }
    }
    Ok(())
}
