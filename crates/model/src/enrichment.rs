//! What the spine and presence add to an event (FORMATS.md, "Enrichment fields").

use serde::{Deserialize, Serialize};

use crate::ids::{AssetId, PersonId, PlaceId};
use crate::spine::{PersonKind, PersonStatus, ZoneClass};
use crate::time::{Interval, Timestamp};

/// Where the badge world believes a person is; three-valued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PresenceState {
    /// In a known zone.
    In,
    /// Outside everything we watch.
    Out,
    /// Cannot be said; never stands for either of the others.
    Unknown,
}

/// What a presence rests on, in rising strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PresenceEvidence {
    /// A badge was granted; nobody says the door was used.
    Granted,
    /// The door was used after the grant.
    Taken,
    /// A sensor saw the person there.
    Sensor,
}

/// Why a presence is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownWhy {
    /// No sighting has ever been heard.
    NeverSeen,
    /// The last sighting is older than the zone's `dwell_max`.
    Aged,
    /// A source that witnesses this person's presence is silent.
    Stale,
    /// Sightings contradict one another or their order cannot be stated.
    Ambiguous,
    /// The last passage led to a place that no reader watches.
    Unwatched,
}

/// A presence as rules see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// In, out or unknown.
    pub state: PresenceState,
    /// Zone, when in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<PlaceId>,
    /// The zone's class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone_class: Option<ZoneClass>,
    /// The zone's site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<PlaceId>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// What it rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<PresenceEvidence>,
    /// Why it is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<UnknownWhy>,
    /// Whether it rests on a grant at a door where passage is assumed, and on nothing better.
    #[serde(rename = "assumed", skip_serializing_if = "is_false", default)]
    pub is_assumed: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_false(truth: &bool) -> bool {
    !truth
}

/// What an event at a door says about somebody going through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PassageView {
    /// They may; whether they did is not said.
    Granted,
    /// They did.
    Taken,
    /// They may, at a door where the organisation takes that for having gone through.
    Assumed,
    /// They did not.
    NotTaken,
}

/// A person as rules see them: no name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonView {
    /// Active, suspended, left.
    pub status: PersonStatus,
    /// Employee, contractor, visitor, service.
    pub kind: PersonKind,
    /// Their team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
}

/// A thing's owner and where they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerView {
    /// The owner.
    pub id: PersonId,
    /// Where the badge world believes them to be.
    pub presence: Presence,
}

/// One end of an event.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EndpointView {
    /// The resolved thing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asset: Option<AssetId>,
    /// What it is: `workstation`, `camera` …
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<String>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceId>,
    /// That place's site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<PlaceId>,
    /// That place's zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<PlaceId>,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerView>,
}

/// Where an event happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceView {
    /// The place itself.
    pub id: PlaceId,
    /// Its site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<PlaceId>,
    /// Its zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<PlaceId>,
    /// The zone's class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone_class: Option<ZoneClass>,
}

/// Whether a credential was in force at the event's own time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CredentialState {
    /// Valid.
    Current,
    /// Another one has been issued in its place and is valid.
    Replaced,
    /// Ended by an act.
    Revoked,
    /// Past its `valid_to`, or before its `valid_from`.
    Expired,
    /// Nobody's that we know of.
    Unknown,
}

/// The credential that was presented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialView {
    /// Its value as the source names it.
    pub id: String,
    /// In force or not.
    pub state: CredentialState,
}

/// An identifier that nobody in the spine answers to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unresolved {
    /// Identifier kind: `badge`, `account`, `ip` …
    pub kind: String,
    /// The value.
    pub value: String,
}

/// The wall clock where an event happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LocalTime {
    /// 0 to 23.
    pub hour: u8,
    /// 1 (Monday) to 7 (Sunday).
    pub weekday: u8,
}

/// Everything added to one event. Serialises to FORMATS.md's `castellan` object; `person` is the
/// id as text and its view's fields are reached as `castellan.person.status` by rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrichment {
    /// The resolved actor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// What rules may ask of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person_view: Option<PersonView>,
    /// Where the badge world believes the actor to be, before this event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presence: Option<Presence>,
    /// `src_endpoint`, resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src: Option<EndpointView>,
    /// `dst_endpoint`, resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dst: Option<EndpointView>,
    /// `device`, resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<EndpointView>,
    /// Where it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceView>,
    /// What was presented.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialView>,
    /// Whether somebody went through a door.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub passage: Option<PassageView>,
    /// When it happened, by the source's clock quality.
    pub time: Interval,
    /// The wall clock at its place, else at its source's site, else the organisation's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub local: Option<LocalTime>,
    /// What could not be resolved.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub unresolved: Vec<Unresolved>,
}
