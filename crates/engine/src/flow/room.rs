//! The memory that HTTP bodies may take together while they are worked on.
//!
//! Each body is bounded on its own, but many at once are not: a compressed body of two megabytes
//! becomes a quarter of a gigabyte, and dozens may be in work.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What one permit stands for.
const PIECE_BYTES: u64 = 1_024;

/// A bound in bytes, shared by all requests.
#[derive(Debug, Clone)]
pub struct Room {
    free: Arc<Semaphore>,
}

/// What one request has taken of it; given back when dropped.
#[derive(Debug)]
pub struct Held {
    free: Arc<Semaphore>,
    bytes: u64,
    permits: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// Room for so many bytes.
    pub fn new(bytes_max: u64) -> Self {
        let pieces = usize::try_from(bytes_max / PIECE_BYTES).unwrap_or(usize::MAX);
        Self { free: Arc::new(Semaphore::new(pieces.min(Semaphore::MAX_PERMITS))) }
    }

    /// A request that has taken nothing yet.
    pub fn enter(&self) -> Held {
        Held { free: Arc::clone(&self.free), bytes: 0, permits: None }
    }
}

impl Held {
    /// Takes more; `false` when there is not so much left. Never waits: two requests that wait for
    /// each other's room would wait for ever.
    #[must_use]
    pub fn grow(&mut self, bytes: u64) -> bool {
        let total = self.bytes.saturating_add(bytes);
        let held = self.permits.as_ref().map_or(0, |permits| permits.num_permits() as u64);
        let more = total.div_ceil(PIECE_BYTES).saturating_sub(held);
        if more > 0 {
            let Ok(more) = u32::try_from(more) else { return false };
            let free = Arc::clone(&self.free);
            let Ok(permits) = free.try_acquire_many_owned(more) else { return false };
            match &mut self.permits {
                Some(held) => held.merge(permits),
                none => *none = Some(permits),
            }
        }
        self.bytes = total;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_holds_another_cannot_have_until_it_is_given_back() {
        let room = Room::new(10 * PIECE_BYTES);
        let (mut first, mut second) = (room.enter(), room.enter());
        assert!(first.grow(1) && first.grow(6 * PIECE_BYTES));
        assert!(!second.grow(4 * PIECE_BYTES), "seven pieces are gone");
        assert!(second.grow(3 * PIECE_BYTES));
        assert!(!first.grow(PIECE_BYTES));
        // What is left of a begun piece is one's own.
        assert!(first.grow(PIECE_BYTES - 1));
        drop(first);
        assert!(second.grow(7 * PIECE_BYTES));
        assert!(!second.grow(u64::MAX));
    }
}
