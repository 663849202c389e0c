//! A finding opens an incident, joins one, or changes one that already holds it.
//!
//! It joins the open incident that shares the most persons, things or doors with it and lies
//! within the window of event time, if their rules belong together. Which incident that is may
//! depend on the order of arrival; that every finding ends in exactly one incident does not.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::audit::AuditAct;
use model::finding::{Finding, FindingState, Level};
use model::ids::{Entity, FindingId, IncidentId, PlaceId, RuleId, TeamId};
use model::incident::{
    AskedBy, Disposition, Handling, Incident, IncidentState, Owner, SopStep, TimelineAct,
    TimelineEntry, WokenBy,
};
use model::spine::{Organisation, PlaceKind};
use model::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::book::{Book, Changed, is_open};
use crate::handling;
use crate::limits::{
    ENTITIES_MAX, FINDINGS_MAX, FOLD_SPAN_MAX, FOLD_WINDOW, TIMELINE_MAX, TITLE_CHARS_MAX,
};
use crate::merge;

/// Who acts when no person does.
pub(crate) const CASTELLAN: &str = "castellan";

/// What folding must know about a finding's rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInfo {
    /// Which team owns what it finds, from the first second.
    pub team: TeamId,
    /// Its operating procedure, step by step.
    pub sop: Vec<String>,
}

/// Findings of a rule, or of a rule about one entity, put aside for a time by somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelf {
    /// Which rule's.
    pub rule: RuleId,
    /// Only those about this entity, if stated.
    pub entity: Option<Entity>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: Owner,
    /// Until when (our clock).
    pub until: Timestamp,
}

/// How findings fold.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldPolicy {
    /// How far apart in event time.
    pub window: Duration,
    /// Findings below this level are put aside instead of opening incidents.
    pub level_min: Level,
    /// Rules that fold only among their family. Rules without a family fold with one another.
    pub families: BTreeMap<RuleId, String>,
    /// Things that many unrelated findings share (a firewall, a server); findings fold by them
    /// only with findings of the same rule.
    pub hubs: BTreeSet<Entity>,
    /// What is put aside.
    pub shelves: Vec<Shelf>,
}

impl Default for FoldPolicy {
    fn default() -> Self {
        Self {
            window: FOLD_WINDOW,
            level_min: Level::Low,
            families: BTreeMap::new(),
            hubs: BTreeSet::new(),
            shelves: Vec::new(),
        }
    }
}

/// Kinds of assets that stand in the middle of many unrelated events.
const HUB_KINDS: [&str; 7] =
    ["firewall", "switch", "access_point", "server", "controller", "recorder", "gateway"];

impl FoldPolicy {
    /// The defaults, with the organisation's shared infrastructure as hubs.
    pub fn for_organisation(organisation: &Organisation) -> Self {
        let is_hub = |kind: &str| HUB_KINDS.contains(&kind);
        let assets = organisation.assets.values().filter(|asset| is_hub(&asset.kind));
        let hubs = assets.map(|asset| Entity::Asset(asset.id.clone())).collect();
        Self { hubs, ..Self::default() }
    }

    /// Whether findings of two rules may lie in one incident.
    fn are_related(&self, one: &RuleId, other: &RuleId) -> bool {
        one == other || self.families.get(one) == self.families.get(other)
    }
}

/// When a change happens, and under which id an incident would be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Our clock.
    pub now: Timestamp,
    /// Used if an incident is opened.
    pub new_id: IncidentId,
}

/// Why a finding was put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShelveWhy {
    /// Below the level that opens incidents.
    BelowLevel,
    /// Somebody shelved it, for a time.
    Shelf(Shelf),
}

/// Why a finding changed nothing and is no alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IgnoreWhy {
    /// It was overturned before anybody was shown it.
    NeverShown,
}

/// What became of a finding.
#[derive(Debug, Clone, PartialEq)]
pub enum FoldOutcome {
    /// It opened an incident.
    Opened(Box<Changed>),
    /// It joined one.
    Folded(Box<Changed>),
    /// It changed the incident that already holds it or the one it supersedes.
    Updated(Box<Changed>),
    /// Nothing: that incident holds it as it is.
    Known {
        /// Which.
        incident: IncidentId,
    },
    /// It was put aside.
    Shelved {
        /// Why.
        why: ShelveWhy,
        /// Who answers for it.
        owner: Owner,
        /// Until when; `None`: as long as the policy stands.
        until: Option<Timestamp>,
    },
    /// It was no alarm.
    Ignored {
        /// Why.
        why: IgnoreWhy,
    },
}

impl FoldOutcome {
    /// The change to store, if there is one.
    pub fn changed(&self) -> Option<&Changed> {
        match self {
            Self::Opened(changed) | Self::Folded(changed) | Self::Updated(changed) => Some(changed),
            Self::Known { .. } | Self::Shelved { .. } | Self::Ignored { .. } => None,
        }
    }
}

/// How an entity ties a finding to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tie {
    /// A person, thing or door of their own: any related rule's finding folds.
    Own,
    /// Shared by many: only the same rule's findings fold.
    Shared,
    /// Too wide to tie anything: a site or region, or a place that we do not know.
    None,
}

fn tie(policy: &FoldPolicy, organisation: &Organisation, entity: &Entity) -> Tie {
    match entity {
        Entity::Person(_) | Entity::Asset(_) if policy.hubs.contains(entity) => Tie::Shared,
        Entity::Person(_) | Entity::Asset(_) => Tie::Own,
        Entity::Place(id) => match organisation.places.get(id).map(|place| place.kind) {
            Some(PlaceKind::Door | PlaceKind::Desk) => Tie::Own,
            Some(PlaceKind::Room | PlaceKind::Zone | PlaceKind::Floor | PlaceKind::Building) => {
                Tie::Shared
            }
            Some(PlaceKind::Site | PlaceKind::Region) | None => Tie::None,
        },
    }
}

impl Book {
    /// What `finding` changes. Nothing is changed here: store the result, then [`Book::apply`] it.
    ///
    /// The same finding in the same state changes nothing (`Known`). Event times decide whether
    /// it folds, `moment.now` only dates the entries.
    pub fn fold(
        &self,
        (policy, organisation): (&FoldPolicy, &Organisation),
        finding: &Finding,
        rule: &RuleInfo,
        moment: &Moment,
    ) -> FoldOutcome {
        let fold = Fold { book: self, policy, organisation, finding, rule, moment };
        if let Some(held) = self.of_finding(&finding.id) {
            return fold.again(held);
        }
        let superseded = finding.supersedes.iter().find_map(|id| self.of_finding(id));
        if finding.state == FindingState::Withdrawn {
            return match superseded {
                Some(held) => fold.again(held),
                None => FoldOutcome::Ignored { why: IgnoreWhy::NeverShown },
            };
        }
        if let Some(held) = superseded {
            return FoldOutcome::Updated(Box::new(fold.join(held)));
        }
        if let Some(shelved) = fold.shelve() {
            return shelved;
        }
        match fold.best() {
            Some(held) => FoldOutcome::Folded(Box::new(fold.join(held))),
            None => FoldOutcome::Opened(Box::new(fold.open())),
        }
    }
}

struct Fold<'a> {
    book: &'a Book,
    policy: &'a FoldPolicy,
    organisation: &'a Organisation,
    finding: &'a Finding,
    rule: &'a RuleInfo,
    moment: &'a Moment,
}

impl Fold<'_> {
    fn shelve(&self) -> Option<FoldOutcome> {
        let finding = self.finding;
        let fits = |shelf: &&Shelf| {
            shelf.rule == finding.rule
                && self.moment.now < shelf.until
                && shelf.entity.as_ref().is_none_or(|entity| finding.entities.contains(entity))
        };
        if let Some(shelf) = self.policy.shelves.iter().find(fits) {
            let (owner, until) = (shelf.owner.clone(), Some(shelf.until));
            return Some(FoldOutcome::Shelved {
                why: ShelveWhy::Shelf(shelf.clone()),
                owner,
                until,
            });
        }
        (finding.level < self.policy.level_min).then(|| FoldOutcome::Shelved {
            why: ShelveWhy::BelowLevel,
            owner: Owner::Team(self.rule.team.clone()),
            until: None,
        })
    }

    /// The incident to join: most shared entities, then earliest begun, then smallest id.
    fn best(&self) -> Option<&Incident> {
        let since = self.finding.window.from.minus(self.policy.window);
        let mut shared: BTreeMap<&IncidentId, (usize, &Incident)> = BTreeMap::new();
        for entity in self.finding.entities.iter().collect::<BTreeSet<_>>() {
            let tie = tie(self.policy, self.organisation, entity);
            if tie == Tie::None {
                continue;
            }
            for incident in self.book.open_with(entity, since) {
                let is_tied = match tie {
                    Tie::Own => true,
                    Tie::Shared => incident.rules.contains(&self.finding.rule),
                    Tie::None => false,
                };
                if is_tied && self.may_join(incident) {
                    shared.entry(&incident.id).or_insert((0, incident)).0 += 1;
                }
            }
        }
        let order = |(count, incident): &(usize, &Incident)| {
            (std::cmp::Reverse(*count), incident.first_seen, incident.id.clone())
        };
        shared.into_values().min_by_key(order).map(|(_, incident)| incident)
    }

    fn may_join(&self, incident: &Incident) -> bool {
        let window = &self.finding.window;
        let first = incident.first_seen.min(window.from);
        let last = incident.last_seen.max(window.to);
        let is_near = window.from <= incident.last_seen.plus(self.policy.window)
            && incident.first_seen <= window.to.plus(self.policy.window);
        let mut rules = incident.rules.iter();
        is_open(incident)
            && is_near
            && last.since(first) <= FOLD_SPAN_MAX
            && incident.findings.len() < FINDINGS_MAX
            && self.entities_fit(incident)
            && (incident.rules.is_empty()
                || rules.any(|rule| self.policy.are_related(rule, &self.finding.rule)))
    }

    /// Another incident is opened rather than an entity forgotten.
    fn entities_fit(&self, incident: &Incident) -> bool {
        let more: BTreeSet<&Entity> = self.finding.entities.iter().collect();
        let new = more.into_iter().filter(|entity| !incident.entities.contains(entity)).count();
        incident.entities.len() + new <= ENTITIES_MAX
    }

    fn open(&self) -> Changed {
        let (finding, now) = (self.finding, self.moment.now);
        let entities = merge::entities(&BTreeSet::new(), &finding.entities);
        let opened = TimelineAct::Opened { finding: Some(finding.id.clone()), text: None };
        let incident = Incident {
            id: self.moment.new_id.clone(),
            tenant: self.organisation.tenant.clone(),
            site: site_of(self.organisation, &entities),
            title: finding.title.chars().take(TITLE_CHARS_MAX).collect(),
            level: finding.level,
            state: IncidentState::New,
            owner: Owner::Team(self.rule.team.clone()),
            opened_at: now,
            changed_at: now,
            first_seen: finding.window.from,
            last_seen: finding.window.to,
            rules: BTreeSet::from([finding.rule.clone()]),
            findings: vec![finding.id.clone()],
            entities,
            evidence: merge::evidence(&[], &finding.evidence),
            because: finding.because.clone(),
            sop: merge::steps(&[], &self.steps()),
            disposition: None,
            handling: Handling::default(),
            reason_owed: false,
            timeline: vec![entry(now, CASTELLAN, opened)],
            version: 1,
        };
        self.changed(incident, "incident.open")
    }

    /// `held` with the finding in it.
    fn join(&self, held: &Incident) -> Changed {
        let mut incident = self.merged(held);
        incident.findings.push(self.finding.id.clone());
        let folded = TimelineAct::Folded {
            finding: self.finding.id.clone(),
            because: self.finding.because.clone(),
        };
        let mut acts = vec![folded];
        acts.extend(self.take_over(held, &mut incident));
        acts.extend(handling::wake(&mut incident, WokenBy::Finding));
        self.date(&mut incident, acts);
        self.changed(incident, "incident.fold")
    }

    /// A graver finding gives an incident that nobody has touched yet its own name, procedure and
    /// team: a forced door must not wait behind the words for a lost camera.
    fn take_over(&self, held: &Incident, incident: &mut Incident) -> Option<TimelineAct> {
        let is_untouched = held.state == IncidentState::New
            && held.timeline.iter().all(|line| line.by == CASTELLAN);
        if self.finding.level <= held.level || !is_untouched {
            return None;
        }
        incident.title = self.finding.title.chars().take(TITLE_CHARS_MAX).collect();
        incident.because = self.finding.because.clone();
        incident.sop = merge::steps(&merge::steps(&[], &self.steps()), &held.sop);
        let to = Owner::Team(self.rule.team.clone());
        if held.owner == to {
            return None;
        }
        let from = std::mem::replace(&mut incident.owner, to.clone());
        Some(TimelineAct::Owner { from, to })
    }

    /// The steps that the finding's rule asks for.
    fn steps(&self) -> Vec<SopStep> {
        let title: String = self.finding.title.chars().take(TITLE_CHARS_MAX).collect();
        let asker = AskedBy { rule: self.finding.rule.clone(), title };
        merge::asked(&self.rule.sop, Some(&asker))
    }

    /// The finding, or what it supersedes, is already in `held`.
    fn again(&self, held: &Incident) -> FoldOutcome {
        let finding = self.finding;
        let known = || FoldOutcome::Known { incident: held.id.clone() };
        if finding.state == FindingState::Withdrawn {
            let ids = std::iter::once(&finding.id).chain(&finding.supersedes);
            let gone: Vec<&FindingId> =
                ids.filter(|id| held.findings.contains(id) && !is_withdrawn(held, id)).collect();
            if gone.is_empty() {
                return known();
            }
            return FoldOutcome::Updated(Box::new(self.withdraw(held, &gone)));
        }
        if is_withdrawn(held, &finding.id) {
            return known();
        }
        let mut incident = self.merged(held);
        if incident == *held {
            return known();
        }
        let folded =
            TimelineAct::Folded { finding: finding.id.clone(), because: finding.because.clone() };
        self.date(&mut incident, vec![folded]);
        FoldOutcome::Updated(Box::new(self.changed(incident, "incident.update")))
    }

    /// Marks findings as overturned. An incident that nobody has touched and that has nothing
    /// left is closed as withdrawn: nobody was to do anything about it, and nobody still is. One
    /// that somebody works on stays theirs to judge.
    fn withdraw(&self, held: &Incident, gone: &[&FindingId]) -> Changed {
        let mut incident = held.clone();
        let withdrawn = |id: &&FindingId| TimelineAct::FindingWithdrawn { finding: (*id).clone() };
        self.date(&mut incident, gone.iter().map(withdrawn).collect());
        let all_gone = incident.findings.iter().all(|id| is_withdrawn(&incident, id));
        if all_gone && incident.state == IncidentState::New {
            let disposition = Disposition::Withdrawn;
            let reason = Some("every finding was withdrawn by later events".to_owned());
            let (from, to) = (incident.state, IncidentState::Closed);
            incident.state = to;
            incident.disposition = Some(disposition);
            let acts =
                [TimelineAct::Disposition { disposition, reason }, TimelineAct::State { from, to }];
            let now = self.moment.now;
            incident.timeline.extend(acts.map(|act| entry(now, CASTELLAN, act)));
        }
        self.changed(incident, "incident.withdraw")
    }

    /// `held` with the finding's content, not yet dated.
    fn merged(&self, held: &Incident) -> Incident {
        let finding = self.finding;
        let entities = merge::entities(&held.entities, &finding.entities);
        let mut rules = held.rules.clone();
        rules.insert(finding.rule.clone());
        Incident {
            site: self
                .site_of_call(held)
                .or_else(|| site_of(self.organisation, &entities))
                .or_else(|| {
                    // Opened by hand at a site that no entity tells: it stays there.
                    held.site.clone().filter(|_| held.rules.is_empty())
                }),
            level: held.level.max(finding.level),
            handling: self.handling(held),
            first_seen: held.first_seen.min(finding.window.from),
            last_seen: held.last_seen.max(finding.window.to),
            evidence: merge::evidence(&held.evidence, &finding.evidence),
            sop: merge::steps(&held.sop, &self.steps()),
            entities,
            rules,
            ..held.clone()
        }
    }

    /// Where a silent call came from, it stays: those who guard that place must not lose it.
    fn site_of_call(&self, held: &Incident) -> Option<PlaceId> {
        held.site.clone().filter(|_| held.handling.call.is_some())
    }

    /// One that becomes critical only now has waited to be acknowledged only from now on.
    fn handling(&self, held: &Incident) -> Handling {
        let mut handling = held.handling.clone();
        if held.level < Level::Critical && self.finding.level == Level::Critical {
            handling.waiting_since = Some(self.moment.now);
        }
        handling
    }

    fn date(&self, incident: &mut Incident, acts: Vec<TimelineAct>) {
        let now = self.moment.now;
        incident.version += 1;
        incident.changed_at = incident.changed_at.max(now);
        let room = TIMELINE_MAX.saturating_sub(incident.timeline.len());
        // A withdrawal must be seen whatever the bound: nothing else remembers it. There is at
        // most one per finding.
        let kept = acts
            .into_iter()
            .filter(|act| room > 0 || matches!(act, TimelineAct::FindingWithdrawn { .. }));
        incident.timeline.extend(kept.map(|act| entry(now, CASTELLAN, act)));
    }

    fn changed(&self, incident: Incident, verb: &str) -> Changed {
        let detail = json!({
            "finding": self.finding.id,
            "rule": self.finding.rule,
            "state": incident.state,
            "level": incident.level,
            "version": incident.version,
        });
        let audit = AuditAct {
            at: self.moment.now,
            by: CASTELLAN.to_owned(),
            verb: verb.to_owned(),
            object: format!("incident:{}", incident.id),
            detail,
        };
        Changed { incident, audit }
    }
}

pub(crate) fn entry(at: Timestamp, by: &str, act: TimelineAct) -> TimelineEntry {
    TimelineEntry { at, by: by.to_owned(), act }
}

fn is_withdrawn(incident: &Incident, id: &FindingId) -> bool {
    incident.timeline.iter().any(|entry| match &entry.act {
        TimelineAct::FindingWithdrawn { finding } => finding == id,
        TimelineAct::Opened { .. }
        | TimelineAct::Folded { .. }
        | TimelineAct::State { .. }
        | TimelineAct::Owner { .. }
        | TimelineAct::Comment { .. }
        | TimelineAct::Disposition { .. }
        | TimelineAct::Step { .. }
        | TimelineAct::Offered { .. }
        | TimelineAct::OfferEnded { .. }
        | TimelineAct::Snoozed { .. }
        | TimelineAct::Woken { .. }
        | TimelineAct::Milestone { .. }
        | TimelineAct::MergedInto { .. }
        | TimelineAct::Merged { .. }
        | TimelineAct::Escalated { .. }
        | TimelineAct::CalledAgain { .. }
        | TimelineAct::Notified { .. } => false,
    })
}

/// The one site that the places among `entities` lie in; without places, that of the things; then
/// that of the persons. `None` when it is not one.
pub fn site_of(organisation: &Organisation, entities: &BTreeSet<Entity>) -> Option<PlaceId> {
    let (mut places, mut assets, mut people) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for entity in entities {
        match entity {
            Entity::Place(id) => places.extend(organisation.site_of(id)),
            Entity::Asset(id) => {
                let place = organisation.assets.get(id).and_then(|asset| asset.place.as_ref());
                assets.extend(place.and_then(|place| organisation.site_of(place)));
            }
            Entity::Person(id) => {
                let site = organisation.people.get(id).and_then(|person| person.site.as_ref());
                people.extend(site.and_then(|site| organisation.site_of(site)));
            }
        }
    }
    let told = if places.is_empty() { assets } else { places };
    // Who is in two places at once is the business of those who know them.
    let told = if told.len() == 1 { told } else { people };
    let mut sites = told.into_iter();
    match (sites.next(), sites.next()) {
        (Some(only), None) => Some(only.clone()),
        (Some(_) | None, _) => None,
    }
}
