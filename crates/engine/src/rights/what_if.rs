//! What if these rights had held: a draft against the requests of the last days. Who would newly
//! pass, who would newly be refused, where, how often.
//!
//! Both sides are decided with today's organisation: the rights that run and the draft. What nobody
//! has kept (where people were, which threat there was) counts as unknown and normal on both sides;
//! a PIN counts as typed. INVARIANT: the counts are those of deciding each request by hand
//! (`tests/rights.rs`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use access::Reach;
use access::door::{
    Credential, Decision, Live, Outcome, PinVerdict, Reason, Request, RightsAge, Snapshot, decide,
};
use model::rights::ItemChange;
use model::{DoorId, PersonId, Problem, Timestamp};
use serde::Serialize;

use super::ask::{presented, shown_by_all};
use super::past::{PastRequest, PastTurn, Stretch};
use crate::auth;
use crate::engine::Engine;

/// Longest stretch that is looked at.
pub const WHAT_IF_DAYS_MAX: u32 = 30;
/// Most questions that are remembered; beyond it the oldest that has ended is forgotten.
pub const WHAT_IF_KEPT_MAX: usize = 16;
/// Most questions that are worked on at once; one more is refused.
pub const WHAT_IF_AT_ONCE_MAX: usize = 2;
/// Most requests that one question looks at; beyond it it ends, and says so.
pub const WHAT_IF_REQUESTS_MAX: u64 = 5_000_000;
/// Most lines of one answer; the rest is counted.
pub const WHAT_IF_LINES_MAX: usize = 5_000;

/// How a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhatIfState {
    /// It is being worked on.
    Running,
    /// It is answered.
    Done,
    /// Somebody stopped it.
    Stopped,
    /// It could not be answered.
    Failed,
}

/// Somebody at a door for whom something would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Who.
    pub person: PersonId,
    /// Where.
    pub door: DoorId,
    /// What the rights that run say.
    pub was: Reason,
    /// What the draft says.
    pub would: Reason,
    /// Whether they would pass.
    pub passes: bool,
    /// How often they asked.
    pub times: u64,
    /// For the first time.
    pub first: Timestamp,
    /// For the last.
    pub last: Timestamp,
}

/// What it comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Requests to come in of people who are known, at doors that are.
    pub requests: u64,
    /// Requests of whom nobody knows, or at doors that nobody knows any more.
    pub unresolved: u64,
    /// How many of them would pass and do not.
    pub newly_passes: u64,
    /// How many pass and would not.
    pub newly_refused: u64,
    /// Who and where, the most frequent first.
    pub lines: Vec<Line>,
    /// How many lines are left out.
    pub more: u64,
    /// The bound was reached: older requests were not looked at.
    pub is_cut: bool,
}

/// Two sets of rights to compare.
pub struct Sides {
    /// Those that run.
    pub running: Snapshot,
    /// The draft.
    pub draft: Snapshot,
}

/// Sums up requests, each decided twice.
pub struct Tally {
    sides: Sides,
    shown: BTreeMap<PersonId, Credential>,
    seen: BTreeMap<(PersonId, DoorId, bool, &'static str, &'static str), Line>,
    answer: Answer,
    reach: Reach,
}

impl Tally {
    /// Of these sides; people show what they would show under the rights that run. `reach`: doors
    /// of these sites alone.
    pub fn new(mut sides: Sides, reach: Reach, now: Timestamp) -> Self {
        for side in [&mut sides.running, &mut sides.draft] {
            side.live = Live::default();
        }
        let all = shown_by_all(&sides.running, now).into_iter();
        let shown = all.map(|(person, one)| (person.clone(), one.clone())).collect();
        Self { sides, shown, seen: BTreeMap::new(), answer: Answer::default(), reach }
    }

    /// One request by one set of rights, as it was asked then.
    pub fn decide(snapshot: &mut Snapshot, shown: &Credential, asked: &PastRequest) -> Decision {
        snapshot.rights = RightsAge { confirmed_at: asked.at, is_trusted: true };
        let mut request = Request::card(asked.door.clone(), shown.key);
        request.presented = presented(shown);
        request.pin = PinVerdict::Right;
        decide(snapshot, &request, asked.at)
    }

    /// Counts one request. What is no way in, or follows one that was counted, is left out.
    pub fn take(&mut self, asked: &PastRequest, site: Option<&model::PlaceId>) {
        let is_request = match asked.turn {
            PastTurn::Granted | PastTurn::Refused => true,
            PastTurn::Passed | PastTurn::NotUsed => false,
        };
        if !is_request || asked.is_way_out || !self.reach.covers(site) {
            return;
        }
        let shown = asked.person.as_ref().and_then(|person| self.shown.get(person));
        let is_known = self.sides.running.estate().door(&asked.door).is_some();
        let (Some(person), Some(shown), true) = (&asked.person, shown, is_known) else {
            self.answer.unresolved += 1;
            return;
        };
        self.answer.requests += 1;
        let was = Self::decide(&mut self.sides.running, shown, asked);
        let would = Self::decide(&mut self.sides.draft, shown, asked);
        if passes(&was) == passes(&would) {
            return;
        }
        let passes = passes(&would);
        match passes {
            true => self.answer.newly_passes += 1,
            false => self.answer.newly_refused += 1,
        }
        let codes = (was.because.code(), would.because.code());
        let key = (person.clone(), asked.door.clone(), passes, codes.0, codes.1);
        let line = self.seen.entry(key).or_insert_with(|| Line {
            person: person.clone(),
            door: asked.door.clone(),
            was: was.because,
            would: would.because,
            passes,
            times: 0,
            first: asked.at,
            last: asked.at,
        });
        line.times += 1;
        line.first = line.first.min(asked.at);
        line.last = line.last.max(asked.at);
    }

    /// What it comes to.
    pub fn finish(self) -> Answer {
        let mut answer = self.answer;
        let mut lines: Vec<Line> = self.seen.into_values().collect();
        lines.sort_by(|a, b| (b.times, &a.person, &a.door).cmp(&(a.times, &b.person, &b.door)));
        answer.more = lines.len().saturating_sub(WHAT_IF_LINES_MAX) as u64;
        lines.truncate(WHAT_IF_LINES_MAX);
        answer.lines = lines;
        answer
    }
}

/// Whether somebody gets in, at once or after showing more.
fn passes(decision: &Decision) -> bool {
    match decision.outcome {
        Outcome::Grant { .. } | Outcome::Require(_) => true,
        Outcome::Refuse => false,
    }
}

/// A question and how it stands.
pub struct Job {
    /// Its id.
    pub id: String,
    /// Who asked.
    pub by: String,
    /// The stretch.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    stop: AtomicBool,
    /// Up to where it has looked, newest first, as nanoseconds.
    reached: AtomicU64,
    outcome: Mutex<Option<Result<Arc<Answer>, String>>>,
}

impl Job {
    /// How it stands.
    pub fn state(&self) -> (WhatIfState, Option<Arc<Answer>>, Option<String>) {
        match &*self.outcome.lock().unwrap_or_else(PoisonError::into_inner) {
            None => (WhatIfState::Running, None, None),
            Some(Ok(answer)) => (WhatIfState::Done, Some(Arc::clone(answer)), None),
            Some(Err(why)) if why.is_empty() => (WhatIfState::Stopped, None, None),
            Some(Err(why)) => (WhatIfState::Failed, None, Some(why.clone())),
        }
    }

    /// How much of the stretch it has looked at, 0 to 1.
    pub fn done(&self) -> f64 {
        let whole = self.to.since(self.from).as_secs_f64().max(1.0);
        let reached = Timestamp::from_nanos(
            i64::try_from(self.reached.load(Ordering::Relaxed)).unwrap_or(i64::MAX),
        );
        match self.state().0 {
            WhatIfState::Running => (self.to.since(reached).as_secs_f64() / whole).clamp(0.0, 1.0),
            WhatIfState::Done | WhatIfState::Stopped | WhatIfState::Failed => 1.0,
        }
    }

    fn end(&self, outcome: Result<Arc<Answer>, String>) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }

    fn is_over(&self) -> bool {
        self.state().0 != WhatIfState::Running
    }
}

/// Every question that is remembered.
#[derive(Default)]
pub struct WhatIfs(Mutex<VecDeque<Arc<Job>>>);

impl WhatIfs {
    /// One of them.
    pub fn get(&self, id: &str) -> Option<Arc<Job>> {
        let jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.iter().find(|job| job.id == id).cloned()
    }

    /// Stops one; whether there was one that ran.
    pub fn stop(&self, id: &str) -> bool {
        let job = self.get(id).filter(|job| !job.is_over());
        job.inspect(|job| job.stop.store(true, Ordering::Relaxed)).is_some()
    }

    fn add(&self, job: Arc<Job>) -> Result<(), WhatIfError> {
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let running = jobs.iter().filter(|job| !job.is_over()).count();
        if running >= WHAT_IF_AT_ONCE_MAX {
            return Err(WhatIfError::Busy);
        }
        if jobs.len() >= WHAT_IF_KEPT_MAX
            && let Some(at) = jobs.iter().position(|job| job.is_over())
        {
            jobs.remove(at);
        }
        jobs.push_back(job);
        Ok(())
    }
}

/// Why a question is not taken.
#[derive(Debug, thiserror::Error)]
pub enum WhatIfError {
    /// The draft does not hold.
    #[error("the draft does not hold: {} problems", .0.len())]
    Problems(Vec<Problem>),
    /// Others are being worked on.
    #[error("{WHAT_IF_AT_ONCE_MAX} questions are being worked on; come again when one has ended")]
    Busy,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// Our own fault.
    #[error("composing rights ended in a panic")]
    Panic,
}

/// A question.
pub struct Question {
    /// What the draft changes of the rights that run.
    pub changes: Vec<ItemChange>,
    /// The requests of so many days, at most [`WHAT_IF_DAYS_MAX`].
    pub days: u32,
    /// At doors of these sites.
    pub reach: Reach,
}

impl Engine {
    /// Begins to answer what a draft would change. Gives the question's id.
    pub async fn what_if(
        self: &Arc<Self>,
        question: Question,
        by: &str,
    ) -> Result<Arc<Job>, WhatIfError> {
        let (access, now) = (Arc::clone(&self.access), self.now());
        let changes = question.changes;
        let tried = tokio::task::spawn_blocking(move || access.prepare_changes(&changes, now));
        let tried = tried.await.map_err(|_| WhatIfError::Panic)?;
        let draft = tried.map_err(WhatIfError::Problems)?.snapshot;
        let days = u64::from(question.days.clamp(1, WHAT_IF_DAYS_MAX));
        let from = now.minus(Duration::from_secs(days * 86_400));
        let job = Arc::new(Job {
            id: auth::new_id("if")?,
            by: by.to_owned(),
            from,
            to: now,
            stop: AtomicBool::new(false),
            reached: AtomicU64::new(u64::try_from(now.nanos()).unwrap_or(0)),
            outcome: Mutex::new(None),
        });
        self.what_ifs.add(Arc::clone(&job))?;
        let sides = Sides { running: (*self.access.snapshot()).clone(), draft };
        let tally = Tally::new(sides, question.reach, now);
        tokio::spawn(Arc::clone(self).answer_what_if(Arc::clone(&job), tally));
        Ok(job)
    }

    async fn answer_what_if(self: Arc<Self>, job: Arc<Job>, mut tally: Tally) {
        let stretch = Stretch { from: job.from, to: job.to, door: None };
        let mut before = None;
        let mut looked_at = 0_u64;
        loop {
            if job.stop.load(Ordering::Relaxed) {
                return job.end(Err(String::new()));
            }
            let (requests, next) = match self.past_requests(&stretch, before).await {
                Ok(page) => page,
                Err(error) => return job.end(Err(error.to_string())),
            };
            looked_at += requests.len() as u64;
            if let Some(last) = requests.last() {
                let reached = u64::try_from(last.at.nanos()).unwrap_or(0);
                job.reached.store(reached, Ordering::Relaxed);
            }
            let sites: BTreeSet<DoorId> = requests.iter().map(|one| one.door.clone()).collect();
            let sites: BTreeMap<DoorId, _> = sites
                .into_iter()
                .map(|door| {
                    let site = self.access.site_of_door(&door);
                    (door, site)
                })
                .collect();
            let counted = tokio::task::spawn_blocking(move || {
                for asked in &requests {
                    tally.take(asked, sites.get(&asked.door).and_then(Option::as_ref));
                }
                tally
            });
            tally = match counted.await {
                Ok(counted) => counted,
                Err(_) => return job.end(Err("the question ended in a panic".to_owned())),
            };
            before = next;
            if looked_at >= WHAT_IF_REQUESTS_MAX {
                tally.answer.is_cut = before.is_some();
                before = None;
            }
            if before.is_none() {
                return job.end(Ok(Arc::new(tally.finish())));
            }
        }
    }
}
