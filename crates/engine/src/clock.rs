//! The one place where Castellan asks what time it is.
//!
//! Everything else takes time as an argument. A demo runs its clock faster, a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use model::Timestamp;

/// A source of time that can be handed on.
#[derive(Clone)]
pub struct Clock(Arc<Kind>);

enum Kind {
    /// The machine's own.
    System,
    /// The machine's own, running at a multiple from a starting instant on.
    Scaled { from: Timestamp, begun: Instant, speed: u32 },
    /// Moved by hand.
    Manual(AtomicI64),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Arc::new(Kind::System))
    }

    /// The machine's clock, running `speed` times as fast from now on.
    pub fn scaled(speed: u32) -> Self {
        let kind = Kind::Scaled { from: system_now(), begun: Instant::now(), speed: speed.max(1) };
        Self(Arc::new(kind))
    }

    /// A clock that stands at `at` until `set` moves it.
    pub fn manual(at: Timestamp) -> Self {
        Self(Arc::new(Kind::Manual(AtomicI64::new(at.nanos()))))
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        match &*self.0 {
            Kind::System => system_now(),
            Kind::Scaled { from, begun, speed } => from.plus(begun.elapsed() * *speed),
            Kind::Manual(nanos) => Timestamp::from_nanos(nanos.load(Ordering::Acquire)),
        }
    }

    /// Moves a manual clock; others ignore it.
    pub fn set(&self, at: Timestamp) {
        match &*self.0 {
            Kind::Manual(nanos) => nanos.store(at.nanos(), Ordering::Release),
            Kind::System | Kind::Scaled { .. } => {}
        }
    }

    /// How much faster than the machine's clock this one runs.
    pub fn speed(&self) -> u32 {
        match &*self.0 {
            Kind::Scaled { speed, .. } => *speed,
            Kind::System | Kind::Manual(_) => 1,
        }
    }

    /// This clock as the function that adapters take.
    pub fn as_fn(&self) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

/// A monotonic stopwatch, for rates and budgets; never for records.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self(Instant::now())
    }
    /// Time since the start.
    pub fn elapsed(&self) -> std::time::Duration {
        self.0.elapsed()
    }
}

fn system_now() -> Timestamp {
    let now = chrono::Utc::now();
    // Past 2261 the nanosecond count does not fit; the latest instant we can say is said instead.
    Timestamp::from_nanos(now.timestamp_nanos_opt().unwrap_or(i64::MAX))
}
