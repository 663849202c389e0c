//! Many files as one zip archive, the same bytes for the same input.
//!
//! Files stand in the order in which they were added, all with one time and no owner, compressed
//! by the same means everywhere: two archives of one content are equal byte for byte.
//! SOURCE: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.4.6 (times are local, to two seconds; ours
//! are UTC).

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::civil::LocalTime;

/// Longest name of a file, in bytes.
pub const NAME_BYTES_MAX: usize = 200;
/// Most files of one archive: beyond, other programs need an extension of the format.
pub const FILES_MAX: usize = 65_000;
/// Largest archive, for the same reason.
pub const ARCHIVE_BYTES_MAX: usize = 4_000_000_000;
/// Bytes that a file costs beside its content.
const FILE_BYTES_FIXED: usize = 256;

/// Why a file cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// A name that could lead elsewhere when unpacked, or be read in two ways.
    #[error(
        "`{0}` is no name for a file in an archive: expected a-z, A-Z, 0-9, dot, dash and \
         underscore between slashes, not beginning with a dot"
    )]
    Name(String),
    /// A time that the format cannot say.
    #[error("the format knows the years 1980 to 2107, not {0}")]
    Year(i32),
    /// No room for more.
    #[error("an archive holds at most {FILES_MAX} files and {ARCHIVE_BYTES_MAX} bytes")]
    Full,
    /// The format's own words.
    #[error("not to be written: {0}")]
    Format(String),
}

/// An archive that is being written, in memory.
pub struct Archive {
    writer: ZipWriter<Cursor<Vec<u8>>>,
    options: SimpleFileOptions,
    files: usize,
    /// No more than the archive can have come to.
    bytes: usize,
}

impl Archive {
    /// An empty archive whose files all bear one time, in UTC.
    pub fn new(at: &LocalTime) -> Result<Self, ArchiveError> {
        let year = u16::try_from(at.year).map_err(|_| ArchiveError::Year(at.year))?;
        let time =
            DateTime::from_date_and_time(year, at.month, at.day, at.hour, at.minute, at.second);
        let time = time.map_err(|_| ArchiveError::Year(at.year))?;
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(6))
            .last_modified_time(time)
            .unix_permissions(0o644);
        let writer = ZipWriter::new(Cursor::new(Vec::new()));
        Ok(Self { writer, options, files: 0, bytes: 0 })
    }

    /// Adds a file after those before it.
    pub fn add(&mut self, name: &str, content: &[u8]) -> Result<(), ArchiveError> {
        if !is_name(name) {
            return Err(ArchiveError::Name(name.chars().take(NAME_BYTES_MAX).collect()));
        }
        let bytes = self.bytes.saturating_add(content.len()).saturating_add(FILE_BYTES_FIXED);
        if self.files >= FILES_MAX || bytes > ARCHIVE_BYTES_MAX {
            return Err(ArchiveError::Full);
        }
        let wrap = |detail: String| ArchiveError::Format(detail);
        self.writer.start_file(name, self.options).map_err(|error| wrap(error.to_string()))?;
        self.writer.write_all(content).map_err(|error| wrap(error.to_string()))?;
        self.files += 1;
        self.bytes = bytes;
        Ok(())
    }

    /// The archive's bytes.
    pub fn finish(self) -> Result<Vec<u8>, ArchiveError> {
        let done = self.writer.finish().map_err(|e| ArchiveError::Format(e.to_string()))?;
        Ok(done.into_inner())
    }
}

fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    name.len() <= NAME_BYTES_MAX && name.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use std::io::Read as _;

    use super::*;

    const NOON: LocalTime =
        LocalTime { year: 2026, month: 11, day: 22, hour: 12, minute: 5, second: 9, nanos: 0 };

    fn archive(at: &LocalTime, files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = Archive::new(at).unwrap();
        for (name, content) in files {
            archive.add(name, content).unwrap();
        }
        archive.finish().unwrap()
    }

    #[test]
    fn what_went_in_comes_out_in_its_order_and_with_its_time() {
        let long = vec![b'x'; 200_000];
        let files: [(&str, &[u8]); 3] = [("b.txt", b"two"), ("raw/a.bin", &long), ("c.txt", b"")];
        let bytes = archive(&NOON, &files);
        assert!(bytes.len() < 2_000, "compressed: {}", bytes.len());
        let mut read = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
        assert_eq!(read.len(), 3);
        for (at, (name, content)) in files.iter().enumerate() {
            let mut file = read.by_index(at).unwrap();
            let mut found = Vec::new();
            file.read_to_end(&mut found).unwrap();
            assert_eq!((&*file.name().unwrap(), &*found), (*name, *content));
            let time = file.last_modified().unwrap();
            assert_eq!((time.hour(), time.minute(), time.second()), (12, 5, 8));
        }
    }

    #[test]
    fn one_content_is_one_archive() {
        let files: [(&str, &[u8]); 2] = [("a", b"some text, some text"), ("b", b"more")];
        assert_eq!(archive(&NOON, &files), archive(&NOON, &files));
        let later = LocalTime { minute: 6, ..NOON };
        assert_ne!(archive(&NOON, &files), archive(&later, &files));
    }

    #[test]
    fn no_name_leads_out_of_the_archive() {
        let mut archive = Archive::new(&NOON).unwrap();
        for bad in ["", "/etc/passwd", "../a", "a/../b", "a//b", "a\\b", ".a", "a b", "é", "a\0"] {
            assert!(matches!(archive.add(bad, b""), Err(ArchiveError::Name(_))), "{bad}");
        }
        assert!(archive.add(&"a".repeat(NAME_BYTES_MAX + 1), b"").is_err());
        archive.add("raw/0001.json", b"").unwrap();
        assert!(matches!(archive.add("raw/0001.json", b""), Err(ArchiveError::Format(_))));
    }

    #[test]
    fn a_time_that_the_format_cannot_say_is_refused() {
        for year in [1979, 2108, -1, 70_000] {
            assert!(Archive::new(&LocalTime { year, ..NOON }).is_err(), "{year}");
        }
    }
}
