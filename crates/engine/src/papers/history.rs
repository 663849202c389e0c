//! How an incident stood at an earlier instant, told from its own history.

use model::incident::{Owner, TimelineAct, TimelineEntry};
use model::{Incident, IncidentState, Timestamp};
use serde::Serialize;

/// How an incident stood at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stood {
    /// Its state.
    pub state: IncidentState,
    /// Who answered for it.
    pub owner: Owner,
    /// A hand-over that waited to be accepted.
    pub offer: Option<Offered>,
    /// When, and by whose hand, it was last resolved, if it was.
    pub resolved: Option<(Timestamp, String)>,
    /// What was noted as it was resolved.
    pub note: Option<String>,
}

/// A hand-over that waited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offered {
    /// When it was offered.
    pub at: Timestamp,
    /// Who offered.
    pub by: String,
    /// To whom.
    pub to: Owner,
    /// Until when.
    pub until: Timestamp,
    /// What they should know.
    pub note: Option<String>,
}

/// A time in which one owner answered for an open incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// Who.
    pub owner: Owner,
    /// From when.
    pub from: Timestamp,
    /// Until when; `None`: at the end of the time that was asked about still.
    pub until: Option<Timestamp>,
}

fn is_open(state: IncidentState) -> bool {
    match state {
        IncidentState::New | IncidentState::Acknowledged | IncidentState::InProgress => true,
        IncidentState::Resolved | IncidentState::Closed => false,
    }
}

fn first_owner(incident: &Incident) -> Owner {
    let from = incident.timeline.iter().find_map(|entry| match &entry.act {
        TimelineAct::Owner { from, .. } => Some(from.clone()),
        _ => None,
    });
    from.unwrap_or_else(|| incident.owner.clone())
}

fn first_state(incident: &Incident) -> IncidentState {
    let from = incident.timeline.iter().find_map(|entry| match &entry.act {
        TimelineAct::State { from, .. } => Some(*from),
        _ => None,
    });
    from.unwrap_or(incident.state)
}

fn step(stood: &mut Stood, entry: &TimelineEntry) {
    match &entry.act {
        TimelineAct::Owner { to, .. } => {
            stood.owner = to.clone();
            stood.offer = None;
        }
        TimelineAct::State { to, .. } => {
            stood.state = *to;
            if !is_open(*to) {
                stood.offer = None;
            }
            match to {
                IncidentState::Resolved => stood.resolved = Some((entry.at, entry.by.clone())),
                state if is_open(*state) => (stood.resolved, stood.note) = (None, None),
                _ => {}
            }
        }
        TimelineAct::Offered { to, until, note } => {
            stood.offer = Some(Offered {
                at: entry.at,
                by: entry.by.clone(),
                to: to.clone(),
                until: *until,
                note: note.clone(),
            });
        }
        TimelineAct::OfferEnded { .. } => stood.offer = None,
        TimelineAct::Disposition { reason, .. } => stood.note.clone_from(reason),
        _ => {}
    }
}

/// How an incident stood just before an instant; `None` if it was not open yet.
pub fn stood(incident: &Incident, before: Timestamp) -> Option<Stood> {
    if incident.opened_at >= before {
        return None;
    }
    let mut stood = Stood {
        state: first_state(incident),
        owner: first_owner(incident),
        offer: None,
        resolved: None,
        note: None,
    };
    for entry in incident.timeline.iter().filter(|entry| entry.at < before) {
        step(&mut stood, entry);
    }
    Some(stood)
}

/// Who answered for an incident while it was open, between two instants.
pub fn holds(incident: &Incident, from: Timestamp, to: Timestamp) -> Vec<Hold> {
    let mut out = Vec::new();
    let mut owner = first_owner(incident);
    let mut since = is_open(first_state(incident)).then_some(incident.opened_at);
    let mut close = |owner: &Owner, since: Option<Timestamp>, until: Option<Timestamp>| {
        let Some(begun) = since else { return };
        let is_within = begun < to && until.is_none_or(|until| until > from && until > begun);
        if is_within {
            let until = until.filter(|until| *until < to);
            out.push(Hold { owner: owner.clone(), from: begun.max(from), until });
        }
    };
    for entry in &incident.timeline {
        match &entry.act {
            TimelineAct::Owner { to, .. } => {
                close(&owner, since, Some(entry.at));
                since = since.map(|_| entry.at);
                owner = to.clone();
            }
            TimelineAct::State { to, .. } if is_open(*to) => since = since.or(Some(entry.at)),
            TimelineAct::State { .. } => {
                close(&owner, since, Some(entry.at));
                since = None;
            }
            _ => {}
        }
    }
    close(&owner, since, None);
    out
}

/// Whether a state still asks somebody to answer for the incident.
pub fn asks_for_work(state: IncidentState) -> bool {
    is_open(state)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use std::collections::BTreeSet;

    use model::incident::{Handling, OfferEnd};
    use model::{IncidentId, Level, PersonId, TeamId, TenantId};

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_secs(minute * 60)
    }

    fn team(id: &str) -> Owner {
        Owner::Team(TeamId::parse(id).unwrap())
    }

    fn person(id: &str) -> Owner {
        Owner::Person(PersonId::parse(id).unwrap())
    }

    /// Opened in minute 10 as the guard's; then what the lines say.
    fn incident(lines: Vec<(i64, TimelineAct)>) -> Incident {
        let mut incident = Incident {
            reason_owed: false,
            id: IncidentId::parse("i-1").unwrap(),
            tenant: TenantId::parse("main").unwrap(),
            site: None,
            title: "t".into(),
            level: Level::High,
            state: IncidentState::New,
            owner: team("guard"),
            opened_at: at(10),
            changed_at: at(10),
            first_seen: at(9),
            last_seen: at(9),
            rules: BTreeSet::new(),
            findings: Vec::new(),
            entities: BTreeSet::new(),
            evidence: Vec::new(),
            because: String::new(),
            sop: Vec::new(),
            disposition: None,
            handling: Handling::default(),
            timeline: Vec::new(),
            version: 1,
        };
        for (minute, act) in lines {
            match &act {
                TimelineAct::Owner { to, .. } => incident.owner = to.clone(),
                TimelineAct::State { to, .. } => incident.state = *to,
                _ => {}
            }
            incident.timeline.push(TimelineEntry { at: at(minute), by: "op-ana".into(), act });
        }
        incident
    }

    fn state(from: IncidentState, to: IncidentState) -> TimelineAct {
        TimelineAct::State { from, to }
    }

    fn worked() -> Incident {
        incident(vec![
            (20, TimelineAct::Owner { from: team("guard"), to: person("ana") }),
            (20, state(IncidentState::New, IncidentState::Acknowledged)),
            (30, TimelineAct::Offered { to: person("ben"), until: at(40), note: None }),
            (35, TimelineAct::Owner { from: person("ana"), to: person("ben") }),
            (50, state(IncidentState::Acknowledged, IncidentState::Resolved)),
            (70, state(IncidentState::Resolved, IncidentState::InProgress)),
        ])
    }

    #[test]
    fn an_incident_stands_as_its_history_says() {
        let incident = worked();
        assert_eq!(stood(&incident, at(10)), None);
        let then = |minute| stood(&incident, at(minute)).unwrap();
        assert_eq!((then(15).state, then(15).owner), (IncidentState::New, team("guard")));
        assert_eq!(then(25).owner, person("ana"));
        assert_eq!(then(33).offer.unwrap().to, person("ben"));
        assert_eq!((then(40).offer, then(40).owner), (None, person("ben")));
        assert_eq!(then(60).state, IncidentState::Resolved);
        assert_eq!(then(60).resolved, Some((at(50), "op-ana".to_owned())));
        assert_eq!((then(80).state, then(80).resolved), (IncidentState::InProgress, None));
    }

    #[test]
    fn an_offer_that_ended_waits_no_more() {
        let end =
            TimelineAct::OfferEnded { to: person("ben"), how: OfferEnd::Expired, reason: None };
        let offer = TimelineAct::Offered { to: person("ben"), until: at(40), note: None };
        let incident = incident(vec![(30, offer), (40, end)]);
        assert!(stood(&incident, at(35)).unwrap().offer.is_some());
        assert!(stood(&incident, at(45)).unwrap().offer.is_none());
    }

    #[test]
    fn exactly_one_owner_answers_at_every_instant_while_it_is_open() {
        let hold =
            |owner, from, until: Option<i64>| Hold { owner, from: at(from), until: until.map(at) };
        assert_eq!(
            holds(&worked(), at(0), at(100)),
            [
                hold(team("guard"), 10, Some(20)),
                hold(person("ana"), 20, Some(35)),
                hold(person("ben"), 35, Some(50)),
                hold(person("ben"), 70, None),
            ]
        );
        // Cut to what was asked about.
        assert_eq!(
            holds(&worked(), at(15), at(30)),
            [hold(team("guard"), 15, Some(20)), hold(person("ana"), 20, None)]
        );
        assert_eq!(holds(&worked(), at(55), at(65)), []);
        assert_eq!(holds(&incident(Vec::new()), at(0), at(5)), []);
    }
}
