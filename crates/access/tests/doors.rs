//! Scripts in, answers out: `tests/doors/*.txt`, each line a request or something that happens.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use std::fmt::Write as _;
use std::path::Path;

use access::door::*;
use common::*;

fn golden(path: &Path, found: &str) {
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(path, found).unwrap();
    }
    let text = std::fs::read_to_string(path).unwrap();
    assert!(found == text, "{} says otherwise; UPDATE=1 after reading:\n{found}", path.display());
}

#[test]
fn every_script_is_answered_as_it_says() {
    let mut count = 0;
    for entry in std::fs::read_dir("tests/doors/scripts").unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        golden(&path, &script(&text));
        count += 1;
    }
    assert!(count >= 5);
}

/// Everybody at every door, on a Monday morning and on a Sunday night.
#[test]
fn the_matrix_of_people_and_doors_is_the_committed_one() {
    let snapshot = house();
    let mut out = String::from(
        "# Written by the tests of `access` (UPDATE=1): who may enter where by the policies of\n\
         # house.cedar alone, on Monday at 10:00 and on Sunday at 23:00. `+`: permitted, `.`: no\n\
         # policy permits it, `x`: a policy forbids it, `!`: a policy could not be evaluated.\n",
    );
    let people: Vec<_> = snapshot.people().persons().map(|person| person.id.clone()).collect();
    let _ = write!(out, "{:12}", "");
    people.iter().for_each(|person| {
        let _ = write!(out, " {person:6}");
    });
    out.truncate(out.trim_end().len());
    out.push('\n');
    for door in snapshot.estate().doors() {
        let _ = write!(out, "{:12}", door.id.as_str());
        for person in &people {
            let mut cell = String::new();
            for now in ["2026-11-23T09:00:00Z", "2026-11-22T22:00:00Z"] {
                let judged = judge_policies(&snapshot, (person, &door.id), at(now)).unwrap();
                cell.push(match judged.because.code() {
                    "permitted" => '+',
                    "no_policy" => '.',
                    "forbidden" => 'x',
                    "policy_error" => '!',
                    _ => '?',
                });
            }
            let _ = write!(out, " {cell:6}");
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    golden(Path::new("tests/doors/matrix.txt"), &out);
}

#[test]
fn a_decision_is_a_record() {
    let snapshot = house();
    let asked = request(&["ana", "d-lab", "wrong"]);
    let decision = decide(&snapshot, &asked, at("2026-11-23T09:00:00Z"));
    let text = serde_json::to_string(&(&asked, &decision)).unwrap();
    let again: (Request, Decision) = serde_json::from_str(&text).unwrap();
    assert_eq!(again, (asked, decision.clone()));
    assert_eq!(decide(&snapshot, &again.0, at("2026-11-23T09:00:00Z")), decision);
}

#[test]
fn what_cannot_be_reached_in_an_outage_does_not_load() {
    let mut snapshot = house();
    let mut hall = Zone::plain(zone("hall"), None);
    hall.lease.at_expiry = AtExpiry::Refuse { break_glass: " ".into() };
    let lost = Zone::plain(zone("lost"), Some(zone("nowhere")));
    let ring = Zone::plain(zone("ring"), Some(zone("ring")));
    let loose = Door::plain(door("loose"), None, zone("void"));
    let before = snapshot.version;
    let errors = snapshot.set_estate(vec![hall, lost, ring], vec![loose]).unwrap_err();
    let found: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "the zone `hall` refuses when its lease ends and names no way in without the network",
            "`lost` names the zone `nowhere`, which does not exist",
            "the zone `ring` lies in itself, or deeper than 16 zones",
            "`loose` names the zone `void`, which does not exist",
        ]
    );
    assert_eq!(snapshot.version, before);
    assert!(snapshot.estate().door(&door("d-lab")).is_some());
}

#[test]
fn digits_become_a_verdict_and_nothing_else() {
    let snapshot = house();
    let ana = snapshot.people().person(&person("ana")).unwrap();
    assert_eq!(ana.judge_pin(&KEY, "1234"), PinVerdict::Right);
    assert_eq!(ana.judge_pin(&KEY, "4321"), PinVerdict::Duress);
    assert_eq!(ana.judge_pin(&KEY, "0000"), PinVerdict::Wrong);
}

#[test]
fn a_group_within_a_group_has_its_rights_and_loses_them() {
    let mut snapshot = house();
    let now = at("2026-11-23T09:00:00Z");
    snapshot.put_person(Person::plain(person("noa"), vec![group("night-staff")]));
    let offices = door("d-offices");
    let noa = person("noa");
    let may =
        |snapshot: &Snapshot| judge_policies(snapshot, (&noa, &offices), now).unwrap().is_permit();
    assert!(may(&snapshot));
    snapshot.put_group(group("night-staff"), vec![]);
    assert!(!may(&snapshot));
}

#[test]
fn of_two_with_one_number_the_later_generation_counts() {
    let mut snapshot = house();
    let now = at("2026-11-23T09:00:00Z");
    let old = snapshot.people().by_key(&key("ben")).unwrap().clone();
    let id = model::CredentialId::parse("bens-number-again").unwrap();
    let new = Credential { id, generation: 2, person: Some(person("lea")), ..old.clone() };
    assert!(snapshot.put_credential(new));
    assert!(!snapshot.put_credential(old), "an older one does not come back");
    let decision = decide(&snapshot, &request(&["ben", "d-library"]), now);
    assert_eq!(decision.person, Some(person("lea")));
}
