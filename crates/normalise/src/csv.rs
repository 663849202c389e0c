//! CSV with named columns: which field of a record means what.

use std::borrow::Cow;

use model::DeadReason;
use model::problem::Position;

use crate::decode::Failure;
use crate::manifest::CsvSpec;

/// Where a mapping's columns stand in one header.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    header: Vec<u8>,
    /// Our name and the fields that are joined for it.
    columns: Vec<(Box<str>, Vec<usize>)>,
    /// Columns that the mapping does not name.
    extras: Vec<(Box<str>, usize)>,
    width: usize,
}

/// One record under a plan.
pub(crate) struct Row<'a> {
    plan: &'a Plan,
    fields: Vec<Cow<'a, str>>,
}

/// Header line and record of a body `header\nrecord`.
pub(crate) fn parts(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b'\n', body)?;
    let (header, record) = body.split_at_checked(end)?;
    Some((header, record.get(1..)?))
}

impl Plan {
    /// Finds every column of `spec` in a header line.
    ///
    /// Fails with the column that is missing and what stands there instead.
    pub(crate) fn new(header: &[u8], spec: &CsvSpec) -> Result<Self, Failure> {
        let names: Vec<String> = split(header).iter().map(|name| name.trim().to_owned()).collect();
        let find = |wanted: &str| names.iter().position(|name| name == wanted);
        let mut columns = Vec::new();
        let mut used = vec![false; names.len()];
        for (ours, theirs) in &spec.columns {
            let mut places = Vec::new();
            for name in theirs {
                match find(name) {
                    Some(place) => places.push(place),
                    None if spec.optional.contains(ours) => {}
                    None => return Err(no_column(name, &names)),
                }
            }
            if places.len() == theirs.len() {
                for place in &places {
                    used.get_mut(*place).into_iter().for_each(|used| *used = true);
                }
                columns.push((ours.as_str().into(), places));
            }
        }
        let extras = names
            .iter()
            .enumerate()
            .filter(|(place, name)| used.get(*place) == Some(&false) && !name.is_empty())
            .map(|(place, name)| (name.as_str().into(), place))
            .collect();
        Ok(Self { header: header.to_vec(), columns, extras, width: names.len() })
    }

    pub(crate) fn is_of(&self, header: &[u8]) -> bool {
        self.header == header
    }

    pub(crate) fn has(&self, ours: &str) -> bool {
        self.columns.iter().any(|(name, _)| &**name == ours)
    }

    /// Refuses a header without any of some columns.
    pub(crate) fn need(&self, any_of: &[&str]) -> Result<(), Failure> {
        if any_of.iter().any(|name| self.has(name)) {
            return Ok(());
        }
        let column = any_of.first().copied().unwrap_or_default().to_owned();
        let detail = format!("`csv.columns` must name `{}`", any_of.join("` or `"));
        Err(Failure {
            reason: DeadReason::CsvHeader { column, detail },
            position: Some(Position { line: 1, column: 1 }),
        })
    }

    /// Splits a record; fails when it has more or fewer fields than the header.
    pub(crate) fn row<'a>(&'a self, record: &'a [u8]) -> Result<Row<'a>, Failure> {
        let record = trim_line_end(record);
        let fields = split(record);
        if fields.len() != self.width {
            let detail = format!("{} fields, the header has {}", fields.len(), self.width);
            let column = record.len() as u64 + 1;
            return Err(Failure {
                reason: DeadReason::Decode { wire: "csv".to_owned(), detail },
                position: Some(Position { line: 2, column }),
            });
        }
        Ok(Row { plan: self, fields })
    }
}

impl<'a> Row<'a> {
    fn value(&self, places: &[usize]) -> Option<Cow<'_, str>> {
        let field = |place: &usize| self.fields.get(*place).map(|field| field.trim());
        let value = match places {
            [one] => Cow::Borrowed(field(one)?),
            several => {
                let parts: Vec<&str> = several.iter().filter_map(field).collect();
                if parts.iter().any(|part| part.is_empty()) {
                    return None;
                }
                Cow::Owned(parts.join("-"))
            }
        };
        Some(value).filter(|value| !value.is_empty())
    }

    /// Refuses a record whose `time` column is empty.
    pub(crate) fn need_time(&self) -> Result<(), Failure> {
        if !self.plan.has("time") || self.column("time").is_some() {
            return Ok(());
        }
        let detail = "column `time` is empty".to_owned();
        Err(Failure {
            reason: DeadReason::Decode { wire: "csv".to_owned(), detail },
            position: Some(Position { line: 2, column: 1 }),
        })
    }

    /// One of our columns, when it holds something.
    pub(crate) fn column(&self, ours: &str) -> Option<Cow<'_, str>> {
        let (_, places) = self.plan.columns.iter().find(|(name, _)| &**name == ours)?;
        self.value(places)
    }

    /// Our columns that hold something, in the order of their names.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&'a str, Cow<'_, str>)> {
        let columns = &self.plan.columns;
        columns.iter().filter_map(|(name, places)| Some((&**name, self.value(places)?)))
    }

    /// The others that hold something.
    pub(crate) fn extras(&self) -> impl Iterator<Item = (&'a str, &str)> {
        self.plan.extras.iter().filter_map(|(name, place)| {
            let value = self.fields.get(*place)?.trim();
            (!value.is_empty()).then_some((&**name, value))
        })
    }
}

fn no_column(name: &str, header: &[String]) -> Failure {
    let near = crate::manifest::nearest(name, header.iter().map(String::as_str));
    let detail = match near {
        Some(near) => format!("the nearest is `{near}`"),
        None => format!("it has `{}`", header.join("`, `")),
    };
    Failure {
        reason: DeadReason::CsvHeader { column: name.to_owned(), detail },
        position: Some(Position { line: 1, column: 1 }),
    }
}

fn trim_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The fields of one record; quotes are taken off and doubled quotes halved.
///
/// SOURCE: RFC 4180 section 2; blanks before a quote are tolerated.
pub(crate) fn split(record: &[u8]) -> Vec<Cow<'_, str>> {
    let mut fields = Vec::with_capacity(8);
    let mut rest = trim_line_end(record);
    loop {
        let start = rest.trim_ascii_start();
        if let Some(quoted) = start.strip_prefix(b"\"") {
            let (value, after) = unquote(quoted);
            fields.push(value);
            let comma = memchr::memchr(b',', after);
            match comma.and_then(|at| after.get(at + 1..)) {
                Some(next) => rest = next,
                None => return fields,
            }
            continue;
        }
        let end = memchr::memchr(b',', rest);
        let field = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        fields.push(String::from_utf8_lossy(field));
        match end.and_then(|at| rest.get(at + 1..)) {
            Some(next) => rest = next,
            None => return fields,
        }
    }
}

fn unquote(quoted: &[u8]) -> (Cow<'_, str>, &[u8]) {
    let mut at = 0;
    let mut has_doubled = false;
    while let Some(found) = quoted.get(at..).and_then(|rest| memchr::memchr(b'"', rest)) {
        at += found;
        if quoted.get(at + 1) == Some(&b'"') {
            has_doubled = true;
            at += 2;
            continue;
        }
        let value = String::from_utf8_lossy(quoted.get(..at).unwrap_or_default());
        let value = if has_doubled { Cow::Owned(value.replace("\"\"", "\"")) } else { value };
        return (value, quoted.get(at + 1..).unwrap_or_default());
    }
    (String::from_utf8_lossy(quoted), &[])
}
