//! The binary as a stranger meets it: started, spoken to over its real interfaces, killed, starved.
//!
//! One executable, because linking many costs more than running them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod board;
mod browser;
mod points;
mod provider;
mod world;

mod access;
mod console;
mod controller_rights;
mod controllers;
mod crash;
mod dead_letters;
mod desk;
mod disk;
mod doors;
mod editing;
mod faults;
mod histories;
mod http;
mod https;
mod incidents;
mod mqtt;
mod names;
mod occurrences;
mod oidc;
mod outwards;
mod panic;
mod papers;
mod passkeys;
mod proof;
mod refusals;
mod reloading;
mod replays;
mod revocations;
mod rights;
mod search;
mod signin;
mod silence;
mod syslog;
mod trials;
mod whereabouts;
