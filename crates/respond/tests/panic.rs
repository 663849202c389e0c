//! A silent call for help is never refused, reaches guards, and asks for its reason afterwards.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use common::{at, finding, moment, organisation, person, rule_info, team};
use model::ids::{AssetId, Entity, PlaceId};
use model::incident::{Incident, IncidentState, Owner, TimelineAct};
use model::{Disposition, Level};
use respond::{
    Act, Book, By, Crew, FoldPolicy, PanicCall, Routing, act, called_before, open_by_panic,
};

fn place(id: &str) -> PlaceId {
    PlaceId::parse(id).unwrap()
}

fn call() -> PanicCall {
    PanicCall { by: "op-1".into(), name: "Ria".into(), ..PanicCall::default() }
}

fn crew(name: &str, sites: Option<&[&str]>) -> Crew {
    let sites = sites.map(|sites| sites.iter().map(|site| place(site)).collect());
    Crew { sites, team: team(name) }
}

fn raised(call: &PanicCall, crews: &[Crew]) -> (Incident, Routing) {
    let (changed, routing) =
        open_by_panic(&organisation(), call, (crews, &team("soc")), &moment(0));
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
    assert_eq!(incident.title, "Panic: place unknown");
    // The thing tells where, else the badge.
    let pc = PanicCall { asset: Some(AssetId::parse("pc-1").unwrap()), ..nowhere.clone() };
    let (incident, _) = raised(&pc, &[]);
    assert_eq!((incident.site, incident.title), (Some(place("hq")), "Panic: lab".to_owned()));
    let badge = PanicCall { last_known: Some(place("lab")), ..call() };
    let (incident, _) = raised(&badge, &[]);
    assert!(incident.because.contains("near lab, by their badge"), "{}", incident.because);
    assert_eq!(incident.entities, [Entity::Place(place("lab"))].into());
    let long = PanicCall { name: "x".repeat(10_000), ..call() };
    assert!(raised(&long, &[]).0.because.len() < 400);
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
