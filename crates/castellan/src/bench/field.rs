//! The field that `bench door` measures from: readers on lines of their own, and the time from a
//! card's last byte on the socket to the first byte of what releases the strike.

use std::collections::HashMap;
use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};
use engine::adapters::SecretRef;
use engine::adapters::osdp::read_key;
use engine::clock::Stopwatch;
use serde_json::{Value, json};
use sim::readers::{CardCue, Cue, Gesture, People, ReaderPlan, Readers};

use super::percentile_ms;
use crate::simulate::readers::{Line, Place, Shared, lock};

/// Longest wait, after the last card, for its strike.
const DRAIN: Duration = Duration::from_secs(2);
/// Longest wait until every reader has its secure channel.
const READY_MAX: Duration = Duration::from_secs(60);
/// And so long after that: a server that has just started takes in its rights once more.
const SETTLE: Duration = Duration::from_secs(3);
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Readers of one line.
const LINE_READERS_MAX: u64 = 100;
/// The facility of every card; the number is the reader's, counted through all lines from 1.
pub const FACILITY: u64 = 7;
/// The card format of every card.
pub const FORMAT: &str = "H10301";

/// What stands in the field.
#[derive(Debug, Clone, clap::Args)]
pub struct Plan {
    /// Where the lines' sockets are made: `line-0.sock` and on.
    #[arg(long)]
    pub folder: PathBuf,
    /// Lines.
    #[arg(long, default_value_t = 10)]
    pub lines: u64,
    /// Readers of each line, at addresses from 0.
    #[arg(long, default_value_t = 10)]
    pub readers: u64,
    /// Cards a second, dealt over all readers in turn.
    #[arg(long, default_value_t = 200)]
    pub rate: u64,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
    /// File of the key that all readers have.
    #[arg(long)]
    pub key: PathBuf,
}

/// The socket of one line.
pub fn socket(folder: &Path, line: u64) -> PathBuf {
    folder.join(format!("line-{line}.sock"))
}

#[derive(Default)]
struct Samples {
    /// When each card was said: by line and address.
    said: HashMap<(u64, u8), Duration>,
    took: Vec<Duration>,
    asked: u64,
    secure: u64,
}

type Shelf = Arc<Mutex<Samples>>;

fn open(shelf: &Shelf) -> std::sync::MutexGuard<'_, Samples> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Plays the field, and measures once for each line on standard input, whose end ends it. Prints
/// one JSON object when its sockets are there, and one for each measurement, which waits until
/// every reader has its secure channel.
pub fn run(plan: &Plan) -> anyhow::Result<Value> {
    if plan.readers == 0 || plan.readers > LINE_READERS_MAX || plan.lines == 0 {
        bail!("a line has 1 to {LINE_READERS_MAX} readers, and there is at least one line");
    }
    let key = read_key(&SecretRef::File(plan.key.clone()))?;
    let (watch, shelf, stop) = (Stopwatch::start(), Shelf::default(), Arc::default());
    let mut readers = Vec::new();
    for line in 0..plan.lines {
        let plans: Vec<ReaderPlan> = (0..plan.readers)
            .filter_map(|address| u8::try_from(address).ok())
            .map(|address| ReaderPlan {
                people: People::Stay,
                ..ReaderPlan::plain(address, Some(key))
            })
            .collect();
        let made = Readers::new(&plans, line)?;
        let place = Place::Unix(socket(&plan.folder, line));
        let opened = Line::listen(&place, made, watch)?;
        readers.push(opened.readers());
        let (shelf, stop) = (Arc::clone(&shelf), Arc::clone(&stop));
        thread::spawn(move || play(opened, line, &shelf, &stop));
    }
    crate::output::json_line(&json!({"listening": plan.lines}))?;
    let mut last = json!({});
    for name in std::io::stdin().lock().lines() {
        let name = name.context("standard input")?;
        last = measure(plan, &readers, (&shelf, watch))?;
        if let Value::Object(figures) = &mut last {
            figures.insert("case".to_owned(), json!(name));
        }
        crate::output::json_line(&last)?;
    }
    stop.store(true, Ordering::Relaxed);
    Ok(last)
}

fn play(mut line: Line, number: u64, shelf: &Shelf, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let turn = line.turn();
        if turn.cards.is_empty() && turn.released.is_empty() && turn.told.is_empty() {
            continue;
        }
        let mut samples = open(shelf);
        for address in turn.released {
            // A strike that is released again without a card is nobody's answer.
            let said = samples.said.remove(&(number, address));
            if let Some((said, heard)) = said.zip(turn.heard_at) {
                samples.took.push(heard.saturating_sub(said));
            }
        }
        for (address, at) in turn.cards {
            samples.said.insert((number, address), at);
        }
        for told in turn.told {
            match told.what {
                sim::readers::What::Secure(true) => samples.secure += 1,
                sim::readers::What::Secure(false) => {
                    samples.secure = samples.secure.saturating_sub(1);
                }
                _ => {}
            }
        }
    }
}

fn measure(
    plan: &Plan,
    lines: &[Shared],
    (shelf, watch): (&Shelf, Stopwatch),
) -> anyhow::Result<Value> {
    let all = plan.lines * plan.readers;
    let until = watch.elapsed() + READY_MAX;
    while open(shelf).secure < all {
        if watch.elapsed() > until {
            let secure = open(shelf).secure;
            return Ok(json!({"not_ready": format!("{secure} of {all}")}));
        }
        thread::sleep(LOOK);
    }
    thread::sleep(SETTLE);
    {
        let mut samples = open(shelf);
        *samples = Samples { secure: samples.secure, ..Samples::default() };
    }
    let begun = watch.elapsed();
    let pause = Duration::from_secs(1) / u32::try_from(plan.rate.max(1))?;
    let mut refused = 0_u64;
    for number in 0..plan.rate * plan.seconds {
        let due = begun + pause * u32::try_from(number)?;
        thread::sleep(due.saturating_sub(watch.elapsed()));
        let (line, address) = (number % plan.lines, number / plan.lines % plan.readers);
        let card = CardCue::Number {
            format: FORMAT.to_owned(),
            facility: Some(FACILITY),
            number: 1 + line * plan.readers + address,
            issue: None,
        };
        let cue = Cue { reader: u8::try_from(address)?, gesture: Gesture::Card(card) };
        let readers = lines.get(usize::try_from(line)?).context("there is no such line")?;
        // A reader that is not asked fast enough holds what it has.
        refused += u64::from(lock(readers).act(&cue, watch.elapsed()).is_err());
        open(shelf).asked += 1;
    }
    let lasted = watch.elapsed().saturating_sub(begun);
    thread::sleep(DRAIN);
    let mut samples = open(shelf);
    samples.took.sort_unstable();
    let took = &samples.took;
    let unanswered = samples.asked - refused - took.len() as u64;
    Ok(json!({
        "readers": plan.lines * plan.readers,
        "lines": plan.lines,
        "cards": samples.asked,
        "cards_per_s": samples.asked as f64 / lasted.as_secs_f64(),
        "released": took.len(),
        "unanswered": unanswered,
        "not_presented": refused,
        "p50_ms": percentile_ms(took, 50.0),
        "p99_ms": percentile_ms(took, 99.0),
        "p99_9_ms": percentile_ms(took, 99.9),
        "slowest_ms": percentile_ms(took, 100.0),
        "load_average": super::load_average(),
    }))
}
