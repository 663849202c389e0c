//! A shift's report: from what it tells to what stands on the paper.
//!
//! A function of its arguments: it reads no clock and asks nobody.

use std::time::Duration;

use chrono::{DateTime, Offset as _};
use chrono_tz::Tz;
use codec::civil::LocalTime;
use codec::pdf::{Block, Cell, Column, Document, Edge, Figure, Mark, Table};
use model::incident::Owner;
use model::{Level, Timestamp};

use super::report::{
    DoorLine, Facts, HoldLine, IncidentLine, Lines, LostLine, OccurrenceLine, OfferLine, Part,
    RefusedLine, SilentLine,
};
use super::texts::{Language, Texts};

/// An entry written this much later than it happened says so.
const LATE: Duration = Duration::from_secs(15 * 60);

/// How a report came to be.
#[derive(Debug, Clone)]
pub struct Made<'a> {
    /// When.
    pub at: Timestamp,
    /// By whom, as the audit chain names them.
    pub by: &'a str,
    /// The hash of what it tells.
    pub data: &'a str,
    /// The language of its fixed texts.
    pub language: Language,
}

/// An instant as a clock in the zone shows it.
pub fn local(at: Timestamp, zone: Tz) -> DateTime<Tz> {
    at.to_chrono().with_timezone(&zone)
}

/// The document of a report.
pub fn document(facts: &Facts, zone: Tz, made: &Made<'_>) -> Document {
    let paper = Paper { texts: made.language.texts(), zone, end: facts.to.min(made.at) };
    let texts = paper.texts;
    let period = paper.period(facts.from, facts.to);
    let made_at = paper.instant(made.at);
    let foot = texts.fill("foot", &[("version", env!("CARGO_PKG_VERSION")), ("hash", made.data)]);
    let mut identity = [0; 32];
    let hash = hex::decode(made.data).unwrap_or_default();
    identity.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    let site = facts.site.as_deref().unwrap_or_else(|| texts.get("all_sites"));
    let mut blocks = paper.blocks(facts);
    let said = texts.fill("made", &[("at", &made_at), ("by", made.by)]);
    blocks.push(Block::Note(format!("{said} {}", texts.get("ids"))));
    let signed = ["signed_by", "signed_to"].map(|key| texts.get(key).to_owned());
    blocks.push(Block::Signatures(signed.to_vec()));
    Document {
        title: format!("{} · {site}", texts.get("title")),
        subtitle: period.clone(),
        language: made.language.tag().to_owned(),
        han: made.language.han(),
        made: LocalTime::utc(made.at.nanos()),
        producer: format!("Castellan {}", env!("CARGO_PKG_VERSION")),
        identity,
        head: Edge {
            left: facts.organisation.clone(),
            right: site.to_owned(),
            below: format!("{} · {period}", texts.get("title")),
        },
        foot,
        page_of: texts.get("page").to_owned(),
        blocks,
    }
}

struct Paper<'a> {
    texts: &'a Texts,
    zone: Tz,
    /// The end of the period, or when the report was made if that was before.
    end: Timestamp,
}

impl Paper<'_> {
    fn time(&self, at: Timestamp) -> String {
        local(at, self.zone).format("%Y-%m-%d %H:%M").to_string()
    }

    /// With its offset from UTC.
    fn instant(&self, at: Timestamp) -> String {
        format!("{} {}", self.time(at), self.offset(at))
    }

    fn offset(&self, at: Timestamp) -> String {
        format!("UTC{}", local(at, self.zone).offset().fix())
    }

    /// Both ends, the zone and its offset; both offsets where a clock was changed between.
    fn period(&self, from: Timestamp, to: Timestamp) -> String {
        let (begun, ended) = (local(from, self.zone), local(to, self.zone));
        let name = self.zone.name();
        if begun.offset().fix() != ended.offset().fix() {
            return format!("{} – {} ({name})", self.instant(from), self.instant(to));
        }
        let end = if begun.date_naive() == ended.date_naive() {
            ended.format("%H:%M").to_string()
        } else {
            self.time(to)
        };
        let offset = self.offset(from);
        if name == "UTC" {
            return format!("{} – {end} ({name})", self.time(from));
        }
        format!("{} – {end} ({name}, {offset})", self.time(from))
    }

    fn owner(&self, owner: &Owner) -> String {
        match owner {
            Owner::Team(team) => match self.texts.find(&format!("team_{team}")) {
                Some(name) => name.to_owned(),
                None => self.texts.fill("team", &[("id", team.as_str())]),
            },
            Owner::Person(person) => person.as_str().to_owned(),
        }
    }

    fn level(&self, level: Level) -> Cell {
        let mark = match level {
            Level::Critical => Mark::Octagon,
            Level::High => Mark::Triangle,
            Level::Medium => Mark::Diamond,
            Level::Low => Mark::Ring,
            Level::Informational => Mark::Dot,
        };
        Cell::marked(mark, self.texts.word("level", &level))
    }

    /// How long since, at the end of the period.
    fn age(&self, since: Timestamp) -> String {
        let minutes = self.end.since(since).as_secs() / 60;
        let (days, hours) = (minutes / 1_440, minutes / 60 % 24);
        let [d, h, m] = [days, hours, minutes % 60].map(|number| number.to_string());
        let key = match (days, hours) {
            (0, 0) => "age_minutes",
            (0, _) => "age_hours",
            (_, _) => "age_days",
        };
        self.texts.fill(key, &[("d", &d), ("h", &h), ("m", &m)])
    }

    fn blocks(&self, facts: &Facts) -> Vec<Block> {
        let mut out = vec![self.figures(facts)];
        if facts.is_cut {
            out.push(Block::Note(self.texts.get("cut").to_owned()));
        }
        self.table(&mut out, "open", OPEN, &facts.open, |line| self.open_row(line));
        self.table(&mut out, "offers", OFFERS, &facts.offers, |line| self.offer_row(line));
        self.table(&mut out, "occurrences", LOG, &facts.occurrences, |line| self.log_row(line));
        self.table(&mut out, "opened", OPENED, &facts.opened, |line| self.opened_row(line));
        self.table(&mut out, "resolved", RESOLVED, &facts.resolved, |l| self.resolved_row(l));
        self.table(&mut out, "held", HELD, &facts.held, |line| self.held_row(line));
        self.part(&mut out, "doors", DOORS, &facts.doors, |line| self.door_row(line));
        self.part(&mut out, "silent", SILENT, &facts.silent, |line| self.silent_row(line));
        out.push(Block::Note(self.texts.get("note_silent").to_owned()));
        self.part(&mut out, "refused", REFUSED, &facts.refused, refused_row);
        self.part(&mut out, "lost", LOST, &facts.lost, |line| self.lost_row(line));
        out.push(Block::Note(self.texts.get("note_lost").to_owned()));
        out
    }

    fn figures(&self, facts: &Facts) -> Block {
        let sum = |part: &Part<DoorLine>| match part {
            Part::Told(lines) => lines.rows.iter().map(|line| line.times).sum::<u64>().to_string(),
            Part::Withheld(_) => "–".to_owned(),
        };
        let refused = match &facts.refused {
            Part::Told(lines) => {
                lines.rows.iter().map(|line| line.records).sum::<u64>().to_string()
            }
            Part::Withheld(_) => "–".to_owned(),
        };
        let silent = match &facts.silent {
            Part::Told(lines) => lines.count().to_string(),
            Part::Withheld(_) => "–".to_owned(),
        };
        let figure = |key: &str, value: String| Figure {
            value,
            label: self.texts.get(&format!("figure_{key}")).to_owned(),
        };
        let more = |count: usize, is_more: bool| {
            if is_more { format!("{count}+") } else { count.to_string() }
        };
        let is_long = facts.occurrences.more > 0;
        Block::Figures(vec![
            figure("open", more(facts.open.count(), facts.is_cut)),
            figure("opened", more(facts.opened.count(), facts.is_cut)),
            figure("resolved", more(facts.resolved.count(), facts.is_cut)),
            figure("offers", more(facts.offers.count(), facts.is_cut)),
            figure("occurrences", more(facts.occurrences.count(), is_long)),
            figure("doors", sum(&facts.doors)),
            figure("silent", silent),
            figure("refused", refused),
        ])
    }

    fn part<T>(
        &self,
        out: &mut Vec<Block>,
        name: &str,
        columns: &[(&str, u16)],
        part: &Part<T>,
        row: impl Fn(&T) -> Vec<Cell>,
    ) {
        match part {
            Part::Told(lines) => self.table(out, name, columns, lines, row),
            Part::Withheld(why) => {
                out.push(Block::Section(self.texts.get(&format!("section_{name}")).to_owned()));
                out.push(Block::Text(self.texts.fill("withheld", &[("why", why)])));
            }
        }
    }

    fn table<T>(
        &self,
        out: &mut Vec<Block>,
        name: &str,
        columns: &[(&str, u16)],
        lines: &Lines<T>,
        row: impl Fn(&T) -> Vec<Cell>,
    ) {
        out.push(Block::Section(self.texts.get(&format!("section_{name}")).to_owned()));
        if lines.rows.is_empty() {
            out.push(Block::Text(self.texts.get(&format!("none_{name}")).to_owned()));
            return;
        }
        let column = |(key, share): &(&str, u16)| Column {
            title: self.texts.get(&format!("col_{key}")).to_owned(),
            share: *share,
        };
        let rows = lines.rows.iter().map(row).collect();
        out.push(Block::Table(Table { columns: columns.iter().map(column).collect(), rows }));
        if lines.more > 0 {
            let more = self.texts.fill("more", &[("n", &lines.more.to_string())]);
            out.push(Block::Note(more));
        }
    }

    /// Title, and the id below it.
    fn incident(&self, id: &impl std::fmt::Display, title: &str) -> Cell {
        Cell::plain(format!("{title}\n{id}"))
    }

    fn open_row(&self, line: &IncidentLine) -> Vec<Cell> {
        vec![
            self.level(line.level),
            self.incident(&line.id, &line.title),
            Cell::plain(line.site.clone().unwrap_or_default()),
            Cell::strong(self.owner(&line.owner)),
            Cell::plain(self.texts.word("state", &line.state)),
            Cell::plain(self.time(line.opened_at)),
            Cell::plain(self.age(line.opened_at)),
        ]
    }

    fn offer_row(&self, line: &OfferLine) -> Vec<Cell> {
        vec![
            self.level(line.level),
            self.incident(&line.id, &line.title),
            Cell::plain(&line.offer.by),
            Cell::strong(self.owner(&line.offer.to)),
            Cell::plain(self.time(line.offer.until)),
            Cell::plain(line.offer.note.clone().unwrap_or_default()),
        ]
    }

    fn opened_row(&self, line: &IncidentLine) -> Vec<Cell> {
        vec![
            Cell::plain(self.time(line.opened_at)),
            self.level(line.level),
            self.incident(&line.id, &line.title),
            Cell::plain(line.site.clone().unwrap_or_default()),
            Cell::plain(self.owner(&line.owner)),
            Cell::plain(self.texts.word("state", &line.state)),
        ]
    }

    fn resolved_row(&self, line: &IncidentLine) -> Vec<Cell> {
        let (at, by) = match &line.resolved {
            Some((at, by)) => (self.time(*at), by.clone()),
            None => Default::default(),
        };
        let mut outcome = match &line.outcome {
            Some(outcome) => self.texts.word("disposition", outcome),
            None => self.texts.get("disposition_none").to_owned(),
        };
        if let Some(note) = &line.note {
            outcome.push('\n');
            outcome.push_str(note);
        }
        vec![
            Cell::plain(at),
            self.level(line.level),
            self.incident(&line.id, &line.title),
            Cell::plain(line.site.clone().unwrap_or_default()),
            Cell::plain(by),
            Cell::plain(outcome),
        ]
    }

    fn held_row(&self, line: &HoldLine) -> Vec<Cell> {
        let until = match line.hold.until {
            Some(until) => Cell::plain(self.time(until)),
            None => Cell::strong(self.texts.get("still")),
        };
        vec![
            Cell::strong(self.owner(&line.hold.owner)),
            self.incident(&line.id, &line.title),
            Cell::plain(self.time(line.hold.from)),
            until,
        ]
    }

    fn log_row(&self, line: &OccurrenceLine) -> Vec<Cell> {
        let mut text = line.text.clone();
        let mut say = |sentence: String| {
            text.push('\n');
            text.push_str(&sentence);
        };
        if let Some(number) = line.corrects {
            say(self.texts.fill("corrects", &[("n", &number.to_string())]));
        }
        if let Some(number) = line.corrected_by {
            say(self.texts.fill("corrected", &[("n", &number.to_string())]));
        }
        if let Some(incident) = &line.incident {
            say(self.texts.fill("about", &[("id", incident.as_str())]));
        }
        if line.recorded_at.since(line.at) > LATE {
            say(self.texts.fill("late", &[("at", &self.time(line.recorded_at))]));
        }
        vec![
            Cell::plain(line.number.to_string()),
            Cell::plain(self.time(line.at)),
            Cell::plain(self.texts.word("kind", &line.kind)),
            Cell::plain(line.place.clone().unwrap_or_default()),
            Cell::plain(text),
            Cell::plain(&line.by),
        ]
    }

    fn door_row(&self, line: &DoorLine) -> Vec<Cell> {
        let what = self.texts.get(if line.is_forced { "forced" } else { "held" });
        vec![
            Cell::plain(&line.door),
            if line.is_forced { Cell::strong(what) } else { Cell::plain(what) },
            Cell::plain(line.times.to_string()),
            Cell::plain(self.time(line.first)),
            Cell::plain(self.time(line.last)),
        ]
    }

    fn silent_row(&self, line: &SilentLine) -> Vec<Cell> {
        let heard = match line.last_heard {
            Some(at) => self.time(at),
            None => self.texts.get("never").to_owned(),
        };
        vec![
            Cell::plain(line.source.as_str()),
            Cell::plain(line.site.clone().unwrap_or_default()),
            Cell::plain(heard),
        ]
    }

    fn lost_row(&self, line: &LostLine) -> Vec<Cell> {
        let what = if line.is_rejected { "lost_rejected" } else { "lost_dropped" };
        vec![
            Cell::plain(&line.source),
            Cell::plain(&line.boundary),
            Cell::plain(self.texts.get(what)),
            Cell::plain(&line.reason),
            Cell::plain(line.records.to_string()),
        ]
    }
}

fn refused_row(line: &RefusedLine) -> Vec<Cell> {
    vec![
        Cell::plain(line.source.as_str()),
        Cell::plain(&line.reason),
        Cell::plain(line.records.to_string()),
    ]
}

/// Columns: the key of their head, and their share of the width.
const OPEN: &[(&str, u16)] = &[
    ("level", 13),
    ("incident", 27),
    ("site", 14),
    ("owner", 14),
    ("state", 17),
    ("opened", 19),
    ("age", 13),
];
const OFFERS: &[(&str, u16)] =
    &[("level", 13), ("incident", 26), ("by", 18), ("to", 14), ("until", 19), ("note", 26)];
const OPENED: &[(&str, u16)] =
    &[("opened", 18), ("level", 13), ("incident", 29), ("site", 15), ("owner", 16), ("state", 17)];
const RESOLVED: &[(&str, u16)] =
    &[("resolved", 18), ("level", 13), ("incident", 26), ("site", 14), ("by", 12), ("outcome", 27)];
const HELD: &[(&str, u16)] = &[("owner", 22), ("incident", 46), ("from", 17), ("until", 17)];
const LOG: &[(&str, u16)] =
    &[("number", 6), ("time", 19), ("kind", 12), ("place", 16), ("text", 41), ("by", 19)];
const DOORS: &[(&str, u16)] =
    &[("door", 38), ("what", 18), ("times", 12), ("first", 17), ("last", 17)];
const SILENT: &[(&str, u16)] = &[("source", 40), ("site", 32), ("heard", 30)];
const REFUSED: &[(&str, u16)] = &[("source", 40), ("reason", 42), ("count", 20)];
const LOST: &[(&str, u16)] =
    &[("source", 32), ("boundary", 18), ("what", 16), ("reason", 24), ("count", 14)];
