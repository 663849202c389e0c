//! Runs what nobody has tried yet: bounded in time, memory and number.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::EditError;
use crate::clock::Stopwatch;
use crate::engine::Engine;
use crate::limits::Limits;

/// How often time and memory are looked at.
const LOOK: Duration = Duration::from_millis(20);
/// How long a program has to end after it was told to: one function may take a while.
const GRACE: Duration = Duration::from_secs(2);

impl Engine {
    /// Runs `work` on a thread of its own. It is told to stop when it takes too long or too much
    /// memory; one that does not stop is left to itself, and counts among those that run.
    pub(super) async fn bounded<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<AtomicBool>) -> T + Send + 'static,
    ) -> Result<T, EditError> {
        let limits = &self.config.limits;
        let permit = Arc::clone(&self.tries).try_acquire_owned();
        let permit = permit.map_err(|_| EditError::Busy(limits.mapping_tries_at_once_max))?;
        let (time_max, growth_max) =
            (Limits::ms(limits.mapping_try_ms_max), limits.mapping_try_growth_bytes_max);
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let (begun, memory) = (Stopwatch::start(), resident());
        let mut task = tokio::task::spawn_blocking(move || {
            let done = work(&told);
            drop(permit);
            done
        });
        let mut why = None;
        loop {
            if let Ok(ended) = tokio::time::timeout(LOOK, &mut task).await {
                return match (why, ended) {
                    (Some(why), _) => Err(EditError::TooMuch(why)),
                    (None, Ok(done)) => Ok(done),
                    (None, Err(_)) => {
                        Err(EditError::TooMuch("the mapping ended in a panic".to_owned()))
                    }
                };
            }
            let grown = resident().zip(memory).map(|(now, then)| now.saturating_sub(then));
            if begun.elapsed() > time_max {
                let ms = time_max.as_millis();
                why.get_or_insert(format!("the mapping took longer than {ms} ms"));
            } else if grown.is_some_and(|grown| grown > growth_max) {
                why.get_or_insert(format!("the mapping took more than {growth_max} bytes"));
            }
            if let Some(why) = &why {
                stop.store(true, Ordering::Relaxed);
                if begun.elapsed() > time_max + GRACE {
                    return Err(EditError::TooMuch(why.clone()));
                }
            }
        }
    }
}

/// Memory that this process holds, in bytes, where the system says so.
/// SOURCE: proc_pid_status(5), `VmRSS`.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib.saturating_mul(1_024))
}
