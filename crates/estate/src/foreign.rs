//! Lists of cardholders, credentials and rights as other products write them, read by a map that is
//! data: which column means what, what their words mean, how they write times.
//!
//! Nothing is guessed: a row that cannot be read is a problem with its place, and the rest is
//! taken.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _};
use chrono_tz::Tz;
use model::problem::{Position, Problem};
use model::rights::{Credential, CredentialKind, Group, Member, RightsData, Standing};
use model::spine::{Organisation, Validity};
use model::{CredentialId, GroupId, PersonId, Timestamp};

use crate::csvpos::{Table, short};
use crate::tomlpos::Doc;

/// What a column may mean.
pub const MEANINGS: [&str; 12] = [
    "person",
    "last_name",
    "first_name",
    "number",
    "facility",
    "issue",
    "format",
    "standing",
    "valid_from",
    "valid_to",
    "groups",
    "door",
];

/// Before the number of a row in the passing ids of credentials that a list brings.
pub const ROW_PREFIX: &str = "row-";

/// A map of columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Map {
    /// Its name.
    pub name: String,
    /// Whose product.
    pub vendor: String,
    /// Which.
    pub product: String,
    /// By meaning: the names that the column may have, the first that is there counts.
    columns: BTreeMap<&'static str, Vec<String>>,
    standing: BTreeMap<String, Standing>,
    times: Vec<String>,
}

impl Map {
    /// Reads a map; all that is wrong with it at once.
    pub fn read(file: &str, text: &str) -> (Option<Self>, Vec<Problem>) {
        let doc = Doc::parse(file, text);
        let mut map = Self::default();
        if doc.is_readable() {
            let mut root = doc.root();
            root.need_format(1);
            map.name = root.need_str("name").map(|text| text.value).unwrap_or_default();
            let text = |text: Option<crate::tomlpos::Spanned<String>>| {
                text.map(|text| text.value).unwrap_or_default()
            };
            map.vendor = text(root.take_str("vendor"));
            map.product = text(root.take_str("product"));
            let evidence = [("real", ()), ("constructed", ())];
            let _ = root.need_word("evidence", &evidence);
            match root.take_table("columns") {
                Some(mut columns) => {
                    for meaning in MEANINGS {
                        let names = columns.take_strs(meaning).unwrap_or_default();
                        let names: Vec<String> = names.into_iter().map(|n| n.value).collect();
                        if !names.is_empty() {
                            map.columns.insert(meaning, names);
                        }
                    }
                    if !map.columns.contains_key("person") {
                        let message = "`columns.person` is missing: whose a row is".to_owned();
                        columns.error(columns.at(), "missing_key", message);
                    }
                    columns.finish();
                }
                None => {
                    let message = "`columns` is missing: which column means what".to_owned();
                    root.error(root.at(), "missing_key", message);
                }
            }
            if let Some(mut values) = root.take_table("values") {
                if let Some(mut words) = values.take_table("standing") {
                    for (theirs, ours) in words.take_rest_strs() {
                        let found = Standing::WORDS.iter().find(|(word, _)| *word == ours.value);
                        match found {
                            Some((_, one)) => drop(map.standing.insert(theirs.value, *one)),
                            None => {
                                let message = format!(
                                    "`{}`: expected active, suspended or ended",
                                    short(&ours)
                                );
                                words.error(ours.at, "unknown_value", message);
                            }
                        }
                    }
                    words.finish();
                }
                values.finish();
            }
            if let Some(mut times) = root.take_table("times") {
                let formats = times.take_strs("formats").unwrap_or_default();
                map.times = formats.into_iter().map(|text| text.value).collect();
                times.finish();
            }
            root.finish();
        }
        let problems = doc.into_problems();
        let is_sound = problems.iter().all(|p| p.gravity == model::problem::Gravity::Warning);
        (is_sound.then_some(map), problems)
    }
}

/// What a list says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listed {
    /// What is new or other than before, on top of the rights that were given.
    pub data: RightsData,
    /// Everything that is wrong; rows with errors are left out.
    pub problems: Vec<Problem>,
    /// Rows that were read.
    pub rows: u64,
    /// Rows that were left out.
    pub left_out: u64,
    /// Names of people whom the organisation does not know, once each.
    pub unknown_people: Vec<String>,
}

/// Reads a list on top of the rights that there are: groups, memberships and credentials are added,
/// nothing is removed. Credentials have passing ids ([`ROW_PREFIX`]): whoever knows the key of card
/// numbers finds out which of them are there already.
pub fn read(
    map: &Map,
    (file, text): (&str, &str),
    org: &Organisation,
    before: &RightsData,
) -> Listed {
    let mut listed = Listed { data: before.clone(), ..Listed::default() };
    let table = Table::read(file, text);
    listed.problems.extend(table.problems);
    let mut reader = Reader::new(map, (file, &table.header), org, &mut listed);
    if !reader.is_usable() {
        return listed;
    }
    for row in &table.rows {
        reader.row(row);
    }
    let unknown = std::mem::take(&mut reader.unknown);
    listed.unknown_people = unknown.into_iter().collect();
    listed
}

struct Reader<'a> {
    map: &'a Map,
    file: &'a str,
    at: BTreeMap<&'static str, usize>,
    org: &'a Organisation,
    by_number: BTreeMap<&'a str, &'a PersonId>,
    zone: Tz,
    listed: &'a mut Listed,
    unknown: BTreeSet<String>,
    is_usable: bool,
}

type Row<'t> = Vec<crate::csvpos::Cell<'t>>;

impl<'a> Reader<'a> {
    fn new(
        map: &'a Map,
        (file, header): (&'a str, &[crate::csvpos::Cell<'_>]),
        org: &'a Organisation,
        listed: &'a mut Listed,
    ) -> Self {
        let mut at = BTreeMap::new();
        for (meaning, names) in &map.columns {
            let is = |name: &String, cell: &crate::csvpos::Cell<'_>| {
                cell.text.trim().eq_ignore_ascii_case(name)
            };
            let found = names.iter().find_map(|name| header.iter().position(|cell| is(name, cell)));
            if let Some(place) = found {
                at.insert(*meaning, place);
            }
        }
        let is_usable = at.contains_key("person");
        if !is_usable {
            let names = map.columns.get("person").cloned().unwrap_or_default().join(", ");
            let place = header.first().map(|cell| cell.at);
            let message = format!("no column says whose a row is: expected one of {names}");
            listed.problems.push(Problem::error(file, place, "missing_column", message));
        }
        let numbers = org.identifiers.iter().filter(|one| one.kind == "employee_number");
        let person = |one: &'a model::spine::Identifier| match &one.entity {
            model::Entity::Person(id) => Some((one.value.as_str(), id)),
            model::Entity::Asset(_) | model::Entity::Place(_) => None,
        };
        let by_number = numbers.filter_map(person).collect();
        let zone = org.time_zone.parse().unwrap_or(Tz::UTC);
        let unknown = BTreeSet::new();
        Self { map, file, at, org, by_number, zone, listed, unknown, is_usable }
    }

    fn is_usable(&self) -> bool {
        self.is_usable
    }

    fn error(&mut self, at: Position, code: &str, message: String) {
        self.listed.problems.push(Problem::error(self.file, Some(at), code, message));
    }

    fn cell<'r>(&self, row: &'r Row<'_>, meaning: &str) -> Option<(&'r str, Position)> {
        let cell = row.get(*self.at.get(meaning)?)?;
        let text = cell.text.trim();
        (!text.is_empty()).then_some((text, cell.at))
    }

    fn row(&mut self, row: &Row<'_>) {
        self.listed.rows += 1;
        let told = self.listed.problems.len();
        let Some(person) = self.person(row) else {
            self.listed.left_out += 1;
            return;
        };
        let validity = Validity {
            from: self.time(row, "valid_from", false),
            to: self.time(row, "valid_to", true),
        };
        let credential = self.credential(row, &person, validity);
        let groups = self.groups(row);
        if self.listed.problems.len() > told {
            self.listed.left_out += 1;
            return;
        }
        if let Some((id, credential)) = credential {
            self.listed.data.credentials.insert(id, credential);
        }
        for (id, name) in groups {
            let group = Group { name: Some(name), ..Group::default() };
            self.listed.data.groups.entry(id.clone()).or_insert(group);
            let member = Member { group: id, person: person.clone(), validity };
            let had = |one: &Member| one.group == member.group && one.person == member.person;
            if !self.listed.data.members.values().any(had) {
                self.listed.data.members.insert(member.key(), member);
            }
        }
    }

    /// A person of the organisation, by id or employee number.
    fn person(&mut self, row: &Row<'_>) -> Option<PersonId> {
        let Some((text, at)) = self.cell(row, "person") else {
            let at = row.first().map_or(Position { line: 1, column: 1 }, |cell| cell.at);
            self.error(at, "missing_value", "the row says not whose it is".to_owned());
            return None;
        };
        let known = |id: &PersonId| self.org.people.contains_key(id);
        let by_id = PersonId::parse(&text.to_ascii_lowercase()).ok().filter(known);
        let found = by_id.or_else(|| self.by_number.get(text).map(|id| (*id).clone()));
        if found.is_none() {
            let shown = short(text);
            let message = format!("nobody of the organisation is `{shown}`: add them first");
            self.error(at, "dangling_reference", message);
            self.unknown.insert(text.chars().take(64).collect());
        }
        found
    }

    fn number<T: std::str::FromStr>(&mut self, row: &Row<'_>, meaning: &str) -> Option<T> {
        let (text, at) = self.cell(row, meaning)?;
        let number = text.parse().ok();
        if number.is_none() {
            let message = format!("`{meaning}`: found `{}`, expected a number", short(text));
            self.error(at, "bad_value", message);
        }
        number
    }

    fn credential(
        &mut self,
        row: &Row<'_>,
        person: &PersonId,
        validity: Validity,
    ) -> Option<(CredentialId, Credential)> {
        let number: u64 = self.number(row, "number")?;
        let facility: Option<u64> = self.number(row, "facility");
        let issue: u32 = self.number(row, "issue").unwrap_or(0);
        let format = self.cell(row, "format").map(|(text, _)| text.to_owned());
        if format.is_none() && self.listed.data.cards.format.is_none() {
            let at = row.first().map_or(Position { line: 1, column: 1 }, |cell| cell.at);
            let message = "no card format: name the house's in access.toml under `cards`";
            self.error(at, "missing_value", message.to_owned());
        }
        let standing = match self.cell(row, "standing") {
            None => Standing::Active,
            Some((word, at)) => match self.map.standing.get(word) {
                Some(standing) => *standing,
                None => {
                    let known: Vec<&str> = self.map.standing.keys().map(String::as_str).collect();
                    let shown = short(word);
                    let message =
                        format!("`{shown}` is no standing of this map: {}", known.join(", "));
                    self.error(at, "unknown_value", message);
                    Standing::Suspended
                }
            },
        };
        // Numbers do not stand in ids: whoever takes the list in gives the lasting one.
        let id = CredentialId::parse(&format!("{ROW_PREFIX}{}", self.listed.rows)).ok()?;
        let generation = 1;
        let credential = Credential {
            kind: CredentialKind::Card,
            person: Some(person.clone()),
            badge: None,
            format,
            facility,
            number: Some(number),
            issue,
            key: None,
            generation,
            validity,
            standing,
            duress: false,
        };
        Some((id, credential))
    }

    fn groups(&mut self, row: &Row<'_>) -> Vec<(GroupId, String)> {
        let Some((text, at)) = self.cell(row, "groups") else { return Vec::new() };
        let text = text.to_owned();
        let mut groups = Vec::new();
        for name in text.split([';', '|']).map(str::trim).filter(|name| !name.is_empty()) {
            match GroupId::parse(&slug(name)) {
                Ok(id) => groups.push((id, name.to_owned())),
                Err(_) => {
                    let message = format!("`{}` makes no group's id", short(name));
                    self.error(at, "bad_id", message);
                }
            }
        }
        groups
    }

    fn time(&mut self, row: &Row<'_>, meaning: &str, is_end: bool) -> Option<Timestamp> {
        let (text, at) = self.cell(row, meaning)?;
        if let Some(at) = Timestamp::from_rfc3339(text) {
            return Some(at);
        }
        let date = |form: &String| NaiveDate::parse_from_str(text, form).ok();
        let local = self.map.times.iter().find_map(|form| {
            let time = NaiveDateTime::parse_from_str(text, form).ok();
            // A bare day at the end means the whole of it.
            let day = || {
                let day = date(form)?;
                let day = if is_end { day.succ_opt()? } else { day };
                Some(day.and_time(NaiveTime::MIN))
            };
            time.or_else(day)
        });
        let found = local
            .and_then(|local| self.zone.from_local_datetime(&local).earliest())
            .and_then(|time| time.timestamp_nanos_opt())
            .map(Timestamp::from_nanos);
        if found.is_none() {
            let forms = self.map.times.join(", ");
            let message =
                format!("`{meaning}`: found `{}`, expected a time as {forms}", short(text));
            self.error(at, "bad_time", message);
        }
        found
    }
}

/// An id of somebody else's name: small letters, what is neither letter nor digit as a dash.
fn slug(name: &str) -> String {
    let mut id = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            id.push(c);
        } else if !id.is_empty() && !id.ends_with('-') {
            id.push('-');
        }
    }
    id.truncate(64);
    id.trim_end_matches('-').to_owned()
}
