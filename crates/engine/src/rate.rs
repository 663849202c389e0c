//! Records per second and source, averaged over ten seconds.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use model::{SourceId, Timestamp};

/// Over how many seconds a rate is averaged: a burst of this many seconds' worth may pass at once.
const BURST_S: u64 = 10;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: u64,
    filled_at: Timestamp,
}

/// One token bucket per source.
#[derive(Debug, Default)]
pub struct Rates(Mutex<HashMap<SourceId, Bucket>>);

impl Rates {
    /// Takes `n` records' worth, or says how long to wait. A request larger than a whole bucket
    /// passes when the bucket is full, or it would never pass.
    pub fn take(
        &self,
        source: &SourceId,
        n: u64,
        per_s: u64,
        now: Timestamp,
    ) -> Result<(), Duration> {
        let full = per_s.saturating_mul(BURST_S).max(1);
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket =
            buckets.entry(source.clone()).or_insert(Bucket { tokens: full, filled_at: now });
        let passed = now.since(bucket.filled_at);
        let earned = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX).saturating_mul(per_s);
        let earned = earned / 1_000;
        if earned > 0 {
            bucket.tokens = bucket.tokens.saturating_add(earned).min(full);
            bucket.filled_at = now;
        }
        let wanted = n.min(full);
        if bucket.tokens >= wanted {
            bucket.tokens -= wanted;
            return Ok(());
        }
        let missing = wanted - bucket.tokens;
        Err(Duration::from_secs(missing.div_ceil(per_s.max(1)).max(1)))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn a_source_that_sends_too_much_is_told_when_to_come_again() {
        let rates = Rates::default();
        let source = SourceId::parse("a").unwrap();
        let at = Timestamp::from_secs;
        assert_eq!(rates.take(&source, 1_000, 100, at(0)), Ok(()));
        assert_eq!(rates.take(&source, 200, 100, at(0)), Err(Duration::from_secs(2)));
        assert_eq!(rates.take(&source, 200, 100, at(2)), Ok(()));
        assert_eq!(rates.take(&SourceId::parse("b").unwrap(), 5, 100, at(0)), Ok(()));
    }
}
