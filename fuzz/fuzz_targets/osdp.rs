//! Any bytes on the line: frames are found or skipped, contents read or refused, and neither end
//! of a bus is brought down by them.
#![no_main]

use std::time::Duration;

use codec::osdp::{
    CaptureRecord, Device, DeviceConfig, DeviceId, Io, Panel, ReaderConfig, Scbk, Security, Timing,
    Trace, TraceKey,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, Vec<u8>)| {
    let (step, stream) = input;
    let key = Scbk::new([1; 16]);
    let readers = [ReaderConfig { address: 5, security: Security::Key(key) }];
    let mut panel = Panel::new(&readers, Timing::default());
    panel.set_line(true, Duration::ZERO);
    let id = DeviceId::default();
    let mut device = Device::new(DeviceConfig {
        address: 5,
        id,
        key: Some(key),
        is_installing: false,
        is_secure_only: true,
    });
    let mut trace = Trace::opening(&[TraceKey { address: None, key }], true);
    let mut now = Duration::ZERO;
    for bytes in stream.chunks(usize::from(step) + 1) {
        now += Duration::from_millis(50);
        panel.tick(now);
        let _ = panel.transmit(now, &mut || [3; 8]);
        panel.receive(bytes, now);
        let _ = device.receive(bytes, now, [4; 8]);
        let (io, source) = (Io::Trace, String::new());
        let record = CaptureRecord { time_s: 0, nanos: 0, io, bytes: bytes.to_vec(), source };
        for packet in trace.feed(&record) {
            assert!(!packet.to_text().is_empty() && packet.to_value().is_object());
        }
        while panel.next_event().is_some() {}
        while device.next_event().is_some() {}
    }
    for finding in trace.findings() {
        assert!(finding.count > 0);
    }
    let text = String::from_utf8_lossy(&stream);
    if let Ok(record) = CaptureRecord::parse(&text, 1) {
        assert_eq!(CaptureRecord::parse(&record.to_line(), 1), Ok(record));
    }
});
