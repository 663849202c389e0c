//! The golden matrix, the fences of sites, and what does not load.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use access::{Action, At, Code, Grant, PolicyFile, Reach, Rights, Role};
use model::PlaceId;
use proptest::prelude::*;

const SHIPPED: &str = include_str!("../../../content/policies/operators.cedar");
const GOLDEN: &str = "../../schema/rights.txt";

fn file(path: &str, text: &str) -> PolicyFile {
    PolicyFile { path: path.into(), text: text.into() }
}

fn shipped() -> Rights {
    let (rights, problems) = Rights::load(&[file("policies/operators.cedar", SHIPPED)]);
    assert!(problems.is_empty(), "{problems:?}");
    rights.unwrap()
}

fn site(text: &str) -> PlaceId {
    PlaceId::parse(text).unwrap()
}

fn at_hkg(role: Role) -> Grant {
    Grant { role, sites: Some(BTreeSet::from([site("hkg")])) }
}

/// One line for each action; in each column what a role may do with it: everywhere, and as a role
/// of one site with a thing of no site, of its own site, of another one, of an unknown one.
fn matrix(rights: &Rights) -> String {
    let mut text = String::from(
        "# Written by the tests of `access` (UPDATE=1). Who may do what, by the shipped policies.\n\
         # all: a role of the whole organisation. Then a role of one site: n with a thing of no\n\
         # site, o of its own site, f of a foreign site, u of a site nobody knows. `-`: may not.\n",
    );
    let _ = write!(text, "{:18}", "");
    for role in Role::ALL {
        let _ = write!(text, " {:14}", role.as_str());
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    let (own, foreign) = (site("hkg"), site("hq"));
    for action in Action::ALL {
        let _ = write!(text, "{:18}", action.as_str());
        for role in Role::ALL {
            let scoped = [at_hkg(role)];
            let everywhere = [Grant { role, sites: None }];
            let mut cell = String::new();
            let places = [At::Nowhere, At::Site(&own), At::Site(&foreign), At::Unknown];
            let whole = places.map(|at| rights.decide(&everywhere, *action, at).is_ok());
            assert!(whole.iter().all(|may| *may == whole[0]), "a whole role knows no fences");
            cell.push_str(if whole[0] { "all " } else { "-   " });
            for (letter, at) in ["n", "o", "f", "u"].into_iter().zip(places) {
                let may = rights.decide(&scoped, *action, at).is_ok();
                cell.push_str(if may { letter } else { "-" });
            }
            let _ = write!(text, " {cell:14}");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

#[test]
fn the_matrix_of_roles_and_actions_is_the_committed_one() {
    let found = matrix(&shipped());
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(GOLDEN, &found).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap();
    assert!(found == golden, "rights have changed; read this aloud, then UPDATE=1:\n{found}");
}

#[test]
fn every_refusal_says_what_would_do() {
    let rights = shipped();
    let refusal = |grants: &[Grant], action, at| rights.decide(grants, action, at).unwrap_err();
    let nobody = refusal(&[], Action::IncidentRead, At::Nowhere);
    assert_eq!(nobody.code, Code::NoRole);
    let guard = [Grant { role: Role::Guard, sites: None }];
    let raw = refusal(&guard, Action::EventRaw, At::Nowhere);
    assert_eq!(
        raw.to_string(),
        "your role guard does not let you read what sources said, word by word; analyst or \
         engineer may"
    );
    let hq = site("hq");
    let fenced = refusal(&[at_hkg(Role::Guard)], Action::IncidentOperate, At::Site(&hq));
    assert_eq!(fenced.code, Code::Site);
    assert_eq!(fenced.to_string(), "your role guard does not reach the site `hq`");
    let unknown = refusal(&[at_hkg(Role::Guard)], Action::IncidentOperate, At::Unknown);
    assert_eq!(unknown.code, Code::Site);
    let lone = refusal(&[at_hkg(Role::Administrator)], Action::OperatorManage, At::Nowhere);
    assert_eq!(lone.code, Code::Everywhere);
}

#[test]
fn the_refusal_nearest_to_a_grant_is_told() {
    let grants = [at_hkg(Role::Auditor), at_hkg(Role::Guard)];
    let hq = site("hq");
    let found = shipped().decide(&grants, Action::IncidentOperate, At::Site(&hq)).unwrap_err();
    assert_eq!(found.code, Code::Site);
}

#[test]
fn reach_is_the_sum_of_all_roles() {
    let rights = shipped();
    let guard = at_hkg(Role::Guard);
    let auditor = Grant { role: Role::Auditor, sites: Some([site("hq")].into()) };
    let both = [guard, auditor];
    let read = rights.reach(&both, Action::IncidentRead);
    assert_eq!(read, Reach::Sites([site("hkg"), site("hq")].into()));
    let operate = rights.reach(&both, Action::IncidentOperate);
    assert_eq!(operate, Reach::Sites([site("hkg")].into()));
    let whole = [Grant { role: Role::Guard, sites: None }];
    assert_eq!(rights.reach(&whole, Action::IncidentRead), Reach::Everywhere);
    assert_eq!(rights.reach(&[], Action::IncidentRead), Reach::Sites(BTreeSet::new()));
}

/// Problems of the shipped policies with one more file.
fn problems(text: &str) -> Vec<String> {
    let files = [file("policies/operators.cedar", SHIPPED), file("policies/own.cedar", text)];
    let (rights, problems) = Rights::load(&files);
    assert!(rights.is_none());
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let role = "\n@id(\"x\")\npermit (principal == Role::\"gaurd\", action, resource);";
    let found = problems(role);
    assert!(found[0].starts_with("policies/own.cedar:2:1: error:"), "{found:?}");
    assert!(found[0].contains("gaurd"), "{found:?}");
    let action = "@id(\"x\")\npermit (principal, action == Action::\"fly\", resource);";
    assert!(problems(action)[0].contains("fly"));
    let attribute = "@id(\"x\")\nforbid (principal, action, resource) when { resource.owner };";
    assert!(problems(attribute)[0].contains("owner"));
    let syntax = "@id(\"x\")\npermit (principal, action resource);";
    assert!(problems(syntax)[0].starts_with("policies/own.cedar:2:27"), "{:?}", problems(syntax));
    let nameless = "permit (principal, action, resource);";
    assert!(problems(nameless)[0].contains("@id"));
    let twice = "@id(\"guard\")\npermit (principal, action, resource);";
    assert!(problems(twice)[0].contains("two policies `guard`"));
}

#[test]
fn a_policy_of_the_house_forbids_and_is_named() {
    let own = "@id(\"no-exports\")\nforbid (principal, action == Action::\"export\", resource);";
    let files = [file("policies/operators.cedar", SHIPPED), file("policies/own.cedar", own)];
    let (rights, problems) = Rights::load(&files);
    assert!(problems.is_empty(), "{problems:?}");
    let analyst = [Grant { role: Role::Analyst, sites: None }];
    let found = rights.unwrap().decide(&analyst, Action::Export, At::Nowhere).unwrap_err();
    assert_eq!((found.code, found.policy.as_deref()), (Code::Policy, Some("no-exports")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// A question to the slice gets the answer of the whole set, whatever house policies say.
    #[test]
    fn slices_answer_as_the_whole(
        role in 0_usize..5, action in 0_usize..22, scope in 0_usize..3, at in 0_usize..4,
        head in 0_usize..6,
    ) {
        let head = [
            "@id(\"h\") forbid (principal == Role::\"guard\", action, resource);",
            "@id(\"h\") permit (principal in Role::\"auditor\", action, resource);",
            "@id(\"h\") forbid (principal is Role, action == Action::\"export\", resource);",
            "@id(\"h\") permit (principal is Role in Role::\"guard\", action, resource) \
             when { context.everywhere };",
            "@id(\"h\") forbid (principal, action in [Action::\"query.sql\", \
             Action::\"incident.read\"], resource) unless { resource.sited };",
            "",
        ][head];
        let files = [file("a", SHIPPED), file("b", head)];
        let (rights, problems) = Rights::load(&files);
        prop_assert!(problems.is_empty(), "{:?}", problems);
        let rights = rights.unwrap();
        let (hkg, hq) = (site("hkg"), site("hq"));
        let scopes = [None, Some(BTreeSet::from([hkg.clone()])), Some(BTreeSet::new())];
        let sites = scopes[scope].clone();
        let at = [At::Nowhere, At::Site(&hkg), At::Site(&hq), At::Unknown][at];
        let grant = Grant { role: Role::ALL[role], sites };
        let action = Action::ALL[action];
        let whole = rights.decide_unsliced(&grant, action, at);
        prop_assert_eq!(rights.decide(&[grant], action, at).is_ok(), whole);
    }
}

#[test]
fn a_decision_costs_little() {
    let rights = shipped();
    let guard = [at_hkg(Role::Guard)];
    let hkg = site("hkg");
    let began = std::time::Instant::now();
    for _ in 0..1_000 {
        rights.decide(&guard, Action::IncidentOperate, At::Site(&hkg)).unwrap();
    }
    let each = began.elapsed() / 1_000;
    assert!(each < std::time::Duration::from_millis(1), "{each:?} for one decision");
    println!("{each:?} for one decision");
}
