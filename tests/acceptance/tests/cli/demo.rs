//! `castellan demo`: its stories end as incidents, its quiet day in none.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::scratch::{Scratch, json_lines};

/// A broker on a free port; ended when dropped.
struct Broker {
    child: Child,
    port: u16,
}

impl Broker {
    /// Nothing where no broker is installed.
    fn start(scratch: &Scratch) -> Option<Self> {
        let program = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto"];
        let Some(program) = program.into_iter().find(|path| Path::new(path).exists()) else {
            println!("skipped the broker: mosquitto is not installed");
            return None;
        };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config =
            format!("listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n");
        scratch.write("mosquitto.conf", config);
        let mut command = Command::new(program);
        command.arg("-c").arg(scratch.path("mosquitto.conf"));
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let broker = Self { child, port };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(30), "the broker does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(broker)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the demo to its end; the incidents and what it said beside them.
fn demo(scratch: &Scratch, more: &[&str]) -> (Vec<Value>, String) {
    let args = ["--format", "json", "demo", "--http", "127.0.0.1:0", "--data", "data"];
    let running = scratch.start("demo", &[&args[..], more].concat());
    let code = running.wait();
    let said = scratch.read("demo.err");
    assert_eq!(code, 0, "{said}");
    let sent = said.lines().find(|line| line.starts_with("sent ")).unwrap_or_default();
    assert!(sent.contains(" 0 failed"), "{said}");
    (json_lines(&scratch.read("demo.out")), said)
}

/// The newest state of each incident, as the store has it.
fn incidents(scratch: &Scratch) -> Vec<Value> {
    let state = rusqlite::Connection::open(scratch.path("data/state.db")).unwrap();
    let mut query = state.prepare("SELECT payload FROM incidents").unwrap();
    let bodies = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
    bodies.map(|body| serde_json::from_str(&body.unwrap()).unwrap()).collect()
}

fn mentions(incident: &Value, list: &str, word: &str) -> bool {
    incident[list].as_array().is_some_and(|all| all.contains(&json!(word)))
}

/// Two minutes of the stories, six times as fast.
#[test]
fn three_stories_end_as_incidents_within_two_minutes() {
    let scratch = Scratch::new();
    let (printed, said) =
        demo(&scratch, &["--speed", "6", "--stop-after", "20s", "--mqtt", "127.0.0.1:9"]);
    let all = incidents(&scratch);
    for (rule, who) in [
        ("workstation-owner-elsewhere", "person:mf2003"),
        ("leaver-badge", "person:mf2041"),
        ("forced-while-camera-blind", "place:dc-d-dock"),
    ] {
        let of_rule = |incident: &&Value| mentions(incident, "rules", rule);
        assert!(printed.iter().chain(&all).any(|i| of_rule(&i)), "no {rule}:\n{said}\n{all:#?}");
        let incident = all.iter().find(of_rule).unwrap();
        assert!(mentions(incident, "entities", who), "{incident:#}");
        assert!(incident["owner"].is_object() || incident["owner"].is_string(), "{incident:#}");
        assert!(!incident["sop"].as_array().unwrap().is_empty(), "{incident:#}");
        let id = &incident["id"];
        assert!(printed.iter().any(|p| &p["id"] == id), "{id} was not told:\n{said}");
    }
    let camera = all.iter().find(|i| mentions(i, "rules", "forced-while-camera-blind")).unwrap();
    assert!(mentions(camera, "entities", "asset:dc-dock-camera"), "{camera:#}");
    let evidence = camera["evidence"].as_array().unwrap();
    assert!(evidence.len() >= 2, "the lost camera is no evidence: {camera:#}");
    assert_eq!(camera["level"], "critical", "{camera:#}");
    assert_eq!(camera["owner"], json!({"kind": "team", "id": "guard"}), "{camera:#}");
    let is_told = |p: &&Value| p["id"] == camera["id"] && p["title"] == camera["title"];
    assert!(printed.iter().any(|p| is_told(&p)), "the forced door was not told:\n{said}");
}

/// What a server concluded for good, a replay of its data folder concludes again, with the same
/// ids; what it adds is what the server had not yet concluded when it was stopped.
#[test]
fn the_lake_replayed_says_what_was_said_live() {
    let scratch = Scratch::new();
    demo(&scratch, &["--speed", "60", "--stop-after", "32s", "--mqtt", "127.0.0.1:9"]);
    let state = rusqlite::Connection::open(scratch.path("data/state.db")).unwrap();
    let mut query = state.prepare("SELECT id, rule, state FROM findings").unwrap();
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)));
    let live: BTreeMap<String, (String, String)> =
        query.query_map([], row).unwrap().map(Result::unwrap).collect();
    let ran = scratch.run(&["replay", "--data", "data", "--out", "found.ndjson"]).ends(0);
    let replayed: BTreeSet<String> = json_lines(&scratch.read("found.ndjson"))
        .iter()
        .map(|finding| finding["finding"].as_str().unwrap().to_owned())
        .collect();
    let confirmed = live.iter().filter(|(_, (_, state))| state == "confirmed");
    let confirmed: BTreeSet<String> = confirmed.map(|(id, _)| id.clone()).collect();
    assert!(confirmed.len() >= 5, "hardly anything was found: {live:#?}");
    let rules: BTreeSet<&String> =
        confirmed.iter().filter_map(|id| live.get(id)).map(|(rule, _)| rule).collect();
    assert!(rules.contains(&"forced-while-camera-blind".to_owned()), "{rules:?}");
    let missed: Vec<_> = confirmed.difference(&replayed).filter_map(|id| live.get(id)).collect();
    assert!(missed.is_empty(), "not found again: {missed:?}\n{}", ran.stderr);
    let withdrawn = live.iter().filter(|(_, (_, state))| state == "withdrawn");
    let kept: Vec<_> = withdrawn.filter(|(id, _)| replayed.contains(*id)).collect();
    assert!(kept.is_empty(), "found although it was overturned: {kept:?}");
    let known = |id: &&String| live.contains_key(*id);
    let more = replayed.iter().filter(|id| !known(id)).count();
    assert!(more <= replayed.len() / 4, "{more} of {} were never said live", replayed.len());
}

/// A correlation that asks where somebody was is told live, and a replay of the lake tells the same
/// with the same id.
#[test]
fn what_hangs_on_presence_is_told_live_as_a_replay_tells_it() {
    let scratch = Scratch::new();
    let args = ["--story", "mfa-fatigue", "--speed", "150", "--stop-after", "25s"];
    let (_, said) = demo(&scratch, &[&args[..], &["--mqtt", "127.0.0.1:9"]].concat());
    let rule = "pushes-then-session-while-inside";
    let all = incidents(&scratch);
    let incident = all.iter().find(|one| mentions(one, "rules", rule));
    let incident = incident.unwrap_or_else(|| panic!("no {rule}:\n{said}\n{all:#?}"));
    assert!(mentions(incident, "rules", "mfa-fatigue-accepted"), "{incident:#}");
    let state = rusqlite::Connection::open(scratch.path("data/state.db")).unwrap();
    let mut query = state.prepare("SELECT id, state FROM findings WHERE rule = ?1").unwrap();
    let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let live: Vec<(String, String)> =
        query.query_map([rule], row).unwrap().map(Result::unwrap).collect();
    assert_eq!(live.len(), 1, "{live:?}");
    assert_eq!(live[0].1, "confirmed", "its window has ended: {live:?}");
    scratch.run(&["replay", "--data", "data", "--out", "found.ndjson"]).ends(0);
    let replayed: Vec<String> = json_lines(&scratch.read("found.ndjson"))
        .iter()
        .filter(|one| one["rule"] == rule)
        .map(|one| one["finding"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(replayed, [live[0].0.clone()]);
}

/// Hours of an ordinary day at the highest speed, cameras through a broker: nothing to find.
#[test]
fn a_quiet_day_raises_nothing() {
    let scratch = Scratch::new();
    let broker = Broker::start(&scratch);
    let mqtt = format!("127.0.0.1:{}", broker.as_ref().map_or(9, |broker| broker.port));
    let args = ["--quiet", "--speed", "600", "--stop-after", "20s", "--mqtt", &mqtt];
    let (printed, said) = demo(&scratch, &args);
    let loud: Vec<&Value> = printed.iter().filter(|i| i["level"] != "informational").collect();
    assert!(loud.is_empty(), "{loud:#?}\n{said}");
    let sql = "SELECT count(*) AS n FROM events";
    let ran = scratch.run(&["--format", "json", "query", sql, "--data", "data"]).ends(0);
    assert!(ran.lines()[0]["n"].as_u64().unwrap() > 50, "nothing happened:\n{said}");
    if broker.is_some() {
        let sql = "SELECT count(*) AS n FROM events WHERE mapping = 'frigate'";
        let ran = scratch.run(&["--format", "json", "query", sql, "--data", "data"]).ends(0);
        assert!(ran.lines()[0]["n"].as_u64().unwrap() > 0, "nothing came by the broker:\n{said}");
        assert!(said.contains(" 0 had no broker"), "{said}");
    }
}

#[test]
fn the_stories_are_listed_with_what_each_must_raise() {
    let scratch = Scratch::new();
    let all = scratch.run(&["--format", "json", "demo", "--list"]).ends(0).lines();
    let names: Vec<&str> = all.iter().filter_map(|story| story["story"].as_str()).collect();
    assert!(names.len() >= 10 && names.contains(&"insider"), "{names:?}");
    let quiet = all.iter().find(|story| story["story"] == "quiet").unwrap();
    assert_eq!((&quiet["incidents"], &quiet["rules"]), (&json!(0), &json!([])));
    let text = scratch.run(&["demo", "--list"]).ends(0).stdout;
    assert!(text.contains("raises nothing"), "{text}");
}

#[test]
fn a_story_that_does_not_exist_is_misuse() {
    let scratch = Scratch::new();
    scratch.run(&["demo", "--story", "dragon"]).ends(2).says("insider");
    scratch.run(&["demo", "--stop-after", "soon"]).ends(2).says("--stop-after");
    scratch.run(&["demo", "--quiet", "--story", "insider"]).ends(2);
}
