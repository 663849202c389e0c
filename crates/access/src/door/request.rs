//! What is asked at a door, and what is answered. Both may be recorded as they are: neither can
//! hold a card number or a PIN.

use std::sync::Arc;
use std::time::Duration;

use model::{CredentialId, DoorId, PersonId};
use serde::{Deserialize, Serialize};

use super::keys::CredentialKey;
use super::reason::Reason;
use super::words::{Direction, Step};

/// What somebody has shown to a reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presented {
    /// Nothing: a button, a handle, a sensor.
    Nothing,
    /// A card whose format is known.
    Card(CredentialKey),
    /// A mobile credential.
    Mobile(CredentialKey),
    /// Digits alone; whose they are was looked up, the digits were dropped.
    Pin(Option<CredentialId>),
    /// Bits that no format of this reader reads.
    Unreadable {
        /// How many.
        bits: u16,
    },
}

/// What became of the digits that were typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinVerdict {
    /// None were typed.
    #[default]
    NotGiven,
    /// The person's own.
    Right,
    /// Those that tell of force. Outwardly the same as right ones.
    Duress,
    /// Neither.
    Wrong,
}

impl PinVerdict {
    /// Whether they were the person's own, freely typed or not.
    pub const fn is_right(self) -> bool {
        match self {
            Self::Right | Self::Duress => true,
            Self::NotGiven | Self::Wrong => false,
        }
    }
}

/// What a biometric reader said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyVerdict {
    /// It was not asked.
    #[default]
    NotGiven,
    /// The holder of the credential.
    Match,
    /// Somebody else.
    NoMatch,
}

/// One question at one door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Where.
    pub door: DoorId,
    /// Which way.
    pub direction: Direction,
    /// With what.
    pub presented: Presented,
    /// And these digits.
    #[serde(default)]
    pub pin: PinVerdict,
    /// And this verdict of a reader.
    #[serde(default)]
    pub body: BodyVerdict,
    /// What somebody else showed within the door's window: a second person, or an escort.
    #[serde(default)]
    pub companion: Option<Companion>,
}

/// Somebody who came along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Companion {
    /// With what.
    pub presented: Presented,
    /// And these digits.
    #[serde(default)]
    pub pin: PinVerdict,
}

impl Request {
    /// A card, inwards, with nothing else.
    pub fn card(door: DoorId, key: CredentialKey) -> Self {
        Self {
            door,
            direction: Direction::Entry,
            presented: Presented::Card(key),
            pin: PinVerdict::NotGiven,
            body: BodyVerdict::NotGiven,
            companion: None,
        }
    }
}

/// What happens at the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It opens for so long.
    Grant {
        /// How long the strike is released.
        hold: Duration,
    },
    /// It would open after these steps, in this order.
    Require(Vec<Step>),
    /// It stays as it is.
    Refuse,
}

/// Most policies named in one decision.
pub const POLICIES_NAMED_MAX: usize = 32;

/// The answer, with all that a record of it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What happens.
    pub outcome: Outcome,
    /// Why: the first obstacle, or what let them through.
    pub because: Reason,
    /// The customer's policies that determined it, in order, at most [`POLICIES_NAMED_MAX`].
    pub policies: Vec<Arc<str>>,
    /// What else is to be recorded: obstacles that did not count here, and flags.
    pub noted: Vec<Reason>,
    /// Somebody is forced. Shown at no reader, door or screen near them.
    pub duress: bool,
    /// Whose credential it was.
    pub person: Option<PersonId>,
    /// Which credential.
    pub credential: Option<CredentialId>,
    /// The second person, where one was needed and counted.
    pub companion: Option<PersonId>,
    /// The version of the snapshot that decided.
    pub snapshot: u64,
}

impl Decision {
    /// Whether the door opens.
    pub fn is_grant(&self) -> bool {
        match self.outcome {
            Outcome::Grant { .. } => true,
            Outcome::Require(_) | Outcome::Refuse => false,
        }
    }
}
