//! The warden at work: acts with all that follows from them, and what is due by itself.
//!
//! A revocation that some point does not confirm in time is an incident with an owner: it names
//! the silent points, until when each may go by older rights, and what to do meanwhile.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use access::revocation::{Act, Deed, Shown, Signing, Subject};
use model::finding::Level;
use model::{Entity, IncidentId, PersonId, PointId, RevocationId, Timestamp};
use respond::{HandMade, Moment};
use tokio_util::sync::CancellationToken;

use super::{Told, Wanted, WardenError};
use crate::auth;
use crate::engine::Engine;
use crate::live::LiveMessage;

/// How long points may take to confirm before somebody is told.
pub const UNCONFIRMED_AFTER: Duration = Duration::from_secs(30);
/// How often leases and silence are looked at.
const PAUSE: Duration = Duration::from_secs(1);
/// How often what is old is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(24 * 3_600);
/// Silent points that an incident names; the rest is counted.
const NAMED_MAX: usize = 20;

/// What became of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acted {
    /// The deed.
    pub told: Told,
    /// Whether this act did it; a repeated one did not.
    pub is_new: bool,
}

impl Engine {
    /// Suspends, lifts or revokes, everywhere: the book, our own rights, every edge.
    pub async fn revoke(&self, wanted: &Wanted) -> Result<Acted, WardenError> {
        let now = self.now();
        let known = self.warden.show(&wanted.id).await.is_some();
        let stones = match wanted.act {
            Act::Revoke => self.access.snapshot().stones(&wanted.subject, now),
            Act::Suspend | Act::Lift => Vec::new(),
        };
        let told = self.warden.act(wanted, stones, now).await?;
        if !known {
            self.take_words(&told).await;
        }
        Ok(Acted { told, is_new: !known })
    }

    /// Our own rights go by it as well: what decides here, and what is given out whole.
    async fn take_words(&self, told: &Told) {
        match told.deed.act {
            Act::Revoke => {
                let mut dead = access::revocation::Tombstones::default();
                let lost = told.deed.stones.iter().filter(|stone| !dead.bury(**stone)).count();
                let lost = lost + self.access.bury(&dead);
                if lost > 0 {
                    tracing::error!(lost, "tombstones find no room in our own rights");
                }
            }
            Act::Suspend | Act::Lift => {
                let (_, suspended) = self.warden.words().await;
                self.access.suspend(&suspended);
            }
        }
    }

    /// One second of a revocation's life: leases, silence, receipts that closed the matter.
    pub(super) async fn look_after(&self, now: Timestamp) -> Result<(), WardenError> {
        self.warden.tick(now).await?;
        let open = Arc::clone(&self.warden.given().await.open);
        for id in open.iter() {
            let Some(told) = self.warden.show(id).await else { continue };
            let is_late = now.since(told.deed.at) >= UNCONFIRMED_AFTER && now > told.deed.at;
            if is_late && told.note.incident.is_none() {
                self.open_silence(&told, now).await?;
            }
        }
        Ok(())
    }

    async fn open_silence(&self, told: &Told, now: Timestamp) -> Result<(), WardenError> {
        let Shown::Unconfirmed { silent } = &told.shown else { return Ok(()) };
        let Some(new_id) = auth::new_id("i").ok().and_then(|id| IncidentId::parse(&id).ok()) else {
            return Ok(());
        };
        let knowledge = self.current.get();
        let person = person_of(self, &told.deed.subject);
        let person = person.filter(|id| knowledge.org.people.contains_key(id));
        let made = HandMade {
            title: format!("{} not confirmed by {} points", word(told.deed.act), silent.len()),
            text: words(told, silent),
            level: Level::High,
            team: self.config.default_team.clone(),
            entities: person.map(Entity::Person).into_iter().collect(),
            site: None,
            seen_at: None,
            evidence: Vec::new(),
            sop: vec![
                "Have somebody at the doors of the silent points, or lock them, until it is \
                 confirmed."
                    .to_owned(),
                "Take the credential from whoever carries it, if they can be met.".to_owned(),
                "Find out why the points are silent: power, network, the box itself.".to_owned(),
            ],
        };
        let moment = Moment { now, new_id };
        match self.desk.open(&knowledge, made, ("castellan", None), &moment).await {
            Ok(incident) => self.warden.note_incident(&told.id, Some(incident.id), now).await,
            Err(error) => {
                tracing::error!(%error, "no incident of an unconfirmed revocation");
                Ok(())
            }
        }
    }

    /// A deed stands otherwise: whoever watches is told, and its incident is settled when all
    /// points have confirmed.
    pub(super) async fn deed_changed(&self, id: &RevocationId) {
        let Some(told) = self.warden.show(id).await else { return };
        let is_done = !matches!(told.shown, Shown::Unconfirmed { .. });
        if let Some(incident) = told.note.incident.clone().filter(|_| is_done) {
            let now = self.now();
            let text = match &told.shown {
                Shown::Superseded { by } => format!("a later act stands in its place: {by}"),
                Shown::Done | Shown::Unconfirmed { .. } => "every point has confirmed".to_owned(),
            };
            match self.desk.settle(&incident, &text, now).await {
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "the incident of a revocation stays open"),
            }
        }
        self.live.send(LiveMessage::Revocation(Arc::new(told)));
    }
}

fn word(act: Act) -> &'static str {
    match act {
        Act::Suspend => "Suspension",
        Act::Lift => "End of a suspension",
        Act::Revoke => "Revocation",
    }
}

fn person_of(engine: &Engine, subject: &Subject) -> Option<PersonId> {
    match subject {
        Subject::Person(id) => Some(id.clone()),
        Subject::Credential(id) | Subject::Pass(id) => {
            engine.access.snapshot().people().credential(id)?.person.clone()
        }
    }
}

/// Who is silent, and until when each may go by older rights.
fn words(told: &Told, silent: &BTreeSet<PointId>) -> String {
    let mut text = format!("{} {}: silent are ", word(told.deed.act), told.id);
    let named: Vec<String> =
        silent.iter().take(NAMED_MAX).map(|point| stale(&told.deed, point)).collect();
    text.push_str(&named.join("; "));
    if silent.len() > NAMED_MAX {
        text.push_str(&format!("; and {} more", silent.len() - NAMED_MAX));
    }
    text
}

fn stale(deed: &Deed, point: &PointId) -> String {
    match (deed.points.get(point), deed.stale_until(point)) {
        (Some(Signing::Silent), Some(until)) => {
            format!("{point} (may admit until {until})")
        }
        _ => format!("{point} (may admit until it is heard)"),
    }
}

/// What is to be done while a deed is not confirmed everywhere; none: nothing.
pub fn compensating(told: &Told) -> Option<String> {
    let Shown::Unconfirmed { silent } = &told.shown else { return None };
    Some(format!(
        "guard or lock the doors of {}, or take the credential away, until they confirm",
        silent.iter().take(NAMED_MAX).map(PointId::as_str).collect::<Vec<_>>().join(", ")
    ))
}

/// Runs until told to stop: what is due by itself, and what changes.
pub async fn run(engine: Arc<Engine>, stop: CancellationToken) {
    let mut told = engine.warden.told();
    let mut clock = tokio::time::interval(PAUSE);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut forgets = tokio::time::interval(FORGET_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = clock.tick() => {
                if let Err(error) = engine.look_after(engine.now()).await {
                    tracing::error!(reason = %error, "revocations wait a second more");
                }
            }
            _ = forgets.tick() => {
                if let Err(error) = engine.warden.forget(engine.now()).await {
                    tracing::warn!(reason = %error, "old revocations are forgotten later");
                }
            }
            changed = told.recv() => match changed {
                Ok(id) => {
                    // Receipts come in crowds: each deed is told once for all that waits.
                    let mut ids = BTreeSet::from([id]);
                    while let Ok(id) = told.try_recv() {
                        ids.insert(id);
                    }
                    for id in &ids {
                        engine.deed_changed(id).await;
                    }
                }
                Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {
                    for told in engine.warden.list().await {
                        engine.deed_changed(&told.id).await;
                    }
                }
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
            },
        }
    }
}
