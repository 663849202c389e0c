//! `castellan osdp`: recordings of lines, read as their owner reads them and as others do.

use std::path::PathBuf;

use crate::scratch::{Scratch, json_lines, repository, shared};

/// Readers 1 and 2, in secure channel by [`KEY`]: reader 2 is shown a card, its strike lets go; the
/// line is cut and comes back; keys are pressed at reader 1.
fn gate() -> PathBuf {
    repository().join("tests/acceptance/testdata/gate.osdpcap")
}

const KEY: &str = "30112233445566778899aabbccddeeff\n";

fn trace(scratch: &Scratch, more: &[&str]) -> String {
    let file = gate().display().to_string();
    scratch.run(&[&["osdp", "trace", &file], more].concat()).ends(0).stdout
}

#[test]
fn a_recording_shows_what_its_reader_may_see() {
    let scratch = Scratch::new();
    scratch.write("line.key", KEY);
    let closed = trace(&scratch, &[]);
    assert_eq!(trace(&scratch, &["--reveal"]), closed, "without a key there is nothing to reveal");
    let opened = trace(&scratch, &["--key", "file:line.key"]);
    let shown = trace(&scratch, &["--key", "file:line.key", "--reveal"]);
    let of_two = trace(&scratch, &["--key", "2=file:line.key", "--reveal"]);
    let lines = |text: &str, word: &str| -> Vec<String> {
        // Without the time, which is first.
        let found = text.lines().filter(|line| line.contains(word));
        found.map(|line| line.split_once("  ").unwrap().1.to_owned()).collect()
    };
    assert_eq!(lines(&closed, "RAW"), ["<-    2  3 SCS_18  RAW  16 bytes encrypted"]);
    assert_eq!(lines(&opened, "RAW"), ["<-    2  3 SCS_18 opened  RAW  26 bits"]);
    let card = lines(&shown, "RAW");
    assert_eq!(
        card,
        ["<-    2  3 SCS_18 opened  RAW  26 bits 10010101000000000010001010, \
          H10301 facility 42 number 69, I10001 facility 672 number 69"]
    );
    assert!(lines(&opened, "KEYPAD")[0].ends_with("KEYPAD  3 keys"));
    assert!(lines(&shown, "KEYPAD")[0].ends_with("KEYPAD  47#"));
    assert!(lines(&of_two, "KEYPAD")[0].ends_with("KEYPAD  16 bytes encrypted"));
    assert_eq!(lines(&of_two, "RAW"), card);
    assert!(lines(&opened, "OUT").iter().any(|line| line.ends_with("OUT  output 0 on for 2.0 s")));
    // The cable was out: what came when it was back came too late for its question.
    let proved = closed.lines().last().unwrap();
    assert!(proved.starts_with("finding: reader 2 sent a reply whose number"), "{proved}");
    // Every packet is one line, whoever reads it.
    assert_eq!(closed.lines().count(), shown.lines().count());
    for text in [&closed, &opened, &shown] {
        assert!(!text.to_lowercase().contains("30112233"), "a key is shown");
    }
}

#[test]
fn the_same_as_objects_for_programs() {
    let scratch = Scratch::new();
    scratch.write("line.key", KEY);
    let packets = json_lines(&trace(&scratch, &["--format", "json", "--key", "file:line.key"]));
    let text = trace(&scratch, &["--key", "file:line.key"]);
    assert_eq!(packets.len(), text.lines().count());
    let card = packets.iter().find(|packet| packet["name"] == "RAW").unwrap();
    assert_eq!(
        (&card["from"], &card["address"], &card["opened"], &card["detail"]),
        (&"reader".into(), &2.into(), &true.into(), &"26 bits".into())
    );
    let first = &packets[0];
    assert_eq!((&first["packet"], &first["opened"]), (&1.into(), &false.into()));
}

#[test]
fn what_a_recording_proves_comes_at_its_end() {
    let scratch = Scratch::new();
    // A key in clear text to reader 3, then half a frame, then a line that is none.
    let key = "ff 53 03 1a 00 05 75 01 10 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff 00 00";
    let record = |data: &str| {
        format!(
            r#"{{"timeSec":"1","timeNano":"000000002","io":"trace","data":"{data}","osdpTraceVersion":"1","osdpSource":"test"}}"#
        )
    };
    let checked = with_crc(key);
    let cut = "53 03 1a 00 05 75";
    let lines = [record(&checked), "no record".to_owned(), record(cut)].join("\n");
    scratch.write("bad.osdpcap", lines);
    let ran = scratch.run(&["osdp", "trace", "bad.osdpcap"]).ends(1);
    let said: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(said.len(), 3, "{said:?}");
    assert_eq!(said[0], "1.000000002  ->    3  1  KEYSET  a key in clear text");
    assert!(said[1].contains("6 bytes skipped") && said[1].contains("26 bytes"), "{said:?}");
    assert!(said[2].starts_with("finding: reader 3 was sent its key in clear text"), "{said:?}");
    let ran = ran.says("line 2: not a JSON object").says("1 lines refused, 1 findings");
    assert!(!ran.stdout.contains("44 55") && !ran.stdout.contains("4455"));
    let findings =
        scratch.run(&["osdp", "trace", "bad.osdpcap", "--findings", "--format", "json"]).ends(1);
    let findings = findings.lines();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0]["finding"], "key_in_clear");
}

/// Puts the check at the frame's end, behind its mark byte.
fn with_crc(text: &str) -> String {
    let mut bytes: Vec<u8> =
        text.split(' ').map(|digits| u8::from_str_radix(digits, 16).unwrap()).collect();
    let length = bytes.len();
    let crc = bytes[1..length - 2].iter().fold(0x1d0f_u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
            let shifted = crc << 1;
            if crc & 0x8000 != 0 { shifted ^ 0x1021 } else { shifted }
        })
    });
    bytes[length - 2..].copy_from_slice(&crc.to_le_bytes());
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}

#[test]
fn what_cannot_be_read_or_recorded_is_said() {
    let scratch = Scratch::new();
    scratch.write("line.key", "no key");
    let file = gate().display().to_string();
    scratch.run(&["osdp", "trace", "nothing.osdpcap"]).ends(1).says("nothing.osdpcap");
    scratch
        .run(&["osdp", "trace", &file, "--key", "file:line.key"])
        .ends(1)
        .says("not 32 hexadecimal digits");
    let secret = "30112233445566778899aabbccddeeff";
    let ran = scratch.run(&["osdp", "trace", &file, "--key", secret]).ends(2);
    assert!(ran.stderr.contains("never as itself"), "{}", ran.stderr);
    scratch
        .run(&["osdp", "record", "--line", "tcp:nowhere", "--to", "x"])
        .ends(2)
        .says("unix:PATH");
    scratch.write("there", "mine");
    scratch.run(&["osdp", "record", "--line", "unix:none", "--to", "there"]).ends(1).says("there");
    assert_eq!(scratch.read("there"), "mine");
}

/// Recordings that others made; and the one line that the format's page shows.
#[test]
fn recordings_of_other_tools_are_read() {
    let Some(folder) = shared("osdp") else { return };
    let scratch = Scratch::new();
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "osdpcap"))
        .collect();
    let page = std::fs::read_to_string(folder.join("osdpcap-format.md")).unwrap();
    let example = page.lines().find(|line| line.starts_with("{ \"timeSec\"")).unwrap();
    scratch.write("example.osdpcap", example);
    files.push(scratch.path("example.osdpcap"));
    for file in files {
        let ran = scratch.run(&["osdp", "trace", &file.display().to_string()]).ends(0);
        let whole = ran.stdout.lines().filter(|line| !line.contains("  ??  ")).count();
        assert!(whole > 0, "{}:\n{}", file.display(), ran.stdout);
    }
}
