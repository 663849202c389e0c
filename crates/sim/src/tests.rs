#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::{Organisation, Timestamp};

use crate::{Channel, Sim, WireRecord, demo};

const HOUR: Duration = Duration::from_secs(3_600);

fn organisation() -> Organisation {
    let files: BTreeMap<String, String> = demo::ORGANISATION
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    let (organisation, problems) = estate::load(&files);
    let report: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(report.is_empty(), "{}", report.join("\n"));
    organisation.unwrap()
}

fn at(text: &str) -> Timestamp {
    Timestamp::from_rfc3339(text).unwrap()
}

/// A Monday, an hour before the offices open in Europe.
fn monday() -> Timestamp {
    at("2026-11-23T06:30:00Z")
}

fn demo_from(seed: u64, start: Timestamp) -> Sim {
    Sim::new(seed, &organisation(), demo::script(None).unwrap(), start).unwrap()
}

fn quiet_from(seed: u64, start: Timestamp) -> Sim {
    let script = demo::script(None).unwrap().without_stories().by_the_calendar();
    Sim::new(seed, &organisation(), script, start).unwrap()
}

fn text(record: &WireRecord) -> String {
    String::from_utf8(record.bytes.clone()).unwrap()
}

/// Rows of the access control logs: time, badge, door, direction, result.
fn badge_rows(records: &[WireRecord]) -> Vec<[String; 5]> {
    let is_csv = |record: &&WireRecord| {
        matches!(record.channel, Channel::Http { content_type: "text/csv", .. })
    };
    let row = |record: &WireRecord| {
        let text = text(record);
        let line = text.lines().nth(1).unwrap();
        let fields: Vec<String> = line.split(',').take(5).map(str::to_owned).collect();
        <[String; 5]>::try_from(fields).unwrap()
    };
    // That a controller is there is nobody's doing.
    let is_done = |row: &[String; 5]| row[4] != "alive";
    records.iter().filter(is_csv).map(row).filter(is_done).collect()
}

#[test]
fn one_seed_gives_the_same_bytes_however_time_is_sliced() {
    let end = monday().plus(6 * HOUR);
    let whole = demo_from(7, monday()).events_between(monday(), end);
    let mut sliced = Vec::new();
    let mut sim = demo_from(7, monday());
    let mut from = monday();
    while from < end {
        let to = from.plus(Duration::from_millis(173_413)).min(end);
        sliced.extend(sim.events_between(from, to));
        from = to;
    }
    assert!(whole.len() > 1_000, "{}", whole.len());
    assert_eq!(whole, sliced);
    assert_ne!(whole, demo_from(8, monday()).events_between(monday(), end));
}

#[test]
fn nothing_is_sent_before_the_start_or_out_of_order() {
    let mut sim = demo_from(7, monday());
    assert!(sim.events_between(monday().minus(HOUR), monday()).is_empty());
    let records = sim.events_between(monday().minus(HOUR), monday().plus(HOUR));
    assert!(records.iter().zip(records.iter().skip(1)).all(|(a, b)| a.at <= b.at));
}

#[test]
fn a_day_has_every_kind_of_source_and_a_plausible_rate() {
    let records = quiet_from(1, monday()).events_between(monday(), monday().plus(24 * HOUR));
    let channels: BTreeSet<String> = records
        .iter()
        .map(|record| match &record.channel {
            Channel::Syslog { framing } => format!("{framing:?}"),
            Channel::Http { source, .. } => source.to_string(),
            Channel::Mqtt { topic } => topic.to_string(),
        })
        .collect();
    let expected = [
        "Datagram",
        "Octets",
        "frigate/events",
        "okta",
        "pacs-dc",
        "pacs-hkg",
        "pacs-hq",
        "unifi-dc",
        "unifi-hq",
    ];
    assert_eq!(channels.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    assert!((5_000..50_000).contains(&records.len()), "{}", records.len());
}

#[test]
fn on_a_quiet_day_every_badge_is_the_current_one_of_somebody_who_works_here() {
    let organisation = organisation();
    let start = at("2026-11-23T00:00:00Z");
    let records = quiet_from(3, start).events_between(start, start.plus(24 * HOUR));
    let rows = badge_rows(&records);
    assert!(rows.len() > 500, "{}", rows.len());
    let replaced: BTreeSet<&str> =
        organisation.identifiers.iter().filter_map(|one| one.replaces.as_deref()).collect();
    let lawful: BTreeSet<&str> = organisation
        .identifiers
        .iter()
        .filter(|one| one.kind == "badge" && !replaced.contains(one.value.as_str()))
        .filter(|one| {
            organisation.people.values().any(|person| {
                person.status == model::spine::PersonStatus::Active
                    && one.entity == model::Entity::Person(person.id.clone())
            })
        })
        .map(|one| one.value.as_str())
        .collect();
    for [time, badge, _, _, result] in &rows {
        assert!(lawful.contains(badge.as_str()), "{time} {badge}");
        assert!(["granted", "taken", "denied"].contains(&result.as_str()), "{time} {result}");
    }
    let denied = rows.iter().filter(|[.., result]| result == "denied").count();
    assert!(denied * 20 < rows.len(), "{denied} of {}", rows.len());
}

/// Follows every badge through the doors: nobody passes a door of a zone that they are not in.
#[test]
fn people_walk_through_doors_one_after_another() {
    let organisation = organisation();
    let start = at("2026-11-23T00:00:00Z");
    let records = quiet_from(3, start).events_between(start, start.plus(48 * HOUR));
    let door_of = |name: &str| {
        let named = |one: &&model::spine::Identifier| one.kind == "door" && one.value == name;
        let Some(identifier) = organisation.identifiers.iter().find(named) else {
            panic!("{name}")
        };
        let model::Entity::Place(place) = &identifier.entity else { panic!("{name}") };
        organisation.doors.get(place).unwrap()
    };
    let mut inside: BTreeMap<String, String> = BTreeMap::new();
    for [time, badge, name, direction, result] in badge_rows(&records) {
        if result != "taken" {
            continue;
        }
        let door = door_of(&name);
        let (from, to) = match direction.as_str() {
            "in" => (&door.from_zone, &door.to_zone),
            _ => (&door.to_zone, &door.from_zone),
        };
        if let Some(zone) = inside.get(&badge) {
            assert_eq!(zone, from.as_str(), "{time} {badge} at {name}");
        }
        inside.insert(badge, to.to_string());
    }
    assert!(inside.len() > 20);
}

/// The claimed time of every record lies within its source's lateness of its sending.
#[test]
fn what_happened_before_the_start_is_told_in_its_first_seconds() {
    let start = at("2026-11-23T10:00:00Z");
    let records = demo_from(7, start).events_between(start, start.plus(Duration::from_secs(5)));
    let rows = badge_rows(&records);
    assert!(rows.len() > 40, "{}", rows.len());
    for [time, ..] in rows {
        let claimed = at(&time);
        assert!(claimed < start.plus(Duration::from_secs(6)), "{time}");
        assert!(start.since(claimed) < Duration::from_secs(600), "{time}");
    }
}

#[test]
fn each_story_is_told_within_seventy_five_seconds_at_any_hour() {
    for start in ["2026-11-22T03:00:00Z", "2026-11-23T10:00:00Z", "2026-07-05T23:59:30Z"] {
        let start = at(start);
        let end = start.plus(Duration::from_secs(75));
        let records = demo_from(7, start).events_between(start, end);
        let all: Vec<String> = records.iter().map(text).collect();
        for needle in [
            "session opened for user anouk.verbeek",
            "DC Dock 4 Side Door,in,forced",
            "DC Gatehouse,in,granted",
            "\"disconnect\"",
            "\"sensorOpened\"",
        ] {
            assert!(all.iter().any(|one| one.contains(needle)), "{start}: {needle}");
        }
    }
}

#[test]
fn the_demo_is_alive_whenever_it_is_started_and_a_calendar_sunday_is_not() {
    for start in ["2026-11-22T03:00:00Z", "2026-12-25T15:00:00Z", "2027-03-28T00:59:00Z"] {
        let start = at(start);
        let records = demo_from(7, start).events_between(start, start.plus(HOUR));
        assert!(records.len() > 1_000, "{start}: {}", records.len());
    }
    let sunday = at("2026-11-22T03:00:00Z");
    let records = quiet_from(7, sunday).events_between(sunday, sunday.plus(HOUR));
    // The night shift's doors, the firewalls' heartbeats, and who says that they are there.
    assert!(records.len() < 300, "{}", records.len());
}

#[test]
fn octet_counted_frames_say_how_long_they_are() {
    let records = quiet_from(1, monday()).events_between(monday(), monday().plus(HOUR));
    let framed = records
        .iter()
        .find(|r| matches!(r.channel, Channel::Syslog { framing: crate::Framing::Octets }))
        .unwrap();
    let whole = String::from_utf8(framed.framed()).unwrap();
    let (length, message) = whole.split_once(' ').unwrap();
    assert_eq!(length.parse::<usize>().unwrap(), message.len());
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Plans {
    format: u32,
    plan: Vec<Plan>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    place: String,
    image: String,
    width: u32,
    height: u32,
    mark: Vec<Mark>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    entity: String,
    x: f64,
    y: f64,
}

fn plans() -> Plans {
    toml::from_str(demo::PLANS).unwrap()
}

fn drawing(name: &str) -> &'static str {
    let (_, svg) = demo::DRAWINGS.iter().find(|(known, _)| *known == name).unwrap();
    svg
}

#[test]
fn every_door_and_camera_stands_on_the_plan_of_a_floor_once() {
    let organisation = organisation();
    let plans = plans();
    assert_eq!(plans.format, 1);
    let mut marked = BTreeSet::new();
    for plan in &plans.plan {
        let place = organisation.places.values().find(|place| place.id.as_str() == plan.place);
        assert_eq!(place.unwrap().kind, model::spine::PlaceKind::Floor, "{}", plan.place);
        let size = format!("width=\"{}\" height=\"{}\"", plan.width, plan.height);
        assert!(drawing(&plan.image).contains(&size), "{}", plan.image);
        for mark in &plan.mark {
            assert!(marked.insert(mark.entity.clone()), "{} twice", mark.entity);
            assert!((0.0..=1.0).contains(&mark.x) && (0.0..=1.0).contains(&mark.y));
            let entity = model::Entity::parse(&mark.entity).unwrap();
            let is_known = match &entity {
                model::Entity::Place(id) => organisation.is_within(id, &place.unwrap().id),
                model::Entity::Asset(id) => organisation.assets.contains_key(id),
                model::Entity::Person(_) => false,
            };
            assert!(is_known, "{}", mark.entity);
        }
    }
    for door in organisation.doors.keys() {
        assert!(marked.contains(&format!("place:{door}")), "{door} is on no plan");
    }
    for camera in organisation.assets.values().filter(|asset| asset.kind == "camera") {
        assert!(marked.contains(&format!("asset:{}", camera.id)), "{} is on no plan", camera.id);
    }
}

#[test]
fn a_plan_holds_nothing_but_lines_and_words() {
    for plan in plans().plan {
        let svg = drawing(&plan.image);
        for word in
            ["<script", "<style", "<foreignObject", "<image", "href", "url(", "data:", " on"]
        {
            assert!(!svg.contains(word), "{}: {word}", plan.image);
        }
    }
}
