//! On how many random cases a property is tried; `PROPTEST_CASES` asks for more
//! (`cargo xtask sim`).
#![allow(dead_code, reason = "each test uses what it needs")]

fn asked() -> Option<u32> {
    std::env::var("PROPTEST_CASES").ok()?.parse().ok()
}

/// So many cases of a property.
pub fn cases(usual: u32) -> proptest::test_runner::Config {
    proptest::test_runner::Config::with_cases(asked().unwrap_or(usual))
}

/// So many seeds of a simulation.
pub fn seeds(usual: u32) -> std::ops::Range<u64> {
    0..u64::from(asked().unwrap_or(usual))
}
