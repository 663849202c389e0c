//! Writes an organisation as the folder it could have been read from.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use model::spine::{Identifier, Organisation, Person, Place, Source, Validity};
use model::time::Timestamp;

use crate::csvpos::cell;
use crate::load::{AUTO, words};

/// The folder's files by name; files that would be empty are left out. Reading them again gives
/// the same organisation.
pub fn export(organisation: &Organisation) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    files.insert("organisation.toml".to_owned(), head(organisation));
    let mut put = |name: &str, text: String, is_empty: bool| {
        if !is_empty {
            files.insert(name.to_owned(), text);
        }
    };
    let places: String = organisation.places.values().map(place).collect();
    put("places.toml", places, organisation.places.is_empty());
    put("people.csv", people(organisation), organisation.people.is_empty());
    put("assets.csv", assets(organisation), organisation.assets.is_empty());
    put("identifiers.csv", identifiers(organisation), organisation.identifiers.is_empty());
    put("doors.csv", doors(organisation), organisation.doors.is_empty());
    let sources: String = organisation.sources.values().map(source).collect();
    put("sources.toml", sources, organisation.sources.is_empty());
    files
}

/// Collects the `key = value` lines of one table.
struct Lines(String);

impl Lines {
    fn put(&mut self, key: &str, value: impl Into<toml_edit::Value>) {
        // INVARIANT: writing to a `String` cannot fail.
        let _ = writeln!(self.0, "{key} = {}", value.into());
    }
    fn put_if<'v>(&mut self, key: &str, value: Option<&'v (impl AsRef<str> + 'v)>) {
        if let Some(value) = value {
            self.put(key, value.as_ref());
        }
    }
}

fn head(organisation: &Organisation) -> String {
    let mut lines = Lines(String::new());
    lines.put("format", 1);
    lines.put("name", organisation.name.as_str());
    lines.put("time_zone", organisation.time_zone.as_str());
    lines.put("tenant", organisation.tenant.as_str());
    lines.0
}

fn place(place: &Place) -> String {
    let mut lines = Lines("[[place]]\n".to_owned());
    lines.put("id", place.id.as_str());
    lines.put("kind", words::place_kind(place.kind));
    lines.put_if("parent", place.parent.as_ref());
    lines.put_if("name", place.name.as_ref());
    lines.put_if("time_zone", place.time_zone.as_ref());
    lines.put_if("zone_class", place.zone_class.map(words::zone_class).as_ref());
    if let Some(capacity) = place.capacity {
        lines.put("capacity", i64::from(capacity));
    }
    lines.put_if("dwell_max", place.dwell_max.map(duration).as_ref());
    lines.0 + "\n"
}

fn source(source: &Source) -> String {
    let mut lines = Lines("[[source]]\n".to_owned());
    lines.put("id", source.id.as_str());
    lines.put("mapping", source.mapping.as_ref().map_or(AUTO, |name| name.as_str()));
    lines.put_if("site", source.site.as_ref());
    lines.put_if("realm", source.realm.as_ref());
    lines.put_if("time_zone", source.time_zone.as_ref());
    lines.put("clock_offset_max", duration(source.clock_offset_max));
    lines.put_if("heartbeat", source.heartbeat.map(duration).as_ref());
    lines.put("lateness_max", duration(source.lateness_max));
    lines.put("trust", words::trust(source.trust));
    if !source.witness_of.is_empty() {
        let witnesses = source.witness_of.iter().map(|one| words::witness(*one));
        lines.put("witness_of", witnesses.collect::<toml_edit::Array>());
    }
    let matching = &source.matching;
    let fields = [
        ("listener", &matching.listener),
        ("peer", &matching.peer),
        ("hostname", &matching.hostname),
        ("app_name", &matching.app_name),
        ("topic", &matching.topic),
    ];
    let stated = fields.iter().filter_map(|(key, value)| Some((*key, value.as_deref()?)));
    let table: toml_edit::InlineTable = stated.collect();
    if !table.is_empty() {
        lines.put("match", table);
    }
    lines.0 + "\n"
}

fn duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    let units =
        [(604_800_000, "w"), (86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let fits = |(size, _): &&(u128, &str)| millis > 0 && millis.is_multiple_of(*size);
    match units.iter().find(fits) {
        Some((size, unit)) => format!("{}{unit}", millis / size),
        None => format!("{millis}ms"),
    }
}

fn sheet<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut text = header.join(",");
    text.push_str("\r\n");
    for row in rows {
        let cells: Vec<_> = row.iter().map(|text| cell(text)).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

fn or_empty(text: Option<&impl AsRef<str>>) -> String {
    text.map_or(String::new(), |text| text.as_ref().to_owned())
}

fn ends(validity: &Validity) -> [String; 2] {
    let show = |at: Option<Timestamp>| at.map_or(String::new(), |at| at.to_string());
    [show(validity.from), show(validity.to)]
}

fn people(organisation: &Organisation) -> String {
    let header =
        ["person", "name", "kind", "status", "team", "manager", "site", "valid_from", "valid_to"];
    let row = |person: &Person| {
        let [from, to] = ends(&person.validity);
        [
            person.id.to_string(),
            person.name.clone(),
            words::person_kind(person.kind).to_owned(),
            words::person_status(person.status).to_owned(),
            or_empty(person.team.as_ref()),
            or_empty(person.manager.as_ref()),
            or_empty(person.site.as_ref()),
            from,
            to,
        ]
    };
    sheet(header, organisation.people.values().map(row))
}

fn assets(organisation: &Organisation) -> String {
    let header = [
        "asset",
        "kind",
        "name",
        "place",
        "owner",
        "team",
        "make",
        "model",
        "firmware",
        "serial",
        "criticality",
    ];
    let rows = organisation.assets.values().map(|asset| {
        [
            asset.id.to_string(),
            asset.kind.clone(),
            or_empty(asset.name.as_ref()),
            or_empty(asset.place.as_ref()),
            or_empty(asset.owner.as_ref()),
            or_empty(asset.team.as_ref()),
            or_empty(asset.make.as_ref()),
            or_empty(asset.model.as_ref()),
            or_empty(asset.firmware.as_ref()),
            or_empty(asset.serial.as_ref()),
            asset.criticality.map_or(String::new(), |number| number.to_string()),
        ]
    });
    sheet(header, rows)
}

fn identifiers(organisation: &Organisation) -> String {
    let header = ["kind", "value", "entity", "realm", "valid_from", "valid_to", "replaces"];
    let row = |one: &Identifier| {
        let [from, to] = ends(&one.validity);
        let realm = or_empty(one.realm.as_ref());
        let replaces = or_empty(one.replaces.as_ref());
        [one.kind.clone(), one.value.clone(), one.entity.to_string(), realm, from, to, replaces]
    };
    sheet(header, organisation.identifiers.iter().map(row))
}

fn doors(organisation: &Organisation) -> String {
    let header =
        ["door", "from_zone", "to_zone", "controller", "reader_in", "reader_out", "held_after_s"];
    let seconds = |held: Duration| {
        let text = format!("{}.{:03}", held.as_secs(), held.subsec_millis());
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let rows = organisation.doors.values().map(|door| {
        [
            door.door.to_string(),
            door.from_zone.to_string(),
            door.to_zone.to_string(),
            or_empty(door.controller.as_ref()),
            or_empty(door.reader_in.as_ref()),
            or_empty(door.reader_out.as_ref()),
            door.held_after.map_or(String::new(), seconds),
        ]
    });
    sheet(header, rows)
}
