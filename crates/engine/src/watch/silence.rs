//! Sources that fall silent longer than their heartbeat, and speak again.
//!
//! A function of what it is told: live it is told receipt times and the clock, in a replay event
//! times. What it concludes becomes a journal record, so that kernels see it in both.

use std::collections::BTreeMap;
use std::time::Duration;

use model::{Organisation, Record, SourceId, SourceState, Timestamp};

#[derive(Debug, Clone)]
struct Watched {
    /// Without one its silence means nothing, and when it was last heard is all that is known.
    heartbeat: Option<Duration>,
    last_heard: Option<Timestamp>,
    watched_since: Timestamp,
    is_silent: bool,
}

/// When each source was last heard; those that declare a heartbeat are watched.
#[derive(Debug, Clone, Default)]
pub struct Silence {
    sources: BTreeMap<SourceId, Watched>,
}

impl Silence {
    /// Watches an organisation's sources from `since` on; what was known of them is kept.
    pub fn watch(&mut self, org: &Organisation, since: Timestamp) {
        let stated = org.sources.values().map(|source| (source.id.clone(), source.heartbeat));
        let unassigned = SourceId::parse(model::ids::UNASSIGNED).ok().map(|id| (id, None));
        let all: BTreeMap<SourceId, Option<Duration>> =
            unassigned.into_iter().chain(stated).collect();
        self.sources.retain(|id, _| all.contains_key(id));
        for (id, heartbeat) in all {
            self.sources
                .entry(id)
                .and_modify(|w| {
                    w.heartbeat = heartbeat;
                    w.is_silent &= heartbeat.is_some();
                })
                .or_insert(Watched {
                    heartbeat,
                    last_heard: None,
                    watched_since: since,
                    is_silent: false,
                });
        }
    }

    /// Nobody could have spoken before now: silence of those never heard counts from here.
    pub fn begin(&mut self, now: Timestamp) {
        for watched in self.sources.values_mut().filter(|one| one.last_heard.is_none()) {
            watched.watched_since = watched.watched_since.max(now);
        }
    }

    /// A source was heard; gives a record when it had been silent.
    pub fn heard(&mut self, source: &SourceId, at: Timestamp) -> Option<Record> {
        let watched = self.sources.get_mut(source)?;
        let before = watched.last_heard;
        watched.last_heard = before.max(Some(at));
        if !std::mem::take(&mut watched.is_silent) {
            return None;
        }
        Some(Record::Source {
            source: source.clone(),
            state: SourceState::Heard,
            last_heard: before,
            at,
        })
    }

    /// The clock has reached `now`; gives a record for each source that has become silent.
    pub fn due(&mut self, now: Timestamp) -> Vec<Record> {
        let mut out = Vec::new();
        for (id, watched) in &mut self.sources {
            let Some(heartbeat) = watched.heartbeat else { continue };
            let since = watched.last_heard.unwrap_or(watched.watched_since);
            let deadline = since.plus(heartbeat);
            if !watched.is_silent && deadline < now {
                watched.is_silent = true;
                out.push(Record::Source {
                    source: id.clone(),
                    state: SourceState::Silent,
                    last_heard: watched.last_heard,
                    at: deadline,
                });
            }
        }
        out
    }

    /// What a journalled conclusion said; used when catching up after a restart.
    pub fn recall(&mut self, source: &SourceId, state: SourceState) {
        if let Some(watched) = self.sources.get_mut(source) {
            watched.is_silent = watched.heartbeat.is_some()
                && match state {
                    SourceState::Silent => true,
                    SourceState::Heard => false,
                };
        }
    }

    /// Whether a source is silent now, if it is watched, and when it was last heard.
    pub fn state_of(&self, source: &SourceId) -> (Option<SourceState>, Option<Timestamp>) {
        let Some(watched) = self.sources.get(source) else { return (None, None) };
        let state = if watched.is_silent { SourceState::Silent } else { SourceState::Heard };
        (watched.heartbeat.map(|_| state), watched.last_heard)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;
    use model::TenantId;
    use model::spine::Source;

    fn watching(heartbeat_s: u64) -> (Silence, SourceId) {
        let id = SourceId::parse("doors").unwrap();
        let mut source = Source::with_defaults(id.clone());
        source.heartbeat = Some(Duration::from_secs(heartbeat_s));
        let org = Organisation {
            tenant: TenantId::parse("main").unwrap(),
            name: "T".into(),
            time_zone: "UTC".into(),
            people: BTreeMap::new(),
            assets: BTreeMap::new(),
            places: BTreeMap::new(),
            identifiers: Vec::new(),
            doors: BTreeMap::new(),
            sources: [(id.clone(), source)].into(),
            extras: Default::default(),
        };
        let mut silence = Silence::default();
        silence.watch(&org, Timestamp::from_secs(0));
        (silence, id)
    }

    #[test]
    fn silence_is_said_once_and_ended_once() {
        let (mut silence, id) = watching(60);
        assert!(silence.heard(&id, Timestamp::from_secs(10)).is_none());
        assert!(silence.due(Timestamp::from_secs(70)).is_empty());
        let said = silence.due(Timestamp::from_secs(71));
        assert!(matches!(
            said.as_slice(),
            [Record::Source { state: SourceState::Silent, at, .. }]
                if *at == Timestamp::from_secs(70)
        ));
        assert!(silence.due(Timestamp::from_secs(500)).is_empty());
        assert!(matches!(
            silence.heard(&id, Timestamp::from_secs(501)),
            Some(Record::Source { state: SourceState::Heard, .. })
        ));
        assert!(silence.heard(&id, Timestamp::from_secs(502)).is_none());
    }

    #[test]
    fn silence_counts_from_when_somebody_could_speak() {
        let (mut silence, id) = watching(60);
        silence.begin(Timestamp::from_secs(100));
        assert!(silence.due(Timestamp::from_secs(160)).is_empty());
        assert_eq!(silence.due(Timestamp::from_secs(161)).len(), 1);
        silence.heard(&id, Timestamp::from_secs(170));
        silence.begin(Timestamp::from_secs(500));
        assert_eq!(silence.due(Timestamp::from_secs(231)).len(), 1);
    }

    #[test]
    fn one_without_a_heartbeat_is_heard_but_never_silent() {
        let (mut silence, id) = watching(60);
        for watched in silence.sources.values_mut() {
            watched.heartbeat = None;
        }
        assert_eq!(silence.state_of(&id), (None, None));
        assert!(silence.heard(&id, Timestamp::from_secs(10)).is_none());
        assert!(silence.due(Timestamp::from_secs(100_000)).is_empty());
        assert_eq!(silence.state_of(&id), (None, Some(Timestamp::from_secs(10))));
    }

    #[test]
    fn a_source_never_heard_is_silent_too() {
        let (mut silence, _) = watching(60);
        assert_eq!(silence.due(Timestamp::from_secs(61)).len(), 1);
    }
}
