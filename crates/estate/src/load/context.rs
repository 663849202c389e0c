//! What is known so far while a folder is read: the organisation as far as it has been built,
//! where each thing stands, and the problems.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use model::ids::{
    AssetId, CredentialId, GroupId, IdError, PersonId, PlaceId, RightId, SourceId, TenantId,
};
use model::problem::{Position, Problem};
use model::rights::RightsData;
use model::spine::{Organisation, Validity};
use model::time::Timestamp;

use crate::csvpos::{Row, short};
use crate::nearest::hint;
use crate::times::{LocalTime, read_instant};

/// Where one record and its fields stand.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Where the record begins.
    pub at: Position,
    /// Where its fields do.
    pub fields: Vec<(&'static str, Position)>,
}

impl Place {
    /// Where a field stands, or else its record.
    pub(super) fn of(&self, field: &str) -> Position {
        self.fields.iter().find(|(name, _)| *name == field).map_or(self.at, |(_, at)| *at)
    }

    /// The places of a row's columns that later checks speak of.
    pub(super) fn of_row(row: &Row<'_>, columns: &[&'static str]) -> Self {
        let fields = columns.iter().map(|column| (*column, row.position_of(column))).collect();
        Self { at: row.at, fields }
    }
}

/// The reading of one folder.
pub(super) struct Context {
    pub organisation: Organisation,
    pub problems: Vec<Problem>,
    pub people: BTreeMap<PersonId, Place>,
    pub assets: BTreeMap<AssetId, Place>,
    pub places: BTreeMap<PlaceId, Place>,
    pub doors: BTreeMap<PlaceId, Place>,
    pub sources: BTreeMap<SourceId, Place>,
    /// In the order of `organisation.identifiers`.
    pub identifiers: Vec<Place>,
    pub rights: RightsData,
    pub groups: BTreeMap<GroupId, Place>,
    pub credentials: BTreeMap<CredentialId, Place>,
    pub right_places: BTreeMap<RightId, Place>,
    /// What breaks the glass, by name, and where that stands: checked when credentials are known.
    pub glass: Vec<(String, Position)>,
    /// How many more ids are compared with all known ones to suggest the nearest.
    pub suggestions_left: usize,
}

/// Most dangling references that are given a suggestion: each costs a walk over all known ids.
const SUGGESTIONS_MAX: usize = 50;

impl Context {
    /// Keeps what the house has written beside what we know of one row.
    pub(super) fn keep(&mut self, file: &str, row: &str, extras: &BTreeMap<String, String>) {
        if !extras.is_empty() {
            let at = (file.to_owned(), row.to_owned());
            self.organisation.extras.insert(at, extras.clone());
        }
    }

    pub(super) fn new() -> Self {
        // INVARIANT: `main` is an id (`ids_accept_what_the_format_names_and_nothing_else`).
        #[expect(clippy::expect_used, reason = "a constant that the tests read")]
        let tenant = TenantId::parse("main").expect("`main` is an id");
        Self {
            organisation: Organisation {
                tenant,
                name: String::new(),
                time_zone: "UTC".to_owned(),
                people: BTreeMap::new(),
                assets: BTreeMap::new(),
                places: BTreeMap::new(),
                identifiers: Vec::new(),
                doors: BTreeMap::new(),
                sources: BTreeMap::new(),
                extras: Default::default(),
            },
            problems: Vec::new(),
            people: BTreeMap::new(),
            assets: BTreeMap::new(),
            places: BTreeMap::new(),
            doors: BTreeMap::new(),
            sources: BTreeMap::new(),
            identifiers: Vec::new(),
            rights: RightsData::default(),
            groups: BTreeMap::new(),
            credentials: BTreeMap::new(),
            right_places: BTreeMap::new(),
            glass: Vec::new(),
            suggestions_left: SUGGESTIONS_MAX,
        }
    }

    pub(super) fn error(&mut self, file: &str, at: Option<Position>, code: &str, message: String) {
        self.problems.push(Problem::error(file, at, code, message));
    }

    pub(super) fn warning(
        &mut self,
        file: &str,
        at: Option<Position>,
        code: &str,
        message: String,
    ) {
        self.problems.push(Problem::warning(file, at, code, message));
    }

    /// Reads a cell as an id. `None` when the cell is empty or is not one, which is reported.
    pub(super) fn id<T>(
        &mut self,
        file: &str,
        row: &Row<'_>,
        column: &str,
        parse: impl FnOnce(&str) -> Result<T, IdError>,
    ) -> Option<T> {
        let cell = row.get(column)?;
        match parse(&cell.text) {
            Ok(id) => Some(id),
            Err(error) => {
                self.error(file, Some(cell.at), "bad_id", format!("`{column}`: {error}"));
                None
            }
        }
    }

    /// Reads a cell as one of a closed list of words.
    pub(super) fn word<T: Copy>(
        &mut self,
        file: &str,
        row: &Row<'_>,
        column: &str,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let cell = row.get(column)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == cell.text) {
            return Some(*value);
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let found = short(&cell.text);
        let message = format!("`{column}`: unknown value `{found}`: {}", hint(&cell.text, &known));
        self.error(file, Some(cell.at), "unknown_value", message);
        None
    }

    /// Reads a cell as a word of an open list: a near miss of a usual word is worth a warning.
    pub(super) fn open_word(
        &mut self,
        file: &str,
        row: &Row<'_>,
        column: &str,
        usual: &[&'static str],
    ) -> Option<String> {
        let cell = row.get(column)?;
        let found = cell.text.as_ref();
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !found.chars().all(is_plain) {
            let message = format!(
                "`{column}`: found `{}`, expected a-z, 0-9 and underscore, such as: {}",
                short(found),
                usual.join(", ")
            );
            self.error(file, Some(cell.at), "unknown_value", message);
            return None;
        }
        if !usual.contains(&found)
            && let Some(word) = crate::nearest(found, usual.iter().copied())
        {
            let message = format!("`{column}`: unusual value `{found}`: did you mean `{word}`?");
            self.warning(file, Some(cell.at), "unusual_value", message);
        }
        Some(found.to_owned())
    }

    /// Reads `valid_from` and `valid_to`; bare local times take `zone`.
    pub(super) fn validity(&mut self, file: &str, row: &Row<'_>, zone: &str) -> Validity {
        let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
        let from = self.instant(file, row, "valid_from", zone);
        let to = self.instant(file, row, "valid_to", zone);
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            let message = format!("valid from {from} but only to {to}: never valid");
            let at = Some(row.position_of("valid_to"));
            self.error(file, at, "never_valid", message);
        }
        Validity { from, to }
    }

    fn instant(&mut self, file: &str, row: &Row<'_>, column: &str, zone: Tz) -> Option<Timestamp> {
        let cell = row.get(column)?;
        let Some(time) = read_instant(&cell.text, zone) else {
            let message = format!(
                "`{column}`: found `{}`, expected a time such as 2026-11-22T08:00:00Z or a local \
                 2026-11-22T08:00 or 2026-11-22",
                short(&cell.text)
            );
            self.error(file, Some(cell.at), "bad_time", message);
            return None;
        };
        match time {
            LocalTime::Certain(_) => {}
            LocalTime::Twice(at) => {
                let message = format!(
                    "`{column}`: {} happened twice in {zone}; the earlier one, {at}, is used",
                    cell.text
                );
                self.warning(file, Some(cell.at), "local_time_twice", message);
            }
            LocalTime::Skipped(at) => {
                let message =
                    format!("`{column}`: {} never happened in {zone}; {at} is used", cell.text);
                self.warning(file, Some(cell.at), "local_time_skipped", message);
            }
        }
        Some(time.instant())
    }

    /// Says that an id stands twice.
    pub(super) fn duplicate(&mut self, file: &str, at: Position, id: &str, first: Position) {
        let message = format!("`{id}` stands twice: first in line {}", first.line);
        self.error(file, Some(at), "duplicate_id", message);
    }
}
