//! The quarantine of rsigma: the only module that names its types.

mod cells;
pub(crate) mod engine;
pub(crate) mod field;
mod gate;
pub(crate) mod group;
pub(crate) mod kleene;
mod mend;
mod plan;
pub(crate) mod trace;

pub(crate) use field::View;
