//! The detector's memory as it lies in state: encoded and compressed, away from the flow.

use std::io::Read;

use detect::{Detector, Kept};

/// zstd's fastest named level: what is packed is packed again in half a minute.
const LEVEL: i32 = 1;
/// Largest memory that is taken up again, unpacked.
pub const UNPACKED_BYTES_MAX: u64 = 4 << 30;

/// Bytes for state.
pub fn pack(kept: &Kept) -> Result<Vec<u8>, std::io::Error> {
    zstd::bulk::compress(&kept.encode(), LEVEL)
}

/// Takes up packed memory. Fails with what is wrong with it; then the detector is as it was.
pub fn restore(detector: &mut Detector, packed: &[u8]) -> Result<(), String> {
    let reader = zstd::stream::read::Decoder::new(packed).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    reader
        .take(UNPACKED_BYTES_MAX)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("the snapshot cannot be unpacked: {error}"))?;
    detector.restore(&bytes).map_err(|error| error.to_string())
}
