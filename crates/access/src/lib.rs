//! Who may do what: operators in the house's programs, people at its doors.
//!
//! Owns the decisions and their reasons, and the machines behind them: revocation with receipts,
//! the state of a door, who passed where. Pure and total: snapshots, requests and time are
//! arguments; what cannot be evaluated refuses, and nothing here can refuse a way out.

pub mod door;
pub mod doorway;
pub mod link;
pub mod operators;
pub mod passages;
pub mod revocation;
pub mod road;

pub use operators::{Action, At, Code, Decision, Grant, PolicyFile, Reach, Refusal, Rights, Role};
