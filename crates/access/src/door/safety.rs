//! What stands before every feature: which orders may reach a door while something burns, and who
//! may still be inside.

use model::{DoorId, PersonId, Timestamp, ZoneId};
use serde::{Deserialize, Serialize};

use super::decide::fire_at;
use super::live::Position;
use super::reason::Reason;
use super::snapshot::Snapshot;
use super::words::Standing;

/// What somebody wants done to a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Release the strike for a while.
    Release,
    /// Leave it unlocked.
    Unlock,
    /// Back to asking for credentials.
    Relock,
    /// Lock it for everybody but responders.
    Lock,
    /// Lock its zone down.
    LockDown,
    /// End a lockdown.
    EndLockdown,
}

impl Order {
    /// Whether it takes a way from somebody.
    pub const fn locks(self) -> bool {
        match self {
            Self::Relock | Self::Lock | Self::LockDown => true,
            Self::Release | Self::Unlock | Self::EndLockdown => false,
        }
    }
}

/// Whether an order may be sent to a door: nothing that locks while its fire input is active,
/// faulty, or waits for the panel's reset.
pub fn judge_order(snapshot: &Snapshot, door: &DoorId, order: Order) -> Result<(), Reason> {
    let says = fire_at(snapshot, door);
    if order.locks() && says.releases() { Err(Reason::Fire { says }) } else { Ok(()) }
}

/// Somebody on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MusterEntry {
    /// Who.
    pub person: PersonId,
    /// In which zone, where that is known.
    pub zone: Option<ZoneId>,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// Who is in an area, and who may be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Muster {
    /// Known to be in, by zone and then by id.
    pub inside: Vec<MusterEntry>,
    /// Perhaps in: nobody knows where they are, or nobody hears who goes in there.
    pub possibly: Vec<MusterEntry>,
}

/// The list of an area. Whoever is not known to be out counts as possibly inside: somebody forgiven
/// or never seen, and somebody believed out of an area whose doors are not heard.
pub fn muster(snapshot: &Snapshot, area: &ZoneId) -> Muster {
    let (estate, live) = (&snapshot.estate, &snapshot.live);
    let unheard = estate.zones().any(|zone| {
        live.is_blind(zone)
            && (estate.is_within(&zone.id, area) || estate.is_within(area, &zone.id))
    });
    let mut muster = Muster::default();
    for person in snapshot.people.persons() {
        let entry = |zone: Option<&ZoneId>, since| MusterEntry {
            person: person.id.clone(),
            zone: zone.cloned(),
            since,
        };
        match live.position(&person.id) {
            Position::In { zone, since } if estate.is_within(zone, area) => {
                muster.inside.push(entry(Some(zone), Some(*since)));
            }
            Position::In { since, .. } | Position::Out { since } => {
                if unheard {
                    muster.possibly.push(entry(None, Some(*since)));
                }
            }
            // Whoever was never in force and never seen has not come.
            Position::Unknown
                if person.standing == Standing::Ended && !live.was_seen(&person.id) => {}
            Position::Unknown => muster.possibly.push(entry(None, None)),
        }
    }
    muster.inside.sort_by(|a, b| (&a.zone, &a.person).cmp(&(&b.zone, &b.person)));
    muster.possibly.sort_by(|a, b| a.person.cmp(&b.person));
    muster
}
