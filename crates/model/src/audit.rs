//! An act that changed something, as the audit chain keeps it.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// One audited act. Carries ids and digests, never names or bodies, so erasure does not break it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditAct {
    /// When.
    pub at: Timestamp,
    /// By whom: a token's id, an operator's id, or `castellan`.
    pub by: String,
    /// A verb such as `incident.acknowledge` or `token.create`.
    pub verb: String,
    /// On what, such as `incident:i-0001`.
    pub object: String,
    /// What changed: ids, states, digests.
    pub detail: serde_json::Value,
}
