//! Any upload is an image of a bounded size, or refused.
#![no_main]

use codec::picture::{SIDE_MAX, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Ok(picture) = read(input) {
        assert!((1..=SIDE_MAX).contains(&picture.width));
        assert!((1..=SIDE_MAX).contains(&picture.height));
    }
});
