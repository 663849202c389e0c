//! Findings and incidents in the words of others: OCSF Detection Finding and Incident Finding.
//!
//! Carries ids of persons, never their names.
//! SOURCE: OCSF 1.8.0, `events/findings/detection_finding.json`, `incident_finding.json`.

use model::finding::{EvidenceRef, Finding, FindingState, Level};
use model::ids::{Entity, TenantId};
use model::incident::{Disposition, Incident, IncidentState, Owner};
use model::time::Timestamp;
use serde_json::{Map, Value, json};

const OCSF_VERSION: &str = "1.8.0";
const CATEGORY_FINDINGS: u32 = 2;
const DETECTION_FINDING: u32 = 2004;
const INCIDENT_FINDING: u32 = 2005;

/// A finding as OCSF Detection Finding.
pub fn finding_to_ocsf(tenant: &TenantId, finding: &Finding) -> Value {
    let (activity_id, activity) = match finding.state {
        FindingState::Provisional => (1, "Create"),
        FindingState::Confirmed => (2, "Update"),
        FindingState::Withdrawn => (3, "Close"),
    };
    let (status_id, status) = match finding.state {
        FindingState::Provisional | FindingState::Confirmed => (1, "New"),
        FindingState::Withdrawn => (3, "Suppressed"),
    };
    let (confidence_id, confidence) = match finding.state {
        FindingState::Provisional => (2, "Medium"),
        FindingState::Confirmed => (3, "High"),
        FindingState::Withdrawn => (1, "Low"),
    };
    let mut event = head(DETECTION_FINDING, "Detection Finding", (activity_id, activity));
    put(&mut event, "severity_id", finding.level.severity_id());
    put(&mut event, "severity", severity(finding.level));
    put(&mut event, "status_id", status_id);
    put(&mut event, "status", status);
    put(&mut event, "confidence_id", confidence_id);
    put(&mut event, "confidence", confidence);
    put(&mut event, "is_alert", true);
    put(&mut event, "time", finding.time.millis());
    put(&mut event, "start_time", finding.window.from.millis());
    put(&mut event, "end_time", finding.window.to.millis());
    put(&mut event, "message", finding.because.as_str());
    put(&mut event, "metadata", metadata(tenant, finding.id.as_str()));
    put(&mut event, "finding_info", finding_info(finding));
    put_list(&mut event, "evidences", finding.evidence.iter().map(evidence).collect());
    put_list(&mut event, "resources", resources(finding.entities.iter()));
    let unmapped = json!({
        "castellan": {
            "state": finding.state,
            "group": finding.group,
            "supersedes": finding.supersedes,
            "undecided": finding.undecided,
        }
    });
    put(&mut event, "unmapped", unmapped);
    Value::Object(event)
}

/// An incident as OCSF Incident Finding. `url`: where a person can look at it.
pub fn incident_to_ocsf(incident: &Incident, url: Option<&str>) -> Value {
    let activity = match incident.state {
        IncidentState::Closed => (3, "Close"),
        IncidentState::New
        | IncidentState::Acknowledged
        | IncidentState::InProgress
        | IncidentState::Resolved => {
            if incident.version == 1 {
                (1, "Create")
            } else {
                (2, "Update")
            }
        }
    };
    let mut event = head(INCIDENT_FINDING, "Incident Finding", activity);
    let (status_id, status) = status(incident.state);
    put(&mut event, "severity_id", incident.level.severity_id());
    put(&mut event, "severity", severity(incident.level));
    put(&mut event, "status_id", status_id);
    put(&mut event, "status", status);
    put(&mut event, "time", incident.changed_at.millis());
    put(&mut event, "start_time", incident.first_seen.millis());
    put(&mut event, "end_time", incident.last_seen.millis());
    put(&mut event, "message", incident.title.as_str());
    put(&mut event, "desc", incident.because.as_str());
    let uid = format!("{}-{}", incident.id, incident.version);
    put(&mut event, "metadata", metadata(&incident.tenant, &uid));
    match &incident.owner {
        Owner::Team(team) => {
            put(&mut event, "assignee_group", json!({ "uid": team, "name": team }));
        }
        Owner::Person(person) => put(&mut event, "assignee", json!({ "uid": person })),
    }
    if let Some(disposition) = incident.disposition {
        let (verdict_id, verdict) = verdict(disposition);
        put(&mut event, "verdict_id", verdict_id);
        put(&mut event, "verdict", verdict);
    }
    if let Some(url) = url {
        put(&mut event, "src_url", url);
    }
    put(&mut event, "finding_info_list", finding_info_list(incident));
    let entities: Vec<String> = incident.entities.iter().map(Entity::to_string).collect();
    let unmapped = json!({
        "castellan": {
            "incident": incident.id,
            "version": incident.version,
            "state": incident.state,
            "site": incident.site,
            "entities": entities,
            "evidence": incident.evidence,
        }
    });
    put(&mut event, "unmapped", unmapped);
    Value::Object(event)
}

fn put(event: &mut Map<String, Value>, key: &str, value: impl Into<Value>) {
    event.insert(key.to_owned(), value.into());
}

fn put_list(event: &mut Map<String, Value>, key: &str, list: Vec<Value>) {
    if !list.is_empty() {
        put(event, key, list);
    }
}

fn head(class_uid: u32, class: &str, (activity_id, activity): (u32, &str)) -> Map<String, Value> {
    let mut event = Map::new();
    put(&mut event, "category_uid", CATEGORY_FINDINGS);
    put(&mut event, "category_name", "Findings");
    put(&mut event, "class_uid", class_uid);
    put(&mut event, "class_name", class);
    put(&mut event, "activity_id", activity_id);
    put(&mut event, "activity_name", activity);
    put(&mut event, "type_uid", class_uid * 100 + activity_id);
    put(&mut event, "type_name", format!("{class}: {activity}"));
    event
}

fn metadata(tenant: &TenantId, uid: &str) -> Value {
    json!({
        "version": OCSF_VERSION,
        "uid": uid,
        "tenant_uid": tenant,
        "product": {
            "name": "Castellan",
            "vendor_name": "Castellan",
            "version": env!("CARGO_PKG_VERSION"),
        },
    })
}

fn finding_info(finding: &Finding) -> Value {
    json!({
        "uid": finding.id,
        "title": finding.title,
        "desc": finding.because,
        "analytic": { "type_id": 1, "type": "Rule", "uid": finding.rule, "name": finding.title },
        "created_time": finding.time.millis(),
        "first_seen_time": finding.window.from.millis(),
        "last_seen_time": finding.window.to.millis(),
        "types": [finding.rule],
    })
}

/// One entry per finding; an incident opened by hand names itself.
fn finding_info_list(incident: &Incident) -> Vec<Value> {
    let info = |uid: &str| {
        json!({
            "uid": uid,
            "title": incident.title,
            "first_seen_time": incident.first_seen.millis(),
            "last_seen_time": incident.last_seen.millis(),
        })
    };
    if incident.findings.is_empty() {
        return vec![info(incident.id.as_str())];
    }
    incident.findings.iter().map(|id| info(id.as_str())).collect()
}

fn evidence(event: &EvidenceRef) -> Value {
    json!({
        "uid": format!("{}/{}", event.source, event.record),
        "name": event.source,
        "data": {
            "source": event.source,
            "record": event.record,
            "time": event.time,
            "class_uid": event.class_uid,
        },
    })
}

fn resources<'e>(entities: impl Iterator<Item = &'e Entity>) -> Vec<Value> {
    let one = |entity: &Entity| match entity {
        Entity::Person(id) => json!({ "uid": id, "type": "person" }),
        Entity::Asset(id) => json!({ "uid": id, "type": "asset" }),
        Entity::Place(id) => json!({ "uid": id, "type": "place" }),
    };
    entities.map(one).collect()
}

fn severity(level: Level) -> &'static str {
    match level {
        Level::Informational => "Informational",
        Level::Low => "Low",
        Level::Medium => "Medium",
        Level::High => "High",
        Level::Critical => "Critical",
    }
}

fn status(state: IncidentState) -> (u32, &'static str) {
    match state {
        IncidentState::New => (1, "New"),
        IncidentState::Acknowledged | IncidentState::InProgress => (2, "In Progress"),
        IncidentState::Resolved => (4, "Resolved"),
        IncidentState::Closed => (5, "Closed"),
    }
}

fn verdict(disposition: Disposition) -> (u32, &'static str) {
    match disposition {
        Disposition::TruePositive => (2, "True Positive"),
        Disposition::BenignPositive => (5, "Benign"),
        Disposition::FalsePositive => (1, "False Positive"),
        Disposition::Test => (6, "Test"),
        Disposition::Duplicate => (10, "Duplicate"),
        Disposition::Undetermined => (7, "Insufficient Data"),
        Disposition::Withdrawn => (3, "Disregard"),
    }
}

/// An instant as people read it in a mail: UTC, to the second.
pub(crate) fn shown(at: Timestamp) -> String {
    Timestamp::from_secs(at.millis().div_euclid(1_000)).to_string()
}
