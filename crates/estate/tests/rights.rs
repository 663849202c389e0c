//! Rights in: every problem at once, each with its place; and out again as the same.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use estate::{export, export_rights, load_whole};
use model::rights::{
    AntiPassback, Asks, AtExpiry, Blind, Cards, Credential, CredentialKind, DoorRules, Group,
    Holder, Member, Opens, Right, RightsData, Schedule, Standing, Threat, Tightening, Trait,
    Window, ZoneRules,
};
use model::spine::Validity;
use model::{CredentialId, DoorId, GroupId, PersonId, PointId, RightId, ScheduleId, ZoneId};
use model::{Organisation, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;

fn folder(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for (below, prefix) in [(dir.to_owned(), ""), (dir.join("policies"), "policies/")] {
        for entry in std::fs::read_dir(below).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.file_name().unwrap().to_str().unwrap();
                files.insert(format!("{prefix}{name}"), std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn here(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn every_problem_of_rights_is_told_at_once_with_its_place() {
    let dir = here("tests/bad_rights");
    let mut files = folder(&dir);
    files.remove("expected.txt");
    let whole = load_whole(&files);
    let told: String = whole.problems.iter().map(|problem| format!("{problem}\n")).collect();
    let expected = dir.join("expected.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&expected, &told).unwrap();
    }
    assert_eq!(told, std::fs::read_to_string(expected).unwrap());
    assert!(whole.rights.is_none());
    // What is wrong with rights keeps nobody from reading the organisation.
    assert!(whole.organisation.is_some());
}

#[test]
fn the_demo_organisations_rights_load_without_a_word() {
    let whole = load_whole(&folder(&here("../../demo")));
    let ours = |problem: &&model::Problem| {
        estate::RIGHTS_FILES.contains(&problem.file.as_str()) || problem.file.contains("policies")
    };
    assert_eq!(whole.problems.iter().filter(ours).collect::<Vec<_>>(), Vec::<&_>::new());
    let rights = whole.rights.unwrap();
    assert!(rights.rights.len() > 40 && rights.credentials.len() > 140, "{}", rights.rights.len());
    assert_eq!(rights.policies.keys().collect::<Vec<_>>(), ["house.cedar"]);
}

#[test]
fn a_zone_that_refuses_at_expiry_names_its_way_in() {
    let mut files = folder(&here("../../demo"));
    let text = "format = 1\n[zone.hq-lobby]\nat_expiry = \"refuse\"\n";
    files.insert("access.toml".to_owned(), text.into());
    let whole = load_whole(&files);
    let found = whole.problems.iter().find(|problem| problem.code == "no_break_glass").unwrap();
    assert_eq!(found.position.unwrap().line, 3);
    assert!(whole.rights.is_none());
}

fn organisation() -> Organisation {
    load_whole(&folder(&here("../../demo"))).organisation.unwrap()
}

fn id(prefix: &'static str) -> impl Strategy<Value = String> {
    (0_u8..6).prop_map(move |n| format!("{prefix}{n}"))
}

fn text() -> impl Strategy<Value = Option<String>> {
    proptest::option::of("[a-zA-Zäß漢,;:\"'\\\\#= {}0-9.-]{0,12}[a-z]")
}

fn validity() -> impl Strategy<Value = Validity> {
    (proptest::option::of(0_i64..2_000_000_000), proptest::option::of(1_u64..1_000_000)).prop_map(
        |(from, length)| {
            let from = from.map(Timestamp::from_secs);
            let start = from.unwrap_or_default();
            Validity { from, to: length.map(|n| start.plus(Duration::from_secs(n))) }
        },
    )
}

fn seconds() -> impl Strategy<Value = Duration> {
    (1_u64..1_000_000).prop_map(Duration::from_secs)
}

fn zone_rules() -> impl Strategy<Value = ZoneRules> {
    let tight = (select(Threat::WORDS.to_vec()), -5_i64..5, any::<bool>())
        .prop_map(|((_, from), clearance_min, pin)| Tightening { from, clearance_min, pin });
    let words = (
        select(AtExpiry::WORDS.to_vec()),
        select(AntiPassback::WORDS.to_vec()),
        select(Blind::WORDS.to_vec()),
    );
    let rest = (
        seconds(),
        seconds(),
        proptest::option::of(1_u32..50),
        any::<(bool, bool)>(),
        proptest::option::of(id("g")),
        proptest::collection::vec(tight, 0..3),
    );
    (words, rest).prop_map(|((expiry, again, blind), rest)| {
        let (lease, again_for, occupancy_max, (two_person, escort), first, tightening) = rest;
        let refuses = expiry.1 == AtExpiry::Refuse;
        ZoneRules {
            lease,
            at_expiry: expiry.1,
            break_glass: refuses.then(|| "sealed box".to_owned()),
            glass: Vec::new(),
            anti_passback: again.1,
            anti_passback_for: if again.1 == AntiPassback::Timed {
                again_for
            } else {
                Duration::ZERO
            },
            blind: blind.1,
            occupancy_max,
            two_person,
            escort,
            first_person: first.map(|id| GroupId::parse(&id).unwrap()),
            tightening,
        }
    })
}

fn door_rules() -> impl Strategy<Value = DoorRules> {
    let texts = (text(), text(), text());
    (select(Asks::WORDS.to_vec()), seconds(), seconds(), texts, proptest::option::of(id("g")))
        .prop_map(|(asks, hold, hold_accessible, (interlock, lift, fire_group), technicians)| {
            DoorRules {
                asks: asks.1,
                hold,
                hold_accessible,
                interlock,
                lift,
                fire_group,
                technicians: technicians.map(|id| GroupId::parse(&id).unwrap()),
                card_alone: None,
            }
        })
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let window = (1_u16..(1 << 15), 0_u16..1_440, 0_u16..=1_440)
        .prop_map(|(days, from, to)| Window { days, from, to });
    let zone = select(vec!["Europe/Berlin", "Asia/Tokyo", "UTC"]);
    let holiday = (1_u8..29, 1_u8..=8).prop_map(|(day, kind)| (format!("2026-12-{day:02}"), kind));
    (
        text(),
        proptest::option::of(zone),
        proptest::collection::vec(window, 1..4),
        proptest::collection::btree_map(holiday.clone().prop_map(|h| h.0), 1_u8..=8, 0..3),
    )
        .prop_map(|(name, zone, windows, holidays)| Schedule {
            name,
            time_zone: zone.map(str::to_owned),
            windows,
            holidays,
        })
}

type Numbered = (u64, Option<u64>, u32, u32, bool, usize);

fn credential() -> impl Strategy<Value = (CredentialKind, Numbered, usize, Validity)> {
    let kinds = vec![CredentialKind::Card, CredentialKind::Mobile, CredentialKind::BreakGlass];
    let number = (1_u64..1 << 50, proptest::option::of(0_u64..256), 0_u32..8, 1_u32..9);
    (select(kinds), number, any::<(bool, u8)>(), 0_usize..500, validity()).prop_map(
        |(kind, (number, facility, issue, generation), (duress, standing), person, validity)| {
            let standing = usize::from(standing) % Standing::WORDS.len();
            (kind, (number, facility, issue, generation, duress, standing), person, validity)
        },
    )
}

fn data(org: &Organisation) -> impl Strategy<Value = RightsData> + use<> {
    let people: Vec<PersonId> = org.people.keys().cloned().collect();
    let doors: Vec<String> = org.doors.keys().map(ToString::to_string).collect();
    let zones = vec!["hq", "hq-lobby", "dc-vault", "hkg-office"];
    let group = (
        text(),
        proptest::option::of(-9_i64..9),
        proptest::collection::btree_set(0_usize..4, 0..3),
    );
    let groups = proptest::collection::vec(group, 6);
    let some = people.clone();
    let member = (id("g"), select(some), validity());
    let right = (id("g"), select(zones.clone()), any::<bool>(), text(), validity(), any::<bool>());
    let parts = (
        groups,
        proptest::collection::vec(member, 0..10),
        proptest::collection::vec(right, 0..10),
        proptest::collection::vec(schedule(), 2),
        proptest::collection::vec(zone_rules(), zones.len()),
        proptest::collection::vec(door_rules(), 3),
        proptest::collection::vec(credential(), 0..8),
        "[ -~äö\n]{0,80}",
    );
    parts.prop_map(move |(groups, members, rights, hours, rules, of_doors, cards, policy)| {
        let mut data = RightsData::default();
        for (n, (name, clearance, traits)) in groups.into_iter().enumerate() {
            let traits = traits.into_iter().map(|n| Trait::WORDS[n].1).collect();
            // Groups are only in later ones: no rings.
            let within = if n < 5 { vec![format!("g{}", n + 1)] } else { Vec::new() };
            let within = within.iter().map(|id| GroupId::parse(id).unwrap()).collect();
            let group = Group { name, within, clearance, traits };
            data.groups.insert(GroupId::parse(&format!("g{n}")).unwrap(), group);
        }
        for (group, person, validity) in members {
            let group = GroupId::parse(&group).unwrap();
            let member = Member { group, person, validity };
            data.members.insert(member.key(), member);
        }
        for (n, schedule) in hours.into_iter().enumerate() {
            data.schedules.insert(ScheduleId::parse(&format!("s{n}")).unwrap(), schedule);
        }
        for (n, (group, zone, timed, words, validity, at_door)) in rights.into_iter().enumerate() {
            let opens = match at_door {
                true => Opens::Door(DoorId::parse(&doors[n]).unwrap()),
                false => Opens::Zone(ZoneId::parse(zone).unwrap()),
            };
            let right = Right {
                holder: Holder::Group(GroupId::parse(&group).unwrap()),
                opens,
                schedule: timed.then(|| ScheduleId::parse("s1").unwrap()),
                approved_by: words.clone(),
                reason: words,
                validity,
            };
            data.rights.insert(RightId::parse(&format!("r{n}")).unwrap(), right);
        }
        for (zone, rules) in zones.iter().zip(rules) {
            data.zones.insert(ZoneId::parse(zone).unwrap(), rules);
        }
        for (door, rules) in doors.iter().zip(of_doors) {
            data.doors.insert(DoorId::parse(door).unwrap(), rules);
        }
        for (n, (kind, number, person, validity)) in cards.into_iter().enumerate() {
            let (number, facility, issue, generation, duress, standing) = number;
            let one = Credential {
                kind,
                person: Some(people[person % people.len()].clone()),
                badge: None,
                format: Some("H10302".to_owned()),
                facility,
                // Not two of one number.
                number: Some(number * 16 + n as u64),
                issue,
                key: None,
                generation,
                validity,
                standing: Standing::WORDS[standing].1,
                duress,
            };
            data.credentials.insert(CredentialId::parse(&format!("c{n}")).unwrap(), one);
        }
        let point = doors.iter().take(2).map(|door| DoorId::parse(door).unwrap()).collect();
        data.points.insert(PointId::parse("edge-1").unwrap(), point);
        let (format, table) = (Some("H10301".to_owned()), None);
        data.cards = Cards { format, facility: Some(7), table };
        data.policies.insert("house.cedar".to_owned(), policy);
        data
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_is_exported_loads_as_the_same(wanted in data(&organisation())) {
        let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let texts = export(&organisation()).into_iter().chain(export_rights(&wanted));
        files.extend(texts.map(|(name, text)| (name, text.into_bytes())));
        let whole = load_whole(&files);
        let errors: Vec<String> = whole.problems.iter().map(ToString::to_string).collect();
        prop_assert!(whole.rights.is_some(), "{errors:#?}\n{files:?}");
        prop_assert_eq!(whole.rights.unwrap(), wanted);
    }

    /// What a change of rights did can be done the other way round.
    #[test]
    fn changes_and_their_undoing_cancel(
        (before, after) in (data(&organisation()), data(&organisation())),
    ) {
        let changes = before.changes_to(&after);
        let done = before.clone().changed(&changes);
        prop_assert_eq!(&done, &after);
        let back: Vec<_> = changes.iter().map(model::rights::ItemChange::undone).collect();
        prop_assert_eq!(done.changed(&back), before);
    }
}
