//! `castellan import`, `export` and `check` over organisation folders and configurations.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::scratch::{Scratch, repository};

/// A scratch folder with the demo organisation in `org/`.
fn demo() -> Scratch {
    let scratch = Scratch::new();
    for entry in std::fs::read_dir(repository().join("demo")).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_file() && name != "timetable.toml" {
            scratch.write(&format!("org/{name}"), std::fs::read(entry.path()).unwrap());
        }
    }
    scratch
}

fn files(scratch: &Scratch, folder: &str) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(scratch.path(folder)).unwrap().flatten();
    let named = entries.map(|e| e.file_name().to_string_lossy().into_owned());
    named.map(|name| (name.clone(), scratch.read(&format!("{folder}/{name}")))).collect()
}

#[test]
fn what_was_imported_comes_out_again() {
    let scratch = demo();
    let import =
        |org: &str, data: &str| scratch.run(&["import", "--org", org, "--data", data]).ends(0);
    let ran = scratch.run(&["import", "--org", "org", "--data", "data", "--dry-run"]).ends(0);
    assert!(ran.stdout.contains("would import: "), "{}", ran.stdout);
    scratch.run(&["export", "--org", "out", "--data", "data"]).ends(1).says("no organisation");
    assert!(import("org", "data").stdout.contains("imported: "));
    assert_eq!(import("org", "data").stdout, "nothing has changed\n");
    scratch.run(&["export", "--org", "out", "--data", "data"]).ends(0);
    assert_eq!(import("out", "data").stdout, "nothing has changed\n");
    import("out", "second");
    scratch.run(&["export", "--org", "again", "--data", "second"]).ends(0);
    assert_eq!(files(&scratch, "out"), files(&scratch, "again"));
    let people = scratch.read("out/people.csv");
    assert!(people.contains("Anouk Verbeek"), "{people}");
}

#[test]
fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let scratch = demo();
    scratch.run(&["import", "--org", "org", "--data", "data"]).ends(0);
    let people = scratch.read("org/people.csv");
    let fewer: Vec<&str> = people.lines().filter(|l| !l.starts_with("mf2041,")).collect();
    assert!(fewer.len() < people.lines().count());
    let added = fewer.join("\n") + "\nnew.one,New One,employee,active,it,,hq,\n";
    scratch.write("org/people.csv", added);
    let identifiers = scratch.read("org/identifiers.csv");
    let fewer: Vec<&str> = identifiers.lines().filter(|l| !l.contains("person:mf2041,")).collect();
    scratch.write("org/identifiers.csv", fewer.join("\n"));
    for (file, theirs) in [("org/members.csv", ",mf2041,"), ("org/credentials.csv", ",104955,")] {
        let all = scratch.read(file);
        let fewer: Vec<&str> = all.lines().filter(|line| !line.contains(theirs)).collect();
        scratch.write(file, fewer.join("\n"));
    }
    let args = ["--format", "json", "import", "--org", "org", "--data", "data"];
    let dry = scratch.run(&[&args[..], &["--dry-run"]].concat()).ends(0);
    let wet = scratch.run(&args).ends(0);
    let (dry, wet) = (dry.lines().pop().unwrap(), wet.lines().pop().unwrap());
    assert_eq!(dry["is_written"], false);
    assert_eq!(wet["is_written"], true);
    assert_eq!(dry["changes"], wet["changes"]);
    let told = dry["changes"].to_string();
    assert!(told.contains("mf2041") && told.contains("new.one"), "{told}");
}

#[test]
fn every_problem_of_a_folder_is_told_at_once_with_its_place() {
    let scratch = Scratch::new();
    scratch.write("org/organisation.toml", "format = 1\nname = \"E\"\ntime_zone = \"UTC\"\n");
    scratch.write(
        "org/places.toml",
        "[[place]]\nid = \"hq\"\nkind = \"site\"\n\n\
        [[place]]\nid = \"lab\"\nkind = \"zone\"\nparent = \"hqq\"\n",
    );
    scratch.write(
        "org/people.csv",
        "person,name,kind,status,manager\n\
        ana,Ana,employee,active,bne\nben,Ben,employee,active,\n",
    );
    scratch.write("org/assets.csv", "asset,kind,place,owner\npc-1,workstation,lba,anna\n");
    scratch.write(
        "org/identifiers.csv",
        "kind,value,entity\nbadge,1,person:nobody\n\
        badge,4711,person:ana\nbadge,4711,person:ben\n",
    );
    let ran = scratch.run(&["import", "--org", "org", "--data", "data"]).ends(1);
    assert!(!scratch.path("data/state.db").exists(), "something was written");
    let ran = ran
        .says("places.toml:8:")
        .says("did you mean `hq`?")
        .says("people.csv:2:25: error: `manager`: there is no person `bne`: did you mean `ben`?")
        .says("assets.csv:2:18")
        .says("assets.csv:2:22")
        .says("identifiers.csv:2:9")
        .says("identifiers.csv:4:")
        .says("person:ana (line 3)")
        .says("person:ben (line 4)");
    assert!(ran.stderr.matches("[dangling_reference]").count() >= 5, "{}", ran.stderr);
    let args = ["--format", "json", "import", "--org", "org", "--data", "data"];
    for problem in scratch.run(&args).ends(1).lines() {
        assert_eq!(problem["gravity"], "error", "{problem}");
        assert!(problem["position"]["line"].is_u64() && problem["code"].is_string(), "{problem}");
    }
}

#[test]
fn an_unknown_column_is_refused_with_the_nearest() {
    let scratch = demo();
    let people = scratch.read("org/people.csv").replacen("status", "statis", 1);
    scratch.write("org/people.csv", people);
    let ran = scratch.run(&["import", "--org", "org", "--data", "data"]).ends(1);
    ran.says("people.csv:1:18: error: ").says("`statis`").says("`status`");
    scratch.run(&["import", "--org", "nowhere", "--data", "data"]).ends(1).says("no such folder");
    scratch.run(&["import", "--data", "data"]).ends(2).says("--org");
}

#[test]
fn columns_of_ones_own_are_left_alone() {
    let scratch = demo();
    let people = scratch.read("org/people.csv");
    let mut lines = people.lines();
    let header = format!("{},x_shoe_size", lines.next().unwrap());
    let rest: Vec<String> = lines.map(|line| format!("{line},42")).collect();
    scratch.write("org/people.csv", format!("{header}\n{}\n", rest.join("\n")));
    scratch.run(&["import", "--org", "org", "--data", "data"]).ends(0);
}

#[test]
fn check_reads_everything_and_prints_what_is_in_force() {
    let scratch = demo();
    scratch.write(
        "castellan.toml",
        "format = 1\n\n[data]\nfolder = \"data\"\n\n[listen]\n\
        http = \"127.0.0.1:8421\"\nsyslog_udp = \"127.0.0.1:5514\"\n\n[limits]\n",
    );
    scratch.write("content/rules/.keep", "");
    let args = ["check", "--config", "castellan.toml", "--org", "org", "--content", "content"];
    let ran = scratch.run(&[&args[..], &["--print"]].concat()).ends(0);
    let ran = ran.says(" people, ").says(" 0 errors");
    assert!(ran.stdout.contains("127.0.0.1:8421"), "{}", ran.stdout);
    assert!(ran.stdout.contains("127.0.0.1:5514"), "{}", ran.stdout);
    assert!(ran.stdout.contains("limits"), "{}", ran.stdout);
    assert!(!scratch.path("data").exists(), "check wrote something");
}

#[test]
fn check_tells_every_problem_of_every_part() {
    let scratch = demo();
    scratch.write(
        "castellan.toml",
        "format = 1\n\n[listen]\nsyslog_upd = \"127.0.0.1:5514\"\n\n\
        [limitz]\nx = 1\n",
    );
    let people = scratch.read("org/people.csv").replacen("status", "statis", 1);
    scratch.write("org/people.csv", people);
    scratch.write(
        "content/mappings/acme/mapping.toml",
        "format = 1\nname = \"acme\"\nwyre = \"kv\"\n",
    );
    scratch.write("content/rules/bad.yml", "title: Bad\ndetection: {\n");
    let args = [
        "--format",
        "json",
        "check",
        "--config",
        "castellan.toml",
        "--org",
        "org",
        "--content",
        "content",
    ];
    let problems = scratch.run(&args).ends(1).lines();
    for (file, line, word) in [
        ("castellan.toml", 4, "syslog_udp"),
        ("castellan.toml", 6, "limits"),
        ("people.csv", 1, "status"),
        ("acme/mapping.toml", 3, "wire"),
        ("bad.yml", 3, "YAML"),
    ] {
        let is_it = |p: &&Value| {
            p["file"].as_str().unwrap().ends_with(file)
                && p["position"]["line"] == line
                && p["message"].as_str().unwrap().contains(word)
        };
        assert!(problems.iter().any(|p| is_it(&p)), "{file}:{line} {word}: {problems:#?}");
    }
}

#[test]
fn an_unknown_configuration_key_stops_the_server_too() {
    let scratch = Scratch::new();
    scratch.write("castellan.toml", "format = 1\n\n[listen]\nhtpp = \"127.0.0.1:0\"\n");
    let ran = scratch.run(&["serve", "--config", "castellan.toml"]).ends(1);
    ran.says("castellan.toml:4:1: error: ").says("`htpp`").says("`http`");
    scratch.run(&["check", "--config", "nowhere.toml"]).ends(1).says("nowhere.toml");
    scratch.run(&["check", "--colour"]).ends(2).says("--colour");
}

#[test]
fn what_the_configuration_needs_and_does_not_find_stops_check_and_server_alike() {
    let scratch = Scratch::new();
    scratch.write("org/organisation.toml", "format = 1\nname = \"E\"\ntime_zone = \"UTC\"\n");
    scratch.write("org/sources.toml", "[[source]]\nid = \"doors\"\nmapping = \"pacs-csv\"\n");
    let listen = "[listen]\nhttp = \"127.0.0.1:0\"\n[organisation]\nfolder = \"org\"\n";
    let mut expected: Vec<(usize, &str)> = Vec::new();
    let mut text = format!("format = 1\n{listen}");
    for (lines, at, words) in [
        ("[[token]]\nid = \"a\"\nsecret = \"file:nowhere\"\nscopes = [\"ingest\"]\n", 3, "nowhere"),
        ("sources = [\"dors\"]\n", 1, "did you mean `doors`?"),
        ("[[tail]]\npath = \"a.log\"\nsource = \"gates\"\n", 3, "no source `gates`"),
        (
            "[[webhook]]\nname = \"w\"\nurl = \"https://x.test/\"\nsecret = \"env:NOT_THERE\"\n",
            4,
            "channel `w`",
        ),
    ] {
        expected.push((text.lines().count() + at, words));
        text.push_str(lines);
    }
    scratch.write("castellan.toml", &text);
    let told = [
        scratch.run(&["check", "--config", "castellan.toml"]).ends(1),
        scratch.run(&["serve", "--config", "castellan.toml"]).ends(1),
    ];
    for ran in told {
        for (line, words) in &expected {
            let is_it =
                |l: &str| l.starts_with(&format!("castellan.toml:{line}:")) && l.contains(words);
            assert!(ran.stderr.lines().any(is_it), "{line} {words}: {}", ran.stderr);
        }
    }
}

#[test]
fn values_that_cannot_be_are_told_with_their_line() {
    let scratch = Scratch::new();
    scratch.write(
        "castellan.toml",
        "format = 1\n[limits]\ntick_ms = 0\n[journal]\nbytes_max = \"1 KiB\"\n[[token]]\nid = \"a\"\n\
         secret = \"env:HOME\"\nscopes = [\"ingst\"]\n",
    );
    let ran = scratch.run(&["check", "--config", "castellan.toml"]).ends(1);
    ran.says("castellan.toml:3:11: error: `limits.tick_ms`: found 0")
        .says("castellan.toml:4:")
        .says("`journal.bytes_max`: found 1024, expected at least")
        .says("castellan.toml:9:")
        .says("did you mean `ingest`?");
}

#[test]
fn a_source_with_an_unknown_mapping_is_not_imported() {
    let scratch = Scratch::new();
    scratch.write("org/organisation.toml", "format = 1\nname = \"E\"\ntime_zone = \"UTC\"\n");
    scratch.write("org/sources.toml", "[[source]]\nid = \"doors\"\nmapping = \"pacs-cvs\"\n");
    let ran = scratch.run(&["import", "--org", "org"]).ends(1);
    let ran = ran.says("source `doors`: there is no mapping `pacs-cvs`; did you mean `pacs-csv`?");
    assert!(!scratch.path("castellan-data").exists(), "{}", ran.stderr);
    scratch.run(&["check", "--org", "org"]).ends(1).says("there is no mapping `pacs-cvs`");
}
