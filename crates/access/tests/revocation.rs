//! Revocation: random histories of messages, losses, restarts and restores.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "common/cases.rs"]
mod cases;
#[path = "../../../tests/support/edges.rs"]
mod edges;

use std::collections::BTreeSet;
use std::time::Duration;

use access::revocation::*;
use model::{PersonId, PointId, Timestamp};
use proptest::prelude::*;

use edges::{CARDS, EDGES, Edges, LEASE, deed, key, minutes, point, subject};

#[derive(Debug, Clone)]
enum Op {
    Revoke(u8),
    Suspend(u8),
    Lift(u8),
    /// The server signs rights for an edge and sends them.
    Sign(usize),
    /// The server sends tombstones alone.
    SendStones(usize),
    /// The edge tells which snapshot it goes by.
    Hello(usize),
    /// The edge sends its tombstones up, for a merge.
    SendUp(usize),
    /// The nth message on the way arrives, is lost, or arrives and stays on the way.
    Deliver(usize),
    Lose(usize),
    Double(usize),
    Minutes(u64),
    RestartEdge(usize, bool),
    BackUpEdge(usize),
    RestoreEdge(usize),
    BackUpServer,
    /// The server is put back; whether the running book is lost.
    RestoreServer(bool),
    Reissue(u8),
}

fn op() -> impl Strategy<Value = Op> {
    let (edge, card, way) = (0..EDGES, 0..CARDS, 0..12_usize);
    prop_oneof![
        3 => card.clone().prop_map(Op::Revoke),
        1 => card.clone().prop_map(Op::Suspend),
        1 => card.clone().prop_map(Op::Lift),
        6 => edge.clone().prop_map(Op::Sign),
        2 => edge.clone().prop_map(Op::SendStones),
        3 => edge.clone().prop_map(Op::Hello),
        3 => edge.clone().prop_map(Op::SendUp),
        12 => way.clone().prop_map(Op::Deliver),
        2 => way.clone().prop_map(Op::Lose),
        3 => way.prop_map(Op::Double),
        3 => (1..8_u64).prop_map(Op::Minutes),
        1 => (edge.clone(), any::<bool>()).prop_map(|(edge, knows)| Op::RestartEdge(edge, knows)),
        1 => edge.clone().prop_map(Op::BackUpEdge),
        1 => edge.prop_map(Op::RestoreEdge),
        1 => Just(Op::BackUpServer),
        1 => any::<bool>().prop_map(Op::RestoreServer),
        1 => card.prop_map(Op::Reissue),
    ]
}

#[derive(Debug, Clone)]
enum Message {
    Rights(usize, Rights),
    Stones(usize, Tombstones),
    Receipt(Receipt),
    Hello(usize, Option<u64>),
    Up(usize, Tombstones, Suspensions),
}

/// The world: what is, beside what the machines believe.
struct World {
    field: Edges<Message>,
    book: Book,
    archive: Option<Book>,
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
    fn new(admits_at_expiry: bool) -> Self {
        let field = Edges::new(admits_at_expiry);
        let mut book = Book::default();
        for (id, point) in field.points() {
            book.enrol(id, point).unwrap();
        }
        Self { field, book, archive: None }
    }

    fn act(&mut self, act: Act, card: u8) {
        let (id, stones, generation) = self.next(act, card);
        let now = self.now;
        if self.book.act(&id, (act, subject(card)), stones, now).is_ok() && act == Act::Revoke {
            self.killed.insert(id, (card, generation));
        }
    }

    fn deliver(&mut self, message: Message) {
        match message {
            Message::Rights(edge, rights) => self.apply(edge, &rights, Message::Receipt),
            Message::Stones(edge, stones) => {
                assert_eq!(self.edges[edge].bury(&stones), 0);
            }
            Message::Receipt(receipt) => {
                let _ = self.book.receive(&receipt);
            }
            Message::Hello(edge, version) => self.book.heard(&point(edge), version),
            Message::Up(edge, stones, suspended) => {
                self.book.merged(&point(edge), (&stones, &suspended));
            }
        }
    }

    fn play(&mut self, op: &Op) {
        match *op {
            Op::Revoke(card) => self.act(Act::Revoke, card),
            Op::Suspend(card) => self.act(Act::Suspend, card),
            Op::Lift(card) => self.act(Act::Lift, card),
            Op::Sign(edge) => {
                let now = self.now;
                if let Ok(rights) = self.book.sign(&point(edge), now) {
                    self.wires.push(Message::Rights(edge, rights));
                }
            }
            Op::SendStones(edge) => {
                let stones = self.book.tombstones().clone();
                self.wires.push(Message::Stones(edge, stones));
            }
            Op::Hello(edge) => {
                let version = self.edges[edge].version();
                self.wires.push(Message::Hello(edge, version));
            }
            Op::SendUp(edge) => {
                let (stones, suspended) =
                    (self.edges[edge].tombstones().clone(), self.edges[edge].suspensions().clone());
                self.wires.push(Message::Up(edge, stones, suspended));
            }
            Op::Deliver(at) => {
                if let Some(message) = self.take(at) {
                    self.deliver(message);
                }
            }
            Op::Lose(at) => drop(self.take(at)),
            Op::Double(at) => {
                if let Some(message) = self.take(at) {
                    self.wires.push(message.clone());
                    self.deliver(message);
                }
            }
            Op::Minutes(n) => {
                let now = self.now.plus(minutes(n));
                self.now = now;
                self.book.tick(now);
                (0..EDGES).for_each(|edge| {
                    let clock = self.clock(edge);
                    self.edges[edge].tick(clock);
                });
            }
            Op::RestartEdge(edge, knows) => self.edges[edge].restarted(knows),
            Op::BackUpEdge(edge) => self.archives[edge] = Some(self.edges[edge].clone()),
            Op::RestoreEdge(edge) => self.restore(edge),
            Op::BackUpServer => self.archive = Some(self.book.clone()),
            Op::RestoreServer(lost) => {
                if let Some(archive) = self.archive.clone() {
                    let living = std::mem::replace(&mut self.book, archive);
                    // What was on the wire before a restore may still arrive after it.
                    let now = self.now.plus(Duration::from_secs(1));
                    self.now = now;
                    self.book.restored((!lost).then_some(&living), &[], now);
                }
            }
            Op::Reissue(card) => *self.generation.get_mut(&card).unwrap() += 1,
        }
        self.note_arrivals();
    }

    fn check(&self) -> Result<(), TestCaseError> {
        // Never shown as revoked while a point would admit.
        for (id, _) in self.book.deeds() {
            let Some((card, generation)) = self.killed.get(id) else { continue };
            if self.book.show(id) == Some(Shown::Done) {
                for edge in 0..EDGES {
                    prop_assert!(
                        !self.admits(edge, *card, *generation),
                        "{id} is shown as done, edge {edge} admits"
                    );
                }
            }
        }
        // Never admitted after its tombstone arrived, or its lease ended.
        prop_assert_eq!(self.revived(), None);
        Ok(())
    }
}

proptest! {
    #![proptest_config(cases::cases(1_500))]

    #[test]
    fn nothing_is_shown_revoked_that_some_point_admits(
        ops in prop::collection::vec(op(), 1..120),
        admits_at_expiry in any::<bool>(),
        slow in [0..60_u64, 0..60_u64, 0..60_u64],
    ) {
        let mut world = World::new(admits_at_expiry);
        world.slow = slow;
        for op in &ops {
            world.play(op);
            world.check()?;
        }
    }

    /// Once everything is merged and delivered, everything is shown as done, and all agree.
    #[test]
    fn all_comes_to_rest_when_links_return(
        ops in prop::collection::vec(op(), 1..80),
    ) {
        let mut world = World::new(true);
        ops.iter().for_each(|op| world.play(op));
        world.wires.clear();
        for _ in 0..2 {
            for edge in 0..EDGES {
                world.play(&Op::RestartEdge(edge, true));
                world.play(&Op::SendUp(edge));
                while !world.wires.is_empty() {
                    world.play(&Op::Deliver(0));
                }
            }
        }
        for edge in 0..EDGES {
            world.play(&Op::Sign(edge));
            while !world.wires.is_empty() {
                world.play(&Op::Deliver(0));
            }
        }
        for (id, deed) in world.book.deeds() {
            let shown = world.book.show(id).unwrap();
            let open = matches!(shown, Shown::Unconfirmed { .. });
            prop_assert!(!open, "{id} {deed:?} {shown:?}");
        }
        for edge in &world.edges {
            prop_assert_eq!(edge.tombstones(), world.book.tombstones());
            prop_assert_eq!(edge.suspensions(), world.book.suspensions());
        }
        world.check()?;
    }

    /// Joining tombstones is the same in any order and however often.
    #[test]
    fn tombstones_join_in_any_order(
        stones in prop::collection::vec((0..4_u8, 1..5_u32, 0..100_i64), 0..20),
        cut in 0..20_usize,
    ) {
        let all: Vec<Tombstone> = stones
            .iter()
            .map(|(n, generation, at)| Tombstone {
                key: key(*n),
                generation: *generation,
                since: Timestamp::from_secs(*at),
            })
            .collect();
        let of = |stones: &[Tombstone]| {
            let mut made = Tombstones::default();
            assert!(stones.iter().all(|stone| made.bury(*stone)));
            made
        };
        let cut = cut.min(all.len());
        let (mut ab, mut ba) = (of(&all[..cut]), of(&all[cut..]));
        let (a, b) = (ab.clone(), ba.clone());
        ab.merge(&b);
        ba.merge(&a);
        ba.merge(&a);
        prop_assert_eq!(&ab, &ba);
        prop_assert!(ab.includes(&a) && ab.includes(&b));
        prop_assert_eq!(ab, of(&all));
    }
}

/// What a book shows of a deed, in words.
fn shown(book: &Book, n: u64) -> String {
    match book.show(&deed(n)) {
        Some(Shown::Done) => "done".to_owned(),
        Some(Shown::Unconfirmed { silent }) => {
            let silent: Vec<String> = silent.iter().map(ToString::to_string).collect();
            format!("unconfirmed: {}", silent.join(" "))
        }
        Some(Shown::Superseded { by }) => format!("superseded by {by}"),
        None => "unknown".to_owned(),
    }
}

#[test]
fn the_silent_ones_are_named_until_each_has_confirmed() {
    let mut world = World::new(false);
    world.play(&Op::Revoke(0));
    assert_eq!(shown(&world.book, 1), "unconfirmed: edge-0 edge-1 edge-2");
    for edge in [0, 2] {
        world.play(&Op::Sign(edge));
        world.play(&Op::Deliver(0));
        world.play(&Op::Deliver(0));
    }
    assert_eq!(shown(&world.book, 1), "unconfirmed: edge-1");
    // The lease ends ten minutes after the last renewal that may have arrived, and one for clocks.
    world.play(&Op::Minutes(11));
    assert_eq!(shown(&world.book, 1), "unconfirmed: edge-1");
    world.play(&Op::Minutes(1));
    assert_eq!(shown(&world.book, 1), "done");
    let deeds: Vec<_> = world.book.deeds().collect();
    assert!(matches!(deeds[0].1.points[&point(1)], Signing::Expired { .. }));
}

#[test]
fn a_zone_that_admits_and_flags_never_closes_by_expiry() {
    let mut world = World::new(true);
    world.play(&Op::Revoke(0));
    world.play(&Op::Minutes(1_000_000));
    assert_eq!(shown(&world.book, 1), "unconfirmed: edge-0 edge-1 edge-2");
}

#[test]
fn a_receipt_that_says_less_than_is_asked_counts_for_nothing() {
    let mut world = World::new(true);
    world.play(&Op::Revoke(0));
    let version = world.book.version();
    let receipt = |edge, deed_number, known, snapshot| Receipt {
        point: point(edge),
        deed: deed(deed_number),
        known,
        snapshot,
        at: Timestamp::from_secs(2_000_000),
    };
    let mut refused = |receipt: &Receipt| world.book.receive(receipt).unwrap_err().to_string();
    let signed = Known::DeviceSigned;
    assert_eq!(refused(&receipt(0, 9, signed, version)), "there is no deed `deed-0009`");
    assert_eq!(
        refused(&receipt(7, 1, signed, version)),
        "the point `edge-7` is not asked about this"
    );
    assert_eq!(
        refused(&receipt(0, 1, signed, version - 1)),
        "the point goes by snapshot 0, the deed needs 1"
    );
    assert_eq!(
        refused(&receipt(0, 1, Known::ApiAcknowledged, version)),
        "a Edge cannot confirm by ApiAcknowledged"
    );
    assert_eq!(shown(&world.book, 1), "unconfirmed: edge-0 edge-1 edge-2");
}

#[test]
fn suspending_is_reversible_and_revoking_is_not() {
    let mut world = World::new(true);
    world.play(&Op::Suspend(0));
    assert!(world.book.suspensions().holds(&subject(0)));
    world.play(&Op::Lift(0));
    assert!(!world.book.suspensions().holds(&subject(0)));
    assert_eq!(shown(&world.book, 1), "superseded by deed-0002");
    world.play(&Op::Revoke(0));
    let lifted = world.book.act(&deed(90), (Act::Lift, subject(0)), vec![], world.field.now);
    assert_eq!(lifted, Err(NotDone::NotSuspended));
    assert!(world.book.tombstones().covers(key(0), 1));
    assert!(!world.book.tombstones().covers(key(0), 2), "the number may be given out anew");
    let nothing = world.book.act(&deed(91), (Act::Revoke, subject(1)), vec![], world.field.now);
    assert_eq!(nothing, Err(NotDone::NothingToRevoke));
    // A repeated act is one act; the same id for another is refused.
    let person = Subject::Person(PersonId::parse("ana").unwrap());
    let again = world.book.act(&deed(1), (Act::Suspend, subject(0)), vec![], world.field.now);
    assert_eq!(again, Ok(()));
    let other = world.book.act(&deed(1), (Act::Suspend, person), vec![], world.field.now);
    assert_eq!(other, Err(NotDone::OtherDeed { id: deed(1) }));
}

#[test]
fn nothing_is_signed_after_a_restore_until_tombstones_are_merged() {
    let mut world = World::new(true);
    world.play(&Op::BackUpServer);
    world.play(&Op::Revoke(0));
    world.play(&Op::Suspend(1));
    for edge in 0..EDGES {
        world.play(&Op::Sign(edge));
        world.play(&Op::Deliver(0));
    }
    world.play(&Op::RestoreServer(true));
    assert!(!world.book.tombstones().covers(key(0), 1), "the archive is older");
    let waiting = world.book.sign(&point(0), world.field.now).unwrap_err();
    assert_eq!(
        waiting.to_string(),
        "no snapshot is signed after a restore until 3 have been merged"
    );
    world.wires.clear();
    for edge in 0..EDGES {
        assert!(world.book.sign(&point(0), world.field.now).is_err());
        world.play(&Op::SendUp(edge));
        world.play(&Op::Deliver(0));
    }
    assert!(world.book.sign(&point(0), world.field.now).is_ok());
    assert!(world.book.tombstones().covers(key(0), 1), "the edges knew");
    assert!(world.book.suspensions().holds(&subject(1)));
    // Or somebody answers for those that cannot be heard.
    world.play(&Op::RestoreServer(true));
    assert_eq!(world.book.sign_for_the_gap().len(), EDGES);
    assert!(world.book.sign(&point(0), world.field.now).is_ok());
}

#[test]
fn an_edge_takes_nothing_older_and_a_restored_one_has_no_rights() {
    let mut world = World::new(true);
    let old = world.book.sign(&point(0), world.field.now).unwrap();
    world.play(&Op::Revoke(0));
    let new = world.book.sign(&point(0), world.field.now).unwrap();
    let now = world.now;
    let edge = &mut world.edges[0];
    edge.apply(&old, now).unwrap();
    let archive = edge.clone();
    assert!(!edge.is_dead(key(0), 1));
    edge.apply(&new, now).unwrap();
    let refused = edge.apply(&old, now).unwrap_err();
    assert_eq!(refused.to_string(), "version 0 is older than 1, which is in force");
    edge.restored(&archive);
    assert!(edge.is_dead(key(0), 1), "tombstones are joined");
    assert!(!edge.holds(minutes(LEASE), now));
    assert_eq!(edge.version(), None);
    // A clock that goes back holds nothing until it has caught up.
    edge.apply(&new, now).unwrap();
    assert!(edge.holds(minutes(LEASE), now));
    edge.tick(now.minus(minutes(60)));
    assert!(!edge.holds(minutes(LEASE), now.minus(minutes(60))));
    edge.tick(now);
    assert!(edge.holds(minutes(LEASE), now));
    edge.restarted(false);
    assert!(!edge.holds(minutes(LEASE), now));
}

#[test]
fn forgetting_keeps_what_is_open() {
    let mut world = World::new(true);
    world.play(&Op::Revoke(0));
    world.play(&Op::Revoke(1));
    for edge in 0..EDGES {
        world.play(&Op::Sign(edge));
    }
    let later = world.now.plus(minutes(60));
    assert_eq!(world.book.forget(later), 0, "nobody has confirmed");
    while !world.wires.is_empty() {
        world.play(&Op::Deliver(0));
    }
    world.play(&Op::Minutes(90));
    world.play(&Op::Revoke(2));
    assert_eq!(world.book.forget(later), 2);
    assert!(!world.book.tombstones().covers(key(0), 1));
    assert!(world.book.tombstones().covers(key(2), 1));
}

/// A controller believes its cards for ever: no lease ever closes it, whatever its zones say, and
/// no restore waits for tombstones that it does not hold.
#[test]
fn a_controller_is_closed_by_what_was_read_from_it_and_by_nothing_else() {
    let at = Timestamp::from_secs(1_000);
    let board = PointId::parse("uhppote-1").unwrap();
    let mut book = Book::default();
    let point = Point { kind: PointKind::Controller, lease: None, renewed_at: at };
    book.enrol(board.clone(), point).unwrap();
    let lease =
        PointLease { age_max: minutes(LEASE), clock_bound: minutes(1), admits_at_expiry: false };
    book.set_lease(&board, Some(lease));
    let stone = Tombstone { key: key(1), generation: 1, since: at };
    book.act(&deed(1), (Act::Revoke, subject(1)), vec![stone], at).unwrap();
    let years = at.plus(Duration::from_secs(10 * 365 * 86_400));
    book.tick(years);
    let silent = Shown::Unconfirmed { silent: BTreeSet::from([board.clone()]) };
    assert_eq!(book.show(&deed(1)), Some(silent.clone()));

    let receipt = |known, snapshot| Receipt {
        point: board.clone(),
        deed: deed(1),
        known,
        snapshot,
        at: years,
    };
    let version = book.version();
    assert!(book.receive(&receipt(Known::ApiAcknowledged, version)).is_err());
    assert!(book.receive(&receipt(Known::ReadBack, version - 1)).is_err());
    book.receive(&receipt(Known::ReadBack, version)).unwrap();
    assert_eq!(book.show(&deed(1)), Some(Shown::Done));

    book.restored(None, &[], years);
    assert!(book.waiting().is_empty());
    assert_eq!(book.show(&deed(1)), Some(silent), "it has to be read again");
}
