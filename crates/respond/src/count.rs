//! No alarm is ownerless: alarms = incidents + folded + shelved.

use serde::{Deserialize, Serialize};

use crate::fold::FoldOutcome;

/// What became of every alarm (a finding seen for the first time).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AlarmCounts {
    /// Findings seen for the first time.
    pub alarms: u64,
    /// Opened an incident.
    pub incidents: u64,
    /// Joined one.
    pub folded: u64,
    /// Put aside, with a reason, an owner and an end.
    pub shelved: u64,
    /// Not alarms: repeats, confirmations and withdrawals of known findings.
    pub repeats: u64,
}

impl AlarmCounts {
    /// Counts one outcome.
    pub fn count(&mut self, outcome: &FoldOutcome) {
        let (alarm, kind) = match outcome {
            FoldOutcome::Opened(_) => (1, &mut self.incidents),
            FoldOutcome::Folded(_) => (1, &mut self.folded),
            FoldOutcome::Shelved { .. } => (1, &mut self.shelved),
            FoldOutcome::Updated(_) | FoldOutcome::Known { .. } | FoldOutcome::Ignored { .. } => {
                (0, &mut self.repeats)
            }
        };
        *kind = kind.saturating_add(1);
        self.alarms = self.alarms.saturating_add(alarm);
    }

    /// Whether every alarm is accounted for.
    pub fn add_up(&self) -> bool {
        let sum = self.incidents.saturating_add(self.folded).saturating_add(self.shelved);
        self.alarms == sum
    }
}
