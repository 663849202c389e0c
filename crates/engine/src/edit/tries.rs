//! Tries an edited mapping on dead letters, on what its source said last and on pasted texts; keeps
//! nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lake::{Cursor, Search};
use model::spine::Source;
use model::{DeadLetter, MappingName, Problem, Raw, SourceId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::files::{self, Texts};
use super::{EditError, parsed};
use crate::engine::Engine;
use crate::knowledge::Knowledge;
use crate::limits::Limits;
use crate::trial::{self, Blob, Letter};

/// What to try.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TryRequest {
    /// Files as edited; others stay as they are in force.
    pub files: Texts,
    /// As whose the texts are read: zone, site and realm; nobody's if absent.
    pub source: Option<SourceId>,
    /// Records of dead letters.
    pub dead_letters: Vec<u64>,
    /// So many of the source's last records that the mapping in force makes events of.
    pub latest: usize,
    /// Texts, each a record; for CSV the header and records.
    pub texts: Vec<String>,
}

/// What a try gave.
#[derive(Debug)]
pub struct Tried {
    /// What is wrong with the files, and with what their samples give.
    pub problems: Vec<Problem>,
    /// One for each record, dead letters first, in the order in which they were named, then the
    /// source's last.
    pub results: Vec<Trying>,
    /// What the mapping in force makes of the source's last records, the newest first.
    pub samples: Vec<InForce>,
}

/// What the mapping in force makes of a record.
#[derive(Debug)]
pub struct InForce {
    /// Which.
    pub record: u64,
    /// When it came.
    pub received_at: Timestamp,
    /// What its source said.
    pub body: Vec<u8>,
    /// The events, as the program wrote them.
    pub events: Vec<Box<RawValue>>,
}

/// Events of a source that are looked through for records of one mapping, page by page.
const LATEST_PAGE_EVENTS: usize = 500;
/// Most pages.
const LATEST_PAGES_MAX: usize = 10;

/// What became of one record.
#[derive(Debug, Serialize, Deserialize)]
pub struct Trying {
    /// The dead letter's record.
    pub record: Option<u64>,
    /// The text's number, from 0.
    pub text: Option<usize>,
    /// The mapping that read it.
    pub mapping: Option<MappingName>,
    /// The events, as the program wrote them.
    pub events: Vec<Box<RawValue>>,
    /// What the OCSF validator says of them.
    pub complaints: Vec<String>,
    /// Why it gave none.
    pub problem: Option<DeadLetter>,
}

impl Engine {
    /// Tries files of a mapping on dead letters and on texts. Nothing is kept.
    pub async fn try_mapping(&self, name: &str, request: TryRequest) -> Result<Tried, EditError> {
        let name = parsed(name)?;
        files::check_paths(&request.files)?;
        let max = Limits::count(self.config.limits.mapping_try_records_max);
        let before = files::in_force(self.config.content.as_deref(), &name);
        let mut wanted = before.map(|found| found.files).unwrap_or_default();
        wanted.extend(request.files.into_iter().map(|(path, text)| (path, text.into_bytes())));
        self.check_size(&wanted)?;
        let found = request.dead_letters.len() + request.latest + request.texts.len();
        if found > max {
            return Err(EditError::TooLarge { what: "records of one try", found, max });
        }
        let letters = self.state.dead_letters_of(&request.dead_letters, max).await?;
        let knowledge = self.current.get();
        let (mut question, unread) = self.question(&name, wanted);
        let letters = letters.into_iter();
        let letters = letters.map(|one| of_record(one.letter.record, one.raw, &name, &knowledge));
        question.letters = letters.collect();
        let latest = match &request.source {
            Some(source) => self.latest(source, &name, request.latest).await?,
            None => Vec::new(),
        };
        let of_latest =
            |(record, raw): &(u64, Raw)| of_record(*record, raw.clone(), &name, &knowledge);
        question.letters.extend(latest.iter().map(of_latest));
        let pasted = SourceId::parse("pasted").map(Source::with_defaults);
        let source = request.source.as_ref().map(|id| knowledge.source(id).clone());
        question.texts = source.or(pasted.ok()).map(|source| trial::Texts {
            texts: request.texts,
            source: Source { mapping: Some(name.clone()), ..source },
            now: self.now(),
        });
        let answer = self.trials.ask(question).await?;
        let problems = unread.into_iter().chain(answer.problems).collect();
        let samples = in_force(latest, knowledge).await;
        Ok(Tried { problems, results: answer.results, samples })
    }

    /// What a source said last that the mapping made events of, the newest first.
    async fn latest(
        &self,
        source: &SourceId,
        name: &MappingName,
        wanted: usize,
    ) -> Result<Vec<(u64, Raw)>, EditError> {
        let (mut records, mut seen) = (Vec::new(), BTreeSet::new());
        let mut before: Option<Cursor> = None;
        for _ in 0..LATEST_PAGES_MAX {
            if records.len() >= wanted {
                break;
            }
            let source = Some(source.clone());
            let asked = Search { source, limit: LATEST_PAGE_EVENTS, before, ..Search::default() };
            let page = self.search(&asked, None).await?;
            let own = page.events.iter().filter(|event| is_of(&event.ocsf, name));
            records.extend(own.map(|event| event.key.seq).filter(|record| seen.insert(*record)));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        let mut found = Vec::new();
        for record in records.into_iter().take(wanted) {
            // One that has left the history meanwhile is no loss.
            if let Some(row) = self.raw(record).await? {
                found.push((record, (*row.raw).clone()));
            }
        }
        Ok(found)
    }
}

/// Whether an event was made by a mapping.
fn is_of(ocsf: &str, name: &MappingName) -> bool {
    #[derive(Deserialize)]
    struct Ours<'a> {
        #[serde(borrow)]
        mapping: std::borrow::Cow<'a, str>,
    }
    #[derive(Deserialize)]
    struct Made<'a> {
        #[serde(borrow)]
        castellan: Ours<'a>,
    }
    serde_json::from_str::<Made<'_>>(ocsf).is_ok_and(|made| made.castellan.mapping == name.as_str())
}

/// What the mappings in force make of records: they run in this very process all day.
async fn in_force(latest: Vec<(u64, Raw)>, knowledge: Arc<Knowledge>) -> Vec<InForce> {
    let read = move || {
        let letters = latest.iter().map(|(record, raw)| Letter {
            record: *record,
            raw: Raw { body: Vec::new(), ..raw.clone() },
            body: Blob(raw.body.clone()),
            source: knowledge.source(&raw.source).clone(),
        });
        let made = trial::read(&knowledge.mappings, letters.collect(), knowledge.zone);
        let mut events: BTreeMap<u64, Vec<Box<RawValue>>> =
            made.into_iter().filter_map(|one| Some((one.record?, one.events))).collect();
        let sample = |(record, raw): (u64, Raw)| InForce {
            record,
            received_at: raw.received_at,
            body: raw.body,
            events: events.remove(&record).unwrap_or_default(),
        };
        latest.into_iter().map(sample).collect()
    };
    tokio::task::spawn_blocking(read).await.unwrap_or_default()
}

/// As a re-run would read it; where its source names another mapping, by the one that is tried.
fn of_record(record: u64, raw: Raw, name: &MappingName, knowledge: &Knowledge) -> Letter {
    let mut source = knowledge.source(&raw.source).clone();
    if source.mapping.is_some() {
        source.mapping = Some(name.clone());
    }
    let Raw { body, .. } = raw;
    let raw = Raw { body: Vec::new(), ..raw };
    Letter { record, raw, body: Blob(body), source }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn an_event_says_which_mapping_made_it() {
        let okta = MappingName::parse("okta").unwrap();
        assert!(is_of("{\"a\":1,\"castellan\":{\"mapping\":\"okta\",\"record\":4}}", &okta));
        for other in
            ["{\"castellan\":{\"mapping\":\"okta-2\"}}", "{}", "", "{\"mapping\":\"okta\"}"]
        {
            assert!(!is_of(other, &okta), "{other}");
        }
    }
}
