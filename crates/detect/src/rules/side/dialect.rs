//! Where the log sources that other people's rules name are found here, and under which names
//! their fields go. A rule keeps its own log source and its own field names beside these.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{LogSource, Problem};
use serde::Deserialize;

use super::{Texts, form};
use crate::rules::RuleFile;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    logsources: Vec<Form>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    /// What a rule must name.
    rule: Source,
    /// Where its events are found here.
    here: Vec<Source>,
    /// Its field names, and ours.
    #[serde(default)]
    fields: BTreeMap<String, String>,
    /// Why it stands so, for people.
    #[serde(default, rename = "note")]
    _note: Texts,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Source {
    category: Option<String>,
    product: Option<String>,
    service: Option<String>,
}

impl Source {
    fn parts(&self) -> usize {
        [&self.category, &self.product, &self.service].iter().filter(|part| part.is_some()).count()
    }

    fn fits(&self, rule: &LogSource) -> bool {
        let part = |own: &Option<String>, word: &Option<Arc<str>>| {
            own.as_deref().is_none_or(|own| {
                word.as_deref().is_some_and(|word| own.eq_ignore_ascii_case(word))
            })
        };
        part(&self.category, &rule.category)
            && part(&self.product, &rule.product)
            && part(&self.service, &rule.service)
    }

    fn to_logsource(&self) -> LogSource {
        let word = |part: &Option<String>| part.as_deref().map(|w| Arc::from(w.to_lowercase()));
        LogSource {
            category: word(&self.category),
            product: word(&self.product),
            service: word(&self.service),
        }
    }
}

/// One rule's events here.
pub(in crate::rules) struct Place {
    pub logsource: LogSource,
    /// Ours by the rule's field names; shared by all rules of one entry.
    pub fields: Arc<BTreeMap<String, String>>,
}

struct Entry {
    rule: Source,
    here: Vec<LogSource>,
    fields: Arc<BTreeMap<String, String>>,
}

#[derive(Default)]
pub(in crate::rules) struct Dialects {
    all: Vec<Entry>,
}

impl Dialects {
    pub(super) fn read(&mut self, file: &RuleFile, problems: &mut Vec<Problem>) {
        let Some(read) = form::<File>(file, problems) else { return };
        for (number, form) in (1..).zip(read.logsources) {
            if form.rule.parts() == 0 || form.here.iter().any(|here| here.parts() == 0) {
                let message = format!(
                    "entry {number}: `rule` and each of `here` must name a category, product or \
                     service"
                );
                problems.push(Problem::error(&file.path, None, "empty_logsource", message));
                continue;
            }
            let here = form.here.iter().map(Source::to_logsource).collect();
            self.all.push(Entry { rule: form.rule, here, fields: Arc::new(form.fields) });
        }
    }

    /// Where a rule's events are found here, by the entry that says most about it; of equals the
    /// later.
    pub(in crate::rules) fn places(&self, rule: &LogSource) -> Vec<Place> {
        let fitting = self.all.iter().filter(|entry| entry.rule.fits(rule));
        let Some(entry) = fitting.max_by_key(|entry| entry.rule.parts()) else {
            return Vec::new();
        };
        let place = |logsource: &LogSource| Place {
            logsource: logsource.clone(),
            fields: Arc::clone(&entry.fields),
        };
        entry.here.iter().map(place).collect()
    }
}
