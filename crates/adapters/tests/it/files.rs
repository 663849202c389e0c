use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use adapters::files::{FileError, FileFormat, FileOptions, FileRecord, open, open_all};
use model::Wire;
use proptest::prelude::*;

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn show(found: Result<FileRecord, FileError>) -> String {
    match found {
        Ok(it) => {
            let cut =
                if it.bytes_cut > 0 { format!(" cut={}", it.bytes_cut) } else { String::new() };
            format!("{} line {} {:?} {}{cut}", it.index, it.line, it.wire, it.body.escape_ascii())
        }
        Err(error) => {
            let said = error.to_string();
            // Without the folder.
            said.rsplit_once('/').map_or(said.clone(), |(_, rest)| format!("error `{rest}"))
        }
    }
}

fn check_with(name: &str, content: &[u8], options: &FileOptions, expected: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let plain = write(folder.path(), name, content);
    let found: Vec<_> = open(&plain, options).unwrap().map(show).collect();
    assert_eq!(found, expected, "{name}");
    let same = |other: PathBuf| {
        let records: Vec<_> = open(&other, options).unwrap().filter_map(Result::ok).collect();
        let plain: Vec<_> = open(&plain, options).unwrap().filter_map(Result::ok).collect();
        assert_eq!(records.len(), plain.len());
        assert!(records.iter().zip(&plain).all(|(a, b)| (a.line, &a.body) == (b.line, &b.body)));
    };
    same(write(folder.path(), &format!("{name}.gz"), &gzip(content)));
    same(write(folder.path(), &format!("{name}.zst"), &zstd::encode_all(content, 1).unwrap()));
}

fn check(name: &str, content: &str, expected: &[&str]) {
    check_with(name, content.as_bytes(), &FileOptions::default(), expected);
}

#[test]
fn lines_are_records_and_each_says_its_wire() {
    check(
        "mixed.log",
        "\u{feff}<34>1 - - - - - - one\r\n\n{\"a\":1}\nCEF:0|x|\ntype=USER msg=1\nlast",
        &[
            "0 line 1 Syslog <34>1 - - - - - - one",
            "1 line 3 Json {\\\"a\\\":1}",
            "2 line 4 Cef CEF:0|x|",
            "3 line 5 Kv type=USER msg=1",
            "4 line 6 Syslog last",
        ],
    );
}

#[test]
fn a_broken_line_of_ndjson_costs_no_other() {
    check(
        "x.ndjson",
        "{\"a\":1}\n{\"a\":\n{\"a\":3}\n",
        &[
            "0 line 1 Json {\\\"a\\\":1}",
            "1 line 2 Json {\\\"a\\\":",
            "2 line 3 Json {\\\"a\\\":3}",
        ],
    );
}

#[test]
fn arrays_and_documents_of_json_are_told_apart_by_brackets() {
    check(
        "array.json",
        "[\n  {\"a\": \"]}\\\"\"},\n  {\n \"b\": [1, 2]\n },\n  7, \"x,y\"\n]\n",
        &[
            "0 line 2 Json {\\\"a\\\": \\\"]}\\\\\\\"\\\"}",
            "1 line 3 Json {\\n \\\"b\\\": [1, 2]\\n }",
            "2 line 6 Json 7",
            "3 line 6 Json \\\"x,y\\\"",
        ],
    );
    check("one.json", "{\n \"a\": 1\n}\n", &["0 line 1 Json {\\n \\\"a\\\": 1\\n}"]);
    check(
        "holes.json",
        "[{},,{},\n]",
        &[
            "0 line 1 Json {}",
            "error `holes.json` line 1: expected a value before the comma",
            "2 line 1 Json {}",
            "error `holes.json` line 2: expected a value before the bracket",
        ],
    );
    check(
        "cut.json",
        "[{\"a\":1},\n {\"b\":",
        &[
            "0 line 1 Json {\\\"a\\\":1}",
            "error `cut.json` line 2: the value has no end",
            "error `cut.json` line 2: the array has no end",
        ],
    );
}

#[test]
fn csv_records_carry_their_header_and_may_span_lines() {
    check(
        "badges.csv",
        "when,who\r\n10:00,\"Ann\nB, \"\"x\"\"\"\r\n\r\n10:01,c\n",
        &[
            "0 line 2 Csv when,who\\n10:00,\\\"Ann\\nB, \\\"\\\"x\\\"\\\"\\\"",
            "1 line 5 Csv when,who\\n10:01,c",
        ],
    );
    check(
        "open.csv",
        "a,b\n1,\"never closed\n2,3\n",
        &["error `open.csv` line 2: a quoted field has no end"],
    );
    check("empty.csv", "", &[]);
}

#[test]
fn xml_documents_end_with_their_outermost_element() {
    check(
        "events.xml",
        "<?xml version=\"1.0\"?>\n<!-- > --><a x='>'><b/><![CDATA[</a>]]></a>\n<c/>\n<d>\n</d>\
         <!-- end -->",
        &[
            "0 line 1 Xml <?xml version=\\\"1.0\\\"?>\\n<!-- > --><a x=\\'>\\'><b/>\
             <![CDATA[</a>]]></a>",
            "1 line 3 Xml <c/>",
            "2 line 4 Xml <d>\\n</d>",
        ],
    );
    check("cut.xml", "<a><b></b>", &["error `cut.xml` line 1: the document's element has no end"]);
}

#[test]
fn what_exceeds_the_limit_is_cut_or_refused_and_the_next_record_kept() {
    let options = |format| FileOptions { format, record_bytes_max: 8 };
    check_with(
        "a.log",
        b"0123456789\nnext\n",
        &options(FileFormat::Lines),
        &["0 line 1 Syslog 01234567 cut=2", "1 line 2 Syslog next"],
    );
    check_with(
        "a.json",
        b"[\"0123456789\", 1]",
        &options(FileFormat::Json),
        &["error `a.json` line 1: the record has 12 bytes, allowed 8", "1 line 1 Json 1"],
    );
    check_with(
        "a.csv",
        b"h,i\n0123456789,1\n2,3\n",
        &options(FileFormat::Csv),
        &["error `a.csv` line 2: the record has 12 bytes, allowed 8", "1 line 3 Csv h,i\\n2,3"],
    );
}

#[test]
fn records_are_counted_across_files_and_a_missing_file_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let paths = [
        write(folder.path(), "a.log", b"one\ntwo\n"),
        folder.path().join("absent.log"),
        write(folder.path(), "u.log", b"\xff\xfeo\0n\0e\0"),
        write(folder.path(), "b.log.gz", &gzip(b"three\n")),
    ];
    let found: Vec<_> = open_all(&paths, &FileOptions::default()).map(show).collect();
    assert_eq!(
        found,
        [
            "0 line 1 Syslog one",
            "1 line 2 Syslog two",
            "error `absent.log`: No such file or directory (os error 2)",
            "error `u.log`: it is UTF-16; expected UTF-8 (convert it first)",
            "2 line 1 Syslog three",
        ]
    );
    assert!(matches!(open(&paths[1], &FileOptions::default()), Err(FileError::Open { .. })));
}

#[test]
fn a_cut_archive_gives_what_it_has_and_says_where_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let lines: String = (0..100_000).map(|n| format!("line {n} {}\n", n * 7919 % 1013)).collect();
    let whole = gzip(lines.as_bytes());
    let path = write(folder.path(), "cut.log.gz", &whole[..whole.len() / 2]);
    let mut found: Vec<_> = open(&path, &FileOptions::default()).unwrap().collect();
    let last = found.pop().unwrap().unwrap_err();
    assert!(matches!(last, FileError::Read { line, .. } if line > 10_000), "{last}");
    assert!(found.len() > 10_000 && found.iter().all(Result::is_ok));
}

#[test]
fn a_bomb_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let zeros = vec![0; 1 << 20];
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..100 {
        encoder.write_all(&zeros).unwrap();
    }
    let path = write(folder.path(), "bomb.gz", &encoder.finish().unwrap());
    let said = open(&path, &FileOptions::default()).unwrap().last().unwrap().unwrap_err();
    assert!(said.to_string().contains("compressed bytes unfold to more than"), "{said}");
}

proptest! {
    #[test]
    fn no_line_is_lost_made_up_or_out_of_order(
        lines in proptest::collection::vec("[a-z{}\\[\\]<>,\"= ]{0,40}", 0..60),
        is_last_ended in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let content = lines.join("\n") + if is_last_ended { "\n" } else { "" };
        let path = write(folder.path(), "x.log.gz", &gzip(content.as_bytes()));
        let options = FileOptions { format: FileFormat::Lines, ..FileOptions::default() };
        let found: Vec<_> =
            open(&path, &options).unwrap().map(|it| it.map(|it| (it.line, it.body))).collect();
        let found: Vec<_> = found.into_iter().collect::<Result<_, _>>().unwrap();
        let expected: Vec<_> = (1_u64..)
            .zip(&lines)
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(number, line)| (number, line.clone().into_bytes()))
            .collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn no_bytes_whatever_hang_or_break_a_reader(
        content in proptest::collection::vec(
            prop_oneof![any::<u8>(), proptest::sample::select(b"[]{},\"<>!?-/=\\\n ".to_vec())],
            0..300,
        ),
        format in proptest::sample::select(vec![
            FileFormat::Auto, FileFormat::Json, FileFormat::Csv, FileFormat::Xml,
        ]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), "x", &content);
        let options = FileOptions { format, record_bytes_max: 100 };
        if let Ok(records) = open(&path, &options) {
            let found: Vec<_> = records.collect();
            prop_assert!(found.len() <= content.len() + 2);
            for record in found.into_iter().flatten() {
                prop_assert!(record.wire == Wire::Csv || record.body.len() <= 100);
            }
        }
    }
}
