//! What rules ask for, held against what the sources here give.

use std::collections::{BTreeMap, BTreeSet};

use model::{LogSource, Problem, RuleId};

use super::check::{group_fields, nearest};
use super::{Correlation, Rule, RuleIndex, RuleSet};

/// The log sources that one mapping can give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Its product.
    pub product: String,
    /// Every category or service that its events may carry. More than it gives does no harm.
    pub words: BTreeSet<String>,
}

impl Heard {
    fn gives(&self, source: &LogSource) -> bool {
        let has = |word: &Option<std::sync::Arc<str>>| {
            word.as_deref().is_none_or(|word| self.words.contains(word))
        };
        source.product.as_deref().is_none_or(|product| product == self.product)
            && has(&source.category)
            && has(&source.service)
    }
}

/// What there is to be heard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct World {
    /// By mapping.
    pub heard: Vec<Heard>,
    /// OCSF attributes that events may have, with what is below them.
    pub attributes: Attributes,
    /// What OCSF objects have.
    pub objects: Vec<Attributes>,
}

/// Names of attributes, and what is below each.
pub type Attributes = BTreeMap<String, Below>;

/// What stands below an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Below {
    /// A value.
    Nothing,
    /// Whatever its source has.
    Anything,
    /// The attributes of one of [`World::objects`].
    Object(usize),
}

impl World {
    fn gives(&self, source: &LogSource) -> bool {
        self.heard.iter().any(|heard| heard.gives(source))
    }
}

impl RuleSet {
    /// Rules whose events no mapping gives, and fields that no event here has: both load, and
    /// neither ever fires.
    pub fn unheard(&self, world: &World) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut deaf = BTreeSet::new();
        for (index, rule) in self.rules() {
            let warn = |code, message| {
                Problem::warning(&rule.meta.path, rule.meta.position, code, message)
            };
            if let Some(correlation) = &rule.correlation {
                let missing = correlation.inputs.iter().filter(|input| deaf.contains(*input));
                let missing: Vec<&Rule> = missing.filter_map(|input| self.rule(*input)).collect();
                if let (Some(first), false) = (missing.first(), correlation.can_spare(&deaf)) {
                    deaf.insert(index);
                    let message = format!(
                        "can never fire here: it needs `{}`, whose events no mapping gives",
                        first.meta.id
                    );
                    problems.push(warn("never_heard", message));
                } else if let Some(lost) = self.always_missing(correlation, &deaf) {
                    let message = format!(
                        "looks for what has no `{lost}`, whose events no mapping gives: all of it \
                         would be found; add a mapping, or turn this rule off"
                    );
                    problems.push(warn("never_heard", message));
                }
                continue;
            }
            let own = std::iter::once(&rule.meta.logsource).chain(&rule.here);
            if !own.into_iter().any(|source| world.gives(source)) {
                deaf.insert(index);
                let message = format!(
                    "can never fire here: no mapping gives the log source {}; add a mapping, or an \
                     entry in a `.logsources.yml`",
                    in_words(&rule.meta.logsource)
                );
                problems.push(warn("never_heard", message));
            } else if rule.here.is_empty() {
                problems.extend(
                    rule.fields
                        .iter()
                        .filter_map(|field| world.unknown(field, is_ours(rule)))
                        .map(|message| warn("unknown_field", message)),
                );
            }
        }
        self.unknown_keys(world, &mut problems);
        problems.sort();
        problems.dedup();
        problems
    }

    /// The counterpart that an absence or a conflict looks for, where nothing gives any of them.
    fn always_missing(
        &self,
        correlation: &Correlation,
        deaf: &BTreeSet<RuleIndex>,
    ) -> Option<&RuleId> {
        let mut missing = correlation.inputs.iter().filter(|one| correlation.is_missing(**one));
        let first = missing.clone().next()?;
        if missing.any(|one| !deaf.contains(one)) {
            return None;
        }
        self.rule(*first).map(|rule| &rule.meta.id)
    }

    /// Keys to group by that no event here has.
    fn unknown_keys(&self, world: &World, problems: &mut Vec<Problem>) {
        for (_, rule) in self.rules() {
            let Some(correlation) = &rule.correlation else { continue };
            let inputs = || correlation.inputs.iter().filter_map(|input| self.rule(*input));
            if inputs().any(|input| !input.here.is_empty()) {
                continue;
            }
            for field in group_fields(correlation) {
                let is_read = inputs().any(|input| input.fields.contains(&field));
                let are_ours = inputs().all(is_ours);
                if let (false, Some(message)) = (is_read, world.unknown(&field, are_ours)) {
                    let message = format!("groups by what is never present: {message}");
                    let meta = &rule.meta;
                    let code = "unknown_field";
                    problems.push(Problem::warning(&meta.path, meta.position, code, message));
                }
            }
        }
    }

    /// Rules that are on, by the log source that no mapping gives.
    pub fn unheard_counts(&self, world: &World) -> std::collections::BTreeMap<String, usize> {
        let mut counts = std::collections::BTreeMap::new();
        for (_, rule) in self.rules().filter(|(_, rule)| rule.correlation.is_none()) {
            let mut own = std::iter::once(&rule.meta.logsource).chain(&rule.here);
            if !own.any(|source| world.gives(source)) {
                *counts.entry(in_words(&rule.meta.logsource)).or_default() += 1;
            }
        }
        counts
    }
}

impl World {
    /// Why a field is one that nothing fills; `None` when something may. `is_ours`: it is asked of
    /// events as we normalise them, not of one product's own.
    fn unknown(&self, field: &str, is_ours: bool) -> Option<String> {
        let first = field.split(['.', '[']).next().unwrap_or(field);
        if self.attributes.is_empty() || matches!(first, "castellan" | "unmapped") {
            return None;
        }
        if self.attributes.contains_key(first) {
            return is_ours.then(|| self.unknown_below(field)).flatten();
        }
        // A source's own name for it may stand under `unmapped`; only a near miss is a slip.
        let near = nearest_close(first, self.attributes.keys().map(String::as_str));
        Some(match near {
            Some(near) => format!("nothing fills `{field}`; meant `{near}`?"),
            None => {
                format!("no OCSF attribute is called `{first}`; is `{field}` the source's own?")
            }
        })
    }
}

impl World {
    /// Why a path that begins with an attribute does not go on as one.
    fn unknown_below(&self, field: &str) -> Option<String> {
        let mut level = &self.attributes;
        let mut done: Vec<&str> = Vec::new();
        let mut parts = field.split('.');
        while let Some(part) = parts.next() {
            let name = part.split('[').next().unwrap_or(part);
            let Some(below) = level.get(name) else {
                let near = nearest_close(name, level.keys().map(String::as_str));
                let above = done.join(".");
                return Some(match near {
                    Some(near) => {
                        let rest: Vec<&str> = done.into_iter().chain([near]).chain(parts).collect();
                        format!("nothing fills `{field}`; meant `{}`?", rest.join("."))
                    }
                    None => format!("nothing fills `{field}`: `{above}` has no `{name}`"),
                });
            };
            done.push(name);
            level = match below {
                Below::Anything => return None,
                Below::Object(at) => self.objects.get(*at)?,
                Below::Nothing => {
                    let rest = parts.next()?;
                    let above = done.join(".");
                    let why = format!("`{above}` is a value, with no `{rest}`");
                    return Some(format!("nothing fills `{field}`: {why}"));
                }
            };
        }
        None
    }
}

/// Whether a rule is about events of a kind, whatever product they come from.
fn is_ours(rule: &Rule) -> bool {
    rule.meta.logsource.product.is_none()
}

fn nearest_close<'a>(word: &str, all: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    nearest(word, all).filter(|near| near.len().abs_diff(word.len()) <= 2)
}

/// `windows/process_creation`: what of product, category and service is named.
pub(super) fn in_words(source: &LogSource) -> String {
    let parts: Vec<&str> = [&source.product, &source.category, &source.service]
        .into_iter()
        .filter_map(|part| part.as_deref())
        .collect();
    if parts.is_empty() { "(any)".to_owned() } else { parts.join("/") }
}
