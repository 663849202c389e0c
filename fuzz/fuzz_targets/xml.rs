//! Every document is read within the limits, or refused with a place.
#![no_main]

use codec::xml::{Limits, to_value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let limits = Limits { depth_max: 8, bytes_max: 4096, nodes_max: 64 };
    if let Err(error) = to_value(input, limits) {
        assert!(error.offset <= input.len());
    }
});
