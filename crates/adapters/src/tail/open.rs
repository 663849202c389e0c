//! One open file of a followed path: reads whole lines from where it stands.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::TailPosition;
use super::follower::Line;
use super::siblings::{Identity, fingerprint};
use crate::limits;

#[derive(Debug)]
pub(super) struct Open {
    file: File,
    pub identity: Identity,
    /// Everything before this was handed out; the beginning of a line.
    offset: u64,
    fingerprint: String,
    /// Everything before this was read.
    read_to: u64,
    read_fingerprint: String,
    /// The unfinished line between the two, up to the limit.
    partial: Vec<u8>,
    /// With CSV: whether the header was passed, and what it is.
    header: Option<Vec<u8>>,
    /// Looks since it last grew, once it is no longer the current file.
    pub quiet_looks: u32,
}

/// How to read lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub record_bytes_max: usize,
    pub has_header: bool,
}

impl Open {
    /// Opens a file to be read from `offset`. `None` when it is shorter.
    pub(super) fn at(path: &Path, offset: u64, reading: Reading) -> io::Result<Option<Self>> {
        let file = File::open(path)?;
        let Some(print) = fingerprint(&file, offset)? else {
            return Ok(None);
        };
        let mut open = Self {
            identity: Identity::of(&file.metadata()?),
            file,
            offset,
            fingerprint: print.clone(),
            read_to: offset,
            read_fingerprint: print,
            partial: Vec::new(),
            header: None,
            quiet_looks: 0,
        };
        if reading.has_header && offset > 0 {
            open.header = Some(open.first_line(reading.record_bytes_max)?);
        }
        Ok(Some(open))
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn position(&self, path: &Path) -> TailPosition {
        TailPosition {
            path: path.to_owned(),
            dev: self.identity.dev,
            inode: self.identity.inode,
            offset: self.offset,
            fingerprint: self.fingerprint.clone(),
        }
    }

    /// Whether what was read is no longer in the file as it was.
    pub(super) fn is_truncated(&self) -> io::Result<bool> {
        Ok(fingerprint(&self.file, self.read_to)?.as_ref() != Some(&self.read_fingerprint))
    }

    /// Whether `other` holds what was read of this file: a copy of it.
    pub(super) fn is_copied_in(&self, other: &File) -> io::Result<bool> {
        let is_same = fingerprint(other, self.read_to)?.as_ref() == Some(&self.read_fingerprint);
        Ok(self.read_to > 0 && is_same)
    }

    /// Starts again at the beginning of the same file. Says whether an unfinished line is lost.
    pub(super) fn restart(&mut self) -> io::Result<bool> {
        let had_partial = self.read_to > self.offset;
        self.partial.clear();
        self.header = None;
        self.offset = 0;
        self.read_to = 0;
        self.seal()?;
        Ok(had_partial)
    }

    /// Reads up to a bounded number of bytes into lines.
    pub(super) fn read(&mut self, reading: Reading, lines: &mut Vec<Line>) -> io::Result<()> {
        let mut chunk = vec![0; limits::STREAM_READ_BYTES_MAX];
        let mut left = limits::TAIL_READ_BYTES_MAX;
        let before = self.read_to;
        while left > 0 && lines.len() < limits::BATCH_RECORDS_MAX {
            let read = self.file.read_at(&mut chunk, self.read_to)?;
            if read == 0 {
                break;
            }
            left = left.saturating_sub(read);
            self.take(chunk.get(..read).unwrap_or_default(), reading, lines);
        }
        if self.read_to != before {
            self.quiet_looks = 0;
            self.seal()?;
        }
        Ok(())
    }

    /// Takes bytes that stand at `read_to`.
    fn take(&mut self, mut bytes: &[u8], reading: Reading, lines: &mut Vec<Line>) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (head, rest) = bytes.split_at_checked(end + 1).unwrap_or((bytes, &[]));
            self.keep(head.get(..end).unwrap_or_default(), reading.record_bytes_max);
            self.read_to += head.len() as u64;
            let length = self.read_to - self.offset - 1;
            self.finish_line(length, reading, lines);
            bytes = rest;
        }
        self.keep(bytes, reading.record_bytes_max);
        self.read_to += bytes.len() as u64;
    }

    fn keep(&mut self, bytes: &[u8], bytes_max: usize) {
        let room = bytes_max.saturating_sub(self.partial.len());
        self.partial.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// The line of `length` bytes up to `read_to` is whole.
    fn finish_line(&mut self, length: u64, reading: Reading, lines: &mut Vec<Line>) {
        self.offset = self.read_to;
        let mut body = std::mem::take(&mut self.partial);
        let bytes_cut = length - body.len() as u64;
        if bytes_cut == 0 && body.last() == Some(&b'\r') {
            body.pop();
        }
        if body.trim_ascii().is_empty() {
            return;
        }
        if reading.has_header {
            let Some(header) = &self.header else {
                self.header = Some(body);
                return;
            };
            body = [header, b"\n".as_slice(), &body].concat();
        }
        lines.push(Line { body, bytes_cut });
    }

    /// Hands out the unfinished last line of a file that will not grow any more.
    pub(super) fn finish(&mut self, reading: Reading, lines: &mut Vec<Line>) -> io::Result<()> {
        let length = self.read_to - self.offset;
        if length > 0 {
            self.finish_line(length, reading, lines);
        }
        self.seal()
    }

    fn seal(&mut self) -> io::Result<()> {
        let print = |offset| -> io::Result<String> {
            // Shorter already: an empty print, which no later content has, says truncated.
            Ok(fingerprint(&self.file, offset)?.unwrap_or_default())
        };
        let (at_offset, at_end) = (print(self.offset)?, print(self.read_to)?);
        self.fingerprint = at_offset;
        self.read_fingerprint = at_end;
        Ok(())
    }

    fn first_line(&self, bytes_max: usize) -> io::Result<Vec<u8>> {
        let mut head = vec![0; bytes_max];
        let read = self.file.read_at(&mut head, 0)?;
        head.truncate(read);
        let end = memchr::memchr(b'\n', &head).unwrap_or(head.len());
        head.truncate(end);
        if head.last() == Some(&b'\r') {
            head.pop();
        }
        Ok(head)
    }
}
