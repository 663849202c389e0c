//! Every record gives its fields to the end.
#![no_main]

use codec::{audit, value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| match audit::parse(input) {
    Ok(record) => assert!(value::audit(&record).is_object()),
    Err(error) => assert!(error.offset <= input.len()),
});
