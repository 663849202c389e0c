//! `castellan whereabouts`: who could it have been, and what it says of questions that are wrong.

use serde_json::{Value, json};

use crate::scratch::{Scratch, json_lines};

fn organisation(scratch: &Scratch) {
    scratch.write("org/organisation.toml", "format = 1\nname = \"Example\"\ntime_zone = \"UTC\"\n");
    scratch.write(
        "org/places.toml",
        r#"[[place]]
id = "hq"
kind = "site"
time_zone = "Europe/Berlin"

[[place]]
id = "outside"
kind = "zone"
parent = "hq"
zone_class = "external"

[[place]]
id = "west"
kind = "zone"
parent = "hq"
zone_class = "restricted"

[[place]]
id = "east"
kind = "zone"
parent = "hq"
zone_class = "restricted"

[[place]]
id = "d-west"
kind = "door"
parent = "hq"

[[place]]
id = "d-east"
kind = "door"
parent = "hq"
"#,
    );
    scratch
        .write("org/doors.csv", "door,from_zone,to_zone\nd-west,outside,west\nd-east,west,east\n");
    scratch.write(
        "org/people.csv",
        "person,name,kind,status\nana,Ana,employee,active\nbob,Bob,employee,active\n\
        cy,Cy,contractor,active\ndan,Dan,employee,active\n",
    );
    scratch.write("org/assets.csv", "asset,kind,place,owner\npc-cy,workstation,east,cy\n");
    scratch.write(
        "org/identifiers.csv",
        "kind,value,entity\nbadge,b-ana,person:ana\nbadge,b-bob,person:bob\n\
        badge,b-dan,person:dan\naccount,cy,person:cy\nhostname,pc-cy,asset:pc-cy\n",
    );
    scratch.write(
        "org/sources.toml",
        "[[source]]\nid = \"doors\"\nmapping = \"pacs-csv\"\nsite = \"hq\"\n\
        clock_offset_max = \"1s\"\ntrust = \"token\"\nwitness_of = [\"presence\"]\n",
    );
    scratch.write(
        "badges.csv",
        "time,badge,door,direction,result\n\
        2026-11-23T08:00:00Z,b-ana,d-west,in,taken\n\
        2026-11-23T08:10:00Z,b-ana,d-east,in,taken\n\
        2026-11-23T08:20:00Z,b-bob,d-west,in,taken\n\
        2026-11-23T09:30:00Z,b-bob,d-west,out,taken\n\
        2026-11-23T09:40:00Z,b-nobody,d-west,in,taken\n",
    );
}

fn asked(moments: &str) -> Scratch {
    let scratch = Scratch::new();
    organisation(&scratch);
    scratch.write("moments.csv", moments);
    scratch
}

const ARGS: [&str; 7] =
    ["whereabouts", "--org", "org", "--source", "doors=badges.csv", "--at", "moments.csv"];

fn verdicts(lines: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    lines.iter().map(|line| (text(&line["person"]), text(&line["verdict"]))).collect()
}

#[test]
fn each_person_gets_one_line_in_the_shape_that_scripts_rely_on() {
    let scratch = asked("time,place\n2026-11-23T09:00:00Z,east\n");
    let ran = scratch.run(&ARGS).ends(0);
    let lines = json_lines(&ran.stdout);
    let expected =
        [("ana", "consistent"), ("bob", "excluded"), ("cy", "unknown"), ("dan", "unknown")];
    let expected = expected.map(|(person, verdict)| (person.to_owned(), verdict.to_owned()));
    assert_eq!(verdicts(&lines), expected);
    let by = |door: &str, record: u64, into: &str, time: &str| {
        json!({"source": "doors", "record": record, "time": time, "by": "taken", "at": door,
               "into": into})
    };
    assert_eq!(
        lines[1],
        json!({"person": "bob", "verdict": "excluded", "moments": [{
            "time": "2026-11-23T09:00:00Z", "place": "east", "state": "in", "zone": "west",
            "evidence": by("d-west", 2, "west", "2026-11-23T08:20:00Z"),
            "verdict": "excluded", "reason": "elsewhere", "since": "2026-11-23T08:20:00Z",
            "last": by("d-west", 2, "west", "2026-11-23T08:20:00Z"),
            "next": {"source": "doors", "record": 3, "time": "2026-11-23T09:30:00Z",
                     "by": "taken", "at": "d-west"},
        }]})
    );
    assert_eq!(lines[2]["moments"][0]["why"], "never_seen");
    ran.says(
        "1 moments, 5 records, 4 sightings, 0 rejected: 1 people consistent, 2 unknown, 1 excluded",
    )
    .says("consistent: ana");
}

#[test]
fn every_moment_counts_and_a_bare_time_is_the_places_own() {
    // 10:00 in Berlin is 09:00 UTC.
    let scratch = asked("time,place\n2026-11-23 10:00,hq\n2026-11-23T08:05:00Z,west\n");
    let lines = json_lines(&scratch.run(&ARGS).ends(0).stdout);
    let told: Vec<_> = verdicts(&lines).into_iter().map(|(_, verdict)| verdict).collect();
    assert_eq!(told, ["consistent", "unknown", "unknown", "unknown"]);
    assert_eq!(lines[0]["moments"][0]["time"], "2026-11-23T09:00:00Z");
    let scratch = asked("time\n2026-11-23T10:00:00Z\n");
    let lines = json_lines(&scratch.run(&ARGS).ends(0).stdout);
    let told: Vec<_> = verdicts(&lines).into_iter().map(|(_, verdict)| verdict).collect();
    assert_eq!(told, ["consistent", "excluded", "unknown", "unknown"], "who was in at all");
}

#[test]
fn an_event_brings_its_own_place() {
    let scratch = asked("time,event\n2026-11-23T08:20:00Z,doors:2\n");
    let lines = json_lines(&scratch.run(&ARGS).ends(0).stdout);
    assert_eq!(lines[1]["moments"][0]["place"], "d-west");
    assert_eq!(lines[1]["moments"][0]["reason"], "at_its_door");
    let told: Vec<_> = verdicts(&lines).into_iter().map(|(_, verdict)| verdict).collect();
    assert_eq!(told, ["excluded", "consistent", "unknown", "unknown"]);
}

#[test]
fn an_account_used_at_the_place_is_told_and_proves_no_absence() {
    let scratch = asked("time,place\n2026-11-23T08:31:00Z,east\n2026-11-23T08:31:00Z,hq\n");
    scratch.write(
        "auth.log",
        "<38>1 2026-11-23T08:30:00Z pc-cy sshd 10 - - Accepted password for cy from 127.0.0.1 port 1 ssh2\n",
    );
    let ran = scratch.run(&[&ARGS[..], &["--mapping", "openssh=auth.log"]].concat()).ends(0);
    let lines = json_lines(&ran.stdout);
    assert_eq!(lines[2]["verdict"], "consistent", "{}", lines[2]);
    let seen = &lines[2]["moments"][0];
    assert_eq!((&seen["state"], &seen["reason"]), (&json!("unknown"), &json!("seen_by_network")));
    assert_eq!(seen["evidence"]["by"], "log_on");
}

#[test]
fn all_that_is_wrong_with_a_question_is_said_at_once() {
    let scratch = asked(
        "time,place,event\nnoon,hq,\n2026-11-23T09:00:00Z,wset,\n2026-11-23T09:00:00Z,,door7\n",
    );
    let ran = scratch.run(&ARGS).ends(1);
    assert_eq!(ran.stdout, "");
    ran.says("moments.csv:2:1")
        .says("`noon` is no time")
        .says("moments.csv:3:22")
        .says("did you mean `west`?")
        .says("`door7` is no event");
    asked("time,event\n2026-11-23T08:20:00Z,doors:99\n")
        .run(&ARGS)
        .ends(1)
        .says("there is no event `doors:99`");
    asked("time,event\n2026-11-23T08:21:00Z,doors:2\n")
        .run(&ARGS)
        .ends(1)
        .says("`doors:2` happened at 2026-11-23T08:20:00Z");
    asked("time,plcae\n2026-11-23T08:21:00Z,hq\n").run(&ARGS).ends(1).says("`place`");
    asked("time\n").run(&ARGS).ends(1).says("no moment is asked about");
    asked("").run(&ARGS).ends(1).says("the header is missing");
    asked("time\n")
        .run(&["whereabouts", "--org", "org", "--at", "moments.csv"])
        .ends(2)
        .says("at least one --mapping");
}

#[test]
fn a_feed_that_fell_silent_excludes_nobody() {
    let scratch = asked("time,place\n2026-11-23T09:20:00Z,east\n2026-11-23T20:00:00Z,hq\n");
    let text = scratch.read("org/sources.toml");
    scratch.write("org/sources.toml", format!("{text}heartbeat = \"30m\"\n"));
    let lines = json_lines(&scratch.run(&ARGS).ends(0).stdout);
    // From 08:20 to 09:30 nothing was heard: from 08:50 on nobody knows.
    let whys: Vec<_> = lines.iter().map(|line| &line["moments"][0]["why"]).collect();
    assert_eq!(whys, ["stale", "stale", "never_seen", "never_seen"]);
    assert!(lines.iter().all(|line| line["verdict"] == "unknown"));
}
