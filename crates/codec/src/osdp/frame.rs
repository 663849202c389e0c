//! Frames: where one begins and ends, and what its header says.

use thiserror::Error;

use super::check::{Check, checksum, crc16};
use crate::bytes::span;

/// Longest frame; a longer one is declared only by damage.
///
/// SOURCE: SIA OSDP 2.2, 5.4: a message has at most 1440 bytes.
pub const FRAME_BYTES_MAX: usize = 1_440;
/// Shortest frame: header, code, checksum.
pub const FRAME_BYTES_MIN: usize = HEADER_BYTES + 2;
/// The address that every reader answers to.
pub const BROADCAST: u8 = 0x7f;

const START: u8 = 0x53;
const MARK: u8 = 0xff;
const HEADER_BYTES: usize = 5;
const IS_REPLY: u8 = 0x80;
const SEQUENCE: u8 = 0x03;
const HAS_CRC: u8 = 0x04;
const HAS_SECURITY: u8 = 0x08;
/// Bytes of the authentication code at the end of a secured frame.
pub(super) const MAC_BYTES: usize = 4;
/// Security block types from which on frames carry an authentication code.
const FIRST_WITH_MAC: u8 = 0x15;

/// What keeps bytes from being a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum OsdpErrorKind {
    /// The first byte is no start of a frame.
    #[error("expected 53 (hexadecimal), found {0:02x}")]
    Start(u8),
    /// The bytes end before the frame does.
    #[error("the length field says {declared} bytes, found {found}")]
    Truncated {
        /// What the header says; 0 where not even the header is whole.
        declared: usize,
        /// What there is.
        found: usize,
    },
    /// The length field cannot be true.
    #[error("the length field says {0} bytes")]
    Length(usize),
    /// CRC or checksum does not fit.
    #[error("the check is {found:04x}, expected {expected:04x} (hexadecimal)")]
    Check {
        /// What the bytes ask for.
        expected: u16,
        /// What is there.
        found: u16,
    },
    /// A security block that is longer than its frame, or shorter than itself.
    #[error("the security block says {0} bytes")]
    SecurityBlock(u8),
    /// There is no code, or no room for the authentication code.
    #[error("the frame ends before its content")]
    Content,
    /// A body is not as long as its code asks for.
    #[error("{name} needs {expected} bytes of content, found {found}")]
    Body {
        /// Command or reply.
        name: &'static str,
        /// At least, or exactly.
        expected: usize,
        /// What there is.
        found: usize,
    },
}

/// A refused frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[error("OSDP frame: {kind} (byte {offset})")]
pub struct OsdpError {
    /// Why.
    pub kind: OsdpErrorKind,
    /// Offset from the frame's start.
    pub offset: usize,
}

/// A frame's security block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecurityBlock<'a> {
    /// Its type, 11 to 18 (hexadecimal).
    pub kind: u8,
    /// What follows the type.
    pub data: &'a [u8],
}

/// One frame, borrowed from its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// 0 to 127; 127 is everybody.
    pub address: u8,
    /// Whether it comes from a reader.
    pub is_reply: bool,
    /// 0 to 3.
    pub sequence: u8,
    /// How it is checked.
    pub check: Check,
    /// In a secure channel, or on the way to one.
    pub security: Option<SecurityBlock<'a>>,
    /// Command or reply code.
    pub code: u8,
    /// What follows the code: plain, or encrypted where the security block says so.
    pub data: &'a [u8],
    /// The first bytes of the authentication code, where the frame has one.
    pub mac: Option<[u8; MAC_BYTES]>,
}

impl Frame<'_> {
    /// Whether it carries an authentication code.
    #[must_use]
    pub const fn is_secured(&self) -> bool {
        self.mac.is_some()
    }
}

/// Reads the frame that `bytes` begins with, without mark bytes before it.
///
/// Returns the frame and how many bytes it takes.
///
/// # Errors
/// [`OsdpError`]: which byte is wrong, or that bytes are missing.
pub fn decode(bytes: &[u8]) -> Result<(Frame<'_>, usize), OsdpError> {
    let refuse = |kind, offset| OsdpError { kind, offset };
    let truncated = |declared| {
        let found = bytes.len();
        refuse(OsdpErrorKind::Truncated { declared, found }, found)
    };
    let (Some(start), header) = (bytes.first(), bytes.first_chunk::<HEADER_BYTES>()) else {
        return Err(truncated(0));
    };
    if *start != START {
        return Err(refuse(OsdpErrorKind::Start(*start), 0));
    }
    let Some([_, address, low, high, control]) = header else {
        return Err(truncated(0));
    };
    let length = usize::from(u16::from_le_bytes([*low, *high]));
    if !(FRAME_BYTES_MIN..=FRAME_BYTES_MAX).contains(&length) {
        return Err(refuse(OsdpErrorKind::Length(length), 2));
    }
    let Some(whole) = bytes.get(..length) else {
        return Err(truncated(length));
    };
    let check = if control & HAS_CRC == 0 { Check::Sum } else { Check::Crc };
    let content_end = length - check.bytes();
    verify(whole, content_end, check)?;
    let (security, after) = security_block(whole, control & HAS_SECURITY != 0, content_end)?;
    let has_mac = security.is_some_and(|block| block.kind >= FIRST_WITH_MAC);
    let data_end = content_end - if has_mac { MAC_BYTES } else { 0 };
    let code = whole.get(after).copied().filter(|_| after < data_end);
    let code = code.ok_or_else(|| refuse(OsdpErrorKind::Content, after))?;
    let mac = span(whole, data_end, content_end).first_chunk().copied().filter(|_| has_mac);
    let frame = Frame {
        address: address & BROADCAST,
        is_reply: address & IS_REPLY != 0,
        sequence: control & SEQUENCE,
        check,
        security,
        code,
        data: span(whole, after + 1, data_end),
        mac,
    };
    Ok((frame, length))
}

fn verify(whole: &[u8], content_end: usize, check: Check) -> Result<(), OsdpError> {
    let content = span(whole, 0, content_end);
    let (expected, found) = match check {
        Check::Sum => {
            let found = whole.get(content_end).copied().unwrap_or_default();
            (u16::from(checksum(content)), u16::from(found))
        }
        Check::Crc => {
            let found = span(whole, content_end, content_end + 2).first_chunk().copied();
            (crc16(content), u16::from_le_bytes(found.unwrap_or_default()))
        }
    };
    if expected != found {
        let kind = OsdpErrorKind::Check { expected, found };
        return Err(OsdpError { kind, offset: content_end });
    }
    Ok(())
}

/// The security block, and where the code stands.
fn security_block(
    whole: &[u8],
    is_there: bool,
    content_end: usize,
) -> Result<(Option<SecurityBlock<'_>>, usize), OsdpError> {
    if !is_there {
        return Ok((None, HEADER_BYTES));
    }
    let block = span(whole, HEADER_BYTES, content_end);
    let length = block.first().copied().unwrap_or_default();
    let after = HEADER_BYTES + usize::from(length);
    let refused = OsdpError { kind: OsdpErrorKind::SecurityBlock(length), offset: HEADER_BYTES };
    let kind = block.get(1).copied().filter(|_| length >= 2).ok_or(refused)?;
    let needs = if kind >= FIRST_WITH_MAC { MAC_BYTES } else { 0 };
    if after + 1 + needs > content_end {
        return Err(refused);
    }
    let data = span(whole, HEADER_BYTES + 2, after);
    Ok((Some(SecurityBlock { kind, data }), after))
}

/// Writes a frame. `mac` is asked for the authentication code of everything before it, when the
/// frame has one; the frame's own `mac` is not looked at.
#[must_use]
pub fn encode(frame: &Frame<'_>, mac: impl FnOnce(&[u8]) -> Option<[u8; MAC_BYTES]>) -> Vec<u8> {
    let has_mac = frame.security.is_some_and(|block| block.kind >= FIRST_WITH_MAC);
    let block = frame.security.map_or(0, |block| block.data.len() + 2);
    let ending = frame.check.bytes() + if has_mac { MAC_BYTES } else { 0 };
    let length = HEADER_BYTES + block + 1 + frame.data.len() + ending;
    let declared = u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes();
    let mut control = frame.sequence & SEQUENCE;
    if frame.check == Check::Crc {
        control |= HAS_CRC;
    }
    if frame.security.is_some() {
        control |= HAS_SECURITY;
    }
    let address = frame.address & BROADCAST | if frame.is_reply { IS_REPLY } else { 0 };
    let mut bytes = Vec::with_capacity(length);
    bytes.extend_from_slice(&[START, address]);
    bytes.extend_from_slice(&declared);
    bytes.push(control);
    if let Some(block) = frame.security {
        bytes.push(u8::try_from(block.data.len() + 2).unwrap_or(u8::MAX));
        bytes.push(block.kind);
        bytes.extend_from_slice(block.data);
    }
    bytes.push(frame.code);
    bytes.extend_from_slice(frame.data);
    if has_mac {
        bytes.extend_from_slice(&mac(&bytes).unwrap_or_default());
    }
    match frame.check {
        Check::Sum => bytes.push(checksum(&bytes)),
        Check::Crc => bytes.extend_from_slice(&crc16(&bytes).to_le_bytes()),
    }
    bytes
}

/// What a [`Framer`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The bytes of a frame that [`decode`] reads.
    Frame(Vec<u8>),
    /// Bytes that belong to no frame, and what was wrong with them where they began like one.
    Skipped {
        /// How many.
        bytes: usize,
        /// Why, with the offset from the first of them.
        error: Option<OsdpError>,
    },
}

/// Finds frames in a stream of bytes. Holds at most one frame's length of what it was given.
#[derive(Debug, Default)]
pub struct Framer {
    held: Vec<u8>,
}

impl Framer {
    /// Takes more bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// The next frame, or what was skipped on the way to it; `None` when more bytes are needed.
    /// Call until `None` after each `push`.
    pub fn next_found(&mut self) -> Option<Found> {
        let marks = self.held.iter().take_while(|byte| **byte == MARK).count();
        self.held.drain(..marks);
        let stray = self.held.iter().take_while(|byte| **byte != START).count();
        if stray > 0 {
            self.held.drain(..stray);
            return Some(Found::Skipped { bytes: stray, error: None });
        }
        match decode(&self.held) {
            Ok((_, length)) => Some(Found::Frame(self.held.drain(..length).collect())),
            Err(OsdpError { kind: OsdpErrorKind::Truncated { .. }, .. }) => None,
            Err(error) => {
                // Another frame may begin inside what only looked like one.
                let next = self.held.iter().skip(1).position(|byte| *byte == START);
                let bytes = next.map_or(self.held.len(), |at| at + 1);
                self.held.drain(..bytes);
                Some(Found::Skipped { bytes, error: Some(error) })
            }
        }
    }

    /// Gives up what is held: nothing more is coming that could complete it.
    pub fn give_up(&mut self) -> Option<Found> {
        let error = decode(&self.held).err();
        let bytes = self.held.len();
        self.held.clear();
        (bytes > 0).then_some(Found::Skipped { bytes, error })
    }
}
