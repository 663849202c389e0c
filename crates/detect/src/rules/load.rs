//! From YAML to a rule set, with every problem named.

use std::collections::HashMap;
use std::sync::Arc;

use model::problem::Position;
use model::{Level, LogSource, Problem, RuleId};
use rsigma_parser::{CorrelationRule, FilterRule, SigmaRule, parse_sigma_yaml};
use serde::Serialize;

use super::extension::Extension;
use super::{Rule, RuleFile, RuleIndex, RuleMeta, RuleSet, correlation};
use crate::sigma::engine::compile;
use crate::sigma::kleene::PresenceRule;

/// Files with this ending hold cases, not rules.
pub(crate) const CASES_ENDING: &str = ".cases.yml";

struct Parsed<'a> {
    file: &'a RuleFile,
    rules: Vec<SigmaRule>,
    correlations: Vec<CorrelationRule>,
}

pub(super) fn load(files: &[RuleFile]) -> (RuleSet, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut filters = Vec::new();
    let mut parsed = Vec::new();
    for file in files.iter().filter(|file| !file.path.ends_with(CASES_ENDING)) {
        match parse_sigma_yaml(&file.text) {
            Ok(found) => {
                problems.extend(found.errors.iter().map(|error| parse_problem(file, error)));
                filters.extend(found.filters);
                parsed.push(Parsed { file, rules: found.rules, correlations: found.correlations });
            }
            Err(error) => problems.push(parse_problem(file, &error.to_string())),
        }
    }
    let mut loader = Loader { set: RuleSet::default(), names: HashMap::new(), problems };
    for file in &parsed {
        for rule in &file.rules {
            loader.rule(file.file, rule, &filters);
        }
    }
    for file in &parsed {
        for rule in &file.correlations {
            loader.correlation(file.file, rule);
        }
    }
    loader.set.router.seal();
    (loader.set, loader.problems)
}

struct Loader {
    set: RuleSet,
    /// Ids and names, as correlations refer to rules.
    names: HashMap<String, RuleIndex>,
    problems: Vec<Problem>,
}

impl Loader {
    fn next(&self) -> RuleIndex {
        RuleIndex(u32::try_from(self.set.rules.len()).unwrap_or(u32::MAX))
    }

    fn rule(&mut self, file: &RuleFile, rule: &SigmaRule, filters: &[FilterRule]) {
        let Some(id) = self.id(file, rule.id.as_deref(), rule.name.as_deref()) else {
            return;
        };
        let compiled = match compile(rule, filters) {
            Ok(compiled) => compiled,
            Err(error) => {
                let at = find(file, &["detection:"]);
                self.problems.push(Problem::error(&file.path, at, "invalid_rule", error));
                return;
            }
        };
        let presence = match PresenceRule::of(&compiled) {
            Ok(presence) => presence,
            Err(error) => {
                let at = find(file, &["detection:"]);
                let error = error.to_owned();
                self.problems.push(Problem::error(&file.path, at, "unsupported", error));
                return;
            }
        };
        let extension = self.extension(file, rule.custom_attributes.get("castellan"));
        let index = self.next();
        let logsource = logsource(&rule.logsource);
        let key = self.set.router.key(&logsource);
        let text = |field: &Option<String>| field.clone();
        let fields = crate::sigma::kleene::fields_of(&compiled);
        let concerns_owner = fields
            .iter()
            .chain(extension.because.iter().flat_map(|because| because.fields()))
            .any(|field| field.contains(".owner"));
        let meta = RuleMeta {
            title: rule.title.clone(),
            level: level(rule.level),
            description: text(&rule.description),
            author: text(&rule.author),
            licence: text(&rule.license),
            tags: rule.tags.clone(),
            logsource,
            is_correlation: false,
            asks_presence: presence.is_some(),
            is_reported: true,
            concerns_owner,
            ..meta(id.clone(), file, extension)
        };
        match presence {
            Some(_) => self.set.router.add_presence(key, index),
            None => self.set.router.add(key, index, compiled),
        }
        self.push(
            index,
            rule.name.as_deref(),
            Rule { meta, presence, fields, correlation: None, feeds: Vec::new() },
        );
    }

    fn correlation(&mut self, file: &RuleFile, rule: &CorrelationRule) {
        let Some(id) = self.id(file, rule.id.as_deref(), rule.name.as_deref()) else {
            return;
        };
        let extension = self.extension(file, rule.custom_attributes.get("castellan"));
        let names = &self.names;
        let known = |name: &str| names.get(&name.to_lowercase()).copied();
        let rules = &self.set.rules;
        let plain = |name: &str| {
            let index = known(name)?;
            let rule = rules.get(index.0 as usize)?;
            rule.correlation.is_none().then_some(index)
        };
        let compiled =
            correlation::compile(rule, &extension.reset_by, extension.emit_final, &plain);
        let compiled = match compiled {
            Ok(compiled) => compiled,
            Err(faults) => {
                let at = find(file, &["correlation:"]);
                for (code, message) in faults {
                    self.problems.push(Problem::error(&file.path, at, code, message));
                }
                return;
            }
        };
        let index = self.next();
        let fed = compiled.inputs.iter().chain(&compiled.resets).copied();
        for input in fed {
            let Some(rule) = self.set.rules.get_mut(input.0 as usize) else {
                continue;
            };
            if !rule.feeds.contains(&index) {
                rule.feeds.push(index);
            }
        }
        if !rule.generate {
            for input in compiled.inputs.iter().chain(&compiled.resets) {
                if let Some(rule) = self.set.rules.get_mut(input.0 as usize) {
                    rule.meta.is_reported = false;
                }
            }
        }
        let meta = RuleMeta {
            title: rule.title.clone(),
            level: level(rule.level),
            description: rule.description.clone(),
            author: rule.author.clone(),
            licence: rule.license.clone(),
            tags: rule.tags.clone(),
            is_correlation: true,
            ..meta(id, file, extension)
        };
        self.push(
            index,
            rule.name.as_deref(),
            Rule {
                meta,
                presence: None,
                fields: Vec::new(),
                correlation: Some(compiled),
                feeds: Vec::new(),
            },
        );
    }

    fn push(&mut self, index: RuleIndex, name: Option<&str>, rule: Rule) {
        self.names.insert(rule.meta.id.as_str().to_owned(), index);
        if let Some(name) = name {
            self.names.entry(name.to_lowercase()).or_insert(index);
        }
        self.set.by_id.insert(rule.meta.id.clone(), index);
        self.set.rules.push(rule);
    }

    fn id(&mut self, file: &RuleFile, id: Option<&str>, name: Option<&str>) -> Option<RuleId> {
        let stem = file.path.rsplit('/').next().unwrap_or(&file.path);
        let stem = stem.split('.').next().unwrap_or(stem);
        let text = id.or(name).unwrap_or(stem).to_lowercase();
        let at = find(file, &["id:", "name:", "title:"]);
        let id = match RuleId::parse(&text) {
            Ok(id) => id,
            Err(error) => {
                let message = error.to_string();
                self.problems.push(Problem::error(&file.path, at, "wrong_id", message));
                return None;
            }
        };
        if let Some(first) = self.set.get(&id) {
            let message = format!("the id `{id}` is already taken by {}", first.path);
            self.problems.push(Problem::error(&file.path, at, "duplicate_id", message));
            return None;
        }
        Some(id)
    }

    fn extension<V: Serialize>(&mut self, file: &RuleFile, block: Option<&V>) -> Extension {
        let block = block.and_then(|block| serde_json::to_value(block).ok());
        let Some(block) = block else {
            return Extension::default();
        };
        let mut faults = Vec::new();
        let read = Extension::read(&block, &mut faults);
        for fault in faults {
            let at = find(file, &[&format!("{}:", fault.key)]);
            self.problems.push(Problem::error(&file.path, at, fault.code, fault.message));
        }
        read
    }
}

fn meta(id: RuleId, file: &RuleFile, extension: Extension) -> RuleMeta {
    let version = blake3::hash(file.text.trim().as_bytes()).to_hex();
    RuleMeta {
        position: find(file, &[&format!("id: {id}"), "id:", "title:"]),
        id,
        title: String::new(),
        level: Level::default(),
        team: extension.team,
        sop: extension.sop,
        playbook: extension.playbook,
        fold: extension.fold,
        tags: Vec::new(),
        description: None,
        author: None,
        licence: None,
        logsource: LogSource::default(),
        is_correlation: false,
        asks_presence: false,
        is_reported: true,
        path: file.path.clone(),
        version: version.chars().take(16).collect(),
        because: extension.because,
        concerns_owner: false,
    }
}

fn logsource(of: &rsigma_parser::LogSource) -> LogSource {
    let lower = |word: &Option<String>| word.as_deref().map(|w| Arc::from(w.to_lowercase()));
    LogSource {
        category: lower(&of.category),
        product: lower(&of.product),
        service: lower(&of.service),
    }
}

fn level(of: Option<rsigma_parser::Level>) -> Level {
    match of {
        Some(rsigma_parser::Level::Informational) => Level::Informational,
        Some(rsigma_parser::Level::Low) => Level::Low,
        Some(rsigma_parser::Level::Medium) | None => Level::Medium,
        Some(rsigma_parser::Level::High) => Level::High,
        Some(rsigma_parser::Level::Critical) => Level::Critical,
    }
}

/// A parser's words, with the line and column that they mention, where they do.
fn parse_problem(file: &RuleFile, error: &str) -> Problem {
    let number = |after: &str| -> Option<u64> {
        let tail = error.split_once(after)?.1;
        let digits: String = tail.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    };
    let at = number("line ")
        .map(|line| Position { line, column: number("column ").unwrap_or(1) })
        .or_else(|| find(file, &["detection:", "correlation:", "title:"]));
    let mut message = error.trim_end_matches('.').to_owned();
    let is_acronym = message.chars().nth(1).is_some_and(char::is_uppercase);
    if let (Some(first), false) = (message.get(..1), is_acronym) {
        let lower = first.to_lowercase();
        message.replace_range(..1, &lower);
    }
    Problem::error(&file.path, at, "invalid_rule", message)
}

/// Where the first of some keys stands in a file.
pub(super) fn find(file: &RuleFile, keys: &[&str]) -> Option<Position> {
    keys.iter().find_map(|key| {
        (1_u64..).zip(file.text.lines()).find_map(|(line, text)| {
            let indent = text.len() - text.trim_start().len();
            let column = indent as u64 + 1;
            text.trim_start().starts_with(key).then_some(Position { line, column })
        })
    })
}
