//! The watch road's first piece: who has fallen silent.

pub mod silence;
