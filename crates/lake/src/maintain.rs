//! What leaves the lake, when, and in which order: plan, the caller commits, then it is applied.

use std::sync::Arc;
use std::time::Duration;

use model::{PlaceId, Timestamp};
use tokio::sync::OwnedMutexGuard;

use crate::catalogue::{FileEntry, FileKind};
use crate::lake::Lake;

/// How long what is kept. The first rule that fits a file decides; else `keep`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retention {
    /// Events that no rule names; `None` for ever.
    pub keep: Option<Duration>,
    /// By class and site.
    pub rules: Vec<RetentionRule>,
    /// Raw records; `None` for ever.
    pub raw_keep: Option<Duration>,
    /// What may not be removed, whatever its age.
    pub holds: Vec<Hold>,
    /// The lake's size: beyond it the oldest files go first; `None` is unbounded.
    pub bytes_max: Option<u64>,
}

/// A retention of its own for a class, a site, or a class at a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionRule {
    /// Every class when `None`.
    pub class: Option<u32>,
    /// Every site when `None`.
    pub site: Option<PlaceId>,
    /// `None` for ever.
    pub keep: Option<Duration>,
}

/// A legal hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Not earlier than this.
    pub from: Timestamp,
    /// Earlier than this.
    pub to: Timestamp,
    /// One site, or all. Raw records know no site: a hold on any site holds them.
    pub site: Option<PlaceId>,
}

/// A planned exchange of files. Commit it to state, then hand it to `Lake::apply`; when the
/// commit fails, to `Lake::abandon`. While it exists no other is planned.
#[derive(Debug)]
#[must_use]
pub struct Change {
    pub(crate) added: Vec<FileEntry>,
    pub(crate) removed: Vec<FileEntry>,
    pub(crate) turn: OwnedMutexGuard<()>,
}

impl Change {
    /// Entries to add to the catalogue.
    pub fn added(&self) -> &[FileEntry] {
        &self.added
    }
    /// Entries to remove from the catalogue.
    pub fn removed(&self) -> &[FileEntry] {
        &self.removed
    }
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

impl Retention {
    fn keeps(&self, file: &FileEntry) -> Option<Duration> {
        let fits = |rule: &&RetentionRule| {
            rule.class.is_none_or(|class| file.class_uid == Some(class))
                && rule.site.as_ref().is_none_or(|site| file.site.as_ref() == Some(site))
        };
        match file.kind {
            FileKind::Events => self.rules.iter().find(fits).map_or(self.keep, |rule| rule.keep),
            FileKind::Raw => self.raw_keep,
        }
    }

    fn is_expired(&self, file: &FileEntry, now: Timestamp) -> bool {
        // A device whose clock runs years ahead must not keep its events for years: they age
        // from their receipt.
        let newest = file.time_max.min(file.received_max);
        self.keeps(file).is_some_and(|keep| newest.plus(keep) <= now)
    }

    fn is_held(&self, file: &FileEntry) -> bool {
        self.holds.iter().any(|hold| {
            let meets = file.time_max >= hold.from && file.time_min < hold.to;
            let is_there = match (&hold.site, file.kind) {
                (None, _) | (Some(_), FileKind::Raw) => true,
                (Some(site), FileKind::Events) => file.site.as_ref() == Some(site),
            };
            meets && is_there
        })
    }

    fn leaving(&self, files: &[Arc<FileEntry>], now: Timestamp) -> Vec<FileEntry> {
        let free = files.iter().filter(|file| !self.is_held(file));
        let (mut gone, mut kept): (Vec<_>, Vec<_>) =
            free.partition(|file| self.is_expired(file, now));
        if let Some(bytes_max) = self.bytes_max {
            let all: u64 = files.iter().map(|file| file.bytes).sum();
            let mut bytes = all.saturating_sub(gone.iter().map(|file| file.bytes).sum());
            kept.sort_by_key(|file| (file.time_max, &file.path));
            for file in kept {
                if bytes <= bytes_max {
                    break;
                }
                bytes = bytes.saturating_sub(file.bytes);
                gone.push(file);
            }
        }
        gone.into_iter().map(|file| (**file).clone()).collect()
    }
}

impl Lake {
    /// Plans the removal of what `policy` no longer keeps at `now`. Only whole files leave, so a
    /// file stays until the newest of its rows has expired: a day at most.
    pub async fn enforce_retention(&self, policy: &Retention, now: Timestamp) -> Change {
        let turn = Arc::clone(&self.inner.maintaining).lock_owned().await;
        let catalogue = Arc::clone(&self.inner.lock().catalogue);
        let files: Vec<Arc<FileEntry>> = catalogue.all().cloned().collect();
        Change { added: Vec::new(), removed: policy.leaving(&files, now), turn }
    }

    /// Makes a committed change visible in one step. Removed files are deleted as soon as no
    /// running query reads them.
    pub async fn apply(&self, change: Change) {
        {
            let mut state = self.inner.lock();
            let catalogue = Arc::make_mut(&mut state.catalogue);
            let gone = catalogue.remove(&change.removed);
            catalogue.add(change.added);
            state.leaving.extend(gone);
        }
        drop(change.turn);
        self.inner.sweep().await;
    }

    /// Undoes a change that could not be committed.
    pub async fn abandon(&self, change: Change) {
        self.inner.discard(&change.added).await;
    }

    /// Deletes files that have left the catalogue and that no query reads any more; every flush
    /// does so too.
    pub async fn sweep(&self) {
        self.inner.sweep().await;
    }
}
