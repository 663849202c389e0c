//! Every notification becomes an object.
#![no_main]

use codec::onvif::notifications;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    for notification in notifications(input).unwrap_or_default() {
        assert!(notification.to_value().is_object());
    }
});
