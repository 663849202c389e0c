//! Every event gives its pairs to the end.
#![no_main]

use codec::{cef, value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    for event in cef::events(input).flatten() {
        assert!(value::cef(&event).is_object());
    }
});
