//! Writes an organisation as the folder it could have been read from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use model::spine::{Extras, Identifier, Organisation, Person, Place, Source, Validity};
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
    let places: String =
        organisation.places.values().map(|one| place(one, &organisation.extras)).collect();
    put("places.toml", places, organisation.places.is_empty());
    put("people.csv", people(organisation), organisation.people.is_empty());
    put("assets.csv", assets(organisation), organisation.assets.is_empty());
    put("identifiers.csv", identifiers(organisation), organisation.identifiers.is_empty());
    put("doors.csv", doors(organisation), organisation.doors.is_empty());
    let sources: String =
        organisation.sources.values().map(|one| source(one, &organisation.extras)).collect();
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

impl Lines {
    /// The house's own keys of one row: their values are TOML already.
    fn put_extras(&mut self, extras: &Extras, file: &str, row: &str) {
        for (key, value) in extras.get(&(file.to_owned(), row.to_owned())).into_iter().flatten() {
            // INVARIANT: as above.
            let _ = writeln!(self.0, "{} = {value}", toml_edit::Key::new(key));
        }
    }
}

fn head(organisation: &Organisation) -> String {
    let mut lines = Lines(String::new());
    lines.put("format", 1);
    lines.put("name", organisation.name.as_str());
    lines.put("time_zone", organisation.time_zone.as_str());
    lines.put("tenant", organisation.tenant.as_str());
    lines.put_extras(&organisation.extras, "organisation.toml", "");
    lines.0
}

fn place(place: &Place, extras: &Extras) -> String {
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
    lines.put_extras(extras, "places.toml", place.id.as_str());
    lines.0 + "\n"
}

fn source(source: &Source, extras: &Extras) -> String {
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
    lines.put_extras(extras, "sources.toml", source.id.as_str());
    lines.0 + "\n"
}

pub(crate) fn duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    let units =
        [(604_800_000, "w"), (86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let fits = |(size, _): &&(u128, &str)| millis > 0 && millis.is_multiple_of(*size);
    match units.iter().find(fits) {
        Some((size, unit)) => format!("{}{unit}", millis / size),
        None => format!("{millis}ms"),
    }
}

/// A file's rows, each with its name, and the house's own columns after ours.
pub(crate) fn sheet<const N: usize>(
    (file, extras): (&str, &Extras),
    header: [&str; N],
    rows: impl Iterator<Item = (String, [String; N])>,
) -> String {
    let of_file = extras.iter().filter(|((name, _), _)| name == file);
    let own: BTreeSet<&str> =
        of_file.flat_map(|(_, values)| values.keys().map(String::as_str)).collect();
    let header = header.into_iter().chain(own.iter().copied()).map(cell);
    let mut text = header.collect::<Vec<_>>().join(",") + "\r\n";
    for (name, row) in rows {
        let values = extras.get(&(file.to_owned(), name));
        let value =
            |key: &&str| values.and_then(|values| values.get(*key)).map_or("", String::as_str);
        let cells = row.iter().map(String::as_str).chain(own.iter().map(value)).map(cell);
        text.push_str(&cells.collect::<Vec<_>>().join(","));
        text.push_str("\r\n");
    }
    text
}

pub(crate) fn or_empty(text: Option<&impl AsRef<str>>) -> String {
    text.map_or(String::new(), |text| text.as_ref().to_owned())
}

pub(crate) fn ends(validity: &Validity) -> [String; 2] {
    let show = |at: Option<Timestamp>| at.map_or(String::new(), |at| at.to_string());
    [show(validity.from), show(validity.to)]
}

fn people(organisation: &Organisation) -> String {
    let header =
        ["person", "name", "kind", "status", "team", "manager", "site", "valid_from", "valid_to"];
    let row = |person: &Person| {
        let [from, to] = ends(&person.validity);
        let cells = [
            person.id.to_string(),
            person.name.clone(),
            words::person_kind(person.kind).to_owned(),
            words::person_status(person.status).to_owned(),
            or_empty(person.team.as_ref()),
            or_empty(person.manager.as_ref()),
            or_empty(person.site.as_ref()),
            from,
            to,
        ];
        (person.id.to_string(), cells)
    };
    let rows = organisation.people.values().map(row);
    sheet(("people.csv", &organisation.extras), header, rows)
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
        let cells = [
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
        ];
        (asset.id.to_string(), cells)
    });
    sheet(("assets.csv", &organisation.extras), header, rows)
}

fn identifiers(organisation: &Organisation) -> String {
    let header = ["kind", "value", "entity", "realm", "valid_from", "valid_to", "replaces"];
    let row = |(number, one): (usize, &Identifier)| {
        let [from, to] = ends(&one.validity);
        let realm = or_empty(one.realm.as_ref());
        let replaces = or_empty(one.replaces.as_ref());
        let (kind, value) = (one.kind.clone(), one.value.clone());
        let cells = [kind, value, one.entity.to_string(), realm, from, to, replaces];
        (number.to_string(), cells)
    };
    let rows = organisation.identifiers.iter().enumerate().map(row);
    sheet(("identifiers.csv", &organisation.extras), header, rows)
}

fn doors(organisation: &Organisation) -> String {
    let header = [
        "door",
        "from_zone",
        "to_zone",
        "controller",
        "reader_in",
        "reader_out",
        "held_after_s",
        "passage",
    ];
    let seconds = |held: Duration| {
        let text = format!("{}.{:03}", held.as_secs(), held.subsec_millis());
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let rows = organisation.doors.values().map(|door| {
        let cells = [
            door.door.to_string(),
            door.from_zone.to_string(),
            door.to_zone.to_string(),
            or_empty(door.controller.as_ref()),
            or_empty(door.reader_in.as_ref()),
            or_empty(door.reader_out.as_ref()),
            door.held_after.map_or(String::new(), seconds),
            words::passage(door.passage).to_owned(),
        ];
        (door.door.to_string(), cells)
    });
    sheet(("doors.csv", &organisation.extras), header, rows)
}
