//! A map of columns: which column means what, what their words mean, how they write.

use std::collections::BTreeMap;

use model::ScheduleId;
use model::problem::{Gravity, Problem};
use model::rights::Standing;

use crate::csvpos::short;
use crate::tomlpos::{Doc, Table};

/// What a column may mean.
pub const MEANINGS: [&str; 14] = [
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
    "zone",
    "schedule",
];

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8, with a mark or without.
    #[default]
    Utf8,
    /// UTF-16; little-endian where no mark says otherwise.
    Utf16,
    /// ISO 8859-1.
    Latin1,
}

/// A map of columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    /// Its name.
    pub name: String,
    /// Whose product.
    pub vendor: String,
    /// Which.
    pub product: String,
    /// Its lists are whole: what they brought before and no longer say has ended.
    pub complete: bool,
    /// How its lists are written.
    pub encoding: Encoding,
    /// Between two cells.
    pub separator: char,
    /// By meaning: the names that the column may have, the first that is there counts.
    pub(super) columns: BTreeMap<&'static str, Vec<String>>,
    pub(super) standing: BTreeMap<String, Standing>,
    /// Their words for hours; none: at any time.
    pub(super) schedules: BTreeMap<String, Option<ScheduleId>>,
    pub(super) times: Vec<String>,
}

impl Default for Map {
    fn default() -> Self {
        Self {
            name: String::new(),
            vendor: String::new(),
            product: String::new(),
            complete: false,
            encoding: Encoding::default(),
            separator: ',',
            columns: BTreeMap::new(),
            standing: BTreeMap::new(),
            schedules: BTreeMap::new(),
            times: Vec::new(),
        }
    }
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
            map.vendor = root.take_str("vendor").map(|text| text.value).unwrap_or_default();
            map.product = root.take_str("product").map(|text| text.value).unwrap_or_default();
            let evidence = [("real", ()), ("constructed", ())];
            let _ = root.need_word("evidence", &evidence);
            map.complete = root.take_bool("complete").is_some_and(|flag| flag.value);
            match root.take_table("columns") {
                Some(columns) => map.read_columns(columns),
                None => {
                    let message = "`columns` is missing: which column means what".to_owned();
                    root.error(root.at(), "missing_key", message);
                }
            }
            if let Some(values) = root.take_table("values") {
                map.read_values(values);
            }
            if let Some(csv) = root.take_table("csv") {
                map.read_csv(csv);
            }
            if let Some(mut times) = root.take_table("times") {
                let formats = times.take_strs("formats").unwrap_or_default();
                map.times = formats.into_iter().map(|text| text.value).collect();
                times.finish();
            }
            root.finish();
        }
        let problems = doc.into_problems();
        let is_sound = problems.iter().all(|p| p.gravity == Gravity::Warning);
        (is_sound.then_some(map), problems)
    }

    fn read_columns(&mut self, mut columns: Table<'_>) {
        for meaning in MEANINGS {
            let names = columns.take_strs(meaning).unwrap_or_default();
            let names: Vec<String> = names.into_iter().map(|n| n.value).collect();
            if !names.is_empty() {
                self.columns.insert(meaning, names);
            }
        }
        let is_of_rights = self.columns.contains_key("groups")
            && (self.columns.contains_key("door") || self.columns.contains_key("zone"));
        if !self.columns.contains_key("person") && !is_of_rights {
            let message = "`columns.person` is missing: whose a row is; or, of a list of rights, \
                           `groups` with `door` or `zone`"
                .to_owned();
            columns.error(columns.at(), "missing_key", message);
        }
        columns.finish();
    }

    fn read_values(&mut self, mut values: Table<'_>) {
        if let Some(mut words) = values.take_table("standing") {
            for (theirs, ours) in words.take_rest_strs() {
                let found = Standing::WORDS.iter().find(|(word, _)| *word == ours.value);
                match found {
                    Some((_, one)) => drop(self.standing.insert(theirs.value, *one)),
                    None => {
                        let message =
                            format!("`{}`: expected active, suspended or ended", short(&ours));
                        words.error(ours.at, "unknown_value", message);
                    }
                }
            }
            words.finish();
        }
        if let Some(mut words) = values.take_table("schedule") {
            for (theirs, ours) in words.take_rest_strs() {
                let theirs = theirs.value.to_lowercase();
                match (ours.value.as_str(), ScheduleId::parse(&ours.value)) {
                    ("always", _) => drop(self.schedules.insert(theirs, None)),
                    (_, Ok(id)) => drop(self.schedules.insert(theirs, Some(id))),
                    (_, Err(error)) => {
                        let message = format!("{error}; or `always`");
                        words.error(ours.at, "bad_id", message);
                    }
                }
            }
            words.finish();
        }
        values.finish();
    }

    fn read_csv(&mut self, mut csv: Table<'_>) {
        let encodings =
            [("utf-8", Encoding::Utf8), ("utf-16", Encoding::Utf16), ("latin-1", Encoding::Latin1)];
        self.encoding =
            csv.take_word("encoding", &encodings).map(|word| word.value).unwrap_or_default();
        let separators = [(",", ','), (";", ';'), ("\t", '\t'), ("|", '|')];
        self.separator = csv.take_word("separator", &separators).map_or(',', |word| word.value);
        csv.finish();
    }
}
