//! One id type per noun, so that a door can never be handed where a person is meant.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not an id: {expected}")]
pub struct IdError {
    /// The refused text.
    pub value: String,
    /// What would have been accepted.
    pub expected: &'static str,
}

/// Longest id in bytes.
pub const ID_BYTES_MAX: usize = 64;

fn is_id(text: &str) -> bool {
    let mut bytes = text.bytes();
    let head = bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    head && text.len() <= ID_BYTES_MAX
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_".contains(&b))
}

macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Accepts `[a-z0-9][a-z0-9._-]{0,63}`; fails with what was expected.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                if is_id(text) {
                    Ok(Self(Arc::from(text)))
                } else {
                    Err(IdError {
                        value: text.chars().take(80).collect(),
                        expected: "a-z, 0-9, dot, dash and underscore, at most 64, \
                                   beginning with a letter or digit",
                    })
                }
            }
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.to_string()
            }
        }
        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                text_schema("^[a-z0-9][a-z0-9._-]{0,63}$")
            }
        }
        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

#[cfg(feature = "openapi")]
fn text_schema(pattern: &str) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::Type::String)
        .pattern(Some(pattern))
        .into()
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Entity {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        text_schema("^(person|asset|place):[a-z0-9][a-z0-9._-]{0,63}$")
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Entity {}

id!(/// One organisation served by this installation.
    TenantId);
id!(/// A human being known to the organisation.
    PersonId);
id!(/// A thing: a workstation, a camera, a controller.
    AssetId);
id!(/// A node of the place tree: region, site, building, floor, zone, room, door or desk.
    PlaceId);
id!(/// One configured origin of records.
    SourceId);
id!(/// A mapping folder's name.
    MappingName);
id!(/// A group of people that can own an incident.
    TeamId);
id!(/// A rule's id: Sigma's UUID or our own slug.
    RuleId);
id!(/// A finding's id: hash of rule id, rule version, group and episode anchor.
    FindingId);
id!(/// An incident's id.
    IncidentId);
id!(/// The id of an entry of the occurrence log.
    OccurrenceId);
id!(/// A portal between two zones, or a floor that a lift serves.
    DoorId);
id!(/// An area behind doors, or an area of such areas up to the site.
    ZoneId);
id!(/// People who share rights.
    GroupId);
id!(/// Hours of the week with their holidays.
    ScheduleId);
id!(/// A card, a PIN slot, a mobile credential: what opens, never its number.
    CredentialId);
id!(/// One place where rights are enforced: an edge, a controller, a connected system.
    PointId);
id!(/// One right: who may pass where, and when.
    RightId);
id!(/// One act of suspending or revoking.
    RevocationId);

/// The source that holds what no configured source matches.
pub const UNASSIGNED: &str = "unassigned";

/// What an identifier points at, and what findings and incidents are about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Entity {
    /// Written `person:ID`.
    Person(PersonId),
    /// Written `asset:ID`.
    Asset(AssetId),
    /// Written `place:ID`.
    Place(PlaceId),
}

impl Entity {
    /// Reads `person:ID`, `asset:ID` or `place:ID`.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError {
            value: text.chars().take(80).collect(),
            expected: "person:ID, asset:ID or place:ID",
        };
        let (kind, id) = text.split_once(':').ok_or_else(wrong)?;
        match kind {
            "person" => Ok(Self::Person(PersonId::parse(id)?)),
            "asset" => Ok(Self::Asset(AssetId::parse(id)?)),
            "place" => Ok(Self::Place(PlaceId::parse(id)?)),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(id) => write!(f, "person:{id}"),
            Self::Asset(id) => write!(f, "asset:{id}"),
            Self::Place(id) => write!(f, "place:{id}"),
        }
    }
}

impl TryFrom<String> for Entity {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<Entity> for String {
    fn from(entity: Entity) -> String {
        entity.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn ids_accept_what_the_format_names_and_nothing_else() {
        for good in ["a", "0x", "mbramar001", "door-1.2_b", &"a".repeat(64)] {
            assert!(PersonId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "A", "-a", ".a", "a b", "a:b", "é", &"a".repeat(65)] {
            assert!(PersonId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn entities_round_trip() {
        for text in ["person:ana", "asset:cam-1", "place:hq.lobby"] {
            assert_eq!(Entity::parse(text).unwrap().to_string(), text);
        }
        assert!(Entity::parse("door:x").is_err());
    }
}
