//! Every bound that Castellan keeps, by name, with what happens when it is reached.

use std::time::Duration;

use store::{JournalLimits, StoreError};

macro_rules! limits {
    ($($(#[doc = $doc:expr])+ $name:ident : $kind:ident = $default:expr;)+) => {
        /// The bounds in force. Each can be set under `[limits]` in `castellan.toml`.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $name: u64,)+
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        /// A limit's name, unit, default and meaning.
        #[derive(Debug, Clone, Copy)]
        pub struct LimitInfo {
            /// Key under `[limits]`.
            pub name: &'static str,
            /// `bytes`, `records`, `ms` …
            pub unit: &'static str,
            /// Default.
            pub default: u64,
            /// What it bounds and what happens at it.
            pub meaning: &'static str,
        }

        /// All limits, in the order of the page.
        pub const LIMITS: &[LimitInfo] = &[
            $(LimitInfo {
                name: stringify!($name),
                unit: stringify!($kind),
                default: $default,
                meaning: concat!($($doc),+),
            },)+
        ];

        impl Limits {
            /// Sets one by name; `false` when there is no such limit.
            pub fn set(&mut self, name: &str, value: u64) -> bool {
                match name {
                    $(stringify!($name) => self.$name = value,)+
                    _ => return false,
                }
                true
            }
            /// One by name.
            pub fn get(&self, name: &str) -> Option<u64> {
                match name {
                    $(stringify!($name) => Some(self.$name),)+
                    _ => None,
                }
            }
        }
    };
}

/// Why the journal's limits cannot be kept, by the names that the configuration has for them.
pub fn journal_problem(error: &StoreError) -> String {
    let StoreError::Limit { name, found, expected } = error else { return error.to_string() };
    let key = match *name {
        "total_bytes_max" => "journal.bytes_max",
        "segment_bytes_max" => "limits.journal_segment_bytes_max",
        other => other,
    };
    format!("`{key}`: found {found}, expected {expected}")
}

limits! {
    /// Edges that are connected at once, those being enrolled among them; one more is closed.
    edge_connections_max: connections = 2_000;
    /// One floor plan's image; a larger one is refused with 413.
    plan_bytes_max: bytes = 4 << 20;
    /// Marks of one floor plan; more is refused with 413.
    plan_marks_max: marks = 2_000;
    /// Events of one export; the rest is left out, and the answer says so.
    export_rows_max: rows = 200_000;
    /// Characters of one entry of the occurrence log; a longer one is refused.
    occurrence_text_chars_max: characters = 4_000;
    /// How far after now an entry of the occurrence log may say it happened; later is refused.
    occurrence_ahead_ms_max: ms = 60_000;
    /// Events of one evidence bundle; the rest is left out, and its manifest says so.
    bundle_events_max: events = 5_000;
    /// What one evidence bundle holds, unpacked; events and raw records beyond it are left out,
    /// and its manifest says so.
    bundle_bytes_max: bytes = 128 << 20;
    /// Lines of one table of a report; the rest is counted.
    report_rows_max: rows = 500;
    /// Longest time that one report is about; a longer one is refused.
    report_period_ms_max: ms = 31 * 24 * 3_600_000;
    /// Evidence bundles and reports made at once; more are refused with 429.
    papers_at_once_max: papers = 2;
    /// Bytes of one raw record that the console shows; the rest is in the evidence bundle.
    raw_shown_bytes_max: bytes = 256 << 10;
    /// One person's photo; a larger one is not taken, with a warning.
    photo_bytes_max: bytes = 256 << 10;
    /// Refusals at doors that are listed; beyond it the oldest are only in history.
    refusals_kept_max: refusals = 1_000;
    /// People whose whereabouts are at hand; beyond it who was unseen longest is unknown.
    whereabouts_people_max: people = 200_000;
    /// Moments of one question who could have been there; more is refused with 400.
    inquiry_moments_max: moments = 50;
    /// From the first to the last moment of such a question; longer is refused with 400.
    inquiry_span_ms_max: ms = 31 * 24 * 3_600_000;
    /// How far back before the first moment is looked; who was seen earlier only is unknown.
    inquiry_back_ms_max: ms = 31 * 24 * 3_600_000;
    /// How far on after the last moment is looked for what it shows of the time before.
    inquiry_ahead_ms_max: ms = 24 * 3_600_000;
    /// Events that one question looks through; with more it is refused, not cut.
    inquiry_events_max: events = 4_000_000;
    /// Longest time for each of its looks into history; beyond it the question is refused.
    inquiry_ms_max: ms = 20_000;
    /// People that one answer lists; the rest is counted.
    inquiry_people_max: people = 2_000;
    /// Such questions worked on at once; more are refused with 429.
    inquiries_at_once_max: questions = 2;
    /// One mapping's files together, as edited; more is refused with 413.
    mapping_bytes_max: bytes = 512 << 10;
    /// Records of one try of a mapping; more is refused with 413.
    mapping_try_records_max: records = 200;
    /// Longest time for one try or check of an edited mapping; beyond it the mapping is refused.
    mapping_try_ms_max: ms = 20_000;
    /// Memory of the process that runs one try or check, of which it needs some 64 MiB itself;
    /// beyond it the mapping is refused.
    mapping_try_memory_bytes_max: bytes = 256 << 20;
    /// The house's mappings and the records of one try or check; more is refused with 413.
    mapping_try_question_bytes_max: bytes = 64 << 20;
    /// What one try or check may give; beyond it the mapping is refused.
    mapping_try_answer_bytes_max: bytes = 32 << 20;
    /// Tries and checks of edited mappings at once; more are refused with 429.
    mapping_tries_at_once_max: tries = 2;
    /// Replays over the lake at once; more are refused with 429.
    replays_at_once_max: replays = 1;
    /// Replays whose results are kept; beyond it the oldest are forgotten.
    replays_kept_max: replays = 20;
    /// Longest stretch that one replay is about; a longer one is refused.
    replay_period_ms_max: ms = 400 * 24 * 3_600_000;
    /// Findings that one replay tells apart; at one more it ends early, and says so.
    replay_findings_max: findings = 100_000;
    /// Findings of one replay that are kept whole, the earliest; the rest is only counted.
    replay_findings_kept_max: findings = 5_000;
    /// Records that the flow may be behind before a replay, or a reading of history, stands aside
    /// for it.
    replay_behind_max: records = 2_000;
    /// Events that are read so that new rules know what is usual; with more the reading begins
    /// later, and the rule's page says from when on.
    history_events_max: events = 50_000_000;
    /// A draft of rules with its cases and exceptions; a larger one is refused.
    draft_bytes_max: bytes = 512 << 10;
    /// People whose names one session has asked for; at the limit the earliest are hidden again.
    reveals_max: people = 1_000;
    /// One HTTP ingest body as sent; more is refused with 413.
    body_bytes_max: bytes = 64 << 20;
    /// One HTTP ingest body after decompression; more is refused with 413.
    body_plain_bytes_max: bytes = 256 << 20;
    /// Memory that HTTP ingest bodies in work may take together; a request beyond it is refused
    /// with 429. Never less than the largest body needs: `body_bytes_max` and three times
    /// `body_plain_bytes_max`.
    ingest_bytes_max: bytes = 1 << 30;
    /// One record; a longer one is refused (HTTP) or cut and flagged (syslog, MQTT, tail).
    record_bytes_max: bytes = 1 << 20;
    /// Depth of nesting of one JSON record; deeper is refused.
    json_depth_max: levels = 64;
    /// Records of one HTTP request; more is refused with 413.
    request_records_max: records = 200_000;
    /// Records a source may send by HTTP in a second, averaged over ten; more is refused with 429.
    source_rate_max: records_per_second = 200_000;
    /// HTTP ingest requests worked on at once; more are refused with 429.
    ingest_requests_max: requests = 64;
    /// Records between listeners and the journal; at the limit TCP and MQTT wait, UDP is dropped.
    intake_queue_records_max: records = 65_536;
    /// Records written in one journal batch.
    journal_batch_records_max: records = 8_192;
    /// One journal segment file; a new one is begun beyond it.
    journal_segment_bytes_max: bytes = 256 << 20;
    /// The whole journal; beyond it what every consumer has read is dropped, else nothing is
    /// acknowledged any more.
    journal_bytes_max: bytes = 8 << 30;
    /// How long the journal keeps what every consumer has read.
    journal_age_ms_max: ms = 24 * 3_600_000;
    /// Committed records kept in memory for readers; older ones are read from the file.
    journal_recent_bytes_max: bytes = 96 << 20;
    /// TCP and TLS syslog connections at once; more are closed at once, counted.
    syslog_connections_max: connections = 1_024;
    /// Rows in memory that are not yet in the lake; beyond it the pipeline waits for the flush.
    lake_memory_rows_max: rows = 400_000;
    /// Bytes in memory that are not yet in the lake; beyond it the pipeline waits for the flush.
    lake_memory_bytes_max: bytes = 384 << 20;
    /// Rows that make a flush worth while before its time.
    lake_flush_rows: rows = 150_000;
    /// Longest time between two flushes of the lake.
    lake_flush_ms_max: ms = 30_000;
    /// Rows that one query may return; the rest is cut and said.
    query_rows_max: rows = 10_000;
    /// Longest time for one query.
    query_ms_max: ms = 30_000;
    /// Memory for one query.
    query_bytes_max: bytes = 256 << 20;
    /// Subscribers of the live stream at once; more are refused with 429.
    live_subscribers_max: subscribers = 256;
    /// The same of one operator or token; more are refused with 429. The last quarter of all is
    /// kept for those who have none.
    live_per_operator_max: subscribers = 96;
    /// The same of one session; more are refused with 429.
    live_per_session_max: subscribers = 64;
    /// Messages a slow subscriber may fall behind; beyond it messages are skipped and counted.
    live_backlog_max: messages = 4_096;
    /// Longest time between two ticks of the journal's clock.
    tick_ms: ms = 2_000;
    /// Questions that one enforcement point may ask in a second, averaged over ten; more are
    /// refused with 429. A search counts as fifty.
    evaluations_per_s_max: questions = 500;
    /// Sources a token or organisation may name.
    sources_max: sources = 10_000;
    /// How long a session lasts at most; then its operator signs in again.
    session_ms_max: ms = 16 * 3_600_000;
    /// How long a session lasts unused.
    session_idle_ms_max: ms = 2 * 3_600_000;
    /// Sessions of one operator at once; beyond it the oldest ends.
    sessions_per_operator_max: sessions = 20;
    /// How long a one-time link works, and the session that it begins.
    signin_link_ms_max: ms = 15 * 60_000;
    /// Within this time refusals are counted together.
    signin_window_ms: ms = 15 * 60_000;
    /// Refusals of one login within the window; beyond it tries are refused unheard with 429.
    signin_refusals_login_max: refusals = 10;
    /// Refusals from one address within the window; beyond it tries are refused unheard with 429.
    signin_refusals_address_max: refusals = 50;
    /// Logins and addresses whose refusals are remembered; beyond it the oldest are forgotten.
    signin_tries_kept_max: entries = 10_000;
    /// Passwords hashed at once; more wait five seconds, then are refused with 429.
    password_hashes_at_once_max: hashes = 4;
    /// Memory that one password's hash takes.
    password_memory_kib: kib = 19_456;
    /// Passkey ceremonies that wait for their browser; beyond it the oldest are forgotten.
    passkey_ceremonies_max: ceremonies = 1_000;
    /// How long a sign-in counts as proof, for who changes what they sign in with; then they are
    /// asked to sign in again.
    proof_ms_max: ms = 10 * 60_000;
    /// Sign-ins by a provider that wait for their browser; beyond it the oldest are forgotten.
    oidc_states_max: states = 1_000;
    /// The same from one address; beyond it its own oldest are forgotten.
    oidc_states_address_max: states = 50;
    /// How long a browser may take at the provider; then it begins again.
    oidc_state_ms_max: ms = 10 * 60_000;
    /// Longest wait for one answer of a provider; then it counts as unreachable.
    oidc_answer_ms_max: ms = 10_000;
    /// How long a provider's document and keys are believed; then they are asked for again.
    oidc_metadata_ms_max: ms = 3_600_000;
}

impl Limits {
    /// The journal's.
    pub fn journal(&self) -> JournalLimits {
        JournalLimits {
            segment_bytes_max: self.journal_segment_bytes_max,
            total_bytes_max: self.journal_bytes_max,
            age_max: Self::ms(self.journal_age_ms_max),
            memory_recent_bytes_max: Self::count(self.journal_recent_bytes_max),
            batch_records_max: Self::count(
                self.request_records_max.max(self.journal_batch_records_max).saturating_add(16),
            ),
            ..JournalLimits::default()
        }
    }

    /// A limit in milliseconds as a duration.
    pub fn ms(value: u64) -> Duration {
        Duration::from_millis(value)
    }

    /// A limit as a count of things in memory.
    pub fn count(value: u64) -> usize {
        usize::try_from(value).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_can_be_set_by_its_name() {
        for info in LIMITS {
            let mut limits = Limits::default();
            assert_eq!(limits.get(info.name), Some(info.default));
            assert!(limits.set(info.name, 7), "{}", info.name);
            assert_eq!(limits.get(info.name), Some(7));
        }
        assert!(!Limits::default().set("nonsense", 1));
    }
}
