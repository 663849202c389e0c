//! `castellan access import`: lists of other products, tried, told as a difference, taken in.

use std::path::PathBuf;

use engine::clock::Clock;
use engine::rights::{IMPORT_SOURCE_CHARS_MAX, ImportHow, ImportPlan};
use model::problem::Gravity;
use model::rights::ItemChange;
use serde_json::json;

use super::serve::runtime;
use super::{ContentArg, DataArg};
use crate::output::{self, Ended, Format, Outcome};

/// Lines of an import that are printed; all are in the JSON.
const LINES_MAX: usize = 40;

/// What is taken in, and how.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// lenel, ccure, brivo, one of the content folder's, or a file.
    #[arg(long)]
    map: String,
    /// The lists, as CSV.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    data: DataArg,
    #[command(flatten)]
    content: ContentArg,
    /// Only say what would change.
    #[arg(long)]
    dry_run: bool,
    /// Whose lists they are [default: the map's name]
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// The lists are whole; so may the map say.
    #[arg(long)]
    complete: bool,
    /// So many things may end, though it is a large share of what the source has brought.
    #[arg(long, value_name = "N")]
    allow_removals: Option<u64>,
    /// Why; kept with the version.
    #[arg(long, default_value = "a list was imported")]
    reason: String,
}

/// Runs the verb.
pub fn run(args: Args, format: Format) -> Outcome {
    let Some(config) = args.data.config(format)? else { return Ok(Ended::ProblemsFound) };
    let extra = args.content.content.or_else(|| config.content.clone());
    let (map, problems) = engine::offline::import_map(&args.map, extra.as_deref())?;
    output::problems(&problems, format)?;
    let Some(map) = map else { return Ok(Ended::ProblemsFound) };
    let texts = match engine::offline::import_texts(&map, &args.files)? {
        Ok(texts) => texts,
        Err(problems) => {
            output::problems(&problems, format)?;
            return Ok(Ended::ProblemsFound);
        }
    };
    let how = ImportHow {
        source: args.source.unwrap_or_else(|| map.name.clone()),
        complete: args.complete || map.complete,
        allow_removals: args.allow_removals,
    };
    if how.source.is_empty() || how.source.chars().count() > IMPORT_SOURCE_CHARS_MAX {
        let why = format!("--source takes 1 to {IMPORT_SOURCE_CHARS_MAX} characters");
        return output::misused(&why);
    }
    let when = (args.reason.as_str(), Clock::system().now(), args.dry_run);
    let import = engine::offline::import_access(&config.data, (&map, &how), &texts, when);
    let (plan, version) = runtime()?.block_on(import)?;
    output::problems(&plan.problems, format)?;
    let told = Told { plan: &plan, source: &how.source, files: &texts, version };
    match format {
        Format::Json => told.json()?,
        Format::Text => told.text()?,
    }
    if let Some(why) = plan.why_held_back(&how.source) {
        output::note(format_args!("{why} (--allow-removals)"));
        return Ok(Ended::ProblemsFound);
    }
    match plan.problems.iter().any(|one| one.gravity == Gravity::Error) {
        false => Ok(Ended::Done),
        true => Ok(Ended::ProblemsFound),
    }
}

/// What is told of an import.
struct Told<'a> {
    plan: &'a ImportPlan,
    source: &'a str,
    files: &'a [(String, String)],
    version: Option<u64>,
}

fn was(change: &ItemChange) -> &'static str {
    match (&change.before, &change.after) {
        (None, _) => "added",
        (Some(_), Some(_)) => "changed",
        (Some(_), None) => "removed",
    }
}

impl Told<'_> {
    fn count(&self, word: &str) -> usize {
        self.plan.changes.iter().filter(|change| was(change) == word).count()
    }

    /// The file and line that say so.
    fn origin(&self, change: &ItemChange) -> Option<(&str, u64)> {
        let origin = self.plan.origin(change)?;
        Some((self.files.get(origin.file)?.0.as_str(), origin.line))
    }

    fn json(&self) -> anyhow::Result<()> {
        let plan = self.plan;
        let one = |change: &ItemChange| {
            let (file, line) = self.origin(change).unzip();
            json!({"kind": change.kind, "key": change.key, "was": was(change), "file": file,
                "line": line})
        };
        let ends = plan.ends.iter();
        let ends = ends.map(|one| json!({"kind": one.kind, "ends": one.ends, "of": one.of}));
        output::json_line(&json!({
            "rows": plan.rows, "left_out": plan.left_out, "added": self.count("added"),
            "changed": self.count("changed"), "removed": self.count("removed"),
            "unchanged": plan.unchanged, "source": self.source,
            "ends": ends.collect::<Vec<_>>(), "held_back": plan.held_back,
            "version": self.version, "list": plan.changes.iter().map(one).collect::<Vec<_>>(),
        }))
    }

    fn text(&self) -> anyhow::Result<()> {
        let plan = self.plan;
        for change in plan.changes.iter().take(LINES_MAX) {
            let at = match self.origin(change) {
                Some((file, line)) => format!("{file}:{line}"),
                None => "no list says it any more".to_owned(),
            };
            output::line(format_args!("{} {} {}  {at}", was(change), change.kind, change.key))?;
        }
        if plan.changes.len() > LINES_MAX {
            output::line(format_args!("… and {} more", plan.changes.len() - LINES_MAX))?;
        }
        for one in &plan.ends {
            output::line(format_args!("of {} {}s, {} end", one.of, one.kind, one.ends))?;
        }
        let word = match self.version {
            None => "nothing is written".to_owned(),
            Some(version) => format!("version {version}"),
        };
        output::line(format_args!(
            "{} rows, {} left out: {} added, {} changed, {} removed, {} credentials unchanged; \
             {word}",
            plan.rows,
            plan.left_out,
            self.count("added"),
            self.count("changed"),
            self.count("removed"),
            plan.unchanged
        ))
    }
}
