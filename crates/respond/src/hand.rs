//! An incident that a person opens: somebody rang, somebody saw.

use std::collections::BTreeSet;

use model::audit::AuditAct;
use model::finding::{EvidenceRef, Level};
use model::ids::{Entity, PlaceId, TeamId};
use model::incident::{Handling, Incident, IncidentState, Owner, TimelineAct};
use model::spine::Organisation;
use model::text::Words;
use model::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::act::{ActRefused, By, refused};
use crate::book::Changed;
use crate::fold::{Moment, entry, site_of};
use crate::limits::{
    ENTITIES_MAX, EVIDENCE_MAX, HAND_AHEAD_MAX, HAND_BACK_MAX, SOP_STEPS_MAX, STEP_CHARS_MAX,
    TITLE_CHARS_MAX,
};
use crate::merge;
use crate::words::{fit, some_text};

/// What a person says who opens an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandMade {
    /// In a few words.
    pub title: String,
    /// What happened.
    pub text: String,
    /// How bad.
    pub level: Level,
    /// Which team answers for it until somebody acknowledges it.
    pub team: TeamId,
    /// Whom and what it is about.
    #[serde(default)]
    pub entities: Vec<Entity>,
    /// Where; told by the entities if left out.
    #[serde(default)]
    pub site: Option<PlaceId>,
    /// When it happened; now if left out.
    #[serde(default)]
    pub seen_at: Option<Timestamp>,
    /// Events that belong to it.
    #[serde(default)]
    pub evidence: Vec<EvidenceRef>,
    /// The operating procedure.
    #[serde(default)]
    pub sop: Vec<String>,
}

/// Where an incident that is opened by hand will be: as its maker says, else as what it is about
/// tells.
pub fn site_by_hand(organisation: &Organisation, made: &HandMade) -> Option<PlaceId> {
    let told = || site_of(organisation, &made.entities.iter().cloned().collect());
    made.site.clone().or_else(told)
}

/// Opens an incident by hand, owned by a team from its first second.
///
/// Refused without a title or text, with one that is too long, or about somebody or something
/// that the organisation does not know.
pub fn open_by_hand(
    organisation: &Organisation,
    made: HandMade,
    by: By<'_>,
    moment: &Moment,
) -> Result<Changed, ActRefused> {
    some_text("the title", &made.title)?;
    some_text("the text", &made.text)?;
    if made.title.chars().count() > TITLE_CHARS_MAX {
        let message = format!("the title is longer than {TITLE_CHARS_MAX} characters");
        return Err(ActRefused { code: "text_too_long", message });
    }
    fit("the title", &made.title, Words::Line)?;
    check_steps(&made.sop)?;
    check_times(&made, moment.now)?;
    let site = made.site.clone().map(Entity::Place);
    if let Some(unknown) = made.entities.iter().chain(&site).find(|e| !is_known(organisation, e)) {
        let message = format!("the organisation knows no {unknown}");
        return Err(ActRefused { code: "unknown_entity", message });
    }
    let (now, seen_at) = (moment.now, made.seen_at.unwrap_or(moment.now));
    let entities = merge::entities(&BTreeSet::new(), &made.entities);
    let evidence = merge::evidence(&[], &made.evidence);
    let times = || evidence.iter().map(|event| event.time).chain([seen_at]);
    let opened = TimelineAct::Opened { finding: None, text: Some(made.text.clone()) };
    let incident = Incident {
        id: moment.new_id.clone(),
        tenant: organisation.tenant.clone(),
        site: made.site.or_else(|| site_of(organisation, &entities)),
        title: made.title,
        level: made.level,
        state: IncidentState::New,
        owner: Owner::Team(made.team),
        opened_at: now,
        changed_at: now,
        first_seen: times().min().unwrap_or(seen_at),
        last_seen: times().max().unwrap_or(seen_at),
        rules: BTreeSet::new(),
        findings: Vec::new(),
        entities,
        because: made.text,
        sop: merge::steps(&[], &merge::asked(&made.sop, None)),
        disposition: None,
        handling: Handling::default(),
        reason_owed: false,
        timeline: vec![entry(now, by.id, opened)],
        version: 1,
        evidence,
    };
    let audit = AuditAct {
        at: now,
        by: by.id.to_owned(),
        verb: "incident.open".to_owned(),
        object: format!("incident:{}", incident.id),
        detail: json!({ "level": incident.level, "owner": incident.owner, "version": 1 }),
    };
    Ok(Changed { incident, audit })
}

fn check_steps(steps: &[String]) -> Result<(), ActRefused> {
    if steps.len() > SOP_STEPS_MAX {
        let message = format!("{} steps, at most {SOP_STEPS_MAX}", steps.len());
        return Err(refused("too_many", message));
    }
    for (number, step) in steps.iter().enumerate() {
        let what = format!("step {}", number + 1);
        some_text(&what, step)?;
        if step.chars().count() > STEP_CHARS_MAX {
            let message = format!("{what} is longer than {STEP_CHARS_MAX} characters");
            return Err(refused("text_too_long", message));
        }
    }
    Ok(())
}

/// What was seen was seen by now, and is no ancient history.
fn check_times(made: &HandMade, now: Timestamp) -> Result<(), ActRefused> {
    if made.evidence.len() > EVIDENCE_MAX || made.entities.len() > ENTITIES_MAX {
        let message =
            format!("at most {EVIDENCE_MAX} events and {ENTITIES_MAX} persons, things and places");
        return Err(refused("too_many", message));
    }
    let days = HAND_BACK_MAX.as_secs() / 86_400;
    let span = now.minus(HAND_BACK_MAX)..=now.plus(HAND_AHEAD_MAX);
    let times = made.evidence.iter().map(|event| event.time).chain(made.seen_at);
    match times.into_iter().find(|time| !span.contains(time)) {
        Some(time) => {
            let message = format!("{time} is not within the last {days} days: now it is {now}");
            Err(refused("bad_time", message))
        }
        None => Ok(()),
    }
}

fn is_known(organisation: &Organisation, entity: &Entity) -> bool {
    match entity {
        Entity::Person(id) => organisation.people.contains_key(id),
        Entity::Asset(id) => organisation.assets.contains_key(id),
        Entity::Place(id) => organisation.places.contains_key(id),
    }
}
