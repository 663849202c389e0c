//! Which files of a followed path are to be read, in which order, from where. No async, no clock:
//! one call of [`Follower::look`] is one look.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use model::Wire;

use super::open::{Open, Reading};
use super::siblings::{self, Identity, Sibling, fingerprint};
use super::{TailConfig, TailFrom, TailPosition};
use crate::limits;

/// One line, without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub body: Vec<u8>,
    pub bytes_cut: u64,
}

/// What one look found.
#[derive(Debug, Default)]
pub(super) struct Look {
    pub lines: Vec<Line>,
    /// Where to go on once `lines` are journalled; `None`: as before.
    pub positions: Option<Vec<TailPosition>>,
    pub rotated: u64,
    pub gaps: u64,
}

#[derive(Debug)]
pub(super) struct Follower {
    path: PathBuf,
    reading: Reading,
    /// Rotated away, not yet read to their end; oldest first.
    old: Vec<Open>,
    /// What the path named when we last looked.
    current: Option<Open>,
    /// Rotated away and read to their end; kept while they exist, so as not to be read again.
    done: Vec<TailPosition>,
    /// Gaps found at the start, told by the first look.
    gaps: u64,
    /// Whether positions were told yet. Where we began is worth keeping before anything is read:
    /// a restart must not begin at the end once more.
    is_told: bool,
}

impl Follower {
    /// Goes on where `saved` says; on the very first start (nothing saved) as configured, passing
    /// over files that were rotated away before.
    pub(super) fn begin(config: &TailConfig, saved: &[TailPosition]) -> io::Result<Self> {
        let has_header = config.wire == Some(Wire::Csv);
        let reading = Reading { record_bytes_max: config.record_bytes_max, has_header };
        let mut follower = Self {
            path: config.path.clone(),
            reading,
            old: Vec::new(),
            current: None,
            done: Vec::new(),
            gaps: 0,
            is_told: false,
        };
        match saved.split_last() {
            None => follower.begin_new(config.from)?,
            Some((current, old)) => follower.resume(current, old)?,
        }
        Ok(follower)
    }

    fn begin_new(&mut self, from: TailFrom) -> io::Result<()> {
        for sibling in siblings::rotated(&self.path)? {
            let Ok(file) = File::open(&sibling.path) else {
                continue;
            };
            self.done.extend(self.passed(&file, &sibling)?);
        }
        let offset = match from {
            TailFrom::Beginning => 0,
            TailFrom::End => end_of_last_line(&self.path)?,
        };
        self.current = Open::at(&self.path, offset, self.reading).or_else(missing)?;
        Ok(())
    }

    fn passed(&self, file: &File, sibling: &Sibling) -> io::Result<Option<TailPosition>> {
        let Identity { dev, inode } = sibling.identity;
        let (path, offset) = (self.path.clone(), sibling.length);
        let print = fingerprint(file, offset)?;
        Ok(print.map(|fingerprint| TailPosition { path, dev, inode, offset, fingerprint }))
    }

    fn resume(&mut self, current: &TailPosition, old: &[TailPosition]) -> io::Result<()> {
        let siblings = siblings::rotated(&self.path)?;
        let find = |wanted: &TailPosition| {
            siblings.iter().map(|sibling| &sibling.path).find(|path| is_at(path, wanted))
        };
        for position in old {
            if let Some(path) = find(position) {
                self.old.extend(Open::at(path, position.offset, self.reading).or_else(missing)?);
            }
        }
        let path = if is_at(&self.path, current) { Some(&self.path) } else { find(current) };
        if let Some(path) = path {
            // If it was rotated away meanwhile, the first look will notice.
            self.current = Open::at(path, current.offset, self.reading).or_else(missing)?;
            return Ok(());
        }
        // Truncated after a copy was made? Then the copy holds what we have read.
        let copy = siblings.iter().find(|sibling| {
            let is_known = old.iter().any(|known| is_of(known, sibling.identity));
            !is_known && current.offset > 0 && holds(&sibling.path, current)
        });
        match copy {
            Some(Sibling { path, .. }) => {
                self.old.extend(Open::at(path, current.offset, self.reading).or_else(missing)?);
            }
            // Not a gap if nothing was read of it: then it is simply a new file.
            None => self.gaps += u64::from(current.offset > 0),
        }
        let new = Open::at(&self.path, 0, self.reading).or_else(missing)?;
        self.take_unknown_siblings(new.as_ref())?;
        self.current = new;
        Ok(())
    }

    /// One look: notices rotation, then reads a bounded number of bytes from the oldest file that
    /// has any.
    pub(super) fn look(&mut self) -> io::Result<Look> {
        let before = self.positions();
        let mut look = Look { gaps: std::mem::take(&mut self.gaps), ..Look::default() };
        self.notice_rotation(&mut look)?;
        let reading = self.reading;
        for open in self.old.iter_mut().chain(&mut self.current) {
            open.read(reading, &mut look.lines)?;
            if !look.lines.is_empty() {
                break;
            }
        }
        self.close_finished(&mut look)?;
        let now = self.positions();
        let is_news = !self.is_told || now != before;
        look.positions = (is_news && !now.is_empty()).then_some(now);
        self.is_told |= look.positions.is_some();
        Ok(look)
    }

    /// Read to the end first, current last: the order that [`Follower::begin`] expects.
    fn positions(&self) -> Vec<TailPosition> {
        let open = self.old.iter().chain(&self.current).map(|open| open.position(&self.path));
        self.done.iter().cloned().chain(open).collect()
    }

    fn notice_rotation(&mut self, look: &mut Look) -> io::Result<()> {
        let new = self.replacement()?;
        let is_truncated = match &self.current {
            Some(current) => current.is_truncated()?,
            None => false,
        };
        let older = self.old.len();
        // Before the current file is started again: telling copies needs what was read of it.
        let has_copy = self.take_unknown_siblings(new.as_ref())?;
        if let Some(current) = self.current.as_mut().filter(|_| is_truncated) {
            look.rotated += 1;
            let is_partial_lost = current.restart()?;
            look.gaps += u64::from(is_partial_lost && !has_copy);
        }
        let Some(new) = new else { return Ok(()) };
        self.forget(&new);
        if let Some(replaced) = self.current.replace(new) {
            look.rotated += u64::from(!is_truncated);
            // Older than what was found just now, which was rotated away after it.
            self.old.insert(older, replaced);
        }
        Ok(())
    }

    /// The file that the path names now, if it is another than before and there is room for it.
    fn replacement(&self) -> io::Result<Option<Open>> {
        let Some(metadata) = missing_is_none(std::fs::metadata(&self.path))? else {
            return Ok(None);
        };
        let there = Identity::of(&metadata);
        let is_same = self.current.as_ref().is_some_and(|current| current.identity == there);
        if is_same || self.old.len() >= limits::TAIL_FILES_MAX {
            return Ok(None);
        }
        Open::at(&self.path, 0, self.reading).or_else(missing)
    }

    /// An inode that was used again names a new file.
    fn forget(&mut self, new: &Open) {
        self.done.retain(|known| !is_of(known, new.identity));
    }

    /// Opens rotated files never seen before: copies of the current one from where it was read to,
    /// others from their beginning. A copy still being made, of the current file or of the `new`
    /// one about to take its place, is left for a later look. Says whether there was a copy.
    fn take_unknown_siblings(&mut self, new: Option<&Open>) -> io::Result<bool> {
        let siblings = siblings::rotated(&self.path)?;
        self.done.retain(|known| siblings.iter().any(|sibling| is_of(known, sibling.identity)));
        let mut has_copy = false;
        for sibling in siblings {
            let mut open = self.old.iter().chain(&self.current);
            let is_open = open.any(|open| open.identity == sibling.identity);
            if is_open || self.old.len() >= limits::TAIL_FILES_MAX {
                continue;
            }
            let known = self.done.iter().position(|known| is_of(known, sibling.identity));
            let known = known.and_then(|at| self.done.get(at)).cloned();
            let Some(file) = missing_is_none(File::open(&sibling.path))? else {
                continue;
            };
            let is_being_made = is_copy_being_made(&file, self.current.as_ref())?
                || is_copy_being_made(&file, new)?;
            let offset = match (known, &self.current) {
                (Some(known), _) if known.offset == sibling.length => continue,
                // Its writer had not reopened after all.
                (Some(known), _) if holds(&sibling.path, &known) => known.offset,
                _ if is_being_made => continue,
                (_, Some(current)) if current.is_copied_in(&file)? => {
                    has_copy = true;
                    current.offset()
                }
                _ => 0,
            };
            self.done.retain(|known| !is_of(known, sibling.identity));
            let opened = Open::at(&sibling.path, offset, self.reading).or_else(missing)?;
            // Renamed since it was listed: the next look finds it under its new name.
            self.old.extend(opened.filter(|open| open.identity == sibling.identity));
        }
        Ok(has_copy)
    }

    /// Gives up rotated files that have not grown for long enough, after their last line.
    fn close_finished(&mut self, look: &mut Look) -> io::Result<()> {
        if !look.lines.is_empty() {
            return Ok(());
        }
        let mut open = Vec::new();
        for mut file in std::mem::take(&mut self.old) {
            file.quiet_looks += 1;
            if file.quiet_looks <= limits::TAIL_LINGER_LOOKS {
                open.push(file);
                continue;
            }
            file.finish(self.reading, &mut look.lines)?;
            self.done.push(file.position(&self.path));
        }
        self.old = open;
        let over = self.done.len().saturating_sub(limits::TAIL_FILES_MAX);
        self.done.drain(..over);
        Ok(())
    }
}

fn is_of(position: &TailPosition, identity: Identity) -> bool {
    position.dev == identity.dev && position.inode == identity.inode
}

/// Whether the file at `path` is the one of `position` and still begins as it did.
fn is_at(path: &Path, position: &TailPosition) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    let Ok(metadata) = file.metadata() else {
        return false;
    };
    is_of(position, Identity::of(&metadata)) && holds(path, position)
}

/// Whether the file at `path`, whichever it is, holds what was read up to `position`.
fn holds(path: &Path, position: &TailPosition) -> bool {
    let print = File::open(path).and_then(|file| fingerprint(&file, position.offset));
    print.is_ok_and(|print| print.as_ref() == Some(&position.fingerprint))
}

/// Whether `file` holds nothing but the beginning of `original`: it may still be growing.
fn is_copy_being_made(file: &File, original: Option<&Open>) -> io::Result<bool> {
    let Some(original) = original else { return Ok(false) };
    let length = file.metadata()?.size();
    siblings::begin_alike(file, original.file(), length)
}

/// Offset behind the last line feed, looked for in the last bytes only.
fn end_of_last_line(path: &Path) -> io::Result<u64> {
    let Some(mut file) = missing_is_none(File::open(path))? else {
        return Ok(0);
    };
    let length = file.metadata()?.len();
    let start = length.saturating_sub(limits::STREAM_READ_BYTES_MAX as u64);
    file.seek(SeekFrom::Start(start))?;
    let mut end = Vec::new();
    file.take(limits::STREAM_READ_BYTES_MAX as u64).read_to_end(&mut end)?;
    Ok(match memchr::memrchr(b'\n', &end) {
        Some(at) => start + at as u64 + 1,
        None if start == 0 => 0,
        None => length,
    })
}

fn missing(error: io::Error) -> io::Result<Option<Open>> {
    if error.kind() == io::ErrorKind::NotFound { Ok(None) } else { Err(error) }
}

fn missing_is_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
