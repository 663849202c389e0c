//! A real edge for a measurement: a process taken into service over the real path, with one door
//! and a simulated reader at which cards are presented.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use engine::adapters::SecretRef;
use engine::adapters::osdp::read_key;
use engine::clock::Stopwatch;
use engine::folder::Running;
use sim::readers::{CardCue, Cue, Gesture, People, ReaderPlan, Readers, What};

use super::process::{Process, READY_MAX, enrol, in_force};
use crate::simulate::readers::{Line, Place, Shared, lock};

/// The facility of every card.
pub const FACILITY: u64 = 7;
/// The card format of every card.
pub const FORMAT: &str = "H10301";
/// Longest wait for a reader's answer to a card.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// What a reader has shown and nobody has looked at yet.
const SHOWN_MAX: usize = 1_024;

/// What the reader shows, and when by the common clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Secure,
    Granted,
    Refused,
}

/// An edge with its reader.
pub struct RealEdge {
    /// Its id.
    pub point: String,
    _process: Process,
    reader: Shared,
    shown: Receiver<(Shown, Duration)>,
    watch: Stopwatch,
}

impl RealEdge {
    /// Takes the edge `real-N` with the door `d-N` into service; returns when it goes by the
    /// server's rights and its reader has a secure channel. `watch`: the common clock.
    pub fn start(
        server: &Running,
        (n, folder): (usize, &Path),
        watch: Stopwatch,
    ) -> anyhow::Result<Self> {
        let (point, own) = (format!("real-{n}"), folder.join(format!("real-{n}")));
        let (key, line) = (own.with_extension("key"), own.with_extension("sock"));
        std::fs::write(&key, "5f".repeat(16))?;
        let (reader, shown) = reader((&key, &line), watch)?;
        let config = own.with_extension("toml");
        let text = format!(
            "format = 1\n[data]\nfolder = {own:?}\n\
             [[bus]]\nid = \"line\"\nline = \"unix:{}\"\n\
             [[reader]]\nbus = \"line\"\naddress = 0\nkey = \"file:{}\"\n\
             [[door]]\nid = \"d-{n}\"\nformats = [\"{FORMAT}\"]\nreader_in = \"line:0\"\n\
             strike = \"line:0:0\"\ncontact = \"line:0:0\"\nexit = [\"line:0:1\"]\n",
            line.display(),
            key.display(),
        );
        std::fs::write(&config, text)?;
        enrol(server, &point, &config)?;
        let mut process = Process::serve(&config, &own, "edge")?;
        in_force(server, &point, &mut process)?;
        let edge = Self { point, _process: process, reader, shown, watch };
        let until = edge.watch.elapsed() + READY_MAX;
        while edge.next(until)?.0 != Shown::Secure {}
        Ok(edge)
    }

    /// Presents a card, which must open the door.
    pub fn opens(&self, number: u64) -> anyhow::Result<()> {
        ensure!(self.answer(number)?.0 == Shown::Granted, "`{}` refuses a good card", self.point);
        Ok(())
    }

    /// Presents a card again and again, each time as soon as it was answered, until it is refused;
    /// gives when that was, and how often it opened before.
    pub fn until_refused(&self, number: u64) -> anyhow::Result<(Duration, u64)> {
        let until = self.watch.elapsed() + READY_MAX;
        let mut opened = 0;
        while self.watch.elapsed() < until {
            match self.answer(number)? {
                (Shown::Refused, at) => return Ok((at, opened)),
                (Shown::Granted | Shown::Secure, _) => opened += 1,
            }
        }
        bail!("`{}` goes on opening to a revoked card", self.point)
    }

    /// Whether a card is refused.
    pub fn refuses(&self, number: u64) -> anyhow::Result<bool> {
        Ok(self.answer(number)?.0 == Shown::Refused)
    }

    fn answer(&self, number: u64) -> anyhow::Result<(Shown, Duration)> {
        let (format, facility) = (FORMAT.to_owned(), Some(FACILITY));
        let card = CardCue::Number { format, facility, number, issue: None };
        let cue = Cue { reader: 0, gesture: Gesture::Card(card) };
        // What was shown before is no answer to this card.
        while self.shown.try_recv().is_ok() {}
        lock(&self.reader).act(&cue, self.watch.elapsed())?;
        self.next(self.watch.elapsed() + ANSWER_MAX)
    }

    fn next(&self, until: Duration) -> anyhow::Result<(Shown, Duration)> {
        match self.shown.recv_timeout(until.saturating_sub(self.watch.elapsed())) {
            Ok(shown) => Ok(shown),
            Err(RecvTimeoutError::Timeout) => bail!("the reader of `{}` shows nothing", self.point),
            Err(RecvTimeoutError::Disconnected) => bail!("the reader of `{}` is gone", self.point),
        }
    }
}

/// One reader on a line of its own, and what it shows.
fn reader(
    (key, line): (&Path, &Path),
    watch: Stopwatch,
) -> anyhow::Result<(Shared, Receiver<(Shown, Duration)>)> {
    let key = read_key(&SecretRef::File(key.to_owned()))?;
    let plan = ReaderPlan { people: People::Stay, ..ReaderPlan::plain(0, Some(key)) };
    let line = Line::listen(&Place::Unix(line.to_owned()), Readers::new(&[plan], 0)?, watch)
        .context("the line of an edge")?;
    let (reader, (tell, shown)) = (line.readers(), sync_channel(SHOWN_MAX));
    thread::spawn(move || play(line, &tell, watch));
    Ok((reader, shown))
}

fn play(mut line: Line, tell: &SyncSender<(Shown, Duration)>, watch: Stopwatch) {
    loop {
        let turn = line.turn();
        let at = turn.heard_at.unwrap_or_else(|| watch.elapsed());
        for told in turn.told {
            let shown = match told.what {
                What::Secure(true) => Some(Shown::Secure),
                // SOURCE: SIA OSDP 2.2, `osdp_LED`: temporary control 2 sets; 1 red, 2 green.
                What::Led(led) if led.temporary.control == 2 => match led.temporary.on_colour {
                    1 => Some(Shown::Refused),
                    2 => Some(Shown::Granted),
                    _ => None,
                },
                _ => None,
            };
            // Nobody looks any more.
            if shown.is_some_and(|shown| tell.send((shown, at)).is_err()) {
                return;
            }
        }
    }
}
