//! Writes rights as the files they could have been read from.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use model::rights::{
    Cards, Credential, DAYS, DoorRules, Group, Holder, Opens, Right, RightsData, Schedule,
    ZoneRules,
};

use crate::export::{duration, ends, or_empty, sheet};

/// The folder's files of rights by name, policies as `policies/NAME`; files that would be empty are
/// left out. Reading them again with the same organisation gives the same rights, save people's
/// digits, which no file holds.
pub fn export_rights(data: &RightsData) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut put = |name: &str, text: String, is_empty: bool| {
        if !is_empty {
            files.insert(name.to_owned(), text);
        }
    };
    put("groups.csv", groups(data), data.groups.is_empty());
    put("members.csv", members(data), data.members.is_empty());
    put("credentials.csv", credentials(data), data.credentials.is_empty());
    put("rights.csv", rights(data), data.rights.is_empty());
    put("schedules.toml", schedules(data), data.schedules.is_empty());
    let no_rules = data.zones.is_empty() && data.doors.is_empty() && data.points.is_empty();
    put("access.toml", access(data), no_rules && data.cards == Cards::default());
    for (name, text) in &data.policies {
        put(&format!("policies/{name}"), text.clone(), false);
    }
    files
}

fn groups(data: &RightsData) -> String {
    let row = |(id, group): (&model::GroupId, &Group)| {
        let within: Vec<&str> = group.within.iter().map(AsRef::as_ref).collect();
        let traits: Vec<&str> = group.traits.iter().map(|one| one.as_str()).collect();
        let cells = [
            id.to_string(),
            or_empty(group.name.as_ref()),
            within.join(";"),
            group.clearance.map_or(String::new(), |number| number.to_string()),
            traits.join(";"),
        ];
        (id.to_string(), cells)
    };
    let header = ["group", "name", "within", "clearance", "traits"];
    sheet(("groups.csv", &BTreeMap::new()), header, data.groups.iter().map(row))
}

fn members(data: &RightsData) -> String {
    let rows = data.members.values().map(|one| {
        let [from, to] = ends(&one.validity);
        (one.key(), [one.group.to_string(), one.person.to_string(), from, to])
    });
    let header = ["group", "person", "valid_from", "valid_to"];
    sheet(("members.csv", &BTreeMap::new()), header, rows)
}

fn credentials(data: &RightsData) -> String {
    let number = |number: Option<u64>| number.map_or(String::new(), |number| number.to_string());
    let row = |(id, one): (&model::CredentialId, &Credential)| {
        let [from, to] = ends(&one.validity);
        let cells = [
            id.to_string(),
            one.kind.as_str().to_owned(),
            or_empty(one.person.as_ref()),
            or_empty(one.badge.as_ref()),
            or_empty(one.format.as_ref()),
            number(one.facility),
            number(one.number),
            one.issue.to_string(),
            or_empty(one.key.as_ref()),
            one.generation.to_string(),
            from,
            to,
            one.standing.as_str().to_owned(),
            one.duress.to_string(),
        ];
        (id.to_string(), cells)
    };
    let header = [
        "credential",
        "kind",
        "person",
        "badge",
        "format",
        "facility",
        "number",
        "issue",
        "key",
        "generation",
        "valid_from",
        "valid_to",
        "standing",
        "duress",
    ];
    sheet(("credentials.csv", &BTreeMap::new()), header, data.credentials.iter().map(row))
}

fn rights(data: &RightsData) -> String {
    let row = |(id, right): (&model::RightId, &Right)| {
        let [from, to] = ends(&right.validity);
        let (mut group, mut person) = (String::new(), String::new());
        match &right.holder {
            Holder::Group(id) => group = id.to_string(),
            Holder::Person(id) => person = id.to_string(),
        }
        let (mut zone, mut door) = (String::new(), String::new());
        match &right.opens {
            Opens::Zone(id) => zone = id.to_string(),
            Opens::Door(id) => door = id.to_string(),
        }
        let schedule = or_empty(right.schedule.as_ref());
        let (approved, reason) =
            (or_empty(right.approved_by.as_ref()), or_empty(right.reason.as_ref()));
        let cells =
            [id.to_string(), group, person, zone, door, schedule, approved, reason, from, to];
        (id.to_string(), cells)
    };
    let header = [
        "right",
        "group",
        "person",
        "zone",
        "door",
        "schedule",
        "approved_by",
        "reason",
        "valid_from",
        "valid_to",
    ];
    sheet(("rights.csv", &BTreeMap::new()), header, data.rights.iter().map(row))
}

/// Lines of TOML.
struct Lines(String);

impl Lines {
    fn head(&mut self, text: &str) {
        // INVARIANT: writing to a `String` cannot fail.
        let _ = writeln!(self.0, "\n{text}");
    }
    fn put(&mut self, key: &str, value: impl Into<toml_edit::Value>) {
        // INVARIANT: as above.
        let _ = writeln!(self.0, "{key} = {}", value.into());
    }
    fn put_if<'v>(&mut self, key: &str, value: Option<&'v (impl AsRef<str> + 'v)>) {
        if let Some(value) = value {
            self.put(key, value.as_ref());
        }
    }
    fn put_yes(&mut self, key: &str, yes: bool) {
        if yes {
            self.put(key, true);
        }
    }
}

fn schedules(data: &RightsData) -> String {
    let mut lines = Lines("format = 1\n".to_owned());
    for (id, Schedule { name, time_zone, windows, holidays }) in &data.schedules {
        lines.head("[[schedule]]");
        lines.put("id", id.as_str());
        lines.put_if("name", name.as_ref());
        lines.put_if("time_zone", time_zone.as_ref());
        for window in windows {
            lines.head("[[schedule.window]]");
            let named = DAYS.iter().enumerate().filter(|(bit, _)| window.days & (1 << bit) != 0);
            lines.put("days", named.map(|(_, day)| *day).collect::<toml_edit::Array>());
            lines.put("from", clock(window.from));
            lines.put("to", clock(window.to));
        }
        for (date, kind) in holidays {
            lines.head("[[schedule.holiday]]");
            lines.put("date", date.as_str());
            lines.put("kind", i64::from(*kind));
        }
    }
    lines.0
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn access(data: &RightsData) -> String {
    let mut lines = Lines("format = 1\n".to_owned());
    if data.cards != Cards::default() {
        lines.head("[cards]");
        lines.put_if("format", data.cards.format.as_ref());
        if let Some(facility) = data.cards.facility {
            lines.put("facility", i64::try_from(facility).unwrap_or(i64::MAX));
        }
        lines.put_if("table", data.cards.table.as_ref());
    }
    for (id, rules) in &data.zones {
        lines.head(&format!("[zone.{}]", toml_edit::Key::new(id.as_str()).display_repr()));
        zone(&mut lines, rules);
    }
    for (id, rules) in &data.doors {
        lines.head(&format!("[door.{}]", toml_edit::Key::new(id.as_str()).display_repr()));
        door(&mut lines, rules);
    }
    for (id, doors) in &data.points {
        lines.head(&format!("[point.{}]", toml_edit::Key::new(id.as_str()).display_repr()));
        lines.put("doors", doors.iter().map(model::DoorId::as_str).collect::<toml_edit::Array>());
    }
    lines.0
}

fn zone(lines: &mut Lines, rules: &ZoneRules) {
    lines.put("lease", duration(rules.lease));
    lines.put("at_expiry", rules.at_expiry.as_str());
    lines.put_if("break_glass", rules.break_glass.as_ref());
    if !rules.glass.is_empty() {
        let glass = rules.glass.iter().map(model::CredentialId::as_str);
        lines.put("glass", glass.collect::<toml_edit::Array>());
    }
    lines.put("anti_passback", rules.anti_passback.as_str());
    if !rules.anti_passback_for.is_zero() {
        lines.put("anti_passback_for", duration(rules.anti_passback_for));
    }
    lines.put("blind", rules.blind.as_str());
    if let Some(max) = rules.occupancy_max {
        lines.put("occupancy_max", i64::from(max));
    }
    lines.put_yes("two_person", rules.two_person);
    lines.put_yes("escort", rules.escort);
    lines.put_if("first_person", rules.first_person.as_ref());
    let tight = rules.tightening.iter().map(|rule| {
        let mut table = toml_edit::InlineTable::new();
        table.insert("from", rule.from.as_str().into());
        table.insert("clearance_min", rule.clearance_min.into());
        table.insert("pin", rule.pin.into());
        table
    });
    if !rules.tightening.is_empty() {
        lines.put("tightening", tight.collect::<toml_edit::Array>());
    }
}

fn door(lines: &mut Lines, rules: &DoorRules) {
    lines.put("asks", rules.asks.as_str());
    lines.put("hold", duration(rules.hold));
    lines.put("hold_accessible", duration(rules.hold_accessible));
    lines.put_if("interlock", rules.interlock.as_ref());
    lines.put_if("lift", rules.lift.as_ref());
    lines.put_if("fire_group", rules.fire_group.as_ref());
    lines.put_if("technicians", rules.technicians.as_ref());
    lines.put_if("card_alone", rules.card_alone.as_ref());
}
