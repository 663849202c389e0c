//! Workloads that measure Castellan on the machine it runs on.

pub mod door;
pub mod edge;
pub mod field;
pub mod journal;
pub mod latency;
pub mod load;
pub mod normalise;
mod process;
mod real_edge;
pub mod replay;
pub mod revocation;
pub mod road;
pub mod search;

use std::time::Duration;

use anyhow::Context as _;

/// Clock ticks of /proc/self/stat in a second.
/// SOURCE: proc(5), `sysconf(_SC_CLK_TCK)` is 100 on every Linux we build for.
const TICKS_PER_S: u64 = 100;

/// CPU time of this process, all its threads.
pub fn cpu_time() -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("cannot read CPU time")?;
    let after =
        stat.rsplit_once(')').map(|(_, rest)| rest).context("unexpected /proc/self/stat")?;
    let mut fields = after.split_whitespace().skip(11);
    let mut ticks = || fields.next().and_then(|f| f.parse::<u64>().ok());
    let (user, system) = ticks().zip(ticks()).context("unexpected /proc/self/stat")?;
    Ok(Duration::from_millis((user + system) * 1_000 / TICKS_PER_S))
}

/// CPU time of this thread alone.
pub fn thread_cpu_time() -> anyhow::Result<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")
        .context("cannot read this thread's CPU time")?;
    let nanos = text.split_whitespace().next().and_then(|n| n.parse().ok());
    Ok(Duration::from_nanos(nanos.context("unexpected schedstat")?))
}

/// Most memory this process ever held, in bytes.
pub fn peak_memory() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("cannot read memory")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|l| l.split_whitespace().nth(1)).and_then(|n| n.parse::<u64>().ok());
    Ok(kib.context("unexpected /proc/self/status")? * 1024)
}

/// How busy the machine is: figures taken on a busy one are not worth much.
pub fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

/// A percentile of sorted durations, in milliseconds.
pub fn percentile_ms(sorted: &[Duration], percent: f64) -> f64 {
    if sorted.is_empty() {
        return 0.0;
    }
    let rank = (percent / 100.0 * (sorted.len() - 1) as f64).round() as usize;
    sorted.get(rank).map_or(0.0, |d| d.as_secs_f64() * 1_000.0)
}

/// A folder that goes when it is dropped.
pub struct Scratch(std::path::PathBuf);

impl Scratch {
    /// A new one.
    pub fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(engine::auth::new_id("castellan-bench")?);
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
    /// Where it is.
    pub fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
