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

/// Ten minutes without the server, and then nobody.
fn house_of(people: u32) -> Snapshot {
    let mut snapshot = Snapshot::empty(at(0)).unwrap();
    let zone = ZoneId::parse("hall").unwrap();
    let door = Door::plain(DoorId::parse("d1").unwrap(), None, zone.clone());
    let mut hall = Zone::plain(zone, None);
    hall.lease = LeaseRule {
        age_max: Duration::from_secs(600),
        at_expiry: AtExpiry::Refuse { break_glass: "sealed box".into() },
    };
    snapshot.set_estate(vec![hall], vec![door]).unwrap();
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
        Self::with_server("127.0.0.1:1")
    }

    fn with_server(server: &str) -> Self {
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
        Identity::keep(&house.edge(), server, &granted).unwrap();
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

mod commands;

/// A reader on a line of its own: cards go in, what it was told comes out.
struct Reader {
    cards: std::sync::mpsc::Sender<u64>,
    told: std::sync::mpsc::Receiver<codec::osdp::Command>,
    line: std::path::PathBuf,
}

const READER_KEY: &str = "30112233445566778899aabbccddeeff";

impl Reader {
    fn start(folder: &Path) -> Self {
        use codec::osdp::{Device, DeviceConfig, DeviceEvent, DeviceId, Reply, Scbk};
        use std::io::{Read as _, Write as _};
        let line = folder.join("line");
        let listener = std::os::unix::net::UnixListener::bind(&line).unwrap();
        let (cards, shown) = std::sync::mpsc::channel::<u64>();
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let began = std::time::Instant::now();
            while let Ok((mut stream, _)) = listener.accept() {
                let mut device = Device::new(DeviceConfig {
                    address: 1,
                    id: DeviceId::default(),
                    key: Scbk::parse(READER_KEY),
                    is_installing: false,
                    is_secure_only: true,
                });
                let mut buffer = [0; 2_048];
                while let Ok(count @ 1..) = stream.read(&mut buffer) {
                    if device.is_secure() {
                        for number in shown.try_iter() {
                            let bits = bits(number);
                            let read = codec::osdp::CardRead { reader: 0, format: 1, bits };
                            device.post(Reply::Card(read)).unwrap();
                        }
                    }
                    let answer = device.receive(&buffer[..count], began.elapsed(), [7; 8]);
                    while let Some(event) = device.next_event() {
                        if let DeviceEvent::Did(command) = event {
                            let _ = tell.send(command);
                        }
                    }
                    if stream.write_all(&answer).is_err() {
                        break;
                    }
                }
            }
        });
        Self { cards, told, line }
    }

    /// Whether the strike is released within some seconds after a card.
    fn opens(&self, number: u64) -> bool {
        use codec::osdp::{Command, OutputAction};
        while self.told.try_recv().is_ok() {}
        self.cards.send(number).unwrap();
        let until = std::time::Instant::now() + Duration::from_secs(20);
        while let Ok(told) = self.told.recv_timeout(until - std::time::Instant::now()) {
            match told {
                Command::Output(outputs) => {
                    if matches!(outputs[0].action, OutputAction::OnFor(_)) {
                        return true;
                    }
                }
                // Red: it was refused.
                Command::Led(lights) if lights[0].temporary.on_colour == 1 => return false,
                _ => {}
            }
        }
        panic!("the reader was told nothing");
    }
}

fn bits(number: u64) -> codec::wiegand::Bits {
    use codec::wiegand::{Card, Formats};
    let format = "H10301".to_owned();
    let card = Card { format, facility: Some(1), number, issue: None, extra: None };
    Formats::shipped().unwrap().get("H10301").unwrap().encode(&card).unwrap()
}

/// A server that welcomes, gives rights, and keeps records until it is told to go.
async fn server(
    mut listener: adapters::link::LinkListener,
    given: Vec<access::link::FromServer>,
    said: tokio::sync::mpsc::Sender<access::link::FromEdge>,
    go: tokio_util::sync::CancellationToken,
) {
    use access::link::{FRAME_BYTES_MAX, FromEdge, FromServer, LINK_FORMAT};
    use adapters::link::frame;
    let serve = async {
        let peer = listener.accept().await.unwrap();
        assert_eq!(peer.name.as_deref(), Some("edge-1"));
        let (mut from, mut to) = tokio::io::split(peer.stream);
        let welcome = FromServer::Welcome {
            format: LINK_FORMAT,
            software: "test".to_owned(),
            now: at(0),
            wants_tombstones: false,
            records: 0,
        };
        for word in [welcome].into_iter().chain(given) {
            frame::write(&mut to, &rmp_serde::to_vec_named(&word).unwrap()).await.unwrap();
        }
        while let Ok(Some(bytes)) = frame::read(&mut from, FRAME_BYTES_MAX).await {
            let word: FromEdge = rmp_serde::from_slice(&bytes).unwrap();
            if let FromEdge::Records { first, records } = &word {
                let up_to = first + records.len() as u64 - 1;
                let kept = rmp_serde::to_vec_named(&FromServer::Kept { up_to }).unwrap();
                frame::write(&mut to, &kept).await.unwrap();
            }
            said.send(word).await.unwrap();
        }
    };
    tokio::select! {
        () = go.cancelled() => {}
        () = serve => {}
    }
}

fn configured(house: &House, reader: &Reader) -> crate::config::Config {
    let key = house.folder.path().join("reader.key");
    std::fs::write(&key, READER_KEY).unwrap();
    let text = format!(
        "format = 1\n[data]\nfolder = \"{}\"\n[[bus]]\nid = \"gate\"\nline = \"unix:{}\"\n\
         [[reader]]\nbus = \"gate\"\naddress = 1\nkey = \"file:{}\"\n\
         [[door]]\nid = \"d1\"\nreader_in = \"gate:1\"\nstrike = \"gate:1:0\"\n\
         formats = [\"H10301\"]\n",
        house.edge().display(),
        reader.line.display(),
        key.display()
    );
    let (config, problems) = crate::config::read("castellan.toml", &text);
    assert!(problems.is_empty(), "{problems:?}");
    config.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edge_opens_goes_on_without_its_server_and_stops_at_the_leases_end() {
    use access::link::FromEdge;
    use adapters::link::LinkListener;
    crate::runtime::install_crypto();
    let place = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let house = House::with_server(&place.to_string());
    let tls = house.keys.listener(at(0)).unwrap();
    let listener = LinkListener::bind(place, &tls, 8).unwrap();
    let (_, given) = house.full(&house_of(2), 7, at(0));
    let (said, mut heard) = tokio::sync::mpsc::channel(1_024);
    let go = tokio_util::sync::CancellationToken::new();
    let given = vec![access::link::FromServer::Full(given)];
    let serving = tokio::spawn(server(listener, given, said, go.clone()));
    let reader = Reader::start(house.folder.path());
    let config = configured(&house, &reader);
    let clock = crate::clock::Clock::manual(at(0));
    let edge = super::Edge::start(&config, clock.clone()).await.unwrap();
    let patience = Duration::from_secs(30);
    let mut until = async |is_it: &dyn Fn(&FromEdge) -> bool| loop {
        let word = tokio::time::timeout(patience, heard.recv()).await.unwrap().unwrap();
        if is_it(&word) {
            return word;
        }
    };
    until(&|word| matches!(word, FromEdge::Taken { snapshot: 7, .. })).await;
    let opens = |number| tokio::task::block_in_place(|| reader.opens(number));
    assert!(opens(1));
    assert!(!opens(5));
    let granted = |word: &FromEdge| match word {
        FromEdge::Records { records, .. } => records.iter().any(|line| {
            line.contains("\"result\":\"granted\"") && line.contains("\"person\":\"p1\"")
        }),
        _ => false,
    };
    until(&granted).await;
    // The server keeps what it was told: nothing waits.
    until(&|word| matches!(word, FromEdge::Alive { records_waiting: Some(0), .. })).await;
    // The server is gone: the door goes on.
    go.cancel();
    serving.await.unwrap();
    clock.set(at(599));
    assert!(opens(0));
    // Until the lease ends.
    clock.set(at(602));
    assert!(!opens(0));
    edge.stop().await.unwrap();
    // Started again it reads its rights from disk; a clock from before is not believed.
    clock.set(at(300));
    let edge = super::Edge::start(&config, clock.clone()).await.unwrap();
    let version = edge.keep.lock().unwrap().version();
    assert_eq!(version, Some(7));
    assert!(!opens(0));
    edge.stop().await.unwrap();
    let limits = config.limits.journal();
    let journal = store::Journal::open(&config.data.join("records"), limits, &[], at(0)).unwrap();
    let mut lines = Vec::new();
    let mut records = journal.reader(0);
    while let store::Next::Records(more) = records.next_batch(100, Duration::ZERO).unwrap() {
        for (_, record) in more {
            let model::Record::Raw(raw) = &*record else { panic!("{record:?}") };
            lines.push(String::from_utf8(raw.body.clone()).unwrap());
        }
    }
    let whole = lines.join("\n");
    assert!(whole.contains("\"code\":\"lease_expired\""), "{whole}");
    assert!(whole.contains("\"event\":\"link_down\""), "{whole}");
    assert!(whole.contains("\"event\":\"clock_untrusted\""), "{whole}");
    // Every number once, in order, and no gap between two clean runs.
    let numbers: Vec<u64> = lines
        .iter()
        .map(|line| serde_json::from_str::<crate::door::Numbered>(line).unwrap().n)
        .collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
}
