//! What stands in the directory when a journal is opened, after whatever ended the last run.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use model::Timestamp;

use super::JournalLimits;
use super::keys::{Key, KeyEntry, Keys, expiry_edge};
use super::segment::{self, Segment};
use super::shared::{Inner, SegmentInfo, Shared};
use crate::error::StoreError;

/// A directory that was found in order and is held by us.
pub struct Opened {
    /// What readers will see.
    pub shared: Arc<Shared>,
    /// The last segment; `None` when there is none yet.
    pub active: Option<Segment>,
    /// Idempotency keys of the last day.
    pub keys: Keys,
    /// Keeps other processes out.
    pub lock: std::fs::File,
}

/// Segments found, one after the other.
struct Found {
    infos: VecDeque<SegmentInfo>,
    keys: Vec<(Key, KeyEntry)>,
    active: Option<Segment>,
    next_seq: u64,
}

/// Opens the directory: sweeps what a crash left, checks every segment, loads the keys.
pub fn open(
    dir: &Path,
    limits: JournalLimits,
    consumers: &[&str],
    now: Timestamp,
) -> Result<Opened, StoreError> {
    let wrap = |e: std::io::Error| StoreError::io(format!("opening `{}`", dir.display()), &e);
    std::fs::create_dir_all(dir).map_err(wrap)?;
    let lock = hold(dir)?;
    sweep(dir).map_err(wrap)?;
    let firsts = first_seqs(dir).map_err(wrap)?;
    let next_seq = firsts.first().copied().unwrap_or(1);
    let (infos, keys) = (VecDeque::new(), Vec::new());
    let mut found = Found { infos, keys, active: None, next_seq };
    let last = firsts.last().copied();
    for first_seq in firsts {
        let path = dir.join(segment::file_name(first_seq));
        let is_last = Some(first_seq) == last;
        let opened = if is_last {
            Segment::open(&path, limits.segment_pages_max)?
        } else {
            Segment::open_to_read(&path, true)?
        };
        match opened {
            Some(segment) => found.add(segment, is_last, now)?,
            // A crash came while it was being created.
            None if is_last => segment::delete(&path)?,
            None => {
                let detail = "holds no tables, yet others follow it";
                return Err(StoreError::corrupt(path.display().to_string(), detail));
            }
        }
    }
    let mut keys = Keys::default();
    found.keys.sort_by_key(|(_, entry)| entry.at);
    for (key, entry) in found.keys {
        keys.insert(key, entry, now);
    }
    let inner = Inner {
        segments: found.infos,
        recent: VecDeque::new(),
        recent_bytes: 0,
        next_seq: found.next_seq,
        consumers: consumers.iter().map(|c| ((*c).to_owned(), None)).collect(),
        keys: keys.len(),
        keys_evicted: 0,
        full: None,
        segments_dropped: 0,
        is_closed: false,
    };
    let shared = Arc::new(Shared::new(dir, limits, inner));
    Ok(Opened { shared, active: found.active, keys, lock })
}

impl Found {
    fn add(&mut self, segment: Segment, is_last: bool, now: Timestamp) -> Result<(), StoreError> {
        let path = segment.path().to_owned();
        let (first_seq, expected) = (segment.first_seq, self.next_seq);
        if first_seq != expected {
            let detail = format!("begins with record {first_seq}, expected {expected}");
            return Err(StoreError::corrupt(path.display().to_string(), detail));
        }
        let extent = segment.extent()?;
        self.next_seq = extent.next_seq;
        self.keys.extend(segment.keys_since(expiry_edge(now))?);
        if !is_last && segment::has_wal(&path) {
            // A full disk may forbid it; the log then stays, and is read as well as the file.
            if let Err(error) = segment.fold_log() {
                tracing::warn!(first_seq, %error, "a full segment keeps its log");
            }
        }
        self.infos.push_back(SegmentInfo {
            first_seq,
            bytes: segment::bytes_on_disk(&path),
            oldest: extent.oldest,
            newest: extent.newest,
            is_folded: !is_last,
        });
        self.active = is_last.then_some(segment);
        Ok(())
    }
}

fn hold(dir: &Path) -> Result<std::fs::File, StoreError> {
    let path = dir.join("journal.lock");
    let what = format!("opening `{}`", path.display());
    let file = std::fs::OpenOptions::new().create(true).append(true).open(&path);
    let file = file.map_err(|e| StoreError::io(&*what, &e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::Busy { what }),
        Err(std::fs::TryLockError::Error(e)) => Err(StoreError::io(what, &e)),
    }
}

/// Removes logs whose segment was being dropped when a crash came.
fn sweep(dir: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let main = name.strip_suffix("-wal").or_else(|| name.strip_suffix("-shm"));
        if let Some(main) = main
            && segment::first_seq_of(main).is_some()
            && !dir.join(main).exists()
        {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// The first records of the segments in a directory, in order.
pub fn first_seqs(dir: &Path) -> std::io::Result<Vec<u64>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let name = entry?.file_name();
        found.extend(name.to_str().and_then(segment::first_seq_of));
    }
    found.sort_unstable();
    Ok(found)
}
