//! Every message becomes an object, or is refused with a place; what is read can be written.
#![no_main]

use codec::uhppote::{Request, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    match decode(input) {
        Ok(message) => {
            assert!(message.to_value().is_object());
            let _ = message.encode();
        }
        Err(error) => assert!(error.offset <= 64),
    }
    if let Ok((serial, request)) = Request::decode(input) {
        assert_eq!(Request::decode(&request.encode(serial)), Ok((serial, request)));
    }
});
