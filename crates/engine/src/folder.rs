//! The data folder: one server at a time, and how others on this machine find it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// Why the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be made or read.
    #[error("the data folder `{folder}` cannot be used: {why}")]
    Unusable {
        /// Which.
        folder: String,
        /// Why.
        why: String,
    },
    /// Another process serves from it.
    #[error("the data folder `{folder}` is in use by another castellan{who}")]
    InUse {
        /// Which.
        folder: String,
        /// ` (pid …)`, if known.
        who: String,
    },
}

/// What a running server tells others on this machine; readable by its owner alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Running {
    /// Process id.
    pub pid: u32,
    /// Where its HTTP listens.
    pub http: SocketAddr,
    /// A token for this run only.
    pub token: String,
}

/// A data folder that this process holds.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
    /// Whether it is this run that must say how it ended. A look must not wipe away that an
    /// earlier run did not stop in order.
    is_marked: std::sync::atomic::AtomicBool,
}

impl DataFolder {
    /// Makes the folder if it is missing, and holds it until dropped.
    pub fn hold(path: &Path) -> Result<Self, FolderError> {
        let unusable = |error: std::io::Error| FolderError::Unusable {
            folder: path.display().to_string(),
            why: error.to_string(),
        };
        make_private(path).map_err(unusable)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path.join("lock"))
            .map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock, is_marked: false.into() }),
            Err(TryLockError::WouldBlock) => Err(FolderError::InUse {
                folder: path.display().to_string(),
                who: running(path).map_or_else(String::new, |r| format!(" (pid {})", r.pid)),
            }),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Tells others on this machine where we are.
    pub fn announce(&self, running: &Running) -> std::io::Result<()> {
        let text = serde_json::to_vec(running)?;
        let temporary = self.path.join("running.json.new");
        // A left-over of a crash may carry other rights.
        let _ = std::fs::remove_file(&temporary);
        private(&temporary)?.write_all(&text)?;
        std::fs::rename(temporary, self.path.join("running.json"))
    }

    /// Says that a stop was orderly, if this run said that it began.
    pub fn mark_stopped(&self) -> std::io::Result<()> {
        if !self.is_marked.load(std::sync::atomic::Ordering::Relaxed) {
            return Ok(());
        }
        let _ = std::fs::remove_file(self.path.join("running.json"));
        std::fs::remove_file(self.path.join("unclean"))
    }

    /// Says that we run; gives since when, if the last run did not stop in order.
    pub fn mark_running(&self) -> std::io::Result<Option<SystemTime>> {
        let path = self.path.join("unclean");
        let before = std::fs::metadata(&path).and_then(|m| m.modified()).ok();
        File::create(path)?.sync_all()?;
        self.is_marked.store(true, std::sync::atomic::Ordering::Relaxed);
        Ok(before)
    }
}

/// Makes a file that its owner alone may read.
#[cfg(unix)]
pub(crate) fn private(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)
}

#[cfg(unix)]
pub(crate) fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// The server that serves from a folder now, if one does. One that was killed leaves its word
/// behind, but not its lock.
pub fn running(path: &Path) -> Option<Running> {
    match File::open(path.join("lock")).ok()?.try_lock() {
        Ok(()) => return None,
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
    }
    let mut text = Vec::new();
    let file = File::open(path.join("running.json")).ok()?;
    file.take(64 << 10).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Tells a running server that state was changed beside it.
pub fn touch_changed(path: &Path) -> std::io::Result<()> {
    File::create(path.join("changed"))?.write_all(b"1")
}

/// When state was last changed beside the server.
pub fn changed_at(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path.join("changed")).and_then(|m| m.modified()).ok()
}

/// Puts a file in place of another, for its owner alone: a power cut leaves the old one or the new
/// one, whole.
#[cfg(unix)]
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let temporary = path.with_file_name(name);
    match std::fs::remove_file(&temporary) {
        // A left-over of a crash.
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut file = private(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    sync_folder(path)
}

/// Makes what was put into or taken out of a file's folder durable.
pub(crate) fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}
