//! The first stage of the flow: journal records to events, on several threads, in order.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use model::{Raw, Record};
use normalise::{ClockPolicy, Normalised, Normaliser, SourceContext};
use store::{Next, Reader, StoreError};

use crate::knowledge::{Current, Knowledge};

/// Batches that may wait between two stages, per worker.
const STAGE_BATCHES_MAX: usize = 2;
/// Records of one batch at most: large enough to amortise, small enough to be quick.
const BATCH_RECORDS: usize = 2_048;
/// How long the reader waits for something new before it looks whether to stop.
const READ_WAIT: Duration = Duration::from_millis(250);

/// Records with their journal sequence.
type Numbered = Vec<(u64, Arc<Record>)>;

/// One record and what became of it.
pub struct Item {
    /// Journal sequence.
    pub seq: u64,
    /// The record.
    pub record: Arc<Record>,
    /// Events or a dead letter; empty for ticks and source states.
    pub made: Vec<Normalised>,
}

/// A batch of consecutive records, and the knowledge that read them.
pub struct Work {
    /// In journal order.
    pub items: Vec<Item>,
    /// With which mappings and sources.
    pub knowledge: Arc<Knowledge>,
}

/// The running first stage.
pub struct Stages {
    outputs: Vec<Receiver<Work>>,
    next: usize,
    threads: Vec<JoinHandle<()>>,
    failure: Receiver<StoreError>,
}

/// What the second stage gets when it asks.
pub enum Got {
    /// The next batch.
    Work(Work),
    /// Nothing yet.
    Nothing,
    /// The journal is closed and everything in it has been handed on, or reading failed.
    Ended(Option<StoreError>),
}

impl Stages {
    /// Starts a reader and `workers` normalising threads.
    pub fn start(reader: Reader, current: Arc<Current>, workers: usize) -> std::io::Result<Self> {
        let mut inputs = Vec::new();
        let mut stages = Vec::new();
        let mut threads = Vec::new();
        for number in 0..workers.max(1) {
            let (input, taken) = sync_channel::<Numbered>(STAGE_BATCHES_MAX);
            let (given, output) = sync_channel(STAGE_BATCHES_MAX);
            let current = Arc::clone(&current);
            let name = format!("normalise-{number}");
            let work = move || normalise_all(&taken, &given, &current);
            threads.push(std::thread::Builder::new().name(name).spawn(work)?);
            inputs.push(input);
            stages.push(output);
        }
        let (failed, failure) = sync_channel(1);
        let read = move || {
            if let Err(error) = read_all(reader, &inputs) {
                let _ = failed.send(error);
            }
        };
        threads.push(std::thread::Builder::new().name("journal-reader".into()).spawn(read)?);
        Ok(Self { outputs: stages, next: 0, threads, failure })
    }

    /// The next batch in journal order.
    pub fn next(&mut self, wait: Duration) -> Got {
        let turn = self.next % self.outputs.len().max(1);
        let Some(output) = self.outputs.get(turn) else { return Got::Ended(None) };
        match output.recv_timeout(wait) {
            Ok(work) => {
                self.next += 1;
                Got::Work(work)
            }
            Err(RecvTimeoutError::Timeout) => Got::Nothing,
            Err(RecvTimeoutError::Disconnected) => Got::Ended(self.failure.try_recv().ok()),
        }
    }

    /// Waits for the threads; call it once the journal is closed.
    pub fn join(self) {
        drop(self.outputs);
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the flow ended in a panic");
            }
        }
    }
}

/// Deals batches out in turn, so that taking them back in turn keeps the journal's order.
fn read_all(mut reader: Reader, inputs: &[SyncSender<Numbered>]) -> Result<(), StoreError> {
    for input in inputs.iter().cycle() {
        let batch = loop {
            match reader.next_batch(BATCH_RECORDS, READ_WAIT)? {
                Next::Records(batch) => break batch,
                Next::Timeout => {}
                Next::Closed => return Ok(()),
            }
        };
        if input.send(batch).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn normalise_all(taken: &Receiver<Numbered>, given: &SyncSender<Work>, current: &Current) {
    let mut knowledge = current.get();
    let mut normaliser = Normaliser::new(Arc::clone(&knowledge.mappings));
    while let Ok(batch) = taken.recv() {
        let newest = current.get();
        if newest.version != knowledge.version {
            if !Arc::ptr_eq(&newest.mappings, &knowledge.mappings) {
                normaliser = Normaliser::new(Arc::clone(&newest.mappings));
            }
            knowledge = newest;
        }
        let items = batch.into_iter().map(|(seq, record)| {
            let mut made = Vec::new();
            if let Record::Raw(raw) = &*record {
                normaliser.run(seq, raw, &context(&knowledge, raw), &mut made);
            }
            Item { seq, record, made }
        });
        let work = Work { items: items.collect(), knowledge: Arc::clone(&knowledge) };
        if given.send(work).is_err() {
            return;
        }
    }
}

fn context<'a>(knowledge: &'a Knowledge, raw: &Raw) -> SourceContext<'a> {
    let is_file = matches!(&*raw.listener, "file" | "tail");
    SourceContext {
        source: knowledge.source(&raw.source),
        tenant_zone: knowledge.zone,
        clock: if is_file { ClockPolicy::FILE } else { ClockPolicy::LIVE },
    }
}
