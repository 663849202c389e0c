//! Which cards a controller is given of a small house, told as a table.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use access::revocation::{Subject, Suspensions, Tombstones};
use model::{CredentialId, DoorId, Organisation, PersonId, Timestamp};

use super::{Basis, Planner, keys_of, spellings};
use crate::content::shipped;
use crate::offline;
use crate::rights::{Rights, Templates};

const PLACES: &str = "[[place]]\nid = \"hq\"\nkind = \"site\"\n\
    [[place]]\nid = \"outside\"\nkind = \"zone\"\nparent = \"hq\"\nzone_class = \"external\"\n\
    [[place]]\nid = \"hall\"\nkind = \"zone\"\nparent = \"hq\"\nzone_class = \"restricted\"\n\
    [[place]]\nid = \"vault\"\nkind = \"zone\"\nparent = \"hq\"\nzone_class = \"critical\"\n\
    [[place]]\nid = \"front\"\nkind = \"door\"\nparent = \"hq\"\n\
    [[place]]\nid = \"back\"\nkind = \"door\"\nparent = \"hq\"\n\
    [[place]]\nid = \"cage\"\nkind = \"door\"\nparent = \"hq\"\n";

/// The house, with more of some files.
fn house(more: &[(&str, &str)]) -> (Rights, Timestamp) {
    let mut files: BTreeMap<String, String> = [
        ("organisation.toml", "format = 1\nname = \"House\"\ntime_zone = \"Europe/Amsterdam\"\n"),
        ("places.toml", PLACES),
        (
            "doors.csv",
            "door,from_zone,to_zone\nfront,outside,hall\nback,outside,hall\ncage,hall,vault\n",
        ),
        (
            "people.csv",
            "person,name,kind,status,site\nana,Ana,employee,active,hq\n\
             ben,Ben,contractor,active,hq\neve,Eve,visitor,active,hq\n",
        ),
        ("groups.csv", "group,name\nstaff,Staff\nguests,Guests\n"),
        (
            "members.csv",
            "group,person,valid_from,valid_to\nstaff,ana,,\n\
             staff,ben,,2026-12-01T12:00:00Z\nguests,eve,,\n",
        ),
        (
            "credentials.csv",
            "credential,kind,person,format,facility,number,key,valid_to\n\
             c-ana,card,ana,H10301,42,69,,\nc-ben,card,ben,H10301,42,70,,\n\
             c-eve,card,eve,H10301,255,65535,,2026-11-30T23:00:00Z\n\
             c-long,card,ana,H10302,,123456789,,\n\
             c-hash,card,ana,,,,00112233445566778899aabbccddeeff,\n\
             c-phone,mobile,ana,H10301,42,71,,\n",
        ),
        (
            "schedules.toml",
            "format = 1\n[[schedule]]\nid = \"office\"\ntime_zone = \"Europe/Amsterdam\"\n\
             window = [{ days = [\"weekdays\"], from = \"07:00\", to = \"19:00\" }]\n",
        ),
        (
            "rights.csv",
            "right,group,zone,door,schedule\nr-hall,staff,hall,,\nr-vault,staff,vault,,\n\
             r-guests,guests,,back,\nr-day,guests,,front,office\n",
        ),
        ("access.toml", "format = 1\n"),
    ]
    .into_iter()
    .map(|(name, text)| (name.to_owned(), text.to_owned()))
    .collect();
    for (name, text) in more {
        files.entry((*name).to_owned()).or_default().push_str(text);
    }
    let files = files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    let templates = Templates::of(&shipped());
    let read = offline::folder_of_files(&files, &templates);
    let told: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
    assert!(read.rights.is_some(), "{told:#?}");
    let org: Arc<Organisation> = Arc::new(read.organisation.unwrap());
    let now = Timestamp::from_rfc3339("2026-11-23T09:00:00Z").unwrap();
    (Rights::with_key([7; 32], (org, read.rights.unwrap(), templates), now).unwrap(), now)
}

fn told_of(rights: &Rights, now: Timestamp, planner: &mut Planner) -> String {
    let door = |id: &str| Some(DoorId::parse(id).unwrap());
    let doors = [door("front"), None, door("back"), door("cage")];
    let (snapshot, data, found) = (rights.snapshot(), rights.data(), HashMap::new());
    let basis = Basis {
        snapshot: &snapshot,
        data: &data,
        doors: &doors,
        time_zone: "Europe/Amsterdam".parse().unwrap(),
        found: &found,
        now,
    };
    let plan = planner.plan(&basis);
    let mut text = String::new();
    for card in plan.cards.values() {
        let (from, to) = (card.from.unwrap(), card.to.unwrap());
        let _ = writeln!(text, "{} {:?} {from} {to}", card.card_number, card.doors);
    }
    for (credential, why) in &plan.left_out {
        let words: Vec<&str> = why.iter().map(|why| why.as_str()).collect();
        let _ = writeln!(text, "{credential} left out: {}", words.join(" "));
    }
    text
}

fn check(more: &[(&str, &str)], expected: &str) {
    let (rights, now) = house(more);
    assert_eq!(told_of(&rights, now, &mut Planner::default()), expected);
}

#[test]
fn a_card_alone_at_any_hour_is_what_a_controller_is_given() {
    check(
        &[],
        "4200069 [1, 0, 1, 1] 2000-01-01 2099-12-31\n\
         4200070 [1, 0, 1, 1] 2000-01-01 2026-12-01\n\
         25565535 [0, 0, 1, 0] 2000-01-01 2026-11-30\n\
         c-eve left out: hours\n\
         c-hash left out: no_number\n\
         c-long left out: other_form\n",
    );
}

#[test]
fn a_door_that_asks_for_more_is_not_given_to_cards_alone() {
    let all = "4200069 [0, 0, 1, 0] 2000-01-01 2099-12-31\n\
         4200070 [0, 0, 1, 0] 2000-01-01 2026-12-01\n\
         25565535 [0, 0, 1, 0] 2000-01-01 2026-11-30\n\
         c-ana left out: more_than_card\n\
         c-ben left out: more_than_card\n\
         c-eve left out: hours\n\
         c-hash left out: no_number more_than_card\n\
         c-long left out: other_form more_than_card\n";
    for zone in [
        "two_person = true",
        "occupancy_max = 3",
        "anti_passback = \"hard\"",
        "first_person = \"staff\"",
    ] {
        let rules = format!("[zone.vault]\n{zone}\n[door.front]\nasks = \"card_and_pin\"\n");
        check(&[("access.toml", &rules)], all);
    }
}

#[test]
fn a_policy_that_could_forbid_leaves_a_card_out_and_one_that_cannot_does_not() {
    let policy = |text: &str| {
        format!(
            "@id(\"p\") forbid (principal, action == Action::\"enter\", \
        resource) when {{ {text} }};"
        )
    };
    // For visitors alone, whatever else: nobody of the others is concerned.
    let visitors = policy("principal.kind == Kind::\"visitor\" && context.weekday > 5");
    check(
        &[("policies/p.cedar", &visitors)],
        "4200069 [1, 0, 1, 1] 2000-01-01 2099-12-31\n\
         4200070 [1, 0, 1, 1] 2000-01-01 2026-12-01\n\
         c-eve left out: conditions\n\
         c-hash left out: no_number\n\
         c-long left out: other_form\n",
    );
    let critical = policy(
        "resource.class == Class::\"critical\" && \
        context.incidents == Incidents::\"critical\"",
    );
    check(
        &[("policies/p.cedar", &critical)],
        "4200069 [1, 0, 1, 0] 2000-01-01 2099-12-31\n\
         4200070 [1, 0, 1, 0] 2000-01-01 2026-12-01\n\
         25565535 [0, 0, 1, 0] 2000-01-01 2026-11-30\n\
         c-ana left out: conditions\n\
         c-ben left out: conditions\n\
         c-eve left out: hours\n\
         c-hash left out: no_number conditions\n\
         c-long left out: other_form conditions\n",
    );
}

#[test]
fn who_is_suspended_or_revoked_has_no_card_and_plans_are_made_anew() {
    let (rights, now) = house(&[]);
    let mut planner = Planner::default();
    let before = told_of(&rights, now, &mut planner);
    let mut suspended = Suspensions::default();
    suspended.put(Subject::Person(PersonId::parse("ana").unwrap()), 1, true);
    rights.suspend(&suspended);
    let mut dead = Tombstones::default();
    let ben = Subject::Credential(CredentialId::parse("c-ben").unwrap());
    for stone in rights.snapshot().stones(&ben, now) {
        assert!(dead.bury(stone));
    }
    rights.bury(&dead);
    let after = told_of(&rights, now, &mut planner);
    assert_eq!(after, "25565535 [0, 0, 1, 0] 2000-01-01 2026-11-30\nc-eve left out: hours\n");
    suspended.put(Subject::Person(PersonId::parse("ana").unwrap()), 2, false);
    rights.suspend(&suspended);
    let lifted = told_of(&rights, now, &mut planner);
    assert_eq!(lifted, before.replace("4200070 [1, 0, 1, 1] 2000-01-01 2026-12-01\n", ""));
    // Past the end of a membership.
    let later = Timestamp::from_rfc3339("2026-12-01T12:00:00Z").unwrap();
    assert!(rights.tick(later));
    assert!(!told_of(&rights, later, &mut planner).contains("4200070"));
}

#[test]
fn a_number_on_a_controller_leads_to_its_credential() {
    let (rights, _) = house(&[]);
    let keys = keys_of(25_565_535, &spellings(&rights.data()), rights.key());
    let snapshot = rights.snapshot();
    let found = keys.iter().find_map(|key| snapshot.people().by_key(key)).unwrap();
    assert_eq!(found.id.as_str(), "c-eve");
}
