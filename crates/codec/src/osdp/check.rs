//! The two ways in which a frame is checked.

/// How a frame is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Check {
    /// One byte that makes the sum of all bytes 0.
    Sum,
    /// Two bytes of CRC, low byte first.
    Crc,
}

impl Check {
    /// How many bytes it takes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Sum => 1,
            Self::Crc => 2,
        }
    }
}

/// SOURCE: SIA OSDP 2.2, 5.7 and annex C: polynomial 1021, start value 1D0F (hexadecimal).
#[must_use]
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0x1d0f, |crc: u16, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
            let carried = crc & 0x8000 != 0;
            let shifted = crc << 1;
            if carried { shifted ^ 0x1021 } else { shifted }
        })
    })
}

/// The byte that makes the sum of all bytes, its own included, 0 modulo 256.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_sub(*byte))
}
