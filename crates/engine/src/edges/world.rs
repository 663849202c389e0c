//! What changes by the minute, as every edge is told it: threat, lockdowns, whose incidents are
//! open, who is heard that tells of doors.

use std::sync::Arc;
use std::time::Duration;

use access::door::{Incidents, Posture, Risk};
use access::link::World;
use model::PersonId;
use tokio_util::sync::CancellationToken;

use super::passages::LOOK_EVERY;
use crate::engine::Engine;

/// People with open incidents that edges are told of; beyond it those with critical ones first.
pub const WORLD_RISKS_MAX: usize = 10_000;
/// How often it is looked at; lockdowns and threat are told at once.
const PAUSE: Duration = Duration::from_secs(2);

impl Engine {
    /// The world, as it is now.
    async fn world(&self) -> World {
        let alertness = self.commander.alertness();
        let heard = self.heard_of(self.now());
        let people = self.desk.people_in_open().await;
        let mut risks: Vec<(PersonId, Incidents, Posture)> =
            people.into_iter().map(|(id, how)| (id, how, Posture::Unknown)).collect();
        // Stable: critical ones first where there is no room for all.
        risks.sort_by_key(|(_, how, _)| *how != Incidents::Critical);
        let others_clear = risks.len() <= WORLD_RISKS_MAX;
        risks.truncate(WORLD_RISKS_MAX);
        let lockdowns = alertness.lockdowns.iter();
        World {
            threat: alertness.threat.as_ref().map(|threat| threat.level),
            lockdowns: lockdowns
                .map(|(zone, lockdown)| (zone.clone(), lockdown.since, lockdown.ask_at))
                .collect(),
            risks,
            passages: Vec::new(),
            others_clear,
            blind: heard.blind,
            sources: heard.sources,
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
            let risk = |(id, incidents, device): &(PersonId, Incidents, Posture)| {
                (id.clone(), Risk { incidents: *incidents, device: *device })
            };
            let others = match world.others_clear {
                true => Risk { incidents: Incidents::None, ..Risk::UNKNOWN },
                false => Risk::UNKNOWN,
            };
            live.set_risks(world.risks.iter().map(risk), others);
            live.set_all_blind(world.blind.iter().cloned());
            live.set_sources(world.sources.iter().cloned());
        });
        self.edges.tell_world(world);
    }
}

/// Runs until told to stop: the world, and what rights change into.
pub(super) async fn follow(engine: Arc<Engine>, stop: CancellationToken) {
    let mut rights = engine.access.changed();
    let mut clock = tokio::time::interval(PAUSE);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut passed = 0;
    loop {
        passed = engine.follow_passages(passed);
        if let Err(error) = engine.edges.follow_rights(&engine.access, engine.now()).await {
            tracing::error!(reason = %error, "changed rights are not given out yet");
        }
        engine.tell_world().await;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = look.tick() => passed = engine.follow_passages(passed),
                _ = clock.tick() => break,
                changed = rights.changed() => match changed {
                    Ok(()) => break,
                    Err(_) => return,
                },
            }
        }
    }
}
