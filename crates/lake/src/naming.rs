//! The names of objects. Only what matches them is ever removed.

use chrono::{Days, NaiveDate};
use model::{PlaceId, TenantId, Timestamp};

use crate::catalogue::FileKind;

const NANOS_PER_DAY: i64 = 86_400_000_000_000;

/// Days since 1970 in UTC.
pub(crate) fn day_of(time: Timestamp) -> i32 {
    // A timestamp spans fewer than 110,000 days either way.
    i32::try_from(time.nanos().div_euclid(NANOS_PER_DAY)).unwrap_or(i32::MAX)
}

/// A day as `2026-11-22`.
pub(crate) fn day_text(day: i32) -> String {
    let epoch = NaiveDate::default();
    let distance = Days::new(u64::from(day.unsigned_abs()));
    let date =
        if day < 0 { epoch.checked_sub_days(distance) } else { epoch.checked_add_days(distance) };
    date.unwrap_or(epoch).format("%Y-%m-%d").to_string()
}

/// The folder of everything of one kind and tenant.
pub(crate) fn root(kind: FileKind, tenant: &TenantId) -> String {
    format!("{}/tenant={tenant}", kind.as_str())
}

/// The folder of one partition: `class` is `None` for raw records.
pub(crate) fn folder(
    tenant: &TenantId,
    site: Option<&PlaceId>,
    class: Option<u32>,
    day: i32,
) -> String {
    let day = day_text(day);
    match class {
        Some(class) => {
            let site = site.map_or("none", PlaceId::as_str);
            format!("{}/site={site}/class={class}/day={day}", root(FileKind::Events, tenant))
        }
        None => format!("{}/day={day}", root(FileKind::Raw, tenant)),
    }
}

/// `<first_seq>-<last_seq>-<number>.parquet`. `number` is never used twice in one lake.
pub(crate) fn file(first: u64, last: u64, number: u64) -> String {
    format!("{first}-{last}-{number}.parquet")
}

/// The number in a file's name; `None` when the name is not one of ours.
pub(crate) fn number_of(path: &str) -> Option<u64> {
    let name = path.rsplit('/').next()?.strip_suffix(".parquet")?;
    let mut parts = name.split('-');
    let (first, last, number) = (parts.next()?, parts.next()?, parts.next()?);
    let plain = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let ours = plain(first) && plain(last) && plain(number) && parts.next().is_none();
    ours.then(|| number.parse().ok())?
}

/// Whether `path` is one that `folder` and `file` could have made for this tenant.
pub(crate) fn is_ours(path: &str, tenant: &TenantId) -> bool {
    let Some((folders, _)) = path.rsplit_once('/') else {
        return false;
    };
    if number_of(path).is_none() {
        return false;
    }
    let keys = |rest: &str, wanted: &[&str]| {
        let parts: Vec<&str> = rest.split('/').filter(|p| !p.is_empty()).collect();
        let named = |(part, key): (&&str, &&str)| {
            part.split_once('=').is_some_and(|(k, v)| k == *key && !v.is_empty())
        };
        parts.len() == wanted.len() && parts.iter().zip(wanted).all(named)
    };
    let events = folders.strip_prefix(&root(FileKind::Events, tenant));
    let raw = folders.strip_prefix(&root(FileKind::Raw, tenant));
    events.is_some_and(|rest| rest.starts_with('/') && keys(rest, &["site", "class", "day"]))
        || raw.is_some_and(|rest| rest.starts_with('/') && keys(rest, &["day"]))
}

/// The object that a half-written one was to become: `NAME.parquet#7` gives `NAME.parquet`.
pub(crate) fn staged(path: &str) -> Option<&str> {
    let (object, suffix) = path.rsplit_once('#')?;
    suffix.bytes().all(|b| b.is_ascii_digit()).then_some(object)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn only_our_own_names_are_ours() {
        let tenant = TenantId::parse("main").unwrap();
        let day = day_of(Timestamp::from_rfc3339("2026-11-22T23:59:59Z").unwrap());
        let site = PlaceId::parse("hq").unwrap();
        let events = format!("{}/{}", folder(&tenant, Some(&site), Some(3002), day), file(1, 9, 4));
        assert_eq!(events, "events/tenant=main/site=hq/class=3002/day=2026-11-22/1-9-4.parquet");
        let raw = format!("{}/{}", folder(&tenant, None, None, -1), file(0, 0, 0));
        assert_eq!(raw, "raw/tenant=main/day=1969-12-31/0-0-0.parquet");
        assert!(is_ours(&events, &tenant) && is_ours(&raw, &tenant));
        assert_eq!(number_of(&events), Some(4));
        for other in [
            "events/tenant=main/site=hq/class=3002/day=2026-11-22/notes.parquet",
            "events/tenant=main/site=hq/class=3002/day=2026-11-22/1-9-4.csv",
            "events/tenant=main/1-9-4.parquet",
            "events/tenant=other/site=hq/class=3002/day=2026-11-22/1-9-4.parquet",
            "events/tenant=main2/site=hq/class=3002/day=2026-11-22/1-9-4.parquet",
            "raw/tenant=main/day=/1-9-4.parquet",
            "raw/tenant=main/day=2026-11-22/1-9.parquet",
            "1-9-4.parquet",
        ] {
            assert!(!is_ours(other, &tenant), "{other}");
        }
    }
}
