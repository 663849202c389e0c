//! Commands that a point has seen, through its restarts: what was begun before one is not done
//! again after it.
//!
//! A command is on disk before the road hears of it, and what became of it is added when that is
//! known. After a restart the road answers one that comes again as it was answered then; where
//! that is not known, nobody confirmed it.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use access::link::{COMMANDS_REMEMBERED_MAX, Command, Done, DoneHow};
use model::Timestamp;
use serde::{Deserialize, Serialize};

/// Lines of the file; at one more it is written anew with what is remembered.
const LINES_MAX: usize = 4 * COMMANDS_REMEMBERED_MAX;
/// A disk that answers no sooner holds no command up.
const DISK_WAIT: Duration = Duration::from_secs(1);

/// One line of the file.
#[derive(Serialize, Deserialize)]
struct Line {
    /// Which command.
    id: String,
    /// What became of it; none: it was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    done: Option<Done>,
}

struct Book {
    path: PathBuf,
    file: File,
    lines: usize,
}

/// The commands, on disk.
#[derive(Clone)]
pub struct Seen(Arc<Mutex<Book>>);

impl Seen {
    /// Opens the file in a folder. Gives what became of each command that it holds, oldest first,
    /// for [`access::road::Road::recall`].
    pub fn open(folder: &Path, now: Timestamp) -> std::io::Result<(Self, Vec<Done>)> {
        let path = folder.join("commands");
        let known = read(&path)?;
        let book = Book::write(path, &known)?;
        let lost = |id: String| Done { id, at: now, outcome: DoneHow::Unconfirmed };
        let dones = known.into_iter().map(|line| line.done.unwrap_or_else(|| lost(line.id)));
        Ok((Self(Arc::new(Mutex::new(book))), dones.collect()))
    }

    /// Notes a command, on disk when this returns. Where the disk takes nothing the command is
    /// done all the same: a door that must open does not wait, and its time is soon over.
    pub async fn begin(&self, command: &Command) {
        self.note(Line { id: command.id.clone(), done: None }, true).await;
    }

    /// Notes what became of one.
    pub async fn end(&self, done: &Done) {
        self.note(Line { id: done.id.clone(), done: Some(done.clone()) }, false).await;
    }

    async fn note(&self, line: Line, is_begun: bool) {
        let book = Arc::clone(&self.0);
        let add = tokio::task::spawn_blocking(move || {
            book.lock().unwrap_or_else(PoisonError::into_inner).add(&line, is_begun)
        });
        let why = match tokio::time::timeout(DISK_WAIT, add).await {
            Ok(Ok(Ok(()))) => return,
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the disk does not answer".to_owned(),
        };
        tracing::error!(why, "a command is not noted: after a restart it may be done again");
    }
}

impl Book {
    fn write(path: PathBuf, known: &VecDeque<Line>) -> std::io::Result<Self> {
        let mut text = Vec::new();
        for line in known {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        crate::folder::replace(&path, &text)?;
        let file = File::options().append(true).open(&path)?;
        Ok(Self { path, file, lines: known.len() })
    }

    fn add(&mut self, line: &Line, is_begun: bool) -> std::io::Result<()> {
        if self.lines >= LINES_MAX {
            *self = Self::write(self.path.clone(), &read(&self.path)?)?;
        }
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.file.write_all(&text)?;
        self.lines += 1;
        if is_begun { self.file.sync_data() } else { Ok(()) }
    }
}

/// The newest commands of a file, oldest first. A line that a power cut left half is none.
fn read(path: &Path) -> std::io::Result<VecDeque<Line>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut order = VecDeque::new();
    let mut known: HashMap<String, Option<Done>> = HashMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let Ok(Line { id, done }) = serde_json::from_slice(line) else { continue };
        match known.get_mut(&id) {
            Some(had) => *had = done.or(had.take()),
            None => {
                order.push_back(id.clone());
                known.insert(id, done);
            }
        }
        if order.len() > COMMANDS_REMEMBERED_MAX
            && let Some(oldest) = order.pop_front()
        {
            known.remove(&oldest);
        }
    }
    let line = |id: String| Line { done: known.remove(&id).flatten(), id };
    Ok(order.into_iter().map(line).collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use access::door::Order;
    use access::link::What;
    use model::DoorId;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_secs(1_790_000_000 + second)
    }

    fn command(id: &str) -> Command {
        Command {
            id: id.to_owned(),
            door: DoorId::parse("d1").unwrap(),
            what: What::Order { order: Order::Unlock, hold: None },
            expires_at: at(30),
            by: "op-1".to_owned(),
        }
    }

    fn done(id: &str, outcome: DoneHow) -> Done {
        Done { id: id.to_owned(), at: at(1), outcome }
    }

    #[tokio::test]
    async fn what_was_begun_is_known_after_a_restart_with_what_became_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let (seen, none) = Seen::open(folder.path(), at(0)).unwrap();
        assert_eq!(none, []);
        for id in ["a", "b", "c"] {
            seen.begin(&command(id)).await;
        }
        seen.end(&done("b", DoneHow::Confirmed)).await;
        // The same command came again.
        seen.begin(&command("b")).await;
        drop(seen);
        // The power was cut within a line.
        let path = folder.path().join("commands");
        let mut text = std::fs::read(&path).unwrap();
        text.extend(b"{\"id\":\"c\",\"done\":{\"id\":\"c\",\"at");
        std::fs::write(&path, text).unwrap();
        let wanted = [
            Done { at: at(9), ..done("a", DoneHow::Unconfirmed) },
            done("b", DoneHow::Confirmed),
            Done { at: at(9), ..done("c", DoneHow::Unconfirmed) },
        ];
        let (seen, known) = Seen::open(folder.path(), at(9)).unwrap();
        assert_eq!(known, wanted);
        // It goes on from there.
        seen.end(&done("c", DoneHow::Expired)).await;
        drop(seen);
        let (_, known) = Seen::open(folder.path(), at(10)).unwrap();
        assert_eq!(known.last(), Some(&done("c", DoneHow::Expired)));
    }

    #[test]
    fn the_file_stays_bounded_and_holds_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("commands");
        let mut book = Book::write(path.clone(), &VecDeque::new()).unwrap();
        for n in 0..LINES_MAX + 10 {
            book.add(&Line { id: format!("c{n}"), done: None }, false).unwrap();
        }
        assert_eq!(book.lines, COMMANDS_REMEMBERED_MAX + 10);
        let known = read(&path).unwrap();
        assert_eq!(known.len(), COMMANDS_REMEMBERED_MAX);
        assert_eq!(known.back().unwrap().id, format!("c{}", LINES_MAX + 9));
    }
}
