//! What one event costs: `cost RULES_FOLDER…` prints microseconds of processor time per event for
//! enrichment, matching and judging, on a firewall flow, a log-on and a badge. Linux only.

#![expect(clippy::unwrap_used, reason = "a measuring tool for developers")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use common::{at, badge, event, logon, spine};
use detect::{Detector, Options, RuleFile, RuleSet};
use model::Event;
use serde_json::json;

const EVENTS: u64 = 100_000;

/// Events handled between two looks at the clock.
const BATCH: u64 = 1_000;

/// Nanoseconds that this thread has run, whatever else the machine does.
fn ran() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

fn files(folder: &Path, found: &mut Vec<RuleFile>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "yml") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push(RuleFile { path: path.to_string_lossy().into_owned(), text });
        }
    }
}

fn flow(record: u64) -> Event {
    let ocsf = json!({
        "class_uid": 4001, "category_uid": 4, "activity_id": 6, "severity_id": 1,
        "src_endpoint": {"ip": "10.0.0.1", "port": 50_000},
        "dst_endpoint": {"ip": "203.0.113.7", "port": 443},
        "connection_info": {"protocol_num": 6, "direction_id": 2},
        "traffic": {"bytes_in": 1_200, "bytes_out": 800},
        "device": {"hostname": "fw-1", "type_id": 9},
        "metadata": {"version": "1.8.0", "product": {"name": "FortiGate", "vendor_name": "F"}},
        "unmapped": {"policyid": "12", "vd": "root", "logid": "0000000013"},
    });
    event(record, "firewall", at("00:00:00"), "network_flow", ocsf)
}

fn main() {
    let mut found = Vec::new();
    for folder in std::env::args().skip(1) {
        files(Path::new(&folder), &mut found);
    }
    let start = ran();
    let (rules, problems) = RuleSet::load(&found);
    let seconds = (ran() - start) as f64 / 1e9;
    println!("{} rules in {seconds:.2} s, {} problems", rules.len(), problems.len());
    let rules = Arc::new(rules);
    type Maker = fn(u64) -> Event;
    let kinds: [(&str, Maker); 3] = [
        ("flow", flow),
        ("log-on", |n| logon(n, "00:00:00", "ana", "ws-ben")),
        ("badge", |n| {
            let way = if n % 2 == 0 { "in" } else { "out" };
            badge(n, "00:00:00", "b-ben", "d-front", way, 1)
        }),
    ];
    for (name, make) in kinds {
        let mut detector = Detector::new(spine(), Arc::clone(&rules), Options::default());
        let mut spent = [0_u64; 3];
        let mut out = Vec::new();
        for batch in 0..EVENTS / BATCH {
            let numbers = batch * BATCH..(batch + 1) * BATCH;
            let mut events: Vec<Event> =
                numbers.map(|number| timed(make(number), number)).collect();
            let start = ran();
            for event in &mut events {
                detector.enrich(event);
            }
            let enriched = ran();
            let mut matches = vec![Vec::new(); events.len()];
            for (event, matches) in events.iter().zip(&mut matches) {
                rules.matches(event, matches);
            }
            let matched = ran();
            for (event, matches) in events.iter().zip(&matches) {
                detector.judge_matches(event, matches, &mut out);
            }
            let judged = ran();
            for (sum, part) in
                spent.iter_mut().zip([enriched - start, matched - enriched, judged - matched])
            {
                *sum += part;
            }
            out.clear();
        }
        let each = spent.map(|sum| sum as f64 / 1e3 / EVENTS as f64);
        let [enrich, matching, judge] = each;
        println!(
            "{name:>8}: enrich {enrich:.2} us, match {matching:.2} us, judge {judge:.2} us, \
             all {:.2} us",
            each.iter().sum::<f64>()
        );
    }
}

/// The same event at its own time.
fn timed(mut event: Event, number: u64) -> Event {
    event.time = at("00:00:00").plus(Duration::from_millis(number * 300));
    event.received_at = event.time;
    event.fingerprint.0 ^= u128::from(number);
    event
}
