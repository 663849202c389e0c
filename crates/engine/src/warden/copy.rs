//! The copy of what is dead and suspended, beside the state: a file that only grows.
//!
//! A state that is put back from an archive is older than this copy; that is how it is found out,
//! and what died in between is in here. Each line is one JSON object, synchronised before anybody
//! is told.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use access::door::CredentialKey;
use access::revocation::{Subject, Suspensions, Tombstone, Tombstones};
use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::folder;

/// Its name in the data folder.
pub const COPY_FILE: &str = "tombstones.log";
/// Longest line that is read, in bytes.
const LINE_BYTES_MAX: usize = 4_096;
/// Lines beyond what is known, after which the file is written anew when it is opened.
const SPARE_LINES_MAX: usize = 10_000;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// A version was given out.
    Version(u64),
    /// The first and the last version of a run.
    Run(u64, u64),
    /// Something died.
    Dead { key: String, generation: u32, since: i64 },
    /// Somebody was suspended, or no longer is.
    Suspended { subject: Subject, version: u64, is_suspended: bool },
}

/// What a copy holds.
#[derive(Debug, Default)]
pub struct Copied {
    /// The highest version that was given out.
    pub version: u64,
    /// What is dead.
    pub tombstones: Tombstones,
    /// Who is suspended.
    pub suspensions: Suspensions,
    /// The first and the last version that each run has given out, oldest first.
    pub runs: Vec<(u64, u64)>,
    /// Lines that nobody understands: the end of one that a power cut left, or damage.
    pub unread: usize,
}

/// The file, open.
#[derive(Debug)]
pub struct Copy {
    path: PathBuf,
    file: File,
}

impl Copy {
    /// Opens the copy in a data folder, or begins one; gives what it holds.
    pub fn open(data: &Path) -> std::io::Result<(Self, Copied)> {
        let path = data.join(COPY_FILE);
        let mut copied = Copied::default();
        let (mut lines, mut is_cut) = (0, false);
        match File::open(&path) {
            Ok(file) => {
                let mut reader = BufReader::new(file);
                let mut text = Vec::new();
                while reader.read_until(b'\n', &mut text)? > 0 {
                    lines += 1;
                    is_cut = text.pop_if(|last| *last == b'\n').is_none();
                    copied.take(&text);
                    text.clear();
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                folder::private(&path)?.sync_all()?;
            }
            Err(error) => return Err(error),
        }
        let mut file = OpenOptions::new().append(true).open(&path)?;
        if is_cut {
            // What was cut off must not run into the next line, however much of it was written.
            file.write_all(b"\n")?;
        }
        let mut copy = Self { path, file };
        if lines > copied.tombstones.len() + SPARE_LINES_MAX {
            copy.rewrite(&copied)?;
        }
        Ok((copy, copied))
    }

    /// Adds what is new, synchronised.
    pub fn append(
        &mut self,
        version: u64,
        stones: &[Tombstone],
        words: &[(Subject, u64, bool)],
    ) -> std::io::Result<()> {
        let mut text = Vec::new();
        for stone in stones {
            line(&mut text, &dead(stone))?;
        }
        for (subject, version, is_suspended) in words {
            let (subject, version, is_suspended) = (subject.clone(), *version, *is_suspended);
            line(&mut text, &Line::Suspended { subject, version, is_suspended })?;
        }
        line(&mut text, &Line::Version(version))?;
        self.file.write_all(&text)?;
        self.file.sync_data()
    }

    /// Writes all of it anew: in the end there is the old file or the new one.
    pub fn rewrite(&mut self, held: &Copied) -> std::io::Result<()> {
        let unfinished = self.path.with_extension("new");
        let _ = std::fs::remove_file(&unfinished);
        let mut file = folder::private(&unfinished)?;
        let mut text = Vec::new();
        for stone in held.tombstones.iter() {
            line(&mut text, &dead(&stone))?;
        }
        for (subject, version, is_suspended) in held.suspensions.iter() {
            let subject = subject.clone();
            line(&mut text, &Line::Suspended { subject, version, is_suspended })?;
        }
        for (first, last) in &held.runs {
            line(&mut text, &Line::Run(*first, *last))?;
        }
        line(&mut text, &Line::Version(held.version))?;
        file.write_all(&text)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &self.path)?;
        self.file = OpenOptions::new().append(true).open(&self.path)?;
        Ok(())
    }
}

fn dead(stone: &Tombstone) -> Line {
    Line::Dead {
        key: hex::encode(stone.key.bytes()),
        generation: stone.generation,
        since: stone.since.nanos(),
    }
}

fn line(text: &mut Vec<u8>, line: &Line) -> std::io::Result<()> {
    serde_json::to_writer(&mut *text, line)?;
    text.push(b'\n');
    Ok(())
}

impl Copied {
    fn take(&mut self, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        let read = (text.len() <= LINE_BYTES_MAX).then(|| serde_json::from_slice(text).ok());
        match read.flatten() {
            Some(Line::Version(version)) => {
                self.version = self.version.max(version);
                if let Some(run) = self.runs.last_mut() {
                    run.1 = run.1.max(version);
                }
            }
            Some(Line::Run(first, last)) => self.runs.push((first, last)),
            Some(Line::Dead { key, generation, since }) => {
                let mut bytes = [0; 16];
                if hex::decode_to_slice(&key, &mut bytes).is_err() {
                    self.unread += 1;
                    return;
                }
                let (key, since) = (CredentialKey::from_bytes(bytes), Timestamp::from_nanos(since));
                if !self.tombstones.bury(Tombstone { key, generation, since }) {
                    self.unread += 1;
                }
            }
            Some(Line::Suspended { subject, version, is_suspended }) => {
                self.suspensions.put(subject, version, is_suspended);
            }
            None => self.unread += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]
    use super::*;

    fn stone(n: u8) -> Tombstone {
        let since = Timestamp::from_secs(i64::from(n));
        Tombstone { key: CredentialKey::from_bytes([n; 16]), generation: 1, since }
    }

    #[test]
    fn what_was_added_is_there_again_wherever_the_last_line_was_cut() {
        let folder = tempfile::tempdir().unwrap();
        let subject = Subject::Person(model::PersonId::parse("ana").unwrap());
        {
            let (mut copy, copied) = Copy::open(folder.path()).unwrap();
            assert_eq!((copied.version, copied.unread), (0, 0));
            copy.append(1, &[stone(1), stone(2)], &[]).unwrap();
            copy.append(2, &[], &[(subject.clone(), 2, true)]).unwrap();
        }
        let path = folder.path().join(COPY_FILE);
        let second = std::fs::read(&path).unwrap().len();
        Copy::open(folder.path()).unwrap().0.append(3, &[stone(3)], &[]).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in second..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let (mut copy, copied) = Copy::open(folder.path()).unwrap();
            assert!(copied.version >= 2, "cut at {cut}");
            assert!(copied.tombstones.covers(stone(2).key, 1));
            assert!(copied.suspensions.holds(&subject));
            copy.append(9, &[stone(4)], &[]).unwrap();
            let (_, copied) = Copy::open(folder.path()).unwrap();
            assert_eq!(copied.version, 9, "cut at {cut}");
            assert!(copied.tombstones.covers(stone(4).key, 1), "cut at {cut}");
        }
        let (mut copy, mut copied) = Copy::open(folder.path()).unwrap();
        copied.version = 12;
        copy.rewrite(&copied).unwrap();
        copy.append(13, &[stone(5)], &[]).unwrap();
        let (_, again) = Copy::open(folder.path()).unwrap();
        assert_eq!((again.version, again.unread), (13, 0));
        assert!(again.tombstones.includes(&copied.tombstones));
        assert!(again.tombstones.covers(stone(5).key, 1));
    }
}
