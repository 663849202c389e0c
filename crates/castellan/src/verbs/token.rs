//! `castellan token`: who may send, read and work.

use anyhow::{Context as _, bail};
use clap::Subcommand;
use engine::auth::{NewToken, Scope, is_binding};
use engine::clock::Clock;
use model::SourceId;
use serde_json::json;

use super::DataArg;
use super::serve::runtime;
use crate::output::{self, Ended, Format, Outcome};

/// Make, list and revoke access tokens.
///
/// A running server takes the change within seconds.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  castellan token create doors --scope ingest \
    --source pacs-hq\n  castellan token list")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    data: DataArg,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a token; its text is printed once and kept nowhere.
    Create {
        /// Whose it is, or what for. A person's id lets it own incidents.
        label: String,
        /// ingest, read, operate, admin; may be given many times.
        #[arg(long, required = true, value_parser = ["ingest", "evaluate", "read", "names", "operate", "admin"])]
        scope: Vec<String>,
        /// With `evaluate`: which doors it enforces: door:ID, zone:ID or *; may be given often.
        #[arg(long, value_name = "PLACE")]
        enforces: Vec<String>,
        /// With `evaluate`: it may also search for who may pass, and where.
        #[arg(long)]
        search: bool,
        /// With `evaluate`: it is told why.
        #[arg(long)]
        reasons: bool,
        /// Only for this source; may be given many times.
        #[arg(long)]
        source: Vec<String>,
        /// How long it is valid, such as 90d.
        #[arg(long, default_value = "90d")]
        valid: String,
    },
    /// List tokens; their texts are not kept.
    List,
    /// End a token for ever.
    Revoke {
        /// Its id.
        id: String,
    },
}

/// Runs the verb.
pub fn run(args: Args, format: Format) -> Outcome {
    let Some(config) = args.data.config(format)? else { return Ok(Ended::ProblemsFound) };
    let (data, was_there) = (&config.data, config.data.exists());
    let now = Clock::system().now();
    let runtime = runtime()?;
    match args.verb {
        Verb::Create { label, scope, enforces, search, reasons, source, valid } => {
            let Some(valid) = model::time::parse_duration(&valid) else {
                return output::misused("--valid takes a duration such as 12h or 90d");
            };
            let mut bindings: Vec<String> =
                enforces.iter().map(|place| format!("enforces:{place}")).collect();
            bindings.extend(search.then(|| "evaluate:search".to_owned()));
            bindings.extend(reasons.then(|| "evaluate:reasons".to_owned()));
            if let Some(wrong) = bindings.iter().find(|word| !is_binding(word)) {
                return output::misused(&format!("`{wrong}`: expected door:ID, zone:ID or *"));
            }
            let evaluates = scope.iter().any(|scope| scope == "evaluate");
            if evaluates == enforces.is_empty() {
                return output::misused("--scope evaluate and --enforces belong together");
            }
            let sources = source.iter().map(|s| SourceId::parse(s)).collect::<Result<_, _>>();
            let wanted = NewToken {
                label,
                scopes: scope.iter().filter_map(|s| Scope::parse(s)).collect(),
                bindings,
                sources: sources.context("--source")?,
                expires_at: Some(now.plus(valid)),
            };
            let made = engine::offline::create_token(data, wanted, now);
            let (token, secret) = runtime.block_on(made)?;
            super::tell_if_made(data, was_there);
            match format {
                Format::Text => {
                    output::note(format_args!("token {} for {}", token.id, token.label));
                    output::line(secret)?;
                }
                Format::Json => output::json_line(&json!({"id": token.id, "token": secret}))?,
            }
        }
        Verb::List => {
            for token in runtime.block_on(engine::offline::tokens(data))? {
                output::json_line(&json!({
                    "id": token.id, "label": token.label, "scopes": token.scopes,
                    "sources": token.sources, "created_at": token.created_at,
                    "expires_at": token.expires_at, "revoked_at": token.revoked_at,
                }))?;
            }
        }
        Verb::Revoke { id } => {
            if !runtime.block_on(engine::offline::revoke_token(data, &id, now))? {
                bail!("there is no token `{id}`");
            }
        }
    }
    Ok(Ended::Done)
}
