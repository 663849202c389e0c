//! Deliveries to the outside: mail and signed webhooks. One call is one try; whether and when to
//! try again is the caller's to decide, by what the error says.

pub mod mail;
pub mod publish;
pub mod webhook;

use std::time::Duration;

/// Why one try of a delivery failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// May succeed later.
    #[error("{detail}")]
    Retry {
        /// What happened, without secrets or bodies.
        detail: String,
        /// No sooner than this, where the other side said so.
        after: Option<Duration>,
    },
    /// Will fail again however often it is tried.
    #[error("{detail}")]
    Permanent {
        /// What happened, without secrets or bodies.
        detail: String,
    },
}

impl DeliveryError {
    /// Whether trying again can help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Retry { .. } => true,
            Self::Permanent { .. } => false,
        }
    }
}
