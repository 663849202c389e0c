//! A box at a site: its doors decide by rights on its own disk, whether the server is there or not.
//!
//! Owns the edge's identity, its rights and records on disk, and the link to its server. Never
//! decides; the doors ([`crate::door`]) wait for nothing of this.

mod aside;
mod enrol;
mod identity;
mod keep;
mod session;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use access::door::{RightsAge, Snapshot};
use access::link::Done;
use model::raw::Wire;
use model::{Problem, Raw, Record, SourceId, Timestamp, Trust};
use store::{Batch, Journal, StoreError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::Config;
use crate::door::{Ask, Numbered, Numbers, Point, PointError, Seen, Start, Writer};
use crate::folder::{DataFolder, FolderError};

pub use enrol::{EnrolError, enrol};
pub use identity::{Identity, IdentityError};
pub use keep::{DELTAS_MAX, Keep, NotTaken};
pub use session::CONSUMER;

use session::Link;

/// How often the age of rights is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A certificate is renewed this often; it lasts for more than a year.
const RENEW_EVERY: Duration = Duration::from_secs(30 * 24 * 3_600);
/// How long a renewal that failed waits before it is tried again.
const RENEW_AGAIN: Duration = Duration::from_secs(6 * 3_600);
/// Newest records that are kept in memory for whoever sends them up: the box is small.
const RECENT_BYTES_MAX: usize = 1 << 20;

/// Why an edge does not start.
#[derive(Debug, thiserror::Error)]
pub enum EdgeStartError {
    /// Who it is.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Its data folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Its journal.
    #[error("the records on disk cannot be opened")]
    Store(#[from] StoreError),
    /// Its doors.
    #[error(transparent)]
    Point(#[from] PointError),
    /// The system.
    #[error("{0}")]
    System(#[from] std::io::Error),
    /// Nothing is wired to it.
    #[error("no `[[door]]` is configured: an edge without doors does nothing")]
    NoDoors,
    /// Our own schema of policies.
    #[error("{}", .0.message)]
    Schema(Problem),
}

/// An edge that runs.
pub struct Edge {
    point: Point,
    writer: JoinHandle<()>,
    journal: Arc<Journal>,
    stop: CancellationToken,
    tasks: tokio::task::JoinSet<()>,
    folder: DataFolder,
    clock: Clock,
    /// Who it is.
    pub identity: Arc<Identity>,
    /// Which rights it goes by.
    pub keep: Arc<Mutex<Keep>>,
}

impl Edge {
    /// Starts: rights from disk, then the doors, then the link. Returns when the doors work.
    pub async fn start(config: &Config, clock: Clock) -> Result<Self, EdgeStartError> {
        if config.doors.is_empty() {
            return Err(EdgeStartError::NoDoors);
        }
        let folder = DataFolder::hold(&config.data)?;
        let identity = Arc::new(Identity::open(&config.data)?);
        let now = clock.now();
        let (data, own) = (config.data.clone(), Arc::clone(&identity));
        let (mut keep, snapshot) = aside::run(move || Keep::open(&data, own, now)).await??;
        aside::give_back();
        let journal = open_journal(config, now)?;
        let last = last_number(&journal)?;
        let (numbers, records, waiting) = Numbers::resume(&config.data, last, now)?;
        let (seen, commands) = Seen::open(&config.data, now)?;
        let source = SourceId::parse(identity.point().as_str()).map_err(std::io::Error::other)?;
        let writer =
            Writer { point: identity.point().to_string(), waiting, numbers: Some(numbers) };
        let writer = write_to(Arc::clone(&journal), (source, clock.clone()), writer)?;
        let mut snapshot = match snapshot {
            Some(snapshot) => snapshot,
            None => Snapshot::empty(now).map_err(EdgeStartError::Schema)?,
        };
        // Before the first card: how old the rights are, and whether the clock is believed.
        snapshot.rights = RightsAge {
            confirmed_at: keep.confirmed_at().unwrap_or(now),
            is_trusted: keep.tick(now),
        };
        let start = Start {
            doors: config.doors.clone(),
            key: identity.hash_key(),
            snapshot,
            clock: clock.clone(),
            records,
            commands,
        };
        let (point, dones) = Point::start(start)?;
        let keep = Arc::new(Mutex::new(keep));
        let mut edge = Self {
            point,
            writer,
            journal,
            stop: CancellationToken::new(),
            tasks: tokio::task::JoinSet::new(),
            folder,
            clock: clock.clone(),
            identity,
            keep,
        };
        edge.run_beside((config, clock), (dones, seen));
        Ok(edge)
    }

    fn run_beside(
        &mut self,
        (config, clock): (&Config, Clock),
        (dones, seen): (mpsc::Receiver<Done>, Seen),
    ) {
        let server = config.doors.server.clone();
        let server = server.unwrap_or_else(|| self.identity.given.server.clone());
        let link = Link {
            identity: Arc::clone(&self.identity),
            server: server.clone(),
            keep: Arc::clone(&self.keep),
            journal: Arc::clone(&self.journal),
            asks: self.point.asks(),
            dones,
            seen,
            clock: clock.clone(),
        };
        self.tasks.spawn(link.run(self.stop.clone()));
        let watch = watch_clock(Arc::clone(&self.keep), self.point.asks(), clock);
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            tokio::select! { () = stop.cancelled() => {}, () = watch => {} }
        });
        let (stop, identity) = (self.stop.clone(), Arc::clone(&self.identity));
        let data = config.data.clone();
        self.tasks.spawn(async move {
            let mut wait = RENEW_EVERY;
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(wait) => {}
                }
                wait = match enrol::renew(&data, &identity, &server).await {
                    Ok(()) => RENEW_EVERY,
                    Err(error) => {
                        tracing::error!(%error, "the certificate of this edge is not renewed");
                        RENEW_AGAIN
                    }
                };
            }
        });
    }

    /// Stops in order: the link, the doors, the records.
    pub async fn stop(mut self) -> Result<(), EdgeStartError> {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
        let (point, writer, journal) = (self.point, self.writer, self.journal);
        let ended = tokio::task::spawn_blocking(move || {
            point.stop();
            if writer.join().is_err() {
                tracing::error!("the writer of records ended in a panic");
            }
            journal.close();
        });
        ended.await.map_err(std::io::Error::other)?;
        let now = self.clock.now();
        self.keep.lock().unwrap_or_else(PoisonError::into_inner).close(now);
        drop(self.folder);
        Ok(())
    }
}

fn open_journal(config: &Config, now: Timestamp) -> Result<Arc<Journal>, StoreError> {
    let folder = config.data.join("records");
    let mut limits = config.limits.journal();
    limits.memory_recent_bytes_max = limits.memory_recent_bytes_max.min(RECENT_BYTES_MAX);
    Ok(Arc::new(Journal::open(&folder, limits, &[CONSUMER], now)?))
}

/// The number of the last record on disk; 0: there is none.
fn last_number(journal: &Journal) -> Result<u64, StoreError> {
    let last = journal.last_seq();
    if last == 0 || last < journal.stats().first_seq {
        return Ok(0);
    }
    match journal.reader(last).next_batch(1, Duration::ZERO)? {
        store::journal::Next::Records(records) => {
            let body = records.last().and_then(|(_, record)| match &**record {
                Record::Raw(raw) => serde_json::from_slice::<Numbered>(&raw.body).ok(),
                Record::Tick { .. } | Record::Source { .. } => None,
            });
            Ok(body.map_or(0, |numbered| numbered.n))
        }
        store::journal::Next::Timeout | store::journal::Next::Closed => Ok(0),
    }
}

/// The thread that makes an edge's records durable.
fn write_to(
    journal: Arc<Journal>,
    (source, clock): (SourceId, Clock),
    writer: Writer,
) -> std::io::Result<JoinHandle<()>> {
    let commit = move |lines: &[String], _| {
        let now = clock.now();
        let raw = |line: &String| Raw {
            source: source.clone(),
            received_at: now,
            wire: Wire::Json,
            listener: "door".into(),
            peer: None,
            topic: None,
            trust: Trust::Mtls,
            bytes_cut: 0,
            rerun_of: None,
            body: line.clone().into_bytes(),
        };
        let records = lines.iter().map(|line| Record::from(raw(line))).collect();
        let batch = Batch { records, marks: Vec::new(), idempotency: None };
        journal.append(batch, now).wait().map(drop).map_err(|error| error.to_string())
    };
    std::thread::Builder::new().name("door-records".into()).spawn(move || writer.run(commit))
}

/// Looks at the clock, and tells the doors how old their rights are.
async fn watch_clock(keep: Arc<Mutex<Keep>>, asks: mpsc::Sender<Ask>, clock: Clock) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        look.tick().await;
        let asked = {
            let keep = Arc::clone(&keep);
            let now = clock.now();
            // It may write to the disk.
            let looked = tokio::task::spawn_blocking(move || {
                let mut keep = keep.lock().unwrap_or_else(PoisonError::into_inner);
                let is_trusted = keep.tick(now);
                keep.confirmed_at().map(|confirmed_at| Ask::Rights { confirmed_at, is_trusted })
            });
            looked.await.ok().flatten()
        };
        if let Some(ask) = asked
            && asks.send(ask).await.is_err()
        {
            return;
        }
    }
}
