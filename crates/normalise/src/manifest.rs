//! `mapping.toml`: what it may say, read with every problem named at its place.

use std::collections::BTreeMap;

use model::problem::{Position, Problem, position_at};
use model::{MappingName, Wire};
use toml_edit::{Document, Item, TableLike};

use crate::ocsf::Validator;

/// What runs for a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The folder's `map.vrl`.
    Vrl,
    /// Code of ours; `map.vrl` stands beside it as the oracle that tests hold it to.
    Native,
}

/// What a mapping was proved on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Real records.
    Real,
    /// The vendor's documentation.
    Constructed,
}

impl Evidence {
    /// As written in `mapping.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Constructed => "constructed",
        }
    }
}

/// By what a record is known to be this mapping's; all that is named must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Recognise {
    /// Higher is asked first.
    pub priority: i64,
    /// One of these is the syslog application name.
    pub app_name: Vec<String>,
    /// All of these stand in the record.
    pub contains: Vec<String>,
    /// One of these matches the record.
    pub regex: Vec<String>,
    /// All of these are top-level keys.
    pub json_has: Vec<String>,
    /// All of these are columns.
    pub csv_header: Vec<String>,
    /// One of these MQTT filters matches.
    pub topic: Vec<String>,
}

impl Recognise {
    pub(crate) fn is_empty(&self) -> bool {
        self.app_name.is_empty()
            && self.contains.is_empty()
            && self.regex.is_empty()
            && self.json_has.is_empty()
            && self.csv_header.is_empty()
            && self.topic.is_empty()
    }
}

/// Which columns of a CSV file mean what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CsvSpec {
    /// Our name of a column to the file's; several are joined with `-`.
    pub columns: BTreeMap<String, Vec<String>>,
    /// Our names of columns that a file may lack.
    pub optional: Vec<String>,
    /// A strftime format, or `epoch`; ISO 8601 when absent.
    pub time_format: Option<String>,
}

/// Everything `mapping.toml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The folder's name.
    pub name: MappingName,
    /// The mapping's own version.
    pub version: String,
    /// Who makes the product.
    pub vendor: String,
    /// The product.
    pub product: String,
    /// How the record's payload is written.
    pub wire: Wire,
    pub(crate) recognise: Recognise,
    /// Columns, for `wire = "csv"`.
    pub csv: Option<CsvSpec>,
    /// The class of events whose program names none.
    pub class_uid: u32,
    /// What runs.
    pub engine: Engine,
    /// The mapping this one builds on.
    pub extends: Option<MappingName>,
    /// What it was proved on.
    pub evidence: Evidence,
    /// Overrides the logsource category that follows from the class.
    pub category: Option<String>,
    /// The logsource service.
    pub service: Option<String>,
}

const TOP: &[&str] = &[
    "format",
    "name",
    "version",
    "vendor",
    "product",
    "wire",
    "recognise",
    "csv",
    "ocsf_class",
    "engine",
    "extends",
    "evidence",
    "logsource",
    "description",
];
const RECOGNISE: &[&str] =
    &["app_name", "contains", "regex", "json_has", "csv_header", "topic", "priority"];
const CSV: &[&str] = &["columns", "optional", "time_format"];
const LOGSOURCE: &[&str] = &["category", "service"];

/// Reads a `mapping.toml`. `bases`: mappings already read, for `extends`.
///
/// Gives `None` when something in it must be mended; everything found is added to `problems`.
pub(crate) fn read(
    file: &str,
    text: &str,
    bases: &BTreeMap<MappingName, Manifest>,
    problems: &mut Vec<Problem>,
) -> Option<Manifest> {
    let before = problems.len();
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let at = error.span().map(|span| position_at(text, span.start));
            problems.push(Problem::error(file, at, "toml", error.message().to_owned()));
            return None;
        }
    };
    let mut top = Reader { file, text, problems, path: "", table: document.as_table() };
    top.known(TOP);
    top.format();
    let extends = top.name("extends");
    let base = match &extends {
        Some(name) => match bases.get(name) {
            Some(base) => Some(base),
            None => {
                let message = format!("extends `{name}`, which is not a mapping");
                top.problem("extends", "unknown_mapping", message);
                return None;
            }
        },
        None => None,
    };
    let manifest = fields(&mut top, extends.clone(), base);
    let has_error = problems
        .iter()
        .skip(before)
        .any(|problem| problem.gravity == model::problem::Gravity::Error);
    manifest.filter(|_| !has_error)
}

fn fields(
    top: &mut Reader<'_>,
    extends: Option<MappingName>,
    base: Option<&Manifest>,
) -> Option<Manifest> {
    let name = top.name("name");
    if name.is_none() && top.table.get("name").is_none() {
        top.missing("name");
    }
    let version = top.version().or_else(|| base.map(|base| base.version.clone()));
    let vendor = top.required("vendor", base.map(|base| &base.vendor));
    let product = top.required("product", base.map(|base| &base.product));
    let wire = top.wire().or(base.map(|base| base.wire));
    if wire.is_none() && top.table.get("wire").is_none() {
        top.missing("wire");
    }
    let class_uid = top.class().or(base.map(|base| base.class_uid));
    if class_uid.is_none() && top.table.get("ocsf_class").is_none() {
        top.missing("ocsf_class");
    }
    let engine = top.one_of("engine", &[("vrl", Engine::Vrl), ("native", Engine::Native)]);
    let evidence =
        top.one_of("evidence", &[("real", Evidence::Real), ("constructed", Evidence::Constructed)]);
    let recognise = top.table("recognise", RECOGNISE).map(|mut table| Recognise {
        priority: table.integer("priority").unwrap_or(0),
        app_name: table.list("app_name"),
        contains: table.list("contains"),
        regex: table.list("regex"),
        json_has: table.list("json_has"),
        csv_header: table.list("csv_header"),
        topic: table.list("topic"),
    });
    let csv = top.table("csv", CSV).map(|mut table| CsvSpec {
        time_format: table.text("time_format"),
        optional: table.list("optional"),
        columns: table.columns(),
    });
    let logsource = top.table("logsource", LOGSOURCE);
    let (category, service) = match logsource {
        Some(mut table) => (table.text("category"), table.text("service")),
        None => (None, None),
    };
    let csv = merge_csv(csv, base.and_then(|base| base.csv.clone()));
    if wire == Some(Wire::Csv) && csv.as_ref().is_none_or(|csv| csv.columns.is_empty()) {
        top.missing("csv.columns");
    }
    Some(Manifest {
        name: name?,
        version: version.unwrap_or_else(|| "1".to_owned()),
        vendor: vendor?,
        product: product?,
        wire: wire?,
        recognise: recognise.unwrap_or_default(),
        csv,
        class_uid: class_uid?,
        engine: engine.or(base.map(|base| base.engine)).unwrap_or(Engine::Vrl),
        extends,
        evidence: evidence.or(base.map(|base| base.evidence)).unwrap_or(Evidence::Constructed),
        category: category.or_else(|| base.and_then(|base| base.category.clone())),
        service: service.or_else(|| base.and_then(|base| base.service.clone())),
    })
}

/// An heir that names columns names all of them; it may take over the time format alone.
fn merge_csv(own: Option<CsvSpec>, base: Option<CsvSpec>) -> Option<CsvSpec> {
    match (own, base) {
        (Some(own), Some(base)) if own.columns.is_empty() => Some(CsvSpec {
            columns: base.columns,
            optional: base.optional,
            time_format: own.time_format.or(base.time_format),
        }),
        (Some(own), _) => Some(own),
        (None, base) => base,
    }
}

/// One table with the place of everything in it.
struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    problems: &'a mut Vec<Problem>,
    path: &'static str,
    table: &'a dyn TableLike,
}

impl Reader<'_> {
    fn place(&self, key: &str) -> Option<Position> {
        let (found, item) = self.table.get_key_value(key)?;
        let span = found.span().or_else(|| item.span())?;
        Some(position_at(self.text, span.start))
    }

    fn dotted(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn problem(&mut self, key: &str, code: &str, message: String) {
        let place = self.place(key);
        self.problems.push(Problem::error(self.file, place, code, message));
    }

    fn missing(&mut self, key: &str) {
        let message = format!("`{}` is missing", self.dotted(key));
        self.problems.push(Problem::error(self.file, None, "missing_key", message));
    }

    fn wrong(&mut self, key: &str, expected: &str) {
        let found = self.table.get(key).map_or("nothing", Item::type_name);
        let message = format!("`{}` must be {expected}, found {found}", self.dotted(key));
        self.problem(key, "wrong_type", message);
    }

    /// Refuses unknown keys, those beginning `x_` excepted, with the nearest known one.
    fn known(&mut self, known: &[&str]) {
        let unknown: Vec<String> = self
            .table
            .iter()
            .map(|(key, _)| key.to_owned())
            .filter(|key| !key.starts_with("x_") && !known.contains(&key.as_str()))
            .collect();
        for key in unknown {
            let hint = nearest(&key, known.iter().copied())
                .map_or(String::new(), |near| format!("; did you mean `{near}`"));
            let message = format!("unknown key `{}`{hint}", self.dotted(&key));
            self.problem(&key, "unknown_key", message);
        }
    }

    fn format(&mut self) {
        match self.table.get("format").map(Item::as_integer) {
            Some(Some(1)) => {}
            Some(_) => self.problem("format", "format", "`format` must be 1".to_owned()),
            None => self.missing("format"),
        }
    }

    fn text(&mut self, key: &str) -> Option<String> {
        let item = self.table.get(key)?;
        match item.as_str() {
            Some(text) => Some(text.to_owned()),
            None => {
                self.wrong(key, "text");
                None
            }
        }
    }

    fn required(&mut self, key: &str, base: Option<&String>) -> Option<String> {
        if self.table.get(key).is_none() && base.is_none() {
            self.missing(key);
        }
        self.text(key).or_else(|| base.cloned())
    }

    fn integer(&mut self, key: &str) -> Option<i64> {
        let item = self.table.get(key)?;
        let number = item.as_integer();
        if number.is_none() {
            self.wrong(key, "a whole number");
        }
        number
    }

    fn version(&mut self) -> Option<String> {
        match self.table.get("version").and_then(Item::as_integer) {
            Some(number) => Some(number.to_string()),
            None => self.text("version"),
        }
    }

    /// One text or an array of them.
    fn list(&mut self, key: &str) -> Vec<String> {
        let Some(item) = self.table.get(key) else {
            return Vec::new();
        };
        let list = texts(item);
        if list.is_none() {
            self.wrong(key, "text or an array of texts");
        }
        list.unwrap_or_default()
    }

    fn columns(&mut self) -> BTreeMap<String, Vec<String>> {
        let Some(item) = self.table.get("columns") else {
            return BTreeMap::new();
        };
        let Some(table) = item.as_table_like() else {
            self.wrong("columns", "a table");
            return BTreeMap::new();
        };
        let mut columns = BTreeMap::new();
        for (key, item) in table.iter() {
            match texts(item) {
                Some(names) if !names.is_empty() => {
                    let names = names.iter().map(|name| name.trim().to_owned()).collect();
                    columns.insert(key.to_owned(), names);
                }
                _ => {
                    let at = item.span().map(|span| position_at(self.text, span.start));
                    let message = format!("`csv.columns.{key}` must be a column's name or several");
                    self.problems.push(Problem::error(self.file, at, "wrong_type", message));
                }
            }
        }
        columns
    }

    fn name(&mut self, key: &str) -> Option<MappingName> {
        let text = self.text(key)?;
        match MappingName::parse(&text) {
            Ok(name) => Some(name),
            Err(error) => {
                self.problem(key, "id", error.to_string());
                None
            }
        }
    }

    fn one_of<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            let message = format!("`{key}` is `{text}`, expected one of `{}`", names.join("`, `"));
            self.problem(key, "unknown_value", message);
        }
        found
    }

    fn wire(&mut self) -> Option<Wire> {
        self.one_of("wire", WIRES)
    }

    /// A class by its number or by its OCSF name.
    fn class(&mut self) -> Option<u32> {
        let item = self.table.get("ocsf_class")?;
        let schema = Validator::shipped();
        let uid = match (item.as_integer(), item.as_str()) {
            (Some(number), _) => u32::try_from(number).ok().filter(|uid| schema.has_class(*uid)),
            (None, Some(name)) => schema.class_uid(name),
            (None, None) => {
                self.wrong("ocsf_class", "a class's number or name");
                return None;
            }
        };
        if uid.is_none() {
            let near = item.as_str().and_then(|name| nearest(name, schema.class_names()));
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`"));
            let message = format!("`ocsf_class` names no class that we carry{hint}");
            self.problem("ocsf_class", "unknown_value", message);
        }
        uid
    }

    fn table(&mut self, key: &'static str, known: &[&str]) -> Option<Reader<'_>> {
        let item = self.table.get(key)?;
        let Some(table) = item.as_table_like() else {
            self.wrong(key, "a table");
            return None;
        };
        let mut reader =
            Reader { file: self.file, text: self.text, problems: self.problems, path: key, table };
        reader.known(known);
        Some(reader)
    }
}

const WIRES: &[(&str, Wire)] = &[
    ("syslog", Wire::Syslog),
    ("json", Wire::Json),
    ("csv", Wire::Csv),
    ("cef", Wire::Cef),
    ("leef", Wire::Leef),
    ("kv", Wire::Kv),
    ("xml", Wire::Xml),
    ("mqtt", Wire::Mqtt),
    ("udp", Wire::Udp),
];

fn texts(item: &Item) -> Option<Vec<String>> {
    if let Some(text) = item.as_str() {
        return Some(vec![text.to_owned()]);
    }
    item.as_array()?.iter().map(|value| value.as_str().map(str::to_owned)).collect()
}

/// The known name that `text` was most likely meant to be.
pub(crate) fn nearest<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (strsim::jaro_winkler(text, name), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
