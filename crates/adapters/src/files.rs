//! Files as records, for `normalise` and `replay`: lines, NDJSON, JSON, CSV and XML, as they are
//! or gzip or zstd. Synchronous, and holds one record at a time.

mod input;
mod sniff;
mod split;

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::Wire;

use crate::limits;
use input::Input;
use split::{Json, Piece};

pub use input::STDIN;
pub use sniff::line_wire;

/// How a file holds its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FileFormat {
    /// To be told from its content, then its name.
    #[default]
    Auto,
    /// One JSON value per line.
    Ndjson,
    /// JSON values, each over as many lines as it likes, or arrays whose elements are records.
    Json,
    /// One record per line; its wire is told from the line.
    Lines,
    /// A header line, then records.
    Csv,
    /// XML documents one after another.
    Xml,
}

/// How to read.
#[derive(Debug, Clone)]
pub struct FileOptions {
    /// Format of every file.
    pub format: FileFormat,
    /// Bytes of one record; a longer line is cut, a longer record of another format is an error.
    pub record_bytes_max: usize,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self { format: FileFormat::Auto, record_bytes_max: limits::FILE_RECORD_BYTES_MAX }
    }
}

/// One record of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    /// Its number, from 0, across all files in their order; bad ones count too.
    pub index: u64,
    /// Which file; `-` is standard input.
    pub file: Arc<Path>,
    /// The line on which it begins, from 1.
    pub line: u64,
    /// How `body` is to be read.
    pub wire: Wire,
    /// Bytes cut off its end.
    pub bytes_cut: u64,
    /// The bytes; for CSV `header\nrecord`.
    pub body: Vec<u8>,
}

/// What is wrong with a file or with one of its records.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file cannot be opened; its records are not counted.
    #[error("cannot read `{}`: {source}", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Reading stopped midway: what comes after this line is lost.
    #[error("cannot read `{}` beyond line {line}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Up to where.
        line: u64,
        /// What the system or the decompressor said.
        source: io::Error,
    },
    /// One record cannot be told; those after it can.
    #[error("`{}` line {line}: {detail}", path.display())]
    Record {
        /// Which file.
        path: PathBuf,
        /// Where it begins.
        line: u64,
        /// Its number, as in [`FileRecord::index`].
        index: u64,
        /// What was found and expected.
        detail: String,
    },
}

/// Opens one file, or standard input for `-`.
pub fn open(path: &Path, options: &FileOptions) -> Result<Records, FileError> {
    let mut records = open_all(std::slice::from_ref(&path.to_owned()), options);
    let next = records.waiting.pop_front();
    records.current = next.map(|path| records.begin(&path)).transpose()?;
    Ok(records)
}

/// The records of several files, one after another. A file that cannot be read gives an error in
/// its place, and the next one follows.
pub fn open_all(paths: &[PathBuf], options: &FileOptions) -> Records {
    let waiting = paths.iter().map(|path| Arc::from(path.as_path())).collect();
    Records { options: options.clone(), waiting, current: None, index: 0 }
}

/// Iterates over records in the order of the files.
pub struct Records {
    options: FileOptions,
    waiting: VecDeque<Arc<Path>>,
    current: Option<Reading>,
    index: u64,
}

/// One open file.
struct Reading {
    path: Arc<Path>,
    input: Input,
    shape: Shape,
}

enum Shape {
    Lines { wire: Option<Wire> },
    Json(Json),
    Csv { header: Vec<u8> },
    Xml,
}

impl Iterator for Records {
    type Item = Result<FileRecord, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(reading) = &mut self.current {
                match reading.next(self.options.record_bytes_max) {
                    Ok(Some(piece)) => return Some(self.number(piece)),
                    Ok(None) => self.current = None,
                    Err(source) => {
                        let (path, line) = (reading.path.to_path_buf(), reading.input.line());
                        self.current = None;
                        return Some(Err(FileError::Read { path, line, source }));
                    }
                }
            }
            let path = self.waiting.pop_front()?;
            match self.begin(&path) {
                Ok(reading) => self.current = Some(reading),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl Records {
    fn begin(&self, path: &Arc<Path>) -> Result<Reading, FileError> {
        Reading::open(path, &self.options)
            .map_err(|source| FileError::Open { path: path.to_path_buf(), source })
    }

    fn number(&mut self, piece: Numbered) -> Result<FileRecord, FileError> {
        let index = self.index;
        self.index += 1;
        let Numbered { file, wire, piece } = piece;
        match piece {
            Piece::Record { line, body, bytes_cut } => {
                Ok(FileRecord { index, file, line, wire, bytes_cut, body })
            }
            Piece::Bad { line, detail } => {
                Err(FileError::Record { path: file.to_path_buf(), line, index, detail })
            }
        }
    }
}

struct Numbered {
    file: Arc<Path>,
    wire: Wire,
    piece: Piece,
}

impl Reading {
    fn open(path: &Arc<Path>, options: &FileOptions) -> io::Result<Self> {
        let mut input = Input::open(path)?;
        let head = input.look_ahead(limits::FILE_SNIFF_BYTES)?;
        let mark = sniff::mark_length(head)
            .map_err(|detail| io::Error::new(io::ErrorKind::InvalidData, detail))?;
        let content = head.get(mark..).unwrap_or_default();
        let format = match options.format {
            FileFormat::Auto => sniff::format(path, content),
            told => told,
        };
        input.pass(mark);
        let shape = match format {
            FileFormat::Auto | FileFormat::Lines => Shape::Lines { wire: None },
            FileFormat::Ndjson => Shape::Lines { wire: Some(Wire::Json) },
            FileFormat::Json => Shape::Json(Json::default()),
            FileFormat::Csv => Shape::Csv { header: header(&mut input, options)? },
            FileFormat::Xml => Shape::Xml,
        };
        Ok(Self { path: Arc::clone(path), input, shape })
    }

    fn next(&mut self, max: usize) -> io::Result<Option<Numbered>> {
        let input = &mut self.input;
        let (wire, piece) = match &mut self.shape {
            Shape::Lines { wire } => {
                let piece = split::line(input, max)?;
                let told = match &piece {
                    Some(Piece::Record { body, .. }) => line_wire(body),
                    Some(Piece::Bad { .. }) | None => Wire::Syslog,
                };
                (wire.unwrap_or(told), piece)
            }
            Shape::Json(json) => (Wire::Json, json.next(input, max)?),
            Shape::Csv { header } => (Wire::Csv, split::csv(input, max)?.map(|p| p.under(header))),
            Shape::Xml => (Wire::Xml, split::xml(input, max)?),
        };
        let file = Arc::clone(&self.path);
        Ok(piece.map(|piece| Numbered { file, wire, piece }))
    }
}

/// The header of a CSV file; empty for an empty file.
fn header(input: &mut Input, options: &FileOptions) -> io::Result<Vec<u8>> {
    match split::csv(input, options.record_bytes_max)? {
        Some(Piece::Record { body, .. }) => Ok(body),
        Some(Piece::Bad { detail, .. }) => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("its csv header cannot be read: {detail}"),
        )),
        None => Ok(Vec::new()),
    }
}
