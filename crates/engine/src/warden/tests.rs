//! The warden with its state on disk and edges on lines that lose things: random histories of
//! acts, messages, crashes, archives and restores.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "../../../../tests/support/edges.rs"]
mod edges;
mod whole;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use access::revocation::{
    Act, Known, Point, PointLease, Receipt, Rights, Shown, Signing, Suspensions, Tombstones,
};
use model::{PointId, RevocationId, Timestamp};
use proptest::prelude::*;
use store::State;

use super::{COPY_FILE, Give, Heard, Told, Wanted, Warden, WardenError};
use edges::{CARDS, EDGES, Edges, LEASE, deed, key, minutes, point, subject};

/// A state file with every table, made once.
fn template() -> &'static Path {
    static MADE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let made = path.clone();
        std::thread::spawn(move || {
            runtime().block_on(async {
                State::open(&made).await.unwrap().close().await;
            });
        })
        .join()
        .unwrap();
        (folder, path)
    });
    path
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[derive(Debug, Clone)]
enum Op {
    Act(Act, u8),
    /// The server gives an edge what it needs, and sends it.
    Give(usize),
    /// The edge says which snapshot it goes by.
    Hello(usize),
    /// The edge sends its tombstones up.
    SendUp(usize),
    /// The nth message on the way arrives, is lost, or arrives and stays on the way.
    Deliver(usize),
    Lose(usize),
    Double(usize),
    Minutes(u64),
    RestartEdge(usize, bool),
    BackUpEdge(usize),
    RestoreEdge(usize),
    /// The server is killed and starts again; whether what it had last added to the copy beside
    /// its state was lost.
    Crash(bool),
    BackUp,
    /// The state is put back from an archive; whether the copy beside it is as well.
    Restore(bool),
    Reissue(u8),
    SignForTheGap,
}

fn op() -> impl Strategy<Value = Op> {
    let (edge, card, way) = (0..EDGES, 0..CARDS, 0..12_usize);
    let act = prop_oneof![3 => Just(Act::Revoke), 1 => Just(Act::Suspend), 1 => Just(Act::Lift)];
    prop_oneof![
        4 => (act, card.clone()).prop_map(|(act, card)| Op::Act(act, card)),
        6 => edge.clone().prop_map(Op::Give),
        3 => edge.clone().prop_map(Op::Hello),
        2 => edge.clone().prop_map(Op::SendUp),
        12 => way.clone().prop_map(Op::Deliver),
        2 => way.clone().prop_map(Op::Lose),
        3 => way.prop_map(Op::Double),
        3 => (1..8_u64).prop_map(Op::Minutes),
        1 => (edge.clone(), any::<bool>()).prop_map(|(edge, knows)| Op::RestartEdge(edge, knows)),
        1 => edge.clone().prop_map(Op::BackUpEdge),
        1 => edge.prop_map(Op::RestoreEdge),
        2 => any::<bool>().prop_map(Op::Crash),
        1 => Just(Op::BackUp),
        1 => any::<bool>().prop_map(Op::Restore),
        1 => card.prop_map(Op::Reissue),
        1 => Just(Op::SignForTheGap),
    ]
}

#[derive(Debug, Clone)]
enum Message {
    Rights(usize, Rights),
    Receipt(Receipt),
    Hello(usize, Option<u64>),
    Up(usize, Tombstones, Suspensions),
}

struct World {
    field: Edges<Message>,
    folder: tempfile::TempDir,
    warden: Option<Warden>,
    state: Option<State>,
    /// The state's and the copy's bytes, as of an archive.
    archive: Option<(Vec<u8>, Vec<u8>)>,
    /// The copy as it was before the last act.
    copy_before: Vec<u8>,
}

impl std::ops::Deref for World {
    type Target = Edges<Message>;

    fn deref(&self) -> &Edges<Message> {
        &self.field
    }
}

impl std::ops::DerefMut for World {
    fn deref_mut(&mut self) -> &mut Edges<Message> {
        &mut self.field
    }
}

impl World {
    async fn new(admits_at_expiry: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(template(), folder.path().join("state.db")).unwrap();
        let field = Edges::new(admits_at_expiry);
        let (warden, state, archive, copy_before) = (None, None, None, Vec::new());
        let mut world = Self { field, folder, warden, state, archive, copy_before };
        world.start().await;
        for point in world.points() {
            world.warden().enrol(point, ("test", world.now)).await.unwrap();
        }
        world
    }

    fn warden(&self) -> &Warden {
        self.warden.as_ref().unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn start(&mut self) {
        // Between a stop and a start passes some time.
        self.now = self.now.plus(Duration::from_secs(1));
        let state = State::open(&self.path("state.db")).await.unwrap();
        let opened = Warden::open(state.clone(), self.folder.path(), self.now).await;
        self.warden = Some(opened.unwrap());
        self.state = Some(state);
    }

    async fn stop(&mut self) {
        self.warden = None;
        self.state.take().unwrap().close().await;
    }

    async fn act(&mut self, act: Act, card: u8) -> Result<Told, WardenError> {
        self.copy_before = std::fs::read(self.path(COPY_FILE)).unwrap();
        let (id, stones, generation) = self.next(act, card);
        let (reason, by) = ("left".to_owned(), "op-1".to_owned());
        let wanted = Wanted { id: id.clone(), act, subject: subject(card), reason, by };
        let told = self.warden().act(&wanted, stones, self.now).await;
        if told.is_ok() && act == Act::Revoke {
            self.killed.insert(id, (card, generation));
        }
        told
    }

    async fn give(&self, edge: usize) -> Option<Rights> {
        let (dead, suspended) = self.warden().words().await;
        let given = self.warden().given().await;
        let had = self.edges[edge].version();
        let needs = given.to(had);
        if needs == Give::Nothing {
            return None;
        }
        self.warden().renews(&point(edge), self.now);
        let mut rights = Rights {
            version: given.version,
            given_at: self.now,
            tombstones: dead,
            suspensions: suspended,
            deeds: given.open.iter().cloned().collect(),
        };
        if let Give::Since(since) = needs {
            // The news alone must be enough for whoever has the rest.
            rights.tombstones = Tombstones::default();
            for stone in &since.stones {
                assert!(rights.tombstones.bury(*stone));
            }
            rights.suspensions = since.words;
        }
        Some(rights)
    }

    async fn deliver(&mut self, message: Message) {
        match message {
            Message::Rights(edge, rights) => self.apply(edge, &rights, Message::Receipt),
            Message::Receipt(receipt) => {
                let heard = Heard::Receipt(receipt, (vec![1], vec![2]));
                self.warden().hear(vec![heard], self.now).await.unwrap();
            }
            Message::Hello(edge, version) => {
                let heard = Heard::Goes(point(edge), version);
                self.warden().hear(vec![heard], self.now).await.unwrap();
            }
            Message::Up(edge, dead, suspended) => {
                let words = (&dead, &suspended);
                self.warden().merged(&point(edge), words, self.now).await.unwrap();
            }
        }
    }

    async fn play(&mut self, op: &Op) {
        match *op {
            Op::Act(act, card) => drop(self.act(act, card).await),
            Op::Give(edge) => {
                // A link begins with the edge's word, and breaks with the server: what was not
                // said yet in this run is said first.
                let version = self.edges[edge].version();
                self.deliver(Message::Hello(edge, version)).await;
                if let Some(rights) = self.give(edge).await {
                    self.wires.push(Message::Rights(edge, rights));
                }
            }
            Op::Hello(edge) => {
                let version = self.edges[edge].version();
                self.wires.push(Message::Hello(edge, version));
            }
            Op::SendUp(edge) => {
                let own = &self.edges[edge];
                let (dead, suspended) = (own.tombstones().clone(), own.suspensions().clone());
                self.wires.push(Message::Up(edge, dead, suspended));
            }
            Op::Deliver(at) => {
                if let Some(message) = self.take(at) {
                    self.deliver(message).await;
                }
            }
            Op::Lose(at) => drop(self.take(at)),
            Op::Double(at) => {
                if let Some(message) = self.take(at) {
                    self.wires.push(message.clone());
                    self.deliver(message).await;
                }
            }
            Op::Minutes(n) => {
                self.now = self.now.plus(minutes(n));
                self.warden().tick(self.now).await.unwrap();
                let now = self.now;
                self.edges.iter_mut().for_each(|edge| edge.tick(now));
            }
            Op::RestartEdge(edge, knows) => self.edges[edge].restarted(knows),
            Op::BackUpEdge(edge) => self.archives[edge] = Some(self.edges[edge].clone()),
            Op::RestoreEdge(edge) => self.restore(edge),
            Op::Crash(loses) => {
                self.stop().await;
                if loses && !self.copy_before.is_empty() {
                    std::fs::write(self.path(COPY_FILE), &self.copy_before).unwrap();
                }
                self.broken();
                self.start().await;
            }
            Op::BackUp => {
                self.stop().await;
                let state = std::fs::read(self.path("state.db")).unwrap();
                let copy = std::fs::read(self.path(COPY_FILE)).unwrap();
                self.archive = Some((state, copy));
                self.broken();
                self.start().await;
            }
            Op::Restore(copy_too) => {
                let Some((state, copy)) = self.archive.clone() else { return };
                self.stop().await;
                std::fs::write(self.path("state.db"), state).unwrap();
                for beside in ["state.db-wal", "state.db-shm"] {
                    let _ = std::fs::remove_file(self.path(beside));
                }
                if copy_too {
                    std::fs::write(self.path(COPY_FILE), copy).unwrap();
                }
                self.copy_before.clear();
                self.broken();
                self.start().await;
            }
            Op::Reissue(card) => *self.generation.get_mut(&card).unwrap() += 1,
            Op::SignForTheGap => {
                let by = ("op-1", "the edge burned");
                self.warden().sign_for_the_gap(by, self.now).await.unwrap();
            }
        }
        self.note_arrivals();
    }

    /// A link breaks with the server; what an edge says of what it was given is said on the next.
    fn broken(&mut self) {
        self.wires.retain(|message| matches!(message, Message::Rights(..)));
    }

    async fn check(&self) -> Result<(), TestCaseError> {
        for told in self.warden().list().await {
            let Some((card, generation)) = self.killed.get(&told.id) else { continue };
            if told.shown != Shown::Done {
                prop_assert!(told.note.done_at.is_none());
                continue;
            }
            prop_assert!(told.note.done_at.is_some());
            for edge in 0..EDGES {
                prop_assert!(
                    !self.admits(edge, *card, *generation),
                    "{} is shown as done, edge {edge} admits",
                    told.id
                );
            }
        }
        prop_assert_eq!(self.revived(), None);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::cases::cases(64)))]

    #[test]
    fn nothing_is_shown_revoked_that_some_point_admits_through_crash_and_restore(
        ops in prop::collection::vec(op(), 1..90),
        admits_at_expiry in any::<bool>(),
    ) {
        runtime().block_on(async {
            let mut world = World::new(admits_at_expiry).await;
            for op in &ops {
                world.play(op).await;
                world.check().await?;
            }
            Ok::<(), TestCaseError>(())
        })?;
    }

    /// Once everything is merged and delivered, everything is shown as done, and all agree, also
    /// after one more start.
    #[test]
    fn all_comes_to_rest_when_links_return(ops in prop::collection::vec(op(), 1..60)) {
        runtime().block_on(async {
            let mut world = World::new(true).await;
            for op in &ops {
                world.play(op).await;
            }
            world.wires.clear();
            // An edge may show in the second round that the state was put back: all begin anew.
            for _ in 0..4 {
                for edge in 0..EDGES {
                    world.play(&Op::RestartEdge(edge, true)).await;
                    world.play(&Op::SendUp(edge)).await;
                    while !world.wires.is_empty() {
                        world.play(&Op::Deliver(0)).await;
                    }
                    world.play(&Op::Give(edge)).await;
                    while !world.wires.is_empty() {
                        world.play(&Op::Deliver(0)).await;
                    }
                }
            }
            let before = world.warden().list().await;
            for told in &before {
                let is_open = matches!(told.shown, Shown::Unconfirmed { .. });
                prop_assert!(!is_open, "{told:?}");
            }
            let (dead, suspended) = world.warden().words().await;
            for edge in &world.edges {
                prop_assert_eq!(edge.tombstones(), &dead);
                prop_assert_eq!(edge.suspensions(), &suspended);
            }
            world.play(&Op::Crash(false)).await;
            prop_assert_eq!(&world.warden().list().await, &before);
            prop_assert_eq!(&world.warden().words().await, &(dead, suspended));
            world.check().await
        })?;
    }
}

#[test]
fn a_state_put_back_from_an_archive_gives_nothing_until_all_were_heard() {
    runtime().block_on(async {
        let mut world = World::new(false).await;
        world.play(&Op::BackUp).await;
        world.act(Act::Revoke, 0).await.unwrap();
        world.play(&Op::Give(0)).await;
        world.play(&Op::Deliver(0)).await;
        world.play(&Op::Restore(false)).await;
        let (dead, _) = world.warden().words().await;
        assert!(dead.covers(key(0), 1), "the copy beside the state knew");
        assert!(world.warden().given().await.is_waiting);
        assert_eq!(world.warden().waiting().await.len(), EDGES);
        // It is waited for over a crash as well.
        world.play(&Op::Crash(false)).await;
        assert_eq!(world.warden().waiting().await.len(), EDGES);
        assert!(world.give(1).await.is_none());
        for edge in 0..EDGES {
            world.play(&Op::SendUp(edge)).await;
        }
        while !world.wires.is_empty() {
            world.play(&Op::Deliver(0)).await;
        }
        assert!(world.give(1).await.is_some());
        // Both put back: an edge knows better.
        world.play(&Op::Restore(true)).await;
        assert!(!world.warden().given().await.is_waiting, "nothing here says so");
        let version = world.edges[0].version();
        world.deliver(Message::Hello(0, version)).await;
        assert!(world.warden().given().await.is_waiting, "the edge goes by newer rights");
        world.play(&Op::SignForTheGap).await;
        assert!(world.give(1).await.is_some());
        let acts = world.state.as_ref().unwrap().acts(None, 50).await.unwrap();
        let verbs: Vec<String> =
            acts.into_iter().filter_map(|entry| entry.act.map(|act| act.verb)).collect();
        assert!(verbs.iter().any(|verb| verb == "revocation.sign_for_the_gap"), "{verbs:?}");
    });
}

#[test]
fn a_repeated_act_is_one_and_another_under_its_id_or_without_a_reason_is_refused() {
    runtime().block_on(async {
        let mut world = World::new(false).await;
        world.act(Act::Revoke, 0).await.unwrap();
        world.deeds = 0;
        let again = world.act(Act::Revoke, 0).await.unwrap();
        assert_eq!(again.id, deed(1));
        assert_eq!(world.warden().list().await.len(), 1);
        world.deeds = 0;
        let other = world.act(Act::Suspend, 1).await.unwrap_err();
        assert!(other.to_string().contains("another act"), "{other}");
        let wanted = Wanted {
            id: deed(9),
            act: Act::Suspend,
            subject: subject(1),
            reason: " ".to_owned(),
            by: "op-1".to_owned(),
        };
        let refused = world.warden().act(&wanted, Vec::new(), world.now).await.unwrap_err();
        assert!(matches!(refused, WardenError::NoReason));
        world.play(&Op::Crash(false)).await;
        assert_eq!(world.warden().list().await.len(), 1);
    });
}

#[test]
fn receipts_are_kept_with_what_was_signed() {
    runtime().block_on(async {
        let mut world = World::new(false).await;
        let told = world.act(Act::Revoke, 0).await.unwrap();
        let receipt = Receipt {
            point: point(1),
            deed: told.id.clone(),
            known: Known::DeviceSigned,
            snapshot: told.deed.version,
            at: world.now,
        };
        world.deliver(Message::Receipt(receipt)).await;
        world.play(&Op::Crash(true)).await;
        let told = world.warden().show(&told.id).await.unwrap();
        assert!(matches!(told.deed.points[&point(1)], Signing::Confirmed(_)));
        assert!(matches!(told.deed.points[&point(0)], Signing::Silent));
        let kept = world.state.as_ref().unwrap().signings(&told.id).await.unwrap();
        assert_eq!(kept[1].proof, (vec![1], vec![2]));
        assert_eq!(kept[0].proof, (Vec::new(), Vec::new()));
    });
}

#[test]
fn a_shorter_lease_counts_once_the_point_goes_by_it() {
    runtime().block_on(async {
        let mut world = World::new(false).await;
        let short =
            PointLease { age_max: minutes(1), clock_bound: minutes(1), admits_at_expiry: false };
        let leases = BTreeMap::from([(point(0), Some(short))]);
        let version = world.warden().rights_changed(&leases, world.now).await.unwrap();
        let lease = |points: &BTreeMap<PointId, Point>| points[&point(0)].lease.unwrap().age_max;
        assert_eq!(lease(&world.warden().points().await), minutes(LEASE));
        world.deliver(Message::Hello(0, Some(version))).await;
        assert_eq!(lease(&world.warden().points().await), minutes(1));
        let _ = &mut world;
    });
}

#[test]
fn what_is_done_and_old_is_forgotten_and_what_is_open_is_not() {
    runtime().block_on(async {
        let mut world = World::new(true).await;
        world.act(Act::Revoke, 0).await.unwrap();
        world.act(Act::Revoke, 1).await.unwrap();
        let open = world.warden().list().await;
        for edge in 0..EDGES {
            let receipt = Receipt {
                point: point(edge),
                deed: deed(1),
                known: Known::DeviceSigned,
                snapshot: world.warden().given().await.version,
                at: world.now,
            };
            world.deliver(Message::Receipt(receipt)).await;
        }
        assert_eq!(world.warden().forget(world.now).await.unwrap(), 0, "nothing is old");
        world.now = world.now.plus(super::REMEMBERED_FOR).plus(minutes(1));
        assert_eq!(world.warden().forget(world.now).await.unwrap(), 1);
        world.play(&Op::Crash(false)).await;
        let left = world.warden().list().await;
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].id, open[0].id);
        let (dead, _) = world.warden().words().await;
        assert!(dead.covers(key(1), 1) && !dead.covers(key(0), 1));
    });
}

/// One revocation on its way to three edges, and the link of one of them, or all, cut before each
/// step: it is shown as done only when it is, and comes to its end when the links are back.
#[test]
fn a_link_that_is_cut_at_any_step_of_a_revocation_only_delays_it() {
    let mut steps = Vec::new();
    for edge in 0..EDGES {
        steps.extend([Op::Give(edge), Op::Deliver(0), Op::Deliver(0), Op::Hello(edge)]);
        steps.push(Op::Deliver(0));
    }
    for cut in 0..=steps.len() {
        for is_all in [false, true] {
            runtime().block_on(async {
                let mut world = World::new(false).await;
                // They have rights by which the card opens.
                for edge in 0..EDGES {
                    world.play(&Op::Give(edge)).await;
                    while !world.wires.is_empty() {
                        world.play(&Op::Deliver(0)).await;
                    }
                }
                let told = world.act(Act::Revoke, 0).await.unwrap();
                for (at, step) in steps.iter().enumerate() {
                    if at == cut || (is_all && at > cut) {
                        // What was on the way is gone.
                        world.wires.clear();
                    }
                    if !(is_all && at >= cut) {
                        world.play(step).await;
                    }
                    world.check().await.unwrap();
                }
                for edge in 0..EDGES {
                    world.play(&Op::Give(edge)).await;
                    while !world.wires.is_empty() {
                        world.play(&Op::Deliver(0)).await;
                    }
                }
                let shown = world.warden().show(&told.id).await.unwrap().shown;
                assert_eq!(shown, Shown::Done, "cut before step {cut}");
                world.check().await.unwrap();
            });
        }
    }
}
