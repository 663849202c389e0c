//! Every message becomes an object, or is refused with a place.
#![no_main]

use codec::uhppote::decode;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| match decode(input) {
    Ok(message) => assert!(message.to_value().is_object()),
    Err(error) => assert!(error.offset <= 64),
});
