//! Any bytes are kept; a lawful message is not refused twice; every refusal has a place inside.
#![no_main]

use codec::syslog::{Standard, parse, parse_strict};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let parsed = parse(input);
    assert_eq!(parsed.raw, input);
    for element in parsed.message.structured_data.elements() {
        element.params().for_each(drop);
    }
    for standard in [Standard::Rfc5424, Standard::Rfc3164] {
        if let Err(error) = parse_strict(input, standard) {
            assert!(error.offset <= input.len());
        }
    }
});
