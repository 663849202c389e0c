//! Castellan's one binary: a list of verbs.

mod answer;
mod bench;
mod feeder;
mod gates;
mod local;
mod output;
mod simulate;
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
    Demo(verbs::demo::Args),
    Serve(verbs::serve::Args),
    Check(verbs::check::Args),
    Normalise(verbs::normalise::Args),
    Replay(verbs::replay::Args),
    Rules(verbs::rules::Args),
    Whereabouts(verbs::whereabouts::Args),
    Access(verbs::access::Args),
    Import(verbs::import::Args),
    Export(verbs::import::ExportArgs),
    Query(verbs::query::Args),
    Token(verbs::token::Args),
    Bench(verbs::bench::Args),
    Admin(verbs::admin::Args),
    Osdp(verbs::osdp::Args),
    Sim(verbs::sim::Args),
    Edge(verbs::edge::Args),
    /// Print the HTTP interface's OpenAPI document.
    #[command(hide = true)]
    Openapi,
    #[command(hide = true)]
    Trial(verbs::trial::Args),
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
        Verb::Whereabouts(args) => verbs::whereabouts::run(args, format),
        Verb::Access(args) => verbs::access::run(args, format),
        Verb::Import(args) => verbs::import::run(args, format),
        Verb::Export(args) => verbs::import::export(args, format),
        Verb::Query(args) => verbs::query::run(args, format),
        Verb::Token(args) => verbs::token::run(args, format),
        Verb::Bench(args) => verbs::bench::run(args, format),
        Verb::Admin(args) => verbs::admin::run(args, format),
        Verb::Osdp(args) => verbs::osdp::run(args, format),
        Verb::Sim(args) => verbs::sim::run(args),
        Verb::Edge(args) => verbs::edge::run(args, format),
        Verb::Openapi => verbs::openapi(),
        Verb::Trial(args) => verbs::trial::run(&args),
    };
    output::exit_code(outcome)
}
