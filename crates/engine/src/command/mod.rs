//! Commands to doors: authorised by whoever calls, given a reason, deduplicated, expiring,
//! audited; each ends with what the device confirmed, or with the fact that it did not.
//!
//! *Asked* is on disk before anything is sent. A point that is away gets it when it comes back,
//! unless its time is over by then. What was sent and not answered in time is *unconfirmed*: that
//! is no failure, and no success either. A word that comes later still counts.

mod alert;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use access::door::{AtWork, Order, Reason, Work, judge_order};
use access::link::{self, DoneHow, What};
use model::{DoorId, PointId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::state::StoredCommand;
use store::{State, StoreError};
use tokio_util::sync::CancellationToken;

use crate::auth;
use crate::edges::{Hub, Outcome};
use crate::engine::Engine;
use crate::live::LiveMessage;
use crate::rights::Rights;
use crate::warden;

pub use alert::{Alertness, LockdownTold, ThreatTold};

/// How long a command may take to arrive; then it is not done any more.
pub const COMMAND_LIFE: Duration = Duration::from_secs(30);
/// Longest time for which a strike is released.
pub const HOLD_MAX: Duration = Duration::from_secs(600);
/// Longest work on a door.
pub const WORK_MAX: Duration = Duration::from_secs(24 * 3_600);
/// Commands whose end is not known; at the bound more are refused.
pub const OPEN_MAX: usize = 10_000;
/// Longest reason, in characters.
pub const WHY_CHARS_MAX: usize = 500;
/// How often times are looked at.
const PAUSE: Duration = Duration::from_millis(500);

/// How far a command has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// On disk; its point is not connected.
    Asked,
    /// On its way.
    Sent,
    /// The device confirmed it.
    Confirmed,
    /// Sent, and nobody confirmed it in time.
    Unconfirmed,
    /// Its time was over before it was done.
    Expired,
    /// It may not be done now.
    Refused,
    /// The device refused it, or is not there.
    Failed,
}

impl Stands {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Sent => "sent",
            Self::Confirmed => "confirmed",
            Self::Unconfirmed => "unconfirmed",
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    /// Whether its end is still to come.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Asked | Self::Sent => true,
            Self::Confirmed | Self::Unconfirmed | Self::Expired | Self::Refused | Self::Failed => {
                false
            }
        }
    }

    /// Whether a word of the point still changes it: what nobody has heard of may yet be told.
    const fn may_end(self) -> bool {
        match self {
            Self::Asked | Self::Sent | Self::Unconfirmed | Self::Expired => true,
            Self::Confirmed | Self::Refused | Self::Failed => false,
        }
    }
}

/// A command, as it is kept and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ordered {
    /// Its id: the same command again has the same.
    pub id: String,
    /// To which door.
    pub door: DoorId,
    /// Who runs that door.
    pub point: PointId,
    /// What.
    pub what: What,
    /// Why; none: a lockdown, whose reason may follow.
    pub reason: Option<String>,
    /// By whose right.
    pub by: String,
    /// When it was asked for.
    pub at: Timestamp,
    /// Not done at or after this.
    pub expires_at: Timestamp,
    /// How far it has come.
    pub stands: Stands,
    /// Why it ended so.
    pub why: Option<String>,
    /// When it ended.
    pub done_at: Option<Timestamp>,
}

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// To which door.
    pub door: DoorId,
    /// What.
    pub what: What,
    /// Why.
    pub reason: Option<String>,
    /// By whose right.
    pub by: String,
    /// The caller's own key for it: the same key again is the same command.
    pub key: Option<String>,
}

/// Why a command was not given.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// There is no such door.
    #[error("there is no door `{0}`")]
    NoDoor(DoorId),
    /// Nobody runs it.
    #[error("nobody controls the door `{0}`: no point has it")]
    NoPoint(DoorId),
    /// Not said, or not as it should be.
    #[error("{0}")]
    Bad(String),
    /// Something burns, or has just burned.
    #[error("nothing is locked while the fire input is {says}", says = .0)]
    Fire(access::door::Fire),
    /// The key stands for another command.
    #[error("this key was given to another command before: `{0}`")]
    OtherKey(String),
    /// Too many are open.
    #[error("{OPEN_MAX} commands are open: none is taken until some have ended")]
    Full,
    /// State.
    #[error("the state takes nothing now: {0}")]
    Store(#[from] StoreError),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random(#[from] getrandom::Error),
}

/// Gives commands and follows them to their end.
pub struct Commander {
    state: State,
    hub: Arc<Hub>,
    rights: Arc<Rights>,
    open: Mutex<BTreeMap<String, Ordered>>,
    alert: Mutex<Alertness>,
    /// One change of commands at a time: to the disk, then to memory.
    writing: tokio::sync::Mutex<()>,
}

impl Commander {
    /// Reads what is open, and how alert the house is.
    pub async fn open(
        state: State,
        hub: Arc<Hub>,
        rights: Arc<Rights>,
    ) -> Result<Self, StoreError> {
        let mut open = BTreeMap::new();
        for stored in state.open_commands().await? {
            let command: Ordered = read(&stored)?;
            open.insert(command.id.clone(), command);
        }
        let alert = Alertness::read(&state).await?;
        alert.put_into(&rights);
        let (open, alert) = (Mutex::new(open), Mutex::new(alert));
        Ok(Self { state, hub, rights, open, alert, writing: tokio::sync::Mutex::default() })
    }

    /// Gives a command. The same key again gives the same command, whatever has become of it.
    pub async fn give(&self, wanted: Wanted, now: Timestamp) -> Result<Ordered, CommandError> {
        check(&wanted, now)?;
        let id = match &wanted.key {
            Some(key) => {
                let mut hasher = blake3::Hasher::new();
                hasher.update(wanted.by.as_bytes());
                hasher.update(&[0]);
                hasher.update(key.as_bytes());
                format!("cmd-{}", &hasher.finalize().to_hex()[..24])
            }
            None => auth::new_id("cmd")?,
        };
        let _alone = self.writing.lock().await;
        if let Some(known) = self.get(&id).await? {
            let is_same = known.door == wanted.door && known.what == wanted.what;
            return if is_same { Ok(known) } else { Err(CommandError::OtherKey(known.id)) };
        }
        if self.held().len() >= OPEN_MAX {
            return Err(CommandError::Full);
        }
        let snapshot = self.rights.snapshot();
        if snapshot.estate().door(&wanted.door).is_none() {
            return Err(CommandError::NoDoor(wanted.door));
        }
        let point = self.rights.point_of(&wanted.door);
        let point = point.ok_or_else(|| CommandError::NoPoint(wanted.door.clone()))?;
        let mut ordered = Ordered {
            id,
            door: wanted.door,
            point,
            what: wanted.what,
            reason: wanted.reason,
            by: wanted.by,
            at: now,
            expires_at: now.plus(COMMAND_LIFE),
            stands: Stands::Asked,
            why: None,
            done_at: None,
        };
        if let What::Order { order, .. } = ordered.what
            && let Err(Reason::Fire { says }) = judge_order(&snapshot, &ordered.door, order)
        {
            ordered.stands = Stands::Refused;
            ordered.why = Some(format!("nothing is locked while the fire input is {says}"));
            ordered.done_at = Some(now);
        }
        let detail = json!({
            "id": ordered.id, "what": ordered.what, "reason": ordered.reason,
            "point": ordered.point, "expires_at": ordered.expires_at,
            "stands": ordered.stands.as_str(),
        });
        let object = format!("door:{}", ordered.door);
        let act = warden::audit(now, &ordered.by, "door.command", &object, detail);
        self.keep(&ordered, (Vec::new(), Vec::new()), &[act]).await?;
        if ordered.stands.is_open() {
            self.pass_on(&mut ordered).await?;
        }
        Ok(ordered)
    }

    /// Sends what waits to its point, if that is connected.
    async fn pass_on(&self, ordered: &mut Ordered) -> Result<(), StoreError> {
        let command = link::Command {
            id: ordered.id.clone(),
            door: ordered.door.clone(),
            what: ordered.what,
            expires_at: ordered.expires_at,
            by: ordered.by.clone(),
        };
        if self.hub.send(&ordered.point, command) {
            ordered.stands = Stands::Sent;
            self.keep(ordered, (Vec::new(), Vec::new()), &[]).await?;
        }
        Ok(())
    }

    /// One command, open or ended.
    pub async fn get(&self, id: &str) -> Result<Option<Ordered>, StoreError> {
        let known = self.held().get(id).cloned();
        match known {
            Some(known) => Ok(Some(known)),
            None => self.state.command(id).await?.as_ref().map(read).transpose(),
        }
    }

    /// The newest commands, of one door or of all.
    pub async fn list(
        &self,
        door: Option<&DoorId>,
        limit: u32,
    ) -> Result<Vec<Ordered>, StoreError> {
        self.state.commands(door, limit).await?.iter().map(read).collect()
    }

    /// How many commands to a door are open.
    pub fn open_at(&self, door: &DoorId) -> usize {
        self.held().values().filter(|one| one.door == *door).count()
    }

    /// A point says what has become of one; whether that was news.
    pub async fn ended(
        &self,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<Option<Ordered>, StoreError> {
        let _alone = self.writing.lock().await;
        let Some(mut known) = self.get(&outcome.done.id).await? else { return Ok(None) };
        if known.point != outcome.point || !known.stands.may_end() {
            return Ok(None);
        }
        let (stands, why) = match &outcome.done.outcome {
            DoneHow::Confirmed => (Stands::Confirmed, None),
            DoneHow::Unconfirmed => (Stands::Unconfirmed, None),
            DoneHow::Expired => (Stands::Expired, None),
            DoneHow::Refused { why } => (Stands::Refused, Some(why)),
            DoneHow::Failed { why } => (Stands::Failed, Some(why)),
        };
        known.stands = stands;
        known.why = why.map(|why| why.chars().take(WHY_CHARS_MAX).collect());
        known.done_at = Some(now);
        let act = ended_act(&known, now);
        self.keep(&known, outcome.proof.clone(), &[act]).await?;
        Ok(Some(known))
    }

    /// Time has come: what was never sent is over, what was sent and not answered is unconfirmed;
    /// what waits for a point that is there now is sent. Gives what has changed.
    pub async fn tick(&self, now: Timestamp) -> Result<Vec<Ordered>, StoreError> {
        let _alone = self.writing.lock().await;
        let all: Vec<Ordered> = self.held().values().cloned().collect();
        let mut changed = Vec::new();
        for mut one in all {
            if now >= one.expires_at {
                one.stands = match one.stands {
                    Stands::Sent => Stands::Unconfirmed,
                    _ => Stands::Expired,
                };
                one.done_at = Some(now);
                let act = ended_act(&one, now);
                self.keep(&one, (Vec::new(), Vec::new()), &[act]).await?;
                changed.push(one);
            } else if one.stands == Stands::Asked && self.hub.is_connected(&one.point) {
                self.pass_on(&mut one).await?;
                changed.push(one);
            }
        }
        Ok(changed)
    }

    /// A point is there again: what was sent to it and never answered is sent once more. It knows
    /// what it has done.
    pub async fn again(&self, point: &PointId) -> Result<(), StoreError> {
        let _alone = self.writing.lock().await;
        let sent = |one: &&Ordered| one.point == *point && one.stands == Stands::Sent;
        let all: Vec<Ordered> = self.held().values().filter(sent).cloned().collect();
        for mut one in all {
            self.pass_on(&mut one).await?;
        }
        Ok(())
    }

    async fn keep(
        &self,
        ordered: &Ordered,
        proof: (Vec<u8>, Vec<u8>),
        acts: &[model::AuditAct],
    ) -> Result<(), StoreError> {
        let body = serde_json::to_string(ordered).map_err(|error| StoreError::Io {
            what: "writing a command".into(),
            detail: error.to_string(),
        })?;
        let stored = StoredCommand {
            id: ordered.id.clone(),
            door: ordered.door.clone(),
            at: ordered.at,
            is_open: ordered.stands.is_open(),
            body,
            proof,
        };
        self.state.save_commands(&[stored], acts).await?;
        let mut open = self.held();
        if ordered.stands.is_open() {
            open.insert(ordered.id.clone(), ordered.clone());
        } else {
            open.remove(&ordered.id);
        }
        Ok(())
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<String, Ordered>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ended_act(ordered: &Ordered, now: Timestamp) -> model::AuditAct {
    let detail = json!({
        "id": ordered.id, "stands": ordered.stands.as_str(), "why": ordered.why,
        "point": ordered.point,
    });
    let object = format!("door:{}", ordered.door);
    warden::audit(now, "castellan", "door.command.ended", &object, detail)
}

fn read(stored: &StoredCommand) -> Result<Ordered, StoreError> {
    serde_json::from_str(&stored.body).map_err(|error| StoreError::Corrupt {
        file: format!("command {}", stored.id),
        detail: error.to_string(),
    })
}

fn check(wanted: &Wanted, now: Timestamp) -> Result<(), CommandError> {
    let bad = |why: String| Err(CommandError::Bad(why));
    let is_lockdown = matches!(wanted.what, What::Order { order: Order::LockDown, .. });
    match &wanted.reason {
        Some(reason) if reason.trim().is_empty() || reason.chars().count() > WHY_CHARS_MAX => {
            return bad(format!("a reason of 1 to {WHY_CHARS_MAX} characters is needed"));
        }
        None if !is_lockdown => {
            return bad(format!("a reason of 1 to {WHY_CHARS_MAX} characters is needed"));
        }
        Some(_) | None => {}
    }
    match wanted.what {
        What::Order { order: Order::Release, hold } => match hold {
            Some(hold) if hold.is_zero() || hold > HOLD_MAX => {
                bad(format!("a strike is released for 1 to {} seconds", HOLD_MAX.as_secs()))
            }
            Some(_) | None => Ok(()),
        },
        What::Order { .. } | What::FireReset | What::RotateKeys | What::Work(None) => Ok(()),
        What::Work(Some((_, until))) if until <= now || now.plus(WORK_MAX) < until => {
            let hours = WORK_MAX.as_secs() / 3_600;
            bad(format!("work on a door ends within {hours} hours from now"))
        }
        What::Work(Some(_)) => Ok(()),
    }
}

impl Engine {
    /// What a confirmed command changes in what we know ourselves.
    fn take_command(&self, ordered: &Ordered) {
        let door = &ordered.door;
        self.access.live(|live| match ordered.what {
            What::Work(work) => {
                let work = work.map(|(work, until): (Work, Timestamp)| AtWork { work, until });
                live.set_work(door.clone(), work);
            }
            What::Order { order: Order::Lock, .. } => live.set_locked(door.clone(), true),
            What::Order { order: Order::Relock | Order::Unlock, .. } => {
                live.set_locked(door.clone(), false);
            }
            What::Order {
                order: Order::Release | Order::LockDown | Order::EndLockdown, ..
            }
            | What::FireReset
            | What::RotateKeys => {}
        });
    }

    /// Gives a command and tells whoever watches.
    pub async fn command(&self, wanted: Wanted) -> Result<Ordered, CommandError> {
        let ordered = self.commander.give(wanted, self.now()).await?;
        self.live.send(LiveMessage::Command(Arc::new(ordered.clone())));
        Ok(ordered)
    }
}

/// Runs until told to stop: outcomes as they come, and what is due by itself.
pub async fn run(engine: Arc<Engine>, stop: CancellationToken) {
    let Some(mut outcomes) = engine.edges.outcomes() else { return };
    let mut told = engine.edges.told();
    let mut connected = std::collections::BTreeSet::new();
    let mut clock = tokio::time::interval(PAUSE);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let changed = tokio::select! {
            () = stop.cancelled() => return,
            Some(outcome) = outcomes.recv() => {
                let ended = engine.commander.ended(&outcome, engine.now()).await;
                if let Ok(Some(ordered)) = &ended
                    && ordered.stands == Stands::Confirmed
                {
                    engine.take_command(ordered);
                }
                ended.map(|ended| ended.into_iter().collect())
            }
            _ = clock.tick() => engine.commander.tick(engine.now()).await,
            Ok(point) = told.recv() => {
                let is_new = match engine.edges.is_connected(&point) {
                    true => connected.insert(point.clone()),
                    false => { connected.remove(&point); false }
                };
                if let Some(told) = engine.edges.get(&point) {
                    engine.live.send(LiveMessage::Edge(Arc::new(told)));
                }
                match is_new {
                    true => engine.commander.again(&point).await.map(|()| Vec::new()),
                    false => Ok(Vec::new()),
                }
            }
        };
        match changed {
            Ok(changed) => {
                for ordered in changed {
                    engine.live.send(LiveMessage::Command(Arc::new(ordered)));
                }
            }
            Err(error) => {
                tracing::error!(reason = %error, "commands wait: the state takes nothing now");
            }
        }
    }
}

#[cfg(test)]
mod tests;
