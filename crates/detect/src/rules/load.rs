//! From YAML to a rule set, with every problem named.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use model::{Level, LogSource, Position, Problem, RuleId};
use rsigma_eval::CompiledRule;
use rsigma_parser::{CorrelationRule, FilterRule, FilterRuleTarget, SigmaRule};
use serde::Serialize;

use super::document::{Document, documents};
use super::extension::Extension;
use super::route::Key;
use super::side::{Member, Named, Side};
use super::{Correlation, Kind, Rule, RuleFile, RuleIndex, RuleMeta, RuleSet, chain, correlation};
use crate::limits::CHAIN_MAX;
use crate::sigma::engine::{Likeness, apply, compile, is_for, rename};
use crate::sigma::kleene::{PresenceRule, fields_of};

/// Files with this ending hold cases, not rules.
pub(crate) const CASES_ENDING: &str = ".cases.yml";

struct Filter<'a> {
    document: Document<'a>,
    rule: FilterRule,
    is_used: bool,
}

pub(super) fn load(files: &[RuleFile]) -> (RuleSet, Vec<Problem>) {
    let (set, problems, _) = prepare(files, None);
    (set, problems)
}

/// A rule as it is compiled: its filters merged in, and as it reads under each log source here.
pub(crate) struct Prepared {
    pub rule: SigmaRule,
    pub here: Vec<(LogSource, SigmaRule)>,
}

/// Loads as `load`, and keeps one rule's own text.
pub(crate) fn prepare(
    files: &[RuleFile],
    wanted: Option<&RuleId>,
) -> (RuleSet, Vec<Problem>, Option<Prepared>) {
    let mut problems = Vec::new();
    let side = Side::read(files, &mut problems);
    let (mut filters, mut rules, mut correlations) = (Vec::new(), Vec::new(), Vec::new());
    let holds_rules = |path: &str| !path.ends_with(CASES_ENDING) && !Side::owns(path);
    for file in files.iter().filter(|file| holds_rules(&file.path)) {
        let found = documents(file).map_err(|problem| problems.push(problem));
        for document in found.into_iter().flatten() {
            let Some(found) = document.parse(&mut problems) else { continue };
            rules.extend(found.rules.into_iter().map(|rule| (document, rule)));
            correlations.extend(found.correlations.into_iter().map(|rule| (document, rule)));
            let filter = |rule| Filter { document, rule, is_used: false };
            filters.extend(found.filters.into_iter().map(filter));
        }
    }
    let (set, routes, names) = (RuleSet::default(), Vec::new(), HashMap::new());
    let wanted = (wanted, None);
    let mut loader = Loader { set, routes, names, side, problems, wanted };
    for (document, rule) in &rules {
        loader.rule(document, rule, &mut filters);
    }
    loader.correlations(&correlations);
    let prepared = loader.wanted.1.take();
    let (set, problems) = loader.finish(&filters);
    (set, problems, prepared)
}

/// A rule under one log source; without its compiled form, presence decides it.
struct Route {
    key: Key,
    index: RuleIndex,
    plain: Option<(CompiledRule, Likeness)>,
}

struct Loader<'w> {
    /// The rule whose text somebody asks for.
    wanted: (Option<&'w RuleId>, Option<Prepared>),
    set: RuleSet,
    routes: Vec<Route>,
    /// Ids and names, as correlations refer to rules.
    names: HashMap<String, RuleIndex>,
    side: Side,
    problems: Vec<Problem>,
}

impl Loader<'_> {
    fn next(&self) -> RuleIndex {
        RuleIndex(u32::try_from(self.set.rules.len()).unwrap_or(u32::MAX))
    }

    fn refuse(&mut self, document: &Document<'_>, keys: &[&str], code: &str, message: String) {
        let at = document.find(keys);
        self.problems.push(Problem::error(&document.file.path, at, code, message));
    }

    fn rule(&mut self, document: &Document<'_>, rule: &SigmaRule, filters: &mut [Filter<'_>]) {
        let Some(id) = self.id(document, rule.id.as_deref(), rule.name.as_deref()) else {
            return;
        };
        let rule = &self.filtered(document, rule, &id, filters);
        let compiled = match compile(rule) {
            Ok(compiled) => compiled,
            Err(error) => return self.problems.push(document.problem(&error)),
        };
        let presence = match PresenceRule::of(&compiled) {
            Ok(presence) => presence,
            Err(error) => {
                return self.refuse(document, &["detection:"], "unsupported", error.to_owned());
            }
        };
        let extension = self.extension(document, rule.custom_attributes.get("castellan"));
        let index = self.next();
        let logsource = logsource(&rule.logsource);
        let fields = fields_of(&compiled);
        let concerns_owner = fields
            .iter()
            .chain(extension.because.iter().flat_map(|because| because.fields()))
            .any(|field| field.contains(".owner"));
        let mut meta = RuleMeta {
            title: rule.title.clone(),
            level: level(rule.level),
            description: rule.description.clone(),
            author: rule.author.clone(),
            licence: rule.license.clone(),
            tags: rule.tags.clone(),
            status: rule.status.map(|status| format!("{status:?}").to_lowercase()),
            logsource,
            asks_presence: presence.is_some(),
            concerns_owner,
            ..meta(id, document, extension)
        };
        self.tune(&mut meta, rule.name.as_deref());
        let places = self.side.dialects.places(&meta.logsource);
        if self.wanted.0 == Some(&meta.id) {
            let here = places.iter().map(|one| (one.logsource.clone(), rename(rule, &one.fields)));
            self.wanted.1 = Some(Prepared { here: here.collect(), rule: rule.clone() });
        }
        let key = self.set.router.key(&meta.logsource);
        for place in places.iter().filter(|_| presence.is_none()) {
            // A rule that compiles does so under other names.
            let renamed = rename(rule, &place.fields);
            if let Ok(compiled) = compile(&renamed) {
                let key = self.set.router.key(&place.logsource);
                let plain = Some((compiled, Likeness::of(&renamed)));
                self.routes.push(Route { key, index, plain });
            }
        }
        let plain = presence.is_none().then(|| (compiled, Likeness::of(rule)));
        self.routes.push(Route { key, index, plain });
        let here = places.into_iter().map(|place| place.logsource).collect();
        let exceptions = self.exceptions(&meta.id, rule.name.as_deref());
        let rule_of = Rule { presence, fields, here, exceptions, ..Rule::of(meta) };
        self.push(index, rule.name.as_deref(), rule_of);
    }

    /// A rule with the filters that name it merged in.
    fn filtered(
        &mut self,
        document: &Document<'_>,
        rule: &SigmaRule,
        id: &RuleId,
        filters: &mut [Filter<'_>],
    ) -> SigmaRule {
        let mut rule = rule.clone();
        for (number, filter) in filters.iter_mut().enumerate() {
            let names = match &filter.rule.rules {
                FilterRuleTarget::Any => true,
                FilterRuleTarget::Specific(ids) => ids.iter().any(|own| {
                    own.eq_ignore_ascii_case(id.as_str()) || Some(own) == rule.name.as_ref()
                }),
            };
            if !names || !is_for(&filter.rule, &rule) {
                continue;
            }
            filter.is_used = true;
            if let Err(why) = apply(&filter.rule, number, &mut rule) {
                let message = format!(
                    "the filter `{}` cannot be merged into this rule: {why}",
                    filter.rule.title
                );
                self.refuse(document, &["condition:"], "unsupported", message);
            }
        }
        rule
    }

    /// Sets say whether it is on.
    fn tune(&mut self, meta: &mut RuleMeta, name: Option<&str>) {
        let member = Member {
            id: meta.id.as_str(),
            name,
            path: &meta.path,
            tags: &meta.tags,
            level: meta.level,
            status: meta.status.as_deref(),
            logsource: &meta.logsource,
        };
        meta.off_by = self.side.sets.off(&member);
    }

    fn exceptions(&self, id: &RuleId, name: Option<&str>) -> Vec<u32> {
        self.side.exceptions.of(Named { id: id.as_str(), name })
    }

    /// Correlations, those that others build on first.
    fn correlations(&mut self, all: &[(Document<'_>, CorrelationRule)]) {
        let order = chain::order(all.iter().map(|(_, rule)| rule));
        for (at, cycle) in order.cycles {
            if let Some((document, _)) = all.get(at) {
                let message =
                    format!("correlations in a circle: {cycle}; take one of these references out");
                self.refuse(document, &["rules:", "correlation:"], "cycle", message);
            }
        }
        for (document, rule) in order.sorted.into_iter().filter_map(|at| all.get(at)) {
            self.correlation(document, rule);
        }
    }

    fn correlation(&mut self, document: &Document<'_>, rule: &CorrelationRule) {
        let Some(id) = self.id(document, rule.id.as_deref(), rule.name.as_deref()) else {
            return;
        };
        let extension = self.extension(document, rule.custom_attributes.get("castellan"));
        let Some(compiled) = self.compiled(document, rule, &extension) else {
            return;
        };
        let index = self.next();
        for input in compiled.inputs.iter().chain(&compiled.resets) {
            let Some(rule_of) = self.set.rules.get_mut(input.0 as usize) else {
                continue;
            };
            if !rule_of.feeds.contains(&index) {
                rule_of.feeds.push(index);
            }
            rule_of.meta.is_reported &= rule.generate;
        }
        let mut meta = RuleMeta {
            title: rule.title.clone(),
            level: level(rule.level),
            description: rule.description.clone(),
            author: rule.author.clone(),
            licence: rule.license.clone(),
            tags: rule.tags.clone(),
            status: rule.status.map(|status| format!("{status:?}").to_lowercase()),
            is_correlation: true,
            ..meta(id, document, extension)
        };
        self.tune(&mut meta, rule.name.as_deref());
        let exceptions = self.exceptions(&meta.id, rule.name.as_deref());
        let rule_of = Rule { exceptions, correlation: Some(compiled), ..Rule::of(meta) };
        self.push(index, rule.name.as_deref(), rule_of);
    }

    /// A correlation ready to run; what is wrong with it is named.
    fn compiled(
        &mut self,
        document: &Document<'_>,
        rule: &CorrelationRule,
        extension: &Extension,
    ) -> Option<Correlation> {
        let names = &self.names;
        let known = |name: &str| names.get(&name.to_lowercase()).copied();
        let near = |name: &str| {
            super::check::nearest(&name.to_lowercase(), names.keys().map(String::as_str))
                .map(str::to_owned)
        };
        let written = document.correlation().unwrap_or_default();
        let asked = correlation::Asked { rule, written, extension };
        let set = &self.set;
        let is_correlation = |index: RuleIndex| {
            set.meta(index).filter(|meta| meta.is_correlation).map(|meta| meta.id.to_string())
        };
        let rules = correlation::Rules { find: &known, near: &near, correlation: &is_correlation };
        let found = correlation::compile(&asked, &rules);
        let mut compiled = match found {
            Ok(compiled) => compiled,
            Err(faults) => {
                for fault in faults {
                    let keys = [fault.key, "correlation:"];
                    self.refuse(document, &keys, fault.code, fault.message);
                }
                return None;
            }
        };
        let inputs = compiled.inputs.iter().filter_map(|input| self.set.rule(*input));
        let depths = inputs.filter_map(|input| Some(input.correlation.as_ref()?.depth));
        compiled.depth = 1 + depths.max().unwrap_or(0);
        if compiled.depth > CHAIN_MAX {
            let message = format!("more than {CHAIN_MAX} correlations build on each other");
            self.refuse(document, &["rules:"], "too_deep", message);
            return None;
        }
        let unsure = compiled.must_be_known().find(|rule| self.asks_presence(*rule));
        if let Some(rule) = unsure.and_then(|rule| self.set.meta(rule)) {
            let message = format!(
                "`{}` asks where somebody is, which may be unknown; where fewer matches make more \
                 findings (`without`, `reset_by`, `travel`, `conflict`, `baseline`, bounds from \
                 above, means and the like), not knowing would add one",
                rule.id
            );
            self.refuse(document, &["without:", "rules:"], "asks_presence", message);
            return None;
        }
        Some(compiled)
    }

    /// Whether a rule, or one that it builds on, asks where somebody is.
    fn asks_presence(&self, index: RuleIndex) -> bool {
        let Some(rule) = self.set.rule(index) else { return false };
        let inputs = rule.correlation.iter().flat_map(|correlation| &correlation.inputs);
        rule.presence.is_some() || inputs.into_iter().any(|input| self.asks_presence(*input))
    }

    fn push(&mut self, index: RuleIndex, name: Option<&str>, rule: Rule) {
        self.names.insert(rule.meta.id.as_str().to_owned(), index);
        if let Some(name) = name {
            self.names.entry(name.to_lowercase()).or_insert(index);
        }
        self.set.by_id.insert(rule.meta.id.clone(), index);
        self.set.rules.push(rule);
    }

    fn id(
        &mut self,
        document: &Document<'_>,
        id: Option<&str>,
        name: Option<&str>,
    ) -> Option<RuleId> {
        let text = id_text(&document.file.path, id, name);
        let keys = ["id:", "name:", "title:"];
        let id = match RuleId::parse(&text) {
            Ok(id) => id,
            Err(error) => {
                self.refuse(document, &keys, "wrong_id", error.to_string());
                return None;
            }
        };
        if let Some(first) = self.set.get(&id) {
            let line = first.position.map_or_else(String::new, |at| format!(":{}", at.line));
            let message = format!(
                "the id `{id}` is already taken by {}{line}; give this rule its own",
                first.path
            );
            self.refuse(document, &keys, "duplicate_id", message);
            return None;
        }
        Some(id)
    }

    fn extension<V: Serialize>(&mut self, document: &Document<'_>, block: Option<&V>) -> Extension {
        let block = block.and_then(|block| serde_json::to_value(block).ok());
        let Some(block) = block else {
            return Extension::default();
        };
        let mut faults = Vec::new();
        let read = Extension::read(&block, &mut faults);
        for fault in faults {
            let inline = format!("castellan: {{{}:", fault.key);
            let keys = [format!("{}:", fault.key), inline];
            let keys: Vec<&str> = keys.iter().map(String::as_str).chain(["castellan:"]).collect();
            self.refuse(document, &keys, fault.code, fault.message);
        }
        read
    }

    fn finish(mut self, filters: &[Filter<'_>]) -> (RuleSet, Vec<Problem>) {
        for filter in filters.iter().filter(|filter| !filter.is_used) {
            let message = format!(
                "the filter `{}` fits no rule: look at its `rules` and `logsource`",
                filter.rule.title
            );
            let document = &filter.document;
            let at = document.find(&["filter:"]);
            self.problems.push(Problem::warning(&document.file.path, at, "unused", message));
        }
        let known: BTreeSet<String> = self.names.keys().cloned().collect();
        self.problems.extend(self.side.exceptions.dangling(&known));
        self.set.unused_sets = self.side.sets.unused().map(str::to_owned).collect();
        self.set.exceptions = self.side.exceptions;
        self.set.silence_what_is_off();
        self.set.asks_travel = self.set.rules.iter().any(|rule| {
            let kind = rule.correlation.as_ref().map(|correlation| &correlation.kind);
            rule.is_active && matches!(kind, Some(Kind::Travel(_)))
        });
        for route in std::mem::take(&mut self.routes) {
            if !self.set.rule(route.index).is_some_and(|rule| rule.is_active) {
                continue;
            }
            match route.plain {
                Some(compiled) => self.set.router.add(route.key, route.index, compiled),
                None => self.set.router.add_presence(route.key, route.index),
            }
        }
        self.set.router.seal();
        (self.set, self.problems)
    }
}

/// A rule's id as it will be: its own, else its name, else its file's.
pub(super) fn id_text(path: &str, id: Option<&str>, name: Option<&str>) -> String {
    let stem = path.rsplit('/').next().unwrap_or(path);
    let stem = stem.split('.').next().unwrap_or(stem);
    id.or(name).unwrap_or(stem).to_lowercase()
}

fn meta(id: RuleId, document: &Document<'_>, extension: Extension) -> RuleMeta {
    let file = document.file;
    let version = blake3::hash(file.text.trim().as_bytes()).to_hex();
    RuleMeta {
        position: document.find(&["id:", "title:"]),
        id,
        title: String::new(),
        level: Level::default(),
        team: extension.team,
        sop: extension.sop,
        playbook: extension.playbook,
        fold: extension.fold,
        tags: Vec::new(),
        status: None,
        description: None,
        author: None,
        licence: None,
        logsource: LogSource::default(),
        is_correlation: false,
        asks_presence: false,
        is_reported: true,
        outside_fire: extension.outside_fire,
        off_by: None,
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

/// Where the first of some keys stands in a file.
pub(super) fn find(file: &RuleFile, keys: &[&str]) -> Option<Position> {
    let document = documents(file).ok()?.into_iter();
    document.filter_map(|document| document.find(keys)).next()
}
