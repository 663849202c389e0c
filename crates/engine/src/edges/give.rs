//! What an edge is given: rights whole or as they change, renewals, the world, commands.
//!
//! What is given is asked of the warden under a lock for reading, so that nothing older than a deed
//! leaves after the deed has counted its leases; what costs long is made before, and brought up to
//! date under the lock.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use access::door::travel::{Delta, Full};
use access::link::{self, FromServer, LINK_FORMAT, Purpose, Renewal, Signed, World};
use adapters::link::FrameError;
use model::{RevocationId, Timestamp};
use tokio::sync::mpsc;

use super::passages::{self, LOOK_EVERY};
use super::rights::Pinned;
use super::session::{Between, RENEW_EVERY, Shared, Write, encode, say};
use crate::clock::Stopwatch;
use crate::warden::{Give, Since};

/// What was refused is not offered again within this time.
const REFUSED_REST: Duration = Duration::from_secs(5);
/// A deed that an edge has confirmed is not asked for again within this time, though others are
/// silent.
const ANSWERED_FOR: Duration = Duration::from_secs(300);
/// zstd's level: snapshots are made once and sent over lines of sites.
const ZSTD_LEVEL: i32 = 3;

/// What a session has sent so far.
struct Sent {
    /// What the edge goes by, once it has taken what is on its way.
    version: Option<u64>,
    /// When something was refused: it is not offered again at once.
    refused: Option<Stopwatch>,
}

/// What a session has told so far of what changes by the minute.
struct Told {
    world: Option<World>,
    passages: passages::Sent,
}

impl Told {
    /// The world, as far as it concerns the edge's doors, where that is news.
    async fn world(
        &mut self,
        shared: &Shared,
        between: &Between,
        (to, world): (&mut Write, &World),
    ) -> Result<(), FrameError> {
        let newest = shared.hub.newest();
        let own = newest.as_ref().and_then(|newest| newest.data.points.get(&between.point));
        let mut world = world.clone();
        world.sources.retain(|(door, _)| own.is_some_and(|own| own.contains(door)));
        if self.world.as_ref() == Some(&world) {
            return Ok(());
        }
        say(to, &FromServer::World(world.clone())).await?;
        self.world = Some(world);
        Ok(())
    }
}

/// Tells the edge what there is to tell, until the connection breaks.
pub(super) async fn tell(
    shared: &Shared,
    between: &Between,
    (to, mut commands): (&mut Write, mpsc::Receiver<link::Command>),
) -> Result<(), FrameError> {
    let hub = &shared.hub;
    let mut changed = hub.warden.changed();
    let mut world = hub.world.subscribe();
    let mut had = between.had.subscribe();
    let mut kept = between.kept.subscribe();
    let up_to = *kept.borrow_and_update();
    welcome(shared, between, (to, up_to)).await?;
    let first_world = Arc::clone(&world.borrow_and_update());
    let mut told = Told { world: None, passages: passages::Sent::new(between.revision >= 1) };
    told.world(shared, between, (to, &first_world)).await?;
    let mut sent = Sent { version: had.borrow_and_update().1, refused: None };
    let (mut renew, mut look) = (every(RENEW_EVERY), every(LOOK_EVERY));
    let mut is_due = true;
    loop {
        changed.borrow_and_update();
        let rests = sent.refused.is_some_and(|since| since.elapsed() < REFUSED_REST);
        if !rests {
            // What takes long to make keeps nobody from hearing of passages.
            let mut giving = std::pin::pin!(give(shared, between, (&mut sent, is_due)));
            let given = loop {
                tokio::select! {
                    given = &mut giving => break given,
                    _ = look.tick() => told.passages.tell(shared, to).await?,
                }
            };
            if let Some(given) = given {
                say(to, &given).await?;
            }
        }
        if sent.version.is_some_and(|version| told.passages.goes_by(shared, between, version)) {
            let world = Arc::clone(&world.borrow());
            told.world(shared, between, (to, &world)).await?;
        }
        is_due = false;
        tokio::select! {
            ended = changed.changed() => {
                if ended.is_err() {
                    return Ok(());
                }
                ask_for_the_dead(shared, between, to).await?;
            }
            _ = renew.tick() => {
                is_due = true;
                ask_for_the_dead(shared, between, to).await?;
            }
            () = between.tombstones.notified() => {}
            _ = look.tick() => told.passages.tell(shared, to).await?,
            Ok(()) = had.changed() => {
                told.passages.begin_anew();
                sent.version = had.borrow_and_update().1;
                sent.refused = Some(Stopwatch::start());
                renew.reset_after(REFUSED_REST + Duration::from_millis(50));
            }
            Ok(()) = world.changed() => {
                let world = Arc::clone(&world.borrow_and_update());
                told.world(shared, between, (to, &world)).await?;
            }
            Ok(()) = kept.changed() => {
                let up_to = *kept.borrow_and_update();
                say(to, &FromServer::Kept { up_to }).await?;
            }
            Some(command) = commands.recv() => order(shared, between, (to, &command)).await?,
        }
    }
}

fn every(time: Duration) -> tokio::time::Interval {
    let mut clock = tokio::time::interval(time);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    clock
}

/// The first word on a connection; the edge's records are here up to this one.
async fn welcome(
    shared: &Shared,
    between: &Between,
    (to, records): (&mut Write, u64),
) -> Result<(), FrameError> {
    let waiting = shared.hub.warden.waiting().await;
    let welcome = FromServer::Welcome {
        format: LINK_FORMAT,
        software: env!("CARGO_PKG_VERSION").to_owned(),
        now: shared.clock.now(),
        wants_tombstones: waiting.contains(&between.point),
        records,
    };
    say(to, &welcome).await
}

/// Hands a command on, signed.
async fn order(
    shared: &Shared,
    between: &Between,
    (to, command): (&mut Write, &link::Command),
) -> Result<(), FrameError> {
    let Some(bytes) = encode(command) else { return Ok(()) };
    let signed = shared.hub.keys.sign(Purpose::Command, &between.point, bytes);
    say(to, &FromServer::Command(signed)).await
}

/// After a restore: asks for all that is dead there, until it has come.
async fn ask_for_the_dead(
    shared: &Shared,
    between: &Between,
    to: &mut Write,
) -> Result<(), FrameError> {
    let warden = &shared.hub.warden;
    if warden.given().await.is_waiting && warden.waiting().await.contains(&between.point) {
        say(to, &FromServer::TellTombstones).await?;
    }
    Ok(())
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
                    let signed = hub.keys.sign(Purpose::Renewal, &between.point, encode(&renewal)?);
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
