//! An organisation folder in, its problems out: every one at once, each with its place.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::BTreeMap;

use estate::{FILES, diff, export, load, load_bytes};
use model::ids::{AssetId, PersonId, PlaceId, SourceId};
use model::spine::{Organisation, Passage};

const HEAD: &str = "format = 1\nname = \"Acme\"\ntime_zone = \"Europe/Berlin\"\n";

const PLACES: &str = r#"
[[place]]
id = "hq"
kind = "site"
name = "Headquarters"

[[place]]
id = "outside"
kind = "zone"
parent = "hq"
zone_class = "external"

[[place]]
id = "lobby"
kind = "zone"
parent = "hq"
zone_class = "public"
dwell_max = "12h"

[[place]]
id = "d-main"
kind = "door"
parent = "lobby"
x_fire_group = "A"

[[place]]
id = "tokyo"
kind = "site"
time_zone = "Asia/Tokyo"
"#;

const SOURCES: &str = r#"
[[source]]
id = "doors"
mapping = "auto"
site = "hq"
realm = "p"
heartbeat = "5m"
trust = "token"
witness_of = ["presence", "door"]
match = { listener = "http", peer = "10.2.0.0/16" }
"#;

const IDENTIFIERS: &str = "kind,value,entity,realm,valid_from,valid_to,replaces\n\
    badge,7,person:ana,p,,2026-02-01,\n\
    badge,8,person:ana,p,2026-01-20,,7\n\
    badge,7,person:ben,p,2026-02-01T08:00,,\n";

const PEOPLE: &str = "person,name,kind,status,team,manager,site,valid_from,x_floor\r\n\
    ana,\"Ana, A.\",employee,active,it,,hq,2026-01-01,3\r\n\
    ben,Ben,contractor,active,it,ana,tokyo,2026-01-01,\r\n";

fn folder(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

/// A sound folder with some files replaced or added.
fn with(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut all = folder(&[
        ("organisation.toml", HEAD),
        ("places.toml", PLACES),
        ("people.csv", PEOPLE),
        ("assets.csv", "asset,kind,place,owner\npc-1,workstation,lobby,ana\nr-1,reader,d-main,\n"),
        (
            "doors.csv",
            "door,from_zone,to_zone,reader_in,held_after_s\nd-main,outside,lobby,r-1,30\n",
        ),
    ]);
    all.extend(folder(files));
    all
}

fn sound(files: &BTreeMap<String, String>) -> Organisation {
    let (organisation, problems) = load(files);
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    organisation.unwrap_or_else(|| panic!("refused:\n{}", told.join("\n")))
}

#[track_caller]
fn check(files: &BTreeMap<String, String>, expected: &str) {
    let (_, problems) = load(files);
    let told: String = problems.iter().map(|problem| format!("{problem}\n")).collect();
    assert_eq!(told, expected, "\n{told}");
}

#[test]
fn a_door_says_how_it_is_known_that_somebody_went_through() {
    let doors = |word: &str| {
        with(&[(
            "doors.csv",
            &format!("door,from_zone,to_zone,passage\nd-main,outside,lobby,{word}\n"),
        )])
    };
    let of =
        |org: &Organisation| org.doors.get(&PlaceId::parse("d-main").unwrap()).unwrap().passage;
    let assumed = sound(&doors("assumed"));
    assert_eq!(of(&assumed), Passage::Assumed);
    assert_eq!(sound(&export(&assumed)), assumed);
    for word in ["reported", ""] {
        assert_eq!(of(&sound(&doors(word))), Passage::Reported);
    }
    assert_eq!(of(&sound(&with(&[]))), Passage::Reported);
    check(
        &doors("asumed"),
        "doors.csv:2:22: error: `passage`: unknown value `asumed`: did you mean `assumed`? \
         [unknown_value]\n",
    );
}

#[test]
fn a_place_may_say_where_on_the_globe_it_lies_and_is_written_again_so() {
    let placed =
        PLACES.replacen("kind = \"site\"", "kind = \"site\"\nlatitude = 52.52\nlongitude = -13", 1);
    let files = with(&[("places.toml", &placed)]);
    let organisation = sound(&files);
    let at = |id: &str| organisation.coordinates_of(&PlaceId::parse(id).unwrap());
    assert_eq!((at("hq"), at("lobby")), (Some((52.52, -13.0)), None));
    let again = sound(&export(&organisation));
    assert_eq!(again, organisation);
    assert_ne!(sound(&with(&[])), organisation);

    let alone = placed.replace("longitude = -13", "");
    check(
        &with(&[("places.toml", &alone)]),
        "places.toml:2:1: error: coordinates need both `latitude` and `longitude` [bad_value]\n",
    );
    let beyond = placed.replace("52.52", "95");
    check(
        &with(&[("places.toml", &beyond)]),
        "places.toml:5:12: error: `place.latitude`: found 95, expected a number from -90 to 90 \
         [bad_value]\n",
    );
}

#[test]
fn a_sound_folder_is_the_organisation() {
    let files = with(&[
        ("sources.toml", SOURCES),
        ("identifiers.csv", IDENTIFIERS),
        ("groups.csv", "anything"),
        ("policies/a.cedar", "permit();"),
        ("README.md", "words"),
    ]);
    check(&files, "");
    let org = sound(&files);
    let ana = org.people.get(&PersonId::parse("ana").unwrap()).unwrap();
    assert_eq!(ana.name, "Ana, A.");
    // A bare date begins where the person's site is: Berlin for one, Tokyo for the other.
    let ben = org.people.get(&PersonId::parse("ben").unwrap()).unwrap();
    assert_eq!(ana.validity.from.unwrap().to_string(), "2025-12-31T23:00:00Z");
    assert_eq!(ben.validity.from.unwrap().to_string(), "2025-12-31T15:00:00Z");
    let source = org.sources.get(&SourceId::parse("doors").unwrap()).unwrap();
    assert_eq!((source.mapping.as_ref(), source.witness_of.len()), (None, 2));
    assert_eq!(source.lateness_max.as_secs(), 600);
    assert_eq!(org.site_of(&PlaceId::parse("d-main").unwrap()).unwrap().as_str(), "hq");
    assert!(org.assets.contains_key(&AssetId::parse("pc-1").unwrap()));
}

#[test]
fn local_midnights_of_two_zones_are_two_instants() {
    // Tokyo's midnight comes eight hours before Berlin's: for these the 7 would be both's.
    let text = "kind,value,entity,realm,valid_from,valid_to\n\
                badge,7,person:ana,p,,2026-02-01\nbadge,7,person:ben,p,2026-02-01,\n";
    check(
        &with(&[("identifiers.csv", text)]),
        "identifiers.csv:3:7: error: person:ana (line 2) and person:ben (line 3) claim one badge \
         at the same time [identifier_claimed_twice]\n",
    );
}

#[test]
fn only_the_head_must_be_there() {
    assert!(sound(&folder(&[("organisation.toml", HEAD)])).people.is_empty());
    check(
        &folder(&[]),
        "organisation.toml: error: the file is missing: it names the organisation, its `format` \
         and its `time_zone` [missing_file]\n",
    );
    let head = "fromat = 1\ntime_zone = \"Europe/Berln\"\ntenant = \"A B\"\nformat = 2\n";
    check(
        &with(&[("organisation.toml", head)]),
        "organisation.toml:1:1: error: `name` is missing [missing_key]\n\
         organisation.toml:1:1: error: unknown key `fromat`: did you mean `format`? [unknown_key]\n\
         organisation.toml:2:13: error: unknown time zone `Europe/Berln`: did you mean \
         `Europe/Berlin`? [unknown_time_zone]\n\
         organisation.toml:3:10: error: `tenant`: `A B` is not an id: a-z, 0-9, dot, dash and \
         underscore, at most 64, beginning with a letter or digit [bad_id]\n\
         organisation.toml:4:10: error: format 2 is not known here; the newest is 1 \
         [unknown_format]\n",
    );
    check(
        &with(&[("organisation.toml", "format = 1\nname = \n")]),
        "organisation.toml:2:8: error: string values must be quoted, expected literal string \
         [toml_syntax]\n",
    );
}

#[test]
fn every_problem_is_told_at_once() {
    check(
        &with(&[
            ("places.toml", include_str!("bad_folder/places.toml")),
            ("people.csv", include_str!("bad_folder/people.csv")),
            ("assets.csv", include_str!("bad_folder/assets.csv")),
            ("doors.csv", include_str!("bad_folder/doors.csv")),
            ("identifiers.csv", include_str!("bad_folder/identifiers.csv")),
            ("sources.toml", include_str!("bad_folder/sources.toml")),
            ("poeple.csv", ""),
        ]),
        include_str!("bad_folder/expected.txt"),
    );
}

#[test]
fn a_cycle_is_told_once_and_does_not_blame_those_below_it() {
    let places = "[[place]]\nid = \"a\"\nkind = \"zone\"\nparent = \"b\"\n\
                  [[place]]\nid = \"b\"\nkind = \"zone\"\nparent = \"c\"\n\
                  [[place]]\nid = \"c\"\nkind = \"zone\"\nparent = \"a\"\n\
                  [[place]]\nid = \"low\"\nkind = \"desk\"\nparent = \"c\"\n\
                  [[place]]\nid = \"self\"\nkind = \"zone\"\nparent = \"self\"\n";
    check(
        &folder(&[("organisation.toml", HEAD), ("places.toml", places)]),
        "places.toml:4:1: error: places lie in one another: a in b in c in a [place_cycle]\n\
         places.toml:20:1: error: places lie in one another: self in self [place_cycle]\n",
    );
}

#[test]
fn a_tree_may_be_deep_but_not_without_end() {
    let chain = |depth: usize| -> String {
        let below = |n: usize| {
            if n == 0 { String::new() } else { format!("parent = \"p{}\"\n", n - 1) }
        };
        (0..depth)
            .map(|n| format!("[[place]]\nid = \"p{n}\"\nkind = \"zone\"\n{}", below(n)))
            .collect()
    };
    let told = |depth| {
        let files = folder(&[("organisation.toml", HEAD), ("places.toml", &chain(depth))]);
        load(&files).1.iter().map(|problem| problem.code.clone()).collect::<Vec<_>>()
    };
    assert_eq!(told(64), Vec::<String>::new());
    assert_eq!(told(66), ["place_too_deep", "place_too_deep"]);
}

#[test]
fn one_name_at_two_sites_wants_a_realm() {
    let rows = "kind,value,entity,realm,valid_from,valid_to\n\
                badge,7,person:ana,,,2026-02-01T00:00:00Z\n\
                badge,7,person:ben,,2026-02-01T00:00:00Z,\n\
                badge,8,person:ana,hq,,2026-02-01T00:00:00Z\n\
                badge,8,person:ben,hq,2026-02-01T00:00:00Z,\n\
                account,x,person:ana,,,2026-02-01T00:00:00Z\n\
                account,X,person:ben,,2026-02-01T00:00:00Z,\n";
    let files = with(&[("identifiers.csv", rows)]);
    check(
        &files,
        "identifiers.csv:3:7: warning: this badge is used at `hq` (line 2) and at `tokyo` without \
         a realm: give each its source's realm [used_at_two_sites]\n",
    );
    sound(&files);
}

#[test]
fn look_up_without_case_makes_two_spellings_one_claim() {
    let rows = "kind,value,entity\nemail,Ana@acme.example,person:ana\n\
                email,ana@acme.example,person:ben\nbadge,a,person:ana\nbadge,A,person:ben\n";
    check(
        &with(&[("identifiers.csv", rows)]),
        "identifiers.csv:3:7: error: person:ana (line 2) and person:ben (line 3) claim one email \
         at the same time [identifier_claimed_twice]\n",
    );
}

#[test]
fn local_times_that_clocks_make_doubtful_are_used_with_a_warning() {
    let people = "person,name,kind,status,site,valid_from,valid_to\n\
                  ana,Ana,employee,active,hq,2026-03-29T02:30,2026-10-25T02:30\n";
    let files =
        folder(&[("organisation.toml", HEAD), ("places.toml", PLACES), ("people.csv", people)]);
    check(
        &files,
        "people.csv:2:28: warning: `valid_from`: 2026-03-29T02:30 never happened in \
         Europe/Berlin; 2026-03-29T01:00:00Z is used [local_time_skipped]\n\
         people.csv:2:45: warning: `valid_to`: 2026-10-25T02:30 happened twice in Europe/Berlin; \
         the earlier one, 2026-10-25T00:30:00Z, is used [local_time_twice]\n",
    );
    sound(&files);
}

#[test]
fn bytes_that_are_not_utf8_are_told_with_their_place() {
    let mut files: BTreeMap<String, Vec<u8>> =
        with(&[]).into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    assert!(load_bytes(&files).0.is_some());
    files.insert(
        "people.csv".into(),
        b"person,name,kind,status\nana,J\xf6rg,employee,active\n".to_vec(),
    );
    files.insert("groups.csv".into(), vec![0xff]);
    let (organisation, problems) = load_bytes(&files);
    assert!(organisation.is_none());
    assert_eq!(
        problems.first().unwrap().to_string(),
        "people.csv:2:6: error: byte 0xf6 is not UTF-8: save the file as UTF-8 [not_utf8]"
    );
    files.insert("people.csv".into(), [b"\xef\xbb\xbf", PEOPLE.as_bytes()].concat());
    assert!(load_bytes(&files).0.is_some());
}

#[test]
fn a_difference_is_told_by_ids_and_fields_never_by_values() {
    let badge = |rows: &str| format!("kind,value,entity,realm,valid_to,replaces\n{rows}");
    let old = sound(&with(&[("identifiers.csv", &badge("badge,4711,person:ana,p,,\n"))]));
    let new = sound(&with(&[
        ("organisation.toml", &HEAD.replace("Acme", "Acme AG")),
        ("people.csv", &PEOPLE.replace("ben,Ben,contractor,active", "ben,Benno,contractor,left")),
        ("assets.csv", "asset,kind\npc-2,laptop\nr-1,reader\n"),
        (
            "identifiers.csv",
            &badge("badge,4711,person:ana,p,2026-02-01,\nbadge,4712,person:ana,p,,4711\n"),
        ),
    ]));
    let told: Vec<String> = diff(&old, &new).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "~ organisation main: name",
            "~ person ben: name, status",
            "- asset pc-1",
            "+ asset pc-2",
            "~ asset r-1: place",
            "~ identifier badge of person:ana: validity",
            "+ identifier badge of person:ana",
        ]
    );
    assert!(diff(&new, &new).is_empty());
}

#[test]
fn what_is_exported_reads_back_the_same() {
    let org = sound(&with(&[]));
    let files = export(&org);
    assert_eq!(
        files.keys().map(String::as_str).collect::<Vec<_>>(),
        ["assets.csv", "doors.csv", "organisation.toml", "people.csv", "places.toml",]
    );
    assert_eq!(sound(&files), org);
}

/// The organisation that the demo ships must be without a fault, warnings included.
#[test]
fn the_demo_organisation_is_sound() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo");
    let read = |name: &str| {
        let bytes = std::fs::read(folder.join(name)).ok()?;
        Some((name.to_owned(), bytes))
    };
    let files: BTreeMap<String, Vec<u8>> = FILES.iter().filter_map(|name| read(name)).collect();
    let (organisation, problems) = load_bytes(&files);
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told, Vec::<String>::new());
    assert_eq!(organisation.as_ref(), load(&export(organisation.as_ref().unwrap())).0.as_ref());
}

/// What the guide shows is a folder that loads.
#[test]
fn the_examples_of_the_guide_are_one_sound_folder() {
    let guide = include_str!("../../../docs/guides/organisation-folder.md");
    let mut files = BTreeMap::new();
    for block in guide.split("\n```").skip(1).step_by(2) {
        let (language, text) = block.split_once('\n').unwrap();
        let first = text.lines().next().unwrap_or("");
        let name = match (language, first.split(',').next().unwrap_or("")) {
            ("toml", comment) => comment.trim_start_matches("# "),
            ("csv", "person") => "people.csv",
            ("csv", "asset") => "assets.csv",
            ("csv", "door") => "doors.csv",
            ("csv", "kind") => "identifiers.csv",
            _ => continue,
        };
        files.insert(name.to_owned(), text.to_owned());
    }
    assert_eq!(files.len(), FILES.len());
    check(&files, "");
}
