//! Rights as data become decisions: the demo organisation's matrix, changes at what they cost, what
//! time changes, and what a draft would change.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod import;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use access::Reach;
use access::door::{Outcome, PinVerdict, Request, Snapshot, decide};
use model::rights::{
    Credential, CredentialKind, Group, Holder, Item, ItemChange, Member, Opens, Right, RightsData,
    Standing,
};
use model::spine::{Organisation, Validity};
use model::{CredentialId, DoorId, GroupId, PersonId, RightId, Timestamp, ZoneId};

use super::ask::{explain_by, presented, shown_by};
use super::*;
use crate::content::shipped;
use crate::evaluate::{self, Said, Scoped, Subject};
use crate::offline;

fn demo() -> (Arc<Organisation>, RightsData) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo");
    let read = offline::folder(&dir, None).unwrap();
    let told: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
    (Arc::new(read.organisation.unwrap()), read.rights.unwrap_or_else(|| panic!("{told:#?}")))
}

fn rights(now: Timestamp) -> Rights {
    let (org, data) = demo();
    Rights::with_key([7; 32], (org, data, Templates::of(&shipped())), now).unwrap()
}

fn at(text: &str) -> Timestamp {
    Timestamp::from_rfc3339(text).unwrap()
}

fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}

fn door(id: &str) -> DoorId {
    DoorId::parse(id).unwrap()
}

/// One person at one door, with the card they carry and rights confirmed just now.
fn decided(snapshot: &Snapshot, who: &PersonId, door: &DoorId, now: Timestamp) -> String {
    let mut snapshot = snapshot.clone();
    snapshot.rights = RightsAge { confirmed_at: now, is_trusted: true };
    let Some(shown) = shown_by(&snapshot, who, now) else { return "no_credential".to_owned() };
    let mut request = Request::card(door.clone(), shown.key);
    request.presented = presented(shown);
    let decision = decide(&snapshot, &request, now);
    match decision.outcome {
        Outcome::Grant { .. } => "opens".to_owned(),
        Outcome::Require(steps) => {
            let steps: Vec<&str> = steps.iter().map(|step| step.as_str()).collect();
            format!("asks for {}", steps.join(" and "))
        }
        Outcome::Refuse => decision.because.code().to_owned(),
    }
}

const GOLDEN: &str = "../../schema/doors.txt";

/// One person of each team, every door, four hours: who gets in. A change of the demo's rights, of
/// a policy, or of how rights become decisions is a diff that can be read aloud.
#[test]
fn the_matrix_of_the_demo_organisation_is_what_is_written_down() {
    let rights = rights(at("2026-11-23T08:00:00Z"));
    let (snapshot, org) = (rights.snapshot(), rights.organisation());
    let mut teams: BTreeMap<String, PersonId> = BTreeMap::new();
    for one in org.people.values().filter(|one| one.status == model::spine::PersonStatus::Active) {
        let site = one.site.as_ref().map_or("", |site| site.as_str());
        let team = format!("{}@{site}", one.team.as_deref().unwrap_or("nobody"));
        teams.entry(team).or_insert_with(|| one.id.clone());
    }
    let mut text = String::from(
        "# Who of each team gets in at which door of the demo organisation, at four hours. Written \
         by\n# `UPDATE=1 cargo nextest run -E 'test(the_matrix_of_the_demo)'`, and checked by the \
         same.\n",
    );
    let hours = [
        ("Monday 10:00 in Amsterdam", "2026-11-23T09:00:00Z"),
        ("Monday 21:00", "2026-11-23T20:00:00Z"),
        ("Saturday 10:00", "2026-11-28T09:00:00Z"),
        ("Christmas 10:00", "2026-12-25T09:00:00Z"),
    ];
    for (hour, instant) in hours {
        let _ = writeln!(text, "\n{hour}");
        let mut doors: Vec<DoorId> = snapshot.estate().doors().map(|one| one.id.clone()).collect();
        doors.sort();
        for door in &doors {
            let mut by_outcome: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            for (team, who) in &teams {
                let outcome = decided(&snapshot, who, door, at(instant));
                by_outcome.entry(outcome).or_default().push(team);
            }
            by_outcome.remove("no_policy");
            let _ = writeln!(text, "  {door}");
            for (outcome, teams) in by_outcome {
                let _ = writeln!(text, "    {outcome}: {}", teams.join(" "));
            }
        }
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(GOLDEN);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&golden, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(golden).unwrap());
}

fn put(data: &RightsData, item: Item) -> ItemChange {
    let (kind, key) = (item.kind().to_owned(), item.key());
    ItemChange { before: data.item(&kind, &key), kind, key, after: Some(item) }
}

fn gone(data: &RightsData, kind: &str, key: &str) -> ItemChange {
    let before = data.item(kind, key);
    assert!(before.is_some(), "{kind} {key}");
    ItemChange { kind: kind.to_owned(), key: key.to_owned(), before, after: None }
}

fn right(holder: Holder, zone: &str) -> Right {
    Right {
        holder,
        opens: Opens::Zone(ZoneId::parse(zone).unwrap()),
        schedule: None,
        approved_by: Some("mf2001".to_owned()),
        reason: None,
        validity: Validity::default(),
    }
}

/// Every person at every door.
fn all(snapshot: &Snapshot, now: Timestamp) -> Vec<String> {
    let people: Vec<PersonId> =
        snapshot.people().persons().map(|one| one.id.clone()).step_by(5).collect();
    let mut doors: Vec<DoorId> = snapshot.estate().doors().map(|one| one.id.clone()).collect();
    doors.sort();
    let mut told: Vec<String> = people
        .iter()
        .flat_map(|who| doors.iter().map(move |door| (who, door)))
        .map(|(who, door)| format!("{who} {door} {}", decided(snapshot, who, door, now)))
        .collect();
    told.sort();
    told
}

/// A change that costs little decides as one that composes everything anew.
#[test]
fn what_is_changed_in_part_decides_as_what_is_composed_anew() {
    let now = at("2026-11-23T09:00:00Z");
    let rights = rights(now);
    let visitor = person("mf2001");
    let policy =
        "@id(\"nobody-vault\")\nforbid (principal, action, resource in Zone::\"dc-vault\");\n";
    let it = GroupId::parse("it").unwrap();
    type Step<'a> = Box<dyn Fn(&RightsData) -> Vec<ItemChange> + 'a>;
    let steps: Vec<Step<'_>> = vec![
        Box::new(|data| {
            let one = right(Holder::Group(GroupId::parse("finance").unwrap()), "dc-vault");
            vec![put(data, Item::Right(RightId::parse("new").unwrap(), one))]
        }),
        Box::new(|data| vec![put(data, Item::Policy("more.cedar".into(), policy.into()))]),
        Box::new(|data| vec![gone(data, "right", "hq-east-it")]),
        Box::new(|data| {
            let group = it.clone();
            let member = Member { group, person: visitor.clone(), validity: Validity::default() };
            vec![put(data, Item::Member(member))]
        }),
        Box::new(|data| {
            let id = data.credentials.keys().next().unwrap().clone();
            let one = data.credentials[&id].clone();
            let ended = Credential { standing: Standing::Ended, ..one };
            vec![put(data, Item::Credential(id, ended))]
        }),
        Box::new(|data| vec![gone(data, "policy", "more.cedar")]),
        Box::new(|data| {
            let id = model::ScheduleId::parse("hkg-hours").unwrap();
            let mut one = data.schedules[&id].clone();
            one.windows.clear();
            vec![put(data, Item::Schedule(id, one))]
        }),
        Box::new(|data| {
            let id = ZoneId::parse("hq-east").unwrap();
            let mut one = data.zones[&id].clone();
            one.escort = true;
            vec![put(data, Item::Zone(id, one))]
        }),
        Box::new(|data| vec![gone(data, "credential", "card-2")]),
        Box::new(|data| {
            let one = Group { within: vec![it.clone()], ..Group::default() };
            vec![put(data, Item::Group(GroupId::parse("planning").unwrap(), one))]
        }),
    ];
    let before = all(&rights.snapshot(), now);
    for (n, step) in steps.iter().enumerate() {
        let changes = step(&rights.data());
        let version = rights.snapshot().version;
        let prepared = rights.prepare_changes(&changes, now).unwrap();
        assert_eq!(rights.snapshot().version, version, "trying changes nothing");
        assert!(rights.install(prepared) > version);
        let whole = rights.prepare(rights.organisation(), rights.data(), now).unwrap();
        assert_eq!(all(&rights.snapshot(), now), all(whole.snapshot(), now), "step {n}");
    }
    assert_ne!(all(&rights.snapshot(), now), before);
}

#[test]
fn a_policy_that_does_not_hold_is_told_with_its_line_and_what_runs_goes_on() {
    let now = at("2026-11-23T09:00:00Z");
    let rights = rights(now);
    let before = (rights.snapshot().version, all(&rights.snapshot(), now));
    let refused = |text: &str| {
        let change = put(&rights.data(), Item::Policy("house.cedar".into(), text.into()));
        rights.prepare_changes(&[change], now).err().unwrap()
    };
    let syntax = refused("@id(\"a\")\npermit (principal, action resource);\n");
    assert_eq!((&*syntax[0].code, syntax[0].position.unwrap().line), ("policy_syntax", 2));
    assert_eq!(syntax[0].file, "policies/house.cedar");
    let schema = refused(
        "@id(\"a\")\npermit (principal, action, resource);\n\n@id(\"b\")\n\
         forbid (principal, action, resource) when { context.thread == Threat::\"high\" };\n",
    );
    assert_eq!((&*schema[0].code, schema[0].position.unwrap().line), ("policy_invalid", 4));
    let nameless = refused("permit (principal, action, resource);\n");
    assert_eq!(nameless[0].code, "policy_id");
    // Of two files with one name the second would win unseen.
    let text = "@id(\"no-visits-at-weekends\")\nforbid (principal, action, resource);\n";
    for text in [text, "@id(\"right:hq-first\")\nforbid (principal, action, resource);\n"] {
        let twice = put(&rights.data(), Item::Policy("z.cedar".into(), text.into()));
        let told = rights.prepare_changes(&[twice], now).err().unwrap();
        let found = (&*told[0].code, &*told[0].file, told[0].position.unwrap().line);
        assert_eq!(found, ("policy_id", "policies/z.cedar", 1));
    }
    assert_eq!((rights.snapshot().version, all(&rights.snapshot(), now)), before);
}

#[test]
fn memberships_and_rights_begin_and_end_by_themselves() {
    let start = at("2026-11-23T09:00:00Z");
    let (org, mut data) = demo();
    let who = org.people.values().find(|one| one.team.as_deref() == Some("finance")).unwrap();
    let who = who.id.clone();
    let hour = |n: u64| Some(start.plus(Duration::from_secs(3_600 * n)));
    let group = GroupId::parse("it").unwrap();
    let validity = Validity { from: hour(1), to: hour(2) };
    data.put(Item::Member(Member { group, person: who.clone(), validity }));
    let mut own = right(Holder::Person(who.clone()), "dc-upper");
    own.validity = Validity { from: hour(3), to: hour(4) };
    data.put(Item::Right(RightId::parse("own").unwrap(), own));
    let what = (org, data, Templates::of(&shipped()));
    let rights = Rights::with_key([7; 32], what, start).unwrap();
    let (hall, room) = (door("hq-d-datacentre"), door("dc-d-upper"));
    let between = |a, b| rights.is_even((hour(a).unwrap(), hour(b).unwrap()));
    assert!(between(1, 1) && !between(0, 1) && !between(2, 1) && between(4, 9) && !between(9, 3));
    let mut told = Vec::new();
    let mut versions = vec![rights.snapshot().version];
    for half in 0..10 {
        let now = start.plus(Duration::from_secs(1_800 * half));
        if rights.tick(now) {
            versions.push(rights.snapshot().version);
        }
        let opens = |door| decided(&rights.snapshot(), &who, door, now) == "opens";
        told.push((opens(&hall), opens(&room)));
    }
    let (no, hall, room) = ((false, false), (true, false), (false, true));
    assert_eq!(told, [no, no, hall, hall, no, no, room, room, no, no]);
    assert_eq!(versions.len(), 5, "one version for each edge");
    assert!(versions.is_sorted_by(|a, b| a < b));
}

#[test]
fn the_dead_and_the_suspended_stay_so_whatever_is_composed() {
    let now = at("2026-11-23T09:00:00Z");
    let rights = rights(now);
    let (who, lobby) = (person("mf2002"), door("hq-d-main"));
    assert_eq!(decided(&rights.snapshot(), &who, &lobby, now), "opens");
    let data = rights.data();
    let trial = rights.prepare_changes(&[gone(&data, "right", "hq-east-it")], now).unwrap();
    // Somebody is revoked while the change is being tried.
    let stones = rights.snapshot().stones(&access::revocation::Subject::Person(who.clone()), now);
    assert!(!stones.is_empty());
    let mut dead = Tombstones::default();
    assert!(stones.into_iter().all(|stone| dead.bury(stone)));
    rights.bury(&dead);
    assert_eq!(decided(&rights.snapshot(), &who, &lobby, now), "credential_revoked");
    rights.install(trial);
    assert_eq!(decided(&rights.snapshot(), &who, &lobby, now), "credential_revoked");
    let whole = rights.prepare(rights.organisation(), rights.data(), now).unwrap();
    rights.install(whole);
    assert_eq!(decided(&rights.snapshot(), &who, &lobby, now), "credential_revoked");
}

#[test]
fn digits_are_kept_as_hashes_that_know_their_person() {
    let now = at("2026-11-23T09:00:00Z");
    let rights = rights(now);
    let who = person("mf2002");
    let text = rights.pin_text(&who, "4711");
    assert!(text.len() == 32 && !text.contains("4711"));
    let pins = model::rights::Pins { pin: text, duress: Some(rights.pin_text(&who, "4712")) };
    assert_eq!(format!("{pins:?}"), "Pins(…)");
    let change = put(&rights.data(), Item::Pins(who.clone(), pins));
    rights.install(rights.prepare_changes(&[change], now).unwrap());
    let snapshot = rights.snapshot();
    let holder = snapshot.people().person(&who).unwrap();
    assert_eq!(holder.judge_pin(rights.key(), "4711"), PinVerdict::Right);
    assert_eq!(holder.judge_pin(rights.key(), "4712"), PinVerdict::Duress);
    assert_eq!(holder.judge_pin(rights.key(), "4713"), PinVerdict::Wrong);
}

/// What-if counts what deciding each request by hand counts.
#[test]
fn what_if_equals_deciding_by_hand() {
    let now = at("2026-11-27T12:00:00Z");
    let rights = rights(now);
    let data = rights.data();
    let text = "@id(\"no-commerce-late\")\nforbid (principal in Group::\"commerce\", action, \
                resource in Zone::\"hq\")\nwhen { context.minute >= 1080 };\n";
    let more = right(Holder::Group(GroupId::parse("visitors").unwrap()), "hq-restaurant");
    let changes = [
        put(&data, Item::Policy("draft.cedar".into(), text.into())),
        gone(&data, "right", "hq-west-finance"),
        put(&data, Item::Right(RightId::parse("guests").unwrap(), more)),
    ];
    let draft = rights.prepare_changes(&changes, now).unwrap();
    let people: Vec<PersonId> = rights.organisation().people.keys().cloned().collect();
    let doors: Vec<DoorId> = rights.snapshot().estate().doors().map(|d| d.id.clone()).collect();
    let mut asked = Vec::new();
    for n in 0..6_000_usize {
        let turns = [PastTurn::Granted, PastTurn::Refused, PastTurn::Passed];
        asked.push(PastRequest {
            at: now.minus(Duration::from_secs(n as u64 * 97)),
            door: if n % 50 == 3 { door("gone-away") } else { doors[n * 7 % doors.len()].clone() },
            person: (n % 40 != 1).then(|| people[n * 13 % people.len()].clone()),
            turn: turns[n % 5 % 3],
            is_way_out: n % 11 == 0,
            record: n as u64,
            part: 0,
        });
    }
    let sides = Sides { running: (*rights.snapshot()).clone(), draft: draft.snapshot().clone() };
    let mut tally = Tally::new(sides, Reach::Everywhere, now);
    asked.iter().for_each(|one| tally.take(one, None));
    let answer = tally.finish();

    let (mut by_hand, mut requests, mut unresolved) = (BTreeMap::new(), 0, 0);
    for one in asked.iter().filter(|one| !one.is_way_out && one.turn != PastTurn::Passed) {
        let running = rights.snapshot();
        let known = running.estate().door(&one.door).is_some();
        let shown = one.person.as_ref().and_then(|who| shown_by(&running, who, now));
        let (Some(who), Some(_), true) = (&one.person, shown, known) else {
            unresolved += 1;
            continue;
        };
        requests += 1;
        let passes = |snapshot: &Snapshot| {
            let told = decided(snapshot, who, &one.door, one.at);
            told == "opens" || told.starts_with("asks")
        };
        let (was, would) = (passes(&running), passes(draft.snapshot()));
        if was != would {
            *by_hand.entry((who.clone(), one.door.clone(), would)).or_insert(0_u64) += 1;
        }
    }
    assert_eq!((answer.requests, answer.unresolved), (requests, unresolved));
    let count = |passes| by_hand.iter().filter(|(k, _)| k.2 == passes).map(|(_, n)| n).sum::<u64>();
    assert_eq!((answer.newly_passes, answer.newly_refused), (count(true), count(false)));
    assert!(answer.newly_passes > 0 && answer.newly_refused > 0, "{answer:?}");
    let mut told = BTreeMap::new();
    for line in &answer.lines {
        let key = (line.person.clone(), line.door.clone(), line.passes);
        *told.entry(key).or_insert(0) += line.times;
    }
    assert_eq!(told, by_hand);
}

fn card(rights: &Rights, number: u64) -> Subject {
    let _ = rights;
    Subject::Card { format: "H10302".into(), facility: 0, number, issue: 0 }
}

#[test]
fn an_enforcement_point_is_told_of_its_own_doors_alone() {
    let now = at("2026-11-23T09:00:00Z");
    let rights = rights(now);
    let snapshot = rights.snapshot();
    let asked = |scoped: &Scoped, subject: Subject, at_door: &str| {
        let question = evaluate::Question {
            subject,
            direction: access::door::Direction::Entry,
            door: door(at_door),
            body: access::door::BodyVerdict::NotGiven,
            companion: None,
        };
        evaluate::evaluate((&rights, &snapshot), scoped, &question, now)
    };
    let places = vec!["zone:hq".to_owned(), "door:dc-d-gate".to_owned()];
    let scoped = Scoped { places, search: false, reasons: false };
    let ana = || Subject::Person(person("mf2002"));
    assert!(asked(&scoped, ana(), "hq-d-main").is_true());
    assert!(!asked(&scoped, ana(), "hq-d-datacentre").is_true());
    assert!(matches!(asked(&scoped, ana(), "dc-d-gate"), Said::Decided(_)));
    for hidden in ["hkg-d-main", "dc-d-vault", "no-such-door"] {
        assert_eq!(asked(&scoped, ana(), hidden), Said::NotYours);
    }
    for who in rights.organisation().people.keys() {
        let kept = rights.shown(&snapshot, who, now).map(|one| one.id.clone());
        assert_eq!(kept, shown_by(&snapshot, who, now).map(|one| one.id.clone()));
    }
    // The same card by what it says of itself, and one that nobody has.
    assert!(asked(&scoped, card(&rights, 104_127), "hq-d-main").is_true());
    let Said::Decided(unknown) = asked(&scoped, card(&rights, 1), "hq-d-main") else { panic!() };
    assert_eq!(unknown.because.code(), "unknown_credential");
}

#[test]
fn what_a_search_finds_is_what_asking_each_finds() {
    let now = at("2026-11-23T09:00:00Z");
    let rights = rights(now);
    let snapshot = rights.snapshot();
    let scoped = Scoped { places: vec!["*".into()], search: true, reasons: true };
    let hall = door("hq-d-datacentre");
    let mut found = Vec::new();
    let mut after: Option<PersonId> = None;
    loop {
        let entry = access::door::Direction::Entry;
        let page = (after.as_ref(), 4);
        let (some, more) = evaluate::search_subjects(&snapshot, (&hall, entry), page, now);
        assert!(some.len() == 4 || !more);
        found.extend(some.clone());
        after = some.last().cloned();
        if !more {
            break;
        }
    }
    let everybody = rights.organisation();
    let each = everybody.people.keys().filter(|who| decided(&snapshot, who, &hall, now) == "opens");
    assert_eq!(found, each.cloned().collect::<Vec<_>>());
    assert!(found.len() > 5);
    let who = Subject::Person(found[0].clone());
    let entry = (&who, access::door::Direction::Entry);
    let page = (None, 1_000);
    let (doors, _) = evaluate::search_doors((&rights, &snapshot), &scoped, entry, page, now);
    let opens = |id: &DoorId| decided(&snapshot, &found[0], id, now) == "opens";
    let mut each: Vec<DoorId> = snapshot.estate().doors().map(|d| d.id.clone()).collect();
    each.retain(opens);
    each.sort();
    assert_eq!(doors, each);
}

#[test]
fn an_explanation_names_the_right_behind_it() {
    let now = at("2026-11-23T09:00:00Z");
    let rights = rights(now);
    let asked = Asked {
        door: door("hq-d-datacentre"),
        who: Who::Person(person("mf2008")),
        at: None,
        direction: access::door::Direction::Entry,
        pin: PinVerdict::NotGiven,
        body: access::door::BodyVerdict::NotGiven,
        companion: None,
    };
    let told = explain_by((*rights.snapshot()).clone(), &asked, now).unwrap();
    assert!(told.decision.is_grant(), "{told:?}");
    let spoke = told.policies.iter().find(|one| &*one.policy == "right:hq-datacentre-it").unwrap();
    assert_eq!(spoke.verdict, access::door::PolicyVerdict::Permits);
    let silent = told.policies.iter().find(|one| &*one.policy == "no-critical-incident").unwrap();
    assert_eq!(silent.verdict, access::door::PolicyVerdict::DoesNotHold);
    let could = could(&rights.snapshot(), &asked.door, now);
    let mine = could.iter().find(|(who, ..)| *who == person("mf2008")).unwrap();
    assert!(mine.2.iter().any(|policy| &**policy == "right:hq-datacentre-it"));
}

/// A change of a policy is in force within its budget although many hold rights: 3,000 people with
/// a card and 5,000 rights, in a build without optimisation.
#[test]
fn a_policy_is_in_force_at_once_whatever_else_there_is() {
    let now = at("2026-11-23T09:00:00Z");
    let (org, mut data) = demo();
    let mut org = (*org).clone();
    let like = org.people[&person("mf2002")].clone();
    for n in 0..3_000 {
        let id = person(&format!("many-{n}"));
        let one = model::spine::Person { id: id.clone(), ..like.clone() };
        org.people.insert(id.clone(), one);
        let credential = Credential {
            kind: CredentialKind::Card,
            person: Some(id.clone()),
            badge: None,
            format: None,
            facility: None,
            number: Some(9_000_000 + n),
            issue: 0,
            key: None,
            generation: 1,
            validity: Validity::default(),
            standing: Standing::Active,
            duress: false,
        };
        let card = CredentialId::parse(&format!("many-{n}")).unwrap();
        data.put(Item::Credential(card, credential));
        let own = right(Holder::Person(id), "dc-upper");
        data.put(Item::Right(RightId::parse(&format!("many-{n}")).unwrap(), own));
    }
    let what = (Arc::new(org), data, Templates::of(&shipped()));
    let rights = Rights::with_key([7; 32], what, now).unwrap();
    let (who, lobby) = (person("many-7"), door("dc-d-upper"));
    assert_eq!(decided(&rights.snapshot(), &who, &lobby, now), "opens");
    let text = "@id(\"not-now\")\nforbid (principal, action, resource in Zone::\"dc-upper\");\n";
    let begun = crate::clock::Stopwatch::start();
    let change = put(&rights.data(), Item::Policy("now.cedar".into(), text.into()));
    rights.install(rights.prepare_changes(&[change], now).unwrap());
    let took = begun.elapsed();
    assert_eq!(decided(&rights.snapshot(), &who, &lobby, now), "forbidden");
    assert!(took < Duration::from_secs(2), "{took:?}");
    println!("a policy among {} rights was in force after {took:?}", rights.data().rights.len());
}
