//! Every line gives its pairs to the end.
#![no_main]

use codec::value;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &str| assert!(value::kv(line).is_object()));
