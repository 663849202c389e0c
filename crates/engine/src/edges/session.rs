//! One connected edge: who it is, and what it says. What it is told is in [`super::give`]; each
//! session gives for itself, and a slow edge makes nobody else wait.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use access::link::{
    self, FRAME_BYTES_MAX, FromEdge, FromServer, LINK_FORMAT, Purpose, RECORDS_MAX, Signed,
};
use access::revocation::{Receipt, Suspensions, Tombstone, Tombstones};
use adapters::link::{FrameError, LinkListener, LinkPeer, LinkStream, LinkWay, frame};
use model::{PlaceId, PointId, RevocationId, Timestamp};
use tokio::io::{ReadHalf, WriteHalf};
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::give::tell;
use super::records::Intake;
use super::{Alive, COMMANDS_WAITING_MAX, Hub, Line, Outcome, Stage, keys, world};
use crate::clock::{Clock, Stopwatch};
use crate::engine::Engine;
use crate::warden::Heard;

/// How often rights are confirmed anew: well under the shortest lease, which is minutes.
pub const RENEW_EVERY: Duration = Duration::from_secs(20);
/// An edge that says nothing for this long is cut off; it says that it is alive every 5 s.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// How long a first word may take.
const FIRST_WORD_MAX: Duration = Duration::from_secs(10);
/// Whole snapshots that are made at once; more wait.
const FULLS_AT_ONCE_MAX: usize = 2;
/// The certificate that the listener shows is made anew this often.
const LISTENER_RENEWED: Duration = Duration::from_secs(30 * 24 * 3_600);

type Read = ReadHalf<LinkStream>;
pub(super) type Write = WriteHalf<LinkStream>;

/// What all sessions share.
pub(super) struct Shared {
    pub(super) hub: Arc<Hub>,
    intake: Intake,
    pub(super) clock: Clock,
    hash_key: [u8; 32],
    pub(super) fulls: Semaphore,
}

impl Shared {
    pub(super) fn new(hub: Arc<Hub>, intake: Intake, (clock, hash_key): (Clock, [u8; 32])) -> Self {
        Self { hub, intake, clock, hash_key, fulls: Semaphore::new(FULLS_AT_ONCE_MAX) }
    }
}

/// What the two halves of a session tell each other.
pub(super) struct Between {
    pub(super) point: PointId,
    pub(super) site: PlaceId,
    /// The edge's key.
    key: [u8; 32],
    /// What the edge goes by, as it last said.
    pub(super) had: watch::Sender<(u64, Option<u64>)>,
    /// Up to where its records are durable.
    pub(super) kept: watch::Sender<u64>,
    /// Deeds that it has confirmed in this session, and when.
    pub(super) answered: std::sync::Mutex<BTreeMap<RevocationId, Stopwatch>>,
    /// When the version that was last sent was given.
    pub(super) given_at: AtomicU64,
    /// Its tombstones were asked for and have come, or the other way round.
    pub(super) tombstones: Notify,
    /// What of the language it understands.
    pub(super) revision: u16,
}

/// Runs the listener of edges, and all sessions, until told to stop.
pub async fn run(engine: Arc<Engine>, listener: LinkListener, stop: CancellationToken) {
    let intake = Intake {
        journal: Arc::clone(&engine.journal),
        accounts: Arc::clone(&engine.accounts),
        silencer: Arc::clone(&engine.silencer),
    };
    let how = (engine.clock.clone(), engine.access.key_bytes());
    let shared = Shared::new(Arc::clone(&engine.edges), intake, how);
    serve_all(Arc::new(shared), listener, stop).await;
}

pub(super) async fn serve_all(
    shared: Arc<Shared>,
    mut listener: LinkListener,
    stop: CancellationToken,
) {
    let mut sessions = JoinSet::new();
    let mut renewed = tokio::time::interval(LISTENER_RENEWED);
    renewed.tick().await;
    loop {
        while sessions.try_join_next().is_some() {}
        tokio::select! {
            () = stop.cancelled() => break,
            _ = renewed.tick() => renew(&shared, &listener),
            peer = listener.accept() => {
                let Some(peer) = peer else { break };
                sessions.spawn(served(Arc::clone(&shared), peer, stop.clone()));
            }
        }
    }
    sessions.shutdown().await;
}

fn renew(shared: &Shared, listener: &LinkListener) {
    let shown = shared.hub.keys.listener(shared.clock.now()).map_err(|error| error.to_string());
    let renewed = shown.and_then(|tls| listener.renew(&tls).map_err(|error| error.to_string()));
    if let Err(error) = renewed {
        tracing::error!(%error, "the listener of edges shows its old certificate");
    }
}

async fn served(shared: Arc<Shared>, peer: LinkPeer, stop: CancellationToken) {
    match peer.way {
        LinkWay::Edge => serve(shared, peer, stop).await,
        LinkWay::Enrol => {
            let how = (shared.clock.clone(), shared.hash_key);
            let hub = Arc::clone(&shared.hub);
            tokio::select! {
                () = stop.cancelled() => {}
                () = hub.enrolment(peer, how) => {}
            }
        }
    }
}

/// Runs what goes on beside sessions: rights and the world as they change.
pub async fn follow(engine: Arc<Engine>, stop: CancellationToken) {
    world::follow(engine, stop).await;
}

pub(super) fn encode<T: serde::Serialize>(what: &T) -> Option<Vec<u8>> {
    match rmp_serde::to_vec_named(what) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            tracing::error!(%error, "a word of the link cannot be written");
            None
        }
    }
}

pub(super) async fn say(to: &mut Write, what: &FromServer) -> Result<(), FrameError> {
    match encode(what) {
        Some(bytes) => frame::write(to, &bytes).await,
        None => Ok(()),
    }
}

async fn serve(shared: Arc<Shared>, peer: LinkPeer, stop: CancellationToken) {
    let LinkPeer { certificate, name, address, stream, place, .. } = peer;
    let (mut from, mut to) = tokio::io::split(stream);
    let first = timeout(FIRST_WORD_MAX, frame::read(&mut from, FRAME_BYTES_MAX)).await;
    let Ok(Ok(Some(first))) = first else { return };
    let greeted = greet(&shared, &first, (certificate.as_deref(), name.as_deref()));
    let (between, hello) = match greeted {
        Ok(greeted) => greeted,
        Err(why) => {
            tracing::warn!(%why, peer = %address.ip(), "an edge is not served");
            let _ = say(&mut to, &FromServer::Farewell { why }).await;
            return;
        }
    };
    let (hub, between) = (Arc::clone(&shared.hub), Arc::new(between));
    let point = between.point.clone();
    let end = stop.child_token();
    let (commands, wanted) = mpsc::channel(COMMANDS_WAITING_MAX);
    let serial = hub.opened(&point, (commands, end.clone()), &hello, shared.clock.now());
    hub.code_used(&point).await;
    // Before anything is given: one that goes by newer rights than we have given stops us all.
    let goes_by = vec![Heard::Goes(point.clone(), hello.snapshot)];
    if let Err(error) = hub.warden.hear(goes_by, shared.clock.now()).await {
        tracing::error!(reason = %error, %point, "an edge is served later");
        hub.closed(&point, serial, shared.clock.now());
        return;
    }
    let ended = tokio::select! {
        () = end.cancelled() => {
            let why = "another connection took this place, or it is out of service".to_owned();
            let _ = say(&mut to, &FromServer::Farewell { why }).await;
            Ok(())
        }
        ended = listen(&shared, &between, &mut from) => ended,
        ended = tell(&shared, &between, (&mut to, wanted)) => ended.map_err(|e| e.to_string()),
    };
    hub.closed(&point, serial, shared.clock.now());
    match ended {
        Ok(()) => tracing::info!(%point, "an edge has gone"),
        Err(why) => tracing::warn!(%point, %why, "the link to an edge has ended"),
    }
    drop(place);
}

struct Hello {
    snapshot: Option<u64>,
    software: String,
    now: Timestamp,
    /// Records that it still has for us.
    waiting: u64,
    last: u64,
}

/// Whether it is who it says, and in service.
fn greet(
    shared: &Shared,
    first: &[u8],
    (certificate, name): (Option<&[u8]>, Option<&str>),
) -> Result<(Between, Hello), String> {
    let FromEdge::Hello { format, point, software, now, snapshot, records, revision } =
        rmp_serde::from_slice(first).map_err(|_| "the first word is no greeting".to_owned())?
    else {
        return Err("the first word is no greeting".to_owned());
    };
    if format != LINK_FORMAT {
        return Err(format!("this server speaks version {LINK_FORMAT} of the link"));
    }
    if name != Some(point.as_str()) {
        return Err("the certificate is another edge's".to_owned());
    }
    let known = shared.hub.get(&point).map(|told| told.registered);
    let own = known.filter(|own| own.stage == Stage::InService);
    let own = own.ok_or_else(|| "this edge is not in service".to_owned())?;
    if !certificate.is_some_and(|shown| own.has_certificate(shown)) {
        return Err("the certificate is not the one in service".to_owned());
    }
    let key = own.key().ok_or_else(|| "its key is not known".to_owned())?;
    let site = own.site.or_else(|| PlaceId::parse("site").ok());
    let site = site.ok_or_else(|| "its site is not known".to_owned())?;
    let kept = shared.hub.records_to(&shared.intake, &point);
    let between = Between {
        point,
        site,
        key,
        had: watch::channel((0, snapshot)).0,
        kept: watch::channel(kept).0,
        answered: std::sync::Mutex::default(),
        given_at: AtomicU64::new(0),
        tombstones: Notify::new(),
        revision,
    };
    let waiting = records.1.saturating_sub(1).saturating_sub(kept);
    // Those that wait on its disk are said by its next number.
    let last = records.1.saturating_sub(1);
    Ok((between, Hello { snapshot, software, now, waiting, last }))
}

impl Hub {
    fn opened(
        &self,
        point: &PointId,
        (commands, end): (mpsc::Sender<link::Command>, CancellationToken),
        hello: &Hello,
        now: Timestamp,
    ) -> u64 {
        static SERIAL: AtomicU64 = AtomicU64::new(1);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let line = Line { serial, commands, end };
        if let Some(before) = self.lines().insert(point.clone(), line) {
            before.end.cancel();
        }
        self.alive(point, |alive| {
            *alive = Alive {
                is_connected: true,
                since: now,
                last_heard: now,
                snapshot: hello.snapshot,
                clock_offset_ms: Some(hello.now.millis() - now.millis()),
                records_waiting: Some(hello.waiting),
                doors: std::mem::take(&mut alive.doors),
                heard_at: alive.heard_at,
                last_record: hello.last,
                ..Alive::default()
            };
        });
        if let Some(entry) = self.edges().get_mut(point) {
            entry.registered.software = Some(hello.software.chars().take(80).collect());
        }
        let _ = self.told.send(point.clone());
        serial
    }

    fn closed(&self, point: &PointId, serial: u64, now: Timestamp) {
        {
            let mut lines = self.lines();
            if lines.get(point).is_none_or(|line| line.serial != serial) {
                return;
            }
            lines.remove(point);
        }
        self.alive(point, |alive| (alive.is_connected, alive.since) = (false, now));
        let _ = self.told.send(point.clone());
    }
}

/// Hears the edge until it goes, or says what cannot be.
async fn listen(shared: &Shared, between: &Between, from: &mut Read) -> Result<(), String> {
    loop {
        let read = timeout(SILENCE_MAX, frame::read(from, FRAME_BYTES_MAX)).await;
        let bytes = match read {
            Err(_) => return Err(format!("silent for {} s", SILENCE_MAX.as_secs())),
            Ok(Err(error)) => return Err(error.to_string()),
            Ok(Ok(None)) => return Ok(()),
            Ok(Ok(Some(bytes))) => bytes,
        };
        let said: FromEdge = rmp_serde::from_slice(&bytes)
            .map_err(|error| format!("a word that nobody understands: {error}"))?;
        drop(bytes);
        hear(shared, between, said).await?;
    }
}

async fn hear(shared: &Shared, between: &Between, said: FromEdge) -> Result<(), String> {
    let (hub, point, now) = (&shared.hub, &between.point, shared.clock.now());
    hub.alive(point, |alive| alive.last_heard = now);
    let heard = heed(shared, between, (said, now)).await;
    // Those that it had to forget are not waited for.
    let gone = hub.edges().get(point).map_or(0, |entry| entry.records_to);
    let kept = gone.max(*between.kept.borrow());
    hub.alive(point, |alive| {
        if kept >= alive.last_record {
            alive.heard_at = Some(now);
        }
    });
    heard
}

async fn heed(
    shared: &Shared,
    between: &Between,
    (said, now): (FromEdge, Timestamp),
) -> Result<(), String> {
    let (hub, point) = (&shared.hub, &between.point);
    match said {
        FromEdge::Hello { .. } => Err("it greets twice".to_owned()),
        FromEdge::Taken { snapshot, receipts } => {
            taken(shared, between, (snapshot, receipts)).await
        }
        FromEdge::NotTaken { snapshot, why, wants_full } => {
            tracing::warn!(%point, %why, "an edge did not take what it was given");
            hub.alive(point, |alive| alive.not_taken = Some(why.chars().take(400).collect()));
            let had = snapshot.filter(|_| !wants_full);
            between.had.send_modify(|(turn, known)| (*turn, *known) = (*turn + 1, had));
            goes(hub, point, snapshot).await;
            Ok(())
        }
        FromEdge::Records { first, records } => {
            if records.len() > RECORDS_MAX {
                return Err(format!("{} records at once", records.len()));
            }
            match hub.take_records(&shared.intake, (point, first), (records, now)).await {
                Ok(to) => drop(between.kept.send_replace(to)),
                // Not acknowledged: it keeps them, and says them again.
                Err(why) => tracing::error!(%point, %why, "records of an edge are not taken now"),
            }
            Ok(())
        }
        FromEdge::Lost { from, to, why } => {
            tracing::warn!(%point, %why, "records of an edge are lost");
            hub.lost_records(&shared.intake, point, (from, to)).await;
            Ok(())
        }
        FromEdge::Outcome(signed) => {
            if !keys::is_signed_by(&signed, Purpose::Outcome, point, &between.key) {
                return Err("an outcome with a bad signature".to_owned());
            }
            let done: link::Done = rmp_serde::from_slice(&signed.bytes)
                .map_err(|error| format!("an outcome that nobody understands: {error}"))?;
            let proof = (signed.bytes, signed.signature);
            let outcome = Outcome { point: point.clone(), done, proof };
            let _ = hub.outcomes.send(outcome).await;
            Ok(())
        }
        FromEdge::Tombstones { dead, suspended } => {
            tombstones(shared, between, (dead, &suspended)).await
        }
        FromEdge::Alive { now: theirs, clock_trusted, snapshot, doors, records_waiting, last } => {
            let offset = theirs.millis() - now.millis();
            hub.alive(point, |alive| {
                alive.records_waiting = records_waiting;
                alive.last_record = last.unwrap_or(alive.last_record);
            });
            is_alive(hub, point, (offset, clock_trusted, snapshot), doors).await;
            Ok(())
        }
    }
}

/// It says that it is alive, and how its doors stand; doors of others are passed over.
async fn is_alive(
    hub: &Hub,
    point: &PointId,
    (offset, clock_trusted, snapshot): (i64, bool, Option<u64>),
    doors: Vec<link::DoorTold>,
) {
    let newest = hub.newest();
    let own = newest.as_ref().and_then(|pinned| pinned.data.points.get(point));
    let before = hub.alive(point, |alive| {
        let before = (alive.snapshot, alive.clock_trusted);
        alive.clock_offset_ms = Some(offset);
        alive.clock_trusted = Some(clock_trusted);
        let own = doors.into_iter().filter(|told| own.is_some_and(|o| o.contains(&told.door)));
        let mut is_moved = false;
        for door in own {
            is_moved = true;
            alive.doors.insert(door.door.clone(), door);
        }
        (before, is_moved)
    });
    let Some((before, is_moved)) = before else { return };
    if before.0 != snapshot {
        goes(hub, point, snapshot).await;
    }
    // That it is alive alone is no news: hundreds of edges say so every few seconds.
    if is_moved || before != (snapshot, Some(clock_trusted)) {
        let _ = hub.told.send(point.clone());
    }
}

/// All that is dead there, and who is suspended.
async fn tombstones(
    shared: &Shared,
    between: &Between,
    (dead, suspended): (Vec<Tombstone>, &Suspensions),
) -> Result<(), String> {
    let mut stones = Tombstones::default();
    let lost = dead.iter().filter(|stone| !stones.bury(**stone)).count();
    if lost > 0 {
        return Err(format!("{lost} tombstones find no room"));
    }
    let (words, now) = ((&stones, suspended), shared.clock.now());
    let merged = shared.hub.warden.merged(&between.point, words, now).await;
    merged.map_err(|error| error.to_string())?;
    between.tombstones.notify_one();
    Ok(())
}

async fn goes(hub: &Hub, point: &PointId, snapshot: Option<u64>) {
    hub.alive(point, |alive| alive.snapshot = snapshot);
    let _ = hub.heard.send(Heard::Goes(point.clone(), snapshot)).await;
}

/// It goes by a snapshot, and confirms the deeds in it.
async fn taken(
    shared: &Shared,
    between: &Between,
    (snapshot, receipts): (u64, Vec<Signed>),
) -> Result<(), String> {
    let (hub, point) = (&shared.hub, &between.point);
    for signed in receipts {
        if !keys::is_signed_by(&signed, Purpose::Receipt, point, &between.key) {
            return Err("a receipt with a bad signature".to_owned());
        }
        let receipt: Receipt = rmp_serde::from_slice(&signed.bytes)
            .map_err(|error| format!("a receipt that nobody understands: {error}"))?;
        if receipt.point != *point {
            return Err("a receipt of another edge".to_owned());
        }
        let deed = receipt.deed.clone();
        let heard = Heard::Receipt(receipt, (signed.bytes, signed.signature));
        // Full: whoever writes is behind; the edge waits with it.
        let _ = hub.heard.send(heard).await;
        let answered = between.answered.lock();
        let mut answered = answered.unwrap_or_else(std::sync::PoisonError::into_inner);
        answered.insert(deed, Stopwatch::start());
    }
    let at = i64::try_from(between.given_at.load(Ordering::Acquire)).unwrap_or(i64::MAX);
    hub.alive(point, |alive| {
        alive.not_taken = None;
        alive.rights_at = (at > 0).then(|| Timestamp::from_nanos(at)).or(alive.rights_at);
    });
    goes(hub, point, Some(snapshot)).await;
    let _ = hub.told.send(point.clone());
    Ok(())
}
