//! Tries an edited mapping on dead letters and on pasted texts; keeps nothing.

use model::spine::Source;
use model::{DeadLetter, MappingName, Problem, Raw, SourceId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::state::StoredDeadLetter;

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
    /// Texts, each a record; for CSV the header and records.
    pub texts: Vec<String>,
}

/// What a try gave.
#[derive(Debug)]
pub struct Tried {
    /// What is wrong with the files, and with what their samples give.
    pub problems: Vec<Problem>,
    /// One for each record, dead letters first, in the order in which they were named.
    pub results: Vec<Trying>,
}

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
        let letters = self.state.dead_letters_of(&request.dead_letters, max).await?;
        let found = request.dead_letters.len() + request.texts.len();
        if found > max {
            return Err(EditError::TooLarge { what: "records of one try", found, max });
        }
        let knowledge = self.current.get();
        let (mut question, unread) = self.question(&name, wanted);
        let letters = letters.into_iter();
        question.letters = letters.map(|one| of_letter(one, &name, &knowledge)).collect();
        let pasted = SourceId::parse("pasted").map(Source::with_defaults);
        let source = request.source.as_ref().map(|id| knowledge.source(id).clone());
        question.texts = source.or(pasted.ok()).map(|source| trial::Texts {
            texts: request.texts,
            source: Source { mapping: Some(name.clone()), ..source },
            now: self.now(),
        });
        let answer = self.trials.ask(question).await?;
        let problems = unread.into_iter().chain(answer.problems).collect();
        Ok(Tried { problems, results: answer.results })
    }
}

/// As a re-run would read it; where its source names another mapping, by the one that is tried.
fn of_letter(letter: StoredDeadLetter, name: &MappingName, knowledge: &Knowledge) -> Letter {
    let mut source = knowledge.source(&letter.raw.source).clone();
    if source.mapping.is_some() {
        source.mapping = Some(name.clone());
    }
    let Raw { body, .. } = letter.raw;
    let raw = Raw { body: Vec::new(), ..letter.raw };
    Letter { record: letter.letter.record, raw, body: Blob(body), source }
}
