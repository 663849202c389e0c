//! Chunks make no difference, and no frame exceeds the limit.
#![no_main]

use codec::framing::Deframer;
use libfuzzer_sys::fuzz_target;

fn frames<'a>(chunks: impl Iterator<Item = &'a [u8]>, max: usize) -> Vec<(Vec<u8>, u64)> {
    let mut deframer = Deframer::new(max);
    let mut found = Vec::new();
    for chunk in chunks {
        deframer.push(chunk);
        while let Some(frame) = deframer.next() {
            assert!(frame.bytes.len() <= max);
            found.push((frame.bytes.to_vec(), frame.bytes_dropped));
        }
    }
    while let Some(frame) = deframer.finish() {
        found.push((frame.bytes.to_vec(), frame.bytes_dropped));
    }
    found
}

fuzz_target!(|input: (u8, u8, Vec<u8>)| {
    let (max, step, stream) = input;
    let (max, step) = (usize::from(max) + 1, usize::from(step) + 1);
    let whole = frames(std::iter::once(stream.as_slice()), max);
    assert_eq!(whole, frames(stream.chunks(step), max));
});
