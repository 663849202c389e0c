//! Simulated devices and networks as processes: sockets and threads around what `sim` decides.

pub mod control;
pub mod impair;
pub mod readers;
