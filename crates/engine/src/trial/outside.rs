//! The server's side: starts a process, asks it, and ends it whatever happens.

use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::pipe;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

use super::{Answer, Bounds, Question, TrialError, VERB};
use crate::limits::Limits;

/// What is kept of a process's last words, to tell how it ended.
const WORDS_BYTES_MAX: usize = 4_096;
/// Signals by which a process ends. SOURCE: signal(7), the same on all of Linux's machines.
const SIGABRT: i32 = 6;
const SIGXCPU: i32 = 24;
/// What a panic of the main thread leaves.
const PANICKED: i32 = 101;

/// Trials of mappings: which program runs them, how many at once, and within what.
pub(crate) struct Trials {
    program: Option<PathBuf>,
    slots: Arc<Semaphore>,
    limits: Limits,
}

impl Trials {
    pub(crate) fn new(program: Option<PathBuf>, limits: &Limits) -> Self {
        let slots = Limits::count(limits.mapping_tries_at_once_max).clamp(1, 64);
        Self { program, slots: Arc::new(Semaphore::new(slots)), limits: limits.clone() }
    }

    /// Whether there is a program that can run them.
    pub(crate) fn is_possible(&self) -> bool {
        self.program.is_some()
    }

    /// Asks a process that lives for this question alone.
    pub(crate) async fn ask(&self, question: Question) -> Result<Answer, TrialError> {
        let limits = &self.limits;
        let program = self.program.clone().ok_or(TrialError::Absent)?;
        let slot = Arc::clone(&self.slots).try_acquire_owned();
        let slot = slot.map_err(|_| TrialError::Busy(limits.mapping_tries_at_once_max))?;
        let (bounds, max) = (self.bounds(), Limits::count(limits.mapping_try_question_bytes_max));
        let begun = tokio::task::spawn_blocking(move || {
            let line = line(&question, max)?;
            let process = Process::start(program, &bounds, slot)?;
            Ok::<_, TrialError>((line, process))
        });
        let (line, mut process) = begun.await.map_err(|_| lost())??;
        let time_max = Limits::ms(limits.mapping_try_ms_max);
        let answer_max = limits.mapping_try_answer_bytes_max;
        let talk = tokio::time::timeout(time_max, process.talk(&line, answer_max)).await;
        let status = process.end().await?;
        let Ok(said) = talk else {
            return Err(TrialError::Time(limits.mapping_try_ms_max));
        };
        let (answer, words) = said?;
        // One that wrote its line and then failed has answered all the same.
        match serde_json::from_slice(&answer) {
            Ok(answer) => Ok(answer),
            Err(_) => Err(self.why_ended(status, &String::from_utf8_lossy(&words))),
        }
    }

    fn bounds(&self) -> Bounds {
        let limits = &self.limits;
        Bounds {
            memory_bytes_max: limits.mapping_try_memory_bytes_max,
            // In force should nobody be there to look at the time.
            cpu_s_max: limits.mapping_try_ms_max.div_ceil(1_000).saturating_add(1),
            question_bytes_max: limits.mapping_try_question_bytes_max,
        }
    }

    /// How a process ended that gave no answer. Rust's run time says in words what it met before
    /// it aborts.
    fn why_ended(&self, status: ExitStatus, words: &str) -> TrialError {
        let limits = &self.limits;
        match (status.signal(), status.code()) {
            (Some(SIGABRT), _) if words.contains("memory allocation of") => {
                TrialError::Memory(limits.mapping_try_memory_bytes_max)
            }
            (Some(SIGABRT), _) if words.contains("overflowed its stack") => TrialError::Stack,
            (Some(SIGXCPU), _) => TrialError::Time(limits.mapping_try_ms_max),
            (_, Some(PANICKED)) => TrialError::Panic,
            (_, _) => TrialError::Ended(status.to_string()),
        }
    }
}

/// The server itself is ending.
fn lost() -> TrialError {
    TrialError::NotStarted(io::Error::other("nobody waits for it any more"))
}

/// The question as one line, if it is not too long.
fn line(question: &Question, bytes_max: usize) -> Result<Vec<u8>, TrialError> {
    let mut line = serde_json::to_vec(question).map_err(|e| TrialError::NotStarted(e.into()))?;
    line.push(b'\n');
    let found = line.len();
    if found > bytes_max {
        return Err(TrialError::Question { found, max: bytes_max });
    }
    Ok(line)
}

/// A process, and what it is spoken to through.
struct Process {
    ending: Ending,
    /// Held open until the answer is there: its end would end the process.
    asking: pipe::Sender,
    answering: pipe::Receiver,
    words: pipe::Receiver,
}

impl Process {
    fn start(
        program: PathBuf,
        bounds: &Bounds,
        slot: OwnedSemaphorePermit,
    ) -> Result<Self, TrialError> {
        let mut child = Command::new(program)
            .arg0("castellan")
            .arg(VERB)
            .args(["--memory-bytes", &bounds.memory_bytes_max.to_string()])
            .args(["--cpu-seconds", &bounds.cpu_s_max.to_string()])
            .args(["--question-bytes", &bounds.question_bytes_max.to_string()])
            .env_clear()
            // Else its allocator would take a gigabyte at once, which could be bounded no more.
            .env("MIMALLOC_ARENA_EAGER_COMMIT", "0")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(TrialError::NotStarted)?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let ending = Ending(Some((child, slot)));
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(TrialError::NotStarted(io::Error::other("it has no pipes")));
        };
        let opened = |error| TrialError::NotStarted(error);
        Ok(Self {
            ending,
            asking: pipe::Sender::from_owned_fd(stdin.into()).map_err(opened)?,
            answering: pipe::Receiver::from_owned_fd(stdout.into()).map_err(opened)?,
            words: pipe::Receiver::from_owned_fd(stderr.into()).map_err(opened)?,
        })
    }

    /// Asks, and gives what came until the process closed its pipes: the answer's line, and the
    /// last of what it said beside.
    async fn talk(
        &mut self,
        line: &[u8],
        answer_bytes_max: u64,
    ) -> Result<(Vec<u8>, Vec<u8>), TrialError> {
        let (asking, answering, words) = (&mut self.asking, &mut self.answering, &mut self.words);
        let ask = async {
            // One that ends before it has read all tells why by how it ends.
            let _ = asking.write_all(line).await;
            Ok(())
        };
        let answer = async {
            let mut answer = Vec::new();
            let _ =
                answering.take(answer_bytes_max.saturating_add(1)).read_to_end(&mut answer).await;
            let is_whole = u64::try_from(answer.len()).is_ok_and(|n| n <= answer_bytes_max);
            if is_whole { Ok(answer) } else { Err(TrialError::Answer(answer_bytes_max)) }
        };
        let ((), answer, words) = tokio::try_join!(ask, answer, last_words(words))?;
        Ok((answer, words))
    }

    /// Ends it and waits until it is gone.
    async fn end(mut self) -> Result<ExitStatus, TrialError> {
        let gone = self.ending.begin().ok_or_else(lost)?;
        gone.await.map_err(|_| lost())?.map_err(TrialError::NotStarted)
    }
}

/// The last of what comes; all of it is read, so that nobody waits for us.
async fn last_words(from: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, TrialError> {
    let (mut words, mut chunk) = (Vec::new(), [0_u8; 1_024]);
    while let Ok(n @ 1..) = from.read(&mut chunk).await {
        words.extend(chunk.iter().take(n));
        words.drain(..words.len().saturating_sub(WORDS_BYTES_MAX));
    }
    Ok(words)
}

/// Kills and awaits a process when it is dropped, whoever gave up waiting for what. The slot is
/// free when the process is gone.
struct Ending(Option<(Child, OwnedSemaphorePermit)>);

impl Ending {
    /// `None` when it has begun before.
    fn begin(&mut self) -> Option<JoinHandle<io::Result<ExitStatus>>> {
        let (mut child, slot) = self.0.take()?;
        // It is not awaited yet, so that its number is still its own. One that has ended keeps the
        // status that it ended with.
        let _ = child.kill();
        // What held much memory takes a while to be gone.
        Some(tokio::task::spawn_blocking(move || {
            let status = child.wait();
            drop(slot);
            status
        }))
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        drop(self.begin());
    }
}
