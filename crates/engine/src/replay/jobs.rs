//! Replays that a server runs in the background: few at once, each on threads of its own.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::{AuditAct, Finding, FindingId, PlaceId, RuleId, SourceId, Timestamp};
use serde::Serialize;
use serde_json::json;
use store::state::LateHour;
use tokio::runtime::Handle;

use super::compare::Side;
use super::draft::{Draft, prepare};
use super::run::{Asked, Context, Progress, Report, run};
use super::tally::TallyLimits;
use super::{Pace, ReplayAsk, ReplayError};
use crate::auth;
use crate::edit::rules::check_draft_paths;
use crate::engine::Engine;
use crate::limits::Limits;

/// Every replay that is remembered.
#[derive(Default)]
pub struct Replays {
    jobs: Mutex<VecDeque<Arc<Job>>>,
    /// One beginning at a time, so that the count of those that run is right.
    beginning: tokio::sync::Mutex<()>,
    /// One settlement at a time.
    pub(super) settling: tokio::sync::Mutex<()>,
}

/// How a replay stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplayState {
    /// It runs.
    Running,
    /// It has ended; there is a report.
    Done,
    /// It was stopped.
    Stopped,
    /// It could not be done.
    Failed,
}

/// A replay as people see it.
#[derive(Debug, Clone)]
pub struct ReplayView {
    /// Its id.
    pub id: String,
    /// Who asked for it.
    pub by: String,
    /// When.
    pub asked_at: Timestamp,
    /// The stretch.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Findings about this site alone.
    pub site: Option<PlaceId>,
    /// Whose lateness it looks at.
    pub late_of: Option<SourceId>,
    /// The rules it is about.
    pub rules: Vec<RuleId>,
    /// Whether they are a draft, so that nothing of it can be adopted.
    pub is_draft: bool,
    /// How it stands.
    pub state: ReplayState,
    /// Why it failed.
    pub why: Option<String>,
    /// How far it is.
    pub pace: Pace,
    /// What it came to.
    pub report: Option<Arc<Report>>,
    /// When and by whom it was settled.
    pub settled: Option<(Timestamp, String)>,
}

/// A replay that can begin.
pub struct Prepared {
    /// The stretch.
    pub asked: Asked,
    /// The rules that are replayed.
    pub new: Draft,
    /// The same rules as they are in force, for comparison.
    pub old: Option<Draft>,
    /// Late events of the stretch, as they are counted now.
    pub(super) late: Vec<LateHour>,
}

enum Outcome {
    Done(Arc<Report>),
    Stopped,
    Failed(String),
}

pub(super) struct Job {
    id: String,
    by: String,
    asked_at: Timestamp,
    asked: Asked,
    late_of: Option<SourceId>,
    rules: Vec<RuleId>,
    is_draft: bool,
    /// The late events of the stretch as they were counted when it began.
    late: Vec<LateHour>,
    progress: Arc<Progress>,
    outcome: Mutex<Option<Outcome>>,
    settled: Mutex<Option<(Timestamp, String)>>,
    is_over: AtomicBool,
}

impl Job {
    fn view(&self) -> ReplayView {
        let outcome = lock(&self.outcome);
        let (state, why, report) = match &*outcome {
            None => (ReplayState::Running, None, None),
            Some(Outcome::Done(report)) => (ReplayState::Done, None, Some(Arc::clone(report))),
            Some(Outcome::Stopped) => (ReplayState::Stopped, None, None),
            Some(Outcome::Failed(why)) => (ReplayState::Failed, Some(why.clone()), None),
        };
        ReplayView {
            id: self.id.clone(),
            by: self.by.clone(),
            asked_at: self.asked_at,
            from: self.asked.from,
            to: self.asked.to,
            site: self.asked.site.clone(),
            late_of: self.late_of.clone(),
            rules: self.rules.clone(),
            is_draft: self.is_draft,
            state,
            why,
            pace: self.progress.pace(),
            report,
            settled: lock(&self.settled).clone(),
        }
    }

    fn end(&self, ended: Result<Report, ReplayError>) {
        let outcome = match ended {
            Ok(report) => Outcome::Done(Arc::new(report)),
            Err(ReplayError::Stopped) => Outcome::Stopped,
            Err(error) => {
                tracing::warn!(replay = self.id, reason = %error, "the replay failed");
                Outcome::Failed(error.to_string())
            }
        };
        *lock(&self.outcome) = Some(outcome);
        self.is_over.store(true, Ordering::Release);
    }

    pub(super) fn settle(&self, at: Timestamp, by: &str) {
        *lock(&self.settled) = Some((at, by.to_owned()));
    }

    pub(super) fn late(&self) -> &[LateHour] {
        &self.late
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Replays {
    /// How many run.
    pub fn running(&self) -> u64 {
        lock(&self.jobs).iter().filter(|job| !job.is_over.load(Ordering::Acquire)).count() as u64
    }

    /// Stops all that run: the server stops.
    pub fn stop_all(&self) {
        for job in lock(&self.jobs).iter() {
            job.progress.stop.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn find(&self, id: &str) -> Result<Arc<Job>, ReplayError> {
        let unknown = || ReplayError::Unknown(id.chars().take(80).collect());
        lock(&self.jobs).iter().find(|job| job.id == id).cloned().ok_or_else(unknown)
    }

    fn add(&self, job: Arc<Job>, kept_max: usize) {
        let mut jobs = lock(&self.jobs);
        jobs.push_back(job);
        while jobs.len() > kept_max.max(1) {
            let is_over = |job: &Arc<Job>| job.is_over.load(Ordering::Acquire);
            let Some(oldest) = jobs.iter().position(is_over) else { break };
            jobs.remove(oldest);
        }
    }
}

impl Engine {
    /// Begins a replay in the background; gives its id. Fails when the draft does not hold, when
    /// the stretch makes no sense, and while others run.
    pub async fn start_replay(&self, ask: ReplayAsk, by: &str) -> Result<String, ReplayError> {
        let _alone = self.replays.beginning.lock().await;
        let max = self.config.limits.replays_at_once_max;
        if self.replays.running() >= max {
            return Err(ReplayError::Busy(max));
        }
        let Prepared { asked, new, old, late } = self.prepare_replay(&ask).await?;
        let id = auth::new_id("r").map_err(|error| ReplayError::System(error.into()))?;
        let job = Arc::new(Job {
            id: id.clone(),
            by: by.to_owned(),
            asked_at: self.now(),
            late,
            asked,
            late_of: ask.late_of,
            rules: new.told.iter().cloned().collect(),
            is_draft: !ask.files.is_empty(),
            progress: Arc::default(),
            outcome: Mutex::default(),
            settled: Mutex::default(),
            is_over: AtomicBool::new(false),
        });
        self.state.record_acts(&[begun(&job, &new)]).await?;
        self.replays.add(Arc::clone(&job), Limits::count(self.config.limits.replays_kept_max));
        self.begin(job, new, old)?;
        Ok(id)
    }

    /// What an ask comes to: the stretch, and the rules that it is judged by.
    pub async fn prepare_replay(&self, ask: &ReplayAsk) -> Result<Prepared, ReplayError> {
        self.check_draft_size(&ask.files)?;
        check_draft_paths(&ask.files).map_err(ReplayError::Invalid)?;
        let late = self.state.late_hours(ask.late_of.as_ref()).await?;
        let asked = self.asked(ask, &late)?;
        let base = self.current.rule_files();
        let (files, rules, is_compared) = (ask.files.clone(), ask.rules.clone(), ask.is_compared);
        let made = tokio::task::spawn_blocking(move || drafts(&base, &files, &rules, is_compared));
        let (new, old) = made.await.map_err(|_| ReplayError::Panic)??;
        Ok(Prepared { late: late_in(late, &asked), asked, new, old })
    }

    fn begin(&self, job: Arc<Job>, new: Draft, old: Option<Draft>) -> Result<(), ReplayError> {
        let context = self.replay_context();
        let (journal, flow) = (Arc::clone(&self.journal), Arc::clone(&self.progress));
        let behind_max = self.config.limits.replay_behind_max;
        let running = Arc::clone(&job);
        let work = move || {
            let stands_aside = || {
                let judged = flow.judged.load(Ordering::Relaxed);
                journal.last_seq().saturating_sub(judged) > behind_max
            };
            let job = Ends(running);
            let sets = (&new, old.as_ref());
            let ended = run(&context, &job.0.asked, sets, (&job.0.progress, &stands_aside));
            job.0.end(ended);
        };
        let started = std::thread::Builder::new().name("replay".into()).spawn(work);
        if let Err(error) = started {
            job.end(Err(ReplayError::Panic));
            return Err(error.into());
        }
        Ok(())
    }

    /// What a run over this engine's lake works with.
    pub fn replay_context(&self) -> Context {
        let knowledge = self.current.get();
        let limits = &self.config.limits;
        Context {
            lake: self.lake.clone(),
            org: Arc::clone(&knowledge.org),
            spine: Arc::clone(&knowledge.spine),
            mappings: Arc::clone(&knowledge.mappings),
            handle: Handle::current(),
            limits: TallyLimits {
                findings_max: Limits::count(limits.replay_findings_max),
                kept_max: Limits::count(limits.replay_findings_kept_max),
            },
        }
    }

    pub(crate) fn check_draft_size(
        &self,
        files: &BTreeMap<String, String>,
    ) -> Result<(), ReplayError> {
        let max = self.config.limits.draft_bytes_max;
        let found: u64 = files.values().map(|text| text.len() as u64).sum();
        match found > max {
            true => {
                Err(ReplayError::Invalid(format!("the draft has {found} bytes, at most {max}")))
            }
            false => Ok(()),
        }
    }

    /// The stretch meant, within what may be asked.
    fn asked(&self, ask: &ReplayAsk, late: &[LateHour]) -> Result<Asked, ReplayError> {
        let wrong = |why: &str| ReplayError::Invalid(why.to_owned());
        let now = self.now();
        let open = late.iter().filter(|hour| ask.late_of.is_some() && hour.settled < hour.events);
        let first = open.clone().map(|hour| hour.hour).min();
        let last = open.map(|hour| hour.last.plus(Duration::from_millis(1))).max();
        if ask.late_of.is_some() && first.is_none() && ask.from.is_none() {
            return Err(wrong("no late event of this source waits to be judged again"));
        }
        let from = ask.from.or(first).ok_or_else(|| wrong("`from` is missing"))?;
        let to = ask.to.or(last).unwrap_or(now);
        if to <= from {
            return Err(wrong("`to` must be after `from`"));
        }
        let longest = Limits::ms(self.config.limits.replay_period_ms_max);
        if to.since(from) > longest || ask.warm.is_some_and(|warm| warm > longest) {
            let days = longest.as_secs() / 86_400;
            return Err(ReplayError::Invalid(format!("a replay is about {days} days at most")));
        }
        let org = &self.current.get().org;
        if let Some(site) = ask.site.as_ref().filter(|site| !org.places.contains_key(*site)) {
            return Err(ReplayError::Invalid(format!("there is no site `{site}`")));
        }
        Ok(Asked { from, to, site: ask.site.clone(), warm: ask.warm, now })
    }

    /// Every replay that is remembered, the newest first.
    pub fn replays(&self) -> Vec<ReplayView> {
        lock(&self.replays.jobs).iter().rev().map(|job| job.view()).collect()
    }

    /// One replay.
    pub fn replay(&self, id: &str) -> Result<ReplayView, ReplayError> {
        Ok(self.replays.find(id)?.view())
    }

    /// Stops a replay that runs, and forgets one that has ended.
    pub async fn end_replay(&self, id: &str, by: &str) -> Result<(), ReplayError> {
        let job = self.replays.find(id)?;
        job.progress.stop.store(true, Ordering::Relaxed);
        if job.is_over.load(Ordering::Acquire) {
            lock(&self.replays.jobs).retain(|one| one.id != id);
            return Ok(());
        }
        let act = AuditAct {
            at: self.now(),
            by: by.to_owned(),
            verb: "replay.stop".into(),
            object: format!("replay:{id}"),
            detail: json!({}),
        };
        Ok(self.state.record_acts(&[act]).await?)
    }

    /// Findings of a replay that has ended, and which of them are stored already.
    pub async fn replay_findings(
        &self,
        id: &str,
        filter: impl Fn(Side, &Finding) -> bool,
        (after, limit): (usize, usize),
    ) -> Result<(Vec<(Side, Finding, bool)>, bool), ReplayError> {
        let view = self.replay(id)?;
        let report = view.report.ok_or_else(|| {
            ReplayError::NotNow(
                "the replay has no findings: it runs, was stopped, or failed".into(),
            )
        })?;
        let fitting = report.kept.iter().filter(|(side, one)| filter(*side, one));
        let mut page: Vec<&(Side, Finding)> = fitting.skip(after).take(limit + 1).collect();
        let has_more = page.len() > limit;
        page.truncate(limit);
        let ids: Vec<FindingId> = page.iter().map(|(_, one)| one.id.clone()).collect();
        let known = self.state.findings_by_id(&ids).await?;
        let known: std::collections::BTreeSet<FindingId> =
            known.into_iter().map(|one| one.id).collect();
        let shown = page.into_iter();
        let shown = shown.map(|(side, one)| (*side, one.clone(), known.contains(&one.id)));
        Ok((shown.collect(), has_more))
    }
}

/// Whatever happens in the thread, the job ends.
struct Ends(Arc<Job>);

impl Drop for Ends {
    fn drop(&mut self) {
        if !self.0.is_over.load(Ordering::Acquire) {
            self.0.end(Err(ReplayError::Panic));
        }
    }
}

type Both = (Draft, Option<Draft>);

fn drafts(
    base: &[detect::RuleFile],
    files: &BTreeMap<String, String>,
    rules: &[RuleId],
    is_compared: bool,
) -> Result<Both, ReplayError> {
    let new = prepare(base, files, rules)?;
    if !is_compared || files.is_empty() {
        return Ok((new, None));
    }
    let in_force = prepare(base, &BTreeMap::new(), &[])?;
    let known = new.told.iter().filter(|id| in_force.rules.get(id).is_some());
    let known: Vec<RuleId> = known.cloned().collect();
    let old = match known.is_empty() {
        true => None,
        false => Some(prepare(base, &BTreeMap::new(), &known)?),
    };
    Ok((new, old))
}

/// The late events that the stretch holds.
fn late_in(late: Vec<LateHour>, asked: &Asked) -> Vec<LateHour> {
    let inside = |hour: &LateHour| asked.from <= hour.first && hour.last < asked.to;
    late.into_iter().filter(inside).collect()
}

fn begun(job: &Job, draft: &Draft) -> AuditAct {
    AuditAct {
        at: job.asked_at,
        by: job.by.clone(),
        verb: "replay.start".into(),
        object: format!("replay:{}", job.id),
        detail: json!({
            "from": job.asked.from, "to": job.asked.to, "site": job.asked.site,
            "late_of": job.late_of, "draft": job.is_draft,
            "rules": draft.versions.iter().take(AUDITED_MAX).collect::<BTreeMap<_, _>>(),
        }),
    }
}

/// Rules named in the audit log for one replay.
const AUDITED_MAX: usize = 20;
