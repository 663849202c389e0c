//! The road of a point's doors: what is heard, done and kept; and what may never happen, whatever
//! comes in whatever order.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "common/cases.rs"]
mod cases;
mod common;
#[path = "common/policies.rs"]
mod random;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use access::door::*;
use access::doorway::{Stands, Timing};
use access::link::{Command, Done, DoneHow, What, World};
use access::road::*;
use codec::osdp::{Channel, Circuit, DownReason};
use codec::wiegand::{Bits, Card, Formats, Key};
use common::*;
use model::{CredentialId, DoorId, ScheduleId, Timestamp};
use random::Dice;

const START: &str = "2026-11-23T09:00:00Z";

fn bits(number: u64) -> Bits {
    let formats = Formats::shipped().unwrap();
    let format = "H10301".to_owned();
    let card = Card { format, facility: Some(42), number, issue: None, extra: None };
    formats.get("H10301").unwrap().encode(&card).unwrap()
}

/// Whose card has which number.
const CARDS: [&str; 7] = ["ana", "ben", "eva", "kim", "lea", "vic", "fire-1"];

fn number(who: &str) -> u64 {
    let at = CARDS.iter().position(|name| *name == who);
    at.map_or(9_999, |at| 100 + at as u64)
}

fn rights() -> Snapshot {
    let mut snapshot = house();
    for who in CARDS {
        let number = u128::from(number(who));
        let card = CardNumber { format: "H10301", facility: 42, number, issue: 0 };
        let id = CredentialId::parse(&format!("{who}-wiegand")).unwrap();
        snapshot.put_credential(Credential::card(id, KEY.card(&card), person(who)));
    }
    snapshot
}

fn device(address: u8) -> Device {
    Device { bus: "gate".into(), address }
}

fn inputs(active: [bool; 4]) -> Heard {
    Heard::Inputs(active.map(Circuit::from).to_vec())
}

/// One input stands so, the others are at rest.
fn circuit(number: usize, is: Circuit) -> Heard {
    let mut states = vec![Circuit::Rest; 4];
    states[number] = is;
    Heard::Inputs(states)
}

fn terminal(address: u8, number: u8) -> Terminal {
    Terminal { device: device(address), number, is_inverted: false }
}

/// Reader `address` outside and one more inside; strike, contact, button and fire on the first.
fn wired(door: &str, address: u8) -> DoorWiring {
    let reader = |address| {
        Some(ReaderWiring { device: device(address), formats: vec!["H10301".to_owned()] })
    };
    DoorWiring {
        door: DoorId::parse(door).unwrap(),
        reader_in: reader(address),
        reader_out: reader(address + 1),
        strike: Some(terminal(address, 0)),
        contact: Some(terminal(address, 0)),
        exits: vec![terminal(address, 1)],
        fires: vec![terminal(address, 2)],
        unlock: None,
        timing: Timing::default(),
    }
}

const DOORS: [(&str, u8); 4] = [("d-offices", 1), ("pin-door", 3), ("d-vault", 5), ("d-lab", 7)];

fn wiring() -> Wiring {
    Wiring {
        doors: DOORS.map(|(door, address)| wired(door, address)).to_vec(),
        power: PowerWiring { mains_lost: Some(terminal(8, 3)), battery_low: Some(terminal(7, 3)) },
        formats: Formats::shipped().unwrap(),
        pin: PIN_RULES,
        step_wait: STEP_WAIT,
    }
}

struct Point {
    road: Road,
    now: Timestamp,
    acts: Vec<Act>,
    kept: Vec<Record>,
}

impl Point {
    fn silent(wiring: Wiring, snapshot: Snapshot) -> Self {
        let now = at(START);
        let (road, acts) = Road::new(wiring, KEY, snapshot, now);
        let mut point = Self { road, now, acts: Vec::new(), kept: Vec::new() };
        point.note(acts);
        point
    }

    /// All devices are there, all doors shut.
    fn new() -> Self {
        let mut point = Self::silent(wiring(), rights());
        for address in 1..=8 {
            point.hear(address, Heard::Online(Channel::Own));
            point.hear(address, inputs([false; 4]));
        }
        point.acts.clear();
        point.kept.clear();
        point
    }

    fn note(&mut self, acts: Vec<Act>) {
        let orders: Vec<bool> = acts.iter().map(|act| matches!(act, Act::Record(_))).collect();
        assert!(orders.is_sorted(), "the door first, the record last: {acts:?}");
        for act in acts {
            match act {
                Act::Record(record) => self.kept.push(record),
                act => self.acts.push(act),
            }
        }
    }

    fn hear(&mut self, address: u8, what: Heard) {
        let acts = self.road.heard((&Arc::from("gate"), Some(address)), what, self.now);
        self.note(acts);
    }

    fn card(&mut self, address: u8, who: &str) {
        self.hear(address, Heard::Card(bits(number(who))));
    }

    fn keys(&mut self, address: u8, keys: &str) {
        let key = |c: char| match c {
            '#' => Key::Hash,
            '*' => Key::Star,
            c => Key::Digit(u8::try_from(c.to_digit(10).unwrap()).unwrap()),
        };
        self.hear(address, Heard::Keys(keys.chars().map(key).collect()));
    }

    fn wait(&mut self, seconds: f64) {
        self.now = self.now.plus(Duration::from_secs_f64(seconds));
        let acts = self.road.tick(self.now);
        self.note(acts);
    }

    fn command(&mut self, id: &str, door: &str, what: What) {
        let command = Command {
            id: id.to_owned(),
            door: DoorId::parse(door).unwrap(),
            what,
            expires_at: self.now.plus(Duration::from_secs(10)),
            by: "op-1".to_owned(),
        };
        let acts = self.road.command(&command, self.now);
        self.note(acts);
    }

    fn order(&mut self, id: &str, door: &str, order: Order) {
        self.command(id, door, What::Order { order, hold: None });
    }

    fn is_released(&self, door: &str) -> bool {
        self.road.is_released(&DoorId::parse(door).unwrap()).unwrap()
    }

    fn stands(&self, door: &str) -> Stands {
        self.road.stands(&DoorId::parse(door).unwrap()).unwrap()
    }

    /// What was done since this was last asked, in short.
    fn done(&mut self) -> Vec<String> {
        let said = |act: Act| match act {
            Act::Drive { strike, drive, command } => {
                let word = match drive {
                    Drive::Secure => "secure".to_owned(),
                    Drive::Release => "release".to_owned(),
                    Drive::ReleaseFor(time) => format!("release {:.1}", time.as_secs_f64()),
                };
                let waits = command.map_or(String::new(), |id| format!(" for {id}"));
                format!("{}#{} {word}{waits}", strike.device, strike.number)
            }
            Act::Show(device, show) => format!("{device} {show:?}"),
            Act::Rotate { readers, command } => {
                let readers: Vec<String> = readers.iter().map(ToString::to_string).collect();
                format!("new keys for {} for {command}", readers.join(" "))
            }
            Act::Ask(device) => format!("ask {device}"),
            Act::Done(done) => format!("{}: {:?}", done.id, done.outcome),
            Act::Record(_) => unreachable!(),
        };
        self.acts.drain(..).map(said).collect()
    }

    /// What was kept, in short.
    fn told(&mut self) -> Vec<String> {
        let said = |record: Record| match record.what {
            Kept::Decision(one) => {
                let who = one.person.map_or("nobody".to_owned(), |id| id.to_string());
                let with = one.companion.map_or(String::new(), |id| format!("+{id}"));
                let duress = if one.duress { " duress" } else { "" };
                format!("{} {who}{with} {:?} {}{duress}", one.door, one.result, one.because.code())
            }
            Kept::Door { door, event, person, .. } => {
                let who = person.map_or(String::new(), |id| format!(" {id}"));
                format!("{door} {event:?}{who}")
            }
            Kept::Reader { reader, event, .. } => format!("{reader} {event:?}"),
            Kept::Command { id, outcome, .. } => format!("{id} {outcome}"),
            Kept::Point { event, .. } => format!("{event:?}"),
            Kept::Lost { from, to, .. } => format!("lost {from}..{to}"),
        };
        self.kept.drain(..).map(said).collect()
    }
}

#[test]
fn a_card_opens_and_the_door_comes_before_the_record() {
    let mut point = Point::new();
    point.card(1, "ana");
    assert_eq!(point.done(), ["gate:1#0 release 5.5", "gate:1 Granted(5s)"]);
    assert_eq!(point.told(), ["d-offices ana Granted permitted"]);
    point.wait(1.0);
    point.hear(1, inputs([true, false, false, false]));
    assert_eq!(point.done(), ["gate:1#0 secure"]);
    assert_eq!(point.told(), ["d-offices Opened", "d-offices Taken ana"]);
    let found = point.road.snapshot().live.position(&person("ana")).clone();
    assert_eq!(found, Position::In { zone: zone("offices"), since: point.now });
    point.hear(1, inputs([false; 4]));
    point.wait(1.0);
    assert_eq!(point.told(), ["d-offices Closed"]);
    // Granted, and nobody went.
    point.card(1, "ben");
    point.wait(6.0);
    assert_eq!(point.told(), ["d-offices ben Granted permitted", "d-offices NotTaken ben"]);
    assert_eq!(*point.road.snapshot().live.position(&person("ben")), Position::Unknown);
}

#[test]
fn whoever_may_not_enter_is_refused_and_kept_without_the_number() {
    let mut point = Point::new();
    point.card(1, "nobody");
    assert_eq!(point.done(), ["gate:1 Refused"]);
    let text = serde_json::to_string(&point.kept).unwrap();
    assert!(!text.contains("9999") && !text.contains("10301"), "{text}");
    assert_eq!(point.told(), ["d-offices nobody Refused unknown_credential"]);
    point.hear(1, Heard::Card(Bits::zeros(29).unwrap()));
    point.hear(1, Heard::Garbled);
    let said = "d-offices nobody Refused unreadable";
    assert_eq!(point.told(), [said, said]);
}

#[test]
fn a_command_from_before_this_run_is_answered_and_not_done_again() {
    let mut point = Point::new();
    let done = |id: &str, outcome| Done { id: id.to_owned(), at: point.now, outcome };
    let before = vec![done("c1", DoneHow::Confirmed), done("c2", DoneHow::Unconfirmed)];
    point.road.recall(before);
    point.order("c1", "d-offices", Order::Release);
    assert_eq!(point.done(), ["c1: Confirmed"]);
    point.order("c2", "d-offices", Order::Release);
    assert_eq!(point.done(), ["c2: Unconfirmed"]);
    assert_eq!(point.told(), [] as [&str; 0]);
    assert!(!point.is_released("d-offices"));
    point.order("c3", "d-offices", Order::Release);
    assert!(point.is_released("d-offices"));
}

#[test]
fn a_way_out_is_free_even_where_nothing_is_known() {
    let empty = Snapshot::empty(at(START)).unwrap();
    let mut point = Point::silent(wiring(), empty);
    for address in 1..=8 {
        point.hear(address, Heard::Online(Channel::Own));
        point.hear(address, inputs([false; 4]));
    }
    point.card(1, "ana");
    assert!(!point.is_released("d-offices"));
    point.card(2, "nobody");
    assert!(point.is_released("d-offices"));
    point.hear(3, inputs([false, true, false, false]));
    assert!(point.is_released("pin-door"));
}

#[test]
fn a_pin_is_asked_for_typed_and_kept_nowhere() {
    let mut point = Point::new();
    point.card(3, "ana");
    assert_eq!(point.done(), ["gate:3 AskPin"]);
    assert!(point.told().is_empty());
    point.keys(3, "12");
    point.keys(3, "34#");
    assert_eq!(point.done(), ["gate:3#0 release 5.5", "gate:3 Granted(5s)"]);
    let text = serde_json::to_string(&point.kept).unwrap();
    assert!(!text.contains("1234"), "{text}");
    assert_eq!(point.told(), ["pin-door ana Granted permitted"]);
    // A wrong one, then none at all: each request ends in one decision.
    point.wait(10.0);
    point.told();
    point.card(3, "ana");
    point.keys(3, "9999#");
    point.card(3, "ben");
    point.wait(20.0);
    let both = ["pin-door ana Refused wrong_pin", "pin-door ben Incomplete steps_left"];
    assert_eq!(point.told(), both);
    // Five wrong ones in a row, and the PIN rests.
    for _ in 0..5 {
        point.card(3, "ana");
        point.keys(3, "0000#");
    }
    point.told();
    point.card(3, "ana");
    point.keys(3, "1234#");
    assert_eq!(point.told(), ["pin-door ana Refused pin_blocked"]);
}

#[test]
fn a_keypad_that_says_keys_as_bits_types_a_pin() {
    let mut point = Point::new();
    point.card(3, "ana");
    point.done();
    // One key of four bits, the others of eight, with the turned ones first; `#` is 11.
    for bits in ["0001", "11010010", "0011", "10110100", "01001011"] {
        point.hear(3, Heard::Card(Bits::parse(bits).unwrap()));
    }
    assert_eq!(point.done(), ["gate:3#0 release 5.5", "gate:3 Granted(5s)"]);
    // Eight bits that are not a key are a card that nobody knows.
    point.hear(3, Heard::Card(Bits::parse("11111111").unwrap()));
    let told = point.told();
    assert!(told.last().unwrap().contains("unreadable"), "{told:?}");
    // Inside, whatever is shown lets out, a torn card of so few bits too.
    assert!(!point.is_released("d-vault"));
    point.hear(6, Heard::Card(Bits::parse("11010010").unwrap()));
    assert!(point.is_released("d-vault"));
}

#[test]
fn whoever_is_forced_looks_like_anybody_else() {
    let (mut free, mut forced) = (Point::new(), Point::new());
    for (point, pin) in [(&mut free, "1234#"), (&mut forced, "4321#")] {
        point.card(3, "ana");
        point.keys(3, pin);
    }
    assert_eq!(free.done(), forced.done());
    assert_eq!(free.told(), ["pin-door ana Granted permitted"]);
    assert_eq!(forced.told(), ["pin-door ana Granted permitted duress"]);
}

#[test]
fn two_people_enter_together_or_not_at_all() {
    let mut point = Point::new();
    point.card(5, "ana");
    assert_eq!(point.done(), ["gate:5 AskSecond"]);
    point.card(5, "ana");
    assert_eq!(point.done(), ["gate:5 AskSecond"]);
    point.card(5, "ben");
    assert_eq!(point.told(), ["d-vault ana+ben Granted permitted"]);
    point.hear(5, inputs([true, false, false, false]));
    assert_eq!(point.road.snapshot().live.inside(&zone("vault")), 2);
    point.wait(60.0);
    point.told();
    point.card(7, "vic");
    point.card(7, "ben");
    point.card(7, "vic");
    point.card(7, "eva");
    let both = ["d-lab vic Refused no_escort", "d-lab vic+eva Granted permitted"];
    assert_eq!(point.told(), both);
}

#[test]
fn a_fire_releases_every_door_of_its_group_until_somebody_resets_it() {
    let mut point = Point::new();
    point.hear(1, inputs([false, false, true, false]));
    for (door, _) in DOORS {
        assert!(point.is_released(door), "{door}");
        assert_eq!(point.stands(door), Stands::Fire);
    }
    let drives = point.done();
    assert_eq!(drives.iter().filter(|act| act.ends_with("release")).count(), 4, "{drives:?}");
    point.order("c1", "d-vault", Order::Lock);
    point.order("c2", "d-vault", Order::LockDown);
    assert!(point.done().iter().all(|done| done.contains("Refused")));
    point.command("c3", "d-offices", What::FireReset);
    assert!(point.done()[0].contains("still calls"));
    // The panel is quiet again: nothing relocks.
    point.hear(1, inputs([false; 4]));
    point.wait(3_600.0);
    assert!(DOORS.iter().all(|(door, _)| point.is_released(door)));
    point.done();
    point.command("c4", "pin-door", What::FireReset);
    assert!(DOORS.iter().all(|(door, _)| !point.is_released(door)));
    let said = point.done();
    assert_eq!(said.iter().filter(|act| act.ends_with("secure")).count(), 4, "{said:?}");
    assert_eq!(said.last().unwrap(), "c4: Confirmed");
}

#[test]
fn a_fire_input_that_nobody_hears_is_faulty() {
    let mut point = Point::new();
    point.hear(1, Heard::Offline(DownReason::NoAnswer));
    point.wait(5.0);
    assert!(!point.is_released("d-vault"));
    point.wait(6.0);
    assert!(point.is_released("d-vault"));
    assert_eq!(point.stands("d-offices"), Stands::Fire);
}

#[test]
fn a_command_is_done_once_in_time_and_confirmed_by_the_device() {
    let mut point = Point::new();
    point.order("c1", "d-offices", Order::Release);
    assert_eq!(point.done(), ["gate:1#0 release 5.5 for c1"]);
    assert!(point.told().is_empty());
    point.order("c1", "d-offices", Order::Release);
    assert!(point.done().is_empty());
    let acts = point.road.acted(&Arc::from("c1"), Acted::Confirmed, point.now);
    point.note(acts);
    assert_eq!(point.done(), ["c1: Confirmed"]);
    assert_eq!(point.told(), ["c1 confirmed"]);
    point.order("c1", "d-offices", Order::Release);
    assert_eq!(point.done(), ["c1: Confirmed"]);
    let late = Command {
        id: "c2".to_owned(),
        door: door("d-offices"),
        what: What::Order { order: Order::Unlock, hold: None },
        expires_at: point.now,
        by: "op-1".to_owned(),
    };
    let acts = point.road.command(&late, point.now);
    point.note(acts);
    point.order("c3", "d-elsewhere", Order::Unlock);
    let ended = point.done();
    assert_eq!(ended[0], format!("c2: {:?}", DoneHow::Expired));
    assert!(ended[1].contains("no such door"));
    point.order("c4", "d-lab", Order::Lock);
    point.card(7, "ana");
    point.card(8, "ana");
    let told = point.told();
    assert!(told.contains(&"d-lab ana Refused locked".to_owned()), "{told:?}");
    assert!(told.contains(&"d-lab ana Granted egress".to_owned()), "{told:?}");
}

#[test]
fn readers_get_new_keys_when_somebody_says_so_and_what_that_proved_is_kept() {
    let mut point = Point::new();
    point.command("k1", "d-offices", What::RotateKeys);
    assert_eq!(point.done(), ["new keys for gate:1 gate:2 for k1"]);
    let proof = (ReaderEvent::KeyDoubted, "the one before it still works".to_owned());
    let acts = point.road.keep_reader(&device(1), proof, point.now);
    point.note(acts);
    let failed = Acted::Failed("gate:1: the one before it still works".to_owned());
    let acts = point.road.acted(&Arc::from("k1"), failed, point.now);
    point.note(acts);
    assert!(point.done()[0].starts_with("k1: Failed"));
    assert_eq!(point.told(), ["gate:1 KeyDoubted", "k1 failed"]);
}

#[test]
fn a_lockdown_told_from_above_closes_and_its_end_opens_nothing() {
    let mut point = Point::new();
    point.order("c1", "d-lab", Order::Unlock);
    assert!(point.is_released("d-lab"));
    let lockdowns = vec![(zone("science"), point.now, None)];
    let world = World { lockdowns, ..World::default() };
    let acts = point.road.told(&world, point.now);
    point.note(acts);
    assert!(!point.is_released("d-lab"));
    point.card(7, "ana");
    point.card(7, "fire-1");
    let acts = point.road.told(&World::default(), point.now);
    point.note(acts);
    point.wait(10.0);
    assert!(!point.is_released("d-lab"));
    let told = point.told();
    let said = |text: &str| told.iter().any(|line| line == text);
    assert!(said("d-lab LockedDown") && said("d-lab LockdownEnded"), "{told:?}");
    assert!(said("d-lab ana Refused lockdown") && said("d-lab fire-1 Granted responder"));
}

#[test]
fn a_reader_that_comes_back_is_told_how_its_strike_is_to_be() {
    let mut point = Point::new();
    point.order("c1", "d-offices", Order::Unlock);
    point.done();
    point.hear(1, Heard::Offline(DownReason::NoAnswer));
    point.wait(1.0);
    point.hear(1, Heard::Online(Channel::Own));
    assert_eq!(point.done(), ["gate:1#0 release", "ask gate:1"]);
    assert_eq!(point.told(), ["gate:1 Offline", "gate:1 Online"]);
}

#[test]
fn what_is_wrong_with_a_reader_is_kept() {
    let mut point = Point::new();
    point.hear(1, Heard::Online(Channel::Clear));
    point.hear(3, Heard::Online(Channel::Install));
    point.hear(5, Heard::Offline(DownReason::WrongKey));
    point.hear(5, Heard::Offline(DownReason::WrongKey));
    let swap = || Heard::Swapped { before: "a".to_owned(), now: "b".to_owned() };
    (0..3).for_each(|_| point.hear(7, swap()));
    point.hear(1, Heard::Local { is_tampered: true, is_power_failing: true });
    let told = [
        "gate:1 ClearText",
        "gate:3 InstallMode",
        "gate:5 WrongKey",
        "gate:7 Swapped",
        "gate:7 Swapped",
        "gate:7 TwoAtOneAddress",
        "gate:1 PowerFailing",
        "gate:1 Tampered",
        "d-offices Tampered",
    ];
    assert_eq!(point.told(), told);
    let doors = point.road.doors_told();
    assert_eq!(doors.len(), 4);
    assert_eq!(doors[0].secure, Some(false));
    assert!(point.road.doors_told().is_empty());
}

#[test]
fn two_devices_that_answer_the_same_questions_are_kept_as_two() {
    let mut point = Point::new();
    point.hear(1, Heard::AnsweredTwice);
    assert_eq!(point.told(), ["gate:1 TwoAtOneAddress"]);
}

#[test]
fn a_door_found_open_is_held_in_time_and_one_whose_contact_is_lost_is_in_trouble() {
    let mut point = Point::silent(wiring(), rights());
    point.hear(1, Heard::Online(Channel::Own));
    point.hear(1, inputs([true, false, false, false]));
    point.wait(31.0);
    let told = point.told();
    assert!(told.contains(&"d-offices Held".to_owned()), "{told:?}");
    assert!(!told.contains(&"d-offices Forced".to_owned()), "{told:?}");
    assert!(told.contains(&"pin-door Trouble".to_owned()), "{told:?}");
}

#[test]
fn a_supervised_circuit_that_is_cut_is_no_rest() {
    let mut point = Point::new();
    // A contact: the door is in trouble, and neither open nor forced.
    point.hear(1, circuit(0, Circuit::Fault(3)));
    assert_eq!(point.told(), ["d-offices Trouble", "gate:1 InputFault"]);
    point.hear(1, inputs([false; 4]));
    point.wait(30.0);
    assert_eq!(point.told(), ["gate:1 InputSound", "d-offices TroubleEnded"]);
    // A button inside: that it is not heard is kept, and nobody has pressed it.
    point.hear(3, circuit(1, Circuit::Fault(2)));
    assert_eq!(point.told(), ["gate:3 InputFault"]);
    assert!(!point.is_released("pin-door"));
    point.hear(3, circuit(1, Circuit::Active));
    assert!(point.is_released("pin-door"), "the button is heard again");
    point.told();
    // A fire input: nobody can tell whether it burns, so everybody gets out until a reset.
    point.hear(5, circuit(2, Circuit::Fault(3)));
    assert!(point.is_released("d-vault"));
    let told = point.told();
    assert_eq!(told.iter().filter(|one| one.ends_with("FireReleased")).count(), 4, "{told:?}");
    assert_eq!(told.last().unwrap(), "gate:5 InputFault");
    point.hear(5, inputs([false; 4]));
    assert!(point.is_released("d-vault"), "until somebody resets it");
}

#[test]
fn a_point_tells_when_its_mains_are_gone_and_its_battery_is_low() {
    let mut point = Point::new();
    point.hear(8, circuit(3, Circuit::Active));
    point.hear(8, circuit(3, Circuit::Active));
    point.hear(7, circuit(3, Circuit::Active));
    assert_eq!(point.told(), ["MainsLost", "BatteryLow"]);
    point.hear(7, circuit(3, Circuit::Fault(2)));
    assert_eq!(point.told(), ["gate:7 InputFault"], "nobody knows how the battery is");
    point.hear(7, inputs([false; 4]));
    point.hear(8, inputs([false; 4]));
    assert_eq!(point.told(), ["gate:7 InputSound", "BatteryGood", "MainsBack"]);
}

#[test]
fn a_schedule_unlocks_and_relocks() {
    let mut wiring = wiring();
    wiring.doors[0].unlock = Some(ScheduleId::parse("office-hours").unwrap());
    let mut point = Point::silent(wiring, rights());
    (1..=8).for_each(|address| point.hear(address, Heard::Online(Channel::Own)));
    assert!(point.is_released("d-offices"));
    point.hear(1, inputs([false; 4]));
    assert!(point.road.doors_told().iter().any(|door| door.by_schedule));
    point.wait(9.5 * 3_600.0);
    assert!(!point.is_released("d-offices"));
}

/// Anything, in any order; what may never happen does not.
fn lives(seed: u64) {
    let mut dice = Dice::new(seed);
    let mut point = Point::silent(wiring(), rights());
    let (mut burns, mut requests, mut decisions) = (false, 0_u64, 0_u64);
    let mut states = [[Circuit::Rest; 4]; 9];
    for turn in 0..400 {
        let place = usize::try_from(dice.roll(4)).unwrap();
        let (door, address) = DOORS[place];
        let at = usize::from(address);
        match dice.roll(16) {
            0 => point.hear(address, Heard::Online(*dice.one(&[Channel::Own, Channel::Clear]))),
            1 => point.hear(address, Heard::Offline(DownReason::NoAnswer)),
            2 | 3 => {
                requests += 1;
                point.card(address, dice.one::<&str>(&CARDS));
            }
            4 => {
                let who = *dice.one(&["ana", "vic", "nobody"]);
                requests += 1;
                point.card(address + 1, who);
                assert!(point.is_released(door), "seed {seed} turn {turn}: a way out was refused");
            }
            5 => {
                states[at][1] = Circuit::Rest;
                point.hear(address, Heard::Inputs(states[at].to_vec()));
                states[at][1] = Circuit::Active;
                point.hear(address, Heard::Inputs(states[at].to_vec()));
                assert!(point.is_released(door), "seed {seed} turn {turn}: a way out was refused");
            }
            6 | 7 => {
                states[at][0] = *dice.one(&[Circuit::Rest, Circuit::Active, Circuit::Fault(2)]);
                point.hear(address, Heard::Inputs(states[at].to_vec()));
            }
            8 => {
                let burns = *dice.one(&[Circuit::Active, Circuit::Fault(3)]);
                states[at][2] = if dice.roll(6) == 0 { burns } else { Circuit::Rest };
                point.hear(address, Heard::Inputs(states[at].to_vec()));
                if states[at][2] != Circuit::Rest {
                    assert!(point.is_released(door), "seed {seed} turn {turn}: nobody gets out");
                }
            }
            9 => {
                let keys = *dice.one(&["1234#", "4321#", "0000#", "12", "*", "#"]);
                let before = point.kept.len();
                point.keys(address, keys);
                // Digits alone are a request of their own.
                let alone = |record: &&Record| match &record.what {
                    Kept::Decision(one) => matches!(one.request.presented, Presented::Pin(_)),
                    _ => false,
                };
                requests += point.kept[before..].iter().filter(alone).count() as u64;
            }
            10 => {
                let order = *dice.one(&[
                    Order::Release,
                    Order::Unlock,
                    Order::Relock,
                    Order::Lock,
                    Order::LockDown,
                    Order::EndLockdown,
                ]);
                point.order(&format!("c{turn}"), door, order);
            }
            11 if dice.roll(3) == 0 => {
                point.command(&format!("r{turn}"), door, What::FireReset);
                let done = |act: &Act| {
                    matches!(act, Act::Done(done) if done.id == format!("r{turn}")
                        && done.outcome == DoneHow::Confirmed)
                };
                if point.acts.iter().any(done) {
                    burns = false;
                }
            }
            12 => {
                let mut next = rights();
                next.version = point.road.snapshot().version + 1;
                let ((lost, _), acts) = point.road.take(next, point.now);
                assert_eq!(lost, 0);
                point.note(acts);
            }
            13 => {
                let zones = ["science", "offices"];
                let on = if dice.roll(2) == 0 { vec![*dice.one(&zones)] } else { Vec::new() };
                let lockdowns = on.into_iter().map(|id| (zone(id), point.now, None)).collect();
                let world = World { lockdowns, ..World::default() };
                let acts = point.road.told(&world, point.now);
                point.note(acts);
            }
            14 => {
                // The clock jumps.
                let by = Duration::from_secs(dice.roll(4_000));
                point.now =
                    if dice.roll(2) == 0 { point.now.plus(by) } else { point.now.minus(by) };
            }
            _ => point.wait(dice.roll(60) as f64 / 4.0),
        }
        burns |= DOORS.iter().any(|(door, _)| point.stands(door) == Stands::Fire);
        if burns {
            for (door, _) in DOORS {
                assert!(point.is_released(door), "seed {seed} turn {turn}: {door} relocked");
            }
            let locks = |act: &Act| matches!(act, Act::Drive { drive: Drive::Secure, .. });
            assert!(!point.acts.iter().any(locks), "seed {seed} turn {turn}: a lock was sent");
        }
        point.acts.clear();
        let made = |record: &&Record| matches!(record.what, Kept::Decision(_));
        decisions += point.kept.iter().filter(made).count() as u64;
        point.kept.clear();
        // A second person's card belongs to the first one's request.
        assert!(decisions <= requests, "seed {seed} turn {turn}: {decisions} of {requests}");
    }
    point.wait(60.0);
    let companions = |record: &Record| match &record.what {
        Kept::Decision(_) => 1,
        _ => 0,
    };
    decisions += point.kept.iter().map(companions).sum::<u64>();
    assert!(decisions <= requests && decisions * 3 >= requests, "seed {seed}");
}

#[test]
fn nothing_that_may_never_happen_does() {
    cases::seeds(80).for_each(lives);
}

#[test]
fn a_request_is_kept_exactly_once() {
    for seed in cases::seeds(40) {
        let mut dice = Dice::new(seed);
        let mut point = Point::new();
        let mut wanted = 0;
        for _ in 0..100 {
            // Doors that ask for nobody else: each card and each lonely code is one request.
            let address = *dice.one(&[1_u8, 2, 3, 4]);
            match dice.roll(4) {
                0 | 1 => {
                    wanted += 1;
                    point.card(address, dice.one::<&str>(&CARDS));
                }
                2 if address != 3 => {}
                2 => {
                    wanted += 1;
                    point.card(3, "ana");
                    point.keys(3, dice.one::<&str>(&["1234#", "0000#"]));
                }
                _ => point.wait(dice.roll(80) as f64 / 4.0),
            }
        }
        point.wait(60.0);
        let made: Vec<&Record> =
            point.kept.iter().filter(|r| matches!(r.what, Kept::Decision(_))).collect();
        assert_eq!(made.len(), wanted, "seed {seed}");
        // Every record is one line, and comes back as it was.
        let mut lines = BTreeSet::new();
        for record in &point.kept {
            let line = serde_json::to_string(record).unwrap();
            assert_eq!(serde_json::from_str::<Record>(&line).unwrap(), *record);
            lines.insert(line);
        }
        assert!(!lines.is_empty());
    }
}

#[test]
fn what_is_told_of_people_is_all_that_is_known() {
    let mut point = Point::new();
    let incidents = |point: &Point, who: &str| point.road.snapshot().live.risk(&person(who));
    let risks = vec![
        (person("ana"), Incidents::Critical, Posture::NonCompliant),
        (person("nobody-here"), Incidents::Open, Posture::Unknown),
    ];
    let sources = vec![(door("d-lab"), Freshness::Fresh), (door("of-others"), Freshness::Stale)];
    let world = World { risks, sources, others_clear: true, ..World::default() };
    point.road.told(&world, point.now);
    assert_eq!(incidents(&point, "ana").device, Posture::NonCompliant);
    let calm = Risk { incidents: Incidents::None, device: Posture::Unknown };
    assert_eq!(incidents(&point, "ben"), calm);
    assert_eq!(point.road.snapshot().live.source(&door("d-lab")), Freshness::Fresh);
    // It is over; of whom else nothing is said, and of no door.
    point.road.told(&World { others_clear: true, ..World::default() }, point.now);
    assert_eq!(incidents(&point, "ana"), calm);
    assert_eq!(point.road.snapshot().live.source(&door("d-lab")), Freshness::Unknown);
    point.road.told(&World::default(), point.now);
    assert_eq!(incidents(&point, "ana"), Risk::UNKNOWN);
}

#[test]
fn a_record_says_who_went_and_whither() {
    let went = |point: &mut Point| {
        let found = point.kept.iter().find_map(|record| Some(record.went()?.1.clone()));
        point.kept.clear();
        found
    };
    let mut point = Point::new();
    point.card(1, "ana");
    assert_eq!(went(&mut point), None, "she has not gone yet");
    point.wait(1.0);
    point.hear(1, inputs([true, false, false, false]));
    let found = went(&mut point).unwrap();
    assert_eq!((found.people, found.direction), (vec![person("ana")], Direction::Entry));
    assert_eq!((found.to, found.at), (Some(zone("offices")), point.now));
    point.hear(1, inputs([false; 4]));
    point.wait(5.0);
    // Out again, by the reader inside.
    point.card(2, "ana");
    point.hear(1, inputs([true, false, false, false]));
    let found = went(&mut point).unwrap();
    assert_eq!((found.to, found.direction), (Some(zone("lobby")), Direction::Exit));
    // Two who go together, both of them.
    let mut point = Point::new();
    point.card(5, "ana");
    point.card(5, "ben");
    point.hear(5, inputs([true, false, false, false]));
    assert_eq!(went(&mut point).unwrap().people, [person("ana"), person("ben")]);
}

/// Bits of another length, with wrong parity, and of a format that this reader does not use: each
/// is one refusal that says how many bits there were, and the next card is read.
#[test]
fn bits_that_no_format_of_the_reader_reads_are_refused_with_their_count() {
    let mut point = Point::new();
    let good = bits(number("ana"));
    let formats = Formats::shipped().unwrap();
    let strange = Card {
        format: "H10304".to_owned(),
        facility: Some(42),
        number: number("ana"),
        issue: None,
        extra: None,
    };
    let strange = formats.get("H10304").unwrap().encode(&strange).unwrap();
    let shorter = Bits::parse(&good.expose_text()[1..]).unwrap();
    let longer = Bits::parse(&format!("{}0", good.expose_text())).unwrap();
    for (what, count) in [
        (good.flipped(0), 26),
        (good.flipped(25), 26),
        (shorter, 25),
        (longer, 27),
        (strange, 37),
        (Bits::zeros(200).unwrap(), 200),
    ] {
        point.hear(1, Heard::Card(what));
        assert_eq!(point.done(), ["gate:1 Refused"], "{count}");
        let Kept::Decision(one) = &point.kept[0].what else { unreachable!() };
        let said = format!("no format reads these {count} bits");
        assert_eq!((one.because.to_string(), point.kept.len()), (said, 1));
        point.kept.clear();
    }
    point.card(1, "ana");
    assert!(point.is_released("d-offices"));
}

/// Ten thousand cards in a second at one reader: each is decided and kept once, in its order, what
/// they leave behind stays small, and the door beside it opens as ever.
#[test]
fn ten_thousand_reads_a_second_at_one_reader_are_kept_and_the_next_door_opens() {
    let mut point = Point::new();
    let begun = std::time::Instant::now();
    let mut others = 0;
    for n in 0..10_000_u32 {
        point.now = point.now.plus(Duration::from_micros(100));
        let who = if n % 3 == 0 { "ana" } else { "nobody" };
        point.card(1, who);
        if n % 1_000 == 500 {
            point.card(7, "ana");
            assert!(point.is_released("d-lab"), "{n}");
            others += 1;
        }
    }
    let took = begun.elapsed();
    let decided = |door: &str| {
        let of = |record: &Record| match &record.what {
            Kept::Decision(one) => Some(one.door.clone()),
            Kept::Door { .. }
            | Kept::Reader { .. }
            | Kept::Command { .. }
            | Kept::Point { .. }
            | Kept::Lost { .. } => None,
        };
        let is_of = |record: &&Record| of(record).is_some_and(|one| one.as_str() == door);
        point.kept.iter().filter(is_of).count()
    };
    assert_eq!((decided("d-offices"), decided("d-lab")), (10_000, others));
    let numbers: Vec<_> = point.kept.iter().map(|record| record.time).collect();
    assert!(numbers.is_sorted());
    // A second's reads cost far less than a second on any machine; this only catches what grows.
    assert!(took < Duration::from_secs(20), "{took:?}");
    // Nothing is left of them but the door's own state.
    point.kept.clear();
    point.wait(60.0);
    let left = point.told();
    assert!(left.len() < 10, "{left:?}");
}
