//! What a snapshot of 100,000 credentials weighs on its way to a point, and what a revocation does:
//! `cargo run --release -p access --example travel`.
#![expect(clippy::unwrap_used, reason = "fails by panicking")]

use std::collections::BTreeSet;
use std::time::Instant;

use access::PolicyFile;
use access::door::travel::{Arrived, Delta, Full, Scope};
use access::door::*;
use access::revocation::{Subject, Suspensions};
use model::{CredentialId, DoorId, GroupId, PersonId, PlaceId, Timestamp, ZoneId};

fn resident() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = text.split(' ').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0.0);
    pages * 4_096.0 / 1_048_576.0
}

fn house() -> Snapshot {
    let key = HashKey::new([3; 32]);
    let mut snapshot = Snapshot::empty(Timestamp::from_secs(1_790_000_000)).unwrap();
    let zone = |n: usize| ZoneId::parse(&format!("zone-{n}")).unwrap();
    let zones = (0..20).map(|n| Zone::plain(zone(n), None)).collect();
    let door = |n: usize| DoorId::parse(&format!("door-{n}")).unwrap();
    let doors = (0..100).map(|n| Door::plain(door(n), None, zone(n % 20))).collect();
    snapshot.set_estate(zones, doors).unwrap();
    for n in 0..50_000_u32 {
        let id = PersonId::parse(&format!("p-{n:06}")).unwrap();
        let group = |g: u32| GroupId::parse(&format!("group-{}", g % 100)).unwrap();
        let mut person = Person::plain(id.clone(), vec![group(n), group(n * 7 + 3)]);
        person.pin = Some(key.pin(&id, "1234"));
        person.duress_pin = (n % 2 == 0).then(|| key.pin(&id, "4321"));
        snapshot.put_person(person);
        for m in 0..2 {
            let number = u128::from(n * 2 + m);
            let card = CardNumber { format: "H10301", facility: 17, number, issue: 0 };
            let id_of = CredentialId::parse(&format!("card-{number:07}")).unwrap();
            snapshot.put_credential(Credential::card(id_of, key.card(&card), id.clone()));
        }
    }
    let text = (0..100).map(|g| {
        let zone = g % 20;
        format!(
            "@id(\"right-{g}\") permit (principal in Group::\"group-{g}\", action, \
             resource in Zone::\"zone-{zone}\") when {{ context.minute < 1200 }};\n"
        )
    });
    let file = PolicyFile { path: "rights.cedar".into(), text: text.collect() };
    snapshot.change_policies(&[Change::Put(file)]).unwrap();
    snapshot
}

/// What a point holds that took a snapshot in and has nothing else: its memory, and its peak.
fn arrive(path: &str) {
    let before = resident();
    let reader = zstd::Decoder::new(std::fs::File::open(path).unwrap()).unwrap();
    let arrived: Arrived = rmp_serde::from_read(std::io::BufReader::new(reader)).unwrap();
    let arrived = Snapshot::from_arrived(arrived).unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    println!(
        "a point with {} credentials: {:.1} MiB more than before, peak {}",
        arrived.people().credentials().len(),
        resident() - before,
        peak.unwrap_or("unknown").trim()
    );
}

fn main() {
    if let Some(path) = std::env::args().nth(1) {
        return arrive(&path);
    }
    let (site, given_at) = (PlaceId::parse("zurich").unwrap(), Timestamp::from_secs(1_790_000_000));
    let began = resident();
    let mut snapshot = house();
    println!("the house: {:.1} MiB", resident() - began);
    let doors: BTreeSet<DoorId> = snapshot.estate().doors().map(|d| d.id.clone()).collect();
    let scope = Scope { site: &site, doors: &doors, given_at, deeds: &[] };
    let begun = Instant::now();
    let full = Full::of(&snapshot, scope);
    println!("scoped in {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
    let begun = Instant::now();
    let bytes = rmp_serde::to_vec_named(&full).unwrap();
    let packed = zstd::encode_all(bytes.as_slice(), 3).unwrap();
    println!(
        "{} credentials: {:.2} MB as it is, {:.2} MB packed, in {:.0} ms",
        full.credentials.len(),
        bytes.len() as f64 / 1e6,
        packed.len() as f64 / 1e6,
        begun.elapsed().as_secs_f64() * 1e3
    );
    let subject = Subject::Person(PersonId::parse("p-000077").unwrap());
    let dead = snapshot.stones(&subject, given_at);
    let words = (dead, Suspensions::default());
    let delta = Delta::words(site, (full.version, full.version + 1), given_at, words, Vec::new());
    println!("a revocation: {} bytes", rmp_serde::to_vec_named(&delta).unwrap().len());
    drop((full, bytes));
    let path = std::env::temp_dir().join(format!("castellan-travel-{}", std::process::id()));
    std::fs::write(&path, &packed).unwrap();
    let own = std::env::current_exe().unwrap();
    std::process::Command::new(own).arg(&path).status().unwrap();
    std::fs::remove_file(&path).unwrap();
    let begun = Instant::now();
    let reader = zstd::Decoder::new(packed.as_slice()).unwrap();
    let arrived: Arrived = rmp_serde::from_read(std::io::BufReader::new(reader)).unwrap();
    let mut arrived = Snapshot::from_arrived(arrived).unwrap();
    println!("taken in {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
    let begun = Instant::now();
    arrived.apply_delta(&delta).unwrap();
    println!("the revocation taken in {:.0} µs", begun.elapsed().as_secs_f64() * 1e6);
    snapshot.version = arrived.version;
}
