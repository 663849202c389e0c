//! Who outside hears of an incident, and in which words: mail for people, OCSF for machines.

use std::collections::BTreeSet;
use std::fmt::Write;

use model::finding::Level;
use model::ids::{Entity, IncidentId, TeamId};
use model::incident::{Incident, IncidentState, OfferEnd, Owner, TimelineAct, TimelineEntry};
use serde::{Deserialize, Serialize};

use crate::act::state_word;
use crate::ocsf::{incident_to_ocsf, shown};

/// How a channel speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelKind {
    /// Plain text to people.
    Email,
    /// OCSF Incident Finding as JSON.
    Webhook,
}

/// A moment of an incident that others may want to hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeOn {
    /// It was opened.
    Opened,
    /// A finding joined.
    Folded,
    /// It became graver.
    LevelRaised,
    /// Somebody acknowledged it.
    Acknowledged,
    /// Somebody began to work on it.
    Started,
    /// Its owner changed.
    OwnerChanged,
    /// It was resolved.
    Resolved,
    /// It was closed.
    Closed,
    /// It was opened again.
    Reopened,
    /// A hand-over was not answered: it is back with who offered it.
    Escalated,
    /// Nobody has acknowledged it in time: everybody is told.
    Unanswered,
    /// Whoever called for help in silence has pressed again.
    CalledAgain,
}

impl NoticeOn {
    /// Its words in a subject line.
    fn words(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Folded => "another finding",
            Self::LevelRaised => "graver",
            Self::Acknowledged => "acknowledged",
            Self::Started => "being worked on",
            Self::OwnerChanged => "new owner",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Escalated => "hand-over not answered",
            Self::Unanswered => "NOT ACKNOWLEDGED",
            Self::CalledAgain => "CALLED AGAIN",
        }
    }
}

/// One configured way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Its id.
    pub id: String,
    /// How it speaks.
    pub kind: ChannelKind,
    /// From which level on.
    pub level_min: Level,
    /// Only for incidents that these teams own or have owned; empty: for all.
    pub teams: BTreeSet<TeamId>,
    /// At which moments; [`Channel::usual_moments`] if nothing else is said.
    pub on: BTreeSet<NoticeOn>,
}

impl Channel {
    /// Opened, graver, resolved, reopened, escalated, unanswered, called again.
    pub fn usual_moments() -> BTreeSet<NoticeOn> {
        use NoticeOn::{
            CalledAgain, Escalated, LevelRaised, Opened, Reopened, Resolved, Unanswered,
        };
        BTreeSet::from([
            Opened,
            LevelRaised,
            Resolved,
            Reopened,
            Escalated,
            Unanswered,
            CalledAgain,
        ])
    }
}

/// One message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The same for the same change and channel: a receiver may use it to see repeats.
    pub id: String,
    /// By which channel.
    pub channel: String,
    /// How it speaks.
    pub kind: ChannelKind,
    /// About which incident.
    pub incident: IncidentId,
    /// The moments that caused it.
    pub moments: BTreeSet<NoticeOn>,
    /// One line.
    pub subject: String,
    /// `text/plain` for mail, `application/json` for webhooks.
    pub body: String,
}

/// What to send because of one change. `before`: `None` when the incident is new. `public_url`:
/// where the console stands, without a slash at its end.
pub fn notices(
    before: Option<&Incident>,
    after: &Incident,
    channels: &[Channel],
    public_url: Option<&str>,
) -> Vec<Notice> {
    let moments = moments(before, after);
    let url = public_url.map(|base| format!("{base}/incidents/{}", after.id));
    let mut notices = Vec::new();
    // What nobody answered concerns more than the teams whose it was.
    let is_for_all = moments.contains(&NoticeOn::Unanswered);
    let is_told = |channel: &&Channel| {
        let is_grave = after.level >= channel.level_min;
        is_grave && (is_for_all || concerns(channel, before, after))
    };
    for channel in channels.iter().filter(is_told) {
        let wanted: BTreeSet<NoticeOn> = moments.intersection(&channel.on).copied().collect();
        if wanted.is_empty() {
            continue;
        }
        let body = match channel.kind {
            ChannelKind::Email => mail(after, url.as_deref()),
            ChannelKind::Webhook => incident_to_ocsf(after, url.as_deref()).to_string(),
        };
        notices.push(Notice {
            id: format!("{}-{}-{}", after.id, after.version, channel.id),
            channel: channel.id.clone(),
            kind: channel.kind,
            incident: after.id.clone(),
            subject: subject(after, &wanted),
            moments: wanted,
            body,
        });
    }
    notices
}

fn concerns(channel: &Channel, before: Option<&Incident>, after: &Incident) -> bool {
    let is_theirs = |incident: &Incident| match &incident.owner {
        Owner::Team(team) => channel.teams.contains(team),
        // A person works for the team that owned it first; the history names that team.
        Owner::Person(_) => had_team(incident, &channel.teams),
    };
    channel.teams.is_empty() || is_theirs(after) || before.is_some_and(is_theirs)
}

fn had_team(incident: &Incident, teams: &BTreeSet<TeamId>) -> bool {
    incident.timeline.iter().any(|entry| match &entry.act {
        TimelineAct::Owner { from: Owner::Team(team), .. } => teams.contains(team),
        TimelineAct::Owner { from: Owner::Person(_), .. }
        | TimelineAct::Opened { .. }
        | TimelineAct::Folded { .. }
        | TimelineAct::FindingWithdrawn { .. }
        | TimelineAct::State { .. }
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

fn moments(before: Option<&Incident>, after: &Incident) -> BTreeSet<NoticeOn> {
    let Some(before) = before else {
        return BTreeSet::from([NoticeOn::Opened]);
    };
    let mut moments = BTreeSet::new();
    if after.findings.len() > before.findings.len() {
        moments.insert(NoticeOn::Folded);
    }
    if after.level > before.level {
        moments.insert(NoticeOn::LevelRaised);
    }
    if after.owner != before.owner {
        moments.insert(NoticeOn::OwnerChanged);
    }
    let new = after.timeline.get(before.timeline.len()..).unwrap_or_default();
    let is_escalation = |line: &TimelineEntry| {
        matches!(line.act, TimelineAct::OfferEnded { how: OfferEnd::Expired, .. })
    };
    if new.iter().any(is_escalation) {
        moments.insert(NoticeOn::Escalated);
    }
    if new.iter().any(|line| matches!(line.act, TimelineAct::Escalated { .. })) {
        moments.insert(NoticeOn::Unanswered);
    }
    if new.iter().any(|line| matches!(line.act, TimelineAct::CalledAgain { .. })) {
        moments.insert(NoticeOn::CalledAgain);
    }
    if after.state != before.state {
        let was_done = !crate::book::is_open(before);
        moments.insert(match after.state {
            IncidentState::New | IncidentState::Acknowledged if was_done => NoticeOn::Reopened,
            IncidentState::New => NoticeOn::OwnerChanged,
            IncidentState::Acknowledged => NoticeOn::Acknowledged,
            IncidentState::InProgress => NoticeOn::Started,
            IncidentState::Resolved => NoticeOn::Resolved,
            IncidentState::Closed => NoticeOn::Closed,
        });
    }
    moments
}

fn subject(incident: &Incident, moments: &BTreeSet<NoticeOn>) -> String {
    let words: Vec<&str> = moments.iter().map(|moment| moment.words()).collect();
    // A line break in a title must not begin a new header of a mail.
    let title: String =
        incident.title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("[{}] {}: {title} ({})", incident.level, words.join(", "), incident.id)
}

fn mail(incident: &Incident, url: Option<&str>) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        // INVARIANT: writing to a `String` cannot fail.
        let _ = writeln!(text, "{words}");
    };
    line(incident.because.clone());
    line(String::new());
    line(format!("incident  {}", incident.id));
    line(format!("level     {}", incident.level));
    line(format!("state     {}", state_word(incident.state)));
    match &incident.owner {
        Owner::Team(team) => line(format!("owner     team {team}")),
        Owner::Person(person) => line(format!("owner     person {person}")),
    }
    if let Some(site) = &incident.site {
        line(format!("site      {site}"));
    }
    if let Some(call) = &incident.handling.call {
        line(format!("called    {}", shown(call.last())));
        let none = || "none is known".to_owned();
        let phones = Some(call.phones.join(", ")).filter(|phones| !phones.is_empty());
        line(format!("telephone {}", phones.unwrap_or_else(none)));
    }
    let (first, last) = (shown(incident.first_seen), shown(incident.last_seen));
    line(format!("from      {first}"));
    line(format!("to        {last}"));
    let entities: Vec<String> = incident.entities.iter().map(Entity::to_string).collect();
    if !entities.is_empty() {
        line(format!("about     {}", entities.join(", ")));
    }
    line(format!("findings  {}", incident.findings.len()));
    line(format!("events    {}", incident.evidence.len()));
    if !incident.sop.is_empty() {
        line(String::new());
        line("What to do:".to_owned());
    }
    for (number, step) in incident.sop.iter().enumerate() {
        let mark = if step.done.is_some() { "done" } else { "    " };
        line(format!("  {}. {mark} {}", number + 1, step.text));
    }
    if let Some(url) = url {
        line(String::new());
        line(url.to_owned());
    }
    text
}
