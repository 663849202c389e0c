//! Why a finding stands: its events, the conditions that held, by which identifiers they came to
//! their person, and until when it may still change.

use std::time::Duration;

use detect::explain::{Explainer, Explanation};
use detect::limits::SILENT_HOLD;
use detect::spine::LookUp;
use lake::{Found, LakeError, Search};
use model::enrichment::Presence;
use model::{
    Event, EvidenceRef, Finding, FindingState, IncidentId, PersonId, RuleId, SourceState, Timestamp,
};

use crate::engine::Engine;
use crate::knowledge::Knowledge;
use crate::stored::Readings;

/// Events of one finding that are explained; the rest is named.
const EVENTS_MAX: usize = 20;
/// Events that one record gives at most.
const PARTS_MAX: u16 = 8;
/// Events around one that a correlation is told of.
const AROUND_MAX: usize = 2_000;

/// Why a finding stands.
pub struct FindingWhy {
    /// The incidents that hold it.
    pub incidents: Vec<IncidentId>,
    /// Its rule as it stands today; nothing where it is gone.
    pub rule: Option<Explanation>,
    /// Until when something that may still come can change it; nothing once it is final.
    pub settles_at: Option<Timestamp>,
    /// Its events, in order of time.
    pub events: Vec<EventWhy>,
    /// Events beyond those.
    pub more: usize,
}

/// One event of a finding.
pub struct EventWhy {
    /// As the finding names it.
    pub evidence: EvidenceRef,
    /// Which of its record's events; nothing where history has it no more.
    pub part: Option<u16>,
    /// Which conditions held.
    pub explanation: Option<Explanation>,
    /// By which identifiers it was resolved.
    pub look_ups: Vec<LookUp>,
    /// Whom it was about.
    pub person: Option<PersonId>,
    /// Where that person was believed to be.
    pub presence: Option<Presence>,
}

impl Engine {
    /// Why a finding stands, as its rule and the organisation stand today.
    pub async fn why(&self, finding: &Finding) -> Result<FindingWhy, LakeError> {
        let knowledge = self.current.get();
        let files = self.current.rule_files();
        let explainer = Explainer::among(&knowledge.rules, &files, &finding.rule).ok();
        let readings = Readings::of(&knowledge);
        let mut judged: Vec<(EvidenceRef, Option<Event>)> = Vec::new();
        for evidence in finding.evidence.iter().take(EVENTS_MAX) {
            let found = self.event_of_evidence(evidence).await?;
            let event = found.and_then(|found| readings.judged(&found));
            judged.push((evidence.clone(), event));
        }
        let events: Vec<Event> = judged.iter().filter_map(|(_, event)| event.clone()).collect();
        let of_rule = |event: &Event| {
            let explainer = explainer.as_ref()?;
            explainer.explain(event, &events).ok()
        };
        // A correlation is told once, by its last event; its rules, by each.
        let rule = events.last().and_then(of_rule).filter(|told| told.window.is_some());
        let one = |(evidence, event): (EvidenceRef, Option<Event>)| {
            let Some(event) = event else { return EventWhy::lost(evidence) };
            let explanation = of_rule(&event).and_then(|told| match told.window {
                Some(window) => window.inputs.into_iter().find(Explanation::holds),
                None => Some(told),
            });
            let enrichment = event.enrichment.as_deref();
            EventWhy {
                part: Some(event.part),
                explanation,
                look_ups: knowledge.spine.look_ups(&event),
                person: enrichment.and_then(|known| known.person.clone()),
                presence: enrichment.and_then(|known| known.presence.clone()),
                evidence,
            }
        };
        Ok(FindingWhy {
            incidents: self.state.incidents_of_finding(&finding.id).await.unwrap_or_default(),
            rule,
            settles_at: self.settles_at(finding, &knowledge),
            events: judged.into_iter().map(one).collect(),
            more: finding.evidence.len().saturating_sub(EVENTS_MAX),
        })
    }

    /// Why a rule says what it says of one event of history. `None`: there is no such event.
    pub async fn explain(
        &self,
        rule: &RuleId,
        (record, part): (u64, u16),
    ) -> Result<Option<Result<Explanation, String>>, LakeError> {
        let knowledge = self.current.get();
        let Some(found) = self.lake.event(record, part).await? else { return Ok(None) };
        let readings = Readings::of(&knowledge);
        let Some(event) = readings.judged(&found) else { return Ok(None) };
        let files = self.current.rule_files();
        let explainer = match Explainer::among(&knowledge.rules, &files, rule) {
            Ok(explainer) => explainer,
            Err(error) => return Ok(Some(Err(error.to_string()))),
        };
        let around = match explainer.timespan() {
            None => Vec::new(),
            Some(span) => {
                let search = Search {
                    from: Some(event.time.minus(span)),
                    to: Some(event.time.plus(span)),
                    limit: AROUND_MAX,
                    ..Search::default()
                };
                let page = self.search(&search, None).await?;
                page.events.iter().filter_map(|one| readings.judged(one)).collect()
            }
        };
        Ok(Some(explainer.explain(&event, &around).map_err(|error| error.to_string())))
    }

    /// When all that may still come has come: the latest that any source may be late, and twice as
    /// far as two clocks may be wrong. What a silent source has to say is waited for longer.
    fn settles_at(&self, finding: &Finding, knowledge: &Knowledge) -> Option<Timestamp> {
        match finding.state {
            FindingState::Confirmed | FindingState::Withdrawn => return None,
            FindingState::Provisional => {}
        }
        let late = |source: &model::spine::Source| {
            let is_silent = self.silencer.state_of(&source.id).0 == Some(SourceState::Silent);
            let hold = if is_silent { SILENT_HOLD } else { Duration::ZERO };
            source.lateness_max + source.clock_offset_max * 2 + hold
        };
        let latest = knowledge.org.sources.values().map(late).max();
        let latest = latest.unwrap_or(Duration::from_secs(600));
        let (now, until) = (self.now(), finding.time.max(finding.window.to).plus(latest));
        // Overdue: a source fell silent meanwhile, or speaks again, and is waited for longer. After
        // that nobody can promise anything.
        [until, until.plus(SILENT_HOLD)].into_iter().find(|until| *until > now)
    }

    /// The event that evidence means: of its record the one of its class.
    async fn event_of_evidence(&self, evidence: &EvidenceRef) -> Result<Option<Found>, LakeError> {
        for part in 0..PARTS_MAX {
            match self.lake.event(evidence.record, part).await? {
                Some(found) if found.class_uid == evidence.class_uid => return Ok(Some(found)),
                Some(_) => {}
                None => return Ok(None),
            }
        }
        Ok(None)
    }
}

impl EventWhy {
    fn lost(evidence: EvidenceRef) -> Self {
        Self {
            evidence,
            part: None,
            explanation: None,
            look_ups: Vec::new(),
            person: None,
            presence: None,
        }
    }
}
