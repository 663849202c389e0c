//! A silent call for help is never refused, reaches guards, and asks for its reason afterwards.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod common;

use common::{at, finding, moment, organisation, person, rule_info, team};
use model::ids::{AssetId, Entity, PlaceId};
use model::incident::{Incident, IncidentState, Owner, TimelineAct};
use model::{Disposition, Level};
use respond::{
    Act, Book, By, Channel, ChannelKind, Crew, FoldPolicy, PROCEDURE, PanicCall, Routing, Watch,
    act, call_again, called_before, escalate, escalation_due, notices, open_by_panic,
};

fn place(id: &str) -> PlaceId {
    PlaceId::parse(id).unwrap()
}

fn call() -> PanicCall {
    PanicCall { by: "op-1".into(), name: "Ria".into(), ..PanicCall::default() }
}

fn crew(name: &str, sites: Option<&[&str]>) -> Crew {
    let sites = sites.map(|sites| sites.iter().map(|site| place(site)).collect());
    Crew { sites, team: Some(team(name)), is_guard: true, is_on_duty: true }
}

fn watch(crews: &[Crew]) -> Watch {
    Watch { crews: crews.to_vec(), default_team: team("soc") }
}

fn raised(call: &PanicCall, crews: &[Crew]) -> (Incident, Routing) {
    let (changed, routing) = open_by_panic(&organisation(), call, &watch(crews), &moment(0));
    assert_eq!(changed.audit.verb, "panic.raise");
    (changed.incident, routing)
}

#[test]
fn the_nearest_guards_answer_and_somebody_always_does() {
    let (all, near, far) =
        (crew("all", None), crew("near", Some(&["hq"])), crew("far", Some(&["annex"])));
    let at_hq = PanicCall { place: Some(place("d-lab")), ..call() };
    let from_annex = PanicCall { own_site: Some(place("annex")), ..at_hq.clone() };
    let lost = call();
    let crews = |crews: &[&Crew]| crews.iter().map(|one| (*one).clone()).collect::<Vec<_>>();
    for (call, teams, owner, routing) in [
        (&at_hq, crews(&[&all, &far, &near]), "near", Routing::SiteGuards),
        (&at_hq, crews(&[&far, &all]), "all", Routing::SiteGuards),
        (&from_annex, crews(&[&far]), "far", Routing::OwnSiteGuards),
        (&at_hq, crews(&[&far]), "far", Routing::OtherGuards),
        (&lost, crews(&[&near]), "near", Routing::OtherGuards),
        (&lost, crews(&[]), "soc", Routing::DefaultTeam),
    ] {
        let (incident, found) = raised(call, &teams);
        assert_eq!((&incident.owner, found), (&Owner::Team(team(owner)), routing), "{call:?}");
        assert!(
            incident.because.contains(&format!("told: team {owner}, ")),
            "{}",
            incident.because
        );
        assert_eq!((incident.level, incident.state), (Level::Critical, IncidentState::New));
        assert!(incident.reason_owed);
    }
}

#[test]
fn what_is_named_and_unknown_is_left_out_and_said() {
    let nowhere = PanicCall {
        place: Some(place("nowhere")),
        asset: Some(AssetId::parse("nothing").unwrap()),
        person: Some(person("nobody")),
        ..call()
    };
    let (incident, _) = raised(&nowhere, &[]);
    assert!(incident.entities.is_empty());
    assert!(incident.because.contains("the place nowhere is not known"), "{}", incident.because);
    assert!(incident.because.contains("the thing nothing is not known"), "{}", incident.because);
    assert_eq!(incident.title, "Panic: Ria, place unknown");
    // The thing tells where, else the badge.
    let pc = PanicCall { asset: Some(AssetId::parse("pc-1").unwrap()), ..nowhere.clone() };
    let (incident, _) = raised(&pc, &[]);
    assert_eq!(incident.site, Some(place("hq")));
    assert_eq!(incident.title, "Panic: Ria, lab, hq");
    assert!(incident.because.contains("at pc-1 in lab, hq"), "{}", incident.because);
    let homely = PanicCall { own_site: Some(place("hq")), ..call() };
    assert_eq!(raised(&homely, &[]).0.title, "Panic: Ria, place unknown, belongs to hq");
    let badge = PanicCall { last_known: Some(place("lab")), ..call() };
    let (incident, _) = raised(&badge, &[]);
    assert!(incident.because.contains("near lab, hq, by their badge"), "{}", incident.because);
    assert_eq!(incident.entities, [Entity::Place(place("lab"))].into());
    let long = PanicCall { name: "x".repeat(10_000), ..call() };
    let (incident, _) = raised(&long, &[]);
    assert!(incident.because.len() < 400 && incident.title.chars().count() <= 200);
}

#[test]
fn whoever_comes_to_help_knows_whom_they_reach_how_and_what_is_to_be_done() {
    let numbers: Vec<String> = (0..9).map(|n| format!("+999 {n}")).collect();
    let steps = vec!["Look at the camera.".to_owned(), "Send two guards.".to_owned()];
    let ria = PanicCall {
        person: Some(person("ria")),
        phones: numbers.clone(),
        procedure: steps.clone(),
        ..call()
    };
    let (incident, _) = raised(&ria, &[]);
    let called = incident.handling.call.clone().unwrap();
    assert_eq!((called.person, called.phones.as_slice()), (Some(person("ria")), &numbers[..4]));
    let texts: Vec<&str> = incident.sop.iter().map(|step| step.text.as_str()).collect();
    assert_eq!(texts, steps);
    assert!(incident.sop.iter().all(|step| step.asked_by.is_empty() && step.done.is_none()));
    // Ours, where the house has none: its longest step is one that could be written by hand.
    assert!(PROCEDURE.iter().all(|step| !step.is_empty() && step.chars().count() < 500));
}

#[test]
fn pressing_again_joins_the_first_call_and_says_where_they_are_now() {
    let organisation = organisation();
    let (first, _) = raised(&call(), &[crew("near", Some(&["hq"]))]);
    let moved = PanicCall { place: Some(place("d-lab")), ..call() };
    let press = |held: &Incident, call: &PanicCall, seconds| {
        call_again(&organisation, held, call, at(seconds)).map(|changed| {
            assert_eq!(changed.audit.verb, "panic.again");
            changed.incident
        })
    };
    assert_eq!(press(&first, &moved, 19), None, "the same press, which came twice");
    let again = press(&first, &moved, 20).unwrap();
    assert_eq!((&again.id, again.version), (&first.id, 2));
    assert_eq!(again.entities, [Entity::Place(place("d-lab"))].into());
    let TimelineAct::CalledAgain { text } = &again.timeline[1].act else { panic!("{again:?}") };
    assert_eq!(text, "at d-lab, hq");
    assert!(again.reason_owed && again.owner == first.owner);
    // What is read first is where they are now.
    assert!(
        !first.title.contains("d-lab") && again.title.ends_with("d-lab, hq"),
        "{}",
        again.title
    );
    assert!(again.because.ends_with("; called again at d-lab, hq"), "{}", again.because);
    // The newest press counts: what is pressed again and again stays one call.
    let book = Book::restore([again.clone()]);
    assert!(called_before(&book, "op-1", at(619)).is_some());
    assert!(called_before(&book, "op-1", at(620)).is_none());
    let mut held = again;
    for n in 2..400 {
        held = press(&held, &moved, n * 20).unwrap();
    }
    assert_eq!(held.handling.call.as_ref().unwrap().again.len(), 100);
    assert_eq!(held.because.matches("called again").count(), 1);
    // Others hear of it as they hear of a new call.
    let channel = Channel {
        id: "mail".into(),
        kind: ChannelKind::Email,
        level_min: Level::High,
        teams: Default::default(),
        on: Channel::usual_moments(),
    };
    let next = press(&held, &moved, 9_000).unwrap();
    let told = notices(Some(&held), &next, std::slice::from_ref(&channel), None);
    assert_eq!(told.len(), 1);
    assert!(told[0].subject.contains("CALLED AGAIN"), "{}", told[0].subject);
    assert!(told[0].body.contains("telephone none is known"), "{}", told[0].body);
}

#[test]
fn a_second_call_is_the_same_one_while_the_first_is_young_and_open() {
    let (incident, _) = raised(&call(), &[]);
    let book = Book::restore([incident.clone()]);
    let again = |book: &Book, by: &str, seconds| {
        called_before(book, by, at(seconds)).map(|found| found.id.to_string())
    };
    assert_eq!(again(&book, "op-1", 599), Some("i-000000".to_owned()));
    assert_eq!(again(&book, "op-2", 1), None, "somebody else");
    assert_eq!(again(&book, "op-1", 600), None, "too old");
    let ana = person("ana");
    let by = By { id: "op-9", person: Some(&ana) };
    let taken = act(&incident, &Act::Acknowledge, by, at(1), None).unwrap().incident;
    assert_eq!(again(&Book::restore([taken.clone()]), "op-1", 9), Some("i-000000".to_owned()));
    let resolve = Act::Resolve { disposition: Disposition::Test, reason: None };
    let done = act(&taken, &resolve, by, at(2), None).unwrap().incident;
    assert_eq!(again(&Book::restore([done]), "op-1", 9), None, "resolved");
}

#[test]
fn only_the_callers_own_words_give_the_reason() {
    let (incident, _) = raised(&call(), &[]);
    let say = |incident: &Incident, by: &str| {
        let comment = Act::Comment { text: "a man with a knife".into() };
        act(incident, &comment, By { id: by, person: None }, at(9), None).unwrap().incident
    };
    let other = say(&incident, "op-2");
    assert!(other.reason_owed);
    let own = say(&other, "op-1");
    assert!(!own.reason_owed);
    assert!(matches!(own.timeline[2].act, TimelineAct::Comment { .. }));
}

#[test]
fn no_finding_takes_a_call_over() {
    let at_lab = PanicCall { place: Some(place("d-lab")), ..call() };
    let (incident, _) = raised(&at_lab, &[crew("near", Some(&["hq"]))]);
    let book = Book::restore([incident.clone()]);
    let mut forced = finding("f1", "door-forced", "place:d-lab", 5);
    forced.level = Level::Critical;
    let organisation = organisation();
    let policy = FoldPolicy::default();
    let outcome = book.fold((&policy, &organisation), &forced, &rule_info(), &moment(6));
    let held = &outcome.changed().unwrap().incident;
    assert_eq!((&held.owner, &held.title), (&incident.owner, &incident.title));
    assert_eq!(held.handling.call, incident.handling.call);
}

#[test]
fn whom_one_site_hides_it_from_see_it_where_no_guard_of_that_site_is_there() {
    let (near, far) = (crew("near", Some(&["hq"])), crew("far", Some(&["annex"])));
    let asleep = Crew { is_on_duty: false, ..near.clone() };
    let analysts = Crew { is_guard: false, ..crew("desk", None) };
    let at_hq = PanicCall { place: Some(place("d-lab")), ..call() };
    let homely = PanicCall { own_site: Some(place("hq")), ..call() };
    for (call, crews, everywhere, owner) in [
        (&at_hq, vec![near.clone()], false, "near"),
        (&at_hq, vec![crew("all", None)], false, "all"),
        (&at_hq, vec![far.clone()], true, "far"),
        (&at_hq, vec![asleep.clone()], true, "near"),
        (&at_hq, vec![asleep.clone(), far.clone()], true, "far"),
        (&at_hq, vec![asleep.clone(), analysts.clone()], true, "desk"),
        (&at_hq, vec![], true, "soc"),
        (&call(), vec![near.clone(), far.clone()], true, "far"),
        (&homely, vec![near.clone(), far.clone()], true, "near"),
    ] {
        let (incident, _) = raised(call, &crews);
        assert_eq!(incident.handling.everywhere, everywhere, "{call:?} {crews:?}");
        assert_eq!(incident.owner, Owner::Team(team(owner)), "{call:?} {crews:?}");
        assert_eq!(incident.because.contains("at any site"), everywhere, "{}", incident.because);
    }
}

#[test]
fn a_call_that_nobody_acknowledges_goes_to_everybody_again_and_again_and_to_who_is_there() {
    let at_hq = PanicCall { place: Some(place("d-lab")), ..call() };
    let near = crew("near", Some(&["hq"]));
    let (mut incident, _) = raised(&at_hq, std::slice::from_ref(&near));
    assert_eq!(escalation_due(&incident), Some(at(60)));
    let there = watch(&[near, crew("far", Some(&["annex"]))]);
    assert_eq!(escalate(&incident, &there, at(59)), None);
    let mut told = Vec::new();
    while let Some(due) = escalation_due(&incident) {
        let changed = escalate(&incident, &there, due).unwrap();
        assert_eq!((changed.audit.verb.as_str(), changed.audit.at), ("incident.escalate", due));
        incident = changed.incident;
        assert!(incident.handling.everywhere);
        told.push(due);
    }
    assert_eq!(told, [at(60), at(180), at(420), at(900)]);
    assert_eq!(incident.owner, Owner::Team(team("near")), "they are there");
    // All of them went home: whoever is there has it.
    let (lost, _) = raised(&at_hq, &[crew("near", Some(&["hq"]))]);
    let gone = watch(&[crew("far", Some(&["annex"]))]);
    let moved = escalate(&lost, &gone, at(60)).unwrap().incident;
    assert_eq!(moved.owner, Owner::Team(team("far")));
    let acts: Vec<_> = moved.timeline.iter().map(|line| &line.act).collect();
    assert!(matches!(acts[1], TimelineAct::Escalated { step: 1 }), "{acts:?}");
    assert!(matches!(acts[2], TimelineAct::Owner { .. }), "{acts:?}");
    let nobody = escalate(&lost, &watch(&[]), at(60)).unwrap().incident;
    assert_eq!(nobody.owner, lost.owner, "nobody is there: it stays where it is");
    assert!(nobody.handling.everywhere);
    // Seen once, it waits no more; opened again, it waits anew.
    let ana = person("ana");
    let by = By { id: "op-9", person: Some(&ana) };
    let seen = act(&moved, &Act::Acknowledge, by, at(70), None).unwrap().incident;
    assert_eq!(escalation_due(&seen), None);
}

#[test]
fn whoever_it_was_assigned_to_unseen_loses_it_and_a_lesser_level_waits_for_ever() {
    let at_hq = PanicCall { place: Some(place("d-lab")), ..call() };
    let (mut incident, _) = raised(&at_hq, &[crew("near", Some(&["hq"]))]);
    incident.owner = Owner::Person(person("ana"));
    incident.handling.call = None;
    assert_eq!(escalation_due(&incident), Some(at(300)));
    let there = watch(&[crew("near", Some(&["hq"]))]);
    let moved = escalate(&incident, &there, at(300)).unwrap().incident;
    assert_eq!(moved.owner, Owner::Team(team("near")));
    incident.level = Level::High;
    assert_eq!(escalation_due(&incident), None);
}
