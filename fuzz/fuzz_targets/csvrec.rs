//! Every record has the header's fields, or a place.
#![no_main]

use codec::csvrec::table;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(table) = table(input) else { return };
    let header = table.header().clone();
    for row in table.flatten() {
        assert_eq!(row.fields(&header).count(), header.names().len());
    }
});
