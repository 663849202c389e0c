//! `castellan replay` over a day written by hand: two worlds, and exactly what joins them.

use serde_json::{Value, json};

use crate::scratch::Scratch;
use crate::shapes;

/// An organisation of four people, two zones and two workstations.
fn organisation(scratch: &Scratch) {
    scratch.write("org/organisation.toml", "format = 1\nname = \"Example\"\ntime_zone = \"UTC\"\n");
    scratch.write(
        "org/places.toml",
        r#"[[place]]
id = "hq"
kind = "site"

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
dwell_max = "12h"

[[place]]
id = "east"
kind = "zone"
parent = "hq"
zone_class = "restricted"
dwell_max = "12h"

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
        "person,name,kind,status\nana,Ana,employee,active\n\
        bob,Bob,employee,left\ncy,Cy,employee,active\ndan,Dan,employee,active\n",
    );
    scratch.write(
        "org/assets.csv",
        "asset,kind,place,owner\npc-ana,workstation,west,ana\n\
        pc-dan,workstation,east,dan\n",
    );
    scratch.write(
        "org/identifiers.csv",
        "kind,value,entity,replaces\nbadge,b-ana,person:ana,\n\
        badge,b-bob,person:bob,\nbadge,b-cy-old,person:cy,\nbadge,b-cy,person:cy,b-cy-old\n\
        badge,b-dan,person:dan,\naccount,ana,person:ana,\naccount,dan,person:dan,\n\
        hostname,pc-ana,asset:pc-ana,\nhostname,pc-dan,asset:pc-dan,\n",
    );
    scratch.write(
        "org/sources.toml",
        r#"[[source]]
id = "doors"
mapping = "pacs-csv"
site = "hq"
clock_offset_max = "1s"
trust = "token"
witness_of = ["presence", "door"]

[[source]]
id = "hosts"
mapping = "sudo-pam"
site = "hq"
clock_offset_max = "1s"
trust = "token"
witness_of = ["identity"]
"#,
    );
}

/// Ana moves from west to east; Dan comes and goes; Bob has left; Cy uses the old badge.
const BADGES: &str = "\
time,badge,door,direction,result
2026-11-23T08:00:00Z,b-ana,d-west,in,granted
2026-11-23T08:00:03Z,b-ana,d-west,in,taken
2026-11-23T08:10:00Z,b-dan,d-west,in,granted
2026-11-23T08:10:02Z,b-dan,d-west,in,taken
2026-11-23T09:00:00Z,b-ana,d-east,in,granted
2026-11-23T09:00:02Z,b-ana,d-east,in,taken
2026-11-23T10:00:00Z,b-bob,d-west,in,granted
2026-11-23T11:00:00Z,b-cy-old,d-west,in,granted
2026-11-23T11:30:00Z,b-dan,d-west,out,granted
2026-11-23T11:30:02Z,b-dan,d-west,out,taken
";

/// Ana at Ana's workstation while beside it, then while in another zone; Dan after leaving.
const LOGONS: &str = "\
<86>1 2026-11-23T08:30:00Z pc-ana gdm-password 10 - - pam_unix(gdm-password:session): session opened for user ana(uid=1001) by (uid=0)
<86>1 2026-11-23T09:30:00Z pc-ana gdm-password 11 - - pam_unix(gdm-password:session): session opened for user ana(uid=1001) by (uid=0)
<86>1 2026-11-23T12:00:00Z pc-dan gdm-password 12 - - pam_unix(gdm-password:session): session opened for user dan(uid=1002) by (uid=0)
";

fn day() -> Scratch {
    let scratch = Scratch::new();
    organisation(&scratch);
    scratch.write("badges.csv", BADGES).write("auth.log", LOGONS);
    scratch
}

const SOURCES: [&str; 7] =
    ["replay", "--org", "org", "--source", "doors=badges.csv", "--source", "hosts=auth.log"];

/// Rule, time, source and record of the last evidence, and whether these are among its entities.
fn told(finding: &Value) -> Value {
    let last = finding["evidence"].as_array().unwrap().last().unwrap();
    json!([finding["rule"], finding["time"], last["source"], last["record"]])
}

#[test]
fn two_worlds_give_exactly_what_joins_them() {
    let scratch = day();
    let ran = scratch.run(&[&SOURCES[..], &["--out", "findings.ndjson"]].concat()).ends(0);
    assert_eq!(ran.stdout, "");
    let ran = ran.says("13 records: 19 events, 0 rejected, 0 outside the time range; 4 findings");
    drop(ran);
    let findings = crate::scratch::json_lines(&scratch.read("findings.ndjson"));
    findings.iter().for_each(shapes::finding);
    let mut told: Vec<Value> = findings.iter().map(told).collect();
    told.sort_by_key(|line| line[1].to_string());
    assert_eq!(
        told,
        [
            json!(["workstation-owner-elsewhere", "2026-11-23T09:30:00Z", "hosts", 1]),
            json!(["leaver-badge", "2026-11-23T10:00:00Z", "doors", 6]),
            json!(["replaced-credential-used", "2026-11-23T11:00:00Z", "doors", 7]),
            json!(["logon-without-badge-in", "2026-11-23T12:00:00Z", "hosts", 2]),
        ]
    );
    for (rule, entity) in [
        ("workstation-owner-elsewhere", "asset:pc-ana"),
        ("workstation-owner-elsewhere", "person:ana"),
        ("leaver-badge", "person:bob"),
        ("leaver-badge", "place:d-west"),
        ("replaced-credential-used", "person:cy"),
        ("logon-without-badge-in", "person:dan"),
        ("logon-without-badge-in", "asset:pc-dan"),
    ] {
        let finding = findings.iter().find(|f| f["rule"] == rule).unwrap();
        assert!(finding["entities"].as_array().unwrap().contains(&json!(entity)), "{finding}");
        assert_eq!(finding["state"], "confirmed");
    }
}

#[test]
fn what_a_presence_rule_says_early_is_confirmed_under_the_same_id() {
    let scratch = day();
    let ran = scratch.run(&[&SOURCES[..], &["--provisional"]].concat()).ends(0);
    let lines = ran.lines();
    lines.iter().for_each(shapes::finding);
    let of = |state: &str| -> Vec<String> {
        let rule = "workstation-owner-elsewhere";
        let is_it = |f: &&Value| f["state"] == state && f["rule"] == rule;
        lines.iter().filter(is_it).map(|f| f["finding"].to_string()).collect()
    };
    assert_eq!(of("provisional"), of("confirmed"));
    assert_eq!(of("confirmed").len(), 1);
    assert!(of("withdrawn").is_empty());
}

#[test]
fn misuse_is_told_before_anything_is_read() {
    let scratch = day();
    scratch.run(&["replay", "--org", "org"]).ends(2).says("--mapping NAME=FILE");
    let odd = [&SOURCES[..], &["--from", "yesterday"]].concat();
    scratch.run(&odd).ends(2).says("RFC 3339");
    scratch.run(&["replay", "--org", "org", "--mapping", "badges.csv"]).ends(2).says("NAME=FILE");
    scratch.run(&["replay", "--mapping", "pacs-csv=badges.csv"]).ends(2).says("--org");
}

#[test]
fn an_unknown_source_is_misuse_and_the_nearest_is_named() {
    let ran = day().run(&["replay", "--org", "org", "--source", "door=badges.csv"]).ends(2);
    ran.says("there is no source `door`; did you mean `doors`?");
}

#[test]
fn an_organisation_with_errors_is_not_replayed() {
    let scratch = day();
    scratch.write("org/assets.csv", "asset,kind,place,owner\npc-ana,workstation,wset,ana\n");
    let ran = scratch.run(&SOURCES).ends(1);
    assert_eq!(ran.stdout, "");
    ran.says("assets.csv:2:20").says("`west`");
}
