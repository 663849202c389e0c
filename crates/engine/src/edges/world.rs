//! What changes by the minute, as every edge is told it: threat, lockdowns, whose incidents are
//! open, whose devices are how, who is heard that tells of doors.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use access::door::{Incidents, Posture, Risk};
use access::link::World;
use model::PersonId;
use tokio_util::sync::CancellationToken;

use super::passages::{KEEP_EVERY, LOOK_EVERY};
use crate::engine::Engine;

/// People with open incidents, or with devices of which something is known, that edges are told of;
/// beyond it the gravest first.
pub const WORLD_RISKS_MAX: usize = 10_000;
/// How often it is looked at; lockdowns and threat are told at once.
const PAUSE: Duration = Duration::from_secs(2);

/// What is known of people, the gravest first, and whether whoever is left out has no incident.
fn risks(
    incidents: BTreeMap<PersonId, Incidents>,
    mut devices: BTreeMap<PersonId, Posture>,
) -> (Vec<(PersonId, Incidents, Posture)>, bool) {
    let named = incidents.into_iter().map(|(person, how)| {
        let device = devices.remove(&person).unwrap_or(Posture::Unknown);
        (person, how, device)
    });
    let mut risks: Vec<_> = named.collect();
    let with_incidents = risks.len();
    let calm = devices.into_iter().map(|(person, device)| (person, Incidents::None, device));
    risks.extend(calm);
    // Stable: where there is no room for all, those whose devices are well are left out first.
    risks.sort_by_key(|(_, how, device)| match (how, device) {
        (Incidents::Critical, _) => 0,
        (Incidents::Open | Incidents::Unknown, _) => 1,
        (Incidents::None, Posture::NonCompliant) => 2,
        (Incidents::None, Posture::Compliant | Posture::NoDevice | Posture::Unknown) => 3,
    });
    risks.truncate(WORLD_RISKS_MAX);
    (risks, with_incidents <= WORLD_RISKS_MAX)
}

impl Engine {
    /// The world, as it is now.
    async fn world(&self) -> World {
        let alertness = self.commander.alertness();
        let heard = self.heard_of(self.now());
        let incidents = self.desk.people_in_open().await;
        let accused = self.desk.things_in_open().await;
        let org = self.access.organisation();
        let devices = self.devices.postures(&org, &accused, self.now());
        let (risks, others_clear) = risks(incidents, devices);
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
    let mut keep = tokio::time::interval(KEEP_EVERY);
    keep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut passed = 0;
    'serving: loop {
        passed = engine.follow_passages(passed);
        if let Err(error) = engine.edges.follow_rights(&engine.access, engine.now()).await {
            tracing::error!(reason = %error, "changed rights are not given out yet");
        }
        engine.tell_world().await;
        loop {
            tokio::select! {
                () = stop.cancelled() => break 'serving,
                _ = keep.tick() => keep_passages(&engine).await,
                _ = look.tick() => passed = engine.follow_passages(passed),
                _ = clock.tick() => break,
                changed = rights.changed() => match changed {
                    Ok(()) => break,
                    Err(_) => break 'serving,
                },
            }
        }
    }
    keep_passages(&engine).await;
}

async fn keep_passages(engine: &Engine) {
    let book = Arc::clone(engine.edges.passages());
    if tokio::task::spawn_blocking(move || book.keep()).await.is_err() {
        tracing::error!("where people went is not kept on disk: it ended in a panic");
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn where_there_is_no_room_for_all_those_whose_devices_are_well_are_left_out_first() {
        let who = |n: usize| PersonId::parse(&format!("p{n:05}")).unwrap();
        let incidents = BTreeMap::from([(who(3), Incidents::Critical), (who(1), Incidents::Open)]);
        let mut devices: BTreeMap<PersonId, Posture> =
            (0..WORLD_RISKS_MAX + 5).map(|n| (who(n), Posture::Compliant)).collect();
        devices.insert(who(7), Posture::NonCompliant);
        let (risks, others_clear) = risks(incidents, devices);
        assert_eq!((risks.len(), others_clear), (WORLD_RISKS_MAX, true));
        let first = [
            (who(3), Incidents::Critical, Posture::Compliant),
            (who(1), Incidents::Open, Posture::Compliant),
            (who(7), Incidents::None, Posture::NonCompliant),
        ];
        assert_eq!(risks.get(..3).unwrap(), first);
        let crowd = (0..=WORLD_RISKS_MAX).map(|n| (who(n), Incidents::Open)).collect();
        assert!(!super::risks(crowd, BTreeMap::new()).1);
    }
}
