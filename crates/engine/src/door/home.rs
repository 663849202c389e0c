//! The doors of the server's own machine: the same road, by the server's own rights, its records
//! handed to the intake directly.

use std::sync::Arc;
use std::time::Duration;

use adapters::{Batch, Intake, Observed};
use model::raw::Wire;
use model::{PointId, SourceId, Trust};
use tokio::sync::oneshot;
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
        let (point, mut dones) = Point::start(start)?;
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
        let mut commands = engine.edges.attach(id.clone());
        let (asks, engine) = (point.asks(), Arc::clone(engine));
        let hub = Arc::clone(&engine.edges);
        tasks.spawn(async move {
            let mut changed = engine.access.changed();
            let mut revoked = engine.warden.changed();
            engine.home_point(Some(&id), &id).await;
            take(&engine, &id, &asks).await;
            let mut confirm = tokio::time::interval(CONFIRM_EVERY);
            let mut world = None;
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    Some(command) = commands.recv() => {
                        let _ = asks.send(Ask::Command(Box::new(command))).await;
                    }
                    Some(done) = dones.recv() => hub.done_here(id.clone(), done).await,
                    Ok(()) = changed.changed() => {
                        changed.borrow_and_update();
                        take(&engine, &id, &asks).await;
                    }
                    Ok(()) = revoked.changed() => {
                        revoked.borrow_and_update();
                        take(&engine, &id, &asks).await;
                    }
                    _ = confirm.tick() => {
                        let rights = Ask::Rights { confirmed_at: engine.now(), is_trusted: true };
                        let _ = asks.send(rights).await;
                        let (answer, doors) = oneshot::channel();
                        if asks.send(Ask::Doors { all: false, answer }).await.is_ok()
                            && let Ok(doors) = doors.await
                        {
                            hub.told_here(doors);
                        }
                        let told = hub.world();
                        if world.as_ref() != Some(&told) {
                            let _ = asks.send(Ask::Told(Box::new((*told).clone()))).await;
                            world = Some(told);
                        }
                    }
                }
            }
        });
        Ok(Self { point, writer })
    }

    fn stop(self) {
        self.point.stop();
        if self.writer.join().is_err() {
            tracing::error!("the writer of records ended in a panic");
        }
    }
}

/// The doors go by the newest rights; then the point confirms what it was asked about.
async fn take(engine: &Engine, id: &PointId, asks: &tokio::sync::mpsc::Sender<Ask>) {
    let (snapshot, confirms) = engine.home_rights().await.parts();
    let (answer, taken) = oneshot::channel();
    let asked = asks.send(Ask::Take(Box::new(snapshot), answer)).await;
    if asked.is_err() || taken.await.is_err() {
        // The doors have stopped: they admit nobody, and confirm nothing.
        return;
    }
    if let Err(error) = engine.home_confirms(id, confirms).await {
        tracing::error!(reason = %error, "our own doors have not confirmed a revocation");
    }
}
