//! The watch road's first pieces: who has fallen silent, how doors stand, who was refused at them.

pub mod doors;
pub mod refused;
pub mod silence;
pub mod whereabouts;
