//! Edges: who is in service, what each of them is told, what each of them says.
//!
//! The hub owns the registry of edges, the rights as they are given out, and one session for each
//! edge that is connected. What an edge may do changes only by what is signed for it; nothing it
//! says is believed before its certificate, and its signature where there is one, were checked.

mod begin;
mod enrol;
mod give;
mod heard;
pub mod keys;
mod passages;
pub mod practice;
mod records;
mod rights;
mod session;
#[cfg(test)]
mod tests;
mod world;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use access::link;
use access::revocation::{PointKind, PointLease};
use model::{DoorId, PlaceId, PointId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{State, StoreError};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::warden::{self, Heard, Warden, WardenError};

pub use begin::{open, serve};
pub use enrol::{CODE_LIFE, Invitation};
pub use keys::{Keys, KeysError};
pub(crate) use passages::LOOK_EVERY;
pub use passages::PassageBook;
pub use rights::lease_of;
pub use session::RENEW_EVERY;
pub use world::WORLD_RISKS_MAX;

use rights::Pinned;

/// Edges that are known at most, those out of service among them.
pub const EDGES_MAX: usize = 10_000;
/// Commands that may wait for one connected edge; at the bound the next is not sent and says so.
const COMMANDS_WAITING_MAX: usize = 256;

/// Why something about an edge was not done.
#[derive(Debug, thiserror::Error)]
pub enum EdgeError {
    /// There is no such edge.
    #[error("there is no edge `{0}`")]
    Unknown(PointId),
    /// Not as it stands now.
    #[error("{0}")]
    NotNow(String),
    /// The listener of edges is not configured.
    #[error("edges cannot be taken into service: `[listen.edges]` is not configured")]
    Off,
    /// Certificates.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Revocation.
    #[error(transparent)]
    Warden(#[from] WardenError),
    /// State.
    #[error("the state takes nothing now: {0}")]
    Store(#[from] StoreError),
}

/// How far an edge has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// A code was made.
    Invited,
    /// It has asked; somebody must compare fingerprints.
    Waiting,
    /// It enforces.
    InService,
    /// Taken out of service.
    Decommissioned,
}

/// What is kept of an edge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// Where it stands.
    pub site: Option<PlaceId>,
    /// How far it has come.
    pub stage: Stage,
    /// SHA-256 of its code's secret, in hexadecimal.
    secret: Option<String>,
    /// Until when that may be used.
    secret_until: Timestamp,
    /// Its public key, in hexadecimal.
    key: Option<String>,
    /// What asked for its certificate, until that is given.
    request: Option<String>,
    /// Its certificate (DER, hexadecimal), and the one before: a renewed one may have been lost.
    certificate: Option<String>,
    before: Option<String>,
    /// Since when it is so.
    pub since: Timestamp,
    /// Version of its software, as it last said.
    #[serde(default)]
    pub software: Option<String>,
    /// When it was last heard, as far as that is kept.
    #[serde(default)]
    pub last_heard: Option<Timestamp>,
}

impl Registered {
    /// Its public key.
    pub fn key(&self) -> Option<[u8; 32]> {
        let mut key = [0; 32];
        hex::decode_to_slice(self.key.as_deref()?, &mut key).ok()?;
        Some(key)
    }

    fn has_certificate(&self, shown: &[u8]) -> bool {
        let shown = hex::encode(shown);
        [&self.certificate, &self.before].into_iter().flatten().any(|own| *own == shown)
    }
}

/// What is known of a connected edge, and was last known of one that is away.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Alive {
    /// Whether it is connected.
    pub is_connected: bool,
    /// Since when that is so.
    pub since: Timestamp,
    /// When it last said anything.
    pub last_heard: Timestamp,
    /// The snapshot that it goes by.
    pub snapshot: Option<u64>,
    /// When its rights were last renewed, as far as it has confirmed.
    pub rights_at: Option<Timestamp>,
    /// By how much its clock was ahead of ours when it last said, in milliseconds.
    pub clock_offset_ms: Option<i64>,
    /// Whether it trusts its clock.
    pub clock_trusted: Option<bool>,
    /// When it was last heard with all its records here: what happened at its doors is known then.
    pub heard_at: Option<Timestamp>,
    /// The number of its last record, as it last said.
    pub(super) last_record: u64,
    /// Records that it still has for us.
    pub records_waiting: Option<u64>,
    /// Why it did not take what it was last given.
    pub not_taken: Option<String>,
    /// How its doors stand.
    pub doors: BTreeMap<DoorId, link::DoorTold>,
}

/// An edge, as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct EdgeTold {
    /// Who.
    pub point: PointId,
    /// What is kept of it.
    pub registered: Registered,
    /// What was heard of it in this run.
    pub alive: Option<Alive>,
    /// Records that it had to forget, of all time.
    pub records_lost: u64,
}

struct Entry {
    registered: Registered,
    alive: Option<Alive>,
    records_to: u64,
    records_lost: u64,
}

/// A way to an edge that is connected, or to doors that are run in this process.
struct Line {
    serial: u64,
    commands: mpsc::Sender<link::Command>,
    end: CancellationToken,
}

/// All edges.
pub struct Hub {
    state: State,
    warden: Arc<Warden>,
    keys: Keys,
    edges: Mutex<BTreeMap<PointId, Entry>>,
    lines: Mutex<HashMap<PointId, Line>>,
    pinned: Mutex<Vec<Arc<Pinned>>>,
    world: watch::Sender<Arc<link::World>>,
    passages: Arc<PassageBook>,
    /// Goes up whenever somebody's stage changes.
    staged: watch::Sender<u64>,
    heard: mpsc::Sender<Heard>,
    inbox: Mutex<Option<mpsc::Receiver<Heard>>>,
    outcomes: mpsc::Sender<Outcome>,
    outcome_inbox: Mutex<Option<mpsc::Receiver<Outcome>>>,
    told: tokio::sync::broadcast::Sender<PointId>,
    listens: std::sync::OnceLock<std::net::SocketAddr>,
    /// How the doors stand that are run in this process, and whether that is known now.
    here: Mutex<BTreeMap<DoorId, (link::DoorTold, bool)>>,
}

/// What an edge says has become of a command, with its signature where it is another machine.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Who says so.
    pub point: PointId,
    /// What.
    pub done: link::Done,
    /// Bytes and signature.
    pub proof: (Vec<u8>, Vec<u8>),
}

/// Words of points that wait to be written in one go; at the bound their sessions wait.
const HEARD_MAX: usize = 4_096;
/// Edges whose change may wait for whoever watches.
const TOLD_MAX: usize = 1_024;
/// Longest that words of points wait for others to be written with them.
const GATHER: Duration = Duration::from_millis(2);

impl Hub {
    /// Opens the registry, with the keys of a data folder.
    pub async fn open(state: State, warden: Arc<Warden>, keys: Keys) -> Result<Self, StoreError> {
        let mut edges = BTreeMap::new();
        for stored in state.edges().await? {
            let registered = serde_json::from_str(&stored.body).map_err(|error| {
                let file = format!("edge {}", stored.point);
                StoreError::Corrupt { file, detail: error.to_string() }
            })?;
            let (records_to, records_lost) = (stored.records_to, stored.records_lost);
            let entry = Entry { registered, alive: None, records_to, records_lost };
            edges.insert(stored.point, entry);
        }
        let (heard, inbox) = mpsc::channel(HEARD_MAX);
        let (outcomes, outcome_inbox) = mpsc::channel(HEARD_MAX);
        Ok(Self {
            state,
            warden,
            keys,
            edges: Mutex::new(edges),
            lines: Mutex::default(),
            pinned: Mutex::default(),
            world: watch::channel(Arc::default()).0,
            passages: Arc::default(),
            staged: watch::channel(0).0,
            heard,
            inbox: Mutex::new(Some(inbox)),
            outcomes,
            outcome_inbox: Mutex::new(Some(outcome_inbox)),
            told: tokio::sync::broadcast::channel(TOLD_MAX).0,
            listens: std::sync::OnceLock::new(),
            here: Mutex::default(),
        })
    }

    /// Says where the listener of edges is, once it is bound.
    pub fn listens_at(&self, address: std::net::SocketAddr) {
        let _ = self.listens.set(address);
    }

    /// The authority over edges.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// All edges, in order of their ids.
    pub fn list(&self) -> Vec<EdgeTold> {
        self.edges().iter().map(|(point, entry)| entry.told(point)).collect()
    }

    /// One edge.
    pub fn get(&self, point: &PointId) -> Option<EdgeTold> {
        self.edges().get(point).map(|entry| entry.told(point))
    }

    /// How a door stands, as its edge last said, and when that was.
    pub fn door(&self, point: &PointId, door: &DoorId) -> Option<(link::DoorTold, bool)> {
        let edges = self.edges();
        let Some(entry) = edges.get(point) else {
            let here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
            return here.get(door).cloned();
        };
        let alive = entry.alive.as_ref()?;
        alive.doors.get(door).map(|told| (told.clone(), alive.is_connected))
    }

    /// How doors stand that are run in this process; `is_live`: whether they say so now.
    pub fn told_here(&self, doors: Vec<link::DoorTold>, is_live: bool) {
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        for told in doors {
            here.insert(told.door.clone(), (told, is_live));
        }
    }

    /// Tells whose state has changed.
    pub fn told(&self) -> tokio::sync::broadcast::Receiver<PointId> {
        self.told.subscribe()
    }

    /// Whether commands reach a point now.
    pub fn is_connected(&self, point: &PointId) -> bool {
        self.lines().contains_key(point)
    }

    /// Doors that are run in this process take commands under the id of their point; what becomes
    /// of one is said by [`Hub::done_here`].
    pub fn attach(&self, point: PointId) -> mpsc::Receiver<link::Command> {
        let (commands, taken) = mpsc::channel(COMMANDS_WAITING_MAX);
        let line = Line { serial: 0, commands, end: CancellationToken::new() };
        self.lines().insert(point, line);
        taken
    }

    /// What became of a command to a door that is run in this process.
    pub async fn done_here(&self, point: PointId, done: link::Done) {
        let proof = (Vec::new(), Vec::new());
        let _ = self.outcomes.send(Outcome { point, done, proof }).await;
    }

    /// Sends a command to a point. `false`: it is not connected, or takes no more.
    pub fn send(&self, point: &PointId, command: link::Command) -> bool {
        let lines = self.lines();
        lines.get(point).is_some_and(|line| line.commands.try_send(command).is_ok())
    }

    /// What becomes of commands; whoever commands takes it once.
    pub fn outcomes(&self) -> Option<mpsc::Receiver<Outcome>> {
        self.outcome_inbox.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Tells every edge what changes by the minute.
    pub fn tell_world(&self, world: link::World) {
        self.world.send_if_modified(|told| {
            let is_new = **told != world;
            if is_new {
                *told = Arc::new(world);
            }
            is_new
        });
    }

    /// What edges were last told of the world.
    pub fn world(&self) -> Arc<link::World> {
        Arc::clone(&self.world.borrow())
    }

    /// Where people went, over all points.
    pub fn passages(&self) -> &Arc<PassageBook> {
        &self.passages
    }

    /// Takes a point out of service for good: it is asked nothing more and told nothing more.
    pub async fn decommission(
        &self,
        point: &PointId,
        by: (&str, &str),
        now: Timestamp,
    ) -> Result<EdgeTold, EdgeError> {
        let mut registered =
            self.get(point).ok_or_else(|| EdgeError::Unknown(point.clone()))?.registered;
        if registered.stage == Stage::Decommissioned {
            return Err(EdgeError::NotNow("the edge is out of service already".to_owned()));
        }
        self.warden.decommission(point, by, now).await?;
        registered.stage = Stage::Decommissioned;
        (registered.secret, registered.request) = (None, None);
        (registered.certificate, registered.before) = (None, None);
        registered.since = now;
        self.save(point, registered, &[]).await?;
        if let Some(line) = self.lines().remove(point) {
            line.end.cancel();
        }
        self.get(point).ok_or_else(|| EdgeError::Unknown(point.clone()))
    }

    /// Writes what points have said, many at once: a crowd of receipts costs one look at the disk.
    pub async fn clerk(self: Arc<Self>, clock: crate::clock::Clock, stop: CancellationToken) {
        let inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut inbox) = inbox else { return };
        loop {
            let mut heard = Vec::new();
            let got = tokio::select! {
                () = stop.cancelled() => return,
                got = inbox.recv_many(&mut heard, HEARD_MAX) => got,
            };
            if got == 0 {
                return;
            }
            if got > 1 {
                tokio::time::sleep(GATHER).await;
                while heard.len() < HEARD_MAX
                    && let Ok(more) = inbox.try_recv()
                {
                    heard.push(more);
                }
            }
            // What could not be written is not lost: nobody was told, and every point says again
            // what is still open whenever it is asked.
            if let Err(error) = self.warden.hear(heard, clock.now()).await {
                tracing::error!(reason = %error, "receipts were not kept; points are asked again");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }

    async fn save(
        &self,
        point: &PointId,
        registered: Registered,
        acts: &[model::AuditAct],
    ) -> Result<(), EdgeError> {
        let body = serde_json::to_string(&registered)
            .map_err(|error| EdgeError::NotNow(error.to_string()))?;
        self.state.save_edge((point, &body), acts).await?;
        let mut edges = self.edges();
        match edges.get_mut(point) {
            Some(entry) => entry.registered = registered,
            None => {
                let entry = Entry { registered, alive: None, records_to: 0, records_lost: 0 };
                edges.insert(point.clone(), entry);
            }
        }
        drop(edges);
        self.staged.send_modify(|version| *version += 1);
        let _ = self.told.send(point.clone());
        Ok(())
    }

    fn edges(&self) -> MutexGuard<'_, BTreeMap<PointId, Entry>> {
        self.edges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<PointId, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is known of a connected edge.
    fn alive<T>(&self, point: &PointId, change: impl FnOnce(&mut Alive) -> T) -> Option<T> {
        let mut edges = self.edges();
        let entry = edges.get_mut(point)?;
        let told = change(entry.alive.get_or_insert_default());
        drop(edges);
        Some(told)
    }
}

impl Entry {
    fn told(&self, point: &PointId) -> EdgeTold {
        EdgeTold {
            point: point.clone(),
            registered: self.registered.clone(),
            alive: self.alive.clone(),
            records_lost: self.records_lost,
        }
    }
}

/// A point as the book of revocations has it.
fn point_of(lease: Option<PointLease>, now: Timestamp) -> access::revocation::Point {
    access::revocation::Point { kind: PointKind::Edge, lease, renewed_at: now }
}

fn noted(
    at: Timestamp,
    (by, verb): (&str, &str),
    point: &PointId,
    reason: &str,
) -> model::AuditAct {
    let detail = json!({ "reason": reason });
    warden::audit(at, by, verb, &format!("point:{point}"), detail)
}

impl crate::engine::Engine {
    /// Makes a code for an edge; refused where no listener waits for edges.
    pub async fn invite_edge(
        &self,
        point: &PointId,
        site: Option<PlaceId>,
        by: &str,
    ) -> Result<Invitation, EdgeError> {
        let edges = self.config.listen.edges.as_ref().ok_or(EdgeError::Off)?;
        let listens = self.edges.listens.get().copied().unwrap_or(edges.address).to_string();
        let address = edges.public.as_deref().unwrap_or(&listens);
        self.edges.invite(point, (site, address), (by, self.now())).await
    }

    /// Keeps that somebody was shown who is inside.
    pub async fn note_muster(
        &self,
        area: &model::ZoneId,
        (inside, possibly): (usize, usize),
        by: &str,
    ) -> Result<(), StoreError> {
        let detail = json!({ "inside": inside, "possibly": possibly });
        let act = warden::audit(self.now(), by, "muster.show", &format!("zone:{area}"), detail);
        self.state.record_acts(&[act]).await
    }
}
