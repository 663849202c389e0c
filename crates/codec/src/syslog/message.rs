//! One syslog message as read: borrowed fields, nothing resolved.

use std::borrow::Cow;

use super::StructuredData;
use crate::civil::LocalTime;

/// The fields of one message; each borrows from the input.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message<'a> {
    /// Facility, 0 to 23; `None` when the message has no priority.
    pub facility: Option<u8>,
    /// Severity, 0 (emergency) to 7 (debug); `None` when the message has no priority.
    pub severity: Option<u8>,
    /// Version of RFC 5424, 1 to 999; `None` in older forms.
    pub version: Option<u16>,
    /// When the sender says it happened.
    pub timestamp: Option<SyslogTime>,
    /// Name of a zone that the sender wrote after a local time, such as `UTC` or `CET`.
    pub zone: Option<&'a str>,
    /// Host name or address as written.
    pub hostname: Option<&'a str>,
    /// Application name, or the tag of the older form without its process id.
    pub app_name: Option<&'a str>,
    /// Process id, or what stands between the tag's brackets.
    pub proc_id: Option<&'a str>,
    /// Message id; for Cisco forms the mnemonic, such as `ASA-6-302013`.
    pub msg_id: Option<&'a str>,
    /// Sequence number that Cisco devices put before the timestamp.
    pub sequence: Option<u64>,
    /// Structured data; empty when there is none.
    pub structured_data: StructuredData<'a>,
    /// The text, without a byte order mark; any bytes.
    pub message: &'a [u8],
    /// Whether the text was announced as UTF-8 by a byte order mark.
    pub has_bom: bool,
}

impl<'a> Message<'a> {
    /// The text as UTF-8; bytes that are not become U+FFFD.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.message)
    }

    /// The text when it is UTF-8 as it stands.
    #[must_use]
    pub fn text_exact(&self) -> Option<&'a str> {
        std::str::from_utf8(self.message).ok()
    }

    pub(super) fn set_priority(&mut self, priority: u8) {
        self.facility = Some(priority >> 3);
        self.severity = Some(priority & 7);
    }
}

/// When a message says it was written, as far as it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SyslogTime {
    /// A moment, with its zone.
    Rfc3339 {
        /// Nanoseconds since 1970, UTC.
        unix_ns: i64,
    },
    /// A wall-clock reading; zone and mostly the year are the caller's to add.
    Bsd(BsdTime),
}

/// A wall-clock reading without zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BsdTime {
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, 1 to 31; not checked against the year where there is none.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 60.
    pub second: u8,
    /// Microseconds within the second.
    pub micros: u32,
    /// The year where the sender wrote it.
    pub year: Option<i32>,
}

impl BsdTime {
    /// Nanoseconds since 1970 in the given year and zone (seconds east of UTC).
    ///
    /// The year written in the message wins over `year`. `None` when that date does not exist.
    #[must_use]
    pub fn unix_ns(&self, year: i32, offset_s: i32) -> Option<i64> {
        let local = self.local(year);
        if local.is_valid() { local.unix_ns(offset_s) } else { None }
    }

    /// The reading as a local time in the given year, unless the message has its own.
    #[must_use]
    pub const fn local(&self, year: i32) -> LocalTime {
        LocalTime {
            year: match self.year {
                Some(own) => own,
                None => year,
            },
            month: self.month,
            day: self.day,
            hour: self.hour,
            minute: self.minute,
            second: self.second,
            nanos: self.micros * 1000,
        }
    }
}

impl From<LocalTime> for BsdTime {
    fn from(local: LocalTime) -> Self {
        Self {
            month: local.month,
            day: local.day,
            hour: local.hour,
            minute: local.minute,
            second: local.second,
            micros: local.nanos / 1000,
            year: Some(local.year),
        }
    }
}
