//! One YAML document of a rule file, and where things stand in it.

use model::Problem;
use model::problem::Position;
use rsigma_parser::{SigmaCollection, SigmaParserError, parse_sigma_yaml};

use super::RuleFile;
use super::check::nearest;
use crate::limits::RULE_FILE_BYTES_MAX;

/// Sigma's value modifiers.
const MODIFIERS: [&str; 34] = [
    "all",
    "base64",
    "base64offset",
    "cased",
    "cidr",
    "contains",
    "day",
    "dotall",
    "endswith",
    "exists",
    "expand",
    "fieldref",
    "gt",
    "gte",
    "hour",
    "i",
    "ignorecase",
    "lt",
    "lte",
    "m",
    "minute",
    "month",
    "multiline",
    "neq",
    "re",
    "s",
    "startswith",
    "utf16",
    "utf16be",
    "utf16le",
    "week",
    "wide",
    "windash",
    "year",
];

/// Keys of a correlation.
const CORRELATION: [&str; 8] =
    ["type", "rules", "group-by", "timespan", "condition", "aliases", "generate", "window"];

/// A document and its place in its file.
#[derive(Clone, Copy)]
pub(super) struct Document<'a> {
    pub file: &'a RuleFile,
    text: &'a str,
    /// Lines of the file before it.
    above: u64,
}

/// What a file holds, document by document, so that one that cannot be read hides no other.
pub(super) fn documents(file: &RuleFile) -> Result<Vec<Document<'_>>, Problem> {
    if file.text.len() > RULE_FILE_BYTES_MAX {
        let message = format!(
            "the file has {} bytes, at most {RULE_FILE_BYTES_MAX} are read; split it",
            file.text.len()
        );
        return Err(Problem::error(&file.path, None, "too_large", message));
    }
    let whole = Document { file, text: &file.text, above: 0 };
    // Collections build on the document before: they are read as one.
    let is_collection = file.text.lines().any(|line| line.starts_with("action:"));
    Ok(if is_collection { vec![whole] } else { whole.split() })
}

impl<'a> Document<'a> {
    fn split(self) -> Vec<Self> {
        let mut parts = Vec::new();
        let (mut start, mut at, mut first, mut line) = (0, 0, 0, 0);
        for text in self.text.split_inclusive('\n') {
            if text.trim_end() == "---" {
                parts.push((start..at, first));
                (start, first) = (at + text.len(), line + 1);
            }
            at += text.len();
            line += 1;
        }
        parts.push((start..at, first));
        let part = |(range, above): (std::ops::Range<usize>, u64)| {
            let text = self.text.get(range)?;
            let is_empty = text.lines().all(|line| {
                let line = line.trim();
                line.is_empty() || line.starts_with('#')
            });
            (!is_empty).then_some(Self { file: self.file, text, above })
        };
        let found: Vec<Self> = parts.into_iter().filter_map(part).collect();
        if found.is_empty() { vec![self] } else { found }
    }

    /// As Sigma. What cannot be read is named; warnings of the parser are problems too.
    pub(super) fn parse(&self, problems: &mut Vec<Problem>) -> Option<SigmaCollection> {
        let text = self.with_whole_thresholds();
        match parse_sigma_yaml(text.as_deref().unwrap_or(self.text)) {
            Ok(found) => {
                problems.extend(found.errors.iter().map(|error| self.problem(error)));
                problems.extend(self.misspelt_keys());
                Some(found)
            }
            Err(error) => {
                problems.push(self.refusal(&error));
                None
            }
        }
    }

    /// The document's `correlation`, as it is written.
    pub(super) fn correlation(&self) -> Option<serde_json::Value> {
        let all: serde_json::Value = yaml_serde::from_str(self.text).ok()?;
        all.get("correlation").cloned()
    }

    /// The parser takes whole thresholds only, and none below zero. Others are read by
    /// [`Self::correlation`]; here something whole stands in their place.
    fn with_whole_thresholds(&self) -> Option<String> {
        if !self.text.contains("correlation:") {
            return None;
        }
        let mut all: serde_json::Value = yaml_serde::from_str(self.text).ok()?;
        let condition = all.get_mut("correlation")?.get_mut("condition")?.as_object_mut()?;
        let mut is_changed = false;
        for (_, value) in condition.iter_mut() {
            if value.is_number() && !value.is_u64() {
                *value = 1.into();
                is_changed = true;
            }
        }
        is_changed.then(|| yaml_serde::to_string(&all).ok()).flatten()
    }

    /// Where the first of some keys stands in this document.
    pub(super) fn find(&self, keys: &[&str]) -> Option<Position> {
        keys.iter().find_map(|key| {
            (1..).zip(self.text.lines()).find_map(|(line, text)| {
                let start = text.trim_start().trim_start_matches("- ");
                let column = (text.len() - start.len()) as u64 + 1;
                start.starts_with(key).then_some(Position { line: self.above + line, column })
            })
        })
    }

    /// Where a text first stands, whatever is around it.
    fn mention(&self, word: &str) -> Option<Position> {
        (1..).zip(self.text.lines()).find_map(|(line, text)| {
            let column = text.find(word)? as u64 + 1;
            Some(Position { line: self.above + line, column })
        })
    }

    fn refusal(&self, error: &SigmaParserError) -> Problem {
        self.problem(&error.to_string())
    }

    /// Keys of the correlation that nobody reads, and that are nearly one that somebody does.
    fn misspelt_keys(&self) -> Vec<Problem> {
        let written = self.correlation();
        let all = written.as_ref().and_then(serde_json::Value::as_object);
        let odd = all.into_iter().flat_map(|own| own.keys()).filter_map(|key| {
            let is_known = CORRELATION.contains(&key.as_str()) || key == "timeframe";
            let near = (!is_known).then(|| nearest(key, CORRELATION.into_iter())).flatten()?;
            Some((key, near))
        });
        let problem = |(key, near): (&String, &str)| {
            let at = self.find(&[&format!("{key}:")]);
            let message = format!("a correlation has no key `{key}`; meant `{near}`?");
            Problem::error(&self.file.path, at, "unknown_key", message)
        };
        odd.map(problem).collect()
    }

    /// What the parser misses in a correlation, by the key that would say it.
    fn lacking(&self, error: &str) -> Option<Problem> {
        let key = match error {
            error if error.contains("Missing timeframe") => "timespan",
            error if error.contains("Missing correlation type") => "type",
            _ => return None,
        };
        let is_it = |problem: &Problem| problem.message.contains(&format!("meant `{key}`"));
        let message = format!("a correlation needs `{key}`");
        let hint = if key == "timespan" { ", such as `timespan: 5m`" } else { "" };
        let at = self.find(&["correlation:"]);
        let bare = Problem::error(&self.file.path, at, "missing_key", message + hint);
        Some(self.misspelt_keys().into_iter().find(is_it).unwrap_or(bare))
    }

    /// A parser's words, with the place that they mention or that mentions what they name.
    pub(super) fn problem(&self, error: &str) -> Problem {
        if let Some(lacking) = self.lacking(error) {
            return lacking;
        }
        let (code, message) = explained(error);
        let named = quoted(error).and_then(|word| self.mention(word));
        let at = self.stated(error).or(named).or_else(|| {
            self.find(&["condition:", "detection:", "correlation:", "filter:", "title:"])
        });
        Problem::error(&self.file.path, at, code, message)
    }

    /// The line and column that a YAML parser states.
    fn stated(&self, error: &str) -> Option<Position> {
        let number = |after: &str| -> Option<u64> {
            let tail = error.split_once(after)?.1;
            let digits: String = tail.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        };
        let line = number(" line ")?;
        Some(Position { line: self.above + line, column: number(" column ").unwrap_or(1) })
    }
}

/// The first text in quotation marks.
fn quoted(error: &str) -> Option<&str> {
    let tail = error.split_once('\'')?.1;
    tail.split_once('\'').map(|(word, _)| word).filter(|word| !word.is_empty())
}

/// Which fault it is, and what to do about it.
fn explained(error: &str) -> (&'static str, String) {
    if let Some(word) = error.strip_prefix("Unknown modifier '") {
        let word = word.trim_end_matches('\'');
        let near = nearest(word, MODIFIERS.iter().copied());
        let hint = near.map_or_else(String::new, |near| format!("; meant `{near}`?"));
        return ("unknown_modifier", format!("there is no modifier `{word}`{hint}"));
    }
    if let Some(rest) = error.strip_prefix("YAML parse error: ") {
        let cut = rest.find(" at line ").unwrap_or(rest.len());
        let what = rest.get(..cut).unwrap_or(rest);
        let message = format!("not readable as YAML: {what}; mind indents, quotes and brackets");
        return ("invalid_yaml", message);
    }
    if error.contains("exceeds size limit") || error.contains("Compiled regex") {
        let message = "the regular expression grows beyond 10 MiB when compiled; bound its \
                       repetitions (`{1,100}` of `{1,100}` multiply)";
        return ("regex_too_large", message.to_owned());
    }
    if let Some(rest) = error.strip_prefix("invalid regex pattern: ") {
        let last = rest.lines().rev().find_map(|line| line.trim().strip_prefix("error: "));
        let what = last.unwrap_or(rest).replace('\n', " ");
        let message = format!(
            "not a regular expression that can be run in bounded time: {what}; look-around and \
             back-references are not supported"
        );
        return ("invalid_regex", message);
    }
    if let Some(word) = error.strip_prefix("unknown detection identifier: ") {
        let message = format!("the condition names `{word}`, which `detection` does not have");
        return ("unknown_detection", message);
    }
    if let Some(span) = error.strip_prefix("Invalid timespan ") {
        let message = format!("{span} is no timespan; write a number and s, m, h or d, as in 5m");
        return ("wrong_timespan", message.replace('\'', "`"));
    }
    ("invalid_rule", lower(error))
}

fn lower(error: &str) -> String {
    let mut message = error.trim_end_matches('.').replace('\n', " ");
    let is_acronym = message.chars().nth(1).is_some_and(char::is_uppercase);
    if let (Some(first), false) = (message.get(..1), is_acronym) {
        let lower = first.to_lowercase();
        message.replace_range(..1, &lower);
    }
    message
}
