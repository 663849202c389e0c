//! What people do to incidents, and what is refused.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{at, finding, moment, organisation, person, rule_info, team};
use model::finding::Level;
use model::incident::{
    Disposition, Incident, IncidentState, Milestone, OfferEnd, Owner, TimelineAct,
};
use model::time::Timestamp;
use proptest::prelude::*;
use respond::{
    Act, Action, Book, By, Channel, ChannelKind, FoldPolicy, HandMade, act, allowed, expire,
    limits, merge_into, notices, open_by_hand,
};

fn opened() -> Incident {
    let organisation = organisation();
    let policy = FoldPolicy::default();
    let found = finding("f1", "forced", "place:d-lab", 0);
    let outcome = Book::default().fold((&policy, &organisation), &found, &rule_info(), &moment(1));
    outcome.changed().unwrap().incident.clone()
}

fn resolve() -> Act {
    Act::Resolve { disposition: Disposition::TruePositive, reason: Some("seen".into()) }
}

fn reopen() -> Act {
    Act::Reopen { reason: "it happened again".into() }
}

/// Does what `acts` say (`who act`), and tells state and owner, or the refusal, of each.
#[track_caller]
fn check(script: &str, expected: &str) -> Incident {
    let mut incident = opened();
    let mut told = String::new();
    for (number, line) in script.lines().enumerate() {
        let (who, what) = line.trim().split_once(' ').unwrap();
        let done = match what {
            "acknowledge" => Act::Acknowledge,
            "start" => Act::Start,
            "comment" => Act::Comment { text: "hm".into() },
            "resolve" => resolve(),
            "close" => Act::Close,
            "reopen" => reopen(),
            "tick" => Act::TickStep { step: 0 },
            "tick 9" => Act::TickStep { step: 9 },
            "offer ben" => Act::Offer { to: Owner::Person(person("ben")), note: None },
            "offer guards" => Act::Offer { to: Owner::Team(team("guards")), note: None },
            "accept" => Act::Accept,
            "decline at once" => Act::Decline { reason: None },
            "decline" => Act::Decline { reason: Some("not mine".into()) },
            "snooze" => Act::Snooze { until: at(10_000), reason: "later".into() },
            "snooze back" => Act::Snooze { until: at(1), reason: "later".into() },
            "wake" => Act::Wake,
            "dispatched" => Act::Mark { milestone: Milestone::Dispatched },
            "on scene" => Act::Mark { milestone: Milestone::OnScene },
            "clear" => Act::Mark { milestone: Milestone::Clear },
            "to ben" => Act::Assign { to: Owner::Person(person("ben")) },
            "to soc" => Act::Assign { to: Owner::Team(team("soc")) },
            other => unreachable!("{other}"),
        };
        let id = person(who);
        let by = By { id: who, person: (who != "robot").then_some(&id) };
        let now = at(100 + i64::try_from(number).unwrap());
        match act(&incident, &done, by, now, Some(incident.version)) {
            Ok(changed) => {
                incident = changed.incident;
                let owner = match &incident.owner {
                    Owner::Team(team) => format!("team {team}"),
                    Owner::Person(person) => person.to_string(),
                };
                told.push_str(&format!("{:?} {owner}\n", incident.state));
            }
            Err(refused) => told.push_str(&format!("no: {}\n", refused.code)),
        }
    }
    assert_eq!(told, expected);
    incident
}

#[test]
fn a_hand_over_changes_the_owner_when_it_is_accepted_and_not_before() {
    let incident = check(
        "ana offer ben\nana acknowledge\nben offer guards\nana offer ben\nana offer guards\n\
         ana accept\nben accept\nana accept",
        "no: not_acknowledged\nAcknowledged ana\nno: owned_by_another\nAcknowledged ana\n\
         no: offered_already\nno: offered_to_another\nAcknowledged ben\nno: not_offered\n",
    );
    assert_eq!(incident.handling.offer, None);
    check(
        "ana acknowledge\nana offer guards\nrobot accept\nana accept\ncai decline at once\n\
         ana offer ben\nana decline\nana offer ben\nana to soc\nben accept",
        "Acknowledged ana\nAcknowledged ana\nno: no_person\nno: offered_to_another\n\
         Acknowledged ana\nAcknowledged ana\nAcknowledged ana\nAcknowledged ana\n\
         Acknowledged team soc\nno: not_offered\n",
    );
}

#[test]
fn an_offer_that_nobody_answers_returns_and_says_so() {
    let incident = check("ana acknowledge\nana offer ben", "Acknowledged ana\nAcknowledged ana\n");
    let until = incident.handling.offer.as_ref().unwrap().until;
    assert_eq!(until, at(101).plus(limits::OFFER_WAIT));
    assert_eq!(expire(&incident, until.minus(Duration::from_nanos(1))), None);
    let after = expire(&incident, until).unwrap().incident;
    assert_eq!(after.handling.offer, None);
    assert_eq!(after.owner, Owner::Person(person("ana")));
    let last = &after.timeline.last().unwrap().act;
    assert!(matches!(last, TimelineAct::OfferEnded { how: OfferEnd::Expired, .. }), "{last:?}");
    let channel = Channel {
        id: "mail".into(),
        kind: ChannelKind::Email,
        level_min: Level::Low,
        teams: BTreeSet::new(),
        on: Channel::usual_moments(),
    };
    let told = notices(Some(&incident), &after, &[channel], None);
    assert!(told.first().unwrap().subject.contains("hand-over not answered"));
}

#[test]
fn what_is_put_aside_comes_back_by_hand_by_time_and_by_a_new_finding() {
    let script = "ana snooze\nana acknowledge\nana snooze back\nana snooze\nben snooze\nben wake\n\
                  ben wake\nana snooze";
    let incident = check(
        script,
        "no: not_acknowledged\nAcknowledged ana\nno: in_the_past\nAcknowledged ana\n\
         no: snoozed_already\nAcknowledged ana\nno: not_snoozed\nAcknowledged ana\n",
    );
    let woken = expire(&incident, at(10_000)).unwrap().incident;
    assert_eq!(woken.handling.snooze, None);
    let book = Book::restore([incident]);
    let (policy, organisation) = (FoldPolicy::default(), organisation());
    let found = finding("f2", "forced", "place:d-lab", 5);
    let folded = book.fold((&policy, &organisation), &found, &rule_info(), &moment(2));
    assert_eq!(folded.changed().unwrap().incident.handling.snooze, None);
}

#[test]
fn milestones_go_forward_only() {
    check(
        "ana dispatched\nana acknowledge\nana clear\nana on scene\nana dispatched\nben clear\n\
         ana clear",
        "no: not_acknowledged\nAcknowledged ana\nno: nobody_went\nAcknowledged ana\n\
         no: milestone_passed\nAcknowledged ana\nno: no_milestone_left\n",
    );
}

#[test]
fn a_merge_gives_all_findings_to_the_one_that_stays() {
    let (policy, organisation) = (FoldPolicy::default(), organisation());
    let from = opened();
    let other = finding("f9", "tailgating", "place:d-gate", 40);
    let outcome = Book::default().fold((&policy, &organisation), &other, &rule_info(), &moment(7));
    let into = outcome.changed().unwrap().incident.clone();
    assert_ne!(from.id, into.id);
    let ana = person("ana");
    let by = By { id: "ana", person: Some(&ana) };
    let (gone, held) = merge_into(&from, &into, by, at(50)).unwrap();
    assert_eq!(gone.incident.state, IncidentState::Resolved);
    assert_eq!(gone.incident.disposition, Some(Disposition::Duplicate));
    assert_eq!(gone.incident.handling.merged_into.as_ref(), Some(&into.id));
    assert_eq!(held.incident.owner, into.owner);
    let all: BTreeSet<_> = from.findings.iter().chain(&into.findings).cloned().collect();
    assert_eq!(held.incident.findings.iter().cloned().collect::<BTreeSet<_>>(), all);
    assert!(from.evidence.iter().all(|event| held.incident.evidence.contains(event)));
    // Whichever is read back first, the finding is the one's that stays.
    for order in [[&gone, &held], [&held, &gone]] {
        let book = Book::restore(order.map(|changed| changed.incident.clone()));
        let holder = book.of_finding(from.findings.first().unwrap()).unwrap();
        assert_eq!(holder.id, into.id);
    }
    let again = act(&gone.incident, &reopen(), by, at(60), None).unwrap_err();
    assert_eq!(again.code, "merged");
    for (one, other) in [(&gone.incident, &into), (&into, &into)] {
        assert!(merge_into(one, other, by, at(60)).is_err());
    }
}

#[test]
fn the_straight_road() {
    let incident = check(
        "ana acknowledge\nana start\nana tick\nben comment\nana resolve\nana close",
        "Acknowledged ana\nInProgress ana\nInProgress ana\nInProgress ana\nResolved ana\n\
         Closed ana\n",
    );
    assert_eq!(incident.disposition, Some(Disposition::TruePositive));
    assert_eq!(incident.sop.first().unwrap().done, Some((at(102), "ana".to_owned())));
    assert_eq!(incident.version, 7);
}

#[test]
fn what_is_out_of_turn_is_refused_with_a_code() {
    check(
        "ana start\nana resolve\nana close\nana reopen\nana tick\nrobot acknowledge\n\
         ana acknowledge\nana acknowledge\nben acknowledge\nben start\nana tick 9\nana tick\n\
         ana tick\nana start\nana start\nana resolve\nana resolve\nana start\nana acknowledge\n\
         ben to ben\nana close\nana close\nana comment",
        "no: not_acknowledged\nno: not_acknowledged\nno: not_resolved\nno: not_resolved\n\
         no: not_acknowledged\nno: no_person\n\
         Acknowledged ana\nno: already_acknowledged\nno: owned_by_another\n\
         no: owned_by_another\nno: no_such_step\nAcknowledged ana\n\
         no: already_done\nInProgress ana\nno: already_in_progress\nResolved ana\nno: not_open\n\
         no: not_open\nno: not_open\nno: not_open\nClosed ana\nno: closed\nno: closed\n",
    );
}

#[test]
fn a_hand_over_leaves_exactly_one_owner() {
    check(
        "ana to ben\nana acknowledge\nben acknowledge\nben to soc\nana start\nana acknowledge\n\
         ana start\nben to ben\nben to ben",
        "New ben\nno: owned_by_another\nAcknowledged ben\nAcknowledged team soc\n\
         no: not_acknowledged\nAcknowledged ana\nInProgress ana\nInProgress ben\n\
         no: already_owner\n",
    );
}

#[test]
fn what_was_filed_can_be_reopened_for_a_while() {
    let closed = check(
        "ana acknowledge\nana resolve\nana reopen\nana resolve\nana close",
        "Acknowledged ana\nResolved ana\nAcknowledged ana\nResolved ana\nClosed ana\n",
    );
    let ana = person("ana");
    let by = By { id: "ana", person: Some(&ana) };
    let last = closed.changed_at.plus(limits::REOPEN_WINDOW);
    let again = act(&closed, &reopen(), by, last, None).unwrap().incident;
    assert_eq!((again.state, again.disposition), (IncidentState::Acknowledged, None));
    let late = last.plus(std::time::Duration::from_secs(1));
    assert_eq!(act(&closed, &reopen(), by, late, None).unwrap_err().code, "too_old");
}

#[test]
fn whoever_looked_at_an_older_version_looks_again() {
    let incident = opened();
    let ana = person("ana");
    let by = By { id: "ana", person: Some(&ana) };
    let refused = act(&incident, &Act::Acknowledge, by, at(1), Some(7)).unwrap_err();
    assert_eq!(refused.code, "version_conflict");
    assert_eq!(
        refused.message,
        "castellan changed the incident meanwhile: it is at version 1, not 7; look again"
    );
    for (text, code) in [(" ", "empty_text"), (&*"x".repeat(8_001), "text_too_long")] {
        let act = act(&incident, &Act::Comment { text: text.into() }, by, at(1), None);
        assert_eq!(act.unwrap_err().code, code);
    }
}

#[test]
fn a_full_history_still_lets_an_incident_be_worked_to_its_end() {
    let mut incident = opened();
    let ana = person("ana");
    let by = By { id: "ana", person: Some(&ana) };
    let comment = Act::Comment { text: "x".into() };
    incident = act(&incident, &comment, by, at(1), None).unwrap().incident;
    let line = incident.timeline.last().unwrap().clone();
    incident.timeline.resize(limits::TIMELINE_MAX - 1, line);
    incident = act(&incident, &comment, by, at(1), None).unwrap().incident;
    assert_eq!(incident.timeline.len(), limits::TIMELINE_MAX);
    assert_eq!(act(&incident, &comment, by, at(1), None).unwrap_err().code, "timeline_full");
    for done in [Act::Acknowledge, Act::Start, resolve(), Act::Close] {
        incident = act(&incident, &done, by, at(2), None).unwrap().incident;
    }
    assert_eq!(act(&incident, &reopen(), by, at(3), None).unwrap_err().code, "timeline_full");
}

#[test]
fn the_audit_carries_no_words_of_people() {
    let ana = person("ana");
    let by = By { id: "tok-1", person: Some(&ana) };
    let comment = Act::Comment { text: "Mrs Secret was here".into() };
    let audit = act(&opened(), &comment, by, at(1), None).unwrap().audit;
    assert_eq!((audit.verb.as_str(), audit.by.as_str()), ("incident.comment", "tok-1"));
    assert_eq!(audit.object, "incident:i-000001");
    assert_eq!(audit.detail.to_string(), r#"{"version":2,"text_chars":19}"#);
}

#[test]
fn an_incident_opened_by_hand_has_an_owner_at_once() {
    let made = |title: &str, entity: &str| HandMade {
        title: title.into(),
        text: "a guard rang".into(),
        level: model::Level::High,
        team: team("guards"),
        entities: vec![model::Entity::parse(entity).unwrap()],
        site: None,
        seen_at: Some(at(-60)),
        evidence: finding("f", "r", "", 5).evidence,
        sop: vec!["Go there".into()],
    };
    let by = By { id: "ana", person: None };
    let open = |made| open_by_hand(&organisation(), made, by, &moment(1));
    let incident = open(made("Broken window", "place:lab")).unwrap().incident;
    assert_eq!(incident.owner, Owner::Team(team("guards")));
    assert_eq!(incident.site.as_ref().unwrap().as_str(), "hq");
    assert_eq!((incident.first_seen, incident.last_seen), (at(-60), at(5)));
    assert_eq!(open(made(" ", "place:lab")).unwrap_err().code, "empty_text");
    let long = "x".repeat(limits::TITLE_CHARS_MAX + 1);
    assert_eq!(open(made(&long, "place:lab")).unwrap_err().code, "text_too_long");
    assert_eq!(open(made("Who", "person:nobody")).unwrap_err().code, "unknown_entity");
}

#[test]
fn what_is_opened_by_hand_is_readable_doable_and_of_our_time() {
    let made = || HandMade {
        title: "Broken window".into(),
        text: "a guard\nrang".into(),
        level: model::Level::High,
        team: team("guards"),
        entities: Vec::new(),
        site: None,
        seen_at: None,
        evidence: Vec::new(),
        sop: Vec::new(),
    };
    let by = By { id: "ana", person: None };
    let refused = |made: HandMade| {
        let opened = open_by_hand(&organisation(), made, by, &moment(1));
        opened.map(|changed| changed.incident.title).unwrap_err()
    };
    let year = i64::try_from(limits::HAND_BACK_MAX.as_secs()).unwrap();
    let with_steps = |sop: Vec<String>| HandMade { sop, ..made() };
    let seen = |seconds| HandMade { seen_at: Some(at(seconds)), ..made() };
    for (made, code, word) in [
        (HandMade { title: "a\nb".into(), ..made() }, "bad_character", "character 2 is U+000A"),
        (HandMade { title: "ok\u{202e}".into(), ..made() }, "bad_character", "U+202E"),
        (HandMade { text: "\u{1b}[2J".into(), ..made() }, "bad_character", "U+001B"),
        (with_steps(vec!["Go".into(), " ".into()]), "empty_text", "step 2"),
        (with_steps(vec!["x".repeat(501)]), "text_too_long", "step 1"),
        (with_steps(vec!["\0".into()]), "bad_character", "step 1"),
        (with_steps((0..101).map(|n| n.to_string()).collect()), "too_many", "101 steps"),
        (seen(1 + 61), "bad_time", "366 days"),
        (seen(-year), "bad_time", "366 days"),
        (HandMade { evidence: finding("f", "r", "", 90).evidence, ..made() }, "bad_time", "now"),
    ] {
        let found = refused(made);
        assert_eq!(found.code, code, "{found:?}");
        assert!(found.message.contains(word), "{found:?}");
    }
    let fine = HandMade { sop: vec!["Go there\nand look".into()], ..seen(-year + 2) };
    assert!(open_by_hand(&organisation(), fine, by, &moment(1)).is_ok());
    let comment = Act::Comment { text: "done\u{7}".into() };
    assert_eq!(act(&opened(), &comment, by, at(1), None).unwrap_err().code, "bad_character");
}

/// What the history alone says: state, owner, disposition and ticked steps.
fn retold(incident: &Incident) -> (IncidentState, Owner, Option<Disposition>, Vec<u16>) {
    let mut now = (IncidentState::New, Owner::Team(team("soc")), None, Vec::new());
    for entry in &incident.timeline {
        match &entry.act {
            TimelineAct::State { from, to } => {
                assert_eq!(*from, now.0);
                let was_done = matches!(from, IncidentState::Resolved | IncidentState::Closed);
                let is_done = matches!(to, IncidentState::Resolved | IncidentState::Closed);
                if was_done && !is_done {
                    now.2 = None;
                }
                now.0 = *to;
            }
            TimelineAct::Owner { from, to } => {
                assert_eq!(*from, now.1);
                now.1 = to.clone();
            }
            TimelineAct::Disposition { disposition, .. } => now.2 = Some(*disposition),
            TimelineAct::Step { step } => now.3.push(*step),
            TimelineAct::Opened { .. }
            | TimelineAct::Offered { .. }
            | TimelineAct::OfferEnded { .. }
            | TimelineAct::Snoozed { .. }
            | TimelineAct::Woken { .. }
            | TimelineAct::Milestone { .. }
            | TimelineAct::MergedInto { .. }
            | TimelineAct::Merged { .. }
            | TimelineAct::Folded { .. }
            | TimelineAct::FindingWithdrawn { .. }
            | TimelineAct::Comment { .. }
            | TimelineAct::Escalated { .. }
            | TimelineAct::CalledAgain { .. }
            | TimelineAct::Notified { .. } => {}
        }
    }
    now.3.sort_unstable();
    now
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        Just(Act::Acknowledge),
        Just(Act::Start),
        Just(Act::Close),
        Just(resolve()),
        Just(reopen()),
        Just(Act::Comment { text: "hm".into() }),
        Just(Act::Assign { to: Owner::Team(team("soc")) }),
        Just(Act::Assign { to: Owner::Person(person("ben")) }),
        (0..3_u16).prop_map(|step| Act::TickStep { step }),
        Just(Act::Offer { to: Owner::Team(team("guards")), note: None }),
        Just(Act::Offer { to: Owner::Person(person("ben")), note: Some("see the door".into()) }),
        Just(Act::Accept),
        Just(Act::Decline { reason: Some("not mine".into()) }),
        Just(Act::Decline { reason: None }),
        (1..100_i64).prop_map(|secs| Act::Snooze { until: at(secs), reason: "later".into() }),
        Just(Act::Wake),
        Just(Act::Mark { milestone: Milestone::Dispatched }),
        Just(Act::Mark { milestone: Milestone::Clear }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 128,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn after_any_acts_there_is_one_owner_and_a_complete_history(
        script in proptest::collection::vec((0..3_usize, any_act()), 0..40),
    ) {
        let people = [person("ana"), person("ben")];
        let mut incident = opened();
        for (number, (who, done)) in script.into_iter().enumerate() {
            let id = ["ana", "ben", "robot"].get(who).unwrap();
            let by = By { id, person: people.get(who) };
            let now: Timestamp = at(i64::try_from(number).unwrap());
            if let Some(changed) = expire(&incident, now) {
                // Time alone gives an incident to nobody else.
                prop_assert_eq!(&changed.incident.owner, &incident.owner);
                prop_assert_eq!(expire(&changed.incident, now), None);
                incident = changed.incident;
            }
            let offers = allowed(&incident, by, now);
            let offer = offers.iter().find(|offer| offer.action == done.action()).unwrap();
            match act(&incident, &done, by, now, Some(incident.version)) {
                Ok(changed) => {
                    let after = changed.incident;
                    prop_assert!(offer.allowed, "{:?} was done but not offered", done);
                    prop_assert_eq!(after.version, incident.version + 1);
                    prop_assert!(after.changed_at >= incident.changed_at);
                    prop_assert!(after.timeline.len() > incident.timeline.len());
                    prop_assert!(after.timeline.starts_with(&incident.timeline));
                    prop_assert_eq!(changed.audit.at, now);
                    let ticked: Vec<u16> = (0_u16..)
                        .zip(&after.sop)
                        .filter_map(|(n, step)| step.done.is_some().then_some(n))
                        .collect();
                    let owner = after.owner.clone();
                    let told = (after.state, owner, after.disposition, ticked);
                    prop_assert_eq!(retold(&after), told);
                    // From the first claim on, work is only done under a person's name.
                    if matches!(done, Act::Acknowledge | Act::Start) {
                        prop_assert!(matches!(after.owner, Owner::Person(_)));
                    }
                    incident = after;
                }
                Err(refused) => {
                    prop_assert!(!refused.code.is_empty() && !refused.message.is_empty());
                    if let Some(refusal) = &offer.refusal {
                        prop_assert_eq!(refusal, &refused);
                    }
                    // Only what an act says itself can be wrong with an offered action.
                    let by_content = [
                        "already_owner", "no_such_step", "already_done", "in_the_past",
                        "milestone_passed", "nobody_went",
                    ];
                    prop_assert!(!offer.allowed || by_content.contains(&refused.code));
                }
            }
        }
        let offers = allowed(&incident, By { id: "x", person: None }, at(0));
        prop_assert_eq!(offers.len(), Action::ALL.len());
    }
}
