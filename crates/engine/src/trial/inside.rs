//! The process's side: bounds itself, reads one line, works, writes one line.

use std::fs;
use std::io::{self, BufRead as _, Read as _, Write as _};

use rlimit::Resource;

use super::{Question, work};

/// What a trial's process allows itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Memory that it may hold, all in all.
    pub memory_bytes_max: u64,
    /// Processor time.
    pub cpu_s_max: u64,
    /// Its question.
    pub question_bytes_max: u64,
}

/// Why a process could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum InsideError {
    /// The system does not let it bound itself.
    #[error("the bounds of a trial cannot be set: {0}")]
    Bounds(io::Error),
    /// What it holds already could not be bounded any more.
    #[error("holds {found} bytes before it begins, at most {max} are allowed")]
    Grown {
        /// What it holds.
        found: u64,
        /// The bound.
        max: u64,
    },
    /// No whole question came.
    #[error("no question: {0}")]
    Question(String),
    /// Nobody takes the answer.
    #[error("no answer: {0}")]
    Answer(io::Error),
}

/// The stack of what compiles and runs. Threads of the server have two megabytes: what this one
/// survives cannot exhaust theirs.
const STACK_BYTES: usize = 3 << 19;

/// What one who wants no core file sets: the kernel hands a core to a program that is configured
/// for them even at 0, and never at 1. SOURCE: core(5) and fs/coredump.c of Linux.
const CORE_BYTES_NONE: u64 = 1;

/// Answers one question from standard input on standard output, within bounds. Ends with the one
/// who asked: when standard input does.
pub fn run(bounds: &Bounds) -> Result<(), InsideError> {
    bound(bounds)?;
    let question = read(bounds.question_bytes_max)?;
    end_with_asker().map_err(InsideError::Bounds)?;
    let worker = std::thread::Builder::new().name("trial".into()).stack_size(STACK_BYTES);
    let worker = worker.spawn(move || work::answer(question)).map_err(InsideError::Bounds)?;
    let answer = match worker.join() {
        Ok(answer) => answer,
        Err(panic) => std::panic::resume_unwind(panic),
    };
    let mut line = serde_json::to_vec(&answer).map_err(|e| InsideError::Answer(e.into()))?;
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line).and_then(|()| out.flush()).map_err(InsideError::Answer)
}

/// Sets what the kernel then keeps. `RLIMIT_DATA` counts what a process may write to, touched or
/// not, so that it is the allocator's commitments that are bounded; `RLIMIT_AS` would count the
/// program's own text and addresses that are merely reserved.
fn bound(bounds: &Bounds) -> Result<(), InsideError> {
    let held = held().ok_or_else(|| {
        InsideError::Bounds(io::Error::other("/proc/self/status does not say what is held"))
    })?;
    let max = bounds.memory_bytes_max;
    if held >= max {
        return Err(InsideError::Grown { found: held, max });
    }
    // At the lower of the two the kernel says why; at the higher it kills.
    let (cpu_s, cpu_s_killed) = (bounds.cpu_s_max, bounds.cpu_s_max.saturating_add(1));
    lower(Resource::DATA, max, max)
        .and_then(|()| lower(Resource::CPU, cpu_s, cpu_s_killed))
        .and_then(|()| lower(Resource::CORE, CORE_BYTES_NONE, CORE_BYTES_NONE))
        .and_then(|()| lower(Resource::FSIZE, 0, 0))
        .and_then(|()| lower(Resource::NOFILE, 3, 3))
        .map_err(InsideError::Bounds)
}

/// Sets a bound, or leaves the server's own where that is lower: nobody may raise it.
fn lower(what: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let (_, most) = rlimit::getrlimit(what)?;
    rlimit::setrlimit(what, soft.min(most), hard.min(most))
}

/// Memory that this process may write to, in bytes.
/// SOURCE: proc_pid_status(5), `VmData`.
fn held() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmData:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib.saturating_mul(1_024))
}

fn read(bytes_max: u64) -> Result<Question, InsideError> {
    let wrong = |why: &str| InsideError::Question(why.to_owned());
    let mut line = Vec::new();
    let read = io::stdin().lock().take(bytes_max).read_until(b'\n', &mut line);
    read.map_err(|error| wrong(&error.to_string()))?;
    if line.pop() != Some(b'\n') {
        return Err(wrong("it has no end"));
    }
    serde_json::from_slice(&line).map_err(|error| wrong(&error.to_string()))
}

/// Whoever asked holds standard input open until it has the answer; when it is gone, so are we.
fn end_with_asker() -> io::Result<()> {
    let watch = || {
        let mut asker = io::stdin().lock();
        let mut byte = [0_u8];
        loop {
            match asker.read(&mut byte) {
                Ok(1..) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => std::process::abort(),
            }
        }
    };
    std::thread::Builder::new().name("asker".into()).stack_size(1 << 16).spawn(watch).map(drop)
}
