//! The content of commands and replies, read without running over its end.

use super::frame::{OsdpError, OsdpErrorKind};
use super::names::{Direction, code_name};

/// The content of a command or reply while it is read.
pub(super) struct Body<'a> {
    pub direction: Direction,
    pub code: u8,
    pub data: &'a [u8],
}

impl Body<'_> {
    pub fn short(&self, expected: usize) -> OsdpError {
        let name = code_name(self.direction, self.code).unwrap_or("this code");
        let found = self.data.len();
        OsdpError { kind: OsdpErrorKind::Body { name, expected, found }, offset: found }
    }

    pub fn first<const N: usize>(&self) -> Result<&[u8; N], OsdpError> {
        self.data.first_chunk().ok_or_else(|| self.short(N))
    }

    pub fn records<const N: usize>(&self) -> Result<&[[u8; N]], OsdpError> {
        match self.data.as_chunks() {
            (records, []) => Ok(records),
            (records, _) => Err(self.short((records.len() + 1) * N)),
        }
    }
}
