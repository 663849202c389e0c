//! Every record lies in the body, and what the guard lets pass is read.
#![no_main]

use codec::ndjson::{Limits, records};
use codec::value::json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    for record in records(input).flatten() {
        if let Err(error) = json(record.bytes, Limits::default()) {
            assert!(error.offset <= record.bytes.len());
        }
    }
});
