//! The named bounds of everything that grows here, each with a counted behaviour at the bound.

use std::time::Duration;

/// Fire signals kept per site; the oldest go first.
pub const FIRE_SIGNALS_MAX: usize = 256;
/// How long a fire alarm that nobody restores keeps rules silent: an alarm that is never reset
/// must not blind a site for ever.
pub const FIRE_MAX: Duration = Duration::from_secs(8 * 3_600);
/// Sightings kept per person; the oldest go first.
pub const SIGHTINGS_PER_PERSON_MAX: usize = 256;
/// Sightings kept per person while somebody asks who could have been where; the oldest go first.
pub const SIGHTINGS_ASKED_MAX: usize = 20_000;
/// Log-ons kept per person while somebody asks; the oldest go first.
pub const TRACES_ASKED_MAX: usize = 5_000;
/// How far from a moment a log-on still says something about it.
pub const TRACE_WITHIN: Duration = Duration::from_secs(300);
/// Moments in one question.
pub const MOMENTS_MAX: usize = 1_000;
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
/// Grants after which a door that never said whether somebody went through is named.
pub const DOOR_GRANTS_LEAST: u64 = 3;
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
/// Least time between two sites of which nothing else is known.
pub const TRAVEL_BETWEEN_SITES: Duration = Duration::from_secs(120);
/// Least time between sites of different regions of which nothing else is known.
pub const TRAVEL_BETWEEN_REGIONS: Duration = Duration::from_secs(600);
/// Fastest anyone travels between coordinates, in kilometres an hour.
pub const TRAVEL_SPEED_KMH_DEFAULT: f64 = 900.0;
/// What share of the learned time nobody stays below.
pub const TRAVEL_SHARE_DEFAULT: f64 = 0.5;
/// How far off a location that was looked up by address may be, in metres.
pub const GEO_ERROR_M: u32 = 100_000;
/// Places at which one person was seen of late; the oldest go first.
pub const SPOTS_PER_PERSON_MAX: usize = 16;
/// Doors of a zone up to which the way to it is looked for.
pub const GATES_PER_ZONE_MAX: usize = 16;
/// Pairs of doors, and of sites, whose travel time is learned; beyond, those that were walked
/// longest ago are forgotten.
pub const TRAVEL_PAIRS_MAX: usize = 20_000;
/// People whose last passage is kept to learn from; beyond, those longest unseen are forgotten.
pub const TRAVELLERS_MAX: usize = 200_000;
/// Passages that wait for the watermark to teach; beyond, further ones are not learned from.
pub const LESSONS_PENDING_MAX: usize = 200_000;
/// Different people whose quickest way is kept per pair.
pub const QUICKEST_KEPT: usize = 8;
/// The so-manieth quickest of different people counts: the quicker ones may be cloned cards.
pub const QUICKEST_RANK: usize = 3;
/// Different people that must have gone a way before it counts.
pub const TRAVEL_PEOPLE_LEAST: usize = 5;
/// Passages that must have been seen on a way before it counts.
pub const TRAVEL_PASSAGES_LEAST: u64 = 100;
/// Two passages of one person further apart teach nothing about the way between them.
pub const LESSON_GAP_MAX: Duration = Duration::from_secs(12 * 3_600);
/// Weeks that the habit of an hour remembers.
pub const HOUR_WEEKS_MAX: u32 = 32;
/// Windows that the habit of a rate remembers; the oldest go first.
pub const RATE_WINDOWS_MAX: usize = 64;
/// Windows in which something happened that a rate needs before it has a usual.
pub const RATE_WINDOWS_LEAST: usize = 5;
/// Groups whose habits are kept, over all rules; beyond, those longest unseen are forgotten, and
/// must be learned anew before anything is said of them.
pub const HABITS_MAX: usize = 200_000;
/// Values remembered per group; beyond, the longest unseen go, and nothing is called the first
/// that may have been among them.
pub const HABIT_VALUES_MAX: usize = 256;
/// Values remembered over all groups; beyond, the groups longest unseen are forgotten.
pub const HABIT_VALUES_ALL_MAX: usize = 4_000_000;
/// Bytes of one value that a habit remembers; longer ones are cut.
pub const HABIT_VALUE_BYTES_MAX: usize = 256;
/// Matches that wait until what was before their rule has been read; beyond, the earliest are
/// learned from and not judged, counted as undecided.
pub const HISTORY_HELD_MAX: usize = 100_000;
/// Sources whose way from claim to receipt is measured; further ones are not, and counted.
pub const CLOCK_SOURCES_MAX: usize = 10_000;
/// Hours of receipt over which the least such way is kept.
pub const CLOCK_HOURS_MAX: usize = 24;
/// Pairs of sources whose clocks are compared; further ones are not, and counted.
pub const CLOCK_PAIRS_MAX: usize = 1_000;
/// Differences kept per pair, the newest; the middle of them counts.
pub const CLOCK_DIFFERENCES_MAX: usize = 64;
/// Differences that a pair needs before their middle counts.
pub const CLOCK_DIFFERENCES_LEAST: usize = 16;
/// How far apart two sources' words of one fact may be.
pub const CLOCK_FACT_WITHIN: Duration = Duration::from_secs(120);
/// Facts kept to be compared with another source's word; the oldest go first.
pub const CLOCK_FACTS_MAX: usize = 10_000;
/// The most by which a clock's bound is widened.
pub const CLOCK_WIDEN_MAX: Duration = Duration::from_secs(3_600);
