//! The warden within a whole engine: the incident of a silence, and the doors of the server's own
//! machine as a point among the others.

use access::link::{Purpose, Signed};
use access::revocation::{PointKind, Subject};
use model::finding::Level;
use model::incident::{IncidentState, Owner};
use model::{Incident, PersonId};
use store::state::IncidentFilter;

use super::*;
use crate::clock::Clock;
use crate::config::Config;
use crate::edges::keys::is_signed_by;
use crate::engine::Engine;
use crate::start::{self, Mode, Running};

/// The demo organisation, at a time of its own, and nothing that runs by itself.
struct House {
    folder: tempfile::TempDir,
    clock: Clock,
    running: Option<Running>,
}

fn at(text: &str) -> Timestamp {
    Timestamp::from_rfc3339(text).unwrap()
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn who() -> Subject {
    Subject::Person(PersonId::parse("mf2002").unwrap())
}

fn id_of(text: &str) -> RevocationId {
    RevocationId::parse(text).unwrap()
}

impl House {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(at("2026-11-23T09:00:00Z"));
        let mut house = Self { folder, clock, running: None };
        house.start().await;
        house
    }

    async fn start(&mut self) {
        let data = self.folder.path().join("data");
        let mut config = Config::embedded(data, ([127, 0, 0, 1], 0).into()).unwrap();
        config.organisation = Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo"));
        let started = start::start(config, self.clock.clone(), Mode::Offline).await;
        self.running = Some(started.unwrap_or_else(|error| unreachable!("{error}")));
    }

    async fn close(mut self) {
        self.running.take().unwrap().stop().await.unwrap();
    }

    fn engine(&self) -> &Engine {
        &self.running.as_ref().unwrap().engine
    }

    fn later(&self, by: Duration) -> Timestamp {
        self.clock.set(self.clock.now().plus(by));
        self.clock.now()
    }

    async fn enrol(&self, point: &str, lease: Option<PointLease>) {
        let enrolled = Point { kind: PointKind::Edge, lease, renewed_at: self.clock.now() };
        let id = PointId::parse(point).unwrap();
        let by = ("test", self.clock.now());
        self.engine().warden.enrol((id, enrolled), by).await.unwrap();
    }

    async fn act(&self, id: &str, act: Act) -> Told {
        let (reason, by) = ("left the house".to_owned(), "op-1".to_owned());
        let wanted = Wanted { id: id_of(id), act, subject: who(), reason, by };
        self.engine().revoke(&wanted).await.unwrap().told
    }

    async fn shown(&self, id: &str) -> Told {
        self.engine().warden.show(&id_of(id)).await.unwrap()
    }

    async fn incidents(&self) -> Vec<Incident> {
        let filter = IncidentFilter { limit: 50, ..IncidentFilter::default() };
        self.engine().state.incidents(&filter).await.unwrap().items
    }

    async fn confirms(&self, point: &str, deed: &Told) {
        let point = PointId::parse(point).unwrap();
        let receipt = Receipt {
            point,
            deed: deed.id.clone(),
            known: Known::DeviceSigned,
            snapshot: deed.deed.version,
            at: self.clock.now(),
        };
        let heard = vec![Heard::Receipt(receipt, (vec![1], vec![2]))];
        self.engine().warden.hear(heard, self.clock.now()).await.unwrap();
        self.engine().deed_changed(&deed.id).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silence_of_thirty_seconds_is_one_incident_until_all_have_confirmed() {
    let house = House::open().await;
    let lease =
        PointLease { age_max: minutes(10), clock_bound: minutes(1), admits_at_expiry: false };
    house.enrol("gate-1", Some(lease)).await;
    house.enrol("gate-2", None).await;
    let told = house.act("rev-1", Act::Revoke).await;

    let now = house.later(seconds(29));
    house.engine().look_after(now).await.unwrap();
    assert_eq!(house.incidents().await.len(), 0, "points have thirty seconds");
    for _ in 0..3 {
        let now = house.later(seconds(1));
        house.engine().look_after(now).await.unwrap();
    }
    let all = house.incidents().await;
    let [incident] = all.as_slice() else { unreachable!("{all:?}") };
    assert_eq!(house.shown("rev-1").await.note.incident.as_ref(), Some(&incident.id));
    assert_eq!((incident.level, incident.state), (Level::High, IncidentState::New));
    assert_eq!(incident.owner, Owner::Team(house.engine().config.default_team.clone()));
    assert_eq!(incident.title, "Revocation not confirmed by 2 points");
    // Who is silent, and until when each may go by older rights.
    let until = told.deed.stale_until(&PointId::parse("gate-1").unwrap()).unwrap();
    let words = format!("gate-1 (may admit until {until}); gate-2 (may admit until it is heard)");
    assert!(incident.because.ends_with(&words), "{}", incident.because);
    assert!(incident.entities.iter().any(|one| one.to_string() == "person:mf2002"));
    assert!(!incident.sop.is_empty(), "what to do meanwhile");

    // One has confirmed: it stays open. The other too: it is settled, and stays one.
    house.confirms("gate-1", &told).await;
    assert_eq!(house.incidents().await[0].state, IncidentState::New);
    house.confirms("gate-2", &told).await;
    let settled = house.incidents().await;
    assert_eq!((settled.len(), settled[0].state), (1, IncidentState::Closed));
    let now = house.later(minutes(5));
    house.engine().look_after(now).await.unwrap();
    assert_eq!(house.incidents().await.len(), 1);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_of_a_silence_is_settled_by_a_lease_that_ended_and_by_a_later_act() {
    let house = House::open().await;
    let lease =
        PointLease { age_max: minutes(10), clock_bound: minutes(1), admits_at_expiry: false };
    house.enrol("gate-1", Some(lease)).await;
    house.act("rev-1", Act::Suspend).await;
    let now = house.later(minutes(1));
    house.engine().look_after(now).await.unwrap();
    // It is lifted before it was confirmed: nobody has to watch over it any more.
    house.act("rev-2", Act::Lift).await;
    house.engine().deed_changed(&id_of("rev-1")).await;
    let all = house.incidents().await;
    assert_eq!((all.len(), all[0].state), (1, IncidentState::Closed));
    let shown = house.shown("rev-1").await.shown;
    assert_eq!(shown, Shown::Superseded { by: id_of("rev-2") });

    house.act("rev-3", Act::Revoke).await;
    let now = house.later(minutes(1));
    house.engine().look_after(now).await.unwrap();
    let now = house.later(minutes(20));
    house.engine().look_after(now).await.unwrap();
    house.engine().deed_changed(&id_of("rev-3")).await;
    assert_eq!(house.shown("rev-3").await.shown, Shown::Done, "the lease has surely ended");
    let open = house.incidents().await;
    let open = open.iter().filter(|one| one.title.starts_with("Revocation"));
    assert!(open.clone().count() == 1 && open.clone().all(|one| !respond::is_open(one)));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_doors_confirm_what_they_go_by_and_nothing_newer() {
    let house = House::open().await;
    let engine = house.engine();
    let home = PointId::parse("server").unwrap();
    // In service once, however often it starts; a deed before it is none of its matters.
    house.act("rev-0", Act::Suspend).await;
    for _ in 0..2 {
        engine.home_point(Some(&home), &home).await;
    }
    assert_eq!(engine.warden.points().await.keys().collect::<Vec<_>>(), [&home]);
    let told = house.act("rev-1", Act::Revoke).await;
    assert!(!told.deed.stones.is_empty());
    assert_eq!(told.shown, Shown::Unconfirmed { silent: [home.clone()].into() });

    let (snapshot, confirms) = engine.home_rights().await.parts();
    assert!(told.deed.stones.iter().all(|one| snapshot.tombstones.covers(one.key, one.generation)));
    assert!(snapshot.suspensions.holds(&who()));
    assert_eq!(confirms.0, told.deed.version);
    // While the road takes them over, somebody else is locked out: that is not confirmed by these.
    let other = Wanted {
        id: id_of("rev-2"),
        act: Act::Suspend,
        subject: Subject::Person(PersonId::parse("mf2003").unwrap()),
        reason: "lost a bag".to_owned(),
        by: "op-1".to_owned(),
    };
    engine.revoke(&other).await.unwrap();
    engine.home_confirms(&home, confirms).await.unwrap();
    assert_eq!(house.shown("rev-1").await.shown, Shown::Done);
    let open = house.shown("rev-2").await.shown;
    assert_eq!(open, Shown::Unconfirmed { silent: [home.clone()].into() });
    let (_, confirms) = engine.home_rights().await.parts();
    engine.home_confirms(&home, confirms).await.unwrap();
    assert_eq!(house.shown("rev-2").await.shown, Shown::Done);

    // The receipt is signed by this server, and kept.
    let kept = engine.state.signings(&id_of("rev-1")).await.unwrap();
    let (bytes, signature) = kept[0].proof.clone();
    let receipt: Receipt = rmp_serde::from_slice(&bytes).unwrap();
    assert_eq!((receipt.deed, receipt.known), (id_of("rev-1"), Known::DeviceSigned));
    let key = <[u8; 32]>::try_from(engine.edges.keys().signing_key()).unwrap();
    let signed = Signed { purpose: Purpose::Receipt, point: home.clone(), bytes, signature };
    assert!(is_signed_by(&signed, Purpose::Receipt, &home, &key));

    // No doors are wired any more: nothing waits for them.
    house.act("rev-3", Act::Lift).await;
    engine.home_point(None, &home).await;
    assert_eq!(engine.warden.points().await.len(), 0);
    assert!(matches!(
        house.shown("rev-3").await.deed.points[&home],
        Signing::Decommissioned { .. }
    ));
    engine.home_point(None, &home).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_doors_are_heard_after_a_restore_before_anything_is_given_out() {
    let mut house = House::open().await;
    let home = PointId::parse("server").unwrap();
    house.engine().home_point(Some(&home), &home).await;
    house.running.take().unwrap().stop().await.unwrap();
    let state = house.folder.path().join("data/state.db");
    let archive = std::fs::read(&state).unwrap();
    house.start().await;
    house.act("rev-1", Act::Revoke).await;
    let (_, confirms) = house.engine().home_rights().await.parts();
    house.engine().home_confirms(&home, confirms).await.unwrap();
    house.running.take().unwrap().stop().await.unwrap();
    // The state is put back from the archive; the copy beside it knows better.
    std::fs::write(&state, archive).unwrap();
    for beside in ["state.db-wal", "state.db-shm"] {
        let _ = std::fs::remove_file(state.with_file_name(beside));
    }
    house.later(seconds(1));
    house.start().await;
    let engine = house.engine();
    assert!(engine.warden.waiting().await.contains(&home));
    let (snapshot, confirms) = engine.home_rights().await.parts();
    assert!(!snapshot.tombstones.is_empty(), "the dead stay dead at our own doors");
    engine.home_confirms(&home, confirms).await.unwrap();
    assert_eq!(engine.warden.waiting().await.len(), 0);
    assert!(!engine.warden.given().await.is_waiting);
    house.close().await;
}
