//! One door: scripts of its inputs, and what may never happen.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "common/cases.rs"]
mod cases;

use std::fmt::Write as _;
use std::time::Duration;

use access::door::Fire;
use access::doorway::*;
use model::Timestamp;
use proptest::prelude::*;

fn input(text: &str) -> Input {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let on = rest == "on" || rest == "open";
    match word {
        "open" => Input::Contact(Contact::Open),
        "close" => Input::Contact(Contact::Closed),
        "broken" => Input::Contact(Contact::Broken),
        "rex" => Input::RequestToExit,
        "grant" | "slow" => {
            Input::Released { hold: Duration::from_secs(5), is_slow: word == "slow" }
        }
        "schedule" => Input::Schedule { is_open: on },
        "unlock" => Input::Unlock,
        "relock" => Input::Relock,
        "lockdown" => Input::Lockdown { is_on: on },
        "fire" => Input::Fire(Fire::parse(rest).unwrap()),
        "reset" => Input::FireReset,
        "tamper" => Input::Tamper { is_on: on },
        "tick" => Input::Tick,
        other => panic!("{other}"),
    }
}

/// `SECONDS input`, one a line; answers behind `=>`, then how the door stands.
fn check(script: &str) {
    let start = Timestamp::from_secs(1_000);
    let (mut door, _) = Doorway::new(Timing::default(), Contact::Closed, start);
    let (mut found, mut expected) = (String::new(), String::new());
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let asked = line.split(" =>").next().unwrap();
        let (seconds, what) = asked.trim().split_once(' ').unwrap();
        let seconds: f64 = seconds.parse().unwrap();
        let at = start.plus(Duration::from_secs_f64(seconds));
        let effects = door.step(input(what.trim()), at);
        let effects: Vec<String> = effects.iter().map(|e| format!("{e:?}")).collect();
        let _ = writeln!(found, "{} => {} | {:?}", asked.trim(), effects.join(" "), door.stands());
        let _ = writeln!(expected, "{line}");
    }
    assert!(found == expected, "found:\n{found}\nexpected:\n{expected}");
}

#[test]
fn somebody_goes_through() {
    check(
        "0 grant => Release | Closed
         2 open => Opened Taken Secure | Open
         4 close =>  | Open
         5 tick => Closed | Closed",
    );
}

#[test]
fn somebody_is_let_through_and_does_not_go() {
    check(
        "0 grant => Release | Closed
         5 tick => NotTaken Secure | Closed
         6 open => Opened Forced | Forced",
    );
}

#[test]
fn a_longer_release_is_not_cut_short() {
    check(
        "0 grant => Release | Closed
         3 grant =>  | Closed
         7 open => Opened Taken Secure | Open",
    );
}

#[test]
fn somebody_goes_out() {
    check(
        "0 rex => ExitRequested Release | Closed
         1 open => Opened Secure | Open
         2 close =>  | Open
         3 tick => Closed | Closed
         4 rex => ExitRequested Release | Closed
         10 tick => Secure | Closed",
    );
}

#[test]
fn forced_is_told_once_for_each_opening() {
    check(
        "0 open => Opened Forced | Forced
         0.1 close =>  | Forced
         0.2 open =>  | Forced
         0.3 close =>  | Forced
         0.35 open =>  | Forced
         500 tick =>  | Forced
         501 close =>  | Forced
         502 tick => ForcedEnded Closed | Closed
         503 open => Opened Forced | Forced",
    );
}

#[test]
fn held_is_told_once_and_warned_of_before() {
    check(
        "0 grant => Release | Closed
         1 open => Opened Taken Secure | Open
         26 tick => Warn(true) | Open
         31 tick => Held | Held
         300 tick =>  | Held
         301 close =>  | Held
         302 tick => Warn(false) HeldEnded Closed | Closed",
    );
}

#[test]
fn people_who_need_more_time_have_it() {
    check(
        "0 slow => Release | Closed
         1 open => Opened Taken Secure | Open
         31 tick =>  | Open
         56 tick => Warn(true) | Open
         61 tick => Held | Held",
    );
}

#[test]
fn a_late_tick_tells_all_that_was_due_in_its_order() {
    check(
        "0 grant => Release | Closed
         1 open => Opened Taken Secure | Open
         100 tick => Warn(true) Held | Held",
    );
}

#[test]
fn unlocked_by_schedule_it_may_stand_open_and_is_held_only_after() {
    check(
        "0 schedule open => Release | Unlocked
         1 open => Opened | Open
         500 tick =>  | Open
         600 schedule closed => Secure | Open
         625 tick => Warn(true) | Open
         630 tick => Held | Held",
    );
}

#[test]
fn no_door_goes_back_to_unlocked_by_itself() {
    check(
        "0 schedule open => Release | Unlocked
         10 lockdown on => Secure | Closed
         20 unlock =>  | Closed
         30 lockdown off =>  | Closed
         40 schedule closed =>  | Closed
         50 schedule open => Release | Unlocked
         60 relock => Secure | Closed
         70 unlock => Release | Unlocked",
    );
}

#[test]
fn a_lockdown_keeps_nobody_in() {
    check(
        "0 lockdown on =>  | Closed
         1 rex => ExitRequested Release | Closed
         2 open => Opened Secure | Open",
    );
}

#[test]
fn a_broken_contact_is_one_trouble() {
    check(
        "0 broken => Trouble | Trouble
         1 open =>  | Trouble
         2 broken =>  | Trouble
         3 close =>  | Trouble
         4 broken =>  | Trouble
         5 close =>  | Trouble
         14 tick =>  | Trouble
         15 tick => TroubleEnded | Closed",
    );
}

#[test]
fn a_contact_that_is_mended_on_an_open_door_tells_of_it() {
    check(
        "0 broken => Trouble | Trouble
         1 open =>  | Trouble
         11 tick => TroubleEnded Opened Forced | Forced",
    );
}

#[test]
fn a_contact_that_breaks_on_an_open_door_ends_what_it_told() {
    check(
        "0 open => Opened Forced | Forced
         1 broken => ForcedEnded Trouble | Trouble",
    );
}

#[test]
fn fire_opens_and_the_reset_alone_relocks() {
    check(
        "0 fire active => FireReleased Release | Fire
         1 lockdown on =>  | Fire
         2 relock =>  | Fire
         3 open => Opened | Fire
         400 tick =>  | Fire
         401 reset =>  | Fire
         402 fire quiet =>  | Fire
         403 tick =>  | Fire
         404 reset => FireEnded Secure | Open
         429 tick => Warn(true) | Open
         434 tick => Held | Held",
    );
}

#[test]
fn a_faulty_fire_input_is_a_fire() {
    check(
        "0 fire faulty => FireReleased Release | Fire
         1 fire active =>  | Fire
         2 fire quiet =>  | Fire
         3 reset => FireEnded Secure | Closed",
    );
}

#[test]
fn alarms_rest_while_it_burns() {
    check(
        "0 open => Opened Forced | Forced
         1 fire active => FireReleased ForcedEnded Release | Fire
         2 close =>  | Fire
         3 tick => Closed | Fire
         4 open => Opened | Fire",
    );
}

#[test]
fn tamper_is_told_once() {
    check(
        "0 tamper on => Tampered | Tamper
         1 tamper on =>  | Tamper
         2 tamper off => TamperEnded | Closed",
    );
}

#[test]
fn a_door_without_a_contact_is_never_forced_held_or_taken() {
    let timing = Timing { has_contact: false, ..Timing::default() };
    let start = Timestamp::from_secs(0);
    let (mut door, _) = Doorway::new(timing, Contact::Broken, start);
    assert_eq!(door.step(Input::Contact(Contact::Open), start), []);
    let release = Input::Released { hold: Duration::from_secs(5), is_slow: false };
    assert_eq!(door.step(release, start), [Effect::Release]);
    let later = start.plus(Duration::from_secs(60));
    assert_eq!(door.step(Input::Tick, later), [Effect::Secure]);
}

#[test]
fn a_door_found_open_is_held_in_time_and_not_forced() {
    let start = Timestamp::from_secs(0);
    let (mut door, first) = Doorway::new(Timing::default(), Contact::Open, start);
    assert_eq!((first, door.stands()), (vec![Effect::Secure], Stands::Open));
    let effects = door.step(Input::Tick, start.plus(Duration::from_secs(30)));
    assert_eq!(effects, [Effect::Warn(true), Effect::Held]);
}

fn any_input() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "open",
        "open",
        "close",
        "close",
        "broken",
        "rex",
        "grant",
        "slow",
        "schedule open",
        "schedule closed",
        "unlock",
        "relock",
        "lockdown on",
        "lockdown off",
        "fire active",
        "fire faulty",
        "fire quiet",
        "reset",
        "tamper on",
        "tamper off",
        "tick",
    ])
}

proptest! {
    #![proptest_config(cases::cases(2_000))]

    #[test]
    fn what_may_never_happen_does_not(
        steps in prop::collection::vec((any_input(), 0_u64..40_000), 1..120),
    ) {
        let mut now = Timestamp::from_secs(1_000);
        let (mut door, _) = Doorway::new(Timing::default(), Contact::Closed, now);
        let (mut forced, mut held, mut troubled, mut tampered) = (false, false, false, false);
        let mut released = false;
        // The oracle of fire: active until quiet and then reset.
        let (mut burns, mut quiet) = (false, true);
        for (word, millis) in steps {
            now = now.plus(Duration::from_millis(millis));
            match word {
                "fire active" | "fire faulty" => (burns, quiet) = (true, false),
                "fire quiet" => quiet = true,
                "reset" if quiet => burns = false,
                _ => {}
            }
            let effects = door.step(input(word), now);
            for effect in &effects {
                match effect {
                    // Each is told once, and ended before it is told again.
                    Effect::Forced => { prop_assert!(!forced); forced = true; }
                    Effect::ForcedEnded => { prop_assert!(forced); forced = false; }
                    Effect::Held => { prop_assert!(!held && !forced); held = true; }
                    Effect::HeldEnded => { prop_assert!(held); held = false; }
                    Effect::Trouble => { prop_assert!(!troubled); troubled = true; }
                    Effect::TroubleEnded => { prop_assert!(troubled); troubled = false; }
                    Effect::Tampered => { prop_assert!(!tampered); tampered = true; }
                    Effect::TamperEnded => { prop_assert!(tampered); tampered = false; }
                    Effect::Release => { prop_assert!(!released); released = true; }
                    Effect::Secure => { prop_assert!(released); released = false; }
                    _ => {}
                }
            }
            prop_assert_eq!(released, door.is_released());
            // A fire opens and nothing relocks before its reset; and no alarm of the door.
            if burns {
                prop_assert!(door.is_released(), "{word}");
                prop_assert_eq!(door.stands(), Stands::Fire);
                prop_assert!(!forced && !held);
            }
            // A request to exit opens, whatever else is true.
            if word == "rex" {
                prop_assert!(door.is_released());
            }
            // What is not to be believed tells nothing of the leaf.
            if troubled {
                prop_assert!(!forced && !held);
            }
            prop_assert!(door.wake().is_none_or(|at| at > now), "a timer that nobody rings");
        }
    }

    /// Being told the time more often changes nothing that is told.
    #[test]
    fn ticks_add_nothing(
        steps in prop::collection::vec((any_input(), 0_u64..40_000), 1..60),
        ticks in 1_u64..5,
    ) {
        let mut now = Timestamp::from_secs(1_000);
        let (mut one, _) = Doorway::new(Timing::default(), Contact::Closed, now);
        let mut two = one.clone();
        let (mut said_one, mut said_two) = (Vec::new(), Vec::new());
        for (word, millis) in steps {
            for tick in 1..=ticks {
                let at = now.plus(Duration::from_millis(millis * tick / (ticks + 1)));
                said_two.extend(two.step(Input::Tick, at));
            }
            now = now.plus(Duration::from_millis(millis));
            said_one.extend(one.step(input(word), now));
            said_two.extend(two.step(input(word), now));
        }
        prop_assert_eq!(said_one, said_two);
        prop_assert_eq!(one.stands(), two.stands());
    }
}
