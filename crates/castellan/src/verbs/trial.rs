//! `castellan trial`: what the server starts to try an edited mapping; nobody types it.

use engine::trial::{self, Bounds};

use crate::output::{Ended, Outcome};

/// Answer one question about a mapping from standard input, within bounds.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Memory that this process may hold.
    #[arg(long, value_name = "BYTES")]
    memory_bytes: u64,
    /// Processor time that it may use.
    #[arg(long, value_name = "SECONDS")]
    cpu_seconds: u64,
    /// Longest question.
    #[arg(long, value_name = "BYTES")]
    question_bytes: u64,
}

/// Runs the verb.
pub fn run(args: &Args) -> Outcome {
    trial::run(&Bounds {
        memory_bytes_max: args.memory_bytes,
        cpu_s_max: args.cpu_seconds,
        question_bytes_max: args.question_bytes,
    })?;
    Ok(Ended::Done)
}
