//! The blocks `travel`, `conflict` and `baseline`, as written.

use std::collections::BTreeMap;
use std::time::Duration;

use model::spine::WitnessOf;
use model::time::parse_duration;
use serde_json::{Map, Value};

use super::{Fault, text, texts, wrong};
use crate::limits::{
    HOUR_WEEKS_MAX, TRAVEL_BETWEEN_SITES, TRAVEL_SHARE_DEFAULT, TRAVEL_SPEED_KMH_DEFAULT,
};

/// What a correlation asks for that Sigma has no word for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Special {
    Travel(Travel),
    Conflict(Conflict),
    Baseline(Baseline),
}

impl Special {
    /// The key that it stands under.
    pub(crate) fn key(&self) -> &'static str {
        match self {
            Self::Travel(_) => "travel",
            Self::Conflict(_) => "conflict",
            Self::Baseline(_) => "baseline",
        }
    }
}

/// Sightings further apart than anyone travels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Travel {
    /// Where the person was, by rule; other rules say it by their events' class.
    pub seen_at: BTreeMap<String, SeenAt>,
    pub between_sites: Duration,
    pub speed_max_kmh: f64,
    pub share: f64,
}

/// Which place of an event its person was at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeenAt {
    Place,
    Device,
    Src,
    Dst,
}

/// Independent witnesses of one fact that disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conflict {
    pub witnesses: BTreeMap<String, Witness>,
    pub against: BTreeMap<String, Witness>,
    pub least: usize,
    pub differ_by: Option<u64>,
}

/// What a rule's matches are a witness of, and what number they bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Witness {
    pub kind: WitnessOf,
    pub counts: Option<String>,
}

/// What is unusual for a group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Baseline {
    pub unusual: Unusual,
    /// Nothing is said of a group known for less.
    pub learn: Duration,
    /// Groups whose events have one value here are peers.
    pub peers: Option<String>,
    pub peers_at_most: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Unusual {
    /// A value that the group has not had.
    First { fields: Vec<String> },
    /// An hour of the week in which the group is at most in this share of the weeks.
    Hour { rare: f64 },
    /// More in one window than so many times the usual, and than so many.
    Rate { factor: f64, least: u64 },
}

/// Reads the block that there is. Two of them, or one beside `without`, are refused.
pub(super) fn read(block: &Map<String, Value>, faults: &mut Vec<Fault>) -> Option<Special> {
    const ALL: [&str; 4] = ["without", "travel", "conflict", "baseline"];
    let mut named = ALL.iter().filter(|key| block.contains_key(**key));
    if let (Some(one), Some(other)) = (named.next(), named.next()) {
        let message = format!("`{one}` and `{other}` cannot be in one rule; make two of it");
        faults.push(wrong(other, message));
        return None;
    }
    let own = |key: &'static str, keys: &[&str], faults: &mut Vec<Fault>| {
        let value = block.get(key)?;
        let Some(own) = value.as_object() else {
            let message = format!("`{key}` is a mapping of {}", keys.join(", "));
            faults.push(wrong(key, message));
            return None;
        };
        unknown(own, key, keys, faults);
        Some(own.clone())
    };
    let travel_keys = ["seen_at", "between_sites", "speed_max", "share"];
    if let Some(own) = own("travel", &travel_keys, faults) {
        return travel(&own, faults).map(Special::Travel);
    }
    let conflict_keys = ["witnesses", "against", "least", "differ_by"];
    if let Some(own) = own("conflict", &conflict_keys, faults) {
        return conflict(&own, faults).map(Special::Conflict);
    }
    let baseline_keys =
        ["unusual", "field", "learn", "peers", "peers_at_most", "rare", "factor", "least"];
    let own = own("baseline", &baseline_keys, faults)?;
    baseline(&own, faults).map(Special::Baseline)
}

fn unknown(own: &Map<String, Value>, of: &str, keys: &[&str], faults: &mut Vec<Fault>) {
    for key in own.keys().filter(|key| !keys.contains(&key.as_str())) {
        let message = format!("unknown key `{key}` under `{of}`; it takes {}", keys.join(", "));
        faults.push(Fault { key: key.clone(), code: "unknown_key", message });
    }
}

fn travel(own: &Map<String, Value>, faults: &mut Vec<Fault>) -> Option<Travel> {
    let before = faults.len();
    let mut seen_at = BTreeMap::new();
    for (rule, word) in object(own, "seen_at", faults).into_iter().flatten() {
        let at = match word.as_str() {
            Some("place") => SeenAt::Place,
            Some("device") => SeenAt::Device,
            Some("src") => SeenAt::Src,
            Some("dst") => SeenAt::Dst,
            Some(_) | None => {
                let message = format!(
                    "`seen_at` of `{rule}` is `place`, `device`, `src` or `dst`, not {word}"
                );
                faults.push(wrong("seen_at", message));
                continue;
            }
        };
        seen_at.insert(rule.clone(), at);
    }
    let between_sites = span(own, "between_sites", faults).unwrap_or(TRAVEL_BETWEEN_SITES);
    let speed = number(own, "speed_max", (1.0, 100_000.0), faults);
    let share = number(own, "share", (0.05, 1.0), faults);
    (faults.len() == before).then(|| Travel {
        seen_at,
        between_sites,
        speed_max_kmh: speed.unwrap_or(TRAVEL_SPEED_KMH_DEFAULT),
        share: share.unwrap_or(TRAVEL_SHARE_DEFAULT),
    })
}

fn conflict(own: &Map<String, Value>, faults: &mut Vec<Fault>) -> Option<Conflict> {
    let before = faults.len();
    let witnesses = accounts(own, "witnesses", faults);
    let against = accounts(own, "against", faults);
    let differ_by = whole(own, "differ_by", faults);
    let least = whole(own, "least", faults);
    let is_counting = witnesses.values().chain(&mut against.values()).any(|w| w.counts.is_some());
    if is_counting && differ_by.is_none() {
        let message = "`counts` goes with `differ_by`: by how many must the counts differ?";
        faults.push(wrong("counts", message.to_owned()));
    }
    let usual = if differ_by.is_some() { 1 } else { 2 };
    let least = least.map_or(usual, |least| usize::try_from(least).unwrap_or(usize::MAX));
    let is_whole = faults.len() == before;
    is_whole.then_some(Conflict { witnesses, against, least, differ_by })
}

/// `RULE: { kind: KIND, counts: FIELD }` for each rule.
fn accounts(
    own: &Map<String, Value>,
    key: &'static str,
    faults: &mut Vec<Fault>,
) -> BTreeMap<String, Witness> {
    let mut read = BTreeMap::new();
    for (rule, value) in object(own, key, faults).into_iter().flatten() {
        let Some(block) = value.as_object() else {
            let message =
                format!("`{rule}` under `{key}` needs its kind: `{rule}: {{kind: door}}`");
            faults.push(wrong(rule, message));
            continue;
        };
        unknown(block, rule, &["kind", "counts"], faults);
        let word = block.get("kind").cloned().unwrap_or_default();
        let Ok(kind) = serde_json::from_value::<WitnessOf>(word) else {
            let message = format!(
                "`kind` of `{rule}` is one of presence, door, camera, network, identity, lane"
            );
            faults.push(wrong("kind", message));
            continue;
        };
        let counts = text(block, "counts", faults);
        read.insert(rule.clone(), Witness { kind, counts });
    }
    if read.is_empty() {
        let message = format!("`conflict` needs `{key}`: rules, each with its kind");
        faults.push(wrong("conflict", message));
    }
    read
}

fn baseline(own: &Map<String, Value>, faults: &mut Vec<Fault>) -> Option<Baseline> {
    let before = faults.len();
    let fields = texts(own, "field", faults);
    let rare = number(own, "rare", (0.0, 1.0), faults);
    let factor = number(own, "factor", (1.0, 1_000_000.0), faults);
    let least = whole(own, "least", faults);
    let word = text(own, "unusual", faults);
    let unusual = match word.as_deref() {
        Some("first") => Some(Unusual::First { fields: fields.clone() }),
        Some("hour") => Some(Unusual::Hour { rare: rare.unwrap_or(0.0) }),
        Some("rate") => {
            Some(Unusual::Rate { factor: factor.unwrap_or(3.0), least: least.unwrap_or(5) })
        }
        None | Some(_) => {
            faults.push(wrong("unusual", "`unusual` is `first`, `hour` or `rate`".to_owned()));
            None
        }
    };
    let word = word.unwrap_or_default();
    let goes_with = [
        ("field", "first", !fields.is_empty()),
        ("rare", "hour", rare.is_some()),
        ("factor", "rate", factor.is_some()),
        ("least", "rate", least.is_some()),
    ];
    for (key, with, is_there) in goes_with {
        if is_there && word != with && unusual.is_some() {
            faults.push(wrong(key, format!("`{key}` goes with `unusual: {with}`")));
        }
    }
    if word == "first" && fields.is_empty() {
        let message = "`unusual: first` needs `field`: the first time of what?";
        faults.push(wrong("unusual", message.to_owned()));
    }
    let learn = span(own, "learn", faults);
    if learn.is_none() {
        let message = "`baseline` needs `learn`, as in 14d: nothing is said of a group known for \
                       less";
        faults.push(wrong("baseline", message.to_owned()));
    }
    let week = Duration::from_secs(7 * 86_400);
    if word == "hour" && learn.is_some_and(|learn| learn < 2 * week) {
        let message = "an hour of the week comes once a week; `learn` at least 14d";
        faults.push(wrong("learn", message.to_owned()));
    }
    if word == "hour" && learn.is_some_and(|learn| learn > week * HOUR_WEEKS_MAX) {
        let message = format!("`learn` is at most {HOUR_WEEKS_MAX}w: no more weeks are kept");
        faults.push(wrong("learn", message));
    }
    let peers = text(own, "peers", faults);
    let at_most = number(own, "peers_at_most", (0.0, 1.0), faults);
    if at_most.is_some() && peers.is_none() {
        let message = "`peers_at_most` needs `peers`: the field that peers have in common";
        faults.push(wrong("peers_at_most", message.to_owned()));
    }
    let is_whole = faults.len() == before;
    let (unusual, learn) = (unusual?, learn?);
    is_whole.then(|| Baseline { unusual, learn, peers, peers_at_most: at_most.unwrap_or(1.0) })
}

fn object<'a>(
    own: &'a Map<String, Value>,
    key: &str,
    faults: &mut Vec<Fault>,
) -> Option<&'a Map<String, Value>> {
    let value = own.get(key)?;
    let found = value.as_object();
    if found.is_none() {
        faults.push(wrong(key, format!("`{key}` is a mapping of rules")));
    }
    found
}

fn span(own: &Map<String, Value>, key: &str, faults: &mut Vec<Fault>) -> Option<Duration> {
    let text = text(own, key, faults)?;
    let read = parse_duration(&text).filter(|span| !span.is_zero());
    if read.is_none() {
        let message =
            format!("`{text}` is no duration for `{key}`; write it as in 30s, 10m or 14d");
        faults.push(wrong(key, message));
    }
    read
}

fn number(
    own: &Map<String, Value>,
    key: &str,
    (from, to): (f64, f64),
    faults: &mut Vec<Fault>,
) -> Option<f64> {
    let value = own.get(key)?;
    let read = value.as_f64().filter(|number| (from..=to).contains(number));
    if read.is_none() {
        faults.push(wrong(key, format!("`{key}` is a number from {from} to {to}, not {value}")));
    }
    read
}

fn whole(own: &Map<String, Value>, key: &str, faults: &mut Vec<Fault>) -> Option<u64> {
    let value = own.get(key)?;
    let read = value.as_u64().filter(|number| (1..=1_000_000).contains(number));
    if read.is_none() {
        let message = format!("`{key}` is a whole number from 1 to 1000000, not {value}");
        faults.push(wrong(key, message));
    }
    read
}
