//! The demo organisation through the shipped mappings and rules: an ordinary day holds nothing to
//! find, and each story is found.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use engine::offline::{Content, ReplayRequest, ReplaySummary};
use engine::respond::{Book, FoldPolicy, Moment, RuleInfo};
use model::finding::{Finding, FindingState};
use model::ids::{IncidentId, TeamId};
use model::{Organisation, Timestamp};

const DAY_S: i64 = 86_400;

fn demo_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo")
}

/// Monday, 07:00 UTC, two to nine days ago: syslog of the old kind names no year, so a day that is
/// read from files must be a recent one.
fn monday() -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let day = i64::try_from(now).unwrap() / DAY_S - 2;
    // 1970-01-01 was a Thursday.
    let since_monday = (day + 3).rem_euclid(7);
    Timestamp::from_secs((day - since_monday) * DAY_S + 7 * 3_600)
}

/// What a run came to.
#[derive(Debug, PartialEq, Eq)]
struct Came {
    rules: BTreeSet<String>,
    incidents: usize,
}

/// The shipped content, read once.
fn content() -> Content {
    engine::offline::content(None).ok().unwrap()
}

/// Plays a script for `length` from `start` through the kernels, in virtual time; what is found is
/// folded in the order in which it is found, as the desk does it.
fn play(
    content: &Content,
    script: sim::Script,
    (seed, start, length): (u64, Timestamp, Duration),
) -> (Came, ReplaySummary) {
    let (organisation, _) = engine::offline::organisation(&demo_folder()).unwrap();
    let organisation = organisation.unwrap();
    let mut sim = sim::Sim::new(seed, &organisation, script, start).unwrap();
    let records = sim.events_between(start, start.plus(length));
    let folder = tempfile::tempdir().unwrap();
    let mut sources = Vec::new();
    for (name, bytes) in sim::files::by_source(&records) {
        let file = folder.path().join(&name);
        fs::write(&file, bytes).unwrap();
        sources.push((name.split('.').next().unwrap().to_owned(), file));
    }
    let (mappings, from, to) = (Vec::new(), None, None);
    let request = ReplayRequest { mappings, sources, from, to, provisional: true };
    let mut out = Vec::new();
    let summary = engine::offline::replay_telling(
        content,
        organisation.clone(),
        &request,
        (&mut out, &|_| ()),
    )
    .unwrap();
    let findings = String::from_utf8(out).unwrap();
    (fold(&organisation, &findings), summary)
}

fn fold(organisation: &Organisation, findings: &str) -> Came {
    let policy = FoldPolicy::for_organisation(organisation);
    let rule = RuleInfo { team: TeamId::parse("guard").unwrap(), sop: Vec::new() };
    let mut book = Book::default();
    let mut stands = BTreeMap::new();
    for (number, line) in findings.lines().enumerate() {
        let finding: Finding = serde_json::from_str(line).unwrap();
        let new_id = IncidentId::parse(&format!("i-{number}")).unwrap();
        let moment = Moment { now: finding.time, new_id };
        let outcome = book.fold((&policy, organisation), &finding, &rule, &moment);
        if let Some(changed) = outcome.changed() {
            book.apply(changed.incident.clone());
        }
        for superseded in &finding.supersedes {
            stands.remove(superseded);
        }
        match finding.state {
            FindingState::Withdrawn => stands.remove(&finding.id),
            FindingState::Provisional | FindingState::Confirmed => {
                stands.insert(finding.id, finding.rule.to_string())
            }
        };
    }
    Came { rules: stands.into_values().collect(), incidents: book.iter().count() }
}

#[test]
fn ordinary_days_hold_nothing_to_find() {
    let (content, day) = (content(), Duration::from_secs(24 * 3_600));
    for (seed, start) in [(1, monday()), (20, monday().plus(2 * day))] {
        let script = sim::demo::script(Some("quiet")).unwrap();
        let (came, summary) = play(&content, script, (seed, start, day));
        assert_eq!(came, Came { rules: BTreeSet::new(), incidents: 0 }, "{seed} {start}");
        assert_eq!(summary.rejected, 0, "{seed} {start}: {summary}");
        // Addresses of the wide world are nobody's; everything else is somebody's or something's.
        let unresolved: Vec<_> = summary.unresolved.keys().filter(|kind| *kind != "ip").collect();
        assert!(unresolved.is_empty(), "{seed} {start}: {summary}");
        assert!(summary.events > 20_000, "{seed} {start}: {summary}");
    }
}

#[test]
fn each_story_raises_what_it_says_and_nothing_else() {
    let content = content();
    for (seed, hour) in [(1, 0), (42, 17)] {
        let start = monday().plus(Duration::from_secs(hour * 3_600));
        for (name, _) in sim::demo::STORIES.iter().filter(|(name, _)| *name != "quiet") {
            let script = sim::demo::script(Some(name)).unwrap();
            let expect = script.stories().first().unwrap().expect.clone();
            let (came, summary) = play(&content, script, (seed, start, expect.within));
            let said = Came { rules: expect.rules, incidents: expect.incidents };
            assert_eq!(came, said, "{name}, seed {seed}, {start}");
            assert_eq!(summary.rejected, 0, "{name}: {summary}");
        }
    }
}

/// Told together, no story hides another or makes a third.
#[test]
fn all_stories_together_raise_what_they_say() {
    let script = sim::demo::script(None).unwrap();
    let expects = || script.stories().iter().map(|story| &story.expect);
    let rules = expects().flat_map(|expect| expect.rules.clone()).collect();
    let incidents = expects().map(|expect| expect.incidents).sum();
    let length = Duration::from_secs(35 * 60);
    let (came, _) = play(&content(), script.clone(), (1, monday(), length));
    assert_eq!(came, Came { rules, incidents });
}
