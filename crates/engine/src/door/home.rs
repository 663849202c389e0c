//! The doors of the server's own machine: the same road, by the server's own rights, its records
//! handed to the intake directly and numbered on through all runs.

use std::sync::Arc;
use std::time::Duration;

use access::link::{Command, Done, PASSAGES_EVERY, World};
use adapters::{AckOutcome, Batch, Intake, Mark, Observed};
use model::raw::Wire;
use model::{PointId, SourceId, Trust};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{Ask, Number, Numbers, Point, PointError, Seen, Start, Writer};
use crate::clock::{Clock, Stopwatch};
use crate::edges::LOOK_EVERY;
use crate::engine::Engine;

/// How often the server's own rights are confirmed to its own doors.
const CONFIRM_EVERY: Duration = Duration::from_secs(1);
/// How long the journal may take for a group of records before it is told that it takes none.
const DURABLE_WAIT: Duration = Duration::from_secs(2);
/// The folder of what is kept from one run to the next, in the data folder.
const FOLDER: &str = "doors";
/// What the point is called where nobody says otherwise.
pub const HOME: &str = "server";

/// Doors of this machine that run.
pub struct Home {
    point: Point,
    writer: std::thread::JoinHandle<()>,
}

/// The id of the server's own point, and of the source of its records; none: nothing is wired.
pub fn wanted(engine: &Engine) -> Option<(PointId, SourceId)> {
    let doors = &engine.config.doors;
    let point = doors.point.clone().or_else(|| PointId::parse(HOME).ok());
    let point = point.filter(|_| !doors.is_empty())?;
    let source = SourceId::parse(point.as_str()).ok()?;
    Some((point, source))
}

/// Stops the doors, if there are any, and waits for their records to be handed on.
pub async fn stop(home: Option<Home>) {
    let Some(home) = home else { return };
    if tokio::task::spawn_blocking(move || home.stop()).await.is_err() {
        tracing::error!("the doors did not stop in order");
    }
}

impl Home {
    /// Starts the doors that the configuration names.
    pub fn start(
        engine: &Arc<Engine>,
        (intake, id, stop): (Intake, PointId, CancellationToken),
        tasks: &mut tokio::task::JoinSet<()>,
    ) -> Result<Self, PointError> {
        let (folder, noted) = (engine.config.data.join(FOLDER), noted(&id));
        let kept = |why| PointError::Kept { file: FOLDER, why };
        crate::folder::make_private(&folder).map_err(kept)?;
        let last = last_number(&engine.journal, &noted);
        let numbers = Numbers::resume(&folder, last, engine.now());
        let (numbers, records, waiting) = numbers.map_err(kept)?;
        let (seen, commands) = Seen::open(&folder, engine.now()).map_err(kept)?;
        let start = Start {
            doors: engine.config.doors.clone(),
            key: engine.access.key().clone(),
            snapshot: (*engine.access.snapshot()).clone(),
            clock: engine.clock.clone(),
            records,
            commands,
        };
        let (point, dones) = Point::start(start)?;
        let writer = Writer { point: id.to_string(), waiting, numbers: Some(numbers) };
        let mut durable = durable(intake, engine.clock.clone(), noted);
        let (clock, passages) = (engine.clock.clone(), Arc::clone(engine.edges.passages()));
        let commit = move |lines: &[String], last: Number| {
            // Told to others once it is durable: a record that is tried again is told once.
            durable(lines, last)?;
            passages.take_records(lines, |_| true, clock.now());
            Ok(())
        };
        let thread = std::thread::Builder::new().name("door-records".into());
        let writer = thread.spawn(move || writer.run(commit))?;
        let served = Served {
            engine: Arc::clone(engine),
            commands: engine.edges.attach(id.clone()),
            asks: point.asks(),
            dones,
            seen,
            id,
        };
        tasks.spawn(served.run(stop));
        Ok(Self { point, writer })
    }

    fn stop(self) {
        self.point.stop();
        if self.writer.join().is_err() {
            tracing::error!("the writer of records ended in a panic");
        }
    }
}

/// Hands groups of records to the intake, each with the number of its last, and waits until they
/// are durable.
fn durable(
    intake: Intake,
    clock: Clock,
    noted: [u8; 32],
) -> impl FnMut(&[String], Number) -> Result<(), String> {
    let runtime = tokio::runtime::Handle::current();
    // Of what the intake has taken, and the journal has not yet: it is not handed in twice.
    let mut taken: Option<oneshot::Receiver<AckOutcome>> = None;
    move |lines, last| {
        let observed = |line: &String| Observed {
            received_at: clock.now(),
            wire: Wire::Json,
            listener: "door".into(),
            peer: None,
            topic: None,
            trust: Trust::Mtls,
            identity: None,
            bytes_cut: 0,
            body: line.clone().into_bytes(),
        };
        let acked = match &mut taken {
            Some(acked) => acked,
            None => {
                let (ack, acked) = oneshot::channel();
                let mark = Mark { key_hash: noted, note: last.to_be_bytes().to_vec() };
                let records = lines.iter().map(observed).collect();
                let batch = Batch { records, ack: Some(ack), mark: Some(mark) };
                intake.try_send(batch).map_err(|error| error.to_string())?;
                taken.insert(acked)
            }
        };
        let said = runtime.block_on(async { tokio::time::timeout(DURABLE_WAIT, acked).await });
        let Ok(said) = said else { return Err("the journal takes nothing now".to_owned()) };
        taken = None;
        match said {
            Ok(AckOutcome::Journalled) => Ok(()),
            Ok(AckOutcome::Refused { .. }) | Err(_) => {
                Err("the journal has refused them".to_owned())
            }
        }
    }
}

/// Under which key the journal notes the number of a point's last record, together with it.
fn noted(point: &PointId) -> [u8; 32] {
    *blake3::hash(format!("the last door record of {point}").as_bytes()).as_bytes()
}

/// The number of the last record in the journal; 0: none within a day, which is noted elsewhere.
fn last_number(journal: &store::Journal, noted: &[u8; 32]) -> Number {
    let note = journal.mark(noted).and_then(|note| note.try_into().ok());
    note.map_or(0, Number::from_be_bytes)
}

/// What goes between our own doors and the rest of the server.
struct Served {
    engine: Arc<Engine>,
    id: PointId,
    commands: mpsc::Receiver<Command>,
    asks: mpsc::Sender<Ask>,
    dones: mpsc::Receiver<Done>,
    seen: Seen,
}

impl Served {
    async fn run(mut self, stop: CancellationToken) {
        let engine = Arc::clone(&self.engine);
        let mut changed = engine.access.changed();
        let mut revoked = engine.warden.changed();
        engine.home_point(Some(&self.id), &self.id).await;
        self.take().await;
        let mut confirm = tokio::time::interval(CONFIRM_EVERY);
        let mut world = None;
        let mut look = tokio::time::interval(LOOK_EVERY);
        let mut passed = (0, None);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some(command) = self.commands.recv() => {
                    self.seen.begin(&command).await;
                    let _ = self.asks.send(Ask::Command(Box::new(command))).await;
                }
                Some(done) = self.dones.recv() => {
                    self.seen.end(&done).await;
                    engine.edges.done_here(self.id.clone(), done).await;
                }
                Ok(()) = changed.changed() => {
                    changed.borrow_and_update();
                    self.take().await;
                }
                Ok(()) = revoked.changed() => {
                    revoked.borrow_and_update();
                    self.take().await;
                }
                _ = confirm.tick() => self.confirm(&mut world).await,
                _ = look.tick() => self.tell_passages(&mut passed).await,
            }
        }
    }

    /// Rights are as young as this second; doors tell how they stand, and are told of the world.
    async fn confirm(&self, world: &mut Option<Arc<World>>) {
        let confirmed_at = self.engine.now();
        let _ = self.asks.send(Ask::Rights { confirmed_at, is_trusted: true }).await;
        let (answer, doors) = oneshot::channel();
        if self.asks.send(Ask::Doors { all: false, answer }).await.is_ok()
            && let Ok(doors) = doors.await
        {
            self.engine.edges.told_here(doors, true);
        }
        let told = self.engine.edges.world();
        if world.as_ref() != Some(&told) {
            let _ = self.asks.send(Ask::Told(Box::new((*told).clone()))).await;
            *world = Some(told);
        }
    }

    /// Tells the doors where people went at other points: what is new, or that nothing is.
    async fn tell_passages(&self, (up_to, told): &mut (u64, Option<Stopwatch>)) {
        let is_due = told.is_none_or(|told| told.elapsed() >= PASSAGES_EVERY);
        if !is_due && *up_to == self.engine.edges.passages().last() {
            return;
        }
        let (news, read) = self.engine.passages_for_home(*up_to);
        (*up_to, *told) = (read, Some(Stopwatch::start()));
        let _ = self.asks.send(Ask::Passages(Box::new(news))).await;
    }

    /// The doors go by the newest rights; then the point confirms what it was asked about.
    async fn take(&self) {
        let (snapshot, confirms) = self.engine.home_rights().await.parts();
        let (answer, taken) = oneshot::channel();
        let asked = self.asks.send(Ask::Take(Box::new(snapshot), answer)).await;
        if asked.is_err() || taken.await.is_err() {
            // The doors have stopped: they admit nobody, and confirm nothing.
            return;
        }
        if let Err(error) = self.engine.home_confirms(&self.id, confirms).await {
            tracing::error!(reason = %error, "our own doors have not confirmed a revocation");
        }
    }
}
