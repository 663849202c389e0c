//! The timetable and the stories: what people do, as data.

use std::time::Duration;

use chrono::{NaiveTime, Weekday};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// Why a script cannot be played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {what}")]
pub struct ScriptError {
    file: String,
    what: String,
}

impl ScriptError {
    pub(crate) fn new(file: &str, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), what: what.into() }
    }
}

/// A timetable with the stories that run beside it.
#[derive(Debug, Clone)]
pub struct Script {
    pub(crate) shifts: Vec<Shift>,
    pub(crate) works: Vec<Work>,
    pub(crate) pace: Pace,
    pub(crate) opening: Option<Opening>,
    pub(crate) stories: Vec<Story>,
}

impl Script {
    /// Reads a timetable and stories given as (name, text). Fails with what is wrong, and where.
    pub fn parse(timetable: &str, stories: &[(&str, &str)]) -> Result<Self, ScriptError> {
        let table: Timetable = read("timetable.toml", timetable)?;
        let story =
            |(name, text): &(&str, &str)| read::<Story>(&format!("stories/{name}.toml"), text);
        let stories = stories.iter().map(story).collect::<Result<Vec<Story>, ScriptError>>()?;
        let Timetable { shift, work, pace, opening, .. } = table;
        Ok(Self { shifts: shift, works: work, pace, opening, stories })
    }

    /// The same by the real calendar: an empty office on a Sunday.
    #[must_use]
    pub fn by_the_calendar(mut self) -> Self {
        self.opening = None;
        self
    }

    /// The stories beside the days.
    pub fn stories(&self) -> &[Story] {
        &self.stories
    }

    /// The same days without any story.
    #[must_use]
    pub fn without_stories(mut self) -> Self {
        self.stories.clear();
        self
    }
}

fn read<T: for<'a> Deserialize<'a>>(file: &str, text: &str) -> Result<T, ScriptError> {
    toml::from_str(text).map_err(|error| ScriptError::new(file, error.to_string()))
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Timetable {
    #[serde(rename = "format")]
    _format: Format,
    shift: Vec<Shift>,
    work: Vec<Work>,
    pace: Pace,
    opening: Option<Opening>,
}

/// The local day and time that people live by when everything starts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Opening {
    pub site: String,
    #[serde(deserialize_with = "weekday")]
    pub day: Weekday,
    #[serde(deserialize_with = "time")]
    pub time: NaiveTime,
}

/// The one format that this reads.
#[derive(Debug, Clone, Copy)]
struct Format;

impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            1 => Ok(Self),
            other => Err(D::Error::custom(format!("format {other} is not known here, only 1"))),
        }
    }
}

/// When somebody comes, pauses and leaves, in local time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shift {
    pub id: String,
    #[serde(deserialize_with = "weekdays")]
    pub days: Vec<Weekday>,
    pub arrive: Span,
    pub leave: Span,
    /// None for those who come for a few hours.
    pub pause: Option<Span>,
    #[serde(default)]
    pub pause_minutes: i64,
    /// Days that whoever has a machine of their own works from home.
    #[serde(default, deserialize_with = "weekdays")]
    pub home_days: Vec<Weekday>,
    #[serde(default)]
    pub absent_percent: u32,
    #[serde(default)]
    pub at_home_percent: u32,
}

/// Two times of day, in order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub from: NaiveTime,
    pub to: NaiveTime,
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let [from, to] = <[String; 2]>::deserialize(deserializer)?;
        Ok(Self { from: read_time(&from)?, to: read_time(&to)? })
    }
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveTime, D::Error> {
    read_time(&String::deserialize(deserializer)?)
}

fn read_time<E: serde::de::Error>(text: &str) -> Result<NaiveTime, E> {
    NaiveTime::parse_from_str(text, "%H:%M")
        .map_err(|_| E::custom(format!("`{text}` is not a time such as `08:30`")))
}

fn weekday<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Weekday, D::Error> {
    read_day(&String::deserialize(deserializer)?)
}

fn read_day<E: serde::de::Error>(word: &str) -> Result<Weekday, E> {
    word.parse().map_err(|_| E::custom(format!("`{word}` is not a day such as `mon`")))
}

fn weekdays<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Weekday>, D::Error> {
    let words = Vec::<String>::deserialize(deserializer)?;
    words.iter().map(|word| read_day(word)).collect()
}

/// Who works which shift, and where.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Work {
    pub shift: String,
    #[serde(default)]
    pub people: Vec<String>,
    #[serde(default)]
    pub teams: Vec<String>,
    pub site: Option<String>,
    pub zone: String,
    #[serde(default)]
    pub visits: Vec<String>,
    #[serde(default)]
    pub servers: Vec<String>,
}

/// How busy an ordinary day is, per person who is there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pace {
    pub visits_per_day: i64,
    pub visit_minutes: [i64; 2],
    pub flows_per_hour: i64,
    pub sign_ins_per_day: i64,
    pub server_sessions_per_day: i64,
    pub misreads_percent: u32,
    pub firewall_status_minutes: i64,
}

/// Something that goes wrong, step by step.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    #[serde(rename = "format")]
    _format: Format,
    /// Its name.
    pub id: String,
    /// What it is about, in a few words.
    pub title: String,
    /// What happens, in a sentence or three.
    pub about: String,
    /// What it must raise, and nothing else.
    pub expect: Expect,
    /// When several stories run, this one begins so long after the start; alone it begins at once.
    #[serde(default, deserialize_with = "length")]
    pub(crate) begins: Duration,
    /// People who do nothing but what the story says.
    pub(crate) cast: Vec<String>,
    #[serde(rename = "step", default)]
    pub(crate) steps: Vec<Step>,
}

impl Story {
    /// When several stories run, this one begins so long after the start.
    pub fn begins(&self) -> Duration {
        self.begins
    }
}

/// What a story must raise when it runs alone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// All of it within this time from the start.
    #[serde(deserialize_with = "length")]
    pub within: Duration,
    /// How many incidents.
    pub incidents: usize,
    /// The rules that speak, each once or more.
    pub rules: std::collections::BTreeSet<String>,
}

/// One step of a story.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Step {
    /// After the start; before it with a minus sign, and then told in the first seconds.
    #[serde(deserialize_with = "offset")]
    pub at: Offset,
    #[serde(flatten)]
    pub act: Act,
}

fn length<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    model::time::parse_duration(&text)
        .ok_or_else(|| D::Error::custom(format!("`{text}` is not a time such as `90s` or `20m`")))
}

/// Signed time from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offset {
    Before(Duration),
    After(Duration),
}

impl Offset {
    /// The instant so far from `start`.
    pub(crate) fn from(self, start: model::Timestamp) -> model::Timestamp {
        match self {
            Self::Before(length) => start.minus(length),
            Self::After(length) => start.plus(length),
        }
    }
}

fn offset<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Offset, D::Error> {
    let text = String::deserialize(deserializer)?;
    let (before, length) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.as_str()),
    };
    let length = model::time::parse_duration(length).ok_or_else(|| {
        D::Error::custom(format!("`{text}` is not a time such as `-4m` or `20s`"))
    })?;
    Ok(if before { Offset::Before(length) } else { Offset::After(length) })
}

/// What happens in a step.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Act {
    /// Somebody walks from one zone to another, through every door between.
    Pass { person: String, from: String, to: String },
    /// A door reports something, with somebody's badge or without.
    Badge { person: Option<String>, door: String, result: String },
    /// An account logs on at a machine's own screen.
    LogOn { account_of: String, asset: String },
    /// A machine sends.
    Flow { from: String, to: String, port: u16, bytes_out: u64 },
    /// A camera's link is lost.
    CameraLost { camera: String },
    /// It is there again.
    CameraBack { camera: String },
    /// A contact sensor opens.
    SensorOpened { sensor: String },
    /// A camera recognises somebody.
    CameraSees { camera: String },
    /// A switch is gone; the recorder says so.
    SwitchLost { switch: String, recorder: String },
    /// A sign-in request on somebody's phone is answered, for a session from some address.
    Push { person: String, from: String, approved: bool },
    /// A whole source says nothing for a while.
    Silence {
        source: String,
        #[serde(rename = "for", deserialize_with = "length")]
        length: Duration,
    },
    /// The endpoint protection raises an alert about a machine and whoever uses it.
    EndpointAlert { asset: String, person: String, title: String, severity: String },
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn a_wrong_script_says_where() {
        let story = "format = 1\nid = \"a\"\ntitle = \"t\"\nabout = \"\"\ncast = []\n\
                     expect = { within = \"1m\", incidents = 0, rules = [] }\n\
                     [[step]]\nat = \"soon\"\ncamera_lost = { camera = \"c\" }\n";
        let error = Script::parse(crate::demo::TIMETABLE, &[("a", story)]).unwrap_err().to_string();
        assert!(error.starts_with("stories/a.toml"), "{error}");
        assert!(error.contains("`soon` is not a time"), "{error}");
    }

    #[test]
    fn the_demo_has_its_stories() {
        assert_eq!(crate::demo::script(None).unwrap().stories.len(), 10);
        assert_eq!(crate::demo::script(Some("leaver")).unwrap().stories.len(), 1);
        assert!(crate::demo::script(Some("nobody")).is_err());
    }
}
