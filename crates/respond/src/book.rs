//! The incidents that findings may still join, indexed so that folding looks at few of them.

use std::collections::{BTreeMap, BTreeSet};

use model::audit::AuditAct;
use model::ids::{Entity, FindingId, IncidentId};
use model::incident::{Incident, IncidentState};
use model::time::Timestamp;

use crate::limits::{CANDIDATES_MAX, CLOSED_REMEMBERED_MAX};

/// An incident after a change, and the change as the audit chain keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// As it is now.
    pub incident: Incident,
    /// What was done.
    pub audit: AuditAct,
}

/// Incidents in memory. Holds every open one, and the latest closed ones so that their findings
/// are known again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Book {
    incidents: BTreeMap<IncidentId, Incident>,
    by_finding: BTreeMap<FindingId, IncidentId>,
    /// Open incidents by entity and last event time.
    by_entity: BTreeMap<Entity, BTreeSet<(Timestamp, IncidentId)>>,
    /// Closed incidents by their last change.
    closed: BTreeSet<(Timestamp, IncidentId)>,
}

impl Book {
    /// A book of incidents read back from the store.
    pub fn restore(incidents: impl IntoIterator<Item = Incident>) -> Self {
        let mut book = Self::default();
        for incident in incidents {
            book.apply(incident);
        }
        book
    }

    /// Takes an incident as it was stored, in place of its former version.
    ///
    /// Beyond [`CLOSED_REMEMBERED_MAX`] closed incidents, the one longest unchanged is forgotten.
    pub fn apply(&mut self, incident: Incident) {
        self.remove(&incident.id);
        let id = incident.id.clone();
        // What was merged away answers for its findings no more.
        let holds = incident.handling.merged_into.is_none();
        for finding in incident.findings.iter().filter(|_| holds) {
            self.by_finding.insert(finding.clone(), id.clone());
        }
        if is_open(&incident) {
            for entity in &incident.entities {
                let entry = (incident.last_seen, id.clone());
                self.by_entity.entry(entity.clone()).or_default().insert(entry);
            }
        } else {
            self.closed.insert((incident.changed_at, id.clone()));
        }
        self.incidents.insert(id, incident);
        while self.closed.len() > CLOSED_REMEMBERED_MAX {
            let Some((_, oldest)) = self.closed.first().cloned() else {
                break;
            };
            self.remove(&oldest);
        }
    }

    fn remove(&mut self, id: &IncidentId) {
        let Some(incident) = self.incidents.remove(id) else {
            return;
        };
        for finding in &incident.findings {
            if self.by_finding.get(finding) == Some(id) {
                self.by_finding.remove(finding);
            }
        }
        for entity in &incident.entities {
            if let Some(entries) = self.by_entity.get_mut(entity) {
                entries.remove(&(incident.last_seen, id.clone()));
                if entries.is_empty() {
                    self.by_entity.remove(entity);
                }
            }
        }
        self.closed.remove(&(incident.changed_at, id.clone()));
    }

    /// One incident, if it is open or remembered.
    pub fn get(&self, id: &IncidentId) -> Option<&Incident> {
        self.incidents.get(id)
    }

    /// The incident that holds a finding.
    pub fn of_finding(&self, finding: &FindingId) -> Option<&Incident> {
        self.by_finding.get(finding).and_then(|id| self.incidents.get(id))
    }

    /// Every incident held, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values()
    }

    /// How many incidents are open.
    pub fn open_count(&self) -> usize {
        self.incidents.len().saturating_sub(self.closed.len())
    }

    /// Open incidents that name `entity` and were last seen at or after `since`, newest first; at
    /// most [`CANDIDATES_MAX`].
    pub(crate) fn open_with(
        &self,
        entity: &Entity,
        since: Timestamp,
    ) -> impl Iterator<Item = &Incident> {
        let entries = self.by_entity.get(entity).into_iter().flatten().rev();
        entries
            .take_while(move |(last_seen, _)| *last_seen >= since)
            .take(CANDIDATES_MAX)
            .filter_map(|(_, id)| self.incidents.get(id))
    }
}

/// Whether an incident is still being worked on.
/// Whether somebody still has to do something about it.
pub fn is_open(incident: &Incident) -> bool {
    match incident.state {
        IncidentState::New | IncidentState::Acknowledged | IncidentState::InProgress => true,
        IncidentState::Resolved | IncidentState::Closed => false,
    }
}
