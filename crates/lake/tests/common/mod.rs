//! Rows for tests, made from events as the product makes them.

use std::sync::Arc;
use std::time::Duration;

use lake::{FlushReason, Lake, LakeConfig, LakeRow, Page, RawRow, Search};
use model::enrichment::{EndpointView, PlaceView};
use model::{
    AssetId, Enrichment, Event, Fingerprint, Interval, LogSource, MappingName, PersonId, PlaceId,
    Raw, SourceId, TenantId, Timestamp, Trust, Wire,
};
use serde_json::json;

pub const LONG: Duration = Duration::from_secs(60);

pub fn at(text: &str) -> Timestamp {
    Timestamp::from_rfc3339(text).unwrap()
}

/// The event number `seq` of a small organisation: two sites, three classes, ten people.
pub fn event(seq: u64, part: u16, time: Timestamp) -> Event {
    let source = SourceId::parse(if seq.is_multiple_of(2) { "pacs" } else { "fw" }).unwrap();
    let class_uid = *[4_230_001, 3_002, 4_001].get(usize::try_from(seq % 3).unwrap()).unwrap();
    let person = PersonId::parse(&format!("p{}", seq % 10)).unwrap();
    let site = match seq % 4 {
        0 | 1 => Some("hq"),
        2 => Some("lab"),
        _ => None,
    };
    let site = site.map(|site| PlaceId::parse(site).unwrap());
    let ocsf = json!({
        "class_uid": class_uid, "time": time.millis(), "activity_id": 1,
        "severity_id": i32::try_from(seq % 6).unwrap(),
        "user": {"name": format!("user{}", seq % 10)},
        "src_endpoint": {"ip": format!("10.0.{}.{}", seq / 200 % 200, seq % 200), "hostname": "ws"},
        "device": {"ip": "10.9.9.9", "name": "controller"},
        "credential": {"uid": format!("card-{}", seq % 50)},
        "portal": {"name": "lobby"},
        "message": format!("Event number {seq} of \"C:\\temp\" for über-user {}", seq % 7),
    });
    let ocsf = ocsf.as_object().unwrap().clone();
    let enrichment = Enrichment {
        person: Some(person),
        person_view: None,
        presence: None,
        src: Some(EndpointView {
            asset: Some(AssetId::parse(&format!("ws-{}", seq % 20)).unwrap()),
            ..EndpointView::default()
        }),
        dst: None,
        device: None,
        place: site.clone().map(|site| PlaceView {
            id: PlaceId::parse("door-1").unwrap(),
            zone: Some(PlaceId::parse("zone-a").unwrap()),
            site: Some(site),
            zone_class: None,
        }),
        credential: None,
        passage: None,
        time: Interval::around(time, Duration::from_secs(2)),
        local: None,
        unresolved: Vec::new(),
    };
    Event {
        record: seq,
        part,
        source: source.clone(),
        mapping: MappingName::parse("uhppote").unwrap(),
        site: None,
        fingerprint: Fingerprint::of(&source, &seq.to_le_bytes(), part),
        class_uid,
        time,
        received_at: time.plus(Duration::from_secs(1)),
        clock_offset_max: Duration::from_secs(2),
        trust: Trust::Token,
        logsource: LogSource::default(),
        ocsf: ocsf.into(),
        enrichment: Some(Box::new(enrichment)),
    }
}

pub fn row(seq: u64, part: u16, time: Timestamp) -> LakeRow {
    LakeRow::from_event(&event(seq, part, time)).unwrap()
}

pub fn raw(seq: u64, time: Timestamp) -> RawRow {
    let raw = Raw {
        source: SourceId::parse("pacs").unwrap(),
        received_at: time,
        wire: Wire::Syslog,
        listener: Arc::from("syslog_tcp"),
        peer: seq.is_multiple_of(2).then(|| Arc::from("10.0.0.7:514")),
        topic: None,
        trust: Trust::Address,
        bytes_cut: seq % 3,
        rerun_of: seq.is_multiple_of(5).then_some(seq / 2),
        body: vec![0, 159, u8::try_from(seq % 256).unwrap(), b'\n'],
    };
    RawRow { seq, raw: raw.into() }
}

pub fn config(folder: &std::path::Path) -> LakeConfig {
    LakeConfig::folder(folder, TenantId::parse("main").unwrap())
}

/// Flushes and commits into a catalogue, as the engine does.
pub async fn flush(lake: &Lake, catalogue: &mut Vec<lake::FileEntry>) {
    let flushed = lake.flush(FlushReason::Asked).await.unwrap();
    catalogue.extend(flushed.files.clone());
    lake.committed(&flushed);
}

pub async fn search(lake: &Lake, search: &Search) -> Page {
    lake.search(search, LONG).await.unwrap()
}

/// All pages of a search, as (seq, part), newest first.
pub async fn all(lake: &Lake, wanted: &Search, page: usize) -> Vec<(u64, u16)> {
    let mut wanted = Search { limit: page, ..wanted.clone() };
    let mut found = Vec::new();
    loop {
        let page = search(lake, &wanted).await;
        assert!(page.events.len() <= wanted.limit);
        found.extend(page.events.iter().map(|event| (event.key.seq, event.key.part)));
        match page.next {
            Some(next) => wanted.before = Some(next),
            None => return found,
        }
    }
}
