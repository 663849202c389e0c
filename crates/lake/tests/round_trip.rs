//! What goes in comes out: from memory, from files, by SQL, by search, by any Parquet reader.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::{LONG, all, at, config, event, flush, raw, row, search};
use lake::{
    AppendOutcome, Cursor, FORMAT_KEY, FlushReason, Lake, LakeError, LimitKind, QueryLimits, Search,
};
use model::{AssetId, PersonId, PlaceId, SourceId, Timestamp};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Value, json};

fn kept(outcome: AppendOutcome) {
    assert!(matches!(outcome, AppendOutcome::Kept | AppendOutcome::FlushNow), "{outcome:?}");
}

/// Five hundred events over two days, a second apart around midnight.
fn times() -> Vec<(u64, Timestamp)> {
    let start = at("2026-11-21T23:55:00Z");
    (0..500).map(|seq| (seq, start.plus(Duration::from_secs(seq)))).collect()
}

/// A lake with the first part of `times` in files and the rest in memory.
async fn filled(folder: &std::path::Path, in_files: usize) -> (Lake, Vec<lake::FileEntry>) {
    let lake = Lake::open(config(folder), Vec::new()).await.unwrap();
    let mut catalogue = Vec::new();
    for (index, (seq, time)) in times().into_iter().enumerate() {
        kept(lake.append(&mut vec![row(seq, 0, time)], &mut vec![raw(seq, time)]));
        if index + 1 == in_files {
            flush(&lake, &mut catalogue).await;
        }
    }
    (lake, catalogue)
}

async fn sql(lake: &Lake, text: &str) -> Vec<Value> {
    let result = lake.query(text, QueryLimits { may_read_raw: true, ..QueryLimits::default() });
    let rows = result.await.unwrap().rows().unwrap();
    rows.into_iter().map(Value::Object).collect()
}

#[test]
fn a_row_is_the_event_whole() {
    for part in [0, 3] {
        let event = event(17, part, at("2026-11-22T10:00:00.123456789Z"));
        let row = lake::LakeRow::from_event(&event).unwrap();
        let mut read: Value = serde_json::from_str(&row.ocsf).unwrap();
        let ours = read["castellan"].as_object_mut().unwrap();
        // What a replay needs beside the event.
        let kept = (ours.remove("trust").unwrap(), ours.remove("logsource").unwrap());
        assert_eq!(kept, (json!("token"), json!([null, null, null])));
        assert_eq!(read, event.to_json());
        assert_eq!(row.person.unwrap().as_str(), "p7");
        assert_eq!(row.user_name.unwrap(), "user7");
        assert_eq!(row.device_host.unwrap(), "controller");
        assert_eq!(row.credential.unwrap(), "card-17");
        assert_eq!(row.door.unwrap(), "lobby");
        assert_eq!(
            row.site,
            None::<PlaceId>.or(event.enrichment.unwrap().place.and_then(|p| p.site))
        );
    }
}

#[tokio::test]
async fn queries_answer_alike_from_memory_from_files_and_from_both() {
    let mut answers = Vec::new();
    for in_files in [0, 1, 250, 499, 500] {
        let folder = tempfile::tempdir().unwrap();
        let (lake, _) = filled(folder.path(), in_files).await;
        let mut answer = Vec::new();
        for text in [
            "SELECT count(*) AS n, min(time) AS a, max(time) AS b, sum(seq) AS s FROM events",
            "SELECT class_uid, site, count(*) AS n FROM events GROUP BY 1, 2 ORDER BY 1, 2",
            "SELECT seq FROM events WHERE person = 'p3' AND time >= '2026-11-22T00:00:00Z' ORDER BY seq",
            "SELECT seq FROM events WHERE site IS NULL AND class_uid = 3002 ORDER BY seq",
            "SELECT seq, ocsf, fingerprint FROM events ORDER BY time DESC LIMIT 3",
            "SELECT seq FROM events WHERE src_ip IN ('10.0.0.9', '10.0.1.9', '10.0.3.3') ORDER BY seq",
            "SELECT seq FROM events WHERE message LIKE '%number 33%' ORDER BY seq",
            "SELECT seq, body, trust, rerun_of FROM raw WHERE seq BETWEEN 248 AND 252 ORDER BY seq",
            "SELECT count(*) AS n FROM events WHERE seq >= 490 AND severity_id > 2",
            "SELECT json_text(ocsf, 'portal.name') AS door, count(*) AS n FROM events \
             WHERE json_text(ocsf, 'castellan.person') = person GROUP BY 1",
            "SELECT e.seq FROM events e JOIN raw r ON e.seq = r.seq WHERE r.bytes_cut = 2 AND e.person = 'p1' ORDER BY 1",
        ] {
            answer.push(sql(&lake, text).await);
        }
        answers.push(answer);
    }
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    let first = &answers[0];
    assert_eq!(
        first[0],
        [json!({
            "n": 500, "a": "2026-11-21T23:55:00Z", "b": "2026-11-22T00:03:19Z", "s": 124_750
        })]
    );
    assert_eq!(first[2].len(), 20);
    assert!(first.iter().all(|rows| !rows.is_empty()), "{first:?}");
    assert_eq!(first[4][0]["seq"], 499);
    assert_eq!(first[9], [json!({"door": "lobby", "n": 500})]);
}

#[tokio::test]
async fn searches_find_exactly_what_they_ask_for() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, _) = filled(folder.path(), 333).await;
    let newest_first = |keep: &dyn Fn(u64) -> bool| -> Vec<(u64, u16)> {
        (0..500).rev().filter(|seq| keep(*seq)).map(|seq| (seq, 0)).collect()
    };
    let any = Search::default;
    let place = |id: &str| Some(PlaceId::parse(id).unwrap());
    let midnight = at("2026-11-22T00:00:00Z");
    type Wanted = Box<dyn Fn(u64) -> bool>;
    let wants: Vec<(Search, Wanted)> = vec![
        (any(), Box::new(|_| true)),
        (Search { from: Some(midnight), ..any() }, Box::new(|s| s >= 300)),
        (Search { to: Some(midnight), ..any() }, Box::new(|s| s < 300)),
        (
            Search { person: Some(PersonId::parse("p4").unwrap()), ..any() },
            Box::new(|s| s % 10 == 4),
        ),
        (Search { person: Some(PersonId::parse("nobody").unwrap()), ..any() }, Box::new(|_| false)),
        (
            Search { asset: Some(AssetId::parse("ws-7").unwrap()), ..any() },
            Box::new(|s| s % 20 == 7),
        ),
        (Search { ip: Some("10.0.1.50".into()), ..any() }, Box::new(|s| s == 250)),
        (Search { ip: Some("10.9.9.9".into()), ..any() }, Box::new(|_| true)),
        (Search { place: place("zone-a"), ..any() }, Box::new(|s| s % 4 != 3)),
        (Search { place: place("lab"), ..any() }, Box::new(|s| s % 4 == 2)),
        (Search { site: place("hq"), ..any() }, Box::new(|s| s % 4 < 2)),
        (Search { class: Some(3_002), ..any() }, Box::new(|s| s % 3 == 1)),
        (
            Search { source: Some(SourceId::parse("fw").unwrap()), ..any() },
            Box::new(|s| s % 2 == 1),
        ),
        (Search { credential: Some("card-11".into()), ..any() }, Box::new(|s| s % 50 == 11)),
        (
            Search { user: Some("user2".into()), class: Some(4_001), ..any() },
            Box::new(|s| s % 10 == 2 && s % 3 == 2),
        ),
        (
            Search {
                text: Some("NUMBER 31".into()),
                from: Some(at("2026-01-01T00:00:00Z")),
                ..any()
            },
            Box::new(|s| s.to_string().starts_with("31")),
        ),
        (
            Search {
                text: Some("c:\\TEMP\" for ÜBER-user 3".into()),
                from: Some(midnight),
                ..any()
            },
            Box::new(|s| s >= 300 && s % 7 == 3),
        ),
    ];
    for (wanted, keep) in wants {
        for page in [7, 1_000] {
            assert_eq!(all(&lake, &wanted, page).await, newest_first(&*keep), "{wanted:?}");
        }
    }
}

#[tokio::test]
async fn one_event_and_one_record_are_found_by_their_identity() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, _) = filled(folder.path(), 333).await;
    for seq in [0, 17, 332, 333, 499] {
        let time = times()[usize::try_from(seq).unwrap()].1;
        let found = lake.event(seq, 0).await.unwrap().unwrap();
        assert_eq!(found.key, Cursor { time, seq, part: 0 });
        assert_eq!(found.ocsf, row(seq, 0, time).ocsf);
        assert_eq!(lake.raw(seq).await.unwrap().unwrap(), raw(seq, time));
    }
    assert!(lake.event(500, 0).await.unwrap().is_none());
    assert!(lake.event(5, 1).await.unwrap().is_none());
    assert!(lake.raw(500).await.unwrap().is_none());
}

#[tokio::test]
async fn a_cursor_survives_its_text() {
    let key = Cursor { time: Timestamp::from_nanos(-5), seq: u64::MAX, part: 7 };
    assert_eq!(key.to_string().parse::<Cursor>().unwrap(), key);
    for text in ["", "1", "1.2", "1.2.x", "1.2.3.4", "1.2.70000"] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
}

#[tokio::test]
async fn any_parquet_reader_opens_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let (_lake, catalogue) = filled(folder.path(), 500).await;
    let mut rows = 0;
    for entry in &catalogue {
        let file = std::fs::File::open(folder.path().join(&entry.path)).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let meta = reader.metadata().file_metadata();
        let keys = meta.key_value_metadata().unwrap();
        assert!(keys.iter().any(|k| k.key == FORMAT_KEY && k.value.as_deref() == Some("1")));
        let mut last = i64::MIN;
        for read in reader.get_row_iter(None).unwrap() {
            let read = read.unwrap();
            let cells: BTreeMap<_, _> = read.get_column_iter().collect();
            let text = |name: &str| match cells[&name.to_owned()] {
                Field::Str(text) => Some(text.as_str()),
                _ => None,
            };
            if let Some(Field::Long(time)) = cells.get(&"time".to_owned()) {
                assert!(entry.time_min.nanos() <= *time && *time <= entry.time_max.nanos());
                assert!(*time >= last);
                last = *time;
                assert_eq!(cells[&"class_uid".to_owned()], &Field::UInt(entry.class_uid.unwrap()));
                let ocsf: Value = serde_json::from_str(text("ocsf").unwrap()).unwrap();
                assert_eq!(ocsf["castellan"]["person"].as_str(), text("person"));
            }
            rows += 1;
        }
    }
    assert_eq!(rows, 1_000);
    let days: std::collections::BTreeSet<i32> = catalogue.iter().map(|e| e.day).collect();
    assert_eq!(days.len(), 2);
    assert!(catalogue.iter().any(|e| {
        e.path.starts_with("events/tenant=main/site=none/class=3002/day=2026-11-22/")
    }));
}

#[tokio::test]
async fn what_is_not_a_query_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, _) = filled(folder.path(), 100).await;
    let out = folder.path().join("out.csv");
    for text in [
        "INSERT INTO events SELECT * FROM events".to_owned(),
        "DELETE FROM events".to_owned(),
        "UPDATE events SET seq = 1".to_owned(),
        "DROP TABLE events".to_owned(),
        "CREATE TABLE t AS SELECT 1".to_owned(),
        "CREATE VIEW v AS SELECT 1".to_owned(),
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'".to_owned(),
        format!("COPY (SELECT 1) TO '{}'", out.display()),
        format!("EXPLAIN ANALYZE COPY (SELECT 1) TO '{}'", out.display()),
        "SET datafusion.execution.batch_size = 1".to_owned(),
        "SELECT 1; SELECT 2".to_owned(),
        "SELECT 1; DROP TABLE events".to_owned(),
        "TRUNCATE TABLE events".to_owned(),
        "PREPARE p AS SELECT 1".to_owned(),
        String::new(),
    ] {
        let error = lake.query(&text, QueryLimits::default()).await.unwrap_err();
        assert!(
            matches!(error, LakeError::Refused { .. }) && !error.is_retryable(),
            "{text}: {error:?}"
        );
    }
    assert!(!out.exists());
    let raw = lake.query("SELECT * FROM raw", QueryLimits::default()).await.unwrap_err();
    assert!(matches!(raw, LakeError::Sql { .. }), "{raw:?}");
    let file = lake.query("SELECT * FROM '/etc/passwd'", QueryLimits::default()).await;
    assert!(matches!(file.unwrap_err(), LakeError::Sql { .. }));
    assert_eq!(sql(&lake, "SELECT count(*) AS n FROM events").await, [json!({"n": 500})]);
}

#[tokio::test]
async fn wrong_sql_is_told_with_its_position() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, _) = filled(folder.path(), 100).await;
    for (text, line, column) in [
        ("SELECT FROM WHERE", 1, 13),
        ("SELECT seq,\n  persn FROM events", 2, 3),
        ("SELECT * FROM evnts", 1, 15),
    ] {
        let error = lake.query(text, QueryLimits::default()).await.unwrap_err();
        let LakeError::Sql { position, message } = &error else { panic!("{error:?}") };
        let position = position.unwrap_or_else(|| panic!("{text}: {message}"));
        assert_eq!((position.line, position.column), (line, column), "{text}: {message}");
    }
}

#[tokio::test]
async fn limits_hold() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, _) = filled(folder.path(), 300).await;
    let few = QueryLimits { rows_max: 10, ..QueryLimits::default() };
    let cut = lake.query("SELECT * FROM events", few).await.unwrap();
    assert_eq!((cut.row_count(), cut.truncated), (10, true));
    let exact = lake.query("SELECT seq FROM events LIMIT 10", few).await.unwrap();
    assert_eq!((exact.row_count(), exact.truncated), (10, false));
    let explained = lake.query("EXPLAIN SELECT seq FROM events", few).await.unwrap();
    assert!(explained.row_count() > 0);
    let poor = QueryLimits { memory_max: 100_000, ..QueryLimits::default() };
    let heavy = "SELECT a.ocsf FROM events a ORDER BY a.message, a.ocsf";
    let error = lake.query(heavy, poor).await.unwrap_err();
    assert!(matches!(error, LakeError::Limit { which: LimitKind::Memory, .. }), "{error:?}");
    let brief = QueryLimits { time_max: Duration::from_millis(50), ..QueryLimits::default() };
    let endless =
        "SELECT count(*) FROM events a, events b, events c WHERE a.ocsf || b.ocsf > c.ocsf";
    let error = lake.query(endless, brief).await.unwrap_err();
    assert!(matches!(error, LakeError::Limit { which: LimitKind::Time, .. }), "{error:?}");
    let text = Search { text: Some("x".into()), limit: 5, ..Search::default() };
    assert!(matches!(lake.search(&text, LONG).await, Err(LakeError::Refused { .. })));
    let page = search(&lake, &Search { limit: 0, ..Search::default() }).await;
    assert_eq!(page.events.len(), 1);
}

#[tokio::test]
async fn a_flush_of_nothing_is_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(config(folder.path()), Vec::new()).await.unwrap();
    let flushed = lake.flush(FlushReason::Age).await.unwrap();
    assert_eq!((flushed.files.len(), flushed.up_to_seq), (0, None));
    lake.committed(&flushed);
    lake.advance(41);
    let flushed = lake.flush(FlushReason::Age).await.unwrap();
    assert_eq!((flushed.files.len(), flushed.up_to_seq), (0, Some(41)));
    lake.committed(&flushed);
    assert!(search(&lake, &Search { limit: 9, ..Search::default() }).await.events.is_empty());
    assert_eq!(lake.stats().event_files, 0);
}

#[tokio::test]
async fn no_function_makes_a_long_text_of_a_short_one() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, _) = filled(folder.path(), 300).await;
    let nested = |times: usize| {
        let mut text = "SELECT ocsf AS t FROM events".to_owned();
        for _ in 0..times {
            text = format!("SELECT t || t AS t FROM ({text})");
        }
        text
    };
    for text in [
        "SELECT repeat('x', 1000000000)".to_owned(),
        "SELECT lpad('x', 1000000000) FROM events".to_owned(),
        "SELECT count(*) FROM events WHERE length(rpad(message, 100000000, 'x')) > 1".to_owned(),
        "SELECT replace(ocsf, '\"', repeat('\"', 100000)) FROM events".to_owned(),
        "SELECT array_repeat(ocsf, 100000) FROM events".to_owned(),
        "SELECT string_agg(ocsf, ',') FROM events".to_owned(),
        "SELECT * FROM (SELECT concat(ocsf, ocsf) AS t FROM events) WHERE length(t) > 1".to_owned(),
        "SELECT 1 WHERE EXISTS (SELECT repeat(message, 1000000) FROM events)".to_owned(),
        nested(4),
    ] {
        let error = lake.query(&text, QueryLimits::default()).await.unwrap_err();
        assert!(matches!(error, LakeError::Refused { .. }), "{text}: {error:?}");
        assert!(!error.is_retryable());
    }
    for text in [
        "SELECT lower(message), date_trunc('hour', time), upper(substr(source, 1, 3)) FROM events",
        "SELECT coalesce(person, 'nobody') || '!' AS p, count(*) FROM events GROUP BY 1",
        "SELECT json_text(ocsf, 'actor.user.name') FROM events WHERE time > now() - interval '1' day",
        "SELECT to_timestamp_nanos(1), trim(message), position('x' IN message) FROM events",
    ] {
        lake.query(text, QueryLimits::default()).await.unwrap_or_else(|e| panic!("{text}: {e}"));
    }
    let long = format!("SELECT 1 WHERE 'x' = '{}'", "x".repeat(70_000));
    let error = lake.query(&long, QueryLimits::default()).await.unwrap_err();
    assert!(matches!(error, LakeError::Limit { which: LimitKind::QueryText, .. }), "{error:?}");
    assert!(!error.is_retryable(), "the same text is as long when it comes again");
}

#[tokio::test]
async fn who_sees_nobody_by_name_cannot_ask_who_is_who() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, _) = filled(folder.path(), 300).await;
    let covered = QueryLimits { may_compare_names: false, ..QueryLimits::default() };
    for text in [
        "SELECT person FROM events WHERE user_name = 'ana'",
        "SELECT person FROM events WHERE ocsf LIKE '%ana%' LIMIT 1",
        "SELECT person FROM events WHERE ocsf ILIKE '%ana%' AND seq > 1",
        "SELECT person FROM events WHERE NOT (credential > '5')",
        "SELECT person, user_name > 'm' FROM events",
        "SELECT person, CASE user_name WHEN 'ana' THEN 1 END FROM events",
        "SELECT person FROM events ORDER BY user_name",
        "SELECT person FROM (SELECT person, user_name AS source FROM events) WHERE source = 'ana'",
        "WITH e(p, source) AS (SELECT person, user_name FROM events) \
         SELECT p FROM e WHERE source = 'ana'",
        "SELECT e.person FROM events e JOIN (VALUES ('ana')) v(n) ON e.user_name = v.n",
        "SELECT user_name FROM events INTERSECT SELECT 'ana'",
        "SELECT person, user_name FROM events UNION SELECT 'p-1', 'ana'",
        "SELECT 1 WHERE 'ana' IN (SELECT user_name FROM events WHERE person = 'p-1')",
        "SELECT 1 WHERE 'ana' = (SELECT max(user_name) FROM events WHERE person = 'p-1')",
        "SELECT 1 WHERE 'ana' = (SELECT user_name FROM events LIMIT 1)",
        "SELECT person FROM events e WHERE EXISTS \
         (SELECT 1 FROM (VALUES ('an%')) v(n) WHERE e.user_name LIKE v.n)",
        "SELECT count(*) FILTER (WHERE user_name = 'ana') FROM events GROUP BY person",
        "SELECT person, rank() OVER (ORDER BY user_name) FROM events",
        "SELECT DISTINCT ON (person) person FROM events ORDER BY person, user_name",
        "SELECT upper(user_name) FROM events",
        "EXPLAIN ANALYZE SELECT person FROM events WHERE message = 'x'",
    ] {
        let error = lake.query(text, covered).await.unwrap_err();
        assert!(matches!(error, LakeError::Covered { .. }), "{text}: {error:?}");
        assert!(!error.is_retryable());
    }
    for text in [
        "SELECT user_name, count(*) AS n FROM events GROUP BY user_name ORDER BY n DESC",
        "SELECT DISTINCT person, user_name FROM events WHERE source = 'doors' ORDER BY person",
        "SELECT person, count(DISTINCT user_name) FROM events GROUP BY person",
        "SELECT ocsf AS o, time FROM events WHERE user_name IS NOT NULL AND class_uid = 3002",
        "SELECT time, message FROM events ORDER BY time DESC LIMIT 3",
        "SELECT class_uid FROM events UNION SELECT 1",
    ] {
        lake.query(text, covered).await.unwrap_or_else(|e| panic!("{text}: {e}"));
    }
}
