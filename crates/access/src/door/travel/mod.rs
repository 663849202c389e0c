//! A snapshot on its way to where it enforces: whole, or what changed.
//!
//! Words alone, in a fixed order: how they are written down, signed and carried is for the joining
//! crate. What a point gets is what its doors need, so that a stolen box is a small loss.
//!
//! INVARIANT: what is taken in is taken in whole or not at all; rights that came by pieces are the
//! same as rights that came at once (`tests/travel.rs`).

mod apply;
mod arrive;
mod delta;
mod scope;

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{GroupId, PlaceId, Problem, RevocationId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::revocation::{Suspensions, Tombstone};

use super::estate::{Door, EstateError, Zone};
use super::people::{Credential, Person};
use super::policy::Link;
use super::schedule::{Schedule, ScheduleError};

pub use arrive::Arrived;
pub use delta::{Change, Delta};
pub use scope::{Circle, Scope};

/// Most groups of one snapshot that travels.
pub const GROUPS_MAX: usize = 100_000;
/// Most zones of one snapshot that travels.
pub const ZONES_MAX: usize = 100_000;
/// Most deeds that wait for one point's receipts.
pub const DEEDS_WAITING_MAX: usize = 100_000;

/// A policy or a template as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Its name: what its `@id` says.
    pub id: Arc<str>,
    /// Its text, `@id` among it.
    pub text: Arc<str>,
}

/// All that certain doors need. Each list is in order of its ids, and names none twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Full {
    /// Whose: a point takes its own site's alone.
    pub site: PlaceId,
    /// The version of the snapshot.
    pub version: u64,
    /// When it was given, by the clock of whoever gives it.
    pub given_at: Timestamp,
    /// Zones, with the areas around them and all that lie in those.
    pub zones: Vec<Zone>,
    /// The doors of the point, and those whose attributes a policy asks about.
    pub doors: Vec<Door>,
    /// Schedules.
    pub schedules: Vec<Schedule>,
    /// The groups that each group is in.
    pub groups: BTreeMap<GroupId, Vec<GroupId>>,
    /// People whom some policy could let pass, and those who break rules for good reasons.
    pub people: Vec<Person>,
    /// What they carry, and what breaks the glass.
    pub credentials: Vec<Credential>,
    /// Policies.
    pub policies: Vec<Text>,
    /// Templates of the links.
    pub templates: Vec<Text>,
    /// Links.
    pub links: Vec<Link>,
    /// All that is dead, wherever it was ended.
    pub tombstones: Vec<Tombstone>,
    /// Who and what is suspended.
    pub suspensions: Suspensions,
    /// Deeds that wait for the point's receipt.
    pub deeds: Vec<RevocationId>,
}

/// Why a snapshot or a change was not taken in. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NotTaken {
    /// The change is from another snapshot than the one here: a whole one helps.
    #[error("the change is from snapshot {needed}, and {had} is here")]
    OtherBase {
        /// From which.
        needed: u64,
        /// Which is here.
        had: u64,
    },
    /// It leads backwards.
    #[error("snapshot {to} is older than {from}")]
    Backwards {
        /// To which.
        to: u64,
        /// From which.
        from: u64,
    },
    /// More than is held.
    #[error("{found} {what}, at most {max} are held")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        found: usize,
        /// How many are held.
        max: usize,
    },
    /// Zones or doors that do not fit together.
    #[error("zones and doors do not fit together: {}", .0.iter().map(ToString::to_string)
        .collect::<Vec<_>>().join("; "))]
    Estate(Vec<EstateError>),
    /// Schedules that no clock shows.
    #[error("a schedule does not load: {}", .0.iter().map(ToString::to_string)
        .collect::<Vec<_>>().join("; "))]
    Schedules(Vec<ScheduleError>),
    /// Policies that do not load.
    #[error("a policy does not load: {}", .0.iter().map(|problem| problem.message.as_str())
        .collect::<Vec<_>>().join("; "))]
    Policies(Vec<Problem>),
}

impl NotTaken {
    /// Whether a whole snapshot may be taken where this change was not.
    pub const fn wants_full(&self) -> bool {
        match self {
            Self::OtherBase { .. }
            | Self::Estate(_)
            | Self::Schedules(_)
            | Self::Policies(_)
            | Self::TooMany { .. } => true,
            Self::Backwards { .. } => false,
        }
    }
}
