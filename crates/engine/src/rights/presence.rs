//! Where people are, as the flow believes it, for decisions that rest on it.

use std::collections::BTreeSet;

use model::enrichment::Presence;
use model::{PersonId, PresenceState, Timestamp, ZoneId};

use super::Rights;
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

impl Rights {
    /// Takes over where these people are believed to be. No new version: it changes by the minute.
    /// Whom nobody can place any more is forgotten, which forgives anti-passback.
    pub fn follow(&self, whereabouts: &Whereabouts, seen: &BTreeSet<PersonId>, now: Timestamp) {
        let running = self.snapshot();
        let holds = |person: &&PersonId| running.people().person(person).is_some();
        let found = seen.iter().filter(holds).filter_map(|person| {
            let presence = whereabouts.at(person, now)?;
            Some((person, told(&presence)))
        });
        let found: Vec<_> = found.collect();
        drop(running);
        if found.is_empty() {
            return;
        }
        self.change(false, |snapshot| {
            for (person, place) in found {
                match place {
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
    use model::enrichment::PresenceEvidence;

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
