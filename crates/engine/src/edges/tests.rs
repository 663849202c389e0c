//! The listener of edges with practice edges over real TLS: enrolment, rights, receipts, commands,
//! and what nobody should say.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::sync::Arc;
use std::time::Duration;

use access::link::{DoneHow, FromEdge, FromServer, Purpose};
use access::revocation::{Act, Known, Receipt, Shown, Subject};
use adapters::link::LinkListener;
use model::{PersonId, PlaceId, PointId, RevocationId, Timestamp};
use tokio_util::sync::CancellationToken;

use super::practice::{Newcomer, PracticeEdge};
use super::{Hub, Keys, Stage};
use crate::clock::Clock;
use crate::rights::{Rights, Templates};
use crate::warden::{Wanted, Warden};

struct House {
    folder: tempfile::TempDir,
    warden: Arc<Warden>,
    hub: Arc<Hub>,
    rights: Rights,
    address: std::net::SocketAddr,
    stop: CancellationToken,
    journal: Arc<store::Journal>,
}

fn now() -> Timestamp {
    Clock::system().now()
}

fn point(id: &str) -> PointId {
    PointId::parse(id).unwrap()
}

impl House {
    async fn open() -> Self {
        Self::at(tempfile::tempdir().unwrap()).await
    }

    async fn at(folder: tempfile::TempDir) -> Self {
        let org = crate::knowledge::empty_organisation().unwrap();
        Self::with(folder, (org, model::RightsData::default())).await
    }

    async fn with(
        folder: tempfile::TempDir,
        (org, data): (model::Organisation, model::RightsData),
    ) -> Self {
        let state = store::State::open(&folder.path().join("state.db")).await.unwrap();
        let warden = Arc::new(Warden::open(state.clone(), folder.path(), now()).await.unwrap());
        let keys = Keys::open(folder.path(), now()).unwrap();
        let tls = keys.listener(now()).unwrap();
        let hub = Arc::new(Hub::open(state, Arc::clone(&warden), keys).await.unwrap());
        let templates = Templates {
            always: include_str!("../../../../content/policies/doors/always.cedar").to_owned(),
            hours: include_str!("../../../../content/policies/doors/hours.cedar").to_owned(),
        };
        let what = (Arc::new(org), data, templates);
        let rights = Rights::with_key([7; 32], what, now()).unwrap();
        hub.follow_rights(&rights, now()).await.unwrap();
        let listener = LinkListener::bind("127.0.0.1:0".parse().unwrap(), &tls, 64).unwrap();
        let address = listener.local_addr();
        let journal = store::Journal::open(
            &folder.path().join("journal"),
            store::JournalLimits::default(),
            &[],
            now(),
        );
        let journal = Arc::new(journal.unwrap());
        let stop = CancellationToken::new();
        let intake = super::records::Intake {
            journal: Arc::clone(&journal),
            accounts: Arc::default(),
            silencer: Arc::default(),
        };
        let shared =
            super::session::Shared::new(Arc::clone(&hub), intake, (Clock::system(), [9; 32]));
        tokio::spawn(Arc::clone(&hub).clerk(Clock::system(), stop.clone()));
        tokio::spawn(super::session::serve_all(Arc::new(shared), listener, stop.clone()));
        Self { folder, warden, hub, rights, address, stop, journal }
    }

    /// Takes an edge into service as people do.
    async fn edge(&self, id: &str) -> PracticeEdge {
        let site = PlaceId::parse("site").ok();
        let address = self.address.to_string();
        let invited = self.hub.invite(&point(id), (site, &address), ("op-1", now())).await;
        let newcomer = Newcomer::with_code(invited.unwrap().code).unwrap();
        let (tell, told) = tokio::sync::oneshot::channel();
        let asks = tokio::spawn(async move {
            newcomer.ask(|fingerprint| tell.send(fingerprint.to_owned()).unwrap()).await
        });
        let fingerprint = told.await.unwrap();
        let wrong = self.hub.approve(&point(id), ("0000", None), ("op-1", "new"), now()).await;
        assert!(wrong.is_err(), "another fingerprint is not approved");
        let how = (fingerprint.as_str(), None);
        self.hub.approve(&point(id), how, ("op-1", "new"), now()).await.unwrap();
        asks.await.unwrap().unwrap()
    }

    async fn revoke(&self, id: &str, person: &str) -> RevocationId {
        let id = RevocationId::parse(id).unwrap();
        let subject = Subject::Person(PersonId::parse(person).unwrap());
        let wanted = Wanted {
            id: id.clone(),
            act: Act::Suspend,
            subject,
            reason: "left".to_owned(),
            by: "op-1".to_owned(),
        };
        self.warden.act(&wanted, Vec::new(), now()).await.unwrap();
        id
    }

    async fn shown(&self, id: &RevocationId) -> Shown {
        self.warden.show(id).await.unwrap().shown
    }

    async fn until_done(&self, id: &RevocationId) {
        for _ in 0..400 {
            if self.shown(id).await == Shown::Done {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("never done: {:?}", self.shown(id).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edge_is_enrolled_gets_its_rights_and_confirms_a_revocation() {
    let house = House::open().await;
    let mut edge = house.edge("gate-1").await;
    edge.connect(now()).await.unwrap();
    while edge.version.is_none() {
        edge.hear(now()).await.unwrap();
    }
    assert_eq!(edge.version, Some(house.warden.given().await.version));
    let id = house.revoke("deed-1", "ana").await;
    assert!(matches!(house.shown(&id).await, Shown::Unconfirmed { .. }));
    let before = edge.version;
    while edge.confirmed.is_empty() {
        edge.hear(now()).await.unwrap();
    }
    assert!(edge.version > before);
    let suspended = edge.snapshot.as_ref().unwrap().suspensions.clone();
    assert!(suspended.holds(&Subject::Person(PersonId::parse("ana").unwrap())));
    house.until_done(&id).await;
    // One that stays away keeps the next one open, and closes it when it is there again.
    edge.cut();
    let id = house.revoke("deed-2", "bo").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(matches!(house.shown(&id).await, Shown::Unconfirmed { .. }));
    edge.connect(now()).await.unwrap();
    while edge.confirmed.last() != Some(&id) {
        edge.hear(now()).await.unwrap();
    }
    house.until_done(&id).await;
    house.stop.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_reaches_everybody_also_with_rights_changing_beside_it() {
    let house = House::open().await;
    let mut edges = Vec::new();
    for n in 0..4 {
        let mut edge = house.edge(&format!("gate-{n}")).await;
        edge.connect(now()).await.unwrap();
        edges.push(tokio::spawn(async move {
            let mut seen = Vec::new();
            while edge.confirmed.len() < 6 {
                edge.hear(now()).await.unwrap();
                seen.extend(edge.version);
            }
            assert!(seen.is_sorted(), "versions go forward: {seen:?}");
        }));
    }
    for n in 0..6 {
        house.revoke(&format!("deed-{n}"), &format!("person-{n}")).await;
        // New rights: composed anew, they share nothing with those before.
        let (org, data) = (house.rights.organisation(), house.rights.data());
        let prepared = house.rights.prepare(org, data, now()).unwrap();
        house.rights.install(prepared);
        house.hub.follow_rights(&house.rights, now()).await.unwrap();
    }
    for edge in edges {
        edge.await.unwrap();
    }
    for n in 0..6 {
        house.until_done(&RevocationId::parse(&format!("deed-{n}")).unwrap()).await;
    }
    house.stop.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_good_once_for_one_key_and_a_stranger_is_not_served() {
    let house = House::open().await;
    let site = PlaceId::parse("site").ok();
    let address = house.address.to_string();
    let how = (site, address.as_str());
    let invited = house.hub.invite(&point("gate-1"), how, ("op-1", now())).await.unwrap();
    let first = Newcomer::with_code(invited.code.clone()).unwrap();
    let (tell, told) = tokio::sync::oneshot::channel();
    let waits = tokio::spawn(async move {
        let _ = first.ask(|fingerprint| tell.send(fingerprint.to_owned()).unwrap()).await;
    });
    told.await.unwrap();
    let second = Newcomer::with_code(invited.code.clone()).unwrap();
    let refused = second.ask(|_| panic!("it is not to wait")).await.err().unwrap().to_string();
    assert!(refused.contains("used by another key"), "{refused}");
    let mut guessed = invited.code.clone();
    guessed.secret[0] ^= 1;
    let guessed = Newcomer::with_code(guessed).unwrap();
    assert!(guessed.ask(|_| panic!("it is not to wait")).await.is_err());
    // The edge believes no other authority than the one that its code names.
    let mut other = invited.code.clone();
    other.authority[0] ^= 1;
    let lured = Newcomer::with_code(other).unwrap();
    let why = lured.ask(|_| panic!("it is not to wait")).await.err().unwrap().to_string();
    assert!(why.contains("another authority"), "{why}");
    assert_eq!(house.hub.get(&point("gate-1")).unwrap().registered.stage, Stage::Waiting);
    waits.abort();
    house.stop.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edge_out_of_service_is_told_nothing_and_counts_for_nothing() {
    let house = House::open().await;
    let (mut gone, mut stays) = (house.edge("gate-1").await, house.edge("gate-2").await);
    gone.connect(now()).await.unwrap();
    stays.connect(now()).await.unwrap();
    while gone.version.is_none() {
        gone.hear(now()).await.unwrap();
    }
    let by = ("op-1", "the box burned");
    house.hub.decommission(&gone.point, by, now()).await.unwrap();
    let why = loop {
        if let Err(why) = gone.hear(now()).await {
            break why.to_string();
        }
    };
    // The farewell, or the end of the link that came before it.
    let is_end = ["out of service", "gone", "broke"].iter().any(|word| why.contains(word));
    assert!(is_end, "{why}");
    let id = house.revoke("deed-1", "ana").await;
    while stays.confirmed.is_empty() {
        stays.hear(now()).await.unwrap();
    }
    house.until_done(&id).await;
    // Its certificate is a good one still; nobody serves it.
    gone.connect(now()).await.unwrap();
    assert!(gone.hear(now()).await.is_err());
    house.stop.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_of_others_and_with_bad_signatures_end_the_link_and_count_for_nothing() {
    let house = House::open().await;
    let (mut one, other) = (house.edge("gate-1").await, house.edge("gate-2").await);
    let id = house.revoke("deed-1", "ana").await;
    let version = house.warden.given().await.version;
    let receipt = |point: &PointId| Receipt {
        point: point.clone(),
        deed: id.clone(),
        known: Known::DeviceSigned,
        snapshot: version,
        at: now(),
    };
    let mut broken = one.sign(Purpose::Receipt, &receipt(&one.point)).unwrap();
    broken.signature[5] ^= 1;
    let lies = [
        broken,
        one.sign(Purpose::Outcome, &receipt(&one.point)).unwrap(),
        one.sign(Purpose::Receipt, &receipt(&other.point)).unwrap(),
        other.sign(Purpose::Receipt, &receipt(&other.point)).unwrap(),
        one.sign(Purpose::Receipt, &"nothing").unwrap(),
    ];
    for lie in lies {
        one.connect(now()).await.unwrap();
        let said = FromEdge::Taken { snapshot: version, receipts: vec![lie] };
        one.say(&said).await.unwrap();
        // The link ends: after what was on its way to it.
        let mut words = 0;
        while let Ok(word) = one.next().await {
            assert!(!matches!(word, FromServer::Kept { .. }));
            words += 1;
            assert!(words < 20);
        }
        one.cut();
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let Shown::Unconfirmed { silent } = house.shown(&id).await else { panic!("done") };
    assert_eq!(silent.len(), 2, "nobody has confirmed");
    house.stop.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_are_kept_once_and_gaps_are_counted() {
    let house = House::open().await;
    let mut edge = house.edge("gate-1").await;
    edge.connect(now()).await.unwrap();
    let records = |first: u64, count: u64| FromEdge::Records {
        first,
        records: (first..first + count).map(|n| format!("{{\"n\":{n}}}")).collect(),
    };
    async fn kept(edge: &mut PracticeEdge, wanted: u64) {
        loop {
            let word = edge.next().await.unwrap();
            if matches!(word, FromServer::Kept { up_to } if up_to == wanted) {
                return;
            }
            edge.heed(word, now()).await.unwrap();
        }
    }
    edge.say(&records(1, 3)).await.unwrap();
    kept(&mut edge, 3).await;
    // The answer was lost: all of it again, and two more.
    edge.cut();
    edge.connect(now()).await.unwrap();
    edge.say(&records(1, 5)).await.unwrap();
    kept(&mut edge, 5).await;
    let lost = FromEdge::Lost { from: 6, to: 7, why: "no room".to_owned() };
    edge.say(&lost).await.unwrap();
    edge.say(&records(8, 1)).await.unwrap();
    kept(&mut edge, 8).await;
    assert_eq!(house.hub.get(&edge.point).unwrap().records_lost, 2);
    assert_eq!(house.journal.last_seq(), 6, "five, and the one after the gap");
    house.stop.cancel();
    // Another start knows how far it was.
    let folder = house.folder;
    house.journal.close();
    drop((house.hub, house.warden, house.journal));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let house = House::at(folder).await;
    edge.cut();
    let _ = &house;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_is_done_once_and_its_end_is_known() {
    let house = House::open().await;
    let mut edge = house.edge("gate-1").await;
    let mut outcomes = house.hub.outcomes().unwrap();
    edge.connect(now()).await.unwrap();
    while edge.version.is_none() {
        edge.hear(now()).await.unwrap();
    }
    let command = access::link::Command {
        id: "cmd-1".to_owned(),
        door: model::DoorId::parse("d1").unwrap(),
        what: access::link::What::FireReset,
        expires_at: now().plus(Duration::from_secs(30)),
        by: "op-1".to_owned(),
    };
    assert!(house.hub.send(&edge.point, command.clone()));
    let told = loop {
        if let Some(told) = edge.hear(now()).await.unwrap() {
            break told;
        }
    };
    assert_eq!(told, command);
    edge.answer(&told, (DoneHow::Confirmed, now())).await.unwrap();
    let outcome = outcomes.recv().await.unwrap();
    assert_eq!((outcome.point, outcome.done.outcome), (edge.point.clone(), DoneHow::Confirmed));
    assert!(!outcome.proof.1.is_empty());
    edge.cut();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!house.hub.send(&edge.point, command), "it is away");
    house.stop.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_put_back_asks_its_edges_for_the_dead_before_it_gives_anything() {
    let house = House::open().await;
    let (mut one, mut other) = (house.edge("gate-1").await, house.edge("gate-2").await);
    for edge in [&mut one, &mut other] {
        edge.connect(now()).await.unwrap();
        while edge.version.is_none() {
            edge.hear(now()).await.unwrap();
        }
    }
    // It goes by rights that this state has never given out.
    other.cut();
    let before = other.version;
    other.version = before.map(|version| version + 1_000);
    other.connect(now()).await.unwrap();
    let is_waiting = async || house.warden.given().await.is_waiting;
    while !is_waiting().await {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(house.warden.waiting().await.len(), 2);
    // Both are asked, also the one that was connected all the while; then all goes on.
    let waits = async {
        while is_waiting().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let hears = async |edge: &mut PracticeEdge| {
        loop {
            edge.hear(now()).await.unwrap();
        }
    };
    tokio::select! {
        () = waits => {}
        () = hears(&mut one) => {}
        () = hears(&mut other) => {}
        () = tokio::time::sleep(Duration::from_secs(20)) => panic!("still waiting"),
    }
    let id = house.revoke("deed-1", "ana").await;
    one.cut();
    other.cut();
    for edge in [&mut one, &mut other] {
        edge.connect(now()).await.unwrap();
        while !edge.confirmed.contains(&id) {
            edge.hear(now()).await.unwrap();
        }
    }
    house.until_done(&id).await;
    house.stop.cancel();
}

/// A hall with a door on each of two points. Ana may pass both, Ben the first alone.
fn hall(folder: &std::path::Path) -> (model::Organisation, model::RightsData) {
    let org = folder.join("org");
    std::fs::create_dir_all(&org).unwrap();
    let place = |id: &str, kind: &str, more: &str| {
        format!("[[place]]\nid = \"{id}\"\nkind = \"{kind}\"\n{more}\n")
    };
    let in_hq = "parent = \"hq\"";
    let places = [
        place("hq", "site", ""),
        place("outside", "zone", "parent = \"hq\"\nzone_class = \"external\""),
        place("hall", "zone", in_hq),
        place("d1", "door", in_hq),
        place("d2", "door", in_hq),
    ];
    for (name, text) in [
        ("organisation.toml", "format = 1\nname = \"Example Works\"\ntime_zone = \"UTC\"\n"),
        ("places.toml", places.concat().as_str()),
        ("doors.csv", "door,from_zone,to_zone\nd1,outside,hall\nd2,outside,hall\n"),
        (
            "people.csv",
            "person,name,kind,status,site\nana,Ana,employee,active,hq\nben,Ben,employee,active,hq\n",
        ),
        ("groups.csv", "group,name\nstaff,Staff\n"),
        ("members.csv", "group,person\nstaff,ana\n"),
        (
            "credentials.csv",
            "credential,kind,person,format,facility,number\n\
             c-ana,card,ana,H10301,42,69\nc-ben,card,ben,H10301,42,70\n",
        ),
        ("rights.csv", "right,group,person,zone,door\nr1,staff,,hall,\nr2,,ben,,d1\n"),
        (
            "access.toml",
            "format = 1\n[zone.hall]\nanti_passback = \"hard\"\n\
             [point.gate-1]\ndoors = [\"d1\"]\n[point.gate-2]\ndoors = [\"d2\"]\n",
        ),
    ] {
        std::fs::write(org.join(name), text).unwrap();
    }
    let read = crate::offline::folder(&org, None).unwrap();
    let told: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
    (read.organisation.unwrap(), read.rights.unwrap_or_else(|| panic!("{told:#?}")))
}

/// A record that somebody went through a door into the hall, or out of it.
fn went(n: u64, (door, person): (&str, &str), is_in: bool) -> String {
    let (at, whither) = (serde_json::to_string(&now()).unwrap(), "\"to\":\"hall\",");
    let (word, to) = if is_in { ("entry", whither) } else { ("exit", "") };
    format!(
        "{{\"castellan_door\":1,\"point\":\"-\",\"n\":{n},\"time\":{at},\"kind\":\"door\",\
         \"door\":\"{door}\",\"event\":\"taken\",\"person\":\"{person}\",\"went\":{{\
         \"people\":[\"{person}\"],\"direction\":\"{word}\",{to}\"at\":{at}}}}}"
    )
}

/// Why somebody may pass a door or not, by what an edge knows.
fn asked(edge: &PracticeEdge, person: &str, door: &str) -> &'static str {
    let held = edge.snapshot.as_ref().unwrap();
    let of = |card: &&access::door::Credential| {
        card.person.as_ref().is_some_and(|holder| holder.as_str() == person)
    };
    let card = held.people().credentials().find(of).unwrap();
    let door = model::DoorId::parse(door).unwrap();
    let request = access::door::Request::card(door, card.key);
    access::door::decide(held, &request, now()).because.code()
}

async fn hears_until(edge: &mut PracticeEdge, is_so: impl Fn(&PracticeEdge) -> bool) {
    let hears = async {
        while !is_so(edge) {
            edge.hear(now()).await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(10), hears).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_passed_at_one_edge_is_known_at_the_other_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let estate = hall(folder.path());
    let house = House::with(folder, estate).await;
    let (mut one, mut other) = (house.edge("gate-1").await, house.edge("gate-2").await);
    for edge in [&mut one, &mut other] {
        edge.connect(now()).await.unwrap();
        hears_until(edge, |edge| edge.version.is_some()).await;
    }
    let knows = |edge: &PracticeEdge, who: &str| {
        edge.passed.iter().any(|passage| passage.person.as_str() == who)
    };
    let shared = |edge: &PracticeEdge| {
        let hall = model::ZoneId::parse("hall").unwrap();
        edge.snapshot.as_ref().unwrap().estate().zone(&hall).unwrap().is_shared
    };
    assert!(shared(&one) && shared(&other));
    assert_eq!(asked(&other, "ana", "d2"), "permitted");
    let records = vec![
        went(1, ("d1", "ana"), true),
        went(2, ("d1", "ben"), true),
        // Somebody else's door: not its to tell of.
        went(3, ("d2", "ana"), false),
    ];
    let began = crate::clock::Stopwatch::start();
    one.say(&FromEdge::Records { first: 1, records }).await.unwrap();
    hears_until(&mut other, |edge| knows(edge, "ana")).await;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(asked(&other, "ana", "d2"), "anti_passback");
    // Whom its rights do not know, it is not told of, until they do.
    assert!(!knows(&other, "ben"));
    let mut data = (*house.rights.data()).clone();
    let ana = data.members.values().next().unwrap().clone();
    let ben = model::rights::Member { person: PersonId::parse("ben").unwrap(), ..ana };
    data.members.insert("staff/ben".to_owned(), ben);
    let org = house.rights.organisation();
    let prepared = house.rights.prepare(org, Arc::new(data), now()).unwrap();
    house.rights.install(prepared);
    house.hub.follow_rights(&house.rights, now()).await.unwrap();
    hears_until(&mut other, |edge| knows(edge, "ben")).await;
    assert_eq!(asked(&other, "ben", "d2"), "anti_passback");
    // She leaves by the second door: the first one knows, and its own older word undoes nothing.
    other
        .say(&FromEdge::Records { first: 1, records: vec![went(1, ("d2", "ana"), false)] })
        .await
        .unwrap();
    let left = |edge: &PracticeEdge| edge.passed.iter().any(|passage| passage.zone.is_none());
    hears_until(&mut one, |edge| knows(edge, "ben") && left(edge)).await;
    assert_eq!(asked(&one, "ana", "d1"), "permitted");
    assert_eq!(asked(&one, "ben", "d1"), "anti_passback");
    // One that comes back is told all of it.
    one.cut();
    one.passed.clear();
    one.connect(now()).await.unwrap();
    hears_until(&mut one, |edge| knows(edge, "ana") && knows(edge, "ben")).await;
    assert_eq!(asked(&one, "ana", "d1"), "permitted");
    house.stop.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edge_is_heard_once_all_its_records_are_here() {
    use access::door::Freshness;
    let house = House::open().await;
    let mut edge = house.edge("gate-1").await;
    let is = |edge: &PracticeEdge| house.hub.freshness(&edge.point, now());
    assert_eq!(is(&edge), Freshness::Stale, "never heard in this run");
    edge.owes = 3;
    edge.connect(now()).await.unwrap();
    hears_until(&mut edge, |edge| edge.version.is_some()).await;
    assert_eq!(is(&edge), Freshness::Stale, "it has records that are not here");
    let records = (1..=3).map(|n| went(n, ("d1", "ana"), true)).collect();
    edge.say(&FromEdge::Records { first: 1, records }).await.unwrap();
    hears_until(&mut edge, |edge| is(edge) == Freshness::Fresh).await;
    let later = now().plus(access::link::UNHEARD_MAX).plus(Duration::from_secs(1));
    assert_eq!(house.hub.freshness(&edge.point, later), Freshness::Stale);
    assert_eq!(house.hub.freshness(&point("nobody"), later), Freshness::Unknown);
    house.stop.cancel();
}
