//! Where people are, as the flow believes it and as the doors of all points tell it, for decisions
//! that rest on it.

use std::collections::BTreeSet;
use std::sync::Arc;

use access::passages::Passage;
use model::enrichment::{Presence, PresenceEvidence};
use model::{PersonId, PresenceState, Timestamp, ZoneId};

use super::Rights;
use crate::edges::PassageBook;
use crate::watch::whereabouts::Whereabouts;

/// Where somebody went, as a decision takes it: into a zone, outside, or nobody knows.
fn told(presence: &Presence) -> Option<(Option<ZoneId>, Timestamp)> {
    let zone = || ZoneId::parse(presence.zone.as_ref()?.as_str()).ok();
    match presence.state {
        PresenceState::In => Some((Some(zone()?), presence.since?)),
        PresenceState::Out => Some((None, presence.since?)),
        PresenceState::Unknown => None,
    }
}

/// The passage that others are told of: not from a grant alone, of which nobody knows yet whether
/// somebody went.
fn sure(person: &PersonId, presence: &Presence) -> Option<Passage> {
    let is_sure = presence.is_assumed
        || match presence.evidence? {
            PresenceEvidence::Granted => false,
            PresenceEvidence::Taken | PresenceEvidence::Sensor => true,
        };
    let (zone, at) = told(presence)?;
    is_sure.then(|| Passage::new(person.clone(), zone, at))
}

impl Rights {
    /// Tells this book of what the flow believes from now on.
    pub fn tell_passages(&self, book: &Arc<PassageBook>) {
        // A second book is not told; there is one for each server.
        let _ = self.passages.set(Arc::clone(book));
    }

    /// Where people went, as points told it. No new version: it changes by the minute.
    pub fn told(&self, passed: &[Passage]) {
        if passed.is_empty() {
            return;
        }
        self.change(false, |snapshot| {
            for passage in passed {
                snapshot.told(passage);
            }
        });
    }

    /// Takes over where these people are believed to be. No new version: it changes by the minute.
    /// Whom nobody can place any more is forgotten, which forgives anti-passback.
    pub fn follow(&self, whereabouts: &Whereabouts, seen: &BTreeSet<PersonId>, now: Timestamp) {
        let running = self.snapshot();
        let holds = |person: &&PersonId| running.people().person(person).is_some();
        let found = seen
            .iter()
            .filter(holds)
            .filter_map(|person| Some((person, whereabouts.at(person, now)?)));
        let found: Vec<_> = found.collect();
        drop(running);
        if let Some(book) = self.passages.get() {
            book.take(found.iter().filter_map(|(person, presence)| sure(person, presence)));
        }
        if found.is_empty() {
            return;
        }
        self.change(false, |snapshot| {
            for (person, presence) in found {
                match told(&presence) {
                    Some((zone, since)) => {
                        let _ = snapshot.passed(person, zone.as_ref(), since);
                    }
                    None => snapshot.forgive(person),
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn what_nobody_knows_is_no_place() {
        let at = Timestamp::from_secs(7);
        let presence = |state, zone: Option<&str>| Presence {
            state,
            zone: zone.map(|zone| model::PlaceId::parse(zone).unwrap()),
            zone_class: None,
            site: None,
            since: Some(at),
            evidence: Some(PresenceEvidence::Taken),
            why: None,
            is_assumed: false,
        };
        let lab = ZoneId::parse("lab").unwrap();
        assert_eq!(told(&presence(PresenceState::In, Some("lab"))), Some((Some(lab), at)));
        assert_eq!(told(&presence(PresenceState::Out, None)), Some((None, at)));
        assert_eq!(told(&presence(PresenceState::Unknown, None)), None);
        assert_eq!(told(&presence(PresenceState::In, None)), None);
    }
}
