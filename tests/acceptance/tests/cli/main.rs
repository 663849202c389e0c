//! The verbs as a script meets them: arguments and files in, exit code, output and errors out.
//!
//! Needs the binary beside this test's executable (`cargo build --workspace --bins`), or
//! `CASTELLAN_BIN`. What needs the shared data says so and passes where there is none.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod scratch;
mod shapes;

mod bench;
mod data;
mod demo;
mod explain;
mod guides;
mod help;
mod normalise;
mod organisation;
mod osdp;
mod replay;
mod rules;
mod vast;
mod vendors;
mod whereabouts;
