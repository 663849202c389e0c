//! Numbers of findings in words.

use std::time::Duration;

/// `45s`, `4m 05s`, `3h 20m`, `90 days`.
pub(crate) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        60..3_600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3_600..172_800 if seconds % 3_600 < 60 => format!("{}h", seconds / 3_600),
        3_600..172_800 => format!("{}h {:02}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Values of several fields, joined as they are kept, for people.
pub(crate) fn value(joined: &str) -> String {
    joined.trim_end_matches('\u{1f}').replace('\u{1f}', ", ")
}

/// As [`span`], rounded up to a whole second: `within` must hold.
pub(crate) fn span_up(gap: Duration) -> String {
    let rest = u64::from(gap.subsec_nanos() > 0);
    span(Duration::from_secs(gap.as_secs() + rest))
}
