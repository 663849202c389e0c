//! The occurrence log: what is looked at before an entry is written, and who hears of it.

use model::text::Words;
use model::{
    AuditAct, Incident, IncidentId, Occurrence, OccurrenceId, OccurrenceKind, PlaceId, Timestamp,
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::StoreError;
use store::state::{OccurrenceKey, Written};

use crate::auth::new_id;
use crate::engine::Engine;
use crate::flow::ingest::KEY_BYTES_MAX;
use crate::limits::Limits;
use crate::live::LiveMessage;

/// An entry as somebody wants it written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewOccurrence {
    /// When it happened; now, or when what it corrects happened, if absent.
    pub at: Option<Timestamp>,
    /// At which site; the place's, the corrected entry's or the incident's if absent.
    pub site: Option<PlaceId>,
    /// Where exactly.
    pub place: Option<PlaceId>,
    /// What it is about.
    pub kind: OccurrenceKind,
    /// In their words.
    pub text: String,
    /// The incident it belongs to.
    pub incident: Option<IncidentId>,
    /// The entry it corrects.
    pub corrects: Option<OccurrenceId>,
}

/// An entry that could be written, and what its writer must be allowed to see.
#[derive(Debug, Clone)]
pub struct Draft {
    entry: Occurrence,
    /// Hash of what was asked.
    asked: [u8; 32],
    /// The incident that it names.
    pub incident: Option<Incident>,
    /// The entry that it corrects.
    pub corrected: Option<Occurrence>,
}

impl Draft {
    /// At which site it will stand.
    pub fn site(&self) -> Option<&PlaceId> {
        self.entry.site.as_ref()
    }
}

/// Why an entry is not written.
#[derive(Debug, thiserror::Error)]
pub enum OccurrenceError {
    /// Something in it is wrong.
    #[error("{0}")]
    Invalid(String),
    /// It names something that is not there.
    #[error("there is no {what} `{id}`")]
    Unknown {
        /// `place`, `site`, `incident` or `occurrence`.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// The key stands for another entry.
    #[error("this Idempotency-Key was used for another entry within the last day")]
    KeyTaken,
    /// The system gave no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// State.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn unknown(what: &'static str, id: impl std::fmt::Display) -> OccurrenceError {
    OccurrenceError::Unknown { what, id: id.to_string() }
}

impl Engine {
    /// Looks at an entry without writing it.
    pub async fn draft_occurrence(
        &self,
        new: NewOccurrence,
        by: &str,
    ) -> Result<Draft, OccurrenceError> {
        let now = self.now();
        let asked = Sha256::digest(serde_json::to_vec(&new).unwrap_or_default()).into();
        let text = self.checked_text(&new.text)?;
        let incident = match &new.incident {
            Some(id) => {
                let found = self.state.incident(id).await?;
                Some(found.ok_or_else(|| unknown("incident", id))?)
            }
            None => None,
        };
        let corrected = match &new.corrects {
            Some(id) => {
                let found = self.state.occurrence(id).await?;
                Some(found.ok_or_else(|| unknown("occurrence", id))?)
            }
            None => None,
        };
        let (site, place) = self.whereabouts(&new, corrected.as_ref(), incident.as_ref())?;
        let at = new.at.or(corrected.as_ref().map(|entry| entry.at)).unwrap_or(now);
        if at > now.plus(Limits::ms(self.config.limits.occurrence_ahead_ms_max)) {
            let said = format!("`at` is {at}, which is after now ({now}); without `at`, it is now");
            return Err(OccurrenceError::Invalid(said));
        }
        let before = corrected.as_ref().and_then(|entry| entry.incident.clone());
        let entry = Occurrence {
            id: new_occurrence_id()?,
            number: 0,
            at,
            recorded_at: now,
            by: by.to_owned(),
            site,
            place,
            kind: new.kind,
            text,
            incident: new.incident.or(before),
            corrects: new.corrects,
        };
        Ok(Draft { entry, asked, incident, corrected })
    }

    fn checked_text(&self, text: &str) -> Result<String, OccurrenceError> {
        let max = self.config.limits.occurrence_text_chars_max;
        let text = text.trim();
        let count = text.chars().count() as u64;
        if count == 0 || count > max {
            let said = format!("`text` has {count} characters; expected 1 to {max}");
            return Err(OccurrenceError::Invalid(said));
        }
        let unfit = |unfit| OccurrenceError::Invalid(format!("`text`: {unfit}"));
        model::text::check(text, Words::Text).map_err(unfit)?;
        Ok(text.replace("\r\n", "\n"))
    }

    /// Site and place: as given, else as what it is about has them.
    fn whereabouts(
        &self,
        new: &NewOccurrence,
        corrected: Option<&Occurrence>,
        incident: Option<&Incident>,
    ) -> Result<(Option<PlaceId>, Option<PlaceId>), OccurrenceError> {
        let org = &self.current.get().org;
        let is_elsewhere = new.site.is_some() || new.place.is_some();
        let before = corrected.filter(|_| !is_elsewhere);
        let place = new.place.clone().or_else(|| before.and_then(|entry| entry.place.clone()));
        if let Some(place) = new.place.as_ref().filter(|place| !org.places.contains_key(*place)) {
            return Err(unknown("place", place));
        }
        if let Some(site) = new.site.as_ref().filter(|site| org.site_of(site) != Some(*site)) {
            return Err(unknown("site", site));
        }
        let of_place = new.place.as_ref().and_then(|place| org.site_of(place));
        if let (Some(site), Some(place)) = (&new.site, &new.place)
            && of_place != Some(site)
        {
            let said = format!("the place `{place}` does not lie in the site `{site}`");
            return Err(OccurrenceError::Invalid(said));
        }
        let site = new.site.as_ref().or(of_place);
        let site = site.or_else(|| before.and_then(|entry| entry.site.as_ref()));
        let site = match (site, is_elsewhere) {
            (None, false) => incident.and_then(|incident| incident.site.as_ref()),
            (site, _) => site,
        };
        Ok((site.cloned(), place))
    }

    /// Writes an entry; whether it stood there already, and how it stands now. `key`: the writer's
    /// own name for it, so that sending it twice writes it once.
    pub async fn write_occurrence(
        &self,
        draft: Draft,
        key: Option<&str>,
    ) -> Result<(bool, Occurrence), OccurrenceError> {
        if key.is_some_and(|key| key.len() > KEY_BYTES_MAX) {
            let said = format!("the Idempotency-Key is longer than {KEY_BYTES_MAX} bytes");
            return Err(OccurrenceError::Invalid(said));
        }
        let key = key.map(|key| OccurrenceKey {
            key_hash: Sha256::digest(key.as_bytes()).into(),
            request_hash: draft.asked,
        });
        match self.state.add_occurrence(draft.entry, key.as_ref(), act).await? {
            Written::New(entry) => {
                self.live.send(LiveMessage::Occurrence(entry.id.clone(), entry.site.clone()));
                Ok((false, entry))
            }
            Written::Before(entry) => Ok((true, entry)),
            Written::KeyTaken => Err(OccurrenceError::KeyTaken),
        }
    }
}

fn new_occurrence_id() -> Result<OccurrenceId, OccurrenceError> {
    let text = new_id("o")?;
    OccurrenceId::parse(&text).map_err(|error| OccurrenceError::Invalid(error.to_string()))
}

/// The act of writing an entry. Its words are not in the chain: only a digest that proves them,
/// over the id too, so that nobody finds a short text by trying.
fn act(entry: &Occurrence) -> AuditAct {
    let digest = Sha256::digest(format!("{}\n{}", entry.id, entry.text));
    AuditAct {
        at: entry.recorded_at,
        by: entry.by.clone(),
        verb: "occurrence.write".to_owned(),
        object: format!("occurrence:{}", entry.id),
        detail: serde_json::json!({
            "number": entry.number,
            "at": entry.at,
            "kind": entry.kind,
            "site": entry.site,
            "place": entry.place,
            "incident": entry.incident,
            "corrects": entry.corrects,
            "text_chars": entry.text.chars().count(),
            "text_sha256": hex::encode(digest),
        }),
    }
}
