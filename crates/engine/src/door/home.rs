//! The doors of the server's own machine: the same road, by the server's own rights, its records
//! handed to the intake directly.

use std::sync::Arc;
use std::time::Duration;

use access::link::{Command, Done, World};
use adapters::{Batch, Intake, Observed};
use model::raw::Wire;
use model::{PointId, SourceId, Trust};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{Ask, Point, PointError, Records, Start, Writer};
use crate::engine::Engine;

/// How often the server's own rights are confirmed to its own doors.
const CONFIRM_EVERY: Duration = Duration::from_secs(1);
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
        let (records, waiting) = Records::new(1);
        let start = Start {
            doors: engine.config.doors.clone(),
            key: engine.access.key().clone(),
            snapshot: (*engine.access.snapshot()).clone(),
            clock: engine.clock.clone(),
            records,
        };
        let (point, dones) = Point::start(start)?;
        let writer = Writer { point: id.to_string(), waiting, numbers: None };
        let clock = engine.clock.clone();
        let commit = move |lines: &[String]| {
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
            let records = lines.iter().map(observed).collect();
            let batch = Batch { records, ack: None, mark: None };
            intake.try_send(batch).map_err(|error| error.to_string())
        };
        let thread = std::thread::Builder::new().name("door-records".into());
        let writer = thread.spawn(move || writer.run(commit))?;
        let served = Served {
            engine: Arc::clone(engine),
            commands: engine.edges.attach(id.clone()),
            asks: point.asks(),
            dones,
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

/// What goes between our own doors and the rest of the server.
struct Served {
    engine: Arc<Engine>,
    id: PointId,
    commands: mpsc::Receiver<Command>,
    asks: mpsc::Sender<Ask>,
    dones: mpsc::Receiver<Done>,
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
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some(command) = self.commands.recv() => {
                    let _ = self.asks.send(Ask::Command(Box::new(command))).await;
                }
                Some(done) = self.dones.recv() => {
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
