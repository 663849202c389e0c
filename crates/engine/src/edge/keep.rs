//! Rights on an edge's disk: as the server signed them, checked anew at every start.
//!
//! A whole snapshot is one file, each change of it another. A file is put in place whole or not at
//! all, so a power cut at any step leaves the rights before or the rights after. What is dead and
//! who is suspended is kept apart as well: no later snapshot makes this edge forget it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use access::door::Snapshot;
use access::door::travel::{Arrived, Delta, Full};
use access::link::{Purpose, Renewal, Signed};
use access::revocation::{EdgeRights, Receipt, Rights, Suspensions, Tombstone, Tombstones};
use model::{PlaceId, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::identity::Identity;
use crate::folder;

/// Changes that are kept one by one; after so many a whole snapshot is asked for.
pub const DELTAS_MAX: usize = 512;
/// Longest snapshot once it is unpacked, in bytes.
pub const UNPACKED_BYTES_MAX: u64 = 512 << 20;
/// A clock that goes back by less than this is one that was set right, and stands still meanwhile.
pub const CLOCK_SLACK: Duration = Duration::from_secs(2);
/// What lies beside the bytes of a signed thing on disk, about.
const SIGNED_BESIDE_BYTES: usize = 512;
/// How often the newest instant is put on disk.
const HIGH_WATER_EVERY: Duration = Duration::from_secs(30);

/// Why something that came was not taken. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct NotTaken {
    /// In words.
    pub why: String,
    /// Only a whole snapshot helps.
    pub wants_full: bool,
}

impl NotTaken {
    fn new(why: impl std::fmt::Display) -> Self {
        Self { why: why.to_string(), wants_full: false }
    }
    fn full(why: impl std::fmt::Display) -> Self {
        Self { why: why.to_string(), wants_full: true }
    }
}

/// What is never forgotten, as it is kept.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Dead {
    tombstones: Vec<Tombstone>,
    suspensions: Suspensions,
}

/// Rights on disk, and what of them counts.
pub struct Keep {
    folder: PathBuf,
    identity: Arc<Identity>,
    rights: EdgeRights,
    site: Option<PlaceId>,
    deltas: usize,
    high_water: Timestamp,
    high_water_kept: Timestamp,
    /// When the rights were confirmed, never later than this edge's own clock then showed: a
    /// server whose clock is ahead gives no longer lease.
    confirmed_at: Option<Timestamp>,
}

/// The content of a signed thing.
fn unpack<T: DeserializeOwned>(signed: &Signed) -> Result<T, String> {
    use std::io::Read as _;
    let reader = zstd::Decoder::new(signed.bytes.as_slice()).map_err(|e| e.to_string())?;
    // What is longer than this ends early, and is no whole thing.
    let reader = std::io::BufReader::new(reader.take(UNPACKED_BYTES_MAX));
    rmp_serde::from_read(reader).map_err(|error| error.to_string())
}

fn stones(list: &[Tombstone]) -> Tombstones {
    let mut stones = Tombstones::default();
    list.iter().for_each(|stone| {
        stones.bury(*stone);
    });
    stones
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            if error.kind() != std::io::ErrorKind::NotFound {
                tracing::error!(file = %path.display(), %error, "rights cannot be read");
            }
            return None;
        }
    };
    match rmp_serde::from_slice(&bytes) {
        Ok(read) => Some(read),
        Err(error) => {
            tracing::error!(file = %path.display(), %error, "rights cannot be read");
            None
        }
    }
}

fn write<T: Serialize>(path: &Path, what: &T) -> Result<(), NotTaken> {
    put(path, &rmp_serde::to_vec_named(what).map_err(NotTaken::new)?)
}

/// A large thing, in no more memory than it takes.
fn write_signed(path: &Path, signed: &Signed) -> Result<(), NotTaken> {
    let mut bytes = Vec::with_capacity(signed.bytes.len() + SIGNED_BESIDE_BYTES);
    rmp_serde::encode::write_named(&mut bytes, signed).map_err(NotTaken::new)?;
    put(path, &bytes)
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), NotTaken> {
    folder::replace(path, bytes)
        .map_err(|error| NotTaken::new(format!("`{}`: {error}", path.display())))
}

impl Keep {
    /// Opens what lies in a data folder. Gives the snapshot to go by; none: no rights. A file that
    /// is not what the server signed counts as not there.
    pub fn open(
        data: &Path,
        identity: Arc<Identity>,
        now: Timestamp,
    ) -> std::io::Result<(Self, Option<Snapshot>)> {
        let folder = data.join("rights");
        folder::make_private(&folder)?;
        let text = std::fs::read_to_string(folder.join("clock")).unwrap_or_default();
        let high_water = Timestamp::from_nanos(text.trim().parse().unwrap_or(0));
        let site = std::fs::read_to_string(folder.join("site")).ok();
        let mut keep = Self {
            rights: EdgeRights::new(identity.point().clone()),
            site: site.and_then(|site| PlaceId::parse(site.trim()).ok()),
            folder,
            identity,
            deltas: 0,
            high_water,
            high_water_kept: high_water,
            confirmed_at: None,
        };
        let dead: Dead = read(&keep.folder.join("dead")).unwrap_or_default();
        let mut snapshot = keep.newest()?;
        keep.rights.bury(&stones(&dead.tombstones));
        if let Some(snapshot) = &mut snapshot {
            snapshot.bury(&stones(&dead.tombstones));
            snapshot.suspend(&dead.suspensions);
            // Burying counts as a change where rights are made; here they are as they came.
            snapshot.version = keep.rights.version().unwrap_or(snapshot.version);
        }
        keep.tick(now);
        keep.confirmed_at = snapshot.as_ref().map(|s| s.rights.confirmed_at.min(keep.high_water));
        Ok((keep, snapshot))
    }

    /// Files of one kind with their versions, oldest first.
    fn files(&self, kind: &str) -> std::io::Result<Vec<(u64, PathBuf)>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let version = name.strip_prefix(kind).and_then(|rest| rest.strip_prefix('-'));
            if let Some(version) = version.and_then(|text| text.parse().ok()) {
                found.push((version, path));
            }
        }
        found.sort();
        Ok(found)
    }

    fn newest(&mut self) -> std::io::Result<Option<Snapshot>> {
        for (_, path) in self.files("full")?.into_iter().rev() {
            let Some(signed) = read::<Signed>(&path) else { continue };
            let opened = self.checked::<Arrived>(&signed, Purpose::Full);
            drop(signed);
            let opened = opened.and_then(|arrived| {
                let rights = full_rights(&arrived.words);
                let snapshot = Snapshot::from_arrived(arrived).map_err(NotTaken::new)?;
                Ok((rights, snapshot))
            });
            match opened {
                Ok((rights, mut snapshot)) => {
                    if let Err(error) = self.rights.apply(&rights, Timestamp::default()) {
                        tracing::error!(%error, "rights on disk are not taken");
                        continue;
                    }
                    self.follow(&mut snapshot)?;
                    self.renewed(&mut snapshot);
                    return Ok(Some(snapshot));
                }
                Err(error) => {
                    tracing::error!(file = %path.display(), %error, "rights on disk are no rights");
                }
            }
        }
        Ok(None)
    }

    /// The changes that lead on from a snapshot.
    fn follow(&mut self, snapshot: &mut Snapshot) -> std::io::Result<()> {
        for (_, path) in self.files("delta")? {
            let Some(signed) = read::<Signed>(&path) else { continue };
            let Ok(delta) = self.checked::<Delta>(&signed, Purpose::Delta) else { continue };
            if delta.from != snapshot.version || snapshot.apply_delta(&delta).is_err() {
                continue;
            }
            let _ = self.rights.apply(&delta_rights(&delta), Timestamp::default());
            self.deltas += 1;
        }
        Ok(())
    }

    fn renewed(&mut self, snapshot: &mut Snapshot) {
        let Some(signed) = read::<Signed>(&self.folder.join("renewal")) else { return };
        let Ok(renewal) = self.checked_plain::<Renewal>(&signed, Purpose::Renewal) else { return };
        if renewal.version == snapshot.version {
            let _ = self.rights.apply(&renewal_rights(&renewal), Timestamp::default());
            snapshot.confirm(renewal.confirmed_at);
        }
    }

    fn checked<T: DeserializeOwned>(
        &self,
        signed: &Signed,
        purpose: Purpose,
    ) -> Result<T, NotTaken> {
        self.signature(signed, purpose)?;
        unpack(signed).map_err(NotTaken::full)
    }

    fn checked_plain<T: DeserializeOwned>(
        &self,
        signed: &Signed,
        purpose: Purpose,
    ) -> Result<T, NotTaken> {
        self.signature(signed, purpose)?;
        rmp_serde::from_slice(&signed.bytes).map_err(NotTaken::new)
    }

    fn signature(&self, signed: &Signed, purpose: Purpose) -> Result<(), NotTaken> {
        if signed.point != *self.identity.point() {
            return Err(NotTaken::new(format!("it is for the point `{}`", signed.point)));
        }
        if !self.identity.is_from_server(signed, purpose) {
            return Err(NotTaken::new("its signature is not the server's"));
        }
        Ok(())
    }

    fn of_site(&self, site: &PlaceId) -> Result<(), NotTaken> {
        match &self.site {
            Some(own) if own != site => {
                Err(NotTaken::new(format!("it is for the site `{site}`, this edge is at `{own}`")))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Checks a whole snapshot and puts it on disk. Gives what to go by, and the receipts that may
    /// be sent once it is gone by.
    pub fn full(
        &mut self,
        signed: &Signed,
        now: Timestamp,
    ) -> Result<(Snapshot, Vec<Receipt>), NotTaken> {
        let arrived: Arrived = self.checked(signed, Purpose::Full)?;
        let full = &arrived.words;
        self.of_site(&full.site)?;
        let (version, site, given_at) = (full.version, full.site.clone(), full.given_at);
        let mut next = self.rights.clone();
        let receipts = next.apply(&full_rights(full), now).map_err(NotTaken::new)?;
        let snapshot = Snapshot::from_arrived(arrived).map_err(NotTaken::new)?;
        // What is dead and suspended is never forgotten, even where the new rights do not know it.
        let dead = Dead {
            tombstones: next.tombstones().iter().collect(),
            suspensions: next.suspensions().clone(),
        };
        write(&self.folder.join("dead"), &dead)?;
        if self.site.is_none() {
            let path = self.folder.join("site");
            folder::replace(&path, site.as_str().as_bytes()).map_err(NotTaken::new)?;
            self.site = Some(site);
        }
        write_signed(&self.folder.join(format!("full-{version}")), signed)?;
        self.rights = next;
        self.confirm(given_at, now);
        self.deltas = 0;
        self.forget_before(version);
        Ok((snapshot, receipts))
    }

    /// Checks a change and puts it on disk. Gives it, and the receipts that may be sent once it is
    /// gone by; one that cannot be is taken back by [`Keep::take_back`].
    pub fn delta(
        &mut self,
        signed: &Signed,
        now: Timestamp,
    ) -> Result<(Delta, Vec<Receipt>), NotTaken> {
        let delta: Delta = self.checked(signed, Purpose::Delta)?;
        self.of_site(&delta.site)?;
        if self.rights.version() != Some(delta.from) {
            let why = format!("the change is from snapshot {}, which is not here", delta.from);
            return Err(NotTaken::full(why));
        }
        if self.deltas >= DELTAS_MAX {
            return Err(NotTaken::full("many changes are kept; a whole snapshot is wanted"));
        }
        let mut next = self.rights.clone();
        let receipts = next.apply(&delta_rights(&delta), now).map_err(NotTaken::new)?;
        write(&self.folder.join(format!("delta-{}", delta.to)), signed)?;
        self.rights = next;
        self.confirm(delta.given_at, now);
        self.deltas += 1;
        Ok((delta, receipts))
    }

    /// A change that the road could not go by: it is as if it had not come. What died by it stays
    /// dead.
    pub fn take_back(&mut self, delta: &Delta, before: Option<u64>) {
        let path = self.folder.join(format!("delta-{}", delta.to));
        if let Err(error) = std::fs::remove_file(&path).and_then(|()| folder::sync_folder(&path)) {
            tracing::error!(%error, "a change of rights could not be taken back");
        }
        let mut again = EdgeRights::new(self.identity.point().clone());
        let rights = Rights {
            version: before.unwrap_or(0),
            given_at: delta.given_at,
            tombstones: self.rights.tombstones().clone(),
            suspensions: self.rights.suspensions().clone(),
            deeds: Vec::new(),
        };
        if before.is_some() && again.apply(&rights, Timestamp::default()).is_ok() {
            self.rights = again;
        }
    }

    /// The same rights, confirmed anew. Gives the receipts.
    pub fn renewal(&mut self, signed: &Signed, now: Timestamp) -> Result<Vec<Receipt>, NotTaken> {
        let renewal: Renewal = self.checked_plain(signed, Purpose::Renewal)?;
        if self.rights.version() != Some(renewal.version) {
            let why = format!("snapshot {} is not here", renewal.version);
            return Err(NotTaken::full(why));
        }
        let mut next = self.rights.clone();
        let receipts = next.apply(&renewal_rights(&renewal), now).map_err(NotTaken::new)?;
        write(&self.folder.join("renewal"), signed)?;
        self.rights = next;
        self.confirm(renewal.confirmed_at, now);
        Ok(receipts)
    }

    fn forget_before(&self, version: u64) {
        let files = |kind| self.files(kind).unwrap_or_default();
        let deltas = files("delta").into_iter().filter(|(found, _)| *found <= version);
        let fulls = files("full").into_iter().filter(|(found, _)| *found < version);
        for (_, path) in deltas.chain(fulls) {
            // What stays is passed over at the next start.
            let _ = std::fs::remove_file(path);
        }
    }

    fn confirm(&mut self, given_at: Timestamp, now: Timestamp) {
        let at = given_at.min(now);
        self.confirmed_at = Some(self.confirmed_at.map_or(at, |had| had.max(at)));
    }

    /// When the rights in force were confirmed.
    pub fn confirmed_at(&self) -> Option<Timestamp> {
        self.confirmed_at
    }

    /// The clock shows `now`. Gives whether it is trusted: one that has gone back is not, until it
    /// has caught up with the newest instant that this edge has seen, in this run or before.
    pub fn tick(&mut self, now: Timestamp) -> bool {
        let is_trusted = now.plus(CLOCK_SLACK) >= self.high_water;
        self.high_water = self.high_water.max(now);
        self.rights.tick(if is_trusted { self.high_water } else { now });
        if self.high_water.since(self.high_water_kept) >= HIGH_WATER_EVERY {
            self.keep_high_water();
        }
        is_trusted
    }

    fn keep_high_water(&mut self) {
        let text = self.high_water.nanos().to_string();
        match folder::replace(&self.folder.join("clock"), text.as_bytes()) {
            Ok(()) => self.high_water_kept = self.high_water,
            Err(error) => tracing::error!(%error, "the newest instant cannot be kept"),
        }
    }

    /// The end of a run: the newest instant is put on disk.
    pub fn close(&mut self, now: Timestamp) {
        self.tick(now);
        self.keep_high_water();
    }

    /// Which snapshot it goes by.
    pub fn version(&self) -> Option<u64> {
        self.rights.version()
    }

    /// All that is dead here, and who is suspended.
    pub fn words(&self) -> (Vec<Tombstone>, Suspensions) {
        (self.rights.tombstones().iter().collect(), self.rights.suspensions().clone())
    }
}

fn full_rights(full: &Full) -> Rights {
    Rights {
        version: full.version,
        given_at: full.given_at,
        tombstones: stones(&full.tombstones),
        suspensions: full.suspensions.clone(),
        deeds: full.deeds.clone(),
    }
}

fn delta_rights(delta: &Delta) -> Rights {
    Rights {
        version: delta.to,
        given_at: delta.given_at,
        tombstones: stones(&delta.tombstones),
        suspensions: delta.suspensions.clone(),
        deeds: delta.deeds.clone(),
    }
}

fn renewal_rights(renewal: &Renewal) -> Rights {
    Rights {
        version: renewal.version,
        given_at: renewal.confirmed_at,
        tombstones: Tombstones::default(),
        suspensions: Suspensions::default(),
        deeds: renewal.deeds.clone(),
    }
}
