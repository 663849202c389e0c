//! Files beside a followed one that rotation made of it, and the digests that tell files apart.

use std::cmp::Reverse;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Bytes at either end that a fingerprint looks at.
const ENDS_BYTES: u64 = 512;

/// A file whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    pub dev: u64,
    pub inode: u64,
}

impl Identity {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { dev: metadata.dev(), inode: metadata.ino() }
    }
}

/// A file that rotation made of the followed one.
#[derive(Debug)]
pub(super) struct Sibling {
    pub path: PathBuf,
    pub identity: Identity,
    pub length: u64,
}

/// The folder a path lies in.
pub(super) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Rotated, uncompressed files of `path`, oldest first: `app.log.2`, `app.log.1`, or
/// `app.log-20261122`.
pub(super) fn rotated(path: &Path) -> io::Result<Vec<Sibling>> {
    let Some(name) = path.file_name() else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder(path))? {
        let entry = entry?;
        let other = entry.file_name();
        let suffix = other.as_encoded_bytes().strip_prefix(name.as_encoded_bytes());
        let Some(number) = suffix.and_then(rotation) else {
            continue;
        };
        // It may be renamed or removed between listing and asking.
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if metadata.is_file() {
            let order = (metadata.mtime(), metadata.mtime_nsec(), number);
            let (identity, length) = (Identity::of(&metadata), metadata.len());
            found.push((order, Sibling { path: entry.path(), identity, length }));
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(found.into_iter().map(|(_, sibling)| sibling).collect())
}

/// What orders rotated files of one age: of `.1` and `.2` the latter is older, of dates the
/// smaller.
fn rotation(suffix: &[u8]) -> Option<(Reverse<u64>, Vec<u8>)> {
    let (first, rest) = suffix.split_first()?;
    let is_part = |byte: &u8| byte.is_ascii_digit() || b"-._T".contains(byte);
    if !matches!(first, b'.' | b'-') || rest.is_empty() || !rest.iter().all(is_part) {
        return None;
    }
    let text = std::str::from_utf8(rest).ok()?;
    // Longer numbers are dates, not counters.
    let number = if text.len() <= 4 { text.parse().unwrap_or(0) } else { 0 };
    Some((Reverse(number), rest.to_vec()))
}

/// Digest of the first and of the last bytes before `offset`; `None` if the file is shorter.
pub(super) fn fingerprint(file: &File, offset: u64) -> io::Result<Option<String>> {
    let Some((head, last)) = ends(file, offset)? else {
        return Ok(None);
    };
    let mut hasher = Sha256::new();
    hasher.update(offset.min(ENDS_BYTES).to_le_bytes());
    hasher.update(head);
    hasher.update(last);
    Ok(Some(hex::encode(hasher.finalize())))
}

/// Whether the first `length` bytes of both files seem to be the same.
pub(super) fn begin_alike(one: &File, other: &File, length: u64) -> io::Result<bool> {
    Ok(match (ends(one, length)?, ends(other, length)?) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    })
}

fn ends(file: &File, offset: u64) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let length = offset.min(ENDS_BYTES);
    let mut head = vec![0; usize::try_from(length).unwrap_or(0)];
    let mut last = head.clone();
    let read = file
        .read_exact_at(&mut head, 0)
        .and_then(|()| file.read_exact_at(&mut last, offset - length));
    match read {
        Ok(()) => Ok(Some((head, last))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn rotated_files_are_told_from_others_and_ordered() {
        let folder = tempfile::tempdir().unwrap();
        let at = std::time::SystemTime::UNIX_EPOCH;
        for name in [
            "a.log",
            "a.log.1",
            "a.log.2",
            "a.log.10",
            "a.log.1.gz",
            "a.log.bak",
            "b.log.1",
            "a.log-x",
            "a.log.",
        ] {
            let file = File::create(folder.path().join(name)).unwrap();
            file.set_modified(at).unwrap();
        }
        let found = rotated(&folder.path().join("a.log")).unwrap();
        let names: Vec<_> =
            found.iter().map(|it| it.path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.log.10", "a.log.2", "a.log.1"]);
    }
}
