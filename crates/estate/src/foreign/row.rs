//! One row of a list after another: whose it is, what it gives, from when to when.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _};
use chrono_tz::Tz;
use model::problem::{Position, Problem};
use model::rights::{Credential, CredentialKind, Holder, Opens, RightsData, Standing};
use model::spine::{Organisation, Validity};
use model::{GroupId, PersonId, ScheduleId, Timestamp};

use super::map::Map;
use super::names::Names;
use super::{Listed, Origin};
use crate::csvpos::{Cell, Table, short};

/// A card by what its bits say: format, facility, number, issue.
type CardKey = (Option<String>, Option<u64>, u64, u32);
type Row<'t> = [Cell<'t>];

/// Reads rows into what lists say.
pub struct Reader<'a> {
    map: &'a Map,
    names: Names<'a>,
    before: &'a RightsData,
    zone: Tz,
    listed: &'a mut Listed,
    /// Which column is where, in the file that is being read.
    at: BTreeMap<&'static str, usize>,
    file: (usize, String),
    /// The row that is being read has an error.
    is_wrong: bool,
    cards: BTreeMap<CardKey, usize>,
}

/// What a row gives, before it counts.
struct Given {
    person: Option<PersonId>,
    validity: Validity,
    card: Option<Credential>,
    groups: Vec<(GroupId, String, Position)>,
    opens: Vec<Opens>,
    schedule: Option<ScheduleId>,
}

impl<'a> Reader<'a> {
    /// Before any file.
    pub fn new(
        map: &'a Map,
        (org, before): (&'a Organisation, &'a RightsData),
        listed: &'a mut Listed,
    ) -> Self {
        let zone = org.time_zone.parse().unwrap_or(Tz::UTC);
        Self {
            names: Names::of(map, org, before),
            map,
            before,
            zone,
            listed,
            at: BTreeMap::new(),
            file: (0, String::new()),
            is_wrong: false,
            cards: BTreeMap::new(),
        }
    }

    /// Reads one file, whose cells are told apart already.
    pub fn file(&mut self, (number, name): (usize, &str), table: &Table<'_>) {
        self.file = (number, name.to_owned());
        let told = table.problems.len() as u64;
        table.problems.iter().for_each(|problem| self.listed.tell(problem.clone()));
        // A row that could not be told into cells was read, and left out.
        let rows = table.problems.iter().filter(|one| one.code == "wrong_cell_count").count();
        self.listed.rows += rows as u64;
        self.listed.left_out += rows as u64;
        if table.header.is_empty() && told > 0 {
            return;
        }
        self.find_columns(&table.header);
        if !self.is_usable(&table.header) {
            return;
        }
        let has = |meaning: &str| self.at.contains_key(meaning);
        let opens = has("door") || has("zone");
        self.listed.speaks_of.credentials |= has("person") && has("number");
        self.listed.speaks_of.members |= has("person") && has("groups");
        self.listed.speaks_of.rights |= opens;
        for row in &table.rows {
            self.row(row);
        }
    }

    fn find_columns(&mut self, header: &Row<'_>) {
        self.at.clear();
        for (meaning, names) in &self.map.columns {
            let is = |name: &String, cell: &Cell<'_>| cell.text.trim().eq_ignore_ascii_case(name);
            let places = |name: &String| -> Vec<usize> {
                let all = header.iter().enumerate();
                all.filter(|(_, cell)| is(name, cell)).map(|(place, _)| place).collect()
            };
            let found = names.iter().map(places).find(|places| !places.is_empty());
            let Some(found) = found else { continue };
            if let [first, second, ..] = found.as_slice()
                && let (Some(one), Some(other)) = (header.get(*first), header.get(*second))
            {
                let message = format!(
                    "column `{}` stands at column {} already: which of them counts?",
                    short(&other.text),
                    one.at.column
                );
                self.error(other.at, "duplicate_column", message);
            }
            if let Some(first) = found.first() {
                self.at.insert(*meaning, *first);
            }
        }
    }

    /// Whether the file's columns say anything, and of whom.
    fn is_usable(&mut self, header: &Row<'_>) -> bool {
        let has = |meaning: &str| self.at.contains_key(meaning);
        let (opens, groups) = (has("door") || has("zone"), has("groups"));
        let gives = has("number") || groups || opens;
        let at = header.first().map_or(Position { line: 1, column: 1 }, |cell| cell.at);
        let names = |meanings: &[&str]| {
            let known = meanings.iter().filter_map(|meaning| self.map.columns.get(meaning));
            known.flatten().cloned().collect::<Vec<_>>().join(", ")
        };
        let message = match (has("person"), groups && opens, gives) {
            (true, _, true) | (false, true, _) => return true,
            (false, false, _) => {
                format!("no column says whose a row is: expected one of {}", names(&["person"]))
            }
            (true, _, false) => format!(
                "no column says what is given: expected one of {}",
                names(&["number", "groups", "door", "zone"])
            ),
        };
        self.error(at, "missing_column", message);
        false
    }

    fn error(&mut self, at: Position, code: &str, message: String) {
        self.is_wrong = true;
        self.listed.tell(Problem::error(&self.file.1, Some(at), code, message));
    }

    fn cell<'r>(&self, row: &'r Row<'_>, meaning: &str) -> Option<(&'r str, Position)> {
        let cell = row.get(*self.at.get(meaning)?)?;
        let text = cell.text.trim();
        (!text.is_empty()).then_some((text, cell.at))
    }

    fn row(&mut self, row: &Row<'_>) {
        self.listed.rows += 1;
        self.is_wrong = false;
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if let Some(cell) = row.iter().find(|cell| cell.text.contains(control)) {
            let message = "the cell holds a control character".to_owned();
            self.error(cell.at, "control_character", message);
        }
        let start = row.first().map_or(Position { line: 1, column: 1 }, |cell| cell.at);
        let given = self.given(row, start);
        if !self.is_wrong {
            let origin = Origin { file: self.file.0, line: start.line };
            self.take(given, origin, start);
        }
        self.listed.left_out += u64::from(self.is_wrong);
    }

    fn given(&mut self, row: &Row<'_>, start: Position) -> Given {
        let person = self.person(row, start);
        let validity = self.validity(row);
        let card = self.card(row, person.as_ref(), (validity, start));
        let groups = self.groups(row);
        let opens = self.opens(row);
        let schedule = self.schedule(row);
        if !self.at.contains_key("person") {
            for (is_missing, what) in [
                (groups.is_empty(), "the row says not whose right it is"),
                (opens.is_empty(), "the row says not what it opens"),
            ] {
                if is_missing && !self.is_wrong {
                    self.error(start, "missing_value", what.to_owned());
                }
            }
        }
        Given { person, validity, card, groups, opens, schedule }
    }

    /// What a sound row gives counts.
    fn take(&mut self, given: Given, origin: Origin, start: Position) {
        let Given { person, validity, card, groups, opens, schedule } = given;
        for (id, name, at) in &groups {
            let had = self.listed.groups.get(id).map(|(had, origin)| (had.clone(), origin.line));
            if let Some((had, line)) = had.filter(|(had, _)| !had.eq_ignore_ascii_case(name)) {
                let message = format!(
                    "`{}` and `{}` of line {line} would both be the group `{id}`: make one of them \
                     a group with that name first",
                    short(name),
                    short(&had)
                );
                self.error(*at, "ambiguous_name", message);
                return;
            }
        }
        if let Some(card) = card
            && !self.take_card(card, origin, start)
        {
            return;
        }
        for (id, name, _) in &groups {
            self.listed.groups.entry(id.clone()).or_insert_with(|| (name.clone(), origin));
        }
        if let Some(person) = &person {
            for (id, _, _) in &groups {
                let key = (id.clone(), person.clone());
                widen(self.listed.members.entry(key).or_insert((validity, origin)), validity);
            }
        }
        let holders: Vec<Holder> = match &person {
            Some(person) if groups.is_empty() => vec![Holder::Person(person.clone())],
            Some(_) | None => groups.into_iter().map(|(id, _, _)| Holder::Group(id)).collect(),
        };
        for holder in holders {
            // Of a person's row the dates are those of the card or the membership.
            let is_of_row = person.is_none() || matches!(holder, Holder::Person(_));
            let validity = if is_of_row { validity } else { Validity::default() };
            for opens in &opens {
                let key = (holder.clone(), opens.clone(), schedule.clone());
                widen(self.listed.rights.entry(key).or_insert((validity, origin)), validity);
            }
        }
    }

    /// Whether a card is new, or was said the same before.
    fn take_card(&mut self, card: Credential, origin: Origin, at: Position) -> bool {
        let cards = &self.before.cards;
        let key = (
            card.format.clone().or_else(|| cards.format.clone()),
            card.facility.or(cards.facility),
            card.number.unwrap_or_default(),
            card.issue,
        );
        let had = self.cards.get(&key).and_then(|place| self.listed.credentials.get(*place));
        if let Some((first, had)) = had {
            let (is_same, line) = (*had == card, first.line);
            if !is_same {
                let message = format!(
                    "the same card stands at line {line} already, as somebody else's or with other \
                     dates or another standing"
                );
                self.error(at, "duplicate_card", message);
            }
            return is_same;
        }
        self.cards.insert(key, self.listed.credentials.len());
        self.listed.credentials.push((origin, card));
        true
    }

    fn person(&mut self, row: &Row<'_>, start: Position) -> Option<PersonId> {
        self.at.get("person")?;
        let Some((text, at)) = self.cell(row, "person") else {
            self.error(start, "missing_value", "the row says not whose it is".to_owned());
            return None;
        };
        match self.names.person(text) {
            Ok(person) => Some(person),
            Err(message) => {
                self.error(at, "dangling_reference", message);
                None
            }
        }
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

    fn card(
        &mut self,
        row: &Row<'_>,
        person: Option<&PersonId>,
        (validity, start): (Validity, Position),
    ) -> Option<Credential> {
        self.at.get("person")?;
        let number: u64 = self.number(row, "number")?;
        let facility: Option<u64> = self.number(row, "facility");
        let issue: u32 = self.number(row, "issue").unwrap_or(0);
        let format = self.cell(row, "format").map(|(text, _)| text.to_owned());
        if format.is_none() && self.before.cards.format.is_none() {
            let message = "no card format: name the house's in access.toml under `cards`";
            self.error(start, "missing_value", message.to_owned());
        }
        Some(Credential {
            kind: CredentialKind::Card,
            person: Some(person?.clone()),
            badge: None,
            format,
            facility,
            number: Some(number),
            issue,
            key: None,
            generation: 1,
            validity,
            standing: self.standing(row),
            duress: false,
        })
    }

    fn standing(&mut self, row: &Row<'_>) -> Standing {
        let Some((word, at)) = self.cell(row, "standing") else { return Standing::Active };
        if let Some(standing) = self.map.standing.get(word) {
            return *standing;
        }
        let known: Vec<&str> = self.map.standing.keys().map(String::as_str).collect();
        let message = format!("`{}` is no standing of this map: {}", short(word), known.join(", "));
        self.error(at, "unknown_value", message);
        Standing::Suspended
    }

    fn groups(&mut self, row: &Row<'_>) -> Vec<(GroupId, String, Position)> {
        let Some((text, at)) = self.cell(row, "groups") else { return Vec::new() };
        let mut groups = Vec::new();
        for name in parts(text) {
            match self.names.group(name) {
                Ok(id) => groups.push((id, name.to_owned(), at)),
                Err(message) => self.error(at, "bad_id", message),
            }
        }
        groups
    }

    fn opens(&mut self, row: &Row<'_>) -> Vec<Opens> {
        let mut opens = Vec::new();
        for meaning in ["door", "zone"] {
            let Some((text, at)) = self.cell(row, meaning) else { continue };
            for name in parts(text) {
                let is_door = meaning == "door";
                let found = if is_door { self.names.door(name) } else { self.names.zone(name) };
                match found {
                    Ok(one) => opens.push(one),
                    Err(message) => self.error(at, "dangling_reference", message),
                }
            }
        }
        opens
    }

    fn schedule(&mut self, row: &Row<'_>) -> Option<ScheduleId> {
        let (text, at) = self.cell(row, "schedule")?;
        match self.names.schedule(text) {
            Ok(found) => found,
            Err(message) => {
                self.error(at, "dangling_reference", message);
                None
            }
        }
    }

    fn validity(&mut self, row: &Row<'_>) -> Validity {
        let from = self.time(row, "valid_from", false);
        let to = self.time(row, "valid_to", true);
        if let (Some(from), Some(to), Some((_, at))) = (from, to, self.cell(row, "valid_to"))
            && to <= from
        {
            self.error(at, "bad_validity", "it ends before it begins".to_owned());
        }
        Validity { from, to }
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

/// Names of one cell, apart by `;` or `|`.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', '|']).map(str::trim).filter(|name| !name.is_empty())
}

/// From the earlier beginning to the later end.
fn widen((had, _): &mut (Validity, Origin), more: Validity) {
    had.from = match (had.from, more.from) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (None, _) | (_, None) => None,
    };
    had.to = match (had.to, more.to) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (None, _) | (_, None) => None,
    };
}
