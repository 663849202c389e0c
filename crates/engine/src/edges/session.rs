//! One connected edge: what it is told, in which order, and what it says.
//!
//! Each session gives for itself: a slow edge makes nobody else wait. What it is given is asked of
//! the warden under a lock for reading, so that nothing older than a deed leaves after the deed
//! has counted its leases; what costs long is made before, and brought up to date under the lock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use access::link::{
    self, FRAME_BYTES_MAX, FromEdge, FromServer, LINK_FORMAT, Purpose, RECORDS_MAX, Renewal,
    Signed,
};
use access::door::travel::{Delta, Full};
use access::revocation::{Receipt, Tombstones};
use adapters::link::{FrameError, LinkListener, LinkPeer, LinkStream, LinkWay, frame};
use model::{PlaceId, PointId, RevocationId, Timestamp};
use tokio::io::{ReadHalf, WriteHalf};
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::records::Intake;
use super::rights::Pinned;
use super::{Alive, COMMANDS_WAITING_MAX, Hub, Line, Outcome, Stage, keys, world};
use crate::clock::Clock;
use crate::engine::Engine;
use crate::warden::{Give, Heard, Since};

/// How often rights are confirmed anew: well under the shortest lease, which is minutes.
pub const RENEW_EVERY: Duration = Duration::from_secs(20);
/// An edge that says nothing for this long is cut off; it says that it is alive every 5 s.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// How long a first word may take.
const FIRST_WORD_MAX: Duration = Duration::from_secs(10);
/// How long what was refused is not offered again.
const REFUSED_REST: Duration = Duration::from_secs(5);
/// A deed that an edge has confirmed is not asked for again within this time, though others are
/// silent.
const ANSWERED_FOR: Duration = Duration::from_secs(300);
/// Whole snapshots that are made at once; more wait.
const FULLS_AT_ONCE_MAX: usize = 2;
/// zstd's level: snapshots are made once and sent over lines of sites.
const ZSTD_LEVEL: i32 = 3;
/// The certificate that the listener shows is made anew this often.
const LISTENER_RENEWED: Duration = Duration::from_secs(30 * 24 * 3_600);

type Read = ReadHalf<LinkStream>;
type Write = WriteHalf<LinkStream>;

/// What all sessions share.
struct Shared {
    hub: Arc<Hub>,
    intake: Intake,
    clock: Clock,
    hash_key: [u8; 32],
    fulls: Semaphore,
}

/// What the two halves of a session tell each other.
struct Between {
    point: PointId,
    site: PlaceId,
    /// The edge's key.
    key: [u8; 32],
    /// What the edge goes by, as it last said.
    had: watch::Sender<(u64, Option<u64>)>,
    /// Up to where its records are durable.
    kept: watch::Sender<u64>,
    /// Deeds that it has confirmed in this session, and when.
    answered: std::sync::Mutex<BTreeMap<RevocationId, tokio::time::Instant>>,
    /// When the version that was last sent was given.
    given_at: AtomicU64,
    /// Its tombstones were asked for and have come, or the other way round.
    tombstones: Notify,
}

/// Runs the listener of edges, and all sessions, until told to stop.
pub async fn run(engine: Arc<Engine>, mut listener: LinkListener, stop: CancellationToken) {
    let shared = Arc::new(Shared {
        hub: Arc::clone(&engine.edges),
        intake: Intake {
            journal: Arc::clone(&engine.journal),
            accounts: Arc::clone(&engine.accounts),
            silencer: Arc::clone(&engine.silencer),
        },
        clock: engine.clock.clone(),
        hash_key: engine.access.key_bytes(),
        fulls: Semaphore::new(FULLS_AT_ONCE_MAX),
    });
    let mut sessions = JoinSet::new();
    let mut renewed = tokio::time::interval(LISTENER_RENEWED);
    renewed.tick().await;
    loop {
        while sessions.try_join_next().is_some() {}
        tokio::select! {
            () = stop.cancelled() => break,
            _ = renewed.tick() => {
                let shown = engine.edges.keys().listener(engine.now());
                if let Err(error) = shown.map_err(|e| e.to_string()).and_then(|tls| {
                    listener.renew(&tls).map_err(|error| error.to_string())
                }) {
                    tracing::error!(%error, "the listener of edges shows its old certificate");
                }
            }
            peer = listener.accept() => {
                let Some(peer) = peer else { break };
                let (shared, stop) = (Arc::clone(&shared), stop.clone());
                sessions.spawn(async move {
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
                });
            }
        }
    }
    sessions.shutdown().await;
}

/// Runs what goes on beside sessions: rights and the world as they change.
pub async fn follow(engine: Arc<Engine>, stop: CancellationToken) {
    world::follow(engine, stop).await;
}

fn encode<T: serde::Serialize>(what: &T) -> Option<Vec<u8>> {
    match rmp_serde::to_vec_named(what) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            tracing::error!(%error, "a word of the link cannot be written");
            None
        }
    }
}

async fn say(to: &mut Write, what: &FromServer) -> Result<(), FrameError> {
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
}

/// Whether it is who it says, and in service.
fn greet(
    shared: &Shared,
    first: &[u8],
    (certificate, name): (Option<&[u8]>, Option<&str>),
) -> Result<(Between, Hello), String> {
    let FromEdge::Hello { format, point, software, now, snapshot, .. } =
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
    };
    Ok((between, Hello { snapshot, software, now }))
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
                doors: std::mem::take(&mut alive.doors),
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
            let mut stones = Tombstones::default();
            let lost = dead.iter().filter(|stone| !stones.bury(**stone)).count();
            if lost > 0 {
                return Err(format!("{lost} tombstones find no room"));
            }
            let merged = hub.warden.merged(point, (&stones, &suspended), now).await;
            merged.map_err(|error| error.to_string())?;
            between.tombstones.notify_one();
            Ok(())
        }
        FromEdge::Alive { now: theirs, clock_trusted, snapshot, doors } => {
            let offset = theirs.millis() - now.millis();
            let had = hub.alive(point, |alive| {
                alive.clock_offset_ms = Some(offset);
                alive.clock_trusted = Some(clock_trusted);
                for door in doors {
                    alive.doors.insert(door.door.clone(), door);
                }
                alive.snapshot
            });
            if had.flatten() != snapshot {
                goes(hub, point, snapshot).await;
            }
            let _ = hub.told.send(point.clone());
            Ok(())
        }
    }
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
        answered.insert(deed, tokio::time::Instant::now());
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

/// What a session has sent so far.
struct Sent {
    /// What the edge goes by, once it has taken what is on its way.
    version: Option<u64>,
    /// Nothing that was refused is offered again before.
    rest_until: Option<tokio::time::Instant>,
}

/// Tells the edge what there is to tell, until the connection breaks.
async fn tell(
    shared: &Shared,
    between: &Between,
    (to, mut commands): (&mut Write, mpsc::Receiver<link::Command>),
) -> Result<(), FrameError> {
    let hub = &shared.hub;
    let mut changed = hub.warden.changed();
    let mut world = hub.world.subscribe();
    let mut had = between.had.subscribe();
    let mut kept = between.kept.subscribe();
    let asks = hub.warden.waiting().await.contains(&between.point);
    let welcome = FromServer::Welcome {
        format: LINK_FORMAT,
        software: env!("CARGO_PKG_VERSION").to_owned(),
        now: shared.clock.now(),
        wants_tombstones: asks,
        records: *kept.borrow_and_update(),
    };
    say(to, &welcome).await?;
    let first_world = Arc::clone(&world.borrow_and_update());
    say(to, &FromServer::World((*first_world).clone())).await?;
    let mut sent = Sent { version: had.borrow_and_update().1, rest_until: None };
    let mut renew = tokio::time::interval(RENEW_EVERY);
    renew.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut is_due = true;
    loop {
        changed.borrow_and_update();
        let rests = sent.rest_until.is_some_and(|until| tokio::time::Instant::now() < until);
        if !rests && let Some(given) = give(shared, between, (&mut sent, is_due)).await {
            say(to, &given).await?;
        }
        is_due = false;
        tokio::select! {
            ended = changed.changed() => if ended.is_err() { return Ok(()) },
            _ = renew.tick() => {
                is_due = true;
                if hub.warden.waiting().await.contains(&between.point) {
                    say(to, &FromServer::TellTombstones).await?;
                }
            }
            () = between.tombstones.notified() => {}
            Ok(()) = had.changed() => {
                sent.version = had.borrow_and_update().1;
                sent.rest_until = Some(tokio::time::Instant::now() + REFUSED_REST);
                renew.reset_after(REFUSED_REST);
            }
            Ok(()) = world.changed() => {
                let world = Arc::clone(&world.borrow_and_update());
                say(to, &FromServer::World((*world).clone())).await?;
            }
            Ok(()) = kept.changed() => {
                let up_to = *kept.borrow_and_update();
                say(to, &FromServer::Kept { up_to }).await?;
            }
            Some(command) = commands.recv() => {
                if let Some(bytes) = encode(&command) {
                    let signed = hub.keys.sign(Purpose::Command, &between.point, bytes);
                    say(to, &FromServer::Command(signed)).await?;
                }
            }
        }
    }
}

/// What is to be given now, signed. Marks it as sent: the connection carries it or breaks.
async fn give(
    shared: &Shared,
    between: &Between,
    (sent, is_due): (&mut Sent, bool),
) -> Option<FromServer> {
    let hub = &shared.hub;
    loop {
        let made = {
            let given = hub.warden.given().await;
            let now = shared.clock.now();
            let site = between.site.clone();
            match given.to(sent.version) {
                Give::Nothing => return None,
                Give::Renewal => {
                    let deeds = open(between, &given.open);
                    if !is_due && deeds.is_empty() {
                        return None;
                    }
                    let version = given.version;
                    renews(shared, between, now);
                    let renewal = Renewal { version, confirmed_at: now, deeds };
                    let signed =
                        hub.keys.sign(Purpose::Renewal, &between.point, encode(&renewal)?);
                    return Some(FromServer::Renewal(signed));
                }
                Give::Since(Since { rights_changed: false, stones, words }) => {
                    let versions = (sent.version?, given.version);
                    let deeds = open(between, &given.open);
                    let delta = Delta::words(site, versions, now, (stones, words), deeds);
                    renews(shared, between, now);
                    sent.version = Some(given.version);
                    return Some(FromServer::Delta(sealed(shared, between, &delta)?));
                }
                Give::Since(Since { rights_changed: true, .. }) => sent.version,
                Give::Full => None,
            }
        };
        // Costs long: made without the lock, then brought up to date under it.
        let made = match made {
            Some(from) => change(shared, between, from).await,
            None => whole(shared, between).await,
        };
        let Some(made) = made else {
            // The new rights are not pinned yet: in a moment.
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        match send_made(shared, between, (made, sent)).await {
            Some(given) => return Some(given),
            // Rights have changed meanwhile.
            None => continue,
        }
    }
}

/// What was made without the lock: for the version that it leads to.
enum Made {
    Full(Box<Full>),
    Delta(Box<Delta>),
}

async fn whole(shared: &Shared, between: &Between) -> Option<Made> {
    let _place = shared.fulls.acquire().await.ok()?;
    let now = shared.clock.now();
    let version = shared.hub.warden.given().await.version;
    // What is dead at this version or later: to know more is never wrong.
    let (dead, suspended) = shared.hub.warden.words().await;
    let pinned = newest(shared).await?;
    let (point, site) = (between.point.clone(), between.site.clone());
    let made = move || pinned.full(&point, (&site, now));
    let mut full = tokio::task::spawn_blocking(made).await.ok()?;
    full.version = version;
    full.tombstones = dead.iter().collect();
    full.suspensions = suspended;
    Some(Made::Full(Box::new(full)))
}

async fn change(shared: &Shared, between: &Between, from: u64) -> Option<Made> {
    let _place = shared.fulls.acquire().await.ok()?;
    let now = shared.clock.now();
    let version = shared.hub.warden.given().await.version;
    let new = newest(shared).await?;
    let old = shared.hub.pinned().into_iter().rev().find(|pinned| pinned.version <= from);
    let Some(old) = old else {
        drop(_place);
        return whole(shared, between).await;
    };
    let (point, site) = (between.point.clone(), between.site.clone());
    let made = move || super::rights::between((&old, &new), &point, (&site, now));
    let mut delta = tokio::task::spawn_blocking(made).await.ok()?;
    (delta.from, delta.to) = (from, version);
    Some(Made::Delta(Box::new(delta)))
}

/// The rights that belong to the version that is given out; none: in a moment.
async fn newest(shared: &Shared) -> Option<Arc<Pinned>> {
    let wanted = shared.hub.warden.given().await.rights_version;
    shared.hub.newest().filter(|pinned| pinned.version >= wanted)
}

/// Brings it up to date, and signs it. None: rights have changed since it was made.
async fn send_made(
    shared: &Shared,
    between: &Between,
    (made, sent): (Made, &mut Sent),
) -> Option<FromServer> {
    let given = shared.hub.warden.given().await;
    if given.is_waiting {
        return None;
    }
    let now = shared.clock.now();
    let deeds = open(between, &given.open);
    let made_for = match &made {
        Made::Full(full) => full.version,
        Made::Delta(delta) => delta.to,
    };
    let (stones, words) = match given.to(Some(made_for)) {
        Give::Renewal => (Vec::new(), None),
        Give::Since(Since { rights_changed: false, stones, words }) => (stones, Some(words)),
        Give::Since(_) | Give::Nothing | Give::Full => return None,
    };
    let message = match made {
        Made::Full(mut full) => {
            (full.version, full.given_at, full.deeds) = (given.version, now, deeds);
            let known: BTreeSet<_> = full.tombstones.iter().copied().collect();
            full.tombstones.extend(stones.into_iter().filter(|stone| !known.contains(stone)));
            full.tombstones.sort_by_key(|stone| stone.key);
            if let Some(words) = words {
                full.suspensions.merge(&words);
            }
            FromServer::Full(seal(shared, between, (Purpose::Full, &*full))?)
        }
        Made::Delta(mut delta) => {
            (delta.to, delta.given_at, delta.deeds) = (given.version, now, deeds);
            // All words since the edge's own version, whatever the two snapshots held.
            if let Give::Since(since) = given.to(Some(delta.from)) {
                (delta.tombstones, delta.suspensions) = (since.stones, since.words);
            }
            FromServer::Delta(sealed(shared, between, &delta)?)
        }
    };
    renews(shared, between, now);
    sent.version = Some(given.version);
    Some(message)
}

fn renews(shared: &Shared, between: &Between, now: Timestamp) {
    shared.hub.warden.renews(&between.point, now);
    between.given_at.store(u64::try_from(now.nanos()).unwrap_or(0), Ordering::Release);
}

fn open(between: &Between, open: &BTreeSet<RevocationId>) -> Vec<RevocationId> {
    let mut answered = between.answered.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    answered.retain(|id, at| open.contains(id) && at.elapsed() < ANSWERED_FOR);
    open.iter().filter(|id| !answered.contains_key(*id)).cloned().collect()
}

fn sealed(shared: &Shared, between: &Between, delta: &Delta) -> Option<Signed> {
    seal(shared, between, (Purpose::Delta, delta))
}

fn seal<T: serde::Serialize>(
    shared: &Shared,
    between: &Between,
    (purpose, what): (Purpose, &T),
) -> Option<Signed> {
    let bytes = encode(what)?;
    let packed = zstd::bulk::compress(&bytes, ZSTD_LEVEL).ok()?;
    Some(shared.hub.keys.sign(purpose, &between.point, packed))
}
