//! What no policy, state, lease, lockdown or anti-passback may do.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "common/cases.rs"]
mod cases;
mod common;

use std::cell::OnceCell;

use access::PolicyFile;
use access::door::*;
use common::*;
use proptest::prelude::*;

thread_local! {
    static HOUSE: OnceCell<Snapshot> = const { OnceCell::new() };
}

fn some_house() -> Snapshot {
    HOUSE.with(|house| house.get_or_init(common::house).clone())
}

const ZONES: [&str; 16] = [
    "site", "lobby", "offices", "science", "lab", "clean", "library", "gym", "vault", "store",
    "shop", "plant", "hall", "switch", "pumps", "yard",
];
const DOORS: [&str; 14] = [
    "d-lobby",
    "d-lab",
    "d-clean",
    "d-library",
    "d-gym",
    "d-vault",
    "d-store",
    "d-shop",
    "d-hall",
    "d-pumps",
    "pin-door",
    "body-door",
    "lock-1",
    "floor-2",
];
const PEOPLE: [&str; 10] =
    ["ana", "ben", "eva", "kim", "lea", "vic", "fire-1", "sus", "gone", "aud"];
const SHOWN: [&str; 14] = [
    "ana", "ben", "kim", "vic", "fire-1", "sus", "old", "lost", "whos", "forced", "glass",
    "stranger", "noise", "nothing",
];

/// Anything that can happen to a house, as a line of a script.
fn happening() -> impl Strategy<Value = String> {
    let zone = prop::sample::select(ZONES.to_vec());
    let door = prop::sample::select(DOORS.to_vec());
    let who = prop::sample::select(PEOPLE.to_vec());
    let threat = prop::sample::select(vec!["normal", "elevated", "high", "severe"]);
    let fire = prop::sample::select(vec!["quiet", "active", "faulty"]);
    prop_oneof![
        (who.clone(), zone.clone()).prop_map(|(who, zone)| format!("pass {who} {zone}")),
        who.clone().prop_map(|who| format!("pass {who} out")),
        zone.clone().prop_map(|zone| format!("lockdown {zone}")),
        threat.prop_map(|threat| format!("threat {threat}")),
        fire.prop_map(|fire| format!("fire east {fire}")),
        Just("fire-reset east".to_owned()),
        zone.prop_map(|zone| format!("blind {zone} on")),
        door.clone().prop_map(|door| format!("leaf {door} open")),
        door.clone().prop_map(|door| format!("lock {door} on")),
        door.prop_map(|door| format!("work {door} maintenance 1h")),
        who.clone().prop_map(|who| format!("bury {who} 9")),
        who.clone().prop_map(|who| format!("risk {who} critical non_compliant")),
        who.clone().prop_map(|who| format!("tried {who} wrong")),
        who.prop_map(|who| format!("forgive {who}")),
        Just("untrusted-clock".to_owned()),
    ]
}

fn options() -> impl Strategy<Value = Vec<&'static str>> {
    let pin = prop::sample::select(vec!["", "pin", "duress", "wrong"]);
    let body = prop::sample::select(vec!["", "body", "nobody"]);
    let with = prop::sample::select(vec!["", "with=ben", "with=eva+pin", "with=ana-second"]);
    (pin, body, with)
        .prop_map(|(a, b, c)| [a, b, c].into_iter().filter(|w| !w.is_empty()).collect())
}

fn played(happenings: &[String], forbidding: bool) -> Snapshot {
    let mut snapshot = some_house();
    let now = at("2026-11-23T09:00:00Z");
    for line in happenings {
        play(&mut snapshot, now, line);
    }
    if forbidding {
        let text = "@id(\"nobody-anywhere\")\nforbid (principal, action, resource);".to_owned();
        let file = PolicyFile { path: "f.cedar".into(), text };
        snapshot.change_policies(&[Change::Put(file)]).unwrap();
    }
    snapshot
}

fn asked(shown: &str, door: &str, words: &[&str]) -> Request {
    let mut all = vec![shown, door];
    all.extend(words);
    request(&all)
}

proptest! {
    #![proptest_config(cases::cases(300))]

    /// Whatever is true of the house, the person, the card and the hour: out is granted.
    #[test]
    fn a_way_out_is_never_refused(
        happenings in prop::collection::vec(happening(), 0..14),
        forbidding in prop::bool::weighted(0.1),
        shown in prop::sample::select(SHOWN.to_vec()),
        door in prop::sample::select(DOORS.to_vec()),
        way in prop::sample::select(vec!["exit", "rex"]),
        mut words in options(),
        hours in -50_i64..5_000,
    ) {
        let snapshot = played(&happenings, forbidding);
        words.push(way);
        let now = at("2026-11-23T09:00:00Z").nanos() + hours * 3_600_000_000_000;
        for door in [door, "no-such-door"] {
            let asked = asked(shown, door, &words);
            let decision = decide(&snapshot, &asked, model::Timestamp::from_nanos(now));
            prop_assert!(decision.is_grant(), "{decision:?}");
            prop_assert_eq!(&decision.because, &Reason::Egress);
        }
    }

    /// Duress changes nothing that anybody near the door could see.
    #[test]
    fn duress_is_a_flag_and_nothing_else(
        happenings in prop::collection::vec(happening(), 0..8),
        shown in prop::sample::select(SHOWN.to_vec()),
        door in prop::sample::select(DOORS.to_vec()),
    ) {
        let snapshot = played(&happenings, false);
        let now = at("2026-11-23T09:05:00Z");
        let free = decide(&snapshot, &asked(shown, door, &["pin"]), now);
        let mut forced = decide(&snapshot, &asked(shown, door, &["duress"]), now);
        prop_assert!(forced.duress);
        forced.duress = free.duress;
        prop_assert_eq!(forced, free);
    }

    /// Two cards of one person never open what asks for two people.
    #[test]
    fn two_cards_are_not_two_people(
        happenings in prop::collection::vec(happening(), 0..8),
        first in prop::sample::select(SHOWN.to_vec()),
        second in prop::sample::select(SHOWN.to_vec()),
    ) {
        let snapshot = played(&happenings, false);
        let now = at("2026-11-23T09:05:00Z");
        let with = format!("with={second}");
        let decision = decide(&snapshot, &asked(first, "d-vault", &[&with]), now);
        let alone = snapshot.live.inside(&zone("vault")) == 0;
        let burns = snapshot.live.fire(Some(&"east".into())).releases();
        if decision.is_grant() && decision.because == Reason::Permitted && alone && !burns {
            prop_assert!(decision.companion.is_some());
            prop_assert_ne!(decision.companion, decision.person);
        }
    }

    /// In a lockdown nobody but responders comes in, whatever else happens.
    #[test]
    fn a_lockdown_admits_responders_alone(
        happenings in prop::collection::vec(happening(), 0..10),
        shown in prop::sample::select(SHOWN.to_vec()),
        door in prop::sample::select(DOORS.to_vec()),
        words in options(),
    ) {
        let mut snapshot = played(&happenings, false);
        let now = at("2026-11-23T09:05:00Z");
        snapshot.live.lock_down(zone("site"), now, None);
        let decision = decide(&snapshot, &asked(shown, door, &words), now);
        match decision.outcome {
            Outcome::Grant { .. } => {
                prop_assert_eq!(decision.because, Reason::Responder);
                prop_assert_eq!(decision.person, Some(person("fire-1")));
            }
            Outcome::Require(steps) => prop_assert!(false, "{steps:?}"),
            Outcome::Refuse => {
                let alive = !happenings.iter().any(|line| line == "bury fire-1 9");
                prop_assert!(shown != "fire-1" || !alive, "{}", decision.because);
            }
        }
    }

    /// While a fire input is not quiet and reset, nothing that locks is sent.
    #[test]
    fn nothing_is_locked_while_it_burns(
        happenings in prop::collection::vec(happening(), 0..14),
        door in prop::sample::select(DOORS.to_vec()),
    ) {
        let snapshot = played(&happenings, false);
        let mut burns = false;
        burns |= happenings.iter().any(|l| l == "fire east active" || l == "fire east faulty");
        // The reset counts only after the input is quiet again.
        let calls = |line: &String| line == "fire east active" || line == "fire east faulty";
        let last = happenings.iter().rposition(calls);
        if let Some(last) = last {
            let after = &happenings[last..];
            let quiet = after.iter().position(|line| line == "fire east quiet");
            if let Some(quiet) = quiet {
                burns = !after[quiet..].iter().any(|line| line == "fire-reset east");
            }
        }
        for order in [Order::Lock, Order::LockDown, Order::Relock] {
            let sent = judge_order(&snapshot, &common::door(door), order).is_ok();
            prop_assert_eq!(sent, !burns, "{:?}", happenings);
        }
        for order in [Order::Release, Order::Unlock, Order::EndLockdown] {
            prop_assert!(judge_order(&snapshot, &common::door(door), order).is_ok());
        }
    }

    /// Whoever is not known to be out is on the list, once.
    #[test]
    fn nobody_is_missing_at_a_muster(happenings in prop::collection::vec(happening(), 0..14)) {
        let snapshot = played(&happenings, false);
        let list = muster(&snapshot, &zone("site"));
        for person in snapshot.people().persons() {
            let times = list.inside.iter().chain(&list.possibly).filter(|e| e.person == person.id);
            let out = matches!(snapshot.live.position(&person.id), Position::Out { .. });
            let unheard = happenings.iter().any(|line| line.starts_with("blind"));
            let ended = person.standing == Standing::Ended
                && !snapshot.live.was_seen(&person.id);
            prop_assert_eq!(times.count(), usize::from(!(ended || out && !unheard)));
        }
    }

    /// A decision is a function of its arguments, and names a reason of its own outcome.
    #[test]
    fn the_same_question_has_the_same_answer(
        happenings in prop::collection::vec(happening(), 0..10),
        shown in prop::sample::select(SHOWN.to_vec()),
        door in prop::sample::select(DOORS.to_vec()),
        words in options(),
    ) {
        let now = at("2026-11-23T09:05:00Z");
        let asked = asked(shown, door, &words);
        let one = decide(&played(&happenings, false), &asked, now);
        let two = decide(&played(&happenings, false), &asked, now);
        prop_assert_eq!(&one, &two);
        let opens = ["permitted", "responder", "break_glass"].contains(&one.because.code());
        prop_assert_eq!(one.is_grant(), opens, "{:?}", one);
    }
}

#[test]
fn a_lockdown_set_again_begins_no_later_and_asks_anew() {
    let mut snapshot = some_house();
    let (first, later) = (at("2026-11-23T09:00:00Z"), at("2026-11-23T10:00:00Z"));
    snapshot.live.lock_down(zone("lab"), first, Some(later));
    snapshot.live.lock_down(zone("lab"), later, None);
    let (_, lockdown) = snapshot.live.lockdowns().next().unwrap();
    assert_eq!((lockdown.since, lockdown.ask_at), (first, None));
}
