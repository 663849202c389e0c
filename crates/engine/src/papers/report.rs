//! What a shift's report tells, gathered from state, history and the lake.

use access::Reach;
use chrono_tz::Tz;
use model::incident::{Disposition, Owner, TimelineAct};
use model::{
    AuditAct, Incident, IncidentId, IncidentState, Level, Occurrence, OccurrenceKind, PlaceId,
    SourceId, SourceState, Timestamp,
};
use serde::Serialize;
use store::state::OccurrenceFilter;

use super::history::{self, Hold, Offered};
use super::texts::Language;
use super::{Covering, Paper, PaperError, sha256, shift};
use crate::engine::Engine;
use crate::limits::Limits;

/// OCSF physical extension: physical access activity; a door was forced, or held open.
/// SOURCE: OCSF physec 0.1.0, `physical_access_activity`, `activity_id`.
const DOORS_SQL: &str = "class_uid = 4230001 AND activity_id IN (5, 6)";
const FORCED: i64 = 5;
/// Incidents that are read for each line that a table may have.
const INCIDENTS_PER_LINE: u64 = 4;

/// Who asks for a report, about what, and how far they may see; a text says why not.
#[derive(Debug, Clone)]
pub struct ReportAsk<'a> {
    /// Who, as the audit chain names them.
    pub by: &'a str,
    /// From when.
    pub from: Timestamp,
    /// Until before when.
    pub to: Timestamp,
    /// Incidents of other sites too that everybody who works incidents is told of.
    pub everywhere_too: bool,
    /// About this site alone.
    pub site: Option<PlaceId>,
    /// The zone of its times; the site's or the organisation's if absent.
    pub zone: Option<&'a str>,
    /// The language of its fixed texts.
    pub language: Language,
    /// Sites whose incidents may be told; `None`: all.
    pub incidents: Option<Vec<PlaceId>>,
    /// Sites whose log may be told.
    pub occurrences: Option<Vec<PlaceId>>,
    /// Sites whose sources and what became of their records may be told.
    pub sources: Result<Reach, String>,
    /// Sites whose doors may be told.
    pub doors: Result<Reach, String>,
}

/// What a report tells. Its hash stands on every page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Facts {
    /// Whose.
    pub organisation: String,
    /// Of which site; of all within reach if `None`.
    pub site: Option<String>,
    /// From when.
    pub from: Timestamp,
    /// Until before when.
    pub to: Timestamp,
    /// The zone of its times.
    pub zone: String,
    /// Opened in this time.
    pub opened: Lines<IncidentLine>,
    /// Resolved in it, and not opened again.
    pub resolved: Lines<IncidentLine>,
    /// Open at its end.
    pub open: Lines<IncidentLine>,
    /// Waiting to be accepted at its end.
    pub offers: Lines<OfferLine>,
    /// Who answered for what.
    pub held: Lines<HoldLine>,
    /// There were more incidents than were read.
    pub is_cut: bool,
    /// What was written in the log about it.
    pub occurrences: Lines<OccurrenceLine>,
    /// Doors that were forced or held.
    pub doors: Part<DoorLine>,
    /// Sources that are silent as the report is made.
    pub silent: Part<SilentLine>,
    /// Records that gave no event.
    pub refused: Part<RefusedLine>,
    /// Records lost or rejected since the installation began.
    pub lost: Part<LostLine>,
}

/// Lines of a table, and how many more there are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lines<T> {
    /// The lines that fit.
    pub rows: Vec<T>,
    /// How many do not.
    pub more: usize,
}

impl<T> Lines<T> {
    fn of(mut rows: Vec<T>, max: usize) -> Self {
        let more = rows.len().saturating_sub(max);
        rows.truncate(max);
        Self { rows, more }
    }

    /// All of them.
    pub fn count(&self) -> usize {
        self.rows.len() + self.more
    }
}

/// A table, or why its reader may not see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part<T> {
    /// It.
    Told(Lines<T>),
    /// Why not.
    Withheld(String),
}

/// An incident as it stood at the end.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IncidentLine {
    /// Which.
    pub id: IncidentId,
    /// What it is called.
    pub title: String,
    /// How grave.
    pub level: Level,
    /// Where.
    pub site: Option<String>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// How it stood.
    pub state: IncidentState,
    /// Who answered for it.
    pub owner: Owner,
    /// When it was resolved, and by whom.
    pub resolved: Option<(Timestamp, String)>,
    /// What it turned out to be.
    pub outcome: Option<Disposition>,
    /// What was noted as it was resolved.
    pub note: Option<String>,
}

/// A hand-over that waits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OfferLine {
    /// Of which incident.
    pub id: IncidentId,
    /// What that is called.
    pub title: String,
    /// How grave.
    pub level: Level,
    /// The hand-over.
    pub offer: Offered,
}

/// A time in which somebody answered for an incident.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HoldLine {
    /// For which.
    pub id: IncidentId,
    /// What that is called.
    pub title: String,
    /// Who and when.
    pub hold: Hold,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OccurrenceLine {
    /// Its number.
    pub number: u64,
    /// When it happened.
    pub at: Timestamp,
    /// When it was written.
    pub recorded_at: Timestamp,
    /// Who wrote it.
    pub by: String,
    /// What it is about.
    pub kind: OccurrenceKind,
    /// Where.
    pub place: Option<String>,
    /// In their words.
    pub text: String,
    /// The incident that it belongs to.
    pub incident: Option<IncidentId>,
    /// The number of the entry that it corrects.
    pub corrects: Option<u64>,
    /// The number of the entry that corrects it, if that is in the report.
    pub corrected_by: Option<u64>,
}

/// A door that was forced, or held open.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DoorLine {
    /// Which.
    pub door: String,
    /// Forced; else held open.
    pub is_forced: bool,
    /// How often.
    pub times: u64,
    /// The first time.
    pub first: Timestamp,
    /// The last time.
    pub last: Timestamp,
}

/// A source that is silent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SilentLine {
    /// Which.
    pub source: SourceId,
    /// Where it is.
    pub site: Option<String>,
    /// When it was last heard since the start.
    pub last_heard: Option<Timestamp>,
}

/// Records of a source that gave no event, for one reason.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RefusedLine {
    /// Whose.
    pub source: SourceId,
    /// Why.
    pub reason: String,
    /// How many.
    pub records: u64,
}

/// Records that were lost or rejected somewhere.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LostLine {
    /// Where.
    pub boundary: String,
    /// Whose.
    pub source: String,
    /// Rejected to the sender's face; else lost.
    pub is_rejected: bool,
    /// Why.
    pub reason: String,
    /// How many.
    pub records: u64,
}

impl Engine {
    /// Makes a shift's report, and keeps its hash in the audit chain.
    pub async fn shift_report(&self, ask: &ReportAsk<'_>) -> Result<Paper, PaperError> {
        let zone = self.zone_of(ask)?;
        let longest = Limits::ms(self.config.limits.report_period_ms_max);
        if ask.to <= ask.from || ask.to.since(ask.from) > longest {
            let days = longest.as_secs() / 86_400;
            let said = format!("`to` must lie after `from`, by at most {days} days");
            return Err(PaperError::Invalid(said));
        }
        let made_at = self.now();
        let facts = self.facts(ask, zone).await?;
        let data = sha256(&serde_json::to_vec(&facts)?);
        let by = self.one_name(ask.by);
        let made = shift::Made { at: made_at, by: &by, data: &data, language: ask.language };
        let document = shift::document(&facts, zone, &made);
        let bytes = tokio::task::block_in_place(|| codec::pdf::write(&document));
        let bytes = bytes.map_err(|error| PaperError::Invalid(error.to_string()))?;
        let site = ask.site.as_ref().map_or("all", PlaceId::as_str);
        let wall = |at| shift::local(at, zone).format("%Y-%m-%d-%H%M").to_string();
        let (begun, ended) = (wall(ask.from), wall(ask.to));
        let zone_name = shift::local(ask.from, zone).format("%Z");
        let name = format!("shift-{site}-{begun}-to-{ended}-{zone_name}.pdf");
        let paper = Paper::new(bytes, name);
        let act = AuditAct {
            at: made_at,
            by: ask.by.to_owned(),
            verb: "report.shift".to_owned(),
            object: ask.site.as_ref().map_or("organisation".into(), |id| format!("place:{id}")),
            detail: serde_json::json!({
                "from": ask.from, "to": ask.to, "sha256": paper.sha256, "data_sha256": data,
            }),
        };
        self.state.record_acts(&[act]).await?;
        Ok(paper)
    }

    fn zone_of(&self, ask: &ReportAsk<'_>) -> Result<Tz, PaperError> {
        let org = &self.current.get().org;
        let of_site = ask.site.as_ref().map(|site| org.time_zone_of(site));
        let name = ask.zone.or(of_site).unwrap_or(&org.time_zone);
        let unknown = || format!("`{name}` is no time zone; expected one such as Asia/Hong_Kong");
        name.parse().map_err(|_| PaperError::Invalid(unknown()))
    }

    /// Gathers what the report tells.
    pub async fn facts(&self, ask: &ReportAsk<'_>, zone: Tz) -> Result<Facts, PaperError> {
        let max = Limits::count(self.config.limits.report_rows_max);
        let knowledge = self.current.get();
        let (incidents, is_cut) = self.incidents_of(ask).await?;
        let incidents = self.nameless(incidents);
        let lines = || incidents.iter().filter_map(|i| self.incident_line(i, ask.to));
        let opened = lines().filter(|line| line.opened_at >= ask.from).collect();
        let is_resolved =
            |line: &IncidentLine| line.resolved.as_ref().is_some_and(|(at, _)| *at >= ask.from);
        let mut resolved: Vec<IncidentLine> = lines().filter(is_resolved).collect();
        resolved.sort_by_key(|line| std::cmp::Reverse(line.resolved.as_ref().map(|r| r.0)));
        let mut open: Vec<IncidentLine> =
            lines().filter(|line| history::asks_for_work(line.state)).collect();
        open.sort_by_key(|line| (std::cmp::Reverse(line.level), line.opened_at));
        Ok(Facts {
            organisation: knowledge.org.name.clone(),
            site: ask.site.as_ref().map(|site| self.place_name(site)),
            from: ask.from,
            to: ask.to,
            zone: zone.name().to_owned(),
            opened: Lines::of(opened, max),
            resolved: Lines::of(resolved, max),
            open: Lines::of(open, max),
            offers: Lines::of(offers(&incidents, ask.to), max),
            held: Lines::of(held(&incidents, ask), max),
            is_cut,
            occurrences: self.occurrence_lines(ask, max).await?,
            doors: self.door_lines(ask, max).await?,
            silent: self.silent_lines(ask, max).await?,
            refused: self.refused_lines(ask, max).await?,
            lost: self.lost_lines(ask, max).await?,
        })
    }

    async fn incidents_of(&self, ask: &ReportAsk<'_>) -> Result<(Vec<Incident>, bool), PaperError> {
        let max = self.config.limits.report_rows_max.saturating_mul(INCIDENTS_PER_LINE);
        let max = u32::try_from(max).unwrap_or(u32::MAX - 1).min(u32::MAX - 1);
        let sites = (ask.incidents.as_deref(), ask.everywhere_too);
        let span = (ask.from, ask.to);
        let mut found = self.state.incidents_between(span, sites, max + 1).await?;
        let is_cut = found.len() as u64 > u64::from(max);
        found.truncate(max as usize);
        Ok((found, is_cut))
    }

    /// A paper lies on a desk: it calls everybody by their id.
    fn covering(&self) -> Covering<'static> {
        Covering { knowledge: self.current.get(), sees: &|_| false }
    }

    /// Incidents with ids in place of names in what the report says of them.
    fn nameless(&self, mut incidents: Vec<Incident>) -> Vec<Incident> {
        let covering = self.covering();
        let operators = self.signin.operators();
        for incident in &mut incidents {
            // Who called for help stands in the title by name.
            let caller = incident
                .handling
                .call
                .as_ref()
                .and_then(|call| operators.iter().find(|one| one.id == call.by));
            if let Some(caller) = caller.filter(|caller| !caller.name.is_empty()) {
                let id = self.one_name(&caller.id);
                incident.title = incident.title.replace(&caller.name, &id);
            }
            let is_typed = incident.rules.is_empty() && incident.handling.call.is_none();
            incident.title = match is_typed {
                true => covering.typed(&incident.title),
                false => covering.text(&incident.title),
            };
            for entry in &mut incident.timeline {
                entry.by = self.one_name(&entry.by);
                if let TimelineAct::Offered { note: Some(note), .. }
                | TimelineAct::Disposition { reason: Some(note), .. } = &mut entry.act
                {
                    *note = covering.typed(note);
                }
            }
        }
        incidents
    }

    fn incident_line(&self, incident: &Incident, end: Timestamp) -> Option<IncidentLine> {
        let stood = history::stood(incident, end)?;
        Some(IncidentLine {
            id: incident.id.clone(),
            title: incident.title.clone(),
            level: incident.level,
            site: incident.site.as_ref().map(|site| self.place_name(site)),
            opened_at: incident.opened_at,
            state: stood.state,
            owner: stood.owner,
            resolved: stood.resolved,
            outcome: incident.disposition,
            note: stood.note,
        })
    }

    async fn occurrence_lines(
        &self,
        ask: &ReportAsk<'_>,
        max: usize,
    ) -> Result<Lines<OccurrenceLine>, PaperError> {
        let mut filter = OccurrenceFilter {
            from: Some(ask.from),
            to: Some(ask.to),
            sites: ask.occurrences.clone(),
            limit: store::state::OCCURRENCE_PAGE_MAX,
            ..OccurrenceFilter::default()
        };
        let mut entries: Vec<Occurrence> = Vec::new();
        // One page beyond the bound tells that there is more, if not how many.
        while entries.len() <= max {
            let page = self.state.occurrences(&filter).await?;
            entries.extend(page.items);
            filter.after = page.next;
            if filter.after.is_none() {
                break;
            }
        }
        let more = entries.len().saturating_sub(max);
        entries.truncate(max);
        entries.reverse();
        let covering = self.covering();
        let mut rows = Vec::with_capacity(entries.len());
        for entry in &entries {
            let corrects = match &entry.corrects {
                Some(id) => self.state.occurrence(id).await?.map(|entry| entry.number),
                None => None,
            };
            let by_another = |other: &&Occurrence| other.corrects.as_ref() == Some(&entry.id);
            rows.push(OccurrenceLine {
                number: entry.number,
                at: entry.at,
                recorded_at: entry.recorded_at,
                by: self.one_name(&entry.by),
                kind: entry.kind,
                place: entry.place.as_ref().or(entry.site.as_ref()).map(|id| self.place_name(id)),
                text: covering.typed(&entry.text),
                incident: entry.incident.clone(),
                corrects,
                corrected_by: entries.iter().rev().find(by_another).map(|other| other.number),
            });
        }
        rows.sort_by_key(|line| (line.at, line.number));
        Ok(Lines { rows, more })
    }

    async fn door_lines(
        &self,
        ask: &ReportAsk<'_>,
        max: usize,
    ) -> Result<Part<DoorLine>, PaperError> {
        let sites = match sites_of(&ask.doors, ask.site.as_ref()) {
            Ok(sites) => sites,
            Err(why) => return Ok(Part::Withheld(why)),
        };
        let at = match sites {
            None => "TRUE".to_owned(),
            Some(sites) if sites.is_empty() => "FALSE".to_owned(),
            Some(sites) => {
                let quoted: Vec<String> = sites.iter().map(|site| format!("'{site}'")).collect();
                format!("site IN ({})", quoted.join(", "))
            }
        };
        let sql = format!(
            "SELECT coalesce(place, door, '-') AS door, activity_id, count(*) AS times, \
             min(CAST(time AS BIGINT)) AS first, max(CAST(time AS BIGINT)) AS last FROM events \
             WHERE {DOORS_SQL} AND time >= to_timestamp_nanos({}) \
             AND time < to_timestamp_nanos({}) AND {at} \
             GROUP BY 1, 2 ORDER BY 2, 3 DESC, 1 LIMIT {}",
            ask.from.nanos(),
            ask.to.nanos(),
            max.saturating_add(1)
        );
        let result = self.query(&sql, (false, true)).await?;
        let line = |row: serde_json::Map<String, serde_json::Value>| {
            let number = |name: &str| row.get(name).and_then(serde_json::Value::as_i64);
            let door = row.get("door")?.as_str()?;
            let place = PlaceId::parse(door).ok();
            Some(DoorLine {
                door: place.map_or_else(|| door.to_owned(), |place| self.place_name(&place)),
                is_forced: number("activity_id")? == FORCED,
                times: u64::try_from(number("times")?).ok()?,
                first: Timestamp::from_nanos(number("first")?),
                last: Timestamp::from_nanos(number("last")?),
            })
        };
        let rows = result.rows()?.into_iter().filter_map(line).collect();
        Ok(Part::Told(Lines::of(rows, max)))
    }

    async fn silent_lines(
        &self,
        ask: &ReportAsk<'_>,
        max: usize,
    ) -> Result<Part<SilentLine>, PaperError> {
        let sites = match sites_of(&ask.sources, ask.site.as_ref()) {
            Ok(sites) => sites,
            Err(why) => return Ok(Part::Withheld(why)),
        };
        let silent = self.sources().await?.into_iter().filter(|status| {
            status.state == Some(SourceState::Silent) && is_in(&sites, status.source.site.as_ref())
        });
        let rows = silent.map(|status| SilentLine {
            source: status.source.id,
            site: status.source.site.as_ref().map(|site| self.place_name(site)),
            last_heard: status.last_heard,
        });
        Ok(Part::Told(Lines::of(rows.collect(), max)))
    }

    async fn refused_lines(
        &self,
        ask: &ReportAsk<'_>,
        max: usize,
    ) -> Result<Part<RefusedLine>, PaperError> {
        let sites = match sites_of(&ask.sources, ask.site.as_ref()) {
            Ok(sites) => sites,
            Err(why) => return Ok(Part::Withheld(why)),
        };
        let knowledge = self.current.get();
        let all = self.state.dead_letter_tally((ask.from, ask.to), TALLY_MAX).await?;
        let near = all
            .into_iter()
            .filter(|(source, ..)| is_in(&sites, knowledge.source(source).site.as_ref()));
        let line = |(source, reason, records)| RefusedLine { source, reason, records };
        Ok(Part::Told(Lines::of(near.map(line).collect(), max)))
    }

    async fn lost_lines(
        &self,
        ask: &ReportAsk<'_>,
        max: usize,
    ) -> Result<Part<LostLine>, PaperError> {
        let sites = match sites_of(&ask.sources, ask.site.as_ref()) {
            Ok(sites) => sites,
            Err(why) => return Ok(Part::Withheld(why)),
        };
        let knowledge = self.current.get();
        let site = |source: &str| {
            let id = SourceId::parse(source).ok()?;
            knowledge.source(&id).site.clone()
        };
        let lines = self.account_lines().await?.into_iter().filter(|line| {
            let is_loss = line.outcome == "rejected" || line.outcome == "dropped";
            is_loss && line.records > 0 && is_in(&sites, site(&line.source).as_ref())
        });
        let rows = lines.map(|line| LostLine {
            is_rejected: line.outcome == "rejected",
            boundary: line.boundary,
            source: line.source,
            reason: line.reason,
            records: line.records,
        });
        Ok(Part::Told(Lines::of(rows.collect(), max)))
    }
}

/// Lines of the tally of dead letters that are read.
const TALLY_MAX: u32 = 10_000;

/// The sites that a part is about: those within reach, of which one may be asked for.
fn sites_of(
    reach: &Result<Reach, String>,
    asked: Option<&PlaceId>,
) -> Result<Option<Vec<PlaceId>>, String> {
    let reach = reach.as_ref().map_err(Clone::clone)?;
    Ok(match (reach, asked) {
        (Reach::Everywhere, None) => None,
        (Reach::Everywhere, Some(site)) => Some(vec![site.clone()]),
        (Reach::Sites(sites), asked) => {
            let is_asked = |site: &&PlaceId| asked.is_none_or(|asked| asked == *site);
            Some(sites.iter().filter(is_asked).cloned().collect())
        }
    })
}

fn is_in(sites: &Option<Vec<PlaceId>>, site: Option<&PlaceId>) -> bool {
    sites.as_ref().is_none_or(|sites| site.is_some_and(|site| sites.contains(site)))
}

fn offers(incidents: &[Incident], end: Timestamp) -> Vec<OfferLine> {
    let line = |incident: &Incident| {
        let offer = history::stood(incident, end)?.offer?;
        let (id, title) = (incident.id.clone(), incident.title.clone());
        Some(OfferLine { id, title, level: incident.level, offer })
    };
    let mut lines: Vec<OfferLine> = incidents.iter().filter_map(line).collect();
    lines.sort_by_key(|line| line.offer.until);
    lines
}

fn held(incidents: &[Incident], ask: &ReportAsk<'_>) -> Vec<HoldLine> {
    let of = |incident: &Incident| {
        let (id, title) = (incident.id.clone(), incident.title.clone());
        let line = move |hold| HoldLine { id: id.clone(), title: title.clone(), hold };
        history::holds(incident, ask.from, ask.to).into_iter().map(line)
    };
    let mut lines: Vec<HoldLine> = incidents.iter().flat_map(of).collect();
    lines.sort_by(|a, b| (&a.hold.owner, a.hold.from).cmp(&(&b.hold.owner, b.hold.from)));
    lines
}
