//! The named bounds of everything that grows here, each with a counted behaviour at the bound.

use std::time::Duration;

/// Sightings kept per person; the oldest go first.
pub const SIGHTINGS_PER_PERSON_MAX: usize = 256;
/// People whose whereabouts are kept; beyond, the longest unseen are forgotten.
pub const PEOPLE_WATCHED_MAX: usize = 200_000;
/// Silences kept per source; the oldest go first.
pub const SILENCES_PER_SOURCE_MAX: usize = 64;
/// Distinct reasons listed per rule that could not be decided.
pub const UNDECIDED_REASONS_MAX: usize = 32;
/// Events and matches that wait for the watermark; beyond, the oldest are judged early.
pub const PENDING_MAX: usize = 1_000_000;
/// Groups with an open window, over all correlations; beyond, the soonest to end are closed early.
pub const GROUPS_MAX: usize = 1_000_000;
/// Events kept in one group's window; the oldest go first.
pub const WINDOW_EVENTS_MAX: usize = 1_000;
/// Waiting events of one group up to which an out-of-order arrival is judged at once.
pub const EARLY_REBUILD_MAX: usize = 1_000;
/// Longest episode; a longer one is cut and a new one begins.
pub const EPISODE_MAX: Duration = Duration::from_secs(86_400);
/// How long an `in` stays known where no exit is watched and no place says otherwise.
pub const DWELL_DEFAULT: Duration = Duration::from_secs(12 * 3_600);
/// How long after a grant `not taken` at the same door still takes it back.
pub const NOT_TAKEN_WITHIN: Duration = Duration::from_secs(60);
/// How much later than its lateness a silent source's events are still waited for.
pub const SILENT_HOLD: Duration = Duration::from_secs(3_600);
/// Depth to which an event's nested values are searched for keywords.
pub const NESTING_MAX: usize = 64;
/// Bytes of one rendered `because`.
pub const BECAUSE_BYTES_MAX: usize = 1_000;
/// Bytes of one rule file.
pub const RULE_FILE_BYTES_MAX: usize = 2 << 20;
/// Numbers kept for the median or a percentile of one window; beyond, the window is undecided.
pub const WINDOW_VALUES_MAX: usize = 100_000;
/// Largest count that a correlation may ask for in one group.
pub const COUNT_MAX: u64 = 100_000;
/// How many correlations may build on each other.
pub const CHAIN_MAX: usize = 8;
