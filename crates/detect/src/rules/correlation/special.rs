//! Compiling what Sigma has no word for: travel, conflicts of witnesses, baselines.

use std::collections::BTreeMap;
use std::time::Duration;

use model::spine::WitnessOf;
use rsigma_parser::CorrelationType;

use super::{Asked, Fault, Kind, Rules, entity_field, fault, measure};
use crate::limits::HOUR_WEEKS_MAX;
use crate::rules::RuleIndex;
use crate::rules::extension::{
    AskedConflict, Baseline as AskedBaseline, SeenAt, Special, Travel as AskedTravel, Unusual,
};

/// Two sightings further apart than anyone travels.
#[derive(Debug, Clone)]
pub(crate) struct Travel {
    /// Where the person was, by rule; others say it by their events' class.
    pub seen_at: BTreeMap<RuleIndex, SeenAt>,
    pub between_sites: Duration,
    pub speed_max_kmh: f64,
    pub share: f64,
}

/// Independent witnesses of one fact that disagree.
#[derive(Debug, Clone)]
pub(crate) struct Conflict {
    /// Rules whose word is held against the others'.
    pub against: Vec<RuleIndex>,
    /// What each rule is a witness of.
    pub kinds: BTreeMap<RuleIndex, WitnessOf>,
    /// The fields that hold numbers; a match of another rule counts one.
    pub counts: BTreeMap<RuleIndex, String>,
    /// How many independent witnesses it takes.
    pub least: usize,
    /// By how much counts must differ; `None`: the others' word is missing altogether.
    pub differ_by: Option<u64>,
}

impl Conflict {
    /// The kinds of source that would tell of what is held against the witnesses.
    pub(crate) fn kinds_against(&self) -> Vec<WitnessOf> {
        self.against.iter().filter_map(|rule| self.kinds.get(rule).copied()).collect()
    }

    /// The kinds of source that must be heard for anything to follow.
    pub(crate) fn kinds_heard(&self) -> Vec<WitnessOf> {
        match self.differ_by {
            None => self.kinds_against(),
            Some(_) => self.kinds.values().copied().collect(),
        }
    }
}

/// What is unusual for a group.
#[derive(Debug, Clone)]
pub(crate) struct Baseline {
    pub unusual: Unusual,
    pub learn: Duration,
    pub peers: Option<String>,
    pub peers_at_most: f64,
}

/// Compiles the block; the rules it names beside `rules` come with it.
pub(super) fn compile(
    special: &Special,
    asked: &Asked<'_>,
    (inputs, rules): (&[RuleIndex], &Rules<'_>),
) -> Result<(Kind, Vec<RuleIndex>), Vec<Fault>> {
    let mut faults = Vec::new();
    let key = special.key();
    let is_counted = asked.rule.correlation_type == CorrelationType::EventCount;
    let least = measure::predicates(&asked.written).map(|all| measure::least(&all));
    if !is_counted || least.ok().flatten() != Some(1) {
        let message = format!(
            "`{key}` goes with `type: event_count` and `condition: {{gte: 1}}`; let another \
             correlation count what it finds"
        );
        faults.push(fault("type:", "unsupported", message));
    }
    if asked.rule.group_by.is_empty() {
        let message = format!("`{key}` needs `group-by`: {}", whose(special));
        faults.push(fault("correlation:", "no_group", message));
    }
    let (kind, more) = match special {
        Special::Travel(own) => (Kind::Travel(travel(own, inputs, rules, &mut faults)), Vec::new()),
        Special::Conflict(own) => {
            let conflict = conflict(own, (asked, inputs), rules, &mut faults);
            let more = conflict.against.clone();
            (Kind::Conflict(conflict), more)
        }
        Special::Baseline(own) => (Kind::Baseline(baseline(own, asked, &mut faults)), Vec::new()),
    };
    for rule in inputs.iter().chain(&more) {
        if let Some(id) = (rules.correlation)(*rule) {
            let message = format!("`{key}` takes rules with a detection; `{id}` is a correlation");
            faults.push(fault("rules:", "unsupported", message));
        }
    }
    if faults.is_empty() { Ok((kind, more)) } else { Err(faults) }
}

fn whose(special: &Special) -> &'static str {
    match special {
        Special::Travel(_) => "whose sightings are compared? As in `group-by: [person]`",
        Special::Conflict(_) => "what is the fact about? As in `group-by: [place]`",
        Special::Baseline(_) => "whose habit is it? As in `group-by: [person]`",
    }
}

fn travel(
    own: &AskedTravel,
    inputs: &[RuleIndex],
    rules: &Rules<'_>,
    faults: &mut Vec<Fault>,
) -> Travel {
    let mut seen_at = BTreeMap::new();
    for (name, at) in &own.seen_at {
        match rules.one("seen_at:", name) {
            Ok(rule) if inputs.contains(&rule) => drop(seen_at.insert(rule, *at)),
            Ok(_) => faults.push(stranger("seen_at:", name)),
            Err(fault) => faults.push(fault),
        }
    }
    Travel {
        seen_at,
        between_sites: own.between_sites,
        speed_max_kmh: own.speed_max_kmh,
        share: own.share,
    }
}

fn stranger(key: &'static str, name: &str) -> Fault {
    fault(key, "unknown_rule", format!("`{name}` is not among the `rules` of this correlation"))
}

fn conflict(
    own: &AskedConflict,
    (asked, inputs): (&Asked<'_>, &[RuleIndex]),
    rules: &Rules<'_>,
    faults: &mut Vec<Fault>,
) -> Conflict {
    let mut made = Conflict {
        against: Vec::new(),
        kinds: BTreeMap::new(),
        counts: BTreeMap::new(),
        least: own.least,
        differ_by: own.differ_by,
    };
    let sides = [("witnesses:", &own.witnesses, true), ("against:", &own.against, false)];
    for (key, side, is_witness) in sides {
        for (name, witness) in side {
            let rule = match rules.one(key, name) {
                Ok(rule) => rule,
                Err(fault) => {
                    faults.push(fault);
                    continue;
                }
            };
            if is_witness && !inputs.contains(&rule) {
                faults.push(stranger(key, name));
            }
            if !is_witness {
                made.against.push(rule);
            }
            if !is_witness && inputs.contains(&rule) {
                let message = format!("`{name}` cannot be a witness against itself");
                faults.push(fault(key, "never_fires", message));
            }
            made.kinds.insert(rule, witness.kind);
            if let Some(field) = &witness.counts {
                made.counts.insert(rule, entity_field(field).to_owned());
            }
        }
    }
    for (name, rule) in asked.rule.rules.iter().zip(inputs) {
        if !made.kinds.contains_key(rule) {
            let message =
                format!("`{name}` needs its kind under `witnesses`: `{name}: {{kind: door}}`");
            faults.push(fault("witnesses:", "no_kind", message));
        }
    }
    made.against.sort_unstable();
    made.against.dedup();
    made
}

fn baseline(own: &AskedBaseline, asked: &Asked<'_>, faults: &mut Vec<Fault>) -> Baseline {
    let week = 7 * 86_400;
    let unusual = match &own.unusual {
        Unusual::First { fields } => {
            let fields = fields.iter().map(|field| entity_field(field).to_owned()).collect();
            Unusual::First { fields }
        }
        Unusual::Hour { rare } => {
            let weeks = asked.rule.timespan.seconds / week;
            if !(2..=u64::from(HOUR_WEEKS_MAX)).contains(&weeks) {
                let message = format!(
                    "for hours of the week `timespan` is from 2w to {HOUR_WEEKS_MAX}w: so many \
                     weeks are kept"
                );
                faults.push(fault("timespan:", "wrong_value", message));
            }
            Unusual::Hour { rare: *rare }
        }
        Unusual::Rate { factor, least } => Unusual::Rate { factor: *factor, least: *least },
    };
    Baseline {
        unusual,
        learn: own.learn,
        peers: own.peers.as_deref().map(|field| entity_field(field).to_owned()),
        peers_at_most: own.peers_at_most,
    }
}
