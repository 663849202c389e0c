//! Incidents: read at a version, written back only if nobody else wrote meanwhile.

use model::incident::Owner;
use model::{
    AuditAct, Entity, FindingId, Incident, IncidentId, IncidentState, Level, PlaceId, Timestamp,
};

use super::db::{Tx, args, json_of, word_of};
use super::findings::page_of;
use super::outbox::{self, OutboxItem};
use super::tallies::{self, Counter};
use super::{Page, PageKey, State};
use crate::audit;
use crate::error::StoreError;

/// Most incidents that one page returns.
pub const INCIDENT_PAGE_MAX: u32 = 500;

/// Which incidents to list; all named fields must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncidentFilter {
    /// In one of these states; empty: in any.
    pub states: Vec<IncidentState>,
    /// Owned by.
    pub owner: Option<Owner>,
    /// Of this level or above.
    pub level_min: Option<Level>,
    /// About.
    pub entity: Option<Entity>,
    /// At one of these sites; `None`: anywhere.
    pub sites: Option<Vec<PlaceId>>,
    /// Beside those at `sites` also those that are for everybody who works incidents.
    pub everywhere_too: bool,
    /// Where the page before ended.
    pub after: Option<PageKey>,
    /// At most; bounded by `INCIDENT_PAGE_MAX`.
    pub limit: u32,
}

const STATES: [IncidentState; 5] = [
    IncidentState::New,
    IncidentState::Acknowledged,
    IncidentState::InProgress,
    IncidentState::Resolved,
    IncidentState::Closed,
];

fn owner_text(owner: &Owner) -> String {
    match owner {
        Owner::Team(team) => format!("team:{team}"),
        Owner::Person(person) => format!("person:{person}"),
    }
}

/// Writes an incident whose stored version must be `expected` (0: there is none yet).
pub(super) async fn save(
    tx: &mut Tx,
    incident: &Incident,
    expected: u64,
) -> Result<(), StoreError> {
    let id = incident.id.as_str();
    let row = args![
        id,
        incident.tenant.as_str(),
        incident.site.as_ref().map(PlaceId::as_str),
        word_of(&incident.state)?,
        u64::from(incident.level.severity_id()),
        owner_text(&incident.owner),
        incident.opened_at,
        incident.changed_at,
        incident.version,
        json_of(incident)?,
        expected,
        u64::from(incident.handling.everywhere),
    ];
    // A version that does not rise would let two writers both believe they were first.
    let is_rising = incident.version > expected;
    let written = if !is_rising {
        0
    } else if expected == 0 {
        tx.run(
            "INSERT INTO incidents (id, tenant, site, state, level, owner, opened_at, \
             changed_at, version, payload, is_everywhere) \
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $12 WHERE $11 = 0 \
             ON CONFLICT (id) DO NOTHING",
            row,
        )
        .await?
    } else {
        tx.run(
            "UPDATE incidents SET tenant = $2, site = $3, state = $4, level = $5, owner = $6, \
             opened_at = $7, changed_at = $8, version = $9, payload = $10, \
             is_everywhere = $12 \
             WHERE id = $1 AND version = $11",
            row,
        )
        .await?
    };
    if written == 0 {
        let sql = "SELECT version FROM incidents WHERE id = $1";
        let found = tx.row(sql, args![id]).await?.map(|row| row.uint(0)).transpose()?;
        return Err(StoreError::Conflict { what: "incident", id: id.into(), expected, found });
    }
    save_links(tx, incident).await
}

/// What an incident can be found by besides its own columns.
async fn save_links(tx: &mut Tx, incident: &Incident) -> Result<(), StoreError> {
    let id = incident.id.as_str();
    tx.run("DELETE FROM incident_entities WHERE incident = $1", args![id]).await?;
    for entity in &incident.entities {
        let sql = "INSERT INTO incident_entities (incident, entity) VALUES ($1, $2)";
        tx.run(sql, args![id, entity.to_string()]).await?;
    }
    // Findings are only ever added to an incident.
    for finding in &incident.findings {
        let sql = "INSERT INTO incident_findings (incident, finding) VALUES ($1, $2) \
                   ON CONFLICT (incident, finding) DO NOTHING";
        tx.run(sql, args![id, finding.as_str()]).await?;
    }
    Ok(())
}

impl State {
    /// Writes several incidents, each at the version it was read at, with the acts that changed
    /// them and what others are told: all or nothing.
    pub async fn save_incidents_telling(
        &self,
        incidents: &[(Incident, u64)],
        (acts, messages): (&[AuditAct], &[OutboxItem]),
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for (incident, expected_version) in incidents {
            save(&mut tx, incident, *expected_version).await?;
        }
        let dropped = outbox::add(&mut tx, messages).await?;
        tallies::add_counters(&mut tx, &[Counter::dropped_full("outbox", dropped)]).await?;
        audit::append(&mut tx, acts).await?;
        tx.commit().await
    }

    /// Writes one incident with the acts that changed it. `expected_version`: the version it was
    /// read at, 0 for a new one; fails with `Conflict` when another stands.
    pub async fn save_incident(
        &self,
        incident: &Incident,
        expected_version: u64,
        acts: &[AuditAct],
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        save(&mut tx, incident, expected_version).await?;
        audit::append(&mut tx, acts).await?;
        tx.commit().await
    }

    /// One incident.
    pub async fn incident(&self, id: &IncidentId) -> Result<Option<Incident>, StoreError> {
        let sql = "SELECT payload FROM incidents WHERE id = $1";
        let rows = self.reading.rows(sql, args![id.as_str()]).await?;
        rows.first().map(|row| row.json(0)).transpose()
    }

    /// Incidents, newest first.
    pub async fn incidents(&self, filter: &IncidentFilter) -> Result<Page<Incident>, StoreError> {
        let limit = filter.limit.clamp(1, INCIDENT_PAGE_MAX);
        let after = filter.after.as_ref();
        let is_wanted = |s: &&IncidentState| filter.states.is_empty() || filter.states.contains(s);
        let wanted = STATES.iter().filter(is_wanted);
        let words: Vec<String> = wanted.map(word_of).collect::<Result<_, _>>()?;
        let word = |n: usize| words.get(n).cloned().unwrap_or_default();
        let sites = filter.sites.as_ref().map(json_of).transpose()?;
        let rows = self
            .reading
            .rows(
                "SELECT payload, opened_at, id FROM incidents \
                 WHERE state IN ($1, $2, $3, $4, $5) \
                 AND (CAST($6 AS TEXT) IS NULL OR owner = $6) AND level >= $7 \
                 AND (CAST($8 AS TEXT) IS NULL OR id IN \
                     (SELECT incident FROM incident_entities WHERE entity = $8)) \
                 AND (CAST($9 AS TEXT) IS NULL OR (is_everywhere = 1 AND $13 = 1) OR \
                     $9 LIKE '%\"' || replace(site, '_', '!_') || '\"%' ESCAPE '!') \
                 AND (opened_at < $10 OR (opened_at = $10 AND id < $11)) \
                 ORDER BY opened_at DESC, id DESC LIMIT $12",
                args![
                    word(0),
                    word(1),
                    word(2),
                    word(3),
                    word(4),
                    filter.owner.as_ref().map(owner_text),
                    filter.level_min.map_or(0, |level| u64::from(level.severity_id())),
                    filter.entity.as_ref().map(ToString::to_string),
                    sites,
                    after.map_or(i64::MAX, |key| key.at.nanos()),
                    after.map_or("", |key| key.id.as_str()),
                    u64::from(limit) + 1,
                    u64::from(filter.everywhere_too),
                ],
            )
            .await?;
        page_of(rows, limit)
    }

    /// Incidents that were open, or changed, at some instant from `from` on and were opened before
    /// `to`, newest first; at `sites`, or anywhere. At most `limit`.
    pub async fn incidents_between(
        &self,
        (from, to): (Timestamp, Timestamp),
        (sites, everywhere_too): (Option<&[PlaceId]>, bool),
        limit: u32,
    ) -> Result<Vec<Incident>, StoreError> {
        let sites = sites.map(|sites| json_of(&sites)).transpose()?;
        let rows = self
            .reading
            .rows(
                "SELECT payload FROM incidents WHERE opened_at < $2 \
                 AND (changed_at >= $1 OR state NOT IN ('resolved', 'closed')) \
                 AND (CAST($3 AS TEXT) IS NULL OR (is_everywhere = 1 AND $5 = 1) OR \
                     $3 LIKE '%\"' || replace(site, '_', '!_') || '\"%' ESCAPE '!') \
                 ORDER BY opened_at DESC, id DESC LIMIT $4",
                args![from, to, sites, u64::from(limit), u64::from(everywhere_too)],
            )
            .await?;
        rows.iter().map(|row| row.json(0)).collect()
    }

    /// The incidents that hold a finding.
    pub async fn incidents_of_finding(
        &self,
        finding: &FindingId,
    ) -> Result<Vec<IncidentId>, StoreError> {
        let sql = "SELECT incident FROM incident_findings WHERE finding = $1 ORDER BY incident";
        let rows = self.reading.rows(sql, args![finding.as_str()]).await?;
        rows.iter().map(|row| row.word(0)).collect()
    }

    /// How many incidents stand in each state.
    pub async fn incident_counts(&self) -> Result<Vec<(IncidentState, u64)>, StoreError> {
        let sql = "SELECT state, count(*) FROM incidents GROUP BY state ORDER BY state";
        let rows = self.reading.rows(sql, args![]).await?;
        rows.iter().map(|row| Ok((row.word(0)?, row.uint(1)?))).collect()
    }
}
