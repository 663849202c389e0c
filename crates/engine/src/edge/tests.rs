#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
//! Rights on an edge's disk: what is taken, what is not, and what a power cut leaves.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use access::PolicyFile;
use access::door::travel::{Delta, Full, Scope};
use access::door::*;
use access::link::enrol::Granted;
use access::link::{Purpose, Renewal, Signed};
use access::revocation::{Subject, Tombstones};
use model::{CredentialId, DoorId, GroupId, PersonId, PlaceId, PointId, Timestamp, ZoneId};

use super::identity::OwnKey;
use super::{Identity, Keep};
use crate::edges::Keys;

const HASH: [u8; 32] = [9; 32];

fn at(second: i64) -> Timestamp {
    Timestamp::from_secs(1_790_000_000 + second)
}

fn site() -> PlaceId {
    PlaceId::parse("hq").unwrap()
}

fn card(number: u128) -> CredentialKey {
    let card = CardNumber { format: "H10301", facility: 1, number, issue: 0 };
    HashKey::new(HASH).card(&card)
}

fn house(people: u32) -> Snapshot {
    let mut snapshot = Snapshot::empty(at(0)).unwrap();
    let zone = ZoneId::parse("hall").unwrap();
    let door = Door::plain(DoorId::parse("d1").unwrap(), None, zone.clone());
    snapshot.set_estate(vec![Zone::plain(zone, None)], vec![door]).unwrap();
    for n in 0..people {
        let id = PersonId::parse(&format!("p{n}")).unwrap();
        snapshot.put_person(Person::plain(id.clone(), vec![GroupId::parse("staff").unwrap()]));
        let credential = CredentialId::parse(&format!("c{n}")).unwrap();
        snapshot.put_credential(Credential::card(credential, card(n.into()), id));
    }
    let text = "@id(\"staff\") permit (principal in Group::\"staff\", action, resource);";
    let file = PolicyFile { path: "own.cedar".into(), text: text.into() };
    snapshot.change_policies(&[Change::Put(file)]).unwrap();
    snapshot
}

fn opens(snapshot: &Snapshot, number: u128, now: Timestamp) -> bool {
    let request = Request::card(DoorId::parse("d1").unwrap(), card(number));
    decide(snapshot, &request, now).is_grant()
}

struct House {
    keys: Keys,
    point: PointId,
    folder: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(&folder.path().join("server"), at(0)).unwrap();
        let house = Self { keys, point: PointId::parse("edge-1").unwrap(), folder };
        let own = OwnKey::open(&house.edge()).unwrap();
        let asked = Keys::asked(&own.request(&house.point).unwrap()).unwrap();
        assert_eq!(asked.raw, own.public());
        let certified = house.keys.certify(&asked, &house.point, at(0)).unwrap();
        let granted = Granted {
            point: house.point.clone(),
            certificate: certified.certificate,
            authority: house.keys.authority().to_vec(),
            signing_key: house.keys.signing_key().to_vec(),
            hash_key: HASH.to_vec(),
        };
        Identity::keep(&house.edge(), "127.0.0.1:1", &granted).unwrap();
        house
    }

    fn edge(&self) -> std::path::PathBuf {
        let path = self.folder.path().join("edge");
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    fn open(&self, now: Timestamp) -> (Keep, Option<Snapshot>) {
        self.open_in(&self.edge(), now)
    }

    fn open_in(&self, data: &Path, now: Timestamp) -> (Keep, Option<Snapshot>) {
        let identity = Arc::new(Identity::open(&self.edge()).unwrap());
        Keep::open(data, identity, now).unwrap()
    }

    fn sealed<T: serde::Serialize>(&self, purpose: Purpose, what: &T) -> Signed {
        let bytes = rmp_serde::to_vec_named(what).unwrap();
        let bytes = zstd::encode_all(bytes.as_slice(), 3).unwrap();
        self.keys.sign(purpose, &self.point, bytes)
    }

    fn full(&self, snapshot: &Snapshot, version: u64, given_at: Timestamp) -> (Full, Signed) {
        let doors = BTreeSet::from([DoorId::parse("d1").unwrap()]);
        let site = site();
        let scope = Scope { site: &site, doors: &doors, given_at, deeds: &[] };
        let full = Full { version, ..Full::of(snapshot, scope) };
        let signed = self.sealed(Purpose::Full, &full);
        (full, signed)
    }
}

#[test]
fn rights_survive_a_restart_with_their_changes_and_renewals() {
    let house = House::new();
    let (mut keep, none) = house.open(at(0));
    assert!(none.is_none());
    assert_eq!(keep.version(), None);
    let mut snapshot = house_of(2);
    let (first, signed) = house.full(&snapshot, 7, at(1));
    keep.full(&signed, at(1)).unwrap();
    snapshot.put_person(Person::plain(
        PersonId::parse("p9").unwrap(),
        vec![GroupId::parse("staff").unwrap()],
    ));
    let id = CredentialId::parse("c9").unwrap();
    snapshot.put_credential(Credential::card(id, card(9), PersonId::parse("p9").unwrap()));
    let (second, _) = house.full(&snapshot, 8, at(2));
    let delta = house.sealed(Purpose::Delta, &Delta::between(&first, &second));
    keep.delta(&delta, at(2)).unwrap();
    let renewal = Renewal { version: 8, confirmed_at: at(500), deeds: Vec::new() };
    let bytes = rmp_serde::to_vec_named(&renewal).unwrap();
    keep.renewal(&house.keys.sign(Purpose::Renewal, &house.point, bytes), at(498)).unwrap();
    // A server whose clock is ahead gives no longer lease.
    assert_eq!(keep.confirmed_at(), Some(at(498)));
    drop(keep);
    let (keep, again) = house.open(at(510));
    let again = again.unwrap();
    assert_eq!((keep.version(), again.version), (Some(8), 8));
    assert_eq!(keep.confirmed_at(), Some(at(500)));
    assert!(opens(&again, 9, at(510)) && opens(&again, 1, at(510)) && !opens(&again, 5, at(510)));
}

fn house_of(people: u32) -> Snapshot {
    house(people)
}

#[test]
fn what_is_not_from_the_server_for_this_point_at_this_site_and_newer_is_not_taken() {
    let house = House::new();
    let (mut keep, _) = house.open(at(0));
    let snapshot = house_of(2);
    let (full, signed) = house.full(&snapshot, 7, at(1));
    keep.full(&signed, at(1)).unwrap();
    let mut flipped = house.full(&snapshot, 8, at(2)).1;
    flipped.bytes[20] ^= 1;
    let mut of_other = house.full(&snapshot, 8, at(2)).1;
    of_other.point = PointId::parse("edge-2").unwrap();
    let cut = {
        let whole = house.full(&snapshot, 8, at(2)).1.bytes;
        house.keys.sign(Purpose::Full, &house.point, whole[..whole.len() / 2].to_vec())
    };
    let of_site = Full { site: PlaceId::parse("lab").unwrap(), version: 8, ..full.clone() };
    let of_site = house.sealed(Purpose::Full, &of_site);
    let older = house.full(&snapshot, 6, at(9)).1;
    let of_purpose = house.sealed(Purpose::Delta, &full);
    let others = House::new().full(&snapshot, 8, at(2)).1;
    for (signed, why) in [
        (flipped, "signature"),
        (of_other, "for the point"),
        (cut, ""),
        (of_site, "for the site"),
        (older, "older"),
        (of_purpose, "signature"),
        (others, "signature"),
    ] {
        let error = keep.full(&signed, at(3)).err().unwrap();
        assert!(error.why.contains(why), "{error}");
        assert_eq!(keep.version(), Some(7));
    }
    let stray = Delta::words(site(), (3, 9), at(3), Default::default(), Vec::new());
    let error = keep.delta(&house.sealed(Purpose::Delta, &stray), at(3)).err().unwrap();
    assert!(error.wants_full, "{error}");
    drop(keep);
    let (keep, again) = house.open(at(4));
    assert_eq!(keep.version(), Some(7));
    assert!(opens(&again.unwrap(), 1, at(4)));
}

#[test]
fn what_is_dead_stays_dead_even_where_newer_rights_do_not_know_it() {
    let house = House::new();
    let (mut keep, _) = house.open(at(0));
    let mut snapshot = house_of(2);
    let (_, signed) = house.full(&snapshot, 7, at(1));
    keep.full(&signed, at(1)).unwrap();
    let dead = snapshot.stones(&Subject::Person(PersonId::parse("p1").unwrap()), at(2));
    let words = (dead.clone(), Default::default());
    let delta = Delta::words(site(), (7, 8), at(2), words, Vec::new());
    keep.delta(&house.sealed(Purpose::Delta, &delta), at(2)).unwrap();
    // A server put back to a backup from before, with a higher version.
    let (_, restored) = house.full(&snapshot, 20, at(3));
    keep.full(&restored, at(3)).unwrap();
    assert_eq!(keep.words().0, dead);
    drop(keep);
    let (keep, again) = house.open(at(4));
    let again = again.unwrap();
    assert_eq!((keep.version(), again.version), (Some(20), 20));
    assert!(!opens(&again, 1, at(4)) && opens(&again, 0, at(4)));
    let mut stones = Tombstones::default();
    dead.into_iter().for_each(|stone| assert!(stones.bury(stone)));
    assert_eq!(snapshot.bury(&stones), 0);
}

/// All files of a folder.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    found.sort();
    found
}

#[test]
fn a_power_cut_at_any_step_leaves_the_rights_before_or_those_after() {
    let house = House::new();
    let (mut keep, _) = house.open(at(0));
    let mut snapshot = house_of(2);
    keep.full(&house.full(&snapshot, 7, at(1)).1, at(1)).unwrap();
    let dead = snapshot.stones(&Subject::Person(PersonId::parse("p1").unwrap()), at(2));
    let delta = Delta::words(site(), (7, 8), at(2), (dead, Default::default()), Vec::new());
    keep.delta(&house.sealed(Purpose::Delta, &delta), at(2)).unwrap();
    let rights = house.edge().join("rights");
    let before = files(&rights);
    snapshot = house_of(3);
    keep.full(&house.full(&snapshot, 9, at(3)).1, at(3)).unwrap();
    let after = files(&rights);
    let new = |name: &str| after.iter().find(|(found, _)| found == name).unwrap().1.clone();
    // Each state that the disk passes through: a piece of a new file, the file in place, the old
    // ones gone one by one.
    let mut states: Vec<Vec<(String, Vec<u8>)>> = Vec::new();
    let mut now = before.clone();
    for name in ["dead", "full-9"] {
        let whole = new(name);
        for part in [0, 1, whole.len() / 2, whole.len()] {
            let mut state = now.clone();
            state.push((format!("{name}.new"), whole[..part].to_vec()));
            states.push(state);
        }
        now.retain(|(found, _)| found != name);
        now.push((name.to_owned(), whole));
        states.push(now.clone());
    }
    for gone in ["delta-8", "full-7"] {
        now.retain(|(found, _)| found != gone);
        states.push(now.clone());
    }
    let (mut old, mut newer) = (0, 0);
    for (n, state) in states.iter().enumerate() {
        let data = house.folder.path().join(format!("cut-{n}"));
        std::fs::create_dir_all(data.join("rights")).unwrap();
        for (name, bytes) in state {
            std::fs::write(data.join("rights").join(name), bytes).unwrap();
        }
        let (mut keep, found) = house.open_in(&data, at(4));
        let found = found.unwrap();
        match keep.version() {
            Some(8) => {
                old += 1;
                assert!(opens(&found, 0, at(4)) && !opens(&found, 2, at(4)), "state {n}");
            }
            Some(9) => {
                newer += 1;
                assert!(opens(&found, 0, at(4)) && opens(&found, 2, at(4)), "state {n}");
            }
            other => panic!("state {n}: {other:?}"),
        }
        // Through every cut: who was dead is dead.
        assert!(!opens(&found, 1, at(4)), "state {n}");
        // And it goes on from there.
        keep.full(&house.full(&snapshot, 10, at(5)).1, at(5)).unwrap();
        assert_eq!(keep.version(), Some(10));
    }
    assert_eq!((old, newer), (9, 3));
}

#[test]
fn a_clock_that_goes_back_is_not_trusted_in_this_run_nor_in_the_next() {
    let house = House::new();
    let (mut keep, _) = house.open(at(0));
    keep.full(&house.full(&house_of(1), 7, at(0)).1, at(0)).unwrap();
    assert!(keep.tick(at(5_000)));
    // Set right by a second: it stands still.
    assert!(keep.tick(at(4_999)));
    assert!(!keep.tick(at(1_400)));
    assert!(!keep.tick(at(4_900)));
    assert!(keep.tick(at(5_001)));
    assert!(keep.tick(at(9_000)));
    drop(keep);
    // Started again without the time.
    let (mut keep, _) = house.open(at(5_400));
    assert!(!keep.tick(at(5_401)));
    assert!(keep.tick(at(9_000)));
    let mut snapshot = house_of(1);
    snapshot.rights.confirmed_at = at(8_990);
    assert!(!snapshot.rights.is_expired(Duration::from_secs(60), at(9_000)));
    snapshot.rights.is_trusted = false;
    assert!(snapshot.rights.is_expired(Duration::from_secs(60), at(9_000)));
}

#[test]
fn a_change_that_the_doors_cannot_go_by_is_taken_back() {
    let house = House::new();
    let (mut keep, _) = house.open(at(0));
    keep.full(&house.full(&house_of(1), 7, at(0)).1, at(0)).unwrap();
    let delta = Delta::words(site(), (7, 8), at(1), Default::default(), Vec::new());
    let (delta, _) = keep.delta(&house.sealed(Purpose::Delta, &delta), at(1)).unwrap();
    assert_eq!(keep.version(), Some(8));
    keep.take_back(&delta, Some(7));
    assert_eq!(keep.version(), Some(7));
    drop(keep);
    let (keep, again) = house.open(at(2));
    assert_eq!((keep.version(), again.unwrap().version), (Some(7), 7));
}
