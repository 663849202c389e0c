//! Rules on and off, and exceptions, as people set them in the console: two files of our own form
//! in the house's content folder, written whole.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use detect::{ExceptionMeta, RuleSet};
use model::problem::Gravity;
use model::{PlaceId, Problem, RuleId, TeamId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::rules::{RuleEditError, RuleTexts, with, write};
use crate::auth;
use crate::engine::Engine;
use crate::housekeeping;

/// The last of all sets decides.
const SETS: &str = "rules/zz-console.sets.yml";
const EXCEPTIONS: &str = "rules/zz-console.exceptions.yml";
const HEAD: &str = "# Written by the console, whole at every change: comments do not stay.\n";
/// Exceptions of the console.
const EXCEPTIONS_MAX: usize = 500;
/// Fields of one exception's condition.
const FIELDS_MAX: usize = 20;

#[derive(Debug, Clone, Deserialize)]
struct Set {
    name: String,
    enabled: bool,
    #[serde(default)]
    reason: String,
    rules: Members,
}

#[derive(Debug, Clone, Deserialize)]
struct Members {
    ids: Vec<String>,
}

#[derive(Default, Deserialize)]
struct Sets {
    sets: Vec<Set>,
}

#[derive(Debug, Clone, Deserialize)]
struct Exception {
    id: String,
    rules: Vec<String>,
    #[serde(default)]
    sites: Vec<String>,
    #[serde(default)]
    when: BTreeMap<String, Value>,
    until: String,
    owner: String,
    reason: String,
}

#[derive(Default, Deserialize)]
struct Exceptions {
    exceptions: Vec<Exception>,
}

/// An exception that somebody wants.
#[derive(Debug, Clone)]
pub struct ExceptionEdit {
    /// Ids of the rules that it silences.
    pub rules: Vec<RuleId>,
    /// Where; everywhere if empty.
    pub sites: Vec<PlaceId>,
    /// Of which events: fields and the values that they must have.
    pub when: BTreeMap<String, Value>,
    /// The last day, or an instant.
    pub until: String,
    /// Whose word it is.
    pub owner: TeamId,
    /// Why.
    pub reason: String,
}

/// An exception as people see it.
#[derive(Debug, Clone)]
pub struct ExceptionView {
    /// What it says of itself.
    pub meta: ExceptionMeta,
    /// The condition, where the console wrote it.
    pub when: Option<BTreeMap<String, Value>>,
    /// Whether the console wrote it, so that it can be ended here.
    pub is_ours: bool,
    /// Matches that it kept back.
    pub kept: u64,
    /// Whether its time is over.
    pub is_over: bool,
}

impl Engine {
    /// Turns a rule on or off, by a set of our own that comes after all others.
    pub async fn switch_rule(
        &self,
        id: &RuleId,
        (is_on, reason): (bool, &str),
        by: &str,
    ) -> Result<(), RuleEditError> {
        let folder = self.rules_folder()?;
        let _alone = self.editing.lock().await;
        let known = self.current.get();
        let meta = known.rules.get(id);
        let unknown = || RuleEditError::Unknown { what: "rule", name: id.to_string() };
        if meta.ok_or_else(unknown)?.off_by.is_none() == is_on {
            let word = if is_on { "on" } else { "off" };
            return Err(RuleEditError::Invalid(format!("the rule `{id}` is {word} already")));
        }
        self.content_holds()?;
        let mut sets: Sets = self.ours(SETS)?;
        sets.sets.retain(|set| !set.rules.ids.iter().any(|own| own == id.as_str()));
        let without = (SETS, sets_text(&sets.sets));
        // On again by what others say, or by a word of our own against theirs.
        let is_so = self
            .loaded(&without, |set| set.get(id).is_some_and(|meta| meta.off_by.is_none() == is_on));
        let file = match is_so.await?.0 {
            true => without,
            false => {
                sets.sets.push(Set {
                    name: format!("console-{}-{id}", if is_on { "on" } else { "off" }),
                    enabled: is_on,
                    reason: reason.to_owned(),
                    rules: Members { ids: vec![id.to_string()] },
                });
                (SETS, sets_text(&sets.sets))
            }
        };
        let (_, errors) = self.loaded(&file, |_| true).await?;
        refuse(errors)?;
        let verb = if is_on { "rule.on" } else { "rule.off" };
        let act = self.rule_act((verb, id.as_str()), json!({ "reason": reason }), by);
        self.state.record_acts(&[act]).await?;
        write(folder, file.0, &file.1)?;
        housekeeping::reload(self).await;
        Ok(())
    }

    /// Every exception, those that hold first, then by their end.
    pub fn exceptions(&self) -> Result<Vec<ExceptionView>, RuleEditError> {
        let ours: Exceptions = self.ours(EXCEPTIONS)?;
        let (now, counted) = (self.now(), self.judged.get());
        let knowledge = self.current.get();
        let view = |meta: &ExceptionMeta| {
            let own = ours.exceptions.iter().find(|one| one.id == meta.id);
            let own = own.filter(|_| meta.path == EXCEPTIONS);
            ExceptionView {
                when: own.map(|one| one.when.clone()),
                is_ours: own.is_some(),
                kept: counted.excepted.get(&meta.id).copied().unwrap_or(0),
                is_over: meta.until <= now,
                meta: meta.clone(),
            }
        };
        let mut all: Vec<ExceptionView> = knowledge.rules.exceptions().map(view).collect();
        all.sort_by_key(|one| (one.is_over, one.meta.until));
        Ok(all)
    }

    /// Adds an exception; gives its id.
    pub async fn add_exception(
        &self,
        edit: ExceptionEdit,
        by: &str,
    ) -> Result<String, RuleEditError> {
        let folder = self.rules_folder()?;
        let wrong = |why: &str| Err(RuleEditError::Invalid(why.to_owned()));
        if edit.rules.is_empty() {
            return wrong("an exception names at least one rule");
        }
        if edit.when.len() > FIELDS_MAX {
            return wrong("an exception asks twenty fields at most");
        }
        let _alone = self.editing.lock().await;
        let knowledge = self.current.get();
        if let Some(id) = edit.rules.iter().find(|id| knowledge.rules.get(id).is_none()) {
            return Err(RuleEditError::Unknown { what: "rule", name: id.to_string() });
        }
        self.content_holds()?;
        let mut ours: Exceptions = self.ours(EXCEPTIONS)?;
        if ours.exceptions.len() >= EXCEPTIONS_MAX {
            return wrong("the console keeps 500 exceptions at most: end some first");
        }
        let id = auth::new_id("x").map_err(|error| RuleEditError::Folder(error.into()))?;
        ours.exceptions.push(Exception {
            id: id.clone(),
            rules: edit.rules.iter().map(ToString::to_string).collect(),
            sites: edit.sites.iter().map(ToString::to_string).collect(),
            when: edit.when,
            until: edit.until.clone(),
            owner: edit.owner.to_string(),
            reason: edit.reason.clone(),
        });
        let file = (EXCEPTIONS, exceptions_text(&ours.exceptions));
        let (is_there, errors) =
            self.loaded(&file, |set| set.exceptions().any(|one| one.id == id)).await?;
        refuse(errors)?;
        if !is_there {
            return wrong("the exception does not hold");
        }
        let detail = json!({
            "reason": edit.reason, "rules": edit.rules, "sites": edit.sites,
            "until": edit.until, "owner": edit.owner,
        });
        let act = self.rule_act(("exception.add", &id), detail, by);
        self.state.record_acts(&[act]).await?;
        write(folder, file.0, &file.1)?;
        housekeeping::reload(self).await;
        Ok(id)
    }

    /// Ends an exception that the console made.
    pub async fn end_exception(
        &self,
        id: &str,
        reason: &str,
        by: &str,
    ) -> Result<(), RuleEditError> {
        let folder = self.rules_folder()?;
        let _alone = self.editing.lock().await;
        let mut ours: Exceptions = self.ours(EXCEPTIONS)?;
        let before = ours.exceptions.len();
        ours.exceptions.retain(|one| one.id != id);
        if ours.exceptions.len() == before {
            let short: String = id.chars().take(80).collect();
            return match self.current.get().rules.exceptions().any(|one| one.id == id) {
                true => Err(RuleEditError::Invalid(format!(
                    "the exception `{short}` stands in a file of somebody's: end it there"
                ))),
                false => Err(RuleEditError::Unknown { what: "exception", name: short }),
            };
        }
        let act = self.rule_act(("exception.end", id), json!({ "reason": reason }), by);
        self.state.record_acts(&[act]).await?;
        write(folder, EXCEPTIONS, &exceptions_text(&ours.exceptions))?;
        housekeeping::reload(self).await;
        Ok(())
    }

    /// One of our files as it lies in the folder; empty when it is not there. One that somebody
    /// has given another form is left alone.
    fn ours<T: Default + for<'de> Deserialize<'de>>(&self, path: &str) -> Result<T, RuleEditError> {
        let Some(folder) = self.config.content.as_deref() else { return Ok(T::default()) };
        match std::fs::read_to_string(folder.join(path)) {
            Ok(text) => yaml_serde::from_str(&text).map_err(|_| {
                RuleEditError::Invalid(format!(
                    "`{path}` is not as the console writes it: correct it, or give it another name"
                ))
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(T::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// What would be in force with one of our files as given, and what is wrong with it.
    async fn loaded(
        &self,
        (path, text): &(&'static str, String),
        ask: impl Fn(&RuleSet) -> bool,
    ) -> Result<(bool, Vec<Problem>), RuleEditError> {
        let base = self.current.rule_files();
        let files: RuleTexts = [((*path).to_owned(), text.clone())].into();
        let own = (*path).to_owned();
        let load = move || RuleSet::load(&with(&base, &files));
        let (set, found) =
            tokio::task::spawn_blocking(load).await.map_err(|_| RuleEditError::Panic)?;
        let errors = found.into_iter();
        let errors = errors.filter(|p| p.gravity == Gravity::Error && p.file == own).collect();
        Ok((ask(&set), errors))
    }
}

fn refuse(errors: Vec<Problem>) -> Result<(), RuleEditError> {
    if errors.is_empty() { Ok(()) } else { Err(RuleEditError::Problems(errors)) }
}

/// A value as YAML: JSON is YAML, save for what YAML folds as ends of lines and JSON does not.
fn yaml<T: serde::Serialize>(value: &T) -> String {
    let json = serde_json::to_string(value).unwrap_or_default();
    let mut text = String::with_capacity(json.len());
    for sign in json.chars() {
        match sign {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                let _ = write!(text, "\\u{:04x}", u32::from(sign));
            }
            other => text.push(other),
        }
    }
    text
}

fn sets_text(sets: &[Set]) -> String {
    let mut text = format!("{HEAD}sets:{}\n", if sets.is_empty() { " []" } else { "" });
    for Set { name, enabled, reason, rules } in sets {
        let _ = writeln!(text, "- name: {name}\n  enabled: {enabled}\n  reason: {}", yaml(reason));
        let _ = writeln!(text, "  rules: {{ \"ids\": {} }}", yaml(&rules.ids));
    }
    text
}

fn exceptions_text(exceptions: &[Exception]) -> String {
    let none = if exceptions.is_empty() { " []" } else { "" };
    let mut text = format!("{HEAD}exceptions:{none}\n");
    for one in exceptions {
        let _ = writeln!(text, "- id: {}\n  rules: {}", one.id, yaml(&one.rules));
        if !one.sites.is_empty() {
            let _ = writeln!(text, "  sites: {}", yaml(&one.sites));
        }
        if !one.when.is_empty() {
            let _ = writeln!(text, "  when: {}", yaml(&one.when));
        }
        let (until, owner) = (yaml(&one.until), yaml(&one.owner));
        let _ =
            writeln!(text, "  until: {until}\n  owner: {owner}\n  reason: {}", yaml(&one.reason));
    }
    text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]
    use detect::RuleFile;

    use super::*;

    #[test]
    fn whatever_people_write_is_read_back_as_they_wrote_it() {
        let reason = "he said: \"no # yes\"\n- id: evil\n  rules: [all] 'x' \u{85} \u{2028} ü";
        let when = BTreeMap::from([
            ("user.name|startswith".to_owned(), json!("adm_: {x}")),
            ("castellan.person.team".to_owned(), json!(["a", "b", 3, true])),
        ]);
        let one = Exception {
            id: "x-1".into(),
            rules: vec!["a".into()],
            sites: vec!["hq".into()],
            when,
            until: "2027-01-31".into(),
            owner: "guard".into(),
            reason: reason.into(),
        };
        let text = exceptions_text(&[one.clone(), Exception { id: "x-2".into(), ..one.clone() }]);
        let read: Exceptions = yaml_serde::from_str(&text).unwrap();
        assert_eq!(read.exceptions.len(), 2, "{text}");
        let back = &read.exceptions[0];
        assert_eq!((&back.reason, &back.when), (&one.reason, &one.when));
        let rule = "title: a\nid: a\nlogsource: { category: door }\ndetection:\n  \
                    s: { class_uid: 1 }\n  condition: s\n";
        let files = [("rules/a.yml", rule.to_owned()), (EXCEPTIONS, text)];
        let files = files.map(|(path, text)| RuleFile { path: path.to_owned(), text });
        let (set, problems) = RuleSet::load(&files);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(
            set.exceptions().map(|one| one.reason.as_str()).collect::<Vec<_>>(),
            [reason; 2]
        );
        assert!(set.exceptions().all(|one| one.position.is_some()));
        for empty in [sets_text(&[]), exceptions_text(&[])] {
            let file = RuleFile { path: "x.yml".into(), text: empty };
            assert!(yaml_serde::from_str::<Value>(&file.text).is_ok());
        }
    }

    #[test]
    fn a_set_of_ours_comes_last_and_decides() {
        let sets = |enabled| {
            let rules = Members { ids: vec!["a".into()] };
            sets_text(&[Set { name: "c".into(), enabled, reason: "because".into(), rules }])
        };
        let rule = "title: a\nid: a\nlogsource: { category: door }\ndetection:\n  \
                    s: { class_uid: 1 }\n  condition: s\n";
        let off = "sets:\n- name: o\n  enabled: false\n  reason: x\n  rules: { ids: [a] }\n";
        let load = |ours: String| {
            let files = [
                ("rules/a.yml", rule.to_owned()),
                ("rules/others.sets.yml", off.to_owned()),
                (SETS, ours),
            ];
            let files = files.map(|(path, text)| RuleFile { path: path.to_owned(), text });
            let (set, problems) = RuleSet::load(&files);
            assert!(problems.is_empty(), "{problems:?}");
            set.get(&RuleId::parse("a").unwrap()).unwrap().off_by.clone()
        };
        assert_eq!(load(sets(true)), None);
        assert_eq!(load(sets(false)).as_deref(), Some("c"));
        assert_eq!(load(sets_text(&[])).as_deref(), Some("o"));
    }
}
