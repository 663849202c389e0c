//! HTTP ingest: one body in, durable or refused, with an answer for every record.

use std::sync::Arc;
use std::time::Duration;

use model::{Raw, Record, SourceId, Trust};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{AppendError, Batch, Idempotency, Journal, Outcome, Retry};
use tokio::task::block_in_place;

use crate::accounting::{Accounts, Boundary, Outcome as Count};
use crate::auth::Principal;
use crate::clock::Clock;
use crate::flow::body::{self, BodyError, Content, Encoding, RejectedRecord, Split};
use crate::flow::room::{Held, Room};
use crate::flow::silencer::Silencer;
use crate::knowledge::Current;
use crate::limits::Limits;
use crate::rate::Rates;

/// Refused records named in one answer; the rest are only counted.
pub const REJECTED_LISTED_MAX: usize = 100;
/// Longest `Idempotency-Key` in bytes.
pub const KEY_BYTES_MAX: usize = 256;

/// One request.
pub struct Request<'a> {
    /// Who sends.
    pub principal: &'a Principal,
    /// For which source.
    pub source: &'a str,
    /// As sent.
    pub body: &'a [u8],
    /// The memory taken for it so far.
    pub held: Held,
    /// How it is compressed.
    pub encoding: Encoding,
    /// What it holds.
    pub content: Content,
    /// The sender's name for this batch.
    pub key: Option<&'a str>,
    /// The sender's address.
    pub peer: Option<String>,
}

/// The answer: accepted records are durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Records now durable.
    pub accepted: u64,
    /// Records refused.
    pub rejected: u64,
    /// The first refused ones, each with its place and reason.
    pub problems: Vec<RejectedRecord>,
    /// Refused ones not listed.
    pub problems_omitted: u64,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The answer.
    pub receipt: Receipt,
    /// It had been given before under the same key; nothing was appended.
    pub is_replay: bool,
}

/// Why nothing was taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IngestError {
    /// There is no such source.
    #[error("there is no source `{name}`{hint}")]
    UnknownSource {
        /// The name asked for.
        name: String,
        /// `; did you mean …`, or empty.
        hint: String,
    },
    /// The token may not send for it.
    #[error("this token may not send records for `{source_id}`")]
    Forbidden {
        /// The source.
        source_id: String,
    },
    /// The body as a whole.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The key is too long.
    #[error("the Idempotency-Key is longer than {KEY_BYTES_MAX} bytes")]
    LongKey,
    /// Too many records in a short time.
    #[error("`{source_id}` sends more than {per_s} records a second")]
    TooFast {
        /// The source.
        source_id: String,
        /// The limit.
        per_s: u64,
        /// When to come again.
        retry_after: Duration,
    },
    /// The journal takes nothing now.
    #[error("records cannot be made durable now: {reason}")]
    Unavailable {
        /// Why.
        reason: String,
        /// When to come again.
        retry_after: Duration,
    },
    /// The journal takes no such batch.
    #[error("the batch cannot be kept: {reason}")]
    NotKept {
        /// Why.
        reason: String,
    },
}

/// Takes bodies.
pub struct Ingest {
    /// Where records become durable.
    pub journal: Arc<Journal>,
    /// Sources.
    pub current: Arc<Current>,
    /// Counts.
    pub accounts: Arc<Accounts>,
    /// Time.
    pub clock: Clock,
    /// Who speaks.
    pub silencer: Arc<Silencer>,
    /// Memory of all bodies in work.
    pub room: Room,
    /// Rates by source.
    pub rates: Rates,
    /// Bounds.
    pub limits: Limits,
}

impl Ingest {
    /// Takes one body. Heavy work happens here: call it where blocking is allowed, then await.
    pub async fn take(&self, mut request: Request<'_>) -> Result<Done, IngestError> {
        let source = self.source(request.source, request.principal)?;
        if request.key.is_some_and(|key| key.len() > KEY_BYTES_MAX) {
            return Err(IngestError::LongKey);
        }
        // Taking a body apart costs time: other requests must not wait behind it.
        let split = block_in_place(|| {
            let held = &mut request.held;
            let plain = body::decompress(request.body, request.encoding, &self.limits, held)?;
            body::split(&plain, request.content, &self.limits)
        })?;
        let now = self.clock.now();
        let total = (split.records.len() + split.rejected.len()) as u64;
        self.rates.take(&source, total, self.limits.source_rate_max, now).map_err(|wait| {
            let source_id = source.to_string();
            IngestError::TooFast {
                source_id,
                per_s: self.limits.source_rate_max,
                retry_after: wait,
            }
        })?;
        let receipt = receipt(&split);
        let mut records = self.records(&source, &request, split.records);
        records.extend(self.silencer.heard(&source, now));
        let idempotency = request.key.map(|key| Idempotency {
            source: source.clone(),
            key_hash: Sha256::digest(key.as_bytes()).into(),
            response: serde_json::to_vec(&receipt).unwrap_or_default(),
        });
        let batch = Batch { records, idempotency, ..Batch::default() };
        let outcome = block_in_place(|| self.journal.append(batch, now)).await;
        self.settle(&source, outcome, receipt, &split.rejected)
    }

    fn source(&self, name: &str, principal: &Principal) -> Result<SourceId, IngestError> {
        let knowledge = self.current.get();
        let known = knowledge.org.sources.keys();
        let found = known.clone().find(|id| id.as_str() == name).cloned();
        let Some(source) = found else {
            let nearest = known
                .map(|id| (strsim::damerau_levenshtein(name, id.as_str()), id.as_str()))
                .min()
                .filter(|(distance, _)| *distance <= 3);
            let hint = nearest.map_or_else(String::new, |(_, n)| format!("; did you mean `{n}`?"));
            let name = name.chars().take(80).collect();
            return Err(IngestError::UnknownSource { name, hint });
        };
        if principal.may_send_for(&source) {
            Ok(source)
        } else {
            Err(IngestError::Forbidden { source_id: source.to_string() })
        }
    }

    fn records(
        &self,
        source: &SourceId,
        request: &Request<'_>,
        split: Vec<(model::Wire, Vec<u8>)>,
    ) -> Vec<Record> {
        let now = self.clock.now();
        let listener: Arc<str> = Arc::from("http");
        let peer: Option<Arc<str>> = request.peer.as_deref().map(Arc::from);
        split
            .into_iter()
            .map(|(wire, body)| {
                Record::from(Raw {
                    source: source.clone(),
                    received_at: now,
                    wire,
                    listener: Arc::clone(&listener),
                    peer: peer.clone(),
                    topic: None,
                    trust: Trust::Token,
                    bytes_cut: 0,
                    rerun_of: None,
                    body,
                })
            })
            .collect()
    }

    fn settle(
        &self,
        source: &SourceId,
        outcome: Result<Outcome, AppendError>,
        receipt: Receipt,
        rejected: &[(model::RejectReason, RejectedRecord)],
    ) -> Result<Done, IngestError> {
        match outcome {
            Ok(Outcome::Appended(_)) => {
                self.count(source, &receipt, rejected);
                Ok(Done { receipt, is_replay: false })
            }
            Ok(Outcome::Replayed { response }) => {
                let receipt = serde_json::from_slice(&response).unwrap_or(receipt);
                Ok(Done { receipt, is_replay: true })
            }
            Err(error) => Err(match error.retry() {
                Retry::After(retry_after) => {
                    IngestError::Unavailable { reason: error.to_string(), retry_after }
                }
                Retry::Never => IngestError::NotKept { reason: error.to_string() },
            }),
        }
    }

    fn count(
        &self,
        source: &SourceId,
        receipt: &Receipt,
        rejected: &[(model::RejectReason, RejectedRecord)],
    ) {
        let name = source.as_str();
        let total = receipt.accepted + receipt.rejected;
        self.accounts.add(Boundary::Intake, name, Count::Received, total);
        self.accounts.add(Boundary::Intake, name, Count::Kept, receipt.accepted);
        for (reason, _) in rejected {
            self.accounts.rejected(name, *reason, 1);
        }
    }
}

fn receipt(split: &Split) -> Receipt {
    let listed = split.rejected.iter().take(REJECTED_LISTED_MAX);
    Receipt {
        accepted: split.records.len() as u64,
        rejected: split.rejected.len() as u64,
        problems: listed.map(|(_, problem)| problem.clone()).collect(),
        problems_omitted: split.rejected.len().saturating_sub(REJECTED_LISTED_MAX) as u64,
    }
}
