//! The nouns that cross borders: what every other crate means by a person, an event, a finding.
//!
//! Owns words and their shapes. Never decides, never does I/O, never reads a clock.

pub mod accounting;
pub mod audit;
pub mod enrichment;
pub mod event;
pub mod finding;
pub mod ids;
pub mod incident;
pub mod occurrence;
pub mod problem;
pub mod raw;
pub mod rights;
pub mod spine;
pub mod text;
pub mod time;
pub mod value;
pub mod words;

pub use accounting::{DeadLetter, DeadReason, DropReason, RejectReason};
pub use audit::AuditAct;
pub use enrichment::{CredentialState, Enrichment, PresenceState};
pub use event::{Event, Fingerprint, LogSource};
pub use finding::{EvidenceRef, Finding, FindingState, Level};
pub use ids::{
    AssetId, CredentialId, DoorId, Entity, FindingId, GroupId, IncidentId, MappingName,
    OccurrenceId, PersonId, PlaceId, PointId, RevocationId, RightId, RuleId, ScheduleId, SourceId,
    TeamId, TenantId, ZoneId,
};
pub use incident::{Disposition, Incident, IncidentState};
pub use occurrence::{Occurrence, OccurrenceKind};
pub use problem::{Position, Problem};
pub use raw::{Raw, Record, SourceState, Trust, Wire};
pub use rights::RightsData;
pub use spine::Organisation;
pub use time::{Interval, Timestamp};
