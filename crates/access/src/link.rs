//! What a server and its edges say to each other. Words alone: how they travel, are signed and are
//! kept is for the joining crate.
//!
//! The link is one connection that the edge opens and both authenticate. Frames are these two
//! enumerations in MessagePack with named fields. What changes what an edge may do (snapshots,
//! renewals, commands) is [`Signed`] on top of that: it is kept, and must be provable later.

pub mod enrol;

use std::time::Duration;

use model::{CredentialId, DoorId, PersonId, PointId, RevocationId, Timestamp, ZoneId};
use serde::{Deserialize, Serialize};

use crate::door::{Freshness, Incidents, Order, Posture, Threat};
use crate::passages::Passage;
use crate::revocation::{Suspensions, Tombstone};

/// The version of this language. A peer of another one is told so, and nothing else.
pub const LINK_FORMAT: u16 = 1;
/// What of this language a peer understands beyond its beginning: 1, [`FromServer::Passages`].
pub const LINK_REVISION: u16 = 1;
/// Longest frame, in bytes.
pub const FRAME_BYTES_MAX: usize = 64 << 20;
/// Most records of one [`FromEdge::Records`].
pub const RECORDS_MAX: usize = 1_000;
/// Most passages of one [`FromServer::Passages`]; what is more comes in the next.
pub const PASSAGES_TOLD_MAX: usize = 5_000;
/// How often an edge is told of passages, also where there are none.
pub const PASSAGES_EVERY: Duration = Duration::from_secs(3);
/// A point that was told nothing of passages for this long, or a server that heard nothing of a
/// point, no longer knows who is in the zones that others share.
pub const UNHEARD_MAX: Duration = Duration::from_secs(10);
/// Most commands that an edge remembers, to know one that comes twice.
pub const COMMANDS_REMEMBERED_MAX: usize = 10_000;

/// For what a signature was made; part of what is signed, so that none can stand for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A whole snapshot.
    Full,
    /// What changed between two snapshots.
    Delta,
    /// The same snapshot, confirmed anew.
    Renewal,
    /// A command.
    Command,
    /// A receipt, by an edge.
    Receipt,
    /// The outcome of a command, by an edge.
    Outcome,
}

/// Bytes with a signature: Ed25519 (RFC 8032) over purpose, point and bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// For what.
    pub purpose: Purpose,
    /// For or by which point.
    pub point: PointId,
    /// What was signed: MessagePack of the thing, compressed with zstd where it is a snapshot.
    #[serde(with = "bytes")]
    pub bytes: Vec<u8>,
    /// 64 bytes.
    #[serde(with = "bytes")]
    pub signature: Vec<u8>,
}

impl Signed {
    /// What the signature is made over: lengths keep the parts apart.
    pub fn message(purpose: Purpose, point: &PointId, bytes: &[u8]) -> Vec<u8> {
        let word: &[u8] = match purpose {
            Purpose::Full => b"castellan/1 full",
            Purpose::Delta => b"castellan/1 delta",
            Purpose::Renewal => b"castellan/1 renewal",
            Purpose::Command => b"castellan/1 command",
            Purpose::Receipt => b"castellan/1 receipt",
            Purpose::Outcome => b"castellan/1 outcome",
        };
        let mut message = Vec::with_capacity(word.len() + point.as_str().len() + bytes.len() + 24);
        for part in [word, point.as_str().as_bytes(), bytes] {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            message.extend_from_slice(&length.to_be_bytes());
            message.extend_from_slice(part);
        }
        message
    }
}

/// What a server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromServer {
    /// The first word: who it is, and what time it is there.
    Welcome {
        /// [`LINK_FORMAT`].
        format: u16,
        /// Version of its software.
        software: String,
        /// Its clock.
        now: Timestamp,
        /// After a restore it asks for all that is dead.
        wants_tombstones: bool,
        /// Up to here it has the edge's records.
        records: u64,
    },
    /// A whole snapshot.
    Full(Signed),
    /// What changed since the snapshot that the edge has.
    Delta(Signed),
    /// The same snapshot, confirmed anew: [`Renewal`].
    Renewal(Signed),
    /// What changes by the minute, as the server knows it. Replaces what was told before.
    World(World),
    /// Where people went at other points: what has changed since this was last told, or all of it
    /// on a new connection. At least every [`PASSAGES_EVERY`]. Told to whoever understands
    /// revision 1 of the language.
    Passages(Passages),
    /// What somebody wants done: [`Command`].
    Command(Signed),
    /// Records up to this number are durable here; the edge may forget them.
    Kept {
        /// The number.
        up_to: u64,
    },
    /// Tell all that is dead, and who is suspended.
    TellTombstones,
    /// Why the connection ends.
    Farewell {
        /// In words.
        why: String,
    },
}

/// What an edge says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromEdge {
    /// The first word.
    Hello {
        /// [`LINK_FORMAT`].
        format: u16,
        /// Who it is; its certificate says the same.
        point: PointId,
        /// Version of its software.
        software: String,
        /// Its clock.
        now: Timestamp,
        /// The snapshot that it goes by; none: it has no rights.
        snapshot: Option<u64>,
        /// The first record that it still has, and the one it will give next.
        records: (u64, u64),
        /// [`LINK_REVISION`].
        #[serde(default)]
        revision: u16,
    },
    /// It goes by this snapshot, and it is on disk: one [`crate::revocation::Receipt`] for each
    /// deed that waited for it.
    Taken {
        /// Its version.
        snapshot: u64,
        /// One each.
        receipts: Vec<Signed>,
    },
    /// It did not take a snapshot, and goes on by the one it has.
    NotTaken {
        /// The one it goes by.
        snapshot: Option<u64>,
        /// Why, in words; `wants_full` follows from it.
        why: String,
        /// Only a whole one helps.
        wants_full: bool,
    },
    /// What happened, in order, without a gap; the same records may come twice.
    Records {
        /// The number of the first.
        first: u64,
        /// Each is one JSON object, as the mapping `castellan-door` reads it.
        records: Vec<String>,
    },
    /// Records that the edge had to forget before they were taken.
    Lost {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
        /// Why, in words.
        why: String,
    },
    /// What became of a command: [`Done`].
    Outcome(Signed),
    /// All that is dead here, and who is suspended.
    Tombstones {
        /// What is dead.
        dead: Vec<Tombstone>,
        /// Who is suspended.
        suspended: Suspensions,
    },
    /// Nothing but that it is alive, at least every [`ALIVE_EVERY`].
    Alive {
        /// Its clock.
        now: Timestamp,
        /// Whether it trusts it.
        clock_trusted: bool,
        /// The snapshot that it goes by.
        snapshot: Option<u64>,
        /// How its doors stand, where that has changed since it was last told.
        doors: Vec<DoorTold>,
        /// Records that it still has for the server; none: an older edge, which does not say.
        #[serde(default)]
        records_waiting: Option<u64>,
        /// The number of its last record, as the server counts them.
        #[serde(default)]
        last: Option<u64>,
    },
}

/// How often an edge says that it is alive.
pub const ALIVE_EVERY: Duration = Duration::from_secs(5);

/// The same snapshot, confirmed anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    /// Which snapshot.
    pub version: u64,
    /// When it was confirmed, by the server's clock.
    pub confirmed_at: Timestamp,
    /// Deeds that wait for this point's receipt.
    pub deeds: Vec<RevocationId>,
}

/// What changes by the minute, as the server knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct World {
    /// The threat level.
    pub threat: Option<Threat>,
    /// Zones that are locked down, since when, and when to ask whether it is still needed.
    pub lockdowns: Vec<(ZoneId, Timestamp, Option<Timestamp>)>,
    /// What is known of people.
    pub risks: Vec<(PersonId, Incidents, Posture)>,
    /// Whoever is not named has no open incident; else nothing is known of them.
    #[serde(default)]
    pub others_clear: bool,
    /// Nothing any more: [`FromServer::Passages`]. Edges from before wait for it.
    pub passages: Vec<(PersonId, Option<ZoneId>, Timestamp)>,
    /// Zones of which not all is heard: a point with a door of theirs is away, or a source silent.
    #[serde(default)]
    pub blind: Vec<ZoneId>,
    /// Whether those are heard who tell of doors; unknown of those that are not named.
    #[serde(default)]
    pub sources: Vec<(DoorId, Freshness)>,
}

/// Where people went at other points.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Passages {
    /// One for each person at most.
    pub passed: Vec<Passage>,
    /// There is more to come at once: until then not all is told.
    pub more: bool,
}

/// What somebody wants done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The same command twice has the same id, and is done once.
    pub id: String,
    /// To which door.
    pub door: DoorId,
    /// What.
    pub what: What,
    /// Not at or after this.
    pub expires_at: Timestamp,
    /// By whose right: an operator's id or a token's.
    pub by: String,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// As [`Order`] says; `hold` counts for [`Order::Release`].
    Order {
        /// The order.
        order: Order,
        /// For how long.
        hold: Option<Duration>,
    },
    /// Work on the door begins, or ends (none).
    Work(Option<(crate::door::Work, Timestamp)>),
    /// The panel was reset by hand, says somebody who stands before it.
    FireReset,
    /// The door's readers get new keys for their secure channel.
    RotateKeys,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Which.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub outcome: DoneHow,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoneHow {
    /// The device confirmed it.
    Confirmed,
    /// It was sent, and the device did not confirm it in time.
    Unconfirmed,
    /// It came too late.
    Expired,
    /// It may not be done now.
    Refused {
        /// Why, in words.
        why: String,
    },
    /// The device refused it, or is not there.
    Failed {
        /// What it said.
        why: String,
    },
}

/// How a door stands, told upwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorTold {
    /// Which.
    pub door: DoorId,
    /// How.
    pub stands: crate::doorway::Stands,
    /// Since when.
    pub since: Timestamp,
    /// Whether its strike is released.
    pub is_released: bool,
    /// Whether it is unlocked by the hours of its schedule; an edge of before does not say.
    #[serde(default)]
    pub by_schedule: bool,
    /// Whether its reader answers in a secure channel; none: no reader, or no answer.
    pub secure: Option<bool>,
    /// Whose credential moved it last.
    pub last: Option<CredentialId>,
}

/// Byte strings as such, not as sequences of numbers.
mod bytes {
    use serde::de::{Error, SeqAccess, Visitor};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
            fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u8>, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    bytes.push(byte);
                }
                Ok(bytes)
            }
        }
        from.deserialize_byte_buf(Bytes)
    }
}
