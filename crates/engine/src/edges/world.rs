//! What changes by the minute, as every edge is told it: threat, lockdowns, whose incidents are
//! open.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use access::door::{Incidents, Posture, Risk};
use access::link::World;
use model::PersonId;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;

/// People with open incidents that edges are told of; beyond it those with critical ones first.
pub const WORLD_RISKS_MAX: usize = 10_000;
/// How often it is looked at; lockdowns and threat are told at once.
const PAUSE: Duration = Duration::from_secs(2);

impl Engine {
    /// The world, as it is now.
    async fn world(&self) -> World {
        let alertness = self.commander.alertness();
        let people = self.desk.people_in_open().await;
        let mut risks: Vec<(PersonId, Incidents, Posture)> =
            people.into_iter().map(|(id, how)| (id, how, Posture::Unknown)).collect();
        // Stable: critical ones first where there is no room for all.
        risks.sort_by_key(|(_, how, _)| *how != Incidents::Critical);
        let is_whole = risks.len() <= WORLD_RISKS_MAX;
        risks.truncate(WORLD_RISKS_MAX);
        let lockdowns = alertness.lockdowns.iter();
        World {
            threat: alertness.threat.as_ref().map(|threat| threat.level),
            lockdowns: lockdowns
                .map(|(zone, lockdown)| (zone.clone(), lockdown.since, lockdown.ask_at))
                .collect(),
            risks,
            passages: Vec::new(),
            others_clear: is_whole,
        }
    }

    /// Tells the world to every edge and to our own rights.
    pub(crate) async fn tell_world(&self) {
        let world = self.world().await;
        let before = self.edges.world();
        if *before == world {
            return;
        }
        self.access.live(|live| {
            live.set_threat(world.threat.unwrap_or(access::door::Threat::Normal));
            for (zone, since, ask_at) in &world.lockdowns {
                live.lock_down(zone.clone(), *since, *ask_at);
            }
            let is_over = |zone: &model::ZoneId| world.lockdowns.iter().all(|one| one.0 != *zone);
            for (zone, ..) in before.lockdowns.iter().filter(|one| is_over(&one.0)) {
                live.end_lockdown(zone);
            }
            let now: BTreeMap<&PersonId, (Incidents, Posture)> =
                world.risks.iter().map(|(id, how, device)| (id, (*how, *device))).collect();
            for (id, ..) in before.risks.iter().filter(|one| !now.contains_key(&one.0)) {
                live.set_risk(id.clone(), Risk { incidents: Incidents::None, ..Risk::UNKNOWN });
            }
            for (id, (incidents, device)) in now {
                live.set_risk(id.clone(), Risk { incidents, device });
            }
        });
        self.edges.tell_world(world);
    }
}

/// Runs until told to stop: the world, and what rights change into.
pub(super) async fn follow(engine: Arc<Engine>, stop: CancellationToken) {
    let mut rights = engine.access.changed();
    let mut clock = tokio::time::interval(PAUSE);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        if let Err(error) = engine.edges.follow_rights(&engine.access, engine.now()).await {
            tracing::error!(reason = %error, "changed rights are not given out yet");
        }
        engine.tell_world().await;
        tokio::select! {
            () = stop.cancelled() => return,
            _ = clock.tick() => {}
            changed = rights.changed() => if changed.is_err() { return },
        }
    }
}
