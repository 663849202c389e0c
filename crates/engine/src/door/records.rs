//! The records of a point on their way to the disk: numbered on the road, written beside it.
//!
//! Each record has a number, counted on through all runs. Those that find no room are counted, and
//! one record says so in their place. Ahead of them a number lies on disk up to which numbers may
//! have been given: after a power cut what lies between the last record and that number is one
//! counted gap.
//!
//! What a power cut can lose: what was decided since the last commit, at most
//! [`RECORDS_WAITING_MAX`] records, and on a disk that answers no more than a few milliseconds.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use access::road::{Kept, Record};
use model::Timestamp;
use serde::{Deserialize, Serialize};

/// Records that wait for the disk; one more is lost, counted.
pub const RECORDS_WAITING_MAX: usize = 8_192;
/// Records that are written together.
const TOGETHER_MAX: usize = 512;
/// Numbers are allowed so far ahead.
const AHEAD: u64 = 4 * 8_192;
/// When nothing comes for so long, what is durable is noted beside the numbers.
const QUIET: Duration = Duration::from_secs(1);
/// How long a writer that failed waits before it tries again.
const RETRY: Duration = Duration::from_millis(500);

/// The number of a record.
pub type Number = u64;

/// A record with its number and point, as its line has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered {
    /// The version of this form: what the mapping recognises it by.
    pub castellan_door: u16,
    /// Which point.
    pub point: String,
    /// Its number.
    pub n: Number,
    /// The record.
    #[serde(flatten)]
    pub record: Record,
}

/// The road's end: takes records, never waits.
pub struct Records {
    queue: SyncSender<(Number, Record)>,
    next: Number,
    /// Records that found no room since the last that did.
    lost: u64,
    is_over: Arc<AtomicBool>,
}

impl Drop for Records {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
    }
}

/// The writer's end.
pub struct Waiting {
    queue: Receiver<(Number, Record)>,
    is_over: Arc<AtomicBool>,
}

impl Records {
    /// A queue whose first record gets `first`.
    pub fn new(first: Number) -> (Self, Waiting) {
        let (queue, taken) = sync_channel(RECORDS_WAITING_MAX);
        let is_over = Arc::new(AtomicBool::new(false));
        let waiting = Waiting { queue: taken, is_over: Arc::clone(&is_over) };
        (Self { queue, next: first, lost: 0, is_over }, waiting)
    }

    /// Hands a record to the writer; counts it where there is no room.
    pub fn keep(&mut self, record: Record) {
        if self.lost > 0 && !self.confess(record.time) {
            self.lost += 1;
            metrics::counter!("castellan_door_records_lost").increment(1);
            return;
        }
        match self.queue.try_send((self.next, record)) {
            Ok(()) => self.next += 1,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.lost += 1;
                metrics::counter!("castellan_door_records_lost").increment(1);
            }
        }
    }

    /// Says in one record which numbers were lost; whether there was room for it.
    fn confess(&mut self, time: Timestamp) -> bool {
        let (from, to) = (self.next, self.next + self.lost - 1);
        let why = "no room: the disk did not keep up".to_owned();
        let record = Record { time, what: Kept::Lost { from, to, why } };
        let is_room = self.queue.try_send((to + 1, record)).is_ok();
        if is_room {
            self.next = to + 2;
            self.lost = 0;
        }
        is_room
    }
}

/// Where numbers are kept: up to which they may have been given, whether that is exact, and up to
/// which their records were durable when nothing more came for a while.
#[derive(Debug)]
pub struct Numbers {
    path: PathBuf,
    reserved: Number,
    kept: Number,
}

/// Numbers that are lost, from the first to the last.
pub type Gap = (Number, Number);

impl Numbers {
    /// Opens the file. Gives the first number of this run and, after an unclean end, the gap that
    /// is left: from the number after `last`, the last record on disk as far as is known.
    pub fn open(folder: &Path, last: Number) -> std::io::Result<(Self, Number, Option<Gap>)> {
        let path = folder.join("numbers");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let mut words = text.split_whitespace();
        let reserved = words.next().and_then(|n| n.parse().ok()).unwrap_or(last).max(last);
        let is_clean = words.next() == Some("clean") || text.is_empty();
        let last = words.next().and_then(|n| n.parse().ok()).unwrap_or(0).max(last);
        let gap = (!is_clean && reserved > last).then_some((last + 1, reserved));
        let mut numbers = Self { path, reserved, kept: last };
        let first = reserved + 1;
        numbers.reserve(first)?;
        Ok((numbers, first, gap))
    }

    /// Goes on where the last run ended: a queue whose numbers follow on, with a record of the gap
    /// that an unclean end has left. `last`: the last record on disk, as far as is known.
    pub fn resume(
        folder: &Path,
        last: Number,
        now: Timestamp,
    ) -> std::io::Result<(Self, Records, Waiting)> {
        let (numbers, first, gap) = Self::open(folder, last)?;
        let (mut records, waiting) = Records::new(first);
        if let Some((from, to)) = gap {
            tracing::warn!(from, to, "records of doors may be missing since the last run");
            let why = "the power was cut; these numbers may have been given".to_owned();
            records.keep(Record { time: now, what: Kept::Lost { from, to, why } });
        }
        Ok((numbers, records, waiting))
    }

    /// Makes sure that numbers may go on after `given`. On disk before it returns.
    pub fn reserve(&mut self, given: Number) -> std::io::Result<()> {
        if given + AHEAD / 2 <= self.reserved {
            return Ok(());
        }
        self.write(given + AHEAD, self.kept)
    }

    /// Records up to `last` are durable: after a cut, none of them is counted as lost.
    pub fn kept(&mut self, last: Number) -> std::io::Result<()> {
        if last <= self.kept { Ok(()) } else { self.write(self.reserved, last) }
    }

    fn write(&mut self, reserved: Number, kept: Number) -> std::io::Result<()> {
        crate::folder::replace(&self.path, format!("{reserved} running {kept}\n").as_bytes())?;
        (self.reserved, self.kept) = (reserved, kept);
        Ok(())
    }

    /// The last number that was given: nothing is lost.
    pub fn close(self, last: Number) -> std::io::Result<()> {
        crate::folder::replace(&self.path, format!("{last} clean\n").as_bytes())
    }
}

/// Writes records: gathers what waits, and hands it on until it is durable.
pub struct Writer {
    /// Whose they are.
    pub point: String,
    /// What waits.
    pub waiting: Waiting,
    /// Numbers, where they are kept here.
    pub numbers: Option<Numbers>,
}

impl Writer {
    /// Runs until the road has stopped. `commit` makes lines durable, of which the last has the
    /// number that it is told, or says why it did not; it is tried again until it does, or until
    /// the road has stopped and it still does not.
    pub fn run(mut self, mut commit: impl FnMut(&[String], Number) -> Result<(), String>) {
        let mut last = None;
        loop {
            let first = match self.waiting.queue.recv_timeout(QUIET) {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) => {
                    self.note(last);
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let mut lines = Vec::new();
            let mut next = Some(first);
            while let Some((n, record)) = next.take() {
                last = Some(n);
                let point = self.point.clone();
                match serde_json::to_string(&Numbered { castellan_door: 1, point, n, record }) {
                    Ok(line) => lines.push(line),
                    Err(error) => tracing::error!(%error, n, "a record could not be written"),
                }
                if lines.len() < TOGETHER_MAX {
                    next = self.waiting.queue.try_recv().ok();
                }
            }
            if !self.commit((&lines, last), &mut commit) {
                // Whether they are durable nobody knows: the next run tells of them as of a gap.
                return;
            }
        }
        if let (Some(numbers), Some(last)) = (self.numbers.take(), last)
            && let Err(error) = numbers.close(last)
        {
            tracing::error!(%error, "the last number could not be kept");
        }
    }

    /// Nothing has come for a while, and all is durable.
    fn note(&mut self, last: Option<Number>) {
        if let (Some(numbers), Some(last)) = (&mut self.numbers, last)
            && let Err(error) = numbers.kept(last)
        {
            tracing::debug!(%error, "how far records are durable is not noted now");
        }
    }

    /// Whether they are durable.
    fn commit(
        &mut self,
        (lines, last): (&[String], Option<Number>),
        commit: &mut impl FnMut(&[String], Number) -> Result<(), String>,
    ) -> bool {
        let mut is_told = false;
        // Tries for ever while the road runs: meanwhile its queue fills, and counts.
        for round in 0_u32.. {
            let reserved = match (&mut self.numbers, last) {
                (Some(numbers), Some(last)) => numbers.reserve(last).map_err(|e| e.to_string()),
                (Some(_) | None, _) => Ok(()),
            };
            match reserved.and_then(|()| commit(lines, last.unwrap_or(0))) {
                Ok(()) => return true,
                Err(why) => {
                    if !std::mem::replace(&mut is_told, true) {
                        tracing::error!(why, "records of doors cannot be kept, trying again");
                    }
                    if round > 0 && self.waiting.is_over.load(Ordering::Acquire) {
                        tracing::error!(why, records = lines.len(), "records of doors are lost");
                        return false;
                    }
                    std::thread::sleep(RETRY);
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;
    use access::road::PointEvent;

    fn record(second: i64) -> Record {
        let what = Kept::Point { event: PointEvent::LinkUp, detail: None };
        Record { time: Timestamp::from_secs(second), what }
    }

    #[test]
    fn what_finds_no_room_is_one_counted_gap() {
        let (mut records, waiting) = Records::new(1);
        let most = i64::try_from(RECORDS_WAITING_MAX).unwrap();
        (0..most + 10).for_each(|n| records.keep(record(n)));
        let waiting = waiting.queue;
        let first = waiting.recv().unwrap();
        assert_eq!(first.0, 1);
        // Room for the confession alone, then for what comes after it.
        records.keep(record(7));
        waiting.recv().unwrap();
        waiting.recv().unwrap();
        records.keep(record(8));
        drop(records);
        let rest: Vec<(Number, Record)> = waiting.iter().collect();
        let mut counted = 3;
        for (n, record) in &rest {
            if let Kept::Lost { from, to, .. } = record.what {
                assert_eq!((from, to + 1), (counted + 1, *n));
                counted += to - from + 1;
            }
            counted += 1;
        }
        // Every number is a record or in the gap.
        assert_eq!(rest.last().unwrap().0, counted);
    }

    #[test]
    fn a_power_cut_leaves_one_gap_and_a_clean_end_none() {
        let folder = tempfile::tempdir().unwrap();
        let (mut numbers, first, gap) = Numbers::open(folder.path(), 0).unwrap();
        assert_eq!((first, gap), (1, None));
        numbers.reserve(40).unwrap();
        drop(numbers);
        // Cut: 40 was the last on disk.
        let (numbers, first, gap) = Numbers::open(folder.path(), 40).unwrap();
        let (from, to) = gap.unwrap();
        assert_eq!((from, to + 1), (41, first));
        assert!(to >= 40 + u64::try_from(RECORDS_WAITING_MAX).unwrap());
        // Cut again, long after the last record: what was noted as durable is none of the gap.
        let mut numbers = numbers;
        numbers.kept(first + 3).unwrap();
        drop(numbers);
        let (numbers, next, gap) = Numbers::open(folder.path(), 0).unwrap();
        assert_eq!(gap.unwrap(), (first + 4, next - 1));
        let first = next;
        numbers.close(first + 5).unwrap();
        let (_, again, gap) = Numbers::open(folder.path(), first + 5).unwrap();
        assert_eq!((again, gap), (first + 6, None));
    }

    #[test]
    fn a_writer_tries_until_the_disk_takes_it_and_loses_nothing() {
        let (mut records, waiting) = Records::new(1);
        let writer = Writer { point: "edge-1".to_owned(), waiting, numbers: None };
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut refusals = 2;
            writer.run(|lines, _| {
                if refusals > 0 {
                    refusals -= 1;
                    return Err("the disk is full".to_owned());
                }
                lines.iter().for_each(|line| tell.send(line.clone()).unwrap());
                Ok(())
            });
        });
        (0..100).for_each(|n| records.keep(record(n)));
        let lines: Vec<String> = (0..100).map(|_| told.recv().unwrap()).collect();
        drop(records);
        thread.join().unwrap();
        let numbers: Vec<u64> =
            lines.iter().map(|line| serde_json::from_str::<Numbered>(line).unwrap().n).collect();
        assert_eq!(numbers, (1..=100).collect::<Vec<_>>());
        assert!(lines.first().unwrap().starts_with("{\"castellan_door\":1,\"point\":\"edge-1\""));
    }

    /// One life of a point after the other, with a disk that fills and a power that fails. Every
    /// record that was made is on disk once, or its number lies in a gap that is told.
    fn lives(seed: u64) {
        let mut dice = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut roll = |sides: u64| {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            (dice >> 11) % sides
        };
        let folder = tempfile::tempdir().unwrap();
        let mut disk: Vec<(Number, Record)> = Vec::new();
        let mut made: Vec<Number> = Vec::new();
        for life in 0..5 {
            let last = disk.last().map_or(0, |(n, _)| *n);
            let (mut numbers, first, gap) = Numbers::open(folder.path(), last).unwrap();
            assert_eq!(gap.is_some(), life > 0, "every life ended by a power cut");
            let (mut records, waiting) = Records::new(first);
            if let Some((from, to)) = gap {
                let what = Kept::Lost { from, to, why: "the power was cut".to_owned() };
                records.keep(Record { time: Timestamp::from_secs(0), what });
            }
            for _ in 0..6 {
                for second in 0..i64::try_from(roll(6_000)).unwrap() {
                    records.keep(record(second));
                    if records.lost == 0 {
                        made.push(records.next - 1);
                    }
                }
                // The disk takes some of it, or nothing.
                for _ in 0..roll(3) * roll(4_000) {
                    let Ok((n, record)) = waiting.queue.try_recv() else { break };
                    numbers.reserve(n).unwrap();
                    disk.push((n, record));
                }
            }
        }
        let told = |n: &Number| {
            disk.iter().any(|(found, _)| found == n)
                || disk.iter().any(|(_, record)| match record.what {
                    Kept::Lost { from, to, .. } => (from..=to).contains(n),
                    _ => false,
                })
        };
        let last = disk.last().map_or(0, |(n, _)| *n);
        for n in made.iter().filter(|n| **n <= last).step_by(97) {
            assert!(told(n), "seed {seed}: {n} is nowhere");
        }
        assert!(disk.is_sorted_by(|a, b| a.0 < b.0), "seed {seed}: a number comes twice");
        // Between any two records on disk every number is accounted for.
        for pair in disk.windows(2) {
            let [(before, _), (after, record)] = pair else { continue };
            match record.what {
                Kept::Lost { from, to, .. } => {
                    assert!(from <= before + 1 && to + 1 == *after, "seed {seed}: {pair:?}");
                }
                _ => assert_eq!(before + 1, *after, "seed {seed}"),
            }
        }
        assert!(made.len() > 1_000, "seed {seed}");
    }

    #[test]
    fn every_number_is_a_record_or_in_a_gap_through_full_disks_and_power_cuts() {
        (1..u64::from(crate::cases::cases(11)) + 1).for_each(lives);
    }
}
