//! What `normalise` promises, told as data. One binary, because linking VRL is slow.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod content;
mod contract;
mod hot;
mod oracle;
mod real;
mod schema;
mod support;
