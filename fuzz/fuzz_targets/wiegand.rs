//! Any table is read or refused with its line; any bits that a format reads, it writes again.
#![no_main]

use codec::wiegand::{Bits, Formats, burst};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (String, [u8; 32], u8)| {
    let (table, bytes, length) = input;
    match Formats::with(&table) {
        Err(error) => assert!(error.line >= 1),
        Ok(formats) => {
            let Some(bits) = Bits::packed(&bytes, length.into()) else { return };
            let _ = burst(&bits);
            for (format, card) in formats.readings(&bits) {
                if let Ok(card) = card {
                    assert_eq!(format.encode(&card), Ok(bits));
                }
            }
        }
    }
});
