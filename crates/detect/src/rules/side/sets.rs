//! Rule sets: many rules on or off at once.

use model::{Level, LogSource, Problem, TeamId};
use serde::Deserialize;

use super::{Texts, form};
use crate::rules::RuleFile;
use crate::rules::load::find;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    sets: Vec<Form>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    name: String,
    enabled: bool,
    reason: Option<String>,
    owner: Option<String>,
    rules: Members,
}

/// Which rules belong: all that is named must fit, of each list one.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Members {
    ids: Texts,
    folders: Texts,
    tags: Texts,
    levels: Texts,
    statuses: Texts,
    products: Texts,
    categories: Texts,
    services: Texts,
}

/// What a set is asked about a rule.
pub(in crate::rules) struct Member<'a> {
    pub id: &'a str,
    pub name: Option<&'a str>,
    pub path: &'a str,
    pub tags: &'a [String],
    pub level: Level,
    pub status: Option<&'a str>,
    pub logsource: &'a LogSource,
}

impl Members {
    fn is_empty(&self) -> bool {
        [
            &self.ids,
            &self.folders,
            &self.tags,
            &self.levels,
            &self.statuses,
            &self.products,
            &self.categories,
            &self.services,
        ]
        .iter()
        .all(|texts| texts.is_empty())
    }

    fn has(&self, rule: &Member<'_>) -> bool {
        let part = |texts: &Texts, word: Option<&str>| {
            texts.is_empty() || word.is_some_and(|word| texts.has(word))
        };
        let is_named = self.ids.is_empty()
            || self.ids.has(rule.id)
            || rule.name.is_some_and(|name| self.ids.has(name));
        let is_below = self.folders.is_empty()
            || self.folders.all().iter().any(|folder| is_below(rule.path, folder));
        let is_tagged = self.tags.is_empty() || rule.tags.iter().any(|tag| self.tags.has(tag));
        let source = rule.logsource;
        is_named
            && is_below
            && is_tagged
            && part(&self.levels, Some(rule.level.as_str()))
            && part(&self.statuses, rule.status)
            && part(&self.products, source.product.as_deref())
            && part(&self.categories, source.category.as_deref())
            && part(&self.services, source.service.as_deref())
    }
}

/// `a/b/c.yml` is below `a/b` and `a/b/`.
fn is_below(path: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Every set, in order of files and of lines: of several that hold a rule the last decides.
#[derive(Default)]
pub(in crate::rules) struct Sets {
    all: Vec<(Form, bool)>,
}

impl Sets {
    pub(super) fn read(&mut self, file: &RuleFile, problems: &mut Vec<Problem>) {
        let Some(read) = form::<File>(file, problems) else { return };
        for set in read.sets {
            let at =
                find(file, &[&format!("- name: {}", set.name), &format!("name: {}", set.name)]);
            let mut refuse = |code, message| {
                problems.push(Problem::error(&file.path, at, code, message));
            };
            if set.rules.is_empty() {
                let message = format!(
                    "the set `{}` names no rules: give `ids`, `folders`, `tags`, `levels`, \
                     `statuses`, `products`, `categories` or `services`",
                    set.name
                );
                refuse("empty_set", message);
                continue;
            }
            if !set.enabled && set.reason.as_ref().is_none_or(|reason| reason.trim().is_empty()) {
                let message = format!("the set `{}` is off without a `reason`", set.name);
                refuse("no_reason", message);
                continue;
            }
            if let Some(Err(error)) = set.owner.as_deref().map(TeamId::parse) {
                refuse("wrong_value", error.to_string());
                continue;
            }
            self.all.push((set, false));
        }
    }

    /// The set that turns a rule off, and why.
    pub(in crate::rules) fn off(&mut self, rule: &Member<'_>) -> Option<String> {
        let mut off = None;
        for (set, is_used) in &mut self.all {
            if set.rules.has(rule) {
                *is_used = true;
                off = (!set.enabled).then(|| set.name.clone());
            }
        }
        off
    }

    /// Names of sets that hold no rule.
    pub(in crate::rules) fn unused(&self) -> impl Iterator<Item = &str> {
        self.all.iter().filter(|(_, is_used)| !is_used).map(|(set, _)| set.name.as_str())
    }
}
