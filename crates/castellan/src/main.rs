//! Castellan's one binary: a list of verbs.

mod bench;
mod feeder;
mod local;
mod output;
mod verbs;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use output::Format;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Keeps an organisation's gates and its keys: takes in the events of doors and of networks, ties
/// each to a person, a thing and a place, and gives what it finds to exactly one owner.
#[derive(Debug, Parser)]
#[command(name = "castellan", version, max_term_width = 100)]
struct Cli {
    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value = "text")]
    format: Format,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Serve on embedded defaults with the demo organisation running and its stories scripted.
    Demo(verbs::demo::Args),
    /// Run the server.
    Serve(verbs::serve::Args),
    /// Validate configuration and content, all problems at once; opens no socket.
    Check(verbs::check::Args),
    /// Records in, OCSF events out, one line per event.
    Normalise(verbs::normalise::Args),
    /// Past events, in the order of their own time, through today's rules.
    Replay(verbs::replay::Args),
    /// Load, test and evaluate detection rules.
    Rules(verbs::rules::Args),
    /// Load an organisation folder: people, identifiers, assets, places, doors, sources.
    Import(verbs::import::Args),
    /// Write the organisation back as a folder.
    Export(verbs::import::ExportArgs),
    /// Ask the lake, and what is not yet in it, in SQL.
    Query(verbs::query::Args),
    /// Make, list and revoke access tokens.
    Token(verbs::token::Args),
    /// Measure named workloads on this machine.
    Bench(verbs::bench::Args),
    /// Look after the data folder: verify its integrity, check the audit chain.
    Admin(verbs::admin::Args),
    /// Print the HTTP interface's OpenAPI document.
    #[command(hide = true)]
    Openapi,
}

fn main() -> ExitCode {
    // Rust ignores SIGPIPE; a closed pipe must end `castellan … | head` quietly instead.
    engine::runtime::install_crypto();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let misused = error.use_stderr();
            // Nothing can be told if the terminal is gone.
            let _ = error.print();
            return ExitCode::from(if misused { 2 } else { 0 });
        }
    };
    let format = cli.format;
    let outcome = match cli.verb {
        Verb::Demo(args) => verbs::demo::run(args, format),
        Verb::Serve(args) => verbs::serve::run(args, format),
        Verb::Check(args) => verbs::check::run(args, format),
        Verb::Normalise(args) => verbs::normalise::run(args),
        Verb::Replay(args) => verbs::replay::run(args, format),
        Verb::Rules(args) => verbs::rules::run(args, format),
        Verb::Import(args) => verbs::import::run(args, format),
        Verb::Export(args) => verbs::import::export(args, format),
        Verb::Query(args) => verbs::query::run(args, format),
        Verb::Token(args) => verbs::token::run(args, format),
        Verb::Bench(args) => verbs::bench::run(args, format),
        Verb::Admin(args) => verbs::admin::run(args, format),
        Verb::Openapi => verbs::openapi(),
    };
    output::exit_code(outcome)
}
