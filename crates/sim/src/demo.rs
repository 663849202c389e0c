//! The demo organisation, carried in the program so that it runs from anywhere.

use model::{PersonId, PlaceId, TeamId};
use serde::Deserialize;

use crate::script::{Script, ScriptError};

/// The organisation folder's files by name.
pub const ORGANISATION: [(&str, &str); 14] = [
    ("organisation.toml", include_str!("../../../demo/organisation.toml")),
    ("places.toml", include_str!("../../../demo/places.toml")),
    ("people.csv", include_str!("../../../demo/people.csv")),
    ("assets.csv", include_str!("../../../demo/assets.csv")),
    ("identifiers.csv", include_str!("../../../demo/identifiers.csv")),
    ("doors.csv", include_str!("../../../demo/doors.csv")),
    ("sources.toml", include_str!("../../../demo/sources.toml")),
    ("groups.csv", include_str!("../../../demo/groups.csv")),
    ("members.csv", include_str!("../../../demo/members.csv")),
    ("credentials.csv", include_str!("../../../demo/credentials.csv")),
    ("rights.csv", include_str!("../../../demo/rights.csv")),
    ("schedules.toml", include_str!("../../../demo/schedules.toml")),
    ("access.toml", include_str!("../../../demo/access.toml")),
    ("policies/house.cedar", include_str!("../../../demo/policies/house.cedar")),
];

/// Who works with Castellan there.
const OPERATORS: &str = include_str!("../../../demo/operators.toml");

/// One of those who work with Castellan.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// What they type to sign in.
    pub login: String,
    /// Their name.
    pub name: String,
    /// Who of the organisation they are.
    pub person: PersonId,
    /// Whose incidents are theirs.
    #[serde(default)]
    pub teams: Vec<TeamId>,
    /// What they may do, and where.
    pub roles: Vec<OperatorRole>,
}

/// A role by its word, and the sites it is for; the whole organisation if none is named.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorRole {
    /// Its word.
    pub role: String,
    /// Where.
    pub sites: Option<Vec<PlaceId>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OperatorFile {
    #[serde(rename = "format")]
    _format: u32,
    operator: Vec<Operator>,
}

/// Who works with Castellan in the demo.
pub fn operators() -> Result<Vec<Operator>, ScriptError> {
    let file: OperatorFile = toml::from_str(OPERATORS)
        .map_err(|error| ScriptError::new("operators.toml", error.to_string()))?;
    Ok(file.operator)
}

/// How its days go.
pub const TIMETABLE: &str = include_str!("../../../demo/timetable.toml");

/// Which drawing shows which floor, and where things are on it.
pub const PLANS: &str = include_str!("../../../demo/plans/plans.toml");

/// The drawings, by the file names that the plans give them.
pub const DRAWINGS: [(&str, &str); 6] = [
    ("hkg-f18.svg", include_str!("../../../demo/plans/hkg-f18.svg")),
    ("hkg-f19.svg", include_str!("../../../demo/plans/hkg-f19.svg")),
    ("hq-f0.svg", include_str!("../../../demo/plans/hq-f0.svg")),
    ("hq-f1.svg", include_str!("../../../demo/plans/hq-f1.svg")),
    ("dc-f0.svg", include_str!("../../../demo/plans/dc-f0.svg")),
    ("dc-f1.svg", include_str!("../../../demo/plans/dc-f1.svg")),
];

/// What goes wrong, by name.
pub const STORIES: [(&str, &str); 10] = [
    ("insider", include_str!("../../../demo/stories/insider.toml")),
    ("leaver", include_str!("../../../demo/stories/leaver.toml")),
    ("blind-camera", include_str!("../../../demo/stories/blind-camera.toml")),
    ("mfa-fatigue", include_str!("../../../demo/stories/mfa-fatigue.toml")),
    ("tailgater", include_str!("../../../demo/stories/tailgater.toml")),
    ("two-places", include_str!("../../../demo/stories/two-places.toml")),
    ("cloned-card", include_str!("../../../demo/stories/cloned-card.toml")),
    ("dead-switch", include_str!("../../../demo/stories/dead-switch.toml")),
    ("door-flood", include_str!("../../../demo/stories/door-flood.toml")),
    ("quiet", include_str!("../../../demo/stories/quiet.toml")),
];

/// The demo's script with every story, or with the named one alone.
///
/// Fails when there is no story of that name.
pub fn script(story: Option<&str>) -> Result<Script, ScriptError> {
    let wanted = |name: &str| story.is_none_or(|story| story == name);
    let chosen: Vec<(&str, &str)> =
        STORIES.iter().copied().filter(|(name, _)| wanted(name)).collect();
    if let (Some(name), true) = (story, chosen.is_empty()) {
        let known = STORIES.map(|(name, _)| name).join("`, `");
        return Err(ScriptError::new("demo", format!("there is no story `{name}`: `{known}`")));
    }
    Script::parse(TIMETABLE, &chosen)
}
