//! The quarantine of rsigma: the only module that names its types.

pub(crate) mod engine;
pub(crate) mod field;
pub(crate) mod kleene;

pub(crate) use field::View;
