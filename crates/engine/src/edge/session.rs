//! The link to the server, from the edge's side: rights and commands come down, records and
//! receipts go up. The doors do not wait for any of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use access::link::{
    ALIVE_EVERY, Command, Done, FRAME_BYTES_MAX, FromEdge, FromServer, LINK_FORMAT, LINK_REVISION,
    Purpose, RECORDS_MAX, Signed,
};
use access::revocation::Receipt;
use access::road::PointEvent;
use adapters::link::{ConnectError, EdgeStream, LinkConnector, LinkTrust, LinkWay, frame};
use model::Record;
use store::Journal;
use store::journal::Next;
use tokio::io::WriteHalf;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio_util::sync::CancellationToken;

use super::aside;
use super::identity::Identity;
use super::keep::{Keep, NotTaken};
use crate::clock::{Clock, Stopwatch};
use crate::door::{Ask, Seen};

/// The journal's consumer: what the server has, the journal may drop.
pub const CONSUMER: &str = "server";
/// The shortest and the longest wait before the server is tried again.
const RETRY_MIN: Duration = Duration::from_millis(500);
const RETRY_MAX: Duration = Duration::from_secs(10);
/// A server that says nothing for this long is gone: it renews rights every 20 s.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Batches of records that are on their way unacknowledged.
const ON_THE_WAY_MAX: u64 = 8 * RECORDS_MAX as u64;
/// Frames that wait to be looked at.
const FRAMES_MAX: usize = 16;
/// Bytes of records in one frame.
const RECORDS_BYTES_MAX: usize = 4 << 20;
/// The longest word of farewell that is kept, in characters.
const LONGEST_FAREWELL: usize = 400;

/// What the link works with.
pub struct Link {
    /// Who we are.
    pub identity: Arc<Identity>,
    /// Where the server is: `HOST:PORT`.
    pub server: String,
    /// Rights on disk.
    pub keep: Arc<Mutex<Keep>>,
    /// Records on disk.
    pub journal: Arc<Journal>,
    /// The doors.
    pub asks: mpsc::Sender<Ask>,
    /// What became of commands.
    pub dones: mpsc::Receiver<Done>,
    /// Commands on disk, for the next run.
    pub seen: Seen,
    /// Time.
    pub clock: Clock,
}

type Write = WriteHalf<EdgeStream>;

fn locked(keep: &Mutex<Keep>) -> MutexGuard<'_, Keep> {
    keep.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Link {
    /// Connects, again and again, until told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut wait = RETRY_MIN;
        let mut told = None;
        while !stop.is_cancelled() {
            let ended = tokio::select! {
                () = stop.cancelled() => break,
                ended = self.once() => ended,
            };
            let why = match ended {
                Ok(()) => {
                    wait = RETRY_MIN;
                    "the server ended it".to_owned()
                }
                Err(Ended::Before(error)) => error.to_string(),
                Err(Ended::After(why)) => {
                    wait = RETRY_MIN;
                    why
                }
            };
            // A server that stays away is told once.
            if told.as_ref() != Some(&why) {
                tracing::warn!(why, "no link to the server; the doors go on by what is here");
                told = Some(why);
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(jittered(wait)) => {}
            }
            wait = (wait * 2).min(RETRY_MAX);
        }
    }

    /// One connection from its first word to its end.
    async fn once(&mut self) -> Result<(), Ended> {
        let trust = LinkTrust::Authority(self.identity.authority().to_vec());
        let shown = self.identity.shown();
        let connector = LinkConnector::new(LinkWay::Edge, &trust, Some(&shown))?;
        let stream = connector.connect(&self.server).await?;
        let (mut from, mut to) = tokio::io::split(stream);
        let (frames, mut heard) = mpsc::channel(FRAMES_MAX);
        let reader = tokio::spawn(async move {
            loop {
                let read = frame::read(&mut from, FRAME_BYTES_MAX).await;
                let is_last = !matches!(read, Ok(Some(_)));
                if frames.send(read).await.is_err() || is_last {
                    return;
                }
            }
        });
        let reader = Ends(reader);
        let hello = FromEdge::Hello {
            format: LINK_FORMAT,
            point: self.identity.point().clone(),
            software: env!("CARGO_PKG_VERSION").to_owned(),
            now: self.clock.now(),
            snapshot: locked(&self.keep).version(),
            records: (self.journal.stats().first_seq, self.journal.last_seq() + 1),
            revision: LINK_REVISION,
        };
        say(&mut to, &hello).await?;
        let welcome = next(&mut heard).await?;
        let Some(FromServer::Welcome { format, wants_tombstones, records, .. }) = welcome else {
            return Err(Ended::Before(match welcome {
                Some(FromServer::Farewell { why }) => Fault::Farewell(why),
                Some(_) | None => Fault::NoWelcome,
            }));
        };
        if format != LINK_FORMAT {
            return Err(Ended::Before(Fault::NoWelcome));
        }
        tracing::info!(server = self.server, "linked to the server");
        self.note(PointEvent::LinkUp, None).await;
        let ended = self.serve((&mut to, &mut heard), (wants_tombstones, records)).await;
        drop(reader);
        let why = match &ended {
            Ok(()) => None,
            Err(why) => Some(why.clone()),
        };
        self.note(PointEvent::LinkDown, why).await;
        ended.map_err(Ended::After)
    }

    async fn note(&self, event: PointEvent, detail: Option<String>) {
        // Doors that have stopped need no word.
        let _ = self.asks.send(Ask::Note(event, detail)).await;
    }

    async fn serve(
        &mut self,
        (to, heard): (&mut Write, &mut mpsc::Receiver<Frame>),
        (wants_tombstones, records): (bool, u64),
    ) -> Result<(), String> {
        if wants_tombstones {
            self.tell_tombstones(to).await?;
        }
        let mut upward = Upward::start(&self.journal, records);
        self.journal.release(CONSUMER, upward.kept.saturating_sub(upward.offset));
        let mut alive = tokio::time::interval(ALIVE_EVERY);
        let mut all_doors = true;
        let mut last_heard = Stopwatch::start();
        loop {
            tokio::select! {
                frame = heard.recv() => {
                    last_heard = Stopwatch::start();
                    let Some(frame) = frame else { return Ok(()) };
                    let Some(bytes) = frame.map_err(|error| error.to_string())? else {
                        return Ok(());
                    };
                    let told: FromServer = rmp_serde::from_slice(&bytes)
                        .map_err(|error| format!("a word that nobody understands: {error}"))?;
                    drop(bytes);
                    self.hear(told, to, &mut upward).await?;
                }
                Some(batch) = upward.ready.recv(), if upward.has_room() => {
                    let said = upward.give(batch);
                    say(to, &said).await.map_err(|error| error.to_string())?;
                }
                Some(done) = self.dones.recv() => self.tell_done(&done, to).await?,
                _ = alive.tick() => {
                    if last_heard.elapsed() > SILENCE_MAX {
                        return Err("the server is silent".to_owned());
                    }
                    if upward.sent > upward.kept && upward.moved.elapsed() > SILENCE_MAX {
                        // It could not keep them; they are said again.
                        return Err("the server does not keep the records".to_owned());
                    }
                    let all = std::mem::take(&mut all_doors);
                    let (waiting, offset) = (upward.waiting(&self.journal), upward.offset);
                    self.tell_alive(all, (waiting, offset), to).await?;
                }
            }
        }
    }

    async fn hear(
        &mut self,
        told: FromServer,
        to: &mut Write,
        upward: &mut Upward,
    ) -> Result<(), String> {
        match told {
            FromServer::Welcome { .. } => Err("it welcomes twice".to_owned()),
            FromServer::Full(signed) => {
                let taken = self.take_full(signed).await;
                self.answer(taken, to).await
            }
            FromServer::Delta(signed) => {
                let taken = self.take_delta(signed).await;
                self.answer(taken, to).await
            }
            FromServer::Renewal(signed) => {
                let taken = self.renew(signed).await;
                self.answer(taken, to).await
            }
            FromServer::World(world) => {
                let _ = self.asks.send(Ask::Told(Box::new(world))).await;
                Ok(())
            }
            FromServer::Passages(passages) => {
                let _ = self.asks.send(Ask::Passages(Box::new(passages))).await;
                Ok(())
            }
            FromServer::Command(signed) => self.command(&signed).await,
            FromServer::Kept { up_to } => {
                upward.kept = upward.kept.max(up_to);
                upward.moved = Stopwatch::start();
                self.journal.release(CONSUMER, up_to.saturating_sub(upward.offset));
                Ok(())
            }
            FromServer::TellTombstones => self.tell_tombstones(to).await,
            FromServer::Farewell { why } => {
                let why: String = why.chars().take(LONGEST_FAREWELL).collect();
                Err(format!("the server says: {why}"))
            }
        }
    }

    /// Disk first, then the doors, then the receipts.
    async fn take_full(&self, signed: Signed) -> Result<Vec<Receipt>, NotTaken> {
        let (keep, now) = (Arc::clone(&self.keep), self.clock.now());
        let kept = aside::run(move || locked(&keep).full(&signed, now)).await;
        let (snapshot, receipts) = kept.map_err(ended)??;
        let (answer, taken) = oneshot::channel();
        self.ask(Ask::Take(Box::new(snapshot), answer)).await?;
        let (lost, before) = taken.await.map_err(ended)?;
        if lost > 0 {
            tracing::error!(lost, "tombstones find no room");
        }
        self.tell_rights().await;
        aside::run(move || drop(before)).await.map_err(ended)?;
        aside::give_back();
        Ok(receipts)
    }

    async fn take_delta(&self, signed: Signed) -> Result<Vec<Receipt>, NotTaken> {
        let (keep, now) = (Arc::clone(&self.keep), self.clock.now());
        let before = locked(&self.keep).version();
        let kept = spawn_blocking(move || locked(&keep).delta(&signed, now)).await;
        let (delta, receipts) = kept.map_err(ended)??;
        let (answer, taken) = oneshot::channel();
        self.ask(Ask::Delta(Box::new(delta.clone()), answer)).await?;
        if let Err(error) = taken.await.map_err(ended)? {
            let keep = Arc::clone(&self.keep);
            let back = spawn_blocking(move || locked(&keep).take_back(&delta, before));
            back.await.map_err(ended)?;
            return Err(NotTaken { why: error.to_string(), wants_full: true });
        }
        self.tell_rights().await;
        Ok(receipts)
    }

    async fn renew(&self, signed: Signed) -> Result<Vec<Receipt>, NotTaken> {
        let (keep, now) = (Arc::clone(&self.keep), self.clock.now());
        let kept = spawn_blocking(move || locked(&keep).renewal(&signed, now)).await;
        let receipts = kept.map_err(ended)??;
        self.tell_rights().await;
        Ok(receipts)
    }

    async fn ask(&self, ask: Ask) -> Result<(), NotTaken> {
        self.asks.send(ask).await.map_err(ended)
    }

    /// Tells the doors how old their rights are.
    async fn tell_rights(&self) {
        let asked = {
            let mut keep = locked(&self.keep);
            let is_trusted = keep.tick(self.clock.now());
            keep.confirmed_at().map(|confirmed_at| Ask::Rights { confirmed_at, is_trusted })
        };
        if let Some(ask) = asked {
            let _ = self.asks.send(ask).await;
        }
    }

    async fn answer(
        &self,
        taken: Result<Vec<Receipt>, NotTaken>,
        to: &mut Write,
    ) -> Result<(), String> {
        let version = locked(&self.keep).version();
        let said = match (taken, version) {
            (Ok(receipts), Some(snapshot)) => {
                let sign = |receipt: &Receipt| {
                    let bytes = rmp_serde::to_vec_named(receipt).map_err(|e| e.to_string())?;
                    Ok(self.identity.sign(Purpose::Receipt, bytes))
                };
                let receipts = receipts.iter().map(sign).collect::<Result<_, String>>()?;
                FromEdge::Taken { snapshot, receipts }
            }
            (Ok(_), None) => return Ok(()),
            (Err(NotTaken { why, wants_full }), snapshot) => {
                tracing::warn!(why, "rights that came are not taken");
                self.note(PointEvent::RightsRefused, Some(why.clone())).await;
                FromEdge::NotTaken { snapshot, why, wants_full }
            }
        };
        say(to, &said).await.map_err(|error| error.to_string())
    }

    async fn command(&self, signed: &Signed) -> Result<(), String> {
        if !self.identity.is_from_server(signed, Purpose::Command) {
            return Err("a command whose signature is not the server's".to_owned());
        }
        let command: Command = rmp_serde::from_slice(&signed.bytes)
            .map_err(|error| format!("a command that nobody understands: {error}"))?;
        self.seen.begin(&command).await;
        let _ = self.asks.send(Ask::Command(Box::new(command))).await;
        Ok(())
    }

    async fn tell_done(&self, done: &Done, to: &mut Write) -> Result<(), String> {
        self.seen.end(done).await;
        let bytes = rmp_serde::to_vec_named(done).map_err(|error| error.to_string())?;
        let said = FromEdge::Outcome(self.identity.sign(Purpose::Outcome, bytes));
        say(to, &said).await.map_err(|error| error.to_string())
    }

    async fn tell_tombstones(&self, to: &mut Write) -> Result<(), String> {
        let (dead, suspended) = locked(&self.keep).words();
        let said = FromEdge::Tombstones { dead, suspended };
        say(to, &said).await.map_err(|error| error.to_string())
    }

    async fn tell_alive(
        &self,
        all: bool,
        (waiting, offset): (u64, u64),
        to: &mut Write,
    ) -> Result<(), String> {
        let now = self.clock.now();
        let (clock_trusted, snapshot) = {
            let mut keep = locked(&self.keep);
            (keep.tick(now), keep.version())
        };
        let (answer, doors) = oneshot::channel();
        let asked = self.asks.send(Ask::Doors { all, answer }).await;
        asked.map_err(|_| "the doors have stopped".to_owned())?;
        let doors = doors.await.map_err(|_| "the doors have stopped".to_owned())?;
        let records_waiting = Some(waiting);
        let last = Some(self.journal.last_seq() + offset);
        let said = FromEdge::Alive { now, clock_trusted, snapshot, doors, records_waiting, last };
        say(to, &said).await.map_err(|error| error.to_string())
    }
}

fn ended(error: impl std::fmt::Display) -> NotTaken {
    NotTaken { why: format!("the doors have stopped: {error}"), wants_full: false }
}

type Frame = Result<Option<Vec<u8>>, frame::FrameError>;

/// Ends a task with what it serves.
struct Ends(JoinHandle<()>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Why a connection ended.
enum Ended {
    /// Before the server had welcomed us.
    Before(Fault),
    /// After.
    After(String),
}

/// Why there was no welcome.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Frame(#[from] frame::FrameError),
    #[error("the server says: {0}")]
    Farewell(String),
    #[error("whoever answers there does not speak this version of the link")]
    NoWelcome,
}

impl From<ConnectError> for Ended {
    fn from(error: ConnectError) -> Self {
        Self::Before(Fault::Connect(error))
    }
}

impl From<frame::FrameError> for Ended {
    fn from(error: frame::FrameError) -> Self {
        Self::Before(Fault::Frame(error))
    }
}

async fn next(heard: &mut mpsc::Receiver<Frame>) -> Result<Option<FromServer>, Ended> {
    let read = tokio::time::timeout(SILENCE_MAX, heard.recv()).await;
    let Ok(Some(frame)) = read else { return Err(Ended::Before(Fault::NoWelcome)) };
    let Some(bytes) = frame? else { return Ok(None) };
    rmp_serde::from_slice(&bytes).map(Some).map_err(|_| Ended::Before(Fault::NoWelcome))
}

async fn say(to: &mut Write, what: &FromEdge) -> Result<(), frame::FrameError> {
    match rmp_serde::to_vec_named(what) {
        Ok(bytes) => frame::write(to, &bytes).await,
        Err(error) => {
            tracing::error!(%error, "a word of the link cannot be written");
            Ok(())
        }
    }
}

/// Not all edges at the same instant, when a server comes back.
fn jittered(wait: Duration) -> Duration {
    let mut random = [0_u8; 1];
    // Without random numbers all wait as long.
    let _ = getrandom::fill(&mut random);
    wait.mul_f64(0.75 + f64::from(random[0]) / 512.0)
}

/// Records on their way up.
struct Upward {
    ready: mpsc::Receiver<(u64, Vec<String>)>,
    /// Up to here the server has them, by its own numbers.
    kept: u64,
    /// Up to here they were sent.
    sent: u64,
    /// When the server last said that it has more, or had all.
    moved: Stopwatch,
    /// A journal that was begun anew goes on behind what the server has.
    offset: u64,
    stop: CancellationToken,
}

impl Drop for Upward {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Upward {
    fn start(journal: &Arc<Journal>, kept: u64) -> Self {
        let offset = kept.saturating_sub(journal.last_seq());
        let first = (kept - offset + 1).max(journal.stats().first_seq).max(1);
        let mut reader = journal.reader(first);
        let (tell, ready) = mpsc::channel(1);
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let read = move || {
            while !stopped.is_cancelled() {
                match reader.next_batch(RECORDS_MAX, Duration::from_millis(500)) {
                    Ok(Next::Records(records)) => {
                        for batch in batches(&records) {
                            if tell.blocking_send(batch).is_err() {
                                return;
                            }
                        }
                    }
                    Ok(Next::Timeout) => {}
                    Ok(Next::Closed) => return,
                    Err(error) => {
                        tracing::error!(%error, "records cannot be read, trying again");
                        std::thread::sleep(Duration::from_secs(1));
                    }
                }
            }
        };
        spawn_blocking(read);
        let moved = Stopwatch::start();
        Self { ready, kept, sent: kept, moved, offset, stop }
    }

    /// Records that the server does not have yet.
    fn waiting(&self, journal: &Journal) -> u64 {
        (journal.last_seq() + self.offset).saturating_sub(self.kept)
    }

    fn has_room(&self) -> bool {
        self.sent.saturating_sub(self.kept) < ON_THE_WAY_MAX
    }

    fn give(&mut self, (first, records): (u64, Vec<String>)) -> FromEdge {
        let first = first + self.offset;
        if self.sent <= self.kept {
            self.moved = Stopwatch::start();
        }
        self.sent = first + records.len() as u64 - 1;
        FromEdge::Records { first, records }
    }
}

/// Lines in frames of bounded length.
fn batches(records: &[(u64, Arc<Record>)]) -> Vec<(u64, Vec<String>)> {
    let mut batches: Vec<(u64, Vec<String>)> = Vec::new();
    let mut bytes = 0;
    for (seq, record) in records {
        let line = match &**record {
            Record::Raw(raw) => String::from_utf8_lossy(&raw.body).into_owned(),
            // An edge's journal holds nothing else; a number is a number.
            Record::Tick { .. } | Record::Source { .. } => String::new(),
        };
        bytes += line.len();
        match batches.last_mut().filter(|_| bytes <= RECORDS_BYTES_MAX) {
            Some((_, lines)) => lines.push(line),
            None => {
                bytes = line.len();
                batches.push((*seq, vec![line]));
            }
        }
    }
    batches
}
