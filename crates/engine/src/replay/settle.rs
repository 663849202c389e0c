//! What somebody makes of a replay of the rules in force: findings taken over, late events done
//! with.

use std::collections::BTreeMap;

use model::{AuditAct, FindingId, SourceId, Timestamp};
use serde::Serialize;
use serde_json::json;
use store::state::{DetectStep, LateHour};

use super::jobs::ReplayState;
use super::{ReplayError, Side};
use crate::engine::Engine;

/// Whose cursor counts adoptions.
const CONSUMER: &str = "adopted";

/// What one source was late with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LateSource {
    /// Whose.
    pub source: SourceId,
    /// Events that came later than was waited for.
    pub events: u64,
    /// Those of them that nobody has had judged again, or dismissed.
    pub open: u64,
    /// The earliest that is open; of all where none is.
    pub first: Timestamp,
    /// The latest.
    pub last: Timestamp,
    /// When some were last settled.
    pub settled_at: Option<Timestamp>,
    /// By whom.
    pub settled_by: Option<String>,
}

/// What a settlement did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Settled {
    /// Findings that were taken over: they are findings and incidents now.
    pub adopted: Vec<FindingId>,
    /// Findings that were known already.
    pub known: u64,
    /// Hours of late events that are done with.
    pub late_hours: u64,
}

impl Engine {
    /// What every source was late with, most first.
    pub async fn late(&self) -> Result<Vec<LateSource>, ReplayError> {
        let mut all: BTreeMap<SourceId, Vec<LateHour>> = BTreeMap::new();
        for hour in self.state.late_hours(None).await? {
            all.entry(hour.source.clone()).or_default().push(hour);
        }
        let mut all: Vec<LateSource> =
            all.into_values().filter_map(|hours| late_of(&hours)).collect();
        all.sort_by(|a, b| (b.open, b.events, &a.source).cmp(&(a.open, a.events, &b.source)));
        Ok(all)
    }

    /// Takes findings of a replay over, with their final ids, and says that its late events are
    /// done with. Taking over what is known changes nothing; without findings they are dismissed.
    pub async fn settle_replay(
        &self,
        id: &str,
        wanted: &[FindingId],
        (reason, by): (&str, &str),
    ) -> Result<Settled, ReplayError> {
        let _alone = self.replays.settling.lock().await;
        let job = self.replays.find(id)?;
        let view = self.replay(id)?;
        let report = match (view.state, view.report) {
            (ReplayState::Done, Some(report)) => report,
            _ => return Err(ReplayError::NotNow("the replay has no result".into())),
        };
        if view.is_draft {
            let why = "this replay is of a draft: save and enable it, then replay again";
            return Err(ReplayError::NotNow(why.into()));
        }
        let mut findings = Vec::new();
        for id in wanted {
            let kept = report.kept.iter().find(|(side, one)| *side != Side::Old && one.id == *id);
            let missing = || ReplayError::Invalid(format!("the replay has no finding `{id}`"));
            let found = kept.ok_or_else(missing)?.1.clone();
            if found.state != model::FindingState::Confirmed {
                let why = format!("the finding `{id}` is not final yet: replay again later");
                return Err(ReplayError::NotNow(why));
            }
            findings.push(found);
        }
        let stored = self.state.findings_by_id(wanted).await?;
        let is_confirmed = |id: &FindingId| {
            stored.iter().any(|one| one.id == *id && one.state == model::FindingState::Confirmed)
        };
        findings.retain(|one| !is_confirmed(&one.id));
        let known = (wanted.len() - findings.len()) as u64;
        let adopted: Vec<FindingId> = findings.iter().map(|one| one.id.clone()).collect();
        let now = self.now();
        let act = AuditAct {
            at: now,
            by: by.to_owned(),
            verb: "replay.settle".into(),
            object: format!("replay:{id}"),
            detail: json!({
                "reason": reason, "adopted": adopted, "known": known,
                "from": view.from, "to": view.to,
            }),
        };
        if !findings.is_empty() {
            let cursor = self.state.cursor(CONSUMER).await? + 1;
            let consumer = CONSUMER.to_owned();
            let mut step = DetectStep { consumer, cursor, findings, ..DetectStep::default() };
            self.desk.commit(&self.current.get(), &mut step, now).await?;
        }
        let late_hours = self.state.settle_late(job.late(), (now, by), &act).await?;
        job.settle(now, by);
        Ok(Settled { adopted, known, late_hours })
    }
}

fn late_of(hours: &[LateHour]) -> Option<LateSource> {
    let open: Vec<&LateHour> = hours.iter().filter(|hour| hour.settled < hour.events).collect();
    let shown = if open.is_empty() { hours.iter().collect() } else { open };
    let newest = hours.iter().max_by_key(|hour| hour.settled_at)?;
    Some(LateSource {
        source: newest.source.clone(),
        events: hours.iter().map(|hour| hour.events).sum(),
        open: hours.iter().map(|hour| hour.events.saturating_sub(hour.settled)).sum(),
        first: shown.iter().map(|hour| hour.first).min()?,
        last: shown.iter().map(|hour| hour.last).max()?,
        settled_at: newest.settled_at,
        settled_by: newest.settled_by.clone(),
    })
}
