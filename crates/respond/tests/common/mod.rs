//! A small organisation and findings about it.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;

use model::finding::{EvidenceRef, Finding, FindingState, Level, Window};
use model::ids::{
    AssetId, Entity, FindingId, IncidentId, PersonId, PlaceId, RuleId, SourceId, TeamId, TenantId,
};
use model::spine::{Asset, Organisation, Place, PlaceKind};
use model::time::Timestamp;
use respond::{Moment, RuleInfo};

/// Seconds after the tests' first instant.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(1_790_000_000 + seconds)
}

pub fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}

pub fn team(id: &str) -> TeamId {
    TeamId::parse(id).unwrap()
}

/// `hq` (site) with the zone `lab` and the door `d-lab`, a firewall and two workstations.
pub fn organisation() -> Organisation {
    let place = |id: &str, kind, parent: Option<&str>| {
        let id = PlaceId::parse(id).unwrap();
        let parent = parent.map(|parent| PlaceId::parse(parent).unwrap());
        let place = Place {
            id: id.clone(),
            kind,
            parent,
            name: None,
            time_zone: None,
            zone_class: None,
            capacity: None,
            dwell_max: None,
        };
        (id, place)
    };
    let asset = |id: &str, kind: &str| {
        let id = AssetId::parse(id).unwrap();
        let asset = Asset {
            id: id.clone(),
            kind: kind.into(),
            name: None,
            place: PlaceId::parse("lab").ok(),
            owner: None,
            team: None,
            make: None,
            model: None,
            firmware: None,
            serial: None,
            criticality: None,
        };
        (id, asset)
    };
    Organisation {
        tenant: TenantId::parse("main").unwrap(),
        name: "Test".into(),
        time_zone: "UTC".into(),
        people: BTreeMap::new(),
        assets: [
            asset("fw", "firewall"),
            asset("pc-1", "workstation"),
            asset("pc-2", "workstation"),
        ]
        .into(),
        places: [
            place("hq", PlaceKind::Site, None),
            place("lab", PlaceKind::Zone, Some("hq")),
            place("d-lab", PlaceKind::Door, Some("lab")),
            place("annex", PlaceKind::Site, None),
        ]
        .into(),
        identifiers: Vec::new(),
        doors: BTreeMap::new(),
        sources: BTreeMap::new(),
        extras: Default::default(),
    }
}

/// A confirmed finding of `rule` about `entities` (blank-separated), `seconds` after the start.
pub fn finding(id: &str, rule: &str, entities: &str, seconds: i64) -> Finding {
    let evidence = EvidenceRef {
        source: SourceId::parse("doors").unwrap(),
        record: u64::try_from(seconds).unwrap(),
        time: at(seconds),
        class_uid: 4_230_001,
    };
    Finding {
        id: FindingId::parse(id).unwrap(),
        rule: RuleId::parse(rule).unwrap(),
        title: format!("Title of {rule}"),
        level: Level::Medium,
        time: at(seconds),
        window: Window { from: at(seconds), to: at(seconds) },
        group: BTreeMap::new(),
        entities: entities.split_whitespace().map(|e| Entity::parse(e).unwrap()).collect(),
        evidence: vec![evidence],
        state: FindingState::Confirmed,
        supersedes: Vec::new(),
        because: format!("{rule} at {seconds}"),
        undecided: Vec::new(),
    }
}

pub fn rule_info() -> RuleInfo {
    RuleInfo { team: team("soc"), sop: vec!["Look at the camera".into(), "Call the guard".into()] }
}

/// The moment of the `number`th change; it would open the incident `i-NUMBER`.
pub fn moment(number: u64) -> Moment {
    Moment {
        now: at(i64::try_from(number).unwrap()),
        new_id: IncidentId::parse(&format!("i-{number:06}")).unwrap(),
    }
}
