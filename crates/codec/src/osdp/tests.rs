#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::time::Duration;

use proptest::prelude::*;

use super::{
    CaptureRecord, CardRead, Channel, Check, Command, Device, DeviceConfig, DeviceEvent, DeviceId,
    DownReason, FindingKind, Found, Frame, Framer, INSTALL_KEY, Io, Led, NakCode, Outcome, Output,
    OutputAction, Panel, PanelEvent, ReaderConfig, Reply, RotationProof, Scbk, Security, Text,
    Timing, Trace, TraceKey, decode, encode,
};
use crate::wiegand::Bits;

const KEY: Scbk = Scbk::new([7; 16]);
const OTHER: Scbk = Scbk::new([9; 16]);

fn id(serial: u32) -> DeviceId {
    DeviceId { vendor: [1, 2, 3], model: 4, version: 5, serial, firmware: [6, 7, 8] }
}

fn device(address: u8, key: Option<Scbk>) -> Device {
    let id = id(address.into());
    Device::new(DeviceConfig { address, id, key, is_installing: false, is_secure_only: true })
}

fn reader(address: u8, security: Security) -> ReaderConfig {
    ReaderConfig { address, security }
}

fn card() -> Reply {
    let bits = Bits::parse("10010101000000000010001010").unwrap();
    Reply::Card(CardRead { reader: 0, format: 1, bits })
}

/// A panel and readers on one line, in steps of a millisecond.
struct Bus {
    panel: Panel,
    devices: Vec<Device>,
    now: Duration,
    random: u64,
    recorded: Vec<(bool, Vec<u8>)>,
    events: Vec<(usize, PanelEvent)>,
}

impl Bus {
    fn new(readers: &[ReaderConfig], devices: Vec<Device>) -> Self {
        let mut panel = Panel::new(readers, Timing::default());
        panel.set_line(true, Duration::ZERO);
        let (recorded, events) = (Vec::new(), Vec::new());
        Self { panel, devices, now: Duration::ZERO, random: 0, recorded, events }
    }

    /// Lets `ms` pass. `line` may change what is sent: whether to the panel, and the bytes.
    fn run_with(&mut self, ms: u64, mut line: impl FnMut(bool, Vec<u8>) -> Vec<Vec<u8>>) {
        for _ in 0..ms {
            self.now += Duration::from_millis(1);
            self.panel.tick(self.now);
            let random = &mut self.random;
            let mut random = || {
                *random += 1;
                random.to_be_bytes()
            };
            while let Some(asked) = self.panel.transmit(self.now, &mut random) {
                self.recorded.push((false, asked.clone()));
                for bytes in line(false, asked) {
                    for device in &mut self.devices {
                        let answer = device.receive(&bytes, self.now, random());
                        if answer.is_empty() {
                            continue;
                        }
                        self.recorded.push((true, answer.clone()));
                        for bytes in line(true, answer) {
                            self.panel.receive(&bytes, self.now);
                        }
                    }
                }
                if self.panel.is_waiting() {
                    break;
                }
            }
            while let Some(event) = self.panel.next_event() {
                self.events.push(event);
            }
        }
    }

    fn run(&mut self, ms: u64) {
        self.run_with(ms, |_, bytes| vec![bytes]);
    }

    /// What happened since the last call, without identities.
    fn happened(&mut self) -> Vec<(usize, PanelEvent)> {
        let is_told = |event: &PanelEvent| !matches!(event, PanelEvent::Identified { .. });
        let status = |event: &PanelEvent| {
            matches!(event, PanelEvent::Said(Reply::Local { .. } | Reply::Inputs(_)))
        };
        std::mem::take(&mut self.events)
            .into_iter()
            .filter(|(_, event)| is_told(event) && !status(event))
            .collect()
    }

    fn did(&mut self, device: usize) -> Vec<DeviceEvent> {
        std::iter::from_fn(|| self.devices[device].next_event()).collect()
    }

    fn trace(&self) -> (Vec<String>, Vec<FindingKind>) {
        let mut trace = Trace::default();
        let mut lines = Vec::new();
        for (index, (_, bytes)) in self.recorded.iter().enumerate() {
            let (io, source) = (Io::Trace, "test".to_owned());
            let bytes = bytes.clone();
            let record = CaptureRecord { time_s: index as u64, nanos: 0, io, bytes, source };
            lines.extend(trace.feed(&record).iter().map(super::Packet::to_text));
        }
        (lines, trace.findings().map(|finding| finding.kind).collect())
    }
}

fn strike() -> Command {
    Command::Output(vec![Output { number: 0, action: OutputAction::OnFor(30) }])
}

fn later() -> Duration {
    Duration::from_secs(3_600)
}

#[test]
fn a_card_comes_through_the_secure_channel_and_the_strike_goes_back() {
    let mut bus = Bus::new(&[reader(5, Security::Key(KEY))], vec![device(5, Some(KEY))]);
    bus.run(20);
    assert_eq!(bus.happened(), [(0, PanelEvent::Online(Channel::Own))]);
    bus.devices[0].post(card()).unwrap();
    bus.run(60);
    assert_eq!(bus.happened(), [(0, PanelEvent::Said(card()))]);
    bus.panel.command(0, 77, strike(), later()).unwrap();
    bus.run(2);
    let outcome = Outcome::Done(Reply::Ack);
    assert_eq!(bus.happened(), [(0, PanelEvent::Finished { id: 77, outcome })]);
    assert_eq!(bus.did(0), [DeviceEvent::Secure, DeviceEvent::Did(strike())]);
    let (lines, findings) = bus.trace();
    assert_eq!(findings, []);
    assert_eq!(lines[0], "0.000000000  ->    5  0  ID");
    assert!(lines.contains(&"6.000000000  ->    5  3 SCS_13  SCRYPT  own key".to_owned()));
    let said = lines.join("\n");
    assert!(said.contains("SCS_18  RAW  16 bytes encrypted"), "{said}");
}

#[test]
fn a_wrong_key_is_said_and_the_reader_is_not_used() {
    let mut bus = Bus::new(&[reader(5, Security::Key(KEY))], vec![device(5, Some(OTHER))]);
    bus.devices[0].post(card()).unwrap();
    bus.panel.command(0, 1, strike(), later()).unwrap();
    bus.run(10_000);
    assert_eq!(
        bus.happened(),
        [
            (0, PanelEvent::Finished { id: 1, outcome: Outcome::NotOnline }),
            (0, PanelEvent::Down(DownReason::WrongKey)),
        ]
    );
    assert_eq!((bus.panel.channel(0), bus.did(0)), (None, vec![]));
    bus.panel.command(0, 2, strike(), later()).unwrap();
    bus.run(1);
    let outcome = Outcome::NotOnline;
    assert_eq!(bus.happened(), [(0, PanelEvent::Finished { id: 2, outcome })]);
}

#[test]
fn a_reader_on_its_install_key_is_named_as_such() {
    let mut bus = Bus::new(&[reader(5, Security::Key(KEY))], vec![device(5, Some(INSTALL_KEY))]);
    bus.run(1_000);
    assert_eq!(bus.happened(), [(0, PanelEvent::Down(DownReason::InstallKey))]);
    assert_eq!(bus.trace().1, [FindingKind::InstallKey]);
}

#[test]
fn a_new_reader_is_given_its_key_only_when_asked_for() {
    let new = || {
        let config = DeviceConfig {
            address: 5,
            id: id(5),
            key: None,
            is_installing: true,
            is_secure_only: true,
        };
        Device::new(config)
    };
    let mut bus = Bus::new(&[reader(5, Security::Key(KEY))], vec![new()]);
    bus.run(1_000);
    let reason = DownReason::Refused(NakCode::SECURITY);
    assert_eq!(bus.happened(), [(0, PanelEvent::Down(reason))]);
    let mut bus = Bus::new(&[reader(5, Security::Install(KEY))], vec![new()]);
    bus.run(1_000);
    assert_eq!(
        bus.happened(),
        [(0, PanelEvent::Online(Channel::Install)), (0, PanelEvent::Online(Channel::Own)),]
    );
    let (lines, findings) = bus.trace();
    assert_eq!(findings, [FindingKind::InstallKeyAsked, FindingKind::InstallKey]);
    assert!(lines.iter().any(|line| line.contains("CHLNG  install key")), "{lines:?}");
    // Installed is installed: another one that wants the key at this address does not get it.
    bus.recorded.clear();
    bus.devices = vec![new()];
    bus.run(10_000);
    let reason = DownReason::Refused(NakCode::SECURITY);
    assert!(bus.happened().contains(&(0, PanelEvent::Down(reason))));
    assert!(!bus.trace().0.iter().any(|line| line.contains("install key")));
}

#[test]
fn a_key_is_changed_and_the_old_one_proved_dead() {
    let mut bus = Bus::new(&[reader(5, Security::Key(KEY))], vec![device(5, Some(KEY))]);
    bus.run(50);
    bus.happened();
    bus.panel.rotate(0, 9, OTHER).unwrap();
    bus.run(50);
    let proof = RotationProof {
        is_new_accepted: true,
        is_old_refused: Some(true),
        is_install_refused: Some(true),
    };
    let outcome = Outcome::Rotated(proof);
    assert!(proof.is_whole());
    assert_eq!(
        bus.happened(),
        [(0, PanelEvent::Online(Channel::Own)), (0, PanelEvent::Finished { id: 9, outcome }),]
    );
    bus.panel.command(0, 10, strike(), later()).unwrap();
    bus.run(60);
    let outcome = Outcome::Done(Reply::Ack);
    assert_eq!(bus.happened(), [(0, PanelEvent::Finished { id: 10, outcome })]);
}

#[test]
fn a_key_change_whose_answer_is_lost_says_which_key_holds() {
    // The reader hears KEYSET, and its acknowledgement and everything for a second is lost.
    for is_heard in [true, false] {
        let mut bus = Bus::new(&[reader(5, Security::Key(KEY))], vec![device(5, Some(KEY))]);
        bus.run(50);
        bus.happened();
        bus.panel.rotate(0, 9, OTHER).unwrap();
        bus.run_with(1_000, |is_reply, bytes| {
            let is_keyset = bytes.contains(&0x75);
            if is_reply || !(is_heard && is_keyset) { vec![] } else { vec![bytes] }
        });
        assert_eq!(bus.happened(), [(0, PanelEvent::Down(DownReason::NoAnswer))]);
        bus.run(5_000);
        let proof = RotationProof {
            is_new_accepted: is_heard,
            is_old_refused: is_heard.then_some(true),
            is_install_refused: is_heard.then_some(true),
        };
        let outcome = Outcome::Rotated(proof);
        assert_eq!(
            bus.happened(),
            [(0, PanelEvent::Online(Channel::Own)), (0, PanelEvent::Finished { id: 9, outcome }),],
            "heard: {is_heard}"
        );
    }
}

#[test]
fn a_reader_that_comes_back_is_used_again_within_seconds() {
    let mut bus = Bus::new(&[reader(5, Security::Key(KEY))], vec![device(5, Some(KEY))]);
    bus.run(100);
    bus.happened();
    // It is switched off for a minute.
    let gone = std::mem::take(&mut bus.devices);
    bus.run(60_000);
    assert_eq!(bus.happened(), [(0, PanelEvent::Down(DownReason::NoAnswer))]);
    drop(gone);
    bus.devices.push(device(5, Some(KEY)));
    let before = bus.now;
    while bus.panel.channel(0).is_none() {
        bus.run(1);
    }
    assert!(bus.now - before <= Duration::from_millis(4_300), "{:?}", bus.now - before);
    assert_eq!(bus.happened(), [(0, PanelEvent::Online(Channel::Own))]);
    // It is switched off and on between two polls: it lost its channel, and says so.
    bus.devices = vec![device(5, Some(KEY))];
    bus.run(300);
    assert_eq!(
        bus.happened(),
        [(0, PanelEvent::Down(DownReason::SessionLost)), (0, PanelEvent::Online(Channel::Own)),]
    );
}

#[test]
fn a_dead_reader_does_not_hold_up_its_neighbour() {
    let readers = [reader(1, Security::Key(KEY)), reader(2, Security::Key(OTHER))];
    let mut bus = Bus::new(&readers, vec![device(1, Some(KEY)), device(2, Some(OTHER))]);
    bus.run(50);
    bus.devices.pop();
    bus.run(10_000);
    bus.happened();
    // A minute of commands to the one that lives.
    let mut slowest = Duration::ZERO;
    for number in 0..600 {
        let asked = bus.now;
        bus.panel.command(0, number, strike(), later()).unwrap();
        while !bus.happened().iter().any(|(at, _)| *at == 0) {
            bus.run(1);
        }
        slowest = slowest.max(bus.now - asked);
        bus.run(100 - u64::try_from((bus.now - asked).as_millis()).unwrap().min(99));
    }
    assert!(slowest <= Duration::from_millis(201), "{slowest:?}");
}

#[test]
fn commands_expire_and_are_bounded() {
    let mut bus = Bus::new(&[reader(5, Security::Key(KEY))], vec![device(5, Some(KEY))]);
    bus.run(50);
    bus.happened();
    bus.panel.command(0, 1, strike(), bus.now).unwrap();
    bus.run(50);
    assert_eq!(bus.happened(), [(0, PanelEvent::Finished { id: 1, outcome: Outcome::Expired })]);
    assert_eq!(bus.did(0), [DeviceEvent::Secure]);
    let taken = (0..100).filter(|id| bus.panel.command(0, *id, strike(), later()).is_ok()).count();
    assert_eq!(taken, super::READER_COMMANDS_MAX);
    assert!(bus.panel.command(0, 0, Command::KeySet(KEY), later()).is_err());
    assert!(bus.panel.command(0, 0, Command::Poll, later()).is_err());
    assert!(bus.panel.command(9, 0, strike(), later()).is_err());
}

#[test]
fn a_command_that_comes_twice_is_done_once() {
    let mut bus = Bus::new(&[reader(5, Security::Key(KEY))], vec![device(5, Some(KEY))]);
    bus.run(50);
    bus.panel.command(0, 1, strike(), later()).unwrap();
    bus.happened();
    bus.did(0);
    // The first answer is lost: the same question comes again.
    let mut lost = 0;
    bus.run_with(300, |is_reply, bytes| {
        lost += u32::from(is_reply);
        if is_reply && lost == 1 { vec![] } else { vec![bytes] }
    });
    let outcome = Outcome::Done(Reply::Ack);
    assert_eq!(bus.happened(), [(0, PanelEvent::Finished { id: 1, outcome })]);
    assert_eq!(bus.did(0), [DeviceEvent::Did(strike())]);
    assert_eq!(bus.panel.counters().repeated, 1);
}

#[test]
fn what_is_forged_or_replayed_changes_nothing() {
    let mut bus = Bus::new(&[reader(5, Security::Key(KEY))], vec![device(5, Some(KEY))]);
    bus.run(50);
    bus.devices[0].post(card()).unwrap();
    let mut kept = Vec::new();
    bus.run_with(60, |is_reply, bytes| {
        if is_reply && bytes.len() > 20 {
            kept.clone_from(&bytes);
        }
        vec![bytes]
    });
    assert_eq!(bus.happened().len(), 2);
    // From now on the recorded card, and a card in clear text, come before every answer.
    let content = card().content();
    bus.run_with(2_000, |is_reply, bytes| {
        if !is_reply {
            return vec![bytes];
        }
        let sequence = bytes[4] & 3;
        let forged = Frame {
            address: 5,
            is_reply: true,
            sequence,
            check: Check::Crc,
            security: None,
            code: 0x50,
            data: &content,
            mac: None,
        };
        vec![encode(&forged, |_| None), kept.clone(), bytes]
    });
    assert_eq!(bus.happened(), []);
    let counters = bus.panel.counters();
    assert!(counters.clear_in_session > 30 && counters.forged > 5, "{counters:?}");
    assert_eq!(bus.panel.channel(0), Some(Channel::Own));
}

#[test]
fn a_swapped_reader_is_noticed() {
    let mut bus = Bus::new(&[reader(5, Security::Key(KEY))], vec![device(5, Some(KEY))]);
    bus.run(50);
    let config = DeviceConfig {
        address: 5,
        id: id(99),
        key: Some(KEY),
        is_installing: false,
        is_secure_only: true,
    };
    bus.devices = vec![Device::new(config)];
    bus.happened();
    bus.run(300);
    let swapped = PanelEvent::Swapped { before: id(5), now: id(99) };
    assert!(bus.happened().contains(&(0, swapped)));
}

#[test]
fn clear_text_is_proved_by_the_trace_and_cards_are_not_in_it() {
    let mut open = device(5, Some(KEY));
    open.post(card()).unwrap();
    open.post(Reply::Keys { reader: 0, keys: b"4711".to_vec() }).unwrap();
    let mut config = DeviceConfig {
        address: 5,
        id: id(5),
        key: Some(KEY),
        is_installing: false,
        is_secure_only: false,
    };
    let mut device = Device::new(config.clone());
    device.post(card()).unwrap();
    device.post(Reply::Keys { reader: 0, keys: b"4711".to_vec() }).unwrap();
    let mut bus = Bus::new(&[reader(5, Security::Clear)], vec![device]);
    bus.run(400);
    let (lines, findings) = bus.trace();
    assert_eq!(findings, [FindingKind::ClearText]);
    let said = lines.join("\n");
    assert!(said.contains("RAW  26 bits") && said.contains("KEYPAD  4 keys"), "{said}");
    assert!(!said.contains("4711") && !said.contains("1001010"));
    // One that cannot do better is no finding.
    config.key = None;
    let mut bus = Bus::new(&[reader(5, Security::Clear)], vec![Device::new(config)]);
    bus.run(400);
    assert_eq!(bus.trace().1, []);
    assert_eq!(bus.happened(), [(0, PanelEvent::Online(Channel::Clear))]);
}

#[test]
fn two_readers_at_one_address_and_a_replay_are_proved_by_the_trace() {
    let clear = |serial| {
        let config = DeviceConfig {
            address: 5,
            id: id(serial),
            key: None,
            is_installing: false,
            is_secure_only: false,
        };
        Device::new(config)
    };
    let mut bus = Bus::new(&[reader(5, Security::Clear)], vec![clear(1), clear(2)]);
    bus.run(300);
    assert_eq!(bus.trace().1, [FindingKind::TwoReaders]);
    assert!(bus.panel.counters().unexpected > 0);
    let mut bus = Bus::new(&[reader(5, Security::Key(KEY))], vec![device(5, Some(KEY))]);
    bus.run(500);
    let again = bus.recorded.iter().rev().find(|(is_reply, _)| *is_reply).cloned().unwrap();
    bus.run(500);
    bus.recorded.push(again);
    let (_, findings) = bus.trace();
    assert!(findings.contains(&FindingKind::Replay), "{findings:?}");
    let told = Trace::default().findings().count();
    assert_eq!(told, 0);
}

#[test]
fn a_key_in_clear_text_is_proved_by_the_trace() {
    let content = Command::KeySet(KEY).content();
    let frame = Frame {
        address: 3,
        is_reply: false,
        sequence: 1,
        check: Check::Sum,
        security: None,
        code: 0x75,
        data: &content,
        mac: None,
    };
    let mut trace = Trace::default();
    let bytes = encode(&frame, |_| None);
    let (io, source) = (Io::Output, String::new());
    let packets = trace.feed(&CaptureRecord { time_s: 1, nanos: 2, io, bytes, source });
    assert_eq!(packets[0].to_text(), "1.000000002  ->    3  1  KEYSET  a key in clear text");
    let told: Vec<String> = trace.findings().map(super::Finding::to_text).collect();
    assert_eq!(
        told,
        ["reader 3 was sent its key in clear text: whoever listened has it (once, first in \
          packet 1)"]
    );
    assert!(!format!("{:?} {:?}", Command::KeySet(KEY), packets).contains("7, 7"));
}

#[test]
fn damage_is_refused_with_its_place() {
    let frame = Frame {
        address: 0,
        is_reply: false,
        sequence: 1,
        check: Check::Crc,
        security: None,
        code: 0x60,
        data: &[],
        mac: None,
    };
    let whole = encode(&frame, |_| None);
    assert_eq!(decode(&whole), Ok((frame, 8)));
    let refused = |bytes: &[u8]| decode(bytes).unwrap_err().to_string();
    let mut wrong = whole.clone();
    wrong[5] ^= 1;
    assert!(refused(&wrong).ends_with("(byte 6)"), "{}", refused(&wrong));
    assert_eq!(refused(&whole[..6]), "OSDP frame: the length field says 8 bytes, found 6 (byte 6)");
    wrong = whole.clone();
    wrong[2] = 3;
    assert_eq!(refused(&wrong), "OSDP frame: the length field says 3 bytes (byte 2)");
    wrong = whole;
    wrong[0] = 0x54;
    assert_eq!(refused(&wrong), "OSDP frame: expected 53 (hexadecimal), found 54 (byte 0)");
    assert_eq!(
        Reply::decode(0x50, &[0, 1, 26, 0, 1]).unwrap_err().to_string(),
        "OSDP frame: RAW needs 8 bytes of content, found 5 (byte 5)"
    );
}

#[test]
fn recordings_are_written_and_read_again() {
    let line = r#"{ "timeSec" : "1580342115", "timeNano" : "984691851", "io" : "trace", "data" : " ff ff 53 80 08 00 01 4b 01 d8", "osdpTraceVersion":"1", "osdpSource":"a tool 0.1" }"#;
    let record = CaptureRecord::parse(line, 1).unwrap();
    assert_eq!(CaptureRecord::parse(&record.to_line(), 1), Ok(record.clone()));
    let packets = Trace::default().feed(&record);
    assert_eq!(packets[0].to_text(), "1580342115.984691851  <-    0  1  RSTATR");
    let refused = |from: &str, to: &str| {
        CaptureRecord::parse(&line.replace(from, to), 7).unwrap_err().to_string()
    };
    assert_eq!(
        refused("ff ff 53", "ff fg 53"),
        "OSDP capture, line 7: the data is no hexadecimal at character 5"
    );
    assert_eq!(
        refused("\"trace\"", "\"bus\""),
        "OSDP capture, line 7: `io` is missing or cannot be used"
    );
    assert_eq!(
        refused(":\"1\"", ":\"2\""),
        "OSDP capture, line 7: version `2` is not known, expected `1`"
    );
    assert_eq!(refused("{", "["), "OSDP capture, line 7: not a JSON object");
    assert_eq!(
        refused("984691851", "1984691851"),
        "OSDP capture, line 7: `timeNano` is missing or cannot be used"
    );
}

fn commands() -> impl Strategy<Value = Command> {
    let output = (any::<u8>(), any::<u16>(), 0_u8..4).prop_map(|(number, tenths, kind)| {
        let action = match kind {
            0 => OutputAction::Off,
            1 => OutputAction::On,
            2 => OutputAction::OnFor(tenths),
            _ => OutputAction::OffFor(tenths),
        };
        Output { number, action }
    });
    prop_oneof![
        proptest::collection::vec(output, 0..4).prop_map(Command::Output),
        any::<[u8; 3]>().prop_map(|[reader, number, colour]| {
            let mut led = Led { reader, number, temporary_tenths: 300, ..Led::default() };
            led.permanent.on_colour = colour;
            Command::Led(vec![led])
        }),
        "[ -~]{0,40}".prop_map(|text| {
            let (reader, control, temporary_s, row, column) = (0, 1, 2, 3, 4);
            Command::Text(Text { reader, control, temporary_s, row, column, text })
        }),
        any::<(u8, u32)>().prop_map(|(address, baud)| Command::ComSet { address, baud }),
        any::<[u8; 16]>().prop_map(|key| Command::KeySet(Scbk::new(key))),
        any::<[u8; 8]>().prop_map(Command::Challenge),
    ]
}

proptest! {
    #[test]
    fn commands_are_written_and_read_again(command in commands()) {
        prop_assert_eq!(Command::decode(command.code(), &command.content()), Ok(command));
    }

    #[test]
    fn any_content_is_read_or_refused(
        code in any::<u8>(),
        data in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        if let Ok(reply) = Reply::decode(code, &data) {
            prop_assert_eq!(Reply::decode(code, &reply.content()), Ok(reply));
        }
        if let Ok(command) = Command::decode(code, &data) {
            let again = Command::decode(code, &command.content());
            prop_assert_eq!(again, Ok(command));
        }
    }

    /// Chunks make no difference, and no byte is unaccounted for.
    #[test]
    fn frames_are_found_in_any_stream(
        noise in proptest::collection::vec(any::<u8>(), 0..300),
        step in 1_usize..40,
    ) {
        let frame = Frame {
            address: 9, is_reply: true, sequence: 2, check: Check::Crc,
            security: None, code: 0x40, data: b"SSS", mac: None,
        };
        let mut stream = noise.clone();
        stream.extend(encode(&frame, |_| None));
        stream.extend([0x53; 1_500]);
        let found = |chunks: &mut dyn Iterator<Item = &[u8]>| {
            let mut framer = Framer::default();
            let mut frames = Vec::new();
            for chunk in chunks {
                framer.push(chunk);
                while let Some(found) = framer.next_found() {
                    if let Found::Frame(bytes) = found {
                        frames.push(bytes);
                    }
                }
            }
            frames
        };
        let whole = found(&mut std::iter::once(stream.as_slice()));
        prop_assert_eq!(&whole, &found(&mut stream.chunks(step)));
        prop_assert!(whole.contains(&encode(&frame, |_| None)));
    }

    /// Any bytes at either end, in any pieces: nothing is believed, and nothing falls over.
    #[test]
    fn any_bytes_end_nothing(
        pieces in proptest::collection::vec(
            proptest::collection::vec(prop_oneof![any::<u8>(), Just(0x53), Just(5)], 0..60),
            0..40,
        ),
    ) {
        let mut bus = Bus::new(&[reader(5, Security::Key(KEY))], vec![]);
        let mut device = device(5, Some(KEY));
        let mut trace = Trace::default();
        for bytes in pieces {
            bus.run(30);
            bus.panel.receive(&bytes, bus.now);
            let _ = device.receive(&bytes, bus.now, [4; 8]);
            let (io, source) = (Io::Trace, String::new());
            let record = CaptureRecord { time_s: 0, nanos: 0, io, bytes, source };
            for packet in trace.feed(&record) {
                prop_assert!(!packet.to_text().is_empty() && packet.to_value().is_object());
            }
        }
        prop_assert_eq!(bus.panel.channel(0), None);
        prop_assert!(!device.is_secure());
        bus.devices.push(device);
        bus.run(5_000);
        prop_assert_eq!(bus.panel.channel(0), Some(Channel::Own));
    }

    /// A line that loses, doubles, cuts and invents: no card that was not presented is ever said,
    /// no strike is done twice for one command, and a quiet line brings everything back.
    #[test]
    fn a_bad_line_invents_nothing(seed in any::<u64>()) {
        let mut bus = Bus::new(&[reader(5, Security::Key(KEY))], vec![device(5, Some(KEY))]);
        let mut chance = seed | 1;
        let mut roll = move |sides: u64| {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            chance % sides
        };
        bus.run(50);
        bus.happened();
        bus.did(0);
        for number in 0..40 {
            let _ = bus.panel.command(0, number, strike(), later());
            bus.run_with(100, |_, mut bytes| match roll(12) {
                0 => vec![],
                1 => vec![bytes.clone(), bytes],
                2 => {
                    let at = usize::try_from(roll(bytes.len() as u64)).unwrap();
                    bytes[at] ^= 1 << roll(8);
                    vec![bytes]
                }
                3 => {
                    bytes.truncate(usize::try_from(roll(bytes.len() as u64)).unwrap());
                    vec![bytes]
                }
                4 => vec![vec![0x53, 0x85, 0x08, 0x00, 0x05, 0x50, 0x00], bytes],
                _ => vec![bytes],
            });
        }
        let said = bus.happened();
        let is_card = |event: &PanelEvent| matches!(event, PanelEvent::Said(Reply::Card(_)));
        prop_assert!(!said.iter().any(|(_, event)| is_card(event)));
        let done = bus.did(0).into_iter().filter(|one| *one == DeviceEvent::Did(strike())).count();
        prop_assert!(done <= 40, "{} strikes for 40 commands", done);
        bus.run(10_000);
        prop_assert_eq!(bus.panel.channel(0), Some(Channel::Own));
        let _ = bus.happened();
        bus.devices[0].post(card()).unwrap();
        bus.run(100);
        prop_assert!(bus.happened().contains(&(0, PanelEvent::Said(card()))));
    }
}

/// The recording, as whoever has these keys reads it.
fn read_with(bus: &Bus, keys: &[TraceKey], is_revealing: bool) -> Vec<String> {
    let mut trace = Trace::opening(keys, is_revealing);
    let packets = bus.recorded.iter().flat_map(|(is_reply, bytes)| {
        let io = if *is_reply { Io::Input } else { Io::Output };
        let record =
            CaptureRecord { time_s: 0, nanos: 0, io, bytes: bytes.clone(), source: String::new() };
        trace.feed(&record)
    });
    packets.map(|packet| packet.to_text()).collect()
}

const OF_READER: TraceKey = TraceKey { address: Some(5), key: KEY };

#[test]
fn who_has_the_key_reads_the_secure_channel_of_a_recording() {
    let mut bus = Bus::new(&[reader(5, Security::Key(KEY))], vec![device(5, Some(KEY))]);
    bus.run(300);
    bus.devices[0].post(card()).unwrap();
    bus.devices[0].post(Reply::Keys { reader: 0, keys: vec![b'4', b'7', 0x0d] }).unwrap();
    bus.panel.command(0, 1, strike(), later()).unwrap();
    bus.run(300);
    let closed = read_with(&bus, &[], true).join("\n");
    assert!(closed.contains("RAW  16 bytes encrypted") && !closed.contains("opened"), "{closed}");
    for keys in [[OF_READER], [TraceKey { address: None, key: KEY }]] {
        let opened = read_with(&bus, &keys, false).join("\n");
        assert!(opened.contains("SCS_18 opened  RAW  26 bits\n"), "{opened}");
        assert!(opened.contains("SCS_18 opened  KEYPAD  3 keys\n"), "{opened}");
        assert!(opened.contains("SCS_17 opened  OUT  output 0 on for "), "{opened}");
        assert!(!opened.contains("1001010") && !opened.contains("47#"), "{opened}");
        assert!(!opened.contains("encrypted"), "{opened}");
    }
    let shown = read_with(&bus, &[OF_READER], true).join("\n");
    let card = "RAW  26 bits 10010101000000000010001010, H10301 facility 42 number 69";
    assert!(shown.contains(card) && shown.contains("KEYPAD  47#"), "{shown}");
    for useless in
        [TraceKey { key: OTHER, ..OF_READER }, TraceKey { address: Some(6), ..OF_READER }]
    {
        assert_eq!(read_with(&bus, &[useless], true).join("\n"), closed);
    }
}

#[test]
fn a_key_that_is_sent_in_an_opened_channel_opens_the_next_and_is_never_shown() {
    let mut bus = Bus::new(&[reader(5, Security::Key(KEY))], vec![device(5, Some(KEY))]);
    bus.run(300);
    bus.panel.rotate(0, 1, OTHER).unwrap();
    bus.run(1_000);
    bus.devices[0].post(card()).unwrap();
    bus.run(300);
    let shown = read_with(&bus, &[OF_READER], true).join("\n");
    assert!(shown.contains("KEYSET  a key"), "{shown}");
    assert!(shown.contains("RAW  26 bits 10010101"), "{shown}");
    assert!(!shown.contains("encrypted"), "{shown}");
    assert!(!shown.contains("0909") && !shown.contains("9, 9"), "{shown}");
}

#[test]
fn a_recording_with_a_hole_says_so_until_the_next_handshake() {
    let mut bus = Bus::new(&[reader(5, Security::Key(KEY))], vec![device(5, Some(KEY))]);
    bus.run(300);
    let hole = bus.recorded.len();
    bus.run(200);
    bus.recorded.remove(hole);
    let told = read_with(&bus, &[OF_READER], false);
    let after = &told[hole..];
    assert!(after.iter().all(|line| line.contains("not of the session")), "{after:?}");
    bus.panel.set_line(false, bus.now);
    bus.panel.set_line(true, bus.now);
    bus.run(500);
    let told = read_with(&bus, &[OF_READER], false);
    assert!(told.last().unwrap().contains("opened"), "{told:?}");
}

#[test]
fn a_card_cut_short_anywhere_is_no_card_and_the_next_one_is() {
    let whole = {
        let mut bus = Bus::new(&[reader(5, Security::Key(KEY))], vec![device(5, Some(KEY))]);
        bus.run(300);
        bus.devices[0].post(card()).unwrap();
        bus.run(100);
        let is_card =
            |(is_reply, bytes): &&(bool, Vec<u8>)| *is_reply && bytes.get(7) == Some(&0x50);
        bus.recorded.iter().find(is_card).unwrap().1.len()
    };
    for length in 0..whole {
        let mut bus = Bus::new(&[reader(5, Security::Key(KEY))], vec![device(5, Some(KEY))]);
        bus.run(300);
        bus.happened();
        bus.devices[0].post(card()).unwrap();
        let mut cut = 0;
        bus.run_with(150, |is_reply, mut bytes| {
            // The answer and its repetitions.
            if is_reply && bytes.get(7) == Some(&0x50) {
                bytes.truncate(length);
                cut += 1;
            }
            vec![bytes]
        });
        assert!(cut > 0);
        let said = bus.happened();
        assert!(!said.iter().any(|(_, event)| matches!(event, PanelEvent::Said(_))), "{length}");
        bus.run(5_000);
        bus.happened();
        bus.devices[0].post(card()).unwrap();
        bus.run(200);
        assert_eq!(bus.happened(), [(0, PanelEvent::Said(card()))], "{length}");
    }
}

#[test]
fn a_card_of_a_wrong_length_is_counted_and_is_no_card() {
    let mut bus = Bus::new(&[reader(5, Security::Key(KEY))], vec![device(5, Some(KEY))]);
    bus.run(300);
    bus.happened();
    for data in [
        // More bits than bytes, more than any card, no bits at all behind the header, no header.
        vec![0, 1, 26, 0, 0x95, 0x00],
        vec![0, 1, 0xff, 0xff, 1, 2, 3],
        vec![0, 1, 1, 0],
        vec![0, 1],
    ] {
        bus.devices[0].post(Reply::Other { code: 0x50, data }).unwrap();
    }
    bus.run(500);
    let said = bus.happened();
    let unread = |told: &(usize, PanelEvent)| {
        matches!(told, (0, PanelEvent::Said(Reply::Other { code: 0x50, .. })))
    };
    assert!(said.len() == 4 && said.iter().all(unread), "{said:?}");
    // Asked again it would say the same: nothing is, and the reader stays in use.
    let counters = bus.panel.counters();
    assert_eq!((counters.unreadable, counters.repeated, counters.forged), (4, 0, 0));
    bus.devices[0].post(card()).unwrap();
    bus.run(100);
    assert_eq!(bus.happened(), [(0, PanelEvent::Said(card()))]);
}

/// Ten thousand cards a second from one reader that does not wait to be asked.
#[test]
fn a_reader_that_shouts_is_counted_and_its_neighbour_heard() {
    let readers = [reader(5, Security::Key(KEY)), reader(6, Security::Key(KEY))];
    let mut bus = Bus::new(&readers, vec![device(5, Some(KEY)), device(6, Some(KEY))]);
    bus.run(500);
    bus.happened();
    let content = card().content();
    let shout = encode(
        &Frame {
            address: 5,
            is_reply: true,
            sequence: 2,
            check: Check::Crc,
            security: None,
            code: 0x50,
            data: &content,
            mac: None,
        },
        |_| None,
    );
    let mut heard = Vec::new();
    for round in 0..10 {
        bus.devices[1].post(card()).unwrap();
        for _ in 0..100 {
            // Between the frames of the others: on a wire, shouts into them would be damage.
            for _ in 0..10 {
                bus.panel.receive(&shout, bus.now);
            }
            bus.run(1);
        }
        heard.extend(bus.happened());
        assert_eq!(heard.len(), round + 1, "{heard:?}");
    }
    // Each round's card of the neighbour, and nothing of who shouts: it has a secure channel.
    assert!(heard.iter().all(|told| *told == (1, PanelEvent::Said(card()))), "{heard:?}");
    let counters = bus.panel.counters();
    let turned_away = counters.unexpected + counters.clear_in_session + counters.out_of_sequence;
    assert_eq!(turned_away, 10_000, "{counters:?}");
}
