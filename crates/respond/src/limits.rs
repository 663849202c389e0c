//! Every bound of this crate, by name.

use std::time::Duration;

/// How far apart in event time a finding and an incident may be and still fold.
pub const FOLD_WINDOW: Duration = Duration::from_secs(60 * 60);
/// Longest time from an incident's first to its last evidence that folding may reach.
pub const FOLD_SPAN_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Most incidents per entity that are looked at to fold one finding, newest first.
pub const CANDIDATES_MAX: usize = 64;
/// Most findings of one incident; the next one opens another.
pub const FINDINGS_MAX: usize = 500;
/// Most events listed as evidence: the earliest half and the latest half.
pub const EVIDENCE_MAX: usize = 1_000;
/// Most persons, things and places of one incident; a finding that brings more opens another.
pub const ENTITIES_MAX: usize = 200;
/// Most steps of an operating procedure, all rules' together.
pub const SOP_STEPS_MAX: usize = 100;
/// Most lines of an incident's history; acts that could go on for ever are refused beyond.
pub const TIMELINE_MAX: usize = 4_000;
/// Longest title, in characters.
pub const TITLE_CHARS_MAX: usize = 200;
/// Longest comment or reason, in characters.
pub const TEXT_CHARS_MAX: usize = 8_000;
/// How long a hand-over waits to be accepted before it returns and escalates.
pub const OFFER_WAIT: Duration = Duration::from_secs(10 * 60);
/// How long after a silent call for help another one of the same person is the same one.
pub const PANIC_AGAIN_WITHIN: Duration = Duration::from_secs(10 * 60);
/// Longest time that an incident may be put aside.
pub const SNOOZE_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Most incidents that one may take in by hand.
pub const MERGED_MAX: usize = 200;
/// How long after its last change a closed incident may be opened again.
pub const REOPEN_WINDOW: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Most closed incidents whose findings are remembered, so that a repeat is known again.
pub const CLOSED_REMEMBERED_MAX: usize = 20_000;
