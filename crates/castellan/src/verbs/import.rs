//! `castellan import` and `export`: the organisation in and out.

use std::path::PathBuf;

use anyhow::Context as _;
use engine::clock::Clock;

use super::serve::runtime;
use super::{ContentArg, DataArg};
use crate::output::{self, Ended, Format, Outcome};

/// Load an organisation folder: people, identifiers, assets, places, doors, sources, rights.
///
/// All problems are listed at once, and nothing is written if any is an error. A running server
/// takes the change within seconds.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  castellan import --org acme/ --dry-run")]
pub struct Args {
    /// Organisation folder.
    #[arg(long, value_name = "DIR")]
    org: PathBuf,
    #[command(flatten)]
    data: DataArg,
    #[command(flatten)]
    content: ContentArg,
    /// Only say what would change.
    #[arg(long)]
    dry_run: bool,
}

/// Write the organisation back as a folder.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  castellan export --org copy/")]
pub struct ExportArgs {
    /// Where to; made if missing.
    #[arg(long, value_name = "DIR")]
    org: PathBuf,
    #[command(flatten)]
    data: DataArg,
}

/// Runs the verb.
pub fn run(args: Args, format: Format) -> Outcome {
    let read = engine::offline::folder(&args.org, args.content.content.as_deref())?;
    output::problems(&read.problems, format)?;
    let (Some(org), true) = (&read.organisation, read.rights.is_some()) else {
        return Ok(Ended::ProblemsFound);
    };
    let Some(config) = args.data.config(format)? else { return Ok(Ended::ProblemsFound) };
    let content = args.content.content.or_else(|| config.content.clone());
    let unknown = engine::offline::unknown_mappings(org, content.as_deref());
    if output::problems(&unknown, format)? {
        return Ok(Ended::ProblemsFound);
    }
    let was_there = config.data.exists();
    let now = Clock::system().now();
    let import = engine::offline::import(&config.data, org, now, args.dry_run);
    let changes = runtime()?.block_on(import)?;
    let rights = engine::offline::import_rights(&config.data, &read, now, args.dry_run);
    let rights = runtime()?.block_on(rights)?.len();
    if !args.dry_run {
        let photos = engine::offline::import_photos(&config, &args.org, org, now);
        output::problems(&runtime()?.block_on(photos)?, format)?;
    }
    super::tell_if_made(&config.data, was_there);
    match format {
        Format::Json => output::json_line(&changes)?,
        Format::Text => output::line(&changes)?,
    }
    if rights > 0 && format == Format::Text {
        let word = if args.dry_run { "would change" } else { "changed" };
        output::note(format_args!("rights: {rights} {word}"));
    }
    Ok(Ended::Done)
}

/// Runs the verb.
pub fn export(args: ExportArgs, format: Format) -> Outcome {
    let Some(config) = args.data.config(format)? else { return Ok(Ended::ProblemsFound) };
    let files = runtime()?.block_on(engine::offline::export(&config.data))?;
    std::fs::create_dir_all(&args.org)
        .with_context(|| format!("cannot make {}", args.org.display()))?;
    for (name, text) in &files {
        let path = args.org.join(name);
        if let Some(above) = path.parent() {
            std::fs::create_dir_all(above)
                .with_context(|| format!("cannot make {}", above.display()))?;
        }
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        if format == Format::Text {
            output::note(path.display());
        }
    }
    Ok(Ended::Done)
}
