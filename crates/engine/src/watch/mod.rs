//! The watch road's first pieces: who has fallen silent, and how doors stand.

pub mod doors;
pub mod silence;
