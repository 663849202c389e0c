//! The VAST 2016 badge log and staff list through `castellan replay`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::scratch::{Ran, Scratch, json_lines, shared};
use crate::shapes;

/// The fields of a line of the staff list; quotes only hold commas together there.
fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut is_quoted) = (vec![String::new()], false);
    for letter in line.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(String::new()),
            other => fields.last_mut().unwrap().push(other),
        }
    }
    fields.iter().map(|field| field.trim().to_owned()).collect()
}

/// What the test knows of the input without asking the program.
struct Badges {
    scratch: Scratch,
    header: String,
    lines: Vec<String>,
    /// Records of badges that nobody on the staff list carries.
    nobodys: usize,
}

impl Badges {
    fn new() -> Option<Self> {
        let folder = shared("vast2016-mc2")?;
        let scratch = Scratch::new();
        let staffed = write_people(&scratch, &folder);
        let text = std::fs::read_to_string(folder.join("proxOut-MC2.csv")).unwrap();
        let mut lines = text.lines().map(str::to_owned).filter(|line| !line.trim().is_empty());
        let header = lines.next().unwrap();
        let lines: Vec<String> = lines.collect();
        write_places(&scratch, &lines);
        write_content(&scratch);
        let nobodys = lines.iter().filter(|line| !staffed.contains(&fields(line)[2])).count();
        let badges = Self { scratch, header, lines, nobodys };
        badges.write("all.csv", &badges.lines);
        Some(badges)
    }

    fn write(&self, name: &str, lines: &[String]) {
        let text = [std::slice::from_ref(&self.header), lines].concat().join("\n");
        self.scratch.write(name, text + "\n");
    }

    /// Replays with these further arguments; the findings' text and the summary.
    fn replay(&self, inputs: &[&str], more: &[&str]) -> (String, Value) {
        let mut args = vec!["--format", "json", "replay", "--org", "org", "--content", "content"];
        for input in inputs {
            args.extend(["--mapping", input]);
        }
        args.extend(["--out", "findings.ndjson"]);
        args.extend(more);
        let ran: Ran = self.scratch.run(&args).ends(0);
        let summary = ran.stderr.lines().last().unwrap_or_default();
        (self.scratch.read("findings.ndjson"), serde_json::from_str(summary).unwrap())
    }
}

/// People and the badges that they carry; some carry several, some none.
fn write_people(scratch: &Scratch, folder: &Path) -> BTreeSet<String> {
    let staff = std::fs::read_to_string(folder.join("person2room.csv")).unwrap();
    let mut people = String::from("person,name,kind,status,team\n");
    let mut identifiers = String::from("kind,value,entity\n");
    let mut staffed = BTreeSet::new();
    for row in staff.lines().skip(1).map(fields).filter(|row| row.len() >= 6) {
        let (index, last, first) = (&row[0], &row[1], &row[2]);
        let team = row[3].to_lowercase().replace(' ', "-");
        people.push_str(&format!("p-{index},{first} {last},employee,active,{team}\n"));
        for badge in row[5].split(',').map(str::trim).filter(|badge| !badge.is_empty()) {
            identifiers.push_str(&format!("badge,{badge},person:p-{index}\n"));
            staffed.insert(badge.to_owned());
        }
    }
    assert_eq!(people.lines().count(), 126, "the staff list has 125 rows");
    scratch.write("org/people.csv", people).write("org/identifiers.csv", identifiers);
    staffed
}

/// One zone for each pair of floor and zone of the log.
fn write_places(scratch: &Scratch, lines: &[String]) {
    scratch.write("org/organisation.toml", "format = 1\nname = \"GAStech\"\ntime_zone = \"UTC\"\n");
    let mut places = String::from("[[place]]\nid = \"hq\"\nkind = \"site\"\ndwell_max = \"12h\"\n");
    let mut identifiers = scratch.read("org/identifiers.csv");
    let zones: BTreeSet<String> = lines.iter().map(|l| fields(l)).map(zone_name).collect();
    for zone in &zones {
        let id = format!("z-{}", zone.to_lowercase().replace(' ', "-"));
        places.push_str(&format!("\n[[place]]\nid = \"{id}\"\nkind = \"zone\"\nparent = \"hq\"\n"));
        identifiers.push_str(&format!("zone,{zone},place:{id}\n"));
    }
    scratch.write("org/places.toml", places).write("org/identifiers.csv", identifiers);
}

fn zone_name(row: Vec<String>) -> String {
    format!("{}-{}", row[3], row[4])
}

/// The mapping that names the log's columns, and two rules that have much to find in it.
fn write_content(scratch: &Scratch) {
    scratch.write(
        "content/mappings/vast-prox/mapping.toml",
        r#"format = 1
name = "vast-prox"
extends = "pacs-csv"

[csv]
time_format = "%Y-%m-%d %H:%M:%S"
columns = { time = "timestamp", badge = "prox-id", zone = ["floor", "zone"] }
"#,
    );
    scratch.write(
        "content/rules/vast/server-room.yml",
        r#"title: Somebody in the server room
id: server-room
status: stable
logsource:
  category: physical_access
detection:
  selection:
    class_uid: 4230001
    activity_id: 1
    castellan.place: z-3-server-room
  condition: selection
level: low
castellan:
  team: guard
  because: "{castellan.person} entered the server room."
  fold: [castellan.person]
"#,
    );
    scratch.write(
        "content/rules/vast/restless.yml",
        r#"title: Many passages in a short time
id: restless
status: stable
correlation:
  type: event_count
  rules: [restless.passage]
  group-by: [person]
  timespan: 10m
  condition:
    gte: 6
level: low
castellan:
  team: guard
  because: "{castellan.person} passed {count} readers."
---
title: A passage
id: restless.passage
status: stable
logsource:
  category: physical_access
detection:
  selection:
    class_uid: 4230001
    activity_id: 1
  condition: selection
level: informational
"#,
    );
}

/// A finding without the record numbers of its evidence, which follow the input's order.
fn without_records(line: &str) -> String {
    let mut finding: Value = serde_json::from_str(line).unwrap();
    for evidence in finding["evidence"].as_array_mut().unwrap() {
        evidence["record"] = Value::Null;
    }
    finding.to_string()
}

fn sorted(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(without_records).collect();
    lines.sort();
    lines
}

/// The same order on every machine, and far from the file's own.
fn shuffled(lines: &[String]) -> Vec<String> {
    let key = |i: usize| (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23);
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by_key(|i| key(*i));
    order.into_iter().map(|i| lines[i].clone()).collect()
}

fn by_rule(text: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for finding in json_lines(text) {
        shapes::finding(&finding);
        assert_eq!(finding["state"], "confirmed", "{finding}");
        *counts.entry(finding["rule"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    counts
}

#[test]
fn the_whole_log_is_understood() {
    let Some(badges) = Badges::new() else { return };
    let (findings, summary) = badges.replay(&["vast-prox=all.csv"], &[]);
    assert_eq!(summary["records"], badges.lines.len(), "{summary}");
    assert_eq!(summary["rejected"], 0, "{summary}");
    assert_eq!(summary["late"], 0, "{summary}");
    // Each passage is a physical access and a verdict on a credential.
    assert_eq!(summary["events"], 2 * badges.lines.len(), "{summary}");
    assert_eq!(summary["unresolved"]["badge"], badges.nobodys, "{summary}");
    let rules = by_rule(&findings);
    println!("{rules:?}");
    assert!(rules["server-room"] > 0 && rules["restless"] > 0, "{rules:?}");
    assert_eq!(serde_json::to_value(&rules).unwrap(), summary["by_rule"]);
    let (mut ids, mut doubled) = (BTreeSet::new(), 0);
    for finding in json_lines(&findings) {
        doubled += u64::from(!ids.insert(finding["finding"].to_string()));
    }
    assert_eq!(doubled, 0, "two findings share an id");
}

#[test]
fn order_and_cut_of_the_input_change_nothing() {
    let Some(badges) = Badges::new() else { return };
    let days = badges.lines.clone();
    badges.write("days.csv", &days);
    badges.write("shuffled.csv", &shuffled(&days));
    let (first, second) = days.split_at(days.len() / 3);
    badges.write("first.csv", first);
    badges.write("second.csv", second);
    let (once, _) = badges.replay(&["vast-prox=days.csv"], &[]);
    assert!(once.lines().count() > 20, "too little is found to prove anything");
    let (cut, summary) = badges.replay(&["vast-prox=first.csv", "vast-prox=second.csv"], &[]);
    assert_eq!(summary["records"], days.len());
    assert!(cut == once, "a log in two files gives other findings");
    let (mixed, _) = badges.replay(&["vast-prox=shuffled.csv"], &[]);
    assert_eq!(sorted(&mixed), sorted(&once));
}

#[test]
fn a_range_of_time_is_half_open_and_repeatable() {
    let Some(badges) = Badges::new() else { return };
    let from_to = ["--from", "2016-06-01T00:00:00Z", "--to", "2016-06-02T00:00:00Z"];
    let (once, summary) = badges.replay(&["vast-prox=all.csv"], &from_to);
    let of_day = badges.lines.iter().filter(|line| line.starts_with("2016-06-01")).count();
    assert_eq!(summary["events"], 2 * of_day, "{summary}");
    assert_eq!(summary["outside"], 2 * (badges.lines.len() - of_day), "{summary}");
    for finding in json_lines(&once) {
        assert!(finding["time"].as_str().unwrap().starts_with("2016-06-01"), "{finding}");
    }
    let (again, _) = badges.replay(&["vast-prox=all.csv"], &from_to);
    assert!(!once.is_empty() && once == again, "two runs differ");
}

/// Seconds of a time in the log or of one of ours, within that year.
fn seconds(text: &str) -> i64 {
    let number = |from: usize, to: usize| text[from..to].parse::<i64>().unwrap();
    let day = (number(5, 7) - 5) * 31 + number(8, 10);
    ((day * 24 + number(11, 13)) * 60 + number(14, 16)) * 60 + number(17, 19)
}

/// A person's passages: when, and into which zone.
type Passages = BTreeMap<String, Vec<(i64, String)>>;

impl Badges {
    fn passages(&self) -> Passages {
        let staff = self.scratch.read("org/identifiers.csv");
        let holder: BTreeMap<&str, &str> = staff
            .lines()
            .filter_map(|line| line.strip_prefix("badge,")?.split_once(",person:"))
            .collect();
        let people = self.scratch.read("org/people.csv");
        let people = people.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned());
        let mut all: Passages = people.map(|person| (person, Vec::new())).collect();
        for row in self.lines.iter().map(|line| fields(line)) {
            let Some(person) = holder.get(row[2].as_str()) else { continue };
            let at = seconds(&row[0]);
            let zone = format!("z-{}", zone_name(row).to_lowercase().replace(' ', "-"));
            all.get_mut(*person).unwrap().push((at, zone));
        }
        all.values_mut().for_each(|passages| passages.sort());
        all
    }
}

/// The verdict on one moment by its definition: the last passage counts for twelve hours, and what
/// lies within two seconds of the moment may have been before or after it.
fn naive(passages: &[(i64, String)], at: i64, place: &str) -> &'static str {
    let unsure: Vec<_> = passages.iter().filter(|(t, _)| (t - at).abs() <= 2).collect();
    let before: Vec<_> = passages.iter().filter(|(t, _)| t + 2 < at).collect();
    let may_be = unsure.iter().any(|(_, zone)| zone == place);
    let open = if may_be { "consistent" } else { "unknown" };
    let Some((last, zone)) = before.last() else { return open };
    if before.iter().any(|(t, other)| t == last && other != zone) {
        return open;
    }
    if unsure.iter().any(|(_, other)| other != zone) {
        return if zone == place { "consistent" } else { open };
    }
    match at - last > 12 * 3_600 {
        true => open,
        false if zone == place => "consistent",
        false => "excluded",
    }
}

#[test]
fn who_it_could_have_been_is_what_the_log_says() {
    let Some(badges) = Badges::new() else { return };
    let passages = badges.passages();
    // Moments as an investigator makes them: from passages of one person, and from the clock.
    let (of, some) = passages.iter().max_by_key(|(_, passages)| passages.len()).unwrap();
    let picks: Vec<&str> = badges.lines.iter().step_by(211).map(String::as_str).collect();
    let text_of = |line: &str| line[..19].replace(' ', "T");
    let mut questions: Vec<Vec<(String, String)>> = Vec::new();
    let own: Vec<(String, String)> = badges
        .lines
        .iter()
        .filter(|line| some.iter().any(|(at, _)| *at == seconds(line)))
        .map(|line| {
            (
                text_of(line),
                format!("z-{}", zone_name(fields(line)).to_lowercase().replace(' ', "-")),
            )
        })
        .filter(|(time, zone)| some.contains(&(seconds(time), zone.clone())))
        .step_by(9)
        .take(4)
        .collect();
    questions.push(own);
    for pair in picks.windows(2) {
        let zone =
            |line: &str| format!("z-{}", zone_name(fields(line)).to_lowercase().replace(' ', "-"));
        questions.push(vec![(text_of(pair[0]), zone(pair[1]))]);
    }
    let mut tally: BTreeMap<String, u64> = BTreeMap::new();
    for (number, moments) in questions.iter().enumerate() {
        let lines: Vec<String> = moments.iter().map(|(t, z)| format!("{t}Z,{z}")).collect();
        badges.scratch.write("moments.csv", format!("time,place\n{}\n", lines.join("\n")));
        let args = [
            "whereabouts",
            "--org",
            "org",
            "--content",
            "content",
            "--mapping",
            "vast-prox=all.csv",
            "--at",
            "moments.csv",
        ];
        let told = json_lines(&badges.scratch.run(&args).ends(0).stdout);
        assert_eq!(told.len(), passages.len());
        for line in told {
            let person = line["person"].as_str().unwrap();
            let each: Vec<_> = moments
                .iter()
                .map(|(t, zone)| naive(&passages[person], seconds(t), zone))
                .collect();
            let expected = match () {
                () if each.contains(&"excluded") => "excluded",
                () if each.contains(&"unknown") => "unknown",
                () => "consistent",
            };
            assert_eq!(line["verdict"], expected, "{moments:?}: {line}");
            assert!(number > 0 || person != of || expected == "consistent", "{line}");
            *tally.entry(expected.to_owned()).or_insert(0) += 1;
        }
    }
    println!("{tally:?}");
    assert_eq!(tally.len(), 3, "the questions do not tell people apart: {tally:?}");
}

/// The two days as docs/vast-2016-review.md has reviewed them: readers and robots as sources of an
/// organisation whose zones have classes, replaced cards told from lent ones.
struct Reviewed {
    badges: Badges,
    robots: usize,
}

impl Reviewed {
    fn new() -> Option<Self> {
        let folder = shared("vast2016-mc2")?;
        let badges = Badges::new()?;
        let text = std::fs::read_to_string(folder.join("proxMobileOut-MC2.csv")).unwrap();
        let robots: Vec<Vec<String>> =
            text.lines().skip(1).filter(|line| !line.trim().is_empty()).map(fields).collect();
        let scratch = &badges.scratch;
        let header = "time,badge,zone,result\n";
        let passages: String =
            badges.lines.iter().map(|line| row(&fields(line), zone_name(fields(line)))).collect();
        scratch.write("readers.csv", format!("{header}{passages}"));
        let sightings: String =
            robots.iter().map(|seen| row(seen, format!("floor-{}", seen[3]))).collect();
        scratch.write("robots.csv", format!("{header}{sightings}"));
        for file in ["organisation.toml", "people.csv"] {
            scratch.write(&format!("reviewed/{file}"), scratch.read(&format!("org/{file}")));
        }
        write_classes(scratch, &badges.lines);
        write_cards(scratch, &folder, &badges.lines);
        Some(Self { robots: robots.len(), badges })
    }
}

/// A reading proves that the card was there: the passage was taken.
fn row(fields: &[String], zone: String) -> String {
    format!("{}Z,{},{zone},taken\n", fields[0].replace(' ', "T"), fields[2])
}

fn write_classes(scratch: &Scratch, lines: &[String]) {
    let mut places = String::from("[[place]]\nid = \"hq\"\nkind = \"site\"\ndwell_max = \"12h\"\n");
    for floor in ["1", "2", "3"] {
        places.push_str(&format!(
            "\n[[place]]\nid = \"f-{floor}\"\nkind = \"zone\"\nparent = \"hq\"\n\
             zone_class = \"restricted\"\n"
        ));
    }
    let zones: BTreeSet<String> = lines.iter().map(|line| zone_name(fields(line))).collect();
    for zone in zones {
        let class = match zone.as_str() {
            "3-Server Room" => "critical",
            "1-1" | "1-4" => "transitional",
            _ => "restricted",
        };
        let (floor, id) = (&zone[..1], zone.to_lowercase().replace(' ', "-"));
        places.push_str(&format!(
            "\n[[place]]\nid = \"z-{id}\"\nkind = \"zone\"\nparent = \"f-{floor}\"\n\
             zone_class = \"{class}\"\n"
        ));
    }
    let sources = r#"[[source]]
id = "readers"
mapping = "pacs-csv"
site = "hq"
trust = "token"
clock_offset_max = "1s"
witness_of = ["presence", "door"]

[[source]]
id = "robots"
mapping = "pacs-csv"
site = "hq"
trust = "token"
clock_offset_max = "1s"
witness_of = ["presence"]
"#;
    scratch.write("reviewed/places.toml", places).write("reviewed/sources.toml", sources);
}

/// Of several cards of one person each replaces the one before, from the day on which it is first
/// read; one that is never read has replaced nothing yet.
fn write_cards(scratch: &Scratch, folder: &Path, lines: &[String]) {
    let mut first_read = BTreeMap::new();
    for line in lines {
        let row = fields(line);
        first_read.entry(row[2].clone()).or_insert_with(|| row[0].replace(' ', "T") + "Z");
    }
    let mut cards = String::from("kind,value,entity,valid_from,replaces\n");
    let known = scratch.read("org/identifiers.csv");
    for zone in known.lines().filter(|line| line.starts_with("zone,")) {
        cards.push_str(&format!("{zone},,\n"));
    }
    for floor in ["1", "2", "3"] {
        cards.push_str(&format!("zone,floor-{floor},place:f-{floor},,\n"));
    }
    let staff = std::fs::read_to_string(folder.join("person2room.csv")).unwrap();
    for row in staff.lines().skip(1).map(fields).filter(|row| row.len() >= 6) {
        let own = row[5].split(',').map(str::trim).filter(|card| !card.is_empty());
        let mut own: Vec<&str> = own.collect();
        own.sort_unstable();
        let mut before = "";
        for card in own {
            let from = match (before, first_read.get(card)) {
                ("", _) => "",
                (_, Some(read)) => read,
                (_, None) => continue,
            };
            cards.push_str(&format!("badge,{card},person:p-{},{from},{before}\n", row[0]));
            before = card;
        }
    }
    scratch.write("reviewed/identifiers.csv", cards);
}

#[test]
fn the_shipped_rules_say_what_was_reviewed() {
    let Some(reviewed) = Reviewed::new() else { return };
    let scratch = &reviewed.badges.scratch;
    let args = ["--format", "json", "replay", "--org", "reviewed", "--out", "findings.ndjson"];
    let sources = ["--source", "readers=readers.csv", "--source", "robots=robots.csv"];
    let ran = scratch.run(&[&args[..], &sources[..]].concat()).ends(0);
    let summary: Value = serde_json::from_str(ran.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(summary["records"], reviewed.badges.lines.len() + reviewed.robots, "{summary}");
    assert_eq!((&summary["rejected"], &summary["late"]), (&0.into(), &0.into()), "{summary}");
    // Eight cards that nobody on the staff list has, on each of two days.
    let expected = BTreeMap::from([("credential-unknown-granted".to_owned(), 16)]);
    assert_eq!(by_rule(&scratch.read("findings.ndjson")), expected);
}
