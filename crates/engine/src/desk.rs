//! The desk: where findings become incidents and people work them, one change at a time.
//!
//! Both the flow and people change incidents; each takes the desk, so nobody's work is lost and an
//! incident has one owner at every instant.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use access::door::Incidents;
use model::{AssetId, Entity, Finding, Incident, IncidentId, Level, PersonId, Timestamp};
use respond::{
    Act, ActRefused, Book, By, Changed, Channel, FoldOutcome, HandMade, Moment, PanicCall, Routing,
    Watch, act, call_again, called_before, notices, open_by_hand, open_by_panic,
};
use store::state::{DetectStep, OutboxItem};
use store::{Retry, State, StoreError};
use tokio::sync::Mutex;

use crate::knowledge::Knowledge;
use crate::live::{Live, LiveMessage};

/// Most incidents that one sweep escalates; the rest waits a second more.
const ESCALATIONS_AT_ONCE_MAX: usize = 100;

/// Why an act was not done.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The rules of incidents forbid it.
    #[error("{0}")]
    Refused(#[from] ActRefused),
    /// There is no such incident.
    #[error("there is no incident `{0}`")]
    Unknown(IncidentId),
    /// State could not be read or written.
    #[error("state is not available: {0}")]
    Store(#[from] StoreError),
}

/// Incidents, and those who are told of them.
pub struct Desk {
    book: Mutex<Book>,
    state: State,
    live: Live,
    channels: Vec<Channel>,
    public_url: Option<String>,
}

/// What became of the findings of one step.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Folded {
    /// Incidents opened.
    pub opened: u64,
    /// Findings that joined one.
    pub folded: u64,
    /// Findings put aside, by level or by a person.
    pub shelved: u64,
}

impl Desk {
    /// A desk with the stored incidents on it.
    pub fn new(
        incidents: Vec<Incident>,
        state: State,
        live: Live,
        (channels, public_url): (Vec<Channel>, Option<String>),
    ) -> Self {
        Self { book: Mutex::new(Book::restore(incidents)), state, live, channels, public_url }
    }

    /// How many incidents are open.
    pub async fn open_count(&self) -> usize {
        self.book.lock().await.open_count()
    }

    /// Folds a step's findings into incidents and writes the whole step in one transaction.
    ///
    /// Waits while the store is full or busy: what was concluded is not forgotten. Any other
    /// failure leaves the desk unusable; the caller must begin again from what is stored.
    pub async fn commit(
        &self,
        knowledge: &Knowledge,
        step: &mut DetectStep,
        now: Timestamp,
    ) -> Result<Folded, StoreError> {
        let mut book = self.book.lock().await;
        let mut folded = Folded::default();
        let mut touched: Vec<(IncidentId, u64)> = Vec::new();
        for (number, finding) in step.findings.iter().enumerate() {
            let moment = Moment { now, new_id: incident_id(finding, number) };
            let rule = knowledge.rule_info(&finding.rule);
            let org = (&knowledge.policy, &*knowledge.org);
            let outcome = book.fold(org, finding, &rule, &moment);
            folded.count(&outcome);
            if let Some(changed) = outcome.changed() {
                let before = book.get(&changed.incident.id).cloned();
                self.tell(before.as_ref(), &changed.incident, now, &mut step.outbox);
                step.audit.push(changed.audit.clone());
                if !touched.iter().any(|(id, _)| *id == changed.incident.id) {
                    let version = before.map_or(0, |b| b.version);
                    touched.push((changed.incident.id.clone(), version));
                }
                book.apply(changed.incident.clone());
            }
        }
        let now_is = |(id, version): &(IncidentId, u64)| Some((book.get(id)?.clone(), *version));
        step.incidents = touched.iter().filter_map(now_is).collect();
        self.write(step).await?;
        for (incident, _) in &step.incidents {
            self.live.send(LiveMessage::Incident(Arc::new(incident.clone())));
        }
        for finding in &step.findings {
            self.live.send(LiveMessage::Finding(Arc::new(finding.clone())));
        }
        Ok(folded)
    }

    async fn write(&self, step: &DetectStep) -> Result<(), StoreError> {
        loop {
            match self.state.commit_step(step).await {
                Ok(_) => return Ok(()),
                Err(error) => match error.retry() {
                    Retry::Never => return Err(error),
                    Retry::After(wait) => {
                        tracing::error!(reason = %error, "state cannot be written, waiting");
                        tokio::time::sleep(wait).await;
                    }
                },
            }
        }
    }

    /// Does one act to one incident.
    pub async fn act(
        &self,
        id: &IncidentId,
        what: &Act,
        (by, person): (&str, Option<&PersonId>),
        (expected, now): (Option<u64>, Timestamp),
    ) -> Result<Incident, DeskError> {
        let mut book = self.book.lock().await;
        let before = self.find(&book, id).await?;
        if let Act::Merge { into } = what {
            let held = self.find(&book, into).await?;
            respond::check_version(&before, expected)?;
            let by = By { id: by, person };
            let (gone, held_after) = respond::merge_into(&before, &held, by, now)?;
            let answer = gone.incident.clone();
            // The one that goes first: its findings then belong to the one that stays.
            self.save(&mut book, vec![(Some(before), gone), (Some(held), held_after)], now).await?;
            return Ok(answer);
        }
        let changed = act(&before, what, By { id: by, person }, now, expected)?;
        let after = changed.incident.clone();
        self.save(&mut book, vec![(Some(before), changed)], now).await?;
        Ok(after)
    }

    /// Does what is due by itself: offers that nobody answered return, snoozes end, and what is
    /// critical and not acknowledged in time is escalated. `watch`: who could answer beside
    /// somebody who cannot, asked only when somebody must.
    pub async fn sweep(
        &self,
        now: Timestamp,
        watch: impl Fn(Option<&str>) -> Watch,
    ) -> Result<usize, DeskError> {
        let mut book = self.book.lock().await;
        let mut due: Vec<(Option<Incident>, Changed)> = Vec::new();
        let expired = |incident: &Incident| respond::expire(incident, now);
        due.extend(book.iter().filter_map(|one| Some((Some(one.clone()), expired(one)?))));
        let waits = |one: &&Incident| respond::escalation_due(one).is_some_and(|at| at <= now);
        let is_done = |one: &&Incident| !due.iter().any(|(_, done)| done.incident.id == one.id);
        let waiting: Vec<&Incident> =
            book.iter().filter(waits).filter(is_done).take(ESCALATIONS_AT_ONCE_MAX).collect();
        let raised = |one: &Incident| {
            let caller = one.handling.call.as_ref().map(|call| call.by.as_str());
            respond::escalate(one, &watch(caller), now)
        };
        let raised = waiting.into_iter().filter_map(|one| Some((Some(one.clone()), raised(one)?)));
        let raised: Vec<(Option<Incident>, Changed)> = raised.collect();
        due.extend(raised);
        let count = due.len();
        if count > 0 {
            self.save(&mut book, due, now).await?;
        }
        Ok(count)
    }

    /// Opens an incident by hand.
    pub async fn open(
        &self,
        knowledge: &Knowledge,
        made: HandMade,
        (by, person): (&str, Option<&PersonId>),
        moment: &Moment,
    ) -> Result<Incident, DeskError> {
        let mut book = self.book.lock().await;
        let changed = open_by_hand(&knowledge.org, made, By { id: by, person }, moment)?;
        let opened = changed.incident.clone();
        self.save(&mut book, vec![(None, changed)], moment.now).await?;
        Ok(opened)
    }

    /// Opens the incident of a silent call for help, or joins the one that the same caller's
    /// earlier call opened a while ago; how its team was found if it is new.
    pub async fn panic(
        &self,
        knowledge: &Knowledge,
        call: &PanicCall,
        watch: &Watch,
        moment: &Moment,
    ) -> Result<(Incident, Option<Routing>), DeskError> {
        let mut book = self.book.lock().await;
        if let Some(same) = called_before(&book, &call.by, moment.now).cloned() {
            let Some(changed) = call_again(&knowledge.org, &same, call, moment.now) else {
                return Ok((same, None));
            };
            let again = changed.incident.clone();
            self.save(&mut book, vec![(Some(same), changed)], moment.now).await?;
            return Ok((again, None));
        }
        let (changed, routing) = open_by_panic(&knowledge.org, call, watch, moment);
        let opened = changed.incident.clone();
        self.save(&mut book, vec![(None, changed)], moment.now).await?;
        Ok((opened, Some(routing)))
    }

    /// People whom open incidents are about, and whether one of those is critical.
    pub async fn people_in_open(&self) -> BTreeMap<PersonId, Incidents> {
        let book = self.book.lock().await;
        let mut people = BTreeMap::new();
        for incident in book.iter().filter(|one| respond::is_open(one)) {
            let how = match incident.level {
                Level::Critical => Incidents::Critical,
                Level::Informational | Level::Low | Level::Medium | Level::High => Incidents::Open,
            };
            for entity in &incident.entities {
                let Entity::Person(id) = entity else { continue };
                let known = people.entry(id.clone()).or_insert(how);
                if how == Incidents::Critical {
                    *known = how;
                }
            }
        }
        people
    }

    /// Things that grave open incidents name: from level high on.
    pub async fn things_in_open(&self) -> BTreeSet<AssetId> {
        let book = self.book.lock().await;
        let grave = book.iter().filter(|one| respond::is_open(one) && one.level >= Level::High);
        let named = grave.flat_map(|one| &one.entities).filter_map(|entity| match entity {
            Entity::Asset(id) => Some(id.clone()),
            Entity::Person(_) | Entity::Place(_) => None,
        });
        named.collect()
    }

    /// What an incident waited for has come. Whether it was still open.
    pub async fn settle(
        &self,
        id: &IncidentId,
        text: &str,
        now: Timestamp,
    ) -> Result<bool, DeskError> {
        let mut book = self.book.lock().await;
        let before = self.find(&book, id).await?;
        let Some(changed) = respond::settle(&before, text, now) else { return Ok(false) };
        self.save(&mut book, vec![(Some(before), changed)], now).await?;
        Ok(true)
    }

    async fn find(&self, book: &Book, id: &IncidentId) -> Result<Incident, DeskError> {
        if let Some(incident) = book.get(id) {
            return Ok(incident.clone());
        }
        let stored = self.state.incident(id).await?;
        stored.ok_or_else(|| DeskError::Unknown(id.clone()))
    }

    async fn save(
        &self,
        book: &mut Book,
        changes: Vec<(Option<Incident>, Changed)>,
        now: Timestamp,
    ) -> Result<(), DeskError> {
        let (mut outbox, mut acts, mut incidents) = (Vec::new(), Vec::new(), Vec::new());
        for (before, changed) in changes {
            self.tell(before.as_ref(), &changed.incident, now, &mut outbox);
            acts.push(changed.audit);
            incidents.push((changed.incident, before.map_or(0, |b| b.version)));
        }
        self.state.save_incidents_telling(&incidents, (&acts, &outbox)).await?;
        for (incident, _) in incidents {
            book.apply(incident.clone());
            self.live.send(LiveMessage::Incident(Arc::new(incident)));
        }
        Ok(())
    }

    fn tell(
        &self,
        before: Option<&Incident>,
        after: &Incident,
        now: Timestamp,
        outbox: &mut Vec<OutboxItem>,
    ) {
        for notice in notices(before, after, &self.channels, self.public_url.as_deref()) {
            let payload = serde_json::json!({
                "incident": notice.incident,
                "subject": notice.subject,
                "body": notice.body,
            });
            outbox.push(OutboxItem::new(notice.id, notice.channel, payload.to_string(), now));
        }
    }
}

impl Folded {
    fn count(&mut self, outcome: &FoldOutcome) {
        match outcome {
            FoldOutcome::Opened(_) => self.opened += 1,
            FoldOutcome::Folded(_) => self.folded += 1,
            FoldOutcome::Shelved { .. } => self.shelved += 1,
            FoldOutcome::Updated(_) | FoldOutcome::Known { .. } | FoldOutcome::Ignored { .. } => {}
        }
    }
}

/// An incident's id follows from the finding that opens it, so a repeated step gives the same one.
fn incident_id(finding: &Finding, number: usize) -> IncidentId {
    let head: String = finding.id.as_str().chars().take(16).collect();
    IncidentId::parse(&format!("i-{head}"))
        .or_else(|_| IncidentId::parse(&format!("i-{number}")))
        .unwrap_or_else(|error| unreachable(&error))
}

#[expect(clippy::panic, reason = "`i-` and digits is an id by its own grammar")]
fn unreachable(error: &model::ids::IdError) -> IncidentId {
    panic!("{error}")
}
