//! Findings in, incidents out.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{at, finding, moment, organisation, person, rule_info, team};
use model::finding::{Finding, FindingState, Level};
use model::ids::{Entity, FindingId, PlaceId, RuleId};
use model::incident::{Disposition, Incident, IncidentState, Owner, SopStep, TimelineAct};
use model::spine::{Organisation, Person, PersonKind, PersonStatus, Validity};
use proptest::prelude::*;
use respond::{
    AlarmCounts, Book, By, FoldOutcome, FoldPolicy, RuleInfo, Shelf, ShelveWhy, act, limits,
};

/// The ids in a set, for reading.
fn ids<T: ToString>(all: impl IntoIterator<Item = T>) -> BTreeSet<String> {
    all.into_iter().map(|id| id.to_string()).collect()
}

/// Folds findings one after the other and tells what became of each.
struct Desk {
    organisation: Organisation,
    book: Book,
    policy: FoldPolicy,
    counts: AlarmCounts,
    number: u64,
    told: String,
}

impl Desk {
    fn new() -> Self {
        let organisation = organisation();
        let policy = FoldPolicy::for_organisation(&organisation);
        let counts = AlarmCounts::default();
        Self { organisation, book: Book::default(), policy, counts, number: 0, told: String::new() }
    }

    fn take(&mut self, finding: &Finding) -> FoldOutcome {
        self.number += 1;
        let ground = (&self.policy, &self.organisation);
        let outcome = self.book.fold(ground, finding, &rule_info(), &moment(self.number));
        self.counts.count(&outcome);
        let id = &finding.id;
        let words = match &outcome {
            FoldOutcome::Opened(changed) => format!("{id} opens {}", changed.incident.id),
            FoldOutcome::Folded(changed) => format!("{id} joins {}", changed.incident.id),
            FoldOutcome::Updated(changed) => format!("{id} updates {}", changed.incident.id),
            FoldOutcome::Known { incident } => format!("{id} is in {incident}"),
            FoldOutcome::Shelved { why: ShelveWhy::BelowLevel, .. } => format!("{id} too low"),
            FoldOutcome::Shelved { why: ShelveWhy::Shelf(_), .. } => format!("{id} shelved"),
            FoldOutcome::Ignored { .. } => format!("{id} ignored"),
        };
        self.told.push_str(&words);
        self.told.push('\n');
        if let Some(changed) = outcome.changed() {
            self.book.apply(changed.incident.clone());
        }
        outcome
    }
}

#[track_caller]
fn check(findings: &[Finding], expected: &str) -> Desk {
    let mut desk = Desk::new();
    for finding in findings {
        desk.take(finding);
    }
    assert_eq!(desk.told, expected);
    assert!(desk.counts.add_up());
    desk
}

#[test]
fn findings_fold_by_person_thing_and_door_but_not_by_site() {
    check(
        &[
            finding("f1", "tailgate", "person:ana place:hq", 0),
            finding("f2", "vpn", "person:ana asset:pc-1", 60),
            finding("f3", "vpn", "person:ben place:hq", 70),
            finding("f4", "malware", "asset:pc-1", 80),
            finding("f5", "forced", "place:d-lab", 90),
            finding("f6", "forced", "place:d-lab place:hq", 95),
            finding("f7", "odd", "place:hq", 96),
            finding("f8", "odd", "place:hq place:elsewhere", 97),
        ],
        "f1 opens i-000001\nf2 joins i-000001\nf3 opens i-000003\nf4 joins i-000001\n\
         f5 opens i-000005\nf6 joins i-000005\nf7 opens i-000007\nf8 opens i-000008\n",
    );
}

#[test]
fn what_many_share_folds_only_findings_of_one_rule() {
    check(
        &[
            finding("f1", "scan", "asset:fw", 0),
            finding("f2", "login", "asset:fw person:ana", 10),
            finding("f3", "scan", "asset:fw", 20),
            finding("f4", "held", "place:lab", 30),
            finding("f5", "smoke", "place:lab", 40),
            finding("f6", "smoke", "place:lab", 50),
        ],
        "f1 opens i-000001\nf2 opens i-000002\nf3 joins i-000001\n\
         f4 opens i-000004\nf5 opens i-000005\nf6 joins i-000005\n",
    );
}

#[test]
fn findings_far_apart_in_event_time_do_not_fold() {
    let hour = i64::try_from(limits::FOLD_WINDOW.as_secs()).unwrap();
    check(
        &[
            finding("f1", "a", "person:ana", 10_000),
            finding("f2", "a", "person:ana", 10_000 + hour),
            finding("f3", "a", "person:ana", 10_001 + 2 * hour),
            // Late, and before the first: arrival does not matter, event time does.
            finding("f4", "a", "person:ana", 10_000 - hour),
        ],
        "f1 opens i-000001\nf2 joins i-000001\nf3 opens i-000003\nf4 joins i-000001\n",
    );
    // A chain of findings each near the last does not grow for ever.
    let mut desk = Desk::new();
    for n in 0..49 {
        desk.take(&finding(&format!("f{n}"), "a", "person:ana", n * hour / 2));
    }
    assert_eq!(desk.counts.incidents, 1);
    desk.take(&finding("last", "a", "person:ana", 49 * hour / 2));
    assert_eq!((desk.counts.incidents, desk.counts.folded), (2, 48));
}

#[test]
fn a_family_of_rules_keeps_to_itself() {
    let mut desk = Desk::new();
    for rule in ["silent", "silent-camera"] {
        desk.policy.families.insert(RuleId::parse(rule).unwrap(), "health".into());
    }
    desk.take(&finding("f1", "silent", "asset:pc-1", 0));
    desk.take(&finding("f2", "malware", "asset:pc-1", 1));
    desk.take(&finding("f3", "silent-camera", "asset:pc-1", 2));
    assert_eq!(desk.told, "f1 opens i-000001\nf2 opens i-000002\nf3 joins i-000001\n");
}

#[test]
fn an_incident_gathers_what_its_findings_bring() {
    let mut first = finding("f1", "tailgate", "person:ana place:d-lab", 100);
    let mut second = finding("f2", "vpn", "person:ana asset:pc-1", 50);
    second.level = Level::High;
    first.because = "somebody followed person:ana in".into();
    second.because = "person:ana logged on from afar".into();
    let desk = check(
        &[first.clone(), second, first],
        "f1 opens i-000001\nf2 joins i-000001\nf1 is in i-000001\n",
    );
    let incident = desk.book.iter().next().unwrap();
    assert_eq!((incident.level, incident.version), (Level::High, 2));
    assert_eq!((incident.first_seen, incident.last_seen), (at(50), at(100)));
    // The graver finding speaks for the incident as long as nobody has touched it.
    assert_eq!(incident.because, "person:ana logged on from afar");
    assert_eq!(incident.owner, Owner::Team(team("soc")));
    assert_eq!(incident.site.as_ref().unwrap().as_str(), "hq");
    assert_eq!(ids(&incident.entities), ids(["person:ana", "asset:pc-1", "place:d-lab"]));
    let times: Vec<_> = incident.evidence.iter().map(|event| event.time).collect();
    assert_eq!(times, [at(50), at(100)]);
    assert_eq!(incident.sop.len(), 2);
    assert!(matches!(
        incident.timeline.iter().map(|entry| &entry.act).collect::<Vec<_>>().as_slice(),
        [TimelineAct::Opened { .. }, TimelineAct::Folded { .. }]
    ));
}

#[test]
fn an_incident_of_two_sites_is_of_its_persons_site() {
    let mut organisation = organisation();
    let ana = Person {
        id: person("ana"),
        name: "Ana Example".into(),
        kind: PersonKind::Employee,
        status: PersonStatus::Active,
        team: None,
        manager: None,
        site: PlaceId::parse("annex").ok(),
        validity: Validity::default(),
    };
    organisation.people.insert(ana.id.clone(), ana);
    let site = |entities: &str| {
        let finding = finding("f1", "two-places", entities, 10);
        let policy = FoldPolicy::default();
        let book = Book::default();
        let outcome = book.fold((&policy, &organisation), &finding, &rule_info(), &moment(1));
        outcome.changed().unwrap().incident.site.as_ref().map(ToString::to_string)
    };
    assert_eq!(site("person:ana place:d-lab place:annex").as_deref(), Some("annex"));
    assert_eq!(site("person:ana place:d-lab").as_deref(), Some("hq"), "what happened says more");
    assert_eq!(site("person:ben place:d-lab place:annex"), None);
}

/// The steps of an incident, each below the findings that ask for it.
fn procedure(incident: &Incident) -> Vec<(String, Vec<&str>)> {
    let askers = |step: &SopStep| {
        step.asked_by.iter().map(|by| by.rule.as_str().to_owned()).collect::<Vec<_>>().join("+")
    };
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for step in &incident.sop {
        match groups.last_mut() {
            Some((by, texts)) if *by == askers(step) => texts.push(&step.text),
            Some(_) | None => groups.push((askers(step), vec![&step.text])),
        }
    }
    groups
}

#[test]
fn one_step_that_two_findings_ask_for_is_one_step_of_both() {
    let organisation = organisation();
    let steps = |texts: &[&str]| RuleInfo {
        sop: texts.iter().map(|text| (*text).to_owned()).collect(),
        ..rule_info()
    };
    let door = finding("f1", "door-forced", "place:d-lab", 10);
    let mut blind = finding("f2", "forced-blind", "place:d-lab", 20);
    blind.level = Level::Critical;
    let mut book = Book::default();
    for (number, (finding, rule)) in [
        (&door, steps(&["Send two guards.", "Look at the camera.", "Record it."])),
        (&blind, steps(&["send two guards", "Look at the neighbouring cameras."])),
        (&door, steps(&["Send two guards."])),
    ]
    .into_iter()
    .enumerate()
    {
        let moment = moment(u64::try_from(number).unwrap());
        let outcome = book.fold((&FoldPolicy::default(), &organisation), finding, &rule, &moment);
        if let Some(changed) = outcome.changed() {
            book.apply(changed.incident.clone());
        }
    }
    let incident = book.iter().next().unwrap();
    let expected = [
        ("forced-blind+door-forced".to_owned(), vec!["send two guards"]),
        ("forced-blind".to_owned(), vec!["Look at the neighbouring cameras."]),
        ("door-forced".to_owned(), vec!["Look at the camera.", "Record it."]),
    ];
    assert_eq!(procedure(incident), expected);
    assert_eq!(
        incident.sop.first().unwrap().asked_by.last().unwrap().title,
        "Title of door-forced"
    );
}

fn in_state(mut finding: Finding, state: FindingState) -> Finding {
    finding.state = state;
    finding
}

#[test]
fn confirming_updates_and_never_doubles() {
    let early = in_state(finding("f1", "absence", "person:ana", 10), FindingState::Provisional);
    let same = in_state(early.clone(), FindingState::Confirmed);
    let mut more = same.clone();
    more.evidence.extend(finding("x", "absence", "person:ana", 12).evidence);
    let desk = check(
        &[early.clone(), same, more.clone(), more, early],
        "f1 opens i-000001\nf1 is in i-000001\nf1 updates i-000001\nf1 is in i-000001\n\
         f1 is in i-000001\n",
    );
    assert_eq!(desk.counts.alarms, 1);
    assert_eq!(desk.book.iter().next().unwrap().findings.len(), 1);
}

#[test]
fn a_moved_anchor_keeps_its_incident() {
    let early = in_state(finding("f1", "absence", "person:ana", 10), FindingState::Provisional);
    let mut moved = finding("f2", "absence", "person:cy", 100_000);
    moved.supersedes = vec![FindingId::parse("f1").unwrap()];
    let desk = check(&[early, moved], "f1 opens i-000001\nf2 updates i-000001\n");
    assert_eq!(ids(&desk.book.iter().next().unwrap().findings), ids(["f1", "f2"]));
    assert_eq!((desk.counts.alarms, desk.counts.incidents), (1, 1));
}

#[test]
fn an_untouched_incident_whose_findings_are_withdrawn_closes_itself() {
    let one = in_state(finding("f1", "absence", "person:ana", 10), FindingState::Provisional);
    let two = in_state(finding("f2", "absence", "person:ana", 20), FindingState::Provisional);
    let gone = |finding: &Finding| in_state(finding.clone(), FindingState::Withdrawn);
    let desk = check(
        &[one.clone(), two.clone(), gone(&one), gone(&one), one.clone(), gone(&two)],
        "f1 opens i-000001\nf2 joins i-000001\nf1 updates i-000001\nf1 is in i-000001\n\
         f1 is in i-000001\nf2 updates i-000001\n",
    );
    let incident = desk.book.iter().next().unwrap();
    assert_eq!(incident.state, IncidentState::Closed);
    assert_eq!(incident.disposition, Some(Disposition::Withdrawn));
    assert_eq!(desk.book.open_count(), 0);
    let withdrawn = incident.timeline.iter().filter_map(|line| match &line.act {
        TimelineAct::FindingWithdrawn { finding } => Some(finding),
        _ => None,
    });
    assert_eq!(ids(withdrawn), ids([&one.id, &two.id]), "its history says so");
    let says_why = |line: &model::incident::TimelineEntry| {
        matches!(&line.act, TimelineAct::Disposition { reason: Some(_), .. })
    };
    assert!(incident.timeline.iter().any(says_why));

    // Somebody works on it: it stays theirs to judge.
    let mut desk = Desk::new();
    desk.take(&one);
    let ana = common::person("ana");
    let by = By { id: "ana", person: Some(&ana) };
    let held = desk.book.iter().next().unwrap().clone();
    let taken = act(&held, &respond::Act::Acknowledge, by, at(500), Some(1)).unwrap();
    desk.book.apply(taken.incident);
    desk.take(&gone(&one));
    let incident = desk.book.iter().next().unwrap();
    assert_eq!(incident.state, IncidentState::Acknowledged);
    let last = incident.timeline.last().unwrap();
    assert!(matches!(last.act, TimelineAct::FindingWithdrawn { .. }));

    check(&[gone(&one)], "f1 ignored\n");
}

#[test]
fn what_is_put_aside_has_an_owner_and_an_end() {
    let mut desk = Desk::new();
    let shelf = Shelf {
        rule: RuleId::parse("held").unwrap(),
        entity: Some(Entity::parse("place:d-lab").unwrap()),
        reason: "door closer ordered".into(),
        owner: Owner::Team(team("facilities")),
        until: at(3),
    };
    desk.policy.shelves.push(shelf);
    let outcome = desk.take(&finding("f1", "held", "place:d-lab", 0));
    let FoldOutcome::Shelved { owner, until, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!((owner, until), (Owner::Team(team("facilities")), Some(at(3))));
    desk.take(&finding("f2", "held", "asset:pc-2", 1));
    desk.take(&finding("f3", "held", "place:d-lab", 2));
    let mut low = finding("f4", "note", "person:ana", 3);
    low.level = Level::Informational;
    desk.take(&low);
    assert_eq!(desk.told, "f1 shelved\nf2 opens i-000002\nf3 opens i-000003\nf4 too low\n");
    assert_eq!((desk.counts.alarms, desk.counts.shelved), (4, 2));
    assert!(desk.counts.add_up());
}

#[test]
fn a_judged_incident_takes_no_new_findings_but_knows_its_own() {
    let mut desk = Desk::new();
    desk.take(&finding("f1", "a", "person:ana", 0));
    let ana = common::person("ana");
    let by = By { id: "ana", person: Some(&ana) };
    let mut incident = desk.book.iter().next().unwrap().clone();
    let resolve = respond::Act::Resolve { disposition: Disposition::BenignPositive, reason: None };
    for done in [respond::Act::Acknowledge, resolve] {
        incident = act(&incident, &done, by, at(9), None).unwrap().incident;
    }
    desk.book.apply(incident);
    desk.take(&finding("f2", "a", "person:ana", 1));
    desk.take(&finding("f1", "a", "person:ana", 0));
    assert_eq!(desk.told, "f1 opens i-000001\nf2 opens i-000002\nf1 is in i-000001\n");
}

#[test]
fn ten_thousand_open_incidents_do_not_slow_folding() {
    let mut desk = Desk::new();
    for n in 0..2_000 {
        desk.take(&finding(&format!("f{n}"), "a", &format!("person:p{n} asset:fw"), n / 10));
    }
    // All share the firewall and the rule: few incidents, and none forgets whom it is about.
    let each = limits::ENTITIES_MAX as u64 - 1;
    assert_eq!((desk.counts.alarms, desk.counts.incidents), (2_000, 2_000_u64.div_ceil(each)));
    let entities: usize = desk.book.iter().map(|incident| incident.entities.len() - 1).sum();
    assert_eq!(entities, 2_000);

    let mut desk = Desk::new();
    for n in 0..10_000 {
        desk.take(&finding(&format!("f{n}"), "a", &format!("person:p{n}"), n));
    }
    assert_eq!(desk.book.open_count(), 10_000);
    desk.take(&finding("one-more", "b", "person:p77", 100));
    assert!(desk.told.ends_with("one-more joins i-000078\n"));
}

#[test]
fn an_incident_that_is_full_makes_room_for_another() {
    let mut desk = Desk::new();
    let full = i64::try_from(limits::FINDINGS_MAX).unwrap();
    for n in 0..=full {
        desk.take(&finding(&format!("f{n}"), "a", "person:ana", n));
    }
    assert_eq!((desk.counts.incidents, desk.counts.folded), (2, limits::FINDINGS_MAX as u64 - 1));
    let mut many = finding("many", "a", "person:ben", 0);
    let event = many.evidence.first().unwrap().clone();
    let record =
        |n: i64| model::EvidenceRef { time: at(n % 77), record: n.unsigned_abs(), ..event.clone() };
    many.evidence = (0..3_000).map(record).collect();
    desk.take(&many);
    let held = desk.book.of_finding(&many.id).unwrap();
    assert_eq!(held.evidence.len(), limits::EVIDENCE_MAX);
    let ends = (held.evidence.first().unwrap().time, held.evidence.last().unwrap().time);
    assert_eq!(ends, (at(0), at(76)));
}

fn some_findings() -> impl Strategy<Value = Vec<Finding>> {
    let entity = prop_oneof![
        Just("person:ana"),
        Just("person:ben"),
        Just("asset:pc-1"),
        Just("asset:fw"),
        Just("place:d-lab"),
        Just("place:lab"),
        Just("place:hq"),
    ];
    let one = (0..5_u8, proptest::collection::vec(entity, 0..4), 0_i64..20_000, any::<bool>());
    proptest::collection::vec(one, 1..25).prop_map(|list| {
        let make =
            |(n, (rule, entities, seconds, is_high)): (usize, (u8, Vec<&str>, i64, bool))| {
                let mut made =
                    finding(&format!("f{n}"), &format!("r{rule}"), &entities.join(" "), seconds);
                made.level = if is_high { Level::High } else { Level::Low };
                made
            };
        list.into_iter().enumerate().map(make).collect()
    })
}

/// Every finding's incident, and every incident's bounds and level, add up.
fn audit(desk: &Desk, findings: &[Finding]) -> Result<BTreeSet<String>, TestCaseError> {
    let by_id: BTreeMap<&FindingId, &Finding> =
        findings.iter().map(|finding| (&finding.id, finding)).collect();
    let mut seen = BTreeSet::new();
    for incident in desk.book.iter() {
        let held: Vec<&Finding> =
            incident.findings.iter().filter_map(|id| by_id.get(id).copied()).collect();
        prop_assert_eq!(held.len(), incident.findings.len());
        prop_assert_eq!(held.iter().map(|finding| finding.level).max(), Some(incident.level));
        let entities = ids(held.iter().flat_map(|finding| &finding.entities));
        prop_assert_eq!(entities, ids(&incident.entities));
        prop_assert_eq!(held.iter().map(|f| f.window.from).min(), Some(incident.first_seen));
        prop_assert_eq!(held.iter().map(|f| f.window.to).max(), Some(incident.last_seen));
        prop_assert!(incident.evidence.is_sorted_by_key(|event| event.time));
        for id in &incident.findings {
            prop_assert!(seen.insert(id.to_string()), "{} is in two incidents", id);
        }
        // Each version left one line: the history is complete.
        prop_assert_eq!(incident.timeline.len() as u64, incident.version);
    }
    Ok(seen)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_finding_ends_in_exactly_one_incident_in_any_order(
        findings in some_findings(),
        order in proptest::collection::vec(any::<proptest::sample::Index>(), 60),
    ) {
        let mut straight = Desk::new();
        for finding in &findings {
            straight.take(finding);
        }
        // Any order, with repeats, and then whatever was left out.
        let mut mixed = Desk::new();
        for finding in order.iter().map(|index| index.get(&findings)).chain(&findings) {
            mixed.take(finding);
        }
        let all = ids(findings.iter().map(|finding| &finding.id));
        prop_assert_eq!(&audit(&straight, &findings)?, &all);
        prop_assert_eq!(&audit(&mixed, &findings)?, &all);
        prop_assert_eq!(mixed.counts.alarms, straight.counts.alarms);
        prop_assert!(mixed.counts.add_up());
        // What was folded is folded: all once more changes nothing.
        let before = mixed.book.clone();
        for finding in &findings {
            let outcome = mixed.take(finding);
            prop_assert!(matches!(outcome, FoldOutcome::Known { .. }), "{:?}", outcome);
        }
        prop_assert_eq!(&mixed.book, &before);
        // A book read back from the store is the book.
        prop_assert_eq!(Book::restore(before.iter().cloned()), before);
    }
}
