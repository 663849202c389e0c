//! On how many random cases a property is tried; `PROPTEST_CASES` asks for more
//! (`cargo xtask sim`).

/// So many, unless more are asked for.
pub fn cases(usual: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}
