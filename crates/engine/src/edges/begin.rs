//! How revocations, commands and edges begin with the server.

use std::net::SocketAddr;
use std::sync::Arc;

use adapters::link::LinkListener;
use model::{PointId, Timestamp};
use store::State;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Hub, Keys, session};
use crate::command;
use crate::config::Config;
use crate::door::home;
use crate::engine::Engine;
use crate::limits::Limits;
use crate::rights::Rights;
use crate::start::StartError;
use crate::warden::{self, Warden};

/// Revocations and edges, as they are kept; our own rights go by them from the first moment on.
pub async fn open(
    config: &Config,
    state: &State,
    (access, now): (&Rights, Timestamp),
) -> Result<(Arc<Warden>, Arc<Hub>), StartError> {
    let warden = Arc::new(Warden::open(state.clone(), &config.data, now).await?);
    let (dead, suspended) = warden.words().await;
    let lost = access.bury(&dead);
    if lost > 0 {
        tracing::error!(lost, "tombstones find no room in our own rights");
    }
    access.suspend(&suspended);
    let keys = Keys::open(&config.data, now)?;
    let hub = Hub::open(state.clone(), Arc::clone(&warden), keys).await?;
    hub.passages().open(&config.data);
    access.tell_passages(hub.passages());
    Ok((warden, Arc::new(hub)))
}

/// Runs revocations and commands, and the listener of edges where there is one: where that is.
pub fn serve(
    engine: &Arc<Engine>,
    (tasks, stop): (&mut JoinSet<()>, &CancellationToken),
) -> Result<Option<SocketAddr>, StartError> {
    tasks.spawn(Arc::clone(&engine.edges).clerk(engine.clock.clone(), stop.clone()));
    tasks.spawn(warden::run(Arc::clone(engine), stop.clone()));
    tasks.spawn(command::run(Arc::clone(engine), stop.clone()));
    tasks.spawn(session::follow(Arc::clone(engine), stop.clone()));
    if home::wanted(engine).is_none()
        && let Ok(usual) = PointId::parse(home::HOME)
    {
        let engine = Arc::clone(engine);
        tasks.spawn(async move { engine.home_point(None, &usual).await });
    }
    let Some(edges) = &engine.config.listen.edges else { return Ok(None) };
    let tls = engine.edges.keys().listener(engine.now())?;
    let max = Limits::count(engine.config.limits.edge_connections_max);
    let listener = LinkListener::bind(edges.address, &tls, max)?;
    let address = listener.local_addr();
    engine.edges.listens_at(address);
    tasks.spawn(session::run(Arc::clone(engine), listener, stop.clone()));
    Ok(Some(address))
}
