//! Making findings: ids, entities, sentences.

use std::collections::{BTreeMap, BTreeSet};

use model::enrichment::{EndpointView, PassageView, PresenceState, UnknownWhy};
use model::finding::{EVIDENCE_MAX, Window};
use model::{Entity, Event, EvidenceRef, Finding, FindingId, FindingState, Fingerprint, Timestamp};

use crate::correlate::Episode;
use crate::rules::RuleMeta;
use crate::sigma::View;
use crate::sigma::field::why_word;
use crate::spine::is_physical;

/// The first event of an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Anchor {
    pub time: Timestamp,
    pub fingerprint: Fingerprint,
}

/// Hash of rule id, rule version, group and anchor: the same input gives the same one everywhere.
pub(crate) fn id_of(rule: &RuleMeta, group: &BTreeMap<String, String>, at: Anchor) -> FindingId {
    let mut hasher = blake3::Hasher::new();
    let mut text = |part: &str| {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    };
    text(rule.id.as_str());
    text(&rule.version);
    for (key, value) in group {
        text(key);
        text(value);
    }
    hasher.update(&at.time.nanos().to_le_bytes());
    hasher.update(&at.fingerprint.0.to_be_bytes());
    let hex = hasher.finalize().to_hex();
    let short = hex.get(..32).unwrap_or(&hex);
    // INVARIANT: 32 hexadecimal digits are an id (checked by `tests::ids_are_ids`).
    #[expect(clippy::expect_used, reason = "hexadecimal digits always form an id")]
    FindingId::parse(short).expect("hexadecimal is an id")
}

/// The finding of one event and one rule.
pub(crate) fn of_event(rule: &RuleMeta, event: &Event, state: FindingState) -> Finding {
    let view = View::new(event);
    let group = group(rule, event, &view);
    let anchor = Anchor { time: event.time, fingerprint: event.fingerprint };
    let because = match &rule.because {
        Some(template) => template.fill(&template.read(&view), 1, None),
        None => plain_sentence(rule, event),
    };
    let because = with_assumption(because, is_assumed(event, rule.asks_presence));
    Finding {
        id: id_of(rule, &group, anchor),
        rule: rule.id.clone(),
        title: rule.title.clone(),
        level: rule.level,
        time: event.time,
        window: Window { from: event.time, to: event.time },
        group,
        entities: entities(event, rule.concerns_owner).into_iter().collect(),
        evidence: vec![evidence(event)],
        state,
        supersedes: Vec::new(),
        because,
        undecided: if rule.asks_presence { doubts(event) } else { Vec::new() },
    }
}

/// The finding of one episode of a correlation.
pub(crate) fn of_episode(
    rule: &RuleMeta,
    group: &BTreeMap<String, String>,
    episode: &Episode,
    state: FindingState,
) -> Finding {
    let because = match &rule.because {
        Some(template) => template.fill(&episode.fields, episode.count, episode.why.as_deref()),
        None => match &episode.why {
            Some(why) => format!("{}: {why}", rule.title),
            None => format!("{}: {} events", rule.title, episode.count),
        },
    };
    // What stands for another correlation's episode has its events further back.
    let first = episode.evidence.iter().map(|one| one.time).min().min(Some(episode.from));
    let more = episode.count.saturating_sub(EVIDENCE_MAX as u64);
    let because = if more > 0 {
        format!("{because} ({more} further events are not listed)")
    } else {
        because
    };
    let because = with_assumption(because, episode.is_assumed);
    Finding {
        id: id_of(rule, group, episode.anchor()),
        rule: rule.id.clone(),
        title: rule.title.clone(),
        level: rule.level,
        time: episode.fired,
        window: Window { from: first.unwrap_or(episode.from), to: episode.last },
        group: group.clone(),
        entities: episode.entities.iter().cloned().collect(),
        evidence: episode.evidence.clone(),
        state,
        supersedes: Vec::new(),
        because,
        undecided: Vec::new(),
    }
}

pub(crate) fn evidence(event: &Event) -> EvidenceRef {
    EvidenceRef {
        source: event.source.clone(),
        record: event.record,
        time: event.time,
        class_uid: event.class_uid,
    }
}

/// The values of the rule's fold keys; without any, the person, else the place, else the thing.
fn group(rule: &RuleMeta, event: &Event, view: &View<'_>) -> BTreeMap<String, String> {
    let mut group = BTreeMap::new();
    for key in &rule.fold {
        if let Some(value) = view.text(key) {
            group.insert(short(key).to_owned(), value);
        }
    }
    if !group.is_empty() {
        return group;
    }
    let Some(enrichment) = event.enrichment.as_deref() else {
        return group;
    };
    if let Some(person) = &enrichment.person {
        group.insert("person".into(), person.to_string());
    } else if let Some(place) = &enrichment.place {
        group.insert("place".into(), place.id.to_string());
    } else if let Some(asset) = enrichment.src.as_ref().and_then(|src| src.asset.as_ref()) {
        group.insert("asset".into(), asset.to_string());
    }
    group
}

/// `castellan.person` reads `person` in a group.
pub(crate) fn short(key: &str) -> &str {
    match key {
        "castellan.person" => "person",
        "castellan.place" => "place",
        "castellan.place.site" => "site",
        "castellan.place.zone" => "zone",
        other => other,
    }
}

/// Alarm signals are about the device that gives them: a lost camera is the thing that is lost.
const ALARM_SIGNAL: u32 = 4_230_002;

/// Whom and what an event is about. A device that only reports (a firewall of a flow, a controller
/// of a door) is not what it is about.
pub(crate) fn entities(event: &Event, with_owner: bool) -> BTreeSet<Entity> {
    let mut all = BTreeSet::new();
    let Some(enrichment) = event.enrichment.as_deref() else {
        return all;
    };
    all.extend(enrichment.person.clone().map(Entity::Person));
    all.extend(enrichment.place.clone().map(|place| Entity::Place(place.id)));
    let network = (4_000..5_000).contains(&event.class_uid);
    let passage = is_physical(event.class_uid) && event.class_uid != ALARM_SIGNAL;
    let reports_only = (network && (enrichment.src.is_some() || enrichment.dst.is_some()))
        || (passage && enrichment.place.is_some());
    let device = enrichment.device.as_ref().filter(|_| !reports_only);
    let ends: [Option<&EndpointView>; 3] =
        [enrichment.src.as_ref(), enrichment.dst.as_ref(), device];
    for end in ends.into_iter().flatten() {
        all.extend(end.asset.clone().map(Entity::Asset));
        if with_owner {
            all.extend(end.owner.as_ref().map(|owner| Entity::Person(owner.id.clone())));
        }
    }
    all
}

/// Whether what an event shows rests on a grant at a door where passage is assumed.
pub(crate) fn is_assumed(event: &Event, asks_presence: bool) -> bool {
    let Some(enrichment) = event.enrichment.as_deref() else { return false };
    let ends = [&enrichment.src, &enrichment.dst, &enrichment.device];
    let owners = ends.into_iter().flatten().filter_map(|end| end.owner.as_ref());
    let mut presences = enrichment.presence.iter().chain(owners.map(|owner| &owner.presence));
    enrichment.passage == Some(PassageView::Assumed)
        || (asks_presence && presences.any(|presence| presence.is_assumed))
}

fn with_assumption(because: String, is_assumed: bool) -> String {
    if is_assumed {
        format!("{because} (granted at a door where passage is assumed)")
    } else {
        because
    }
}

/// Which presences of an event are unknown, and why.
pub(crate) fn doubts(event: &Event) -> Vec<String> {
    let Some(enrichment) = event.enrichment.as_deref() else {
        return Vec::new();
    };
    let mut doubts = Vec::new();
    let owner = |end: &Option<EndpointView>| {
        end.as_ref().and_then(|end| end.owner.as_ref()).map(|owner| owner.presence.clone())
    };
    let all = [
        ("castellan.presence", enrichment.presence.clone()),
        ("castellan.src.owner.presence", owner(&enrichment.src)),
        ("castellan.dst.owner.presence", owner(&enrichment.dst)),
        ("castellan.device.owner.presence", owner(&enrichment.device)),
    ];
    for (name, presence) in all {
        let Some(presence) = presence.filter(|p| p.state == PresenceState::Unknown) else {
            continue;
        };
        let why = presence.why.map_or("unknown", why_word);
        doubts.push(format!("{name} is unknown ({why})"));
    }
    doubts
}

/// Why a presence is unknown, when that is the silence of a source.
pub(crate) fn stale(source: &model::SourceId) -> String {
    let why = why_word(UnknownWhy::Stale);
    format!("presence is unknown ({why}): source `{source}` is silent")
}

fn plain_sentence(rule: &RuleMeta, event: &Event) -> String {
    let mut about: Vec<String> =
        entities(event, false).iter().map(std::string::ToString::to_string).collect();
    about.truncate(5);
    if about.is_empty() {
        format!("{}, seen by source `{}`", rule.title, event.source)
    } else {
        format!("{}: {}", rule.title, about.join(", "))
    }
}
