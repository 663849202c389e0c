//! `castellan rules`: check, test, eval.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use adapters::files::{self, FileOptions};
use detect::rules::LOGSOURCES_ENDING;
use detect::{Below, ExceptionMeta, Heard, RuleFile, RuleSet, Spine, World, cases, eval};
use model::problem::Gravity;
use model::{Event, Finding, Problem};
use normalise::Mappings;
use normalise::ocsf::{Below as OcsfBelow, Validator};
use serde::Serialize;
use serde_json::{Value, json};

use super::OfflineError;
use crate::clock::{Clock, Stopwatch};
use crate::content::{self, read_folder};
use crate::knowledge;

/// Rules that were loaded, and what is wrong with them.
pub struct CheckedRules {
    /// How many loaded.
    pub rules: usize,
    /// How many of them have no events here, by log source.
    pub unheard: BTreeMap<String, usize>,
    /// All problems.
    pub problems: Vec<Problem>,
}

/// One case and how it ended.
#[derive(Debug, Clone, Serialize)]
pub struct CaseLine {
    /// The file that holds it.
    pub file: String,
    /// Which rule.
    pub rule: String,
    /// Its name.
    pub case: String,
    /// Whether it held.
    pub passed: bool,
    /// What went otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl fmt::Display for CaseLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failure {
            None => write!(f, "ok    {}: {}", self.rule, self.case),
            Some(why) => write!(f, "FAIL  {}: {} ({}): {why}", self.rule, self.case, self.file),
        }
    }
}

/// What `rules test` found.
pub struct TestedRules {
    /// Each case.
    pub cases: Vec<CaseLine>,
    /// How many held.
    pub passed: usize,
    /// How many did not.
    pub failed: usize,
    /// Problems of files that could not be read.
    pub problems: Vec<Problem>,
}

/// What `rules eval` did.
pub struct EvalReport {
    /// Rules that did not load.
    pub problems: Vec<Problem>,
    /// In words.
    pub summary: String,
}

/// Reads rule files below a folder, or one file.
pub(super) fn rule_files(path: &Path) -> Result<(Vec<RuleFile>, Vec<Problem>), OfflineError> {
    let mut problems = Vec::new();
    let files = if path.is_dir() {
        read_folder(path, &mut problems)
    } else {
        let bytes = std::fs::read(path)
            .map_err(|e| OfflineError::File(format!("cannot read `{}`: {e}", path.display())))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        [(name, bytes)].into()
    };
    let rules = files
        .into_iter()
        .filter(|(name, _)| name.ends_with(".yml") || name.ends_with(".yaml"))
        .map(|(path, bytes)| RuleFile { path, text: String::from_utf8_lossy(&bytes).into_owned() })
        .collect();
    Ok((rules, problems))
}

/// Loads every rule below `path`, and says which of them no mapping gives events for: the shipped
/// ones and those of the folder `content`. Where other people's log sources are found here is
/// taken from both.
pub fn rules_check(path: &Path, extra: Option<&Path>) -> Result<CheckedRules, OfflineError> {
    let (mut files, mut problems) = rule_files(path)?;
    let all = content::gather(extra, &mut problems);
    let own: BTreeSet<String> = files.iter().map(|file| file.path.clone()).collect();
    let is_dialect = |file: &RuleFile| file.path.ends_with(LOGSOURCES_ENDING);
    let shipped = content::rule_files(&all).into_iter().filter(is_dialect);
    files.extend(shipped.filter(|file| !own.contains(&file.path)));
    let (rules, found) = RuleSet::load(&files);
    problems.extend(found);
    problems.extend(rules.check());
    let (mappings, _) = Mappings::load_lazily(content::mapping_folders(&all));
    let world = world(&mappings);
    problems.extend(rules.unheard(&world));
    problems.extend(over(&rules));
    problems = detect::told(problems, &files);
    problems.sort();
    let unheard = rules.unheard_counts(&world);
    Ok(CheckedRules { rules: rules.len(), unheard, problems })
}

/// What mappings give, as rules ask for it.
pub fn world(mappings: &Mappings) -> World {
    let heard = mappings.logsources();
    let heard = heard.map(|(product, words)| Heard { product: product.to_owned(), words });
    let own = Heard {
        product: "castellan".to_owned(),
        words: ["source_health"].map(str::to_owned).into(),
    };
    let ocsf = Validator::shipped();
    let read = |all: BTreeMap<&str, OcsfBelow>| {
        let one = |(name, below): (&str, OcsfBelow)| {
            let below = match below {
                OcsfBelow::Nothing => Below::Nothing,
                OcsfBelow::Anything => Below::Anything,
                OcsfBelow::Object(at) => Below::Object(at),
            };
            (name.to_owned(), below)
        };
        all.into_iter().map(one).collect()
    };
    World {
        heard: heard.chain([own]).collect(),
        attributes: read(ocsf.event_attributes()),
        objects: ocsf.object_attributes().map(read).collect(),
    }
}

/// Exceptions whose time is over.
fn over(rules: &RuleSet) -> Vec<Problem> {
    let now = Clock::system().now();
    let is_over = |exception: &&ExceptionMeta| exception.until <= now;
    let told = rules.exceptions().filter(is_over).map(|exception| {
        let message = format!(
            "the exception `{}` ended at {}; take it out, or ask `{}` to renew it",
            exception.id, exception.until, exception.owner
        );
        Problem::warning(&exception.path, exception.position, "over", message)
    });
    told.collect()
}

/// Runs every rule's own cases below `path`.
pub fn rules_test(path: &Path) -> Result<TestedRules, OfflineError> {
    let (mut files, mut problems) = rule_files(path)?;
    files.extend(shared_above(path, &files));
    let (outcomes, found) = cases::run(&files);
    problems.extend(found);
    let cases: Vec<CaseLine> = outcomes
        .into_iter()
        .map(|outcome| CaseLine {
            file: outcome.file,
            rule: outcome.rule,
            case: outcome.case,
            passed: outcome.failure.is_none(),
            failure: outcome.failure,
        })
        .collect();
    let failed = cases.iter().filter(|case| !case.passed).count();
    let (rules, _) = RuleSet::load(&files);
    // A part of a correlation fires in that one's cases.
    for (_, meta) in rules.iter().filter(|(_, meta)| meta.is_reported) {
        if !cases.iter().any(|case| case.rule == meta.id.as_str()) {
            let message = format!("rule `{}` has no case: nothing shows that it fires", meta.id);
            problems.push(Problem::warning(&meta.path, meta.position, "no_case", message));
        }
    }
    Ok(TestedRules { passed: cases.len() - failed, failed, cases, problems })
}

/// The organisation that cases start from, where only a part of its folder is tested: the nearest
/// one above.
fn shared_above(path: &Path, files: &[RuleFile]) -> Option<RuleFile> {
    const SHARED: &str = "organisation.cases.yml";
    /// How far above a rule its cases' organisation is looked for.
    const FOLDERS_MAX: usize = 3;
    if files.iter().any(|file| file.path.ends_with(SHARED)) {
        return None;
    }
    let full = path.canonicalize().ok()?;
    let found = full.ancestors().skip(1).take(FOLDERS_MAX).map(|dir| dir.join(SHARED));
    let text =
        found.filter(|file| file.is_file()).find_map(|file| std::fs::read_to_string(file).ok());
    Some(RuleFile { path: SHARED.to_owned(), text: text? })
}

/// Tries every rule below `rules` on every event of `events`, without routing.
pub fn rules_eval(
    rules: &Path,
    events: &Path,
    correlate: bool,
    out: &mut dyn Write,
) -> Result<EvalReport, OfflineError> {
    let watch = Stopwatch::start();
    let (files, mut problems) = rule_files(rules)?;
    let (rules, found) = RuleSet::load(&files);
    problems.extend(found.into_iter().filter(|p| p.gravity == Gravity::Error));
    let (mut all, mut count, mut matches) = (Vec::new(), 0_u64, 0_u64);
    let records = files::open(events, &FileOptions::default());
    for record in records.map_err(|e| OfflineError::File(e.to_string()))? {
        let record = record.map_err(|e| OfflineError::File(e.to_string()))?;
        let event = event(count, &record.body, record.line)?;
        for rule in eval::matching(&rules, &event) {
            matches += 1;
            line(out, &json!({"event": count, "rule": rule}))?;
        }
        count += 1;
        if correlate {
            all.push(event);
        }
    }
    if correlate {
        for finding in correlated(rules, all) {
            line(out, &finding)?;
        }
    }
    let seconds = watch.elapsed().as_secs_f64();
    let summary = format!("{count} events, {matches} matches in {seconds:.2} s");
    Ok(EvalReport { problems, summary })
}

/// Findings over all events in the order of their own time.
fn correlated(rules: RuleSet, mut events: Vec<Event>) -> Vec<Finding> {
    events.sort_by_key(|event| (event.time, event.record));
    let nobody = knowledge::empty_organisation().ok();
    let Some(org) = nobody else { return Vec::new() };
    let mut run = eval::Evaluation::new(Arc::new(Spine::new(Arc::new(org))), Arc::new(rules));
    let mut findings = Vec::new();
    for event in &mut events {
        run.take(event, &mut findings);
    }
    run.finish(&mut findings);
    findings
}

fn event(number: u64, body: &[u8], line: u64) -> Result<Event, OfflineError> {
    let refused = |why: String| OfflineError::File(format!("line {line}: {why}"));
    let json: Value = serde_json::from_slice(body).map_err(|e| refused(e.to_string()))?;
    eval::event_of(number, json).map_err(|e| refused(e.to_string()))
}

fn line<T: Serialize>(out: &mut dyn Write, value: &T) -> Result<(), OfflineError> {
    serde_json::to_writer(&mut *out, value).map_err(std::io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(())
}
