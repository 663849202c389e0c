//! The machine against a controller in memory: on a line that loses, doubles and delays, through
//! restarts of the server, and with somebody else writing to it.
#![expect(clippy::panic, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use codec::uhppote::{Body, Card, Date, Request};
use model::Timestamp;
use proptest::prelude::*;

use super::{Cards, Next, SETTLE, Wanted};

/// Numbers below this are ours.
const OURS: u32 = 5;
/// One that nobody here knows.
const STRANGER: u32 = 9;
const TICK: Duration = Duration::from_millis(100);

fn card(number: u32, doors: u8) -> Card {
    let day = |year| Some(Date { year, month: 1, day: 1 });
    Card {
        card_number: number,
        from: day(2000),
        to: day(2099),
        doors: [doors, 0, 0, 0],
        pin: 0,
        first_card: 0,
    }
}

fn wanted(version: u64, cards: &BTreeMap<u32, Card>, is_waiting: bool) -> Wanted {
    Wanted {
        version,
        cards: cards.clone(),
        is_ours: Arc::new(|number| number < OURS),
        removes_unknown: false,
        is_waiting,
    }
}

/// What the controller is: it forgets the place of a card, not the place itself.
#[derive(Default)]
struct Board {
    places: Vec<Option<Card>>,
}

impl Board {
    fn get(&self, number: u32) -> Option<Card> {
        self.places.iter().flatten().find(|card| card.card_number == number).copied()
    }

    fn cards(&self) -> BTreeMap<u32, Card> {
        self.places.iter().flatten().map(|card| (card.card_number, *card)).collect()
    }

    fn delete(&mut self, number: u32) -> bool {
        let found = |place: &&mut Option<Card>| place.is_some_and(|one| one.card_number == number);
        self.places.iter_mut().find(found).and_then(Option::take).is_some()
    }

    fn put(&mut self, card: Card) {
        self.delete(card.card_number);
        self.places.push(Some(card));
    }

    fn answer(&mut self, request: Request) -> Body {
        match request {
            Request::GetCard(number) => Body::Card(self.get(number)),
            Request::GetCardCount => Body::CardCount(self.cards().len() as u32),
            Request::GetCardAt(place) => {
                Body::Card(self.places.get(place as usize - 1).copied().flatten())
            }
            Request::PutCard(card) => {
                self.put(card);
                Body::Done(true)
            }
            Request::DeleteCard(number) => Body::Done(self.delete(number)),
            other => panic!("{other:?} is not asked about cards"),
        }
    }
}

/// What happens to the next request.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Answered,
    /// The controller never hears it.
    Lost,
    /// It is done, and the answer is lost.
    Unheard,
    /// It is done, and done again so many ticks later.
    Doubled(u8),
    /// It is done so many ticks later, and the answer comes to nobody.
    Late(u8),
}

#[derive(Debug, Clone)]
enum Op {
    Run(u8, Vec<Fate>),
    /// The rights say so of a card of ours: a version of its own.
    Rights(u32, u8),
    /// Something that is to be confirmed, for a number of ours.
    Deed(u32),
    /// For what no number is known of.
    DeedUnknown,
    /// The server starts again.
    Restart,
    /// Somebody else writes to the controller.
    Tampered(u32, u8),
    /// After a restore nothing may be written that admits; or again it may.
    Waiting(bool),
    /// Its power comes back, or it was away.
    Back,
}

fn op() -> impl Strategy<Value = Op> {
    let late = 1..40_u8;
    let fate = prop_oneof![
        6 => Just(Fate::Answered),
        1 => Just(Fate::Lost),
        1 => Just(Fate::Unheard),
        1 => late.clone().prop_map(Fate::Doubled),
        1 => late.prop_map(Fate::Late),
    ];
    let run = (1..60_u8, proptest::collection::vec(fate, 1..6));
    let number = 1..OURS;
    prop_oneof![
        10 => run.prop_map(|(ticks, fates)| Op::Run(ticks, fates)),
        4 => (number.clone(), 0..3_u8).prop_map(|(number, doors)| Op::Rights(number, doors)),
        4 => number.clone().prop_map(Op::Deed),
        1 => Just(Op::DeedUnknown),
        1 => Just(Op::Restart),
        1 => (number, 0..3_u8).prop_map(|(number, doors)| Op::Tampered(number, doors)),
        1 => any::<bool>().prop_map(Op::Waiting),
        1 => Just(Op::Back),
    ]
}

/// A deed, and what was read for it since it was done.
#[derive(Debug, Clone)]
struct Deed {
    version: u64,
    number: Option<u32>,
    /// How often cards had been counted when it was done.
    counts: u64,
    is_confirmed: bool,
}

struct World {
    now: Timestamp,
    board: Board,
    cards: Cards,
    version: u64,
    rights: BTreeMap<u32, Card>,
    is_waiting: bool,
    deeds: Vec<Deed>,
    /// Writes that arrive later.
    on_their_way: Vec<(Timestamp, Request)>,
    /// When an answer last showed a number as the rights have it; whole lists among them.
    shown: BTreeMap<u32, u64>,
    counts: u64,
}

impl World {
    fn new() -> Self {
        let now = Timestamp::from_secs(1_000);
        let rights = BTreeMap::new();
        let mut board = Board::default();
        board.put(card(STRANGER, 1));
        board.put(card(1, 1));
        let cards = Cards::new(wanted(1, &rights, false), now);
        Self {
            now,
            board,
            cards,
            version: 1,
            rights,
            is_waiting: false,
            deeds: Vec::new(),
            on_their_way: Vec::new(),
            shown: BTreeMap::new(),
            counts: 0,
        }
    }

    fn want(&mut self) {
        let wanted = wanted(self.version, &self.rights, self.is_waiting);
        self.cards.want(wanted, self.now);
        self.call();
    }

    fn done(&mut self, version: u64, number: Option<u32>) {
        self.deeds.push(Deed { version, number, counts: self.counts, is_confirmed: false });
    }

    fn call(&mut self) {
        for deed in self.deeds.iter().filter(|deed| !deed.is_confirmed) {
            let numbers: Vec<u32> = deed.number.into_iter().collect();
            self.cards.call((&numbers, deed.number.is_none()), deed.version, self.now);
        }
    }

    fn arrive(&mut self) {
        let now = self.now;
        let due = |(at, _): &(Timestamp, Request)| *at <= now;
        let arrived: Vec<_> = self.on_their_way.iter().copied().filter(due).collect();
        self.on_their_way.retain(|one| !due(one));
        for (_, request) in arrived {
            self.board.answer(request);
        }
    }

    /// One tick; `fate` for what is asked in it.
    fn tick(&mut self, fate: Fate) {
        self.now = self.now.plus(TICK);
        self.arrive();
        let Next::Ask(request) = self.cards.next(self.now) else { return };
        if self.is_waiting && matches!(request, Request::PutCard(_)) {
            panic!("a card was written while tombstones are out");
        }
        let asked = self.version;
        let later = |ticks: u8| self.now.plus(TICK * u32::from(ticks));
        let answer = match fate {
            Fate::Answered => Some(self.board.answer(request)),
            Fate::Lost => None,
            Fate::Unheard => {
                self.board.answer(request);
                None
            }
            Fate::Doubled(ticks) => {
                self.on_their_way.push((later(ticks), request));
                Some(self.board.answer(request))
            }
            Fate::Late(ticks) => {
                self.on_their_way.push((later(ticks), request));
                None
            }
        };
        self.note(request, answer.as_ref(), asked);
        self.cards.heard(answer, self.now);
        self.confirm();
    }

    /// What an answer shows of the rights.
    fn note(&mut self, request: Request, answer: Option<&Body>, asked: u64) {
        if let (Request::GetCard(number), Some(Body::Card(found))) = (request, answer)
            && self.rights.get(&number) == found.as_ref()
        {
            self.shown.insert(number, asked);
        }
        self.counts += u64::from(matches!((request, answer), (Request::GetCardCount, Some(_))));
    }

    fn confirm(&mut self) {
        for deed in self.deeds.iter_mut().filter(|deed| !deed.is_confirmed) {
            let numbers: Vec<u32> = deed.number.into_iter().collect();
            let whole = deed.number.is_none();
            if !self.cards.has_confirmed((&numbers, whole), deed.version) {
                continue;
            }
            deed.is_confirmed = true;
            if let Some(number) = deed.number {
                let shown = self.shown.get(&number).copied();
                // A whole list shows it as well: then the controller holds it so now.
                let is_so = self.board.get(number) == self.rights.get(&number).copied();
                assert!(
                    shown.is_some_and(|version| version >= deed.version) || is_so,
                    "card {number} counts as read back and never was"
                );
                let undoes = |(_, request): &(Timestamp, Request)| match request {
                    Request::PutCard(card) => {
                        card.card_number == number && !self.rights.contains_key(&number)
                    }
                    _ => false,
                };
                assert!(
                    !self.on_their_way.iter().any(undoes),
                    "card {number} counts as gone, and a write that brings it back is on its way"
                );
            } else {
                assert!(self.counts > deed.counts, "a list counts as read that never was");
            }
        }
    }

    fn act(&mut self, op: Op) {
        match op {
            Op::Run(ticks, fates) => {
                for (_, fate) in (0..ticks).zip(fates.iter().cycle()) {
                    self.tick(*fate);
                }
            }
            Op::Rights(number, doors) => {
                match doors {
                    0 => drop(self.rights.remove(&number)),
                    doors => drop(self.rights.insert(number, card(number, doors))),
                }
                self.version += 1;
                self.want();
            }
            Op::Deed(number) => {
                // A revocation: the card is gone from the rights in the same version.
                self.rights.remove(&number);
                self.version += 1;
                let version = self.version;
                self.shown.remove(&number);
                self.done(version, Some(number));
                self.want();
            }
            Op::DeedUnknown => {
                self.version += 1;
                let version = self.version;
                self.done(version, None);
                self.want();
            }
            Op::Restart => {
                let wanted = wanted(self.version, &self.rights, self.is_waiting);
                self.cards = Cards::new(wanted, self.now);
                self.call();
            }
            Op::Tampered(number, doors) => match doors {
                0 => drop(self.board.delete(number)),
                doors => self.board.put(card(number, doors)),
            },
            Op::Waiting(is_waiting) => {
                self.is_waiting = is_waiting;
                self.version += 1;
                self.want();
            }
            Op::Back => self.cards.is_back(self.now),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_counts_that_was_not_read(ops in proptest::collection::vec(op(), 1..40)) {
        let mut world = World::new();
        for op in ops {
            world.act(op);
        }
        // Then it rests: nothing is lost any more, and somebody reads all of it once more.
        world.act(Op::Waiting(false));
        for _ in 0..2_000 {
            world.tick(Fate::Answered);
        }
        world.act(Op::Back);
        for _ in 0..1_500 {
            world.tick(Fate::Answered);
        }
        let mut held = world.board.cards();
        prop_assert!(held.remove(&STRANGER).is_some(), "a stranger's card is left alone");
        prop_assert_eq!(&held, &world.rights);
        prop_assert!(world.deeds.iter().all(|deed| deed.is_confirmed), "{:?}", world.deeds);
        let told = world.cards.told();
        prop_assert!(told.is_equal() && told.strangers == 1, "{:?}", told);
    }
}

#[test]
fn a_card_that_is_not_taken_is_tried_again_and_told() {
    let now = Timestamp::from_secs(1_000);
    let rights = BTreeMap::from([(1, card(1, 1))]);
    let mut cards = Cards::new(wanted(1, &rights, false), now);
    let mut writes = 0;
    for second in 0..300 {
        let now = now.plus(Duration::from_secs(second));
        while let Next::Ask(request) = cards.next(now) {
            // It says that it was done, and holds nothing.
            let answer = match request {
                Request::GetCardCount => Body::CardCount(0),
                Request::PutCard(_) => {
                    writes += 1;
                    Body::Done(true)
                }
                _ => Body::Card(None),
            };
            cards.heard(Some(answer), now);
        }
    }
    assert!((5..20).contains(&writes), "{writes} writes in five minutes");
    let told = cards.told();
    assert_eq!((told.wanted, told.held, told.unlike), (1, Some(0), 1));
    assert!(!cards.has_confirmed((&[1], false), 1));
}

#[test]
fn strangers_are_taken_away_where_that_is_wanted() {
    let mut now = Timestamp::from_secs(1_000);
    let mut board = Board::default();
    board.put(card(STRANGER, 1));
    let all = Wanted { removes_unknown: true, ..wanted(1, &BTreeMap::new(), false) };
    let mut cards = Cards::new(all, now);
    for _ in 0..200 {
        now = now.plus(TICK);
        if let Next::Ask(request) = cards.next(now) {
            let answer = board.answer(request);
            cards.heard(Some(answer), now);
        }
    }
    assert_eq!(board.cards().len(), 0);
    assert!(now.since(Timestamp::from_secs(1_000)) > SETTLE);
}
