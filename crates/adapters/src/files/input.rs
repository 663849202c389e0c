//! One file as a stream of bytes with line numbers, decompressed on the way, bounded all along.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

use crate::limits;

/// The path that stands for standard input.
pub const STDIN: &str = "-";

/// SOURCE: RFC 1952 section 2.3.1 (ID1, ID2).
const GZIP: &[u8] = &[0x1f, 0x8b];
/// SOURCE: RFC 8878 section 3.1.1 (`Magic_Number`, little-endian 0xFD2FB528).
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Bytes read from below at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// Counts what passes, so that the bytes on disk can be compared with those they unfold to.
struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

pub(super) struct Input {
    reader: Box<dyn Read + Send>,
    is_compressed: bool,
    bytes_in: Arc<AtomicU64>,
    bytes_out: u64,
    buffer: Vec<u8>,
    at: usize,
    line: u64,
    is_ended: bool,
}

impl Input {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if path.as_os_str() == STDIN {
            return Self::of(io::stdin());
        }
        if path.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
        }
        Self::of(File::open(path)?)
    }

    pub(super) fn of(mut raw: impl Read + Send + 'static) -> io::Result<Self> {
        let mut magic = Vec::with_capacity(ZSTD.len());
        raw.by_ref().take(ZSTD.len() as u64).read_to_end(&mut magic)?;
        let is_gzip = magic.starts_with(GZIP);
        let is_zstd = magic == ZSTD;
        let bytes_in = Arc::new(AtomicU64::new(0));
        let counted =
            Counted { inner: Cursor::new(magic).chain(raw), bytes: Arc::clone(&bytes_in) };
        let reader: Box<dyn Read + Send> = if is_gzip {
            Box::new(MultiGzDecoder::new(BufReader::with_capacity(CHUNK_BYTES, counted)))
        } else if is_zstd {
            let mut decoder = zstd::stream::read::Decoder::new(counted)?;
            decoder.window_log_max(limits::FILE_ZSTD_WINDOW_LOG_MAX)?;
            Box::new(decoder)
        } else {
            Box::new(counted)
        };
        Ok(Self {
            reader,
            is_compressed: is_gzip || is_zstd,
            bytes_in,
            bytes_out: 0,
            buffer: Vec::new(),
            at: 0,
            line: 1,
            is_ended: false,
        })
    }

    /// Line of the next byte, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// What is buffered and not yet passed.
    pub(super) fn rest(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    /// Reads on until `bytes` are buffered or the file ends.
    pub(super) fn look_ahead(&mut self, bytes: usize) -> io::Result<&[u8]> {
        while self.rest().len() < bytes && !self.is_ended {
            self.fill()?;
        }
        Ok(self.rest())
    }

    /// The next byte, not yet passed; `None` at the end.
    pub(super) fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.at >= self.buffer.len() && !self.is_ended {
            self.fill()?;
        }
        Ok(self.buffer.get(self.at).copied())
    }

    /// Passes `count` buffered bytes.
    pub(super) fn pass(&mut self, count: usize) {
        let passed = self.buffer.get(self.at..self.at + count).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.at = (self.at + count).min(self.buffer.len());
    }

    /// Passes one byte that was peeked.
    pub(super) fn pass_one(&mut self, byte: u8) {
        self.at += 1;
        self.line += u64::from(byte == b'\n');
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let old = self.buffer.len();
        self.buffer.resize(old + CHUNK_BYTES, 0);
        let read = loop {
            let free = self.buffer.get_mut(old..).unwrap_or_default();
            match self.reader.read(free) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.buffer.truncate(old + *read.as_ref().unwrap_or(&0));
        let read = read?;
        self.is_ended = read == 0;
        self.bytes_out += read as u64;
        self.refuse_bombs()
    }

    fn refuse_bombs(&self) -> io::Result<()> {
        let bytes_in = self.bytes_in.load(Ordering::Relaxed).max(1);
        let allowed = bytes_in.saturating_mul(limits::FILE_EXPANSION_RATIO_MAX);
        let is_bomb = self.is_compressed
            && self.bytes_out > limits::FILE_EXPANSION_FREE_BYTES
            && self.bytes_out > allowed;
        if !is_bomb {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{bytes_in} compressed bytes unfold to more than {allowed}; not read further"),
        ))
    }
}
