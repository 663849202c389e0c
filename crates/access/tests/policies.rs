//! Policies: the index against plain Cedar, what does not load, and what a change costs.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "common/cases.rs"]
mod cases;
mod common;
#[path = "common/policies.rs"]
mod random;

use access::PolicyFile;
use access::door::*;
use common::*;
use proptest::prelude::*;

#[test]
fn the_index_answers_as_plain_cedar() {
    let mut tally = random::Tally::new();
    for seed in 0..120 {
        let found = random::compare(seed, 40, &mut tally);
        assert!(found.is_ok(), "{}", found.unwrap_err());
    }
    // Every kind of answer was among them.
    for code in
        ["permitted", "no_policy", "forbidden", "policy_error", "always", "never", "as it comes"]
    {
        assert!(tally.get(code).is_some_and(|count| *count > 50), "{tally:?}");
    }
}

proptest! {
    #![proptest_config(cases::cases(30))]
    #[test]
    fn the_index_answers_as_plain_cedar_from_any_seed(seed in any::<u64>()) {
        let found = random::compare(seed, 20, &mut random::Tally::new());
        prop_assert!(found.is_ok(), "{}", found.unwrap_err());
    }
}

fn file(text: &str) -> PolicyFile {
    PolicyFile { path: "own.cedar".into(), text: text.into() }
}

/// What is wrong with a text, and proof that the running set went on.
fn refused(text: &str) -> String {
    let mut snapshot = house();
    let (before, version) = (snapshot.policies().len(), snapshot.version);
    let problems = snapshot.change_policies(&[Change::Put(file(text))]).unwrap_err();
    assert_eq!((snapshot.policies().len(), snapshot.version), (before, version));
    let asked = request(&["ana", "d-offices"]);
    assert!(decide(&snapshot, &asked, at("2026-11-23T09:00:00Z")).is_grant());
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_wrong_is_said_with_line_and_column_and_the_running_set_stays() {
    let begins = |text: &str, start: &str, says: &str| {
        let found = refused(text);
        assert!(found.starts_with(start), "{found}");
        assert!(found.contains(says), "{found}");
    };
    begins("@id(\"x\")\npermit (principal, action resource);", "own.cedar:2:27: error:", "");
    let head = "\n@id(\"x\")\npermit (principal, action, resource)\nwhen ";
    let bad = |condition: &str| format!("{head}{{ {condition} }};");
    begins(&bad("context.threat == Threat::\"hihg\""), "own.cedar:2:1: error:", "hihg");
    begins(&bad("context.thret == Threat::\"high\""), "own.cedar:2:1: error:", "thret");
    begins(&bad("principal.clearance == \"3\""), "own.cedar:2:1: error:", "");
    begins(&bad("context.device == Threat::\"high\""), "own.cedar:2:1: error:", "");
    begins("@id(\"x\")\nforbid (principal, action == Action::\"exit\", resource);", "own", "exit");
    begins("permit (principal, action, resource);", "own.cedar:1:1: error:", "@id");
    let slot = "@id(\"x\")\npermit (principal in ?principal, action, resource)\nwhen { 1 };";
    begins(slot, "own.cedar:1:1: error:", "");
}

#[test]
fn no_policy_can_speak_of_a_way_out() {
    assert!(
        refused("@id(\"x\")\nforbid (principal, action == Action::\"exit\", resource);")
            .contains("exit")
    );
    assert!(!SCHEMA.contains("action \"exit\""));
}

#[test]
fn two_of_one_name_and_links_to_nothing_do_not_load() {
    let text = "@id(\"x\")\npermit (principal, action, resource);\n";
    let files = [file(text), PolicyFile { path: "other.cedar".into(), text: text.into() }];
    let mut names = Names::default();
    let problems = Policies::load(&mut names, &files, &[]).unwrap_err();
    assert!(problems[0].to_string().contains("two policies `x`"), "{problems:?}");
    let mut snapshot = house();
    let link = |template: &str, principal: &str| {
        Change::Link(Link {
            id: "l".into(),
            template: template.into(),
            principal: Some(principal.into()),
            resource: Some("Zone::\"lab\"".into()),
        })
    };
    let mut wrong = |change: Change| {
        let problems = snapshot.change_policies(&[change]).unwrap_err();
        problems[0].to_string()
    };
    assert!(wrong(link("nothing", "Group::\"staff\"")).contains("no template `nothing`"));
    assert!(wrong(link("right-of-hours", "Grup::\"staff\"")).contains("Grup"));
    assert!(wrong(Change::Remove("nothing".into())).contains("no policy `nothing`"));
    snapshot.change_policies(&[link("right-of-hours", "Group::\"guests\"")]).unwrap();
    let kept = snapshot.change_policies(&[Change::Remove("right-of-hours".into())]);
    assert!(kept.unwrap_err()[0].to_string().contains("has 1 links"));
}

#[test]
fn a_link_is_a_right_and_ends_with_it() {
    let mut snapshot = house();
    let now = at("2026-11-23T09:00:00Z");
    let asked = request(&["vic", "d-library"]);
    assert!(!decide(&snapshot, &asked, now).is_grant());
    let right = Link {
        id: "r-17".into(),
        template: "right-of-hours".into(),
        principal: Some("Group::\"guests\"".into()),
        resource: Some("Zone::\"library\"".into()),
    };
    snapshot.change_policies(&[Change::Link(right)]).unwrap();
    let granted = decide(&snapshot, &asked, now);
    assert!(granted.is_grant());
    assert_eq!(&*granted.policies[0], "r-17");
    // A changed template changes its links.
    let stricter = "@id(\"right-of-hours\")\npermit (principal in ?principal, \
                    action == Action::\"enter\", resource in ?resource)\n\
                    when { principal.clearance > 5 };";
    snapshot.change_policies(&[Change::Put(file(stricter))]).unwrap();
    assert!(!decide(&snapshot, &asked, now).is_grant());
    snapshot.change_policies(&[Change::Remove("r-17".into())]).unwrap();
    assert!(!decide(&snapshot, &asked, now).is_grant());
}

#[test]
fn names_that_nothing_answers_to_are_told() {
    let mut snapshot = house();
    assert_eq!(snapshot.unknown_names(), []);
    let text = "@id(\"odd\")\npermit (principal in Group::\"enginers\", action, resource in \
                Zone::\"plan\") when { context.schedules.contains(Schedule::\"offce\") || \
                principal == Person::\"ann\" };";
    snapshot.change_policies(&[Change::Put(file(text))]).unwrap();
    let found: Vec<String> =
        snapshot.unknown_names().into_iter().map(|problem| problem.message).collect();
    assert_eq!(
        found,
        [
            "`odd` names the group `enginers`, which does not exist",
            "`odd` names the person `ann`, which does not exist",
            "`odd` names the schedule `offce`, which does not exist",
            "`odd` names the zone `plan`, which does not exist",
        ]
    );
}
