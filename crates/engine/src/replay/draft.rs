//! A draft among the rules in force: loaded with all that it may name, and alone in speaking.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use detect::{RuleFile, RuleSet};
use model::problem::Gravity;
use model::{Problem, RuleId};

use super::ReplayError;

/// Rules that a run is to judge by.
pub struct Draft {
    /// All of them; what is not asked for is silent and costs nothing.
    pub rules: Arc<RuleSet>,
    /// Whose findings are told.
    pub told: BTreeSet<RuleId>,
    /// What deserves a look in the draft's own files.
    pub warnings: Vec<Problem>,
    /// Each told rule's version: part of its findings' ids.
    pub versions: BTreeMap<RuleId, String>,
}

/// The path of the set that silences all others: after every file of anybody's.
const ONLY: &str = "rules/~only.sets.yml";

/// The rules in force with a draft's files among them. `rules`: only these; without any, those of
/// the draft, and without a draft all that are on. Fails with every problem of the draft's files.
pub fn prepare(
    base: &[RuleFile],
    files: &BTreeMap<String, String>,
    rules: &[RuleId],
) -> Result<Draft, ReplayError> {
    let mut all: Vec<RuleFile> =
        base.iter().filter(|file| !files.contains_key(&file.path)).cloned().collect();
    let own = files.iter().map(|(path, text)| RuleFile { path: path.clone(), text: text.clone() });
    all.extend(own);
    all.sort_by(|a, b| a.path.cmp(&b.path));
    let (set, problems) = RuleSet::load(&all);
    let is_own = |problem: &Problem| files.contains_key(&problem.file);
    let of_draft = set.check().into_iter().chain(problems).filter(is_own);
    let (errors, warnings): (Vec<_>, Vec<_>) =
        of_draft.partition(|problem| problem.gravity == Gravity::Error);
    if !errors.is_empty() {
        return Err(ReplayError::Problems(errors));
    }
    let told = told(&set, files, rules)?;
    if told.is_empty() {
        let why = "there is no rule to replay: the draft has none that speaks for itself";
        return Err(ReplayError::Invalid(why.into()));
    }
    let is_everything = files.is_empty() && rules.is_empty();
    let set = if is_everything { set } else { only(all, &told) };
    let version = |id: &RuleId| Some((id.clone(), set.get(id)?.version.clone()));
    let versions = told.iter().filter_map(version).collect();
    Ok(Draft { rules: Arc::new(set), told, warnings, versions })
}

fn told(
    set: &RuleSet,
    files: &BTreeMap<String, String>,
    rules: &[RuleId],
) -> Result<BTreeSet<RuleId>, ReplayError> {
    if let Some(missing) = rules.iter().find(|id| set.get(id).is_none()) {
        return Err(ReplayError::UnknownRule(missing.clone()));
    }
    if !rules.is_empty() {
        return Ok(rules.iter().cloned().collect());
    }
    // A set may have turned off what somebody now wants to try; what only feeds a correlation of
    // the draft says nothing by itself.
    let fed: BTreeSet<RuleId> = set.feeding();
    let speaks = |meta: &detect::RuleMeta| match files.is_empty() {
        true => meta.is_reported,
        false => {
            files.contains_key(&meta.path)
                && (meta.is_reported || (meta.off_by.is_some() && !fed.contains(&meta.id)))
        }
    };
    Ok(set.iter().filter(|(_, meta)| speaks(meta)).map(|(_, meta)| meta.id.clone()).collect())
}

/// The same rules with all others turned off: those that nothing told needs are not even tried.
fn only(mut files: Vec<RuleFile>, told: &BTreeSet<RuleId>) -> RuleSet {
    let mut text = String::from(
        "sets:\n\
         - name: all-others\n  enabled: false\n  reason: not asked for in this replay\n  \
         rules: { levels: [informational, low, medium, high, critical] }\n\
         - name: these\n  enabled: true\n  rules:\n    ids:\n",
    );
    for id in told {
        // INVARIANT: an id is `[a-z0-9._-]`, so that it needs no quotes but against numbers.
        let _ = writeln!(text, "    - \"{id}\"");
    }
    files.push(RuleFile { path: ONLY.into(), text });
    RuleSet::load(&files).0
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]
    use super::*;

    fn rule(id: &str, extra: &str) -> String {
        format!(
            "title: {id}\nid: {id}\nlogsource: {{ category: door }}\ndetection:\n  s: {{ \
             class_uid: 1 }}\n  condition: s\nlevel: low\n{extra}"
        )
    }

    fn file(path: &str, text: String) -> RuleFile {
        RuleFile { path: path.into(), text }
    }

    fn ids(draft: &Draft) -> Vec<&str> {
        draft.told.iter().map(RuleId::as_str).collect()
    }

    #[test]
    fn a_draft_takes_the_place_of_its_file_and_alone_speaks() {
        let base = [file("rules/a.yml", rule("a", "")), file("rules/b.yml", rule("b", ""))];
        let draft = BTreeMap::from([("rules/a.yml".to_owned(), rule("a", "author: me\n"))]);
        let made = prepare(&base, &draft, &[]).unwrap();
        assert_eq!(ids(&made), ["a"]);
        let on = |id: &str| made.rules.get(&RuleId::parse(id).unwrap()).unwrap().is_reported;
        assert_eq!((on("a"), on("b")), (true, false));
        let before = prepare(&base, &BTreeMap::new(), &[RuleId::parse("a").unwrap()]).unwrap();
        assert_ne!(made.versions, before.versions, "another text is another version");
        let all = prepare(&base, &BTreeMap::new(), &[]).unwrap();
        assert_eq!(ids(&all), ["a", "b"]);
    }

    #[test]
    fn what_is_turned_off_can_be_tried_and_what_feeds_stays_silent() {
        let off = "sets:\n- name: off\n  enabled: false\n  reason: noisy\n  rules: { ids: [c] }\n";
        let base = [file("rules/z.sets.yml", off.into()), file("rules/b.yml", rule("b", ""))];
        let text = "title: C\nid: c\ncorrelation:\n  type: event_count\n  rules: [d]\n  group-by: \
                    [castellan.place]\n  timespan: 1m\n  condition: { gte: 2 }\nlevel: low\n---\n";
        let draft =
            BTreeMap::from([("rules/c.yml".to_owned(), format!("{text}{}", rule("d", "")))]);
        let made = prepare(&base, &draft, &[]).unwrap();
        assert_eq!(ids(&made), ["c"]);
        let meta = made.rules.get(&RuleId::parse("c").unwrap()).unwrap();
        assert!(meta.is_reported && meta.off_by.is_none());
        assert_eq!(made.rules.reach(), std::time::Duration::from_secs(60));
    }

    #[test]
    fn problems_are_those_of_the_draft_with_their_lines() {
        let base = [file("rules/broken.yml", "title: [".into())];
        let draft = BTreeMap::from([(
            "rules/x.yml".to_owned(),
            rule("x", "").replace("class_uid: 1", "class_uid|nonsense: 1"),
        )]);
        let Err(ReplayError::Problems(problems)) = prepare(&base, &draft, &[]) else {
            panic!("a draft that is broken is refused");
        };
        assert!(problems.iter().all(|problem| problem.file == "rules/x.yml"), "{problems:?}");
        assert!(problems.iter().any(|problem| problem.position.is_some()), "{problems:?}");
    }
}
