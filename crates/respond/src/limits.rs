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
/// Longest step of an operating procedure that is written by hand, in characters.
pub const STEP_CHARS_MAX: usize = 500;
/// How far ahead of now an incident that is opened by hand may have been seen.
pub const HAND_AHEAD_MAX: Duration = Duration::from_secs(60);
/// How long ago, at most.
pub const HAND_BACK_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// Longest comment or reason, in characters.
pub const TEXT_CHARS_MAX: usize = 8_000;
/// How long a hand-over waits to be accepted before it returns and escalates.
pub const OFFER_WAIT: Duration = Duration::from_secs(10 * 60);
/// How long after a silent call for help another one of the same person is the same one.
pub const PANIC_AGAIN_WITHIN: Duration = Duration::from_secs(10 * 60);
/// How long after a press another one is the same press: a link that failed tries it again.
pub const PANIC_SAME_PRESS: Duration = Duration::from_secs(20);
/// Most presses of one call that are remembered, the newest; the first is its own.
pub const PANIC_PRESSES_MAX: usize = 100;
/// Most telephone numbers of whoever calls.
pub const PANIC_PHONES_MAX: usize = 4;
/// How long a silent call for help waits to be acknowledged before it is escalated.
pub const CALL_WAIT: Duration = Duration::from_secs(60);
/// How long any other critical incident waits to be acknowledged before it is escalated.
pub const CRITICAL_WAIT: Duration = Duration::from_secs(5 * 60);
/// Most escalations of one incident, each after twice the time of the one before; it stays with
/// everybody after the last.
pub const ESCALATIONS_MAX: usize = 4;
/// Longest time that an incident may be put aside.
pub const SNOOZE_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Most incidents that one may take in by hand.
pub const MERGED_MAX: usize = 200;
/// How long after its last change a closed incident may be opened again.
pub const REOPEN_WINDOW: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Most closed incidents whose findings are remembered, so that a repeat is known again.
pub const CLOSED_REMEMBERED_MAX: usize = 20_000;
