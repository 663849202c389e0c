//! One packet of a recording, for people and for programs.

use serde_json::{Map, Value, json};

use super::opened::Opened;
use crate::osdp::capture::{CaptureRecord, Io};
use crate::osdp::command::{Command, OutputAction};
use crate::osdp::frame::{Frame, OsdpError};
use crate::osdp::names::{Direction, code_name};
use crate::osdp::reply::{Capability, CardRead, Circuit, Reply};
use crate::wiegand::{Formats, Key, osdp_keys};

/// One packet. Key material is never in it; card bits, keys pressed and texts only where somebody
/// asked for them to be revealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Counted from 1.
    pub number: u64,
    /// Seconds since 1970.
    pub time_s: u64,
    /// Nanoseconds of the second.
    pub nanos: u32,
    /// From where it was recorded.
    pub io: Io,
    /// What it is.
    pub content: Content,
}

/// What a packet is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A frame.
    Frame {
        /// Which way it goes.
        direction: Direction,
        /// 0 to 127.
        address: u8,
        /// 0 to 3.
        sequence: u8,
        /// Type of its security block.
        security: Option<u8>,
        /// Whether its secured content was opened.
        is_opened: bool,
        /// Command or reply.
        code: u8,
        /// Bytes in all.
        length: usize,
        /// What it says, where that may be shown.
        detail: Option<String>,
    },
    /// Bytes that are no frame.
    Skipped {
        /// How many.
        bytes: usize,
        /// What was wrong where they began like one.
        error: Option<OsdpError>,
    },
}

/// A frame as it was seen.
pub(super) struct Seen<'a> {
    pub frame: &'a Frame<'a>,
    pub length: usize,
    /// What became of it, where it is a secured one.
    pub opened: Option<Opened>,
    pub is_revealing: bool,
}

impl Packet {
    pub(super) fn of(record: &CaptureRecord, number: u64, seen: &Seen<'_>) -> Self {
        let Seen { frame, length, opened, .. } = seen;
        let direction = if frame.is_reply { Direction::Reply } else { Direction::Command };
        let content = Content::Frame {
            direction,
            address: frame.address,
            sequence: frame.sequence,
            security: frame.security.map(|block| block.kind),
            is_opened: matches!(opened, Some(Opened::Content(_))),
            code: frame.code,
            length: *length,
            detail: detail(seen),
        };
        Self::at(record, number, content)
    }

    pub(super) const fn skipped(
        record: &CaptureRecord,
        number: u64,
        bytes: usize,
        error: Option<OsdpError>,
    ) -> Self {
        Self::at(record, number, Content::Skipped { bytes, error })
    }

    const fn at(record: &CaptureRecord, number: u64, content: Content) -> Self {
        let CaptureRecord { time_s, nanos, io, .. } = *record;
        Self { number, time_s, nanos, io, content }
    }

    /// One line for people.
    #[must_use]
    pub fn to_text(&self) -> String {
        let time = format!("{}.{:09}", self.time_s, self.nanos);
        match &self.content {
            Content::Skipped { bytes, error: None } => {
                format!("{time}  ??  {bytes} bytes of no frame")
            }
            Content::Skipped { bytes, error: Some(error) } => {
                format!("{time}  ??  {bytes} bytes skipped: {error}")
            }
            Content::Frame { direction, address, sequence, security, is_opened, .. } => {
                let arrow = match direction {
                    Direction::Command => "->",
                    Direction::Reply => "<-",
                };
                let (name, detail) = self.said();
                let secured = security.map_or_else(String::new, |kind| format!(" SCS_{kind:02x}"));
                let secured = secured + if *is_opened { " opened" } else { "" };
                let detail = detail.map_or_else(String::new, |text| format!("  {text}"));
                format!("{time}  {arrow}  {address:>3}  {sequence}{secured}  {name}{detail}")
            }
        }
    }

    /// Its code in words, and its detail.
    fn said(&self) -> (String, Option<&str>) {
        match &self.content {
            Content::Skipped { .. } => (String::new(), None),
            Content::Frame { direction, code, detail, .. } => {
                (name(*direction, *code), detail.as_deref())
            }
        }
    }

    /// The same as a JSON object.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut object = Map::new();
        let mut set = |name: &str, value: Value| {
            object.insert(name.to_owned(), value);
        };
        set("packet", json!(self.number));
        set("time_s", json!(self.time_s));
        set("nanos", json!(self.nanos));
        set("io", json!(self.io.name()));
        match &self.content {
            Content::Skipped { bytes, error } => {
                set("skipped_bytes", json!(bytes));
                set("error", json!(error.map(|error| error.to_string())));
                set("error_offset", json!(error.map(|error| error.offset)));
            }
            Content::Frame {
                direction,
                address,
                sequence,
                security,
                is_opened,
                code,
                length,
                detail,
            } => {
                set(
                    "from",
                    json!(match direction {
                        Direction::Command => "panel",
                        Direction::Reply => "reader",
                    }),
                );
                set("address", json!(address));
                set("sequence", json!(sequence));
                set("security", json!(security));
                set("opened", json!(is_opened));
                set("code", json!(code));
                set("name", json!(code_name(*direction, *code)));
                set("length", json!(length));
                set("detail", json!(detail));
            }
        }
        Value::Object(object)
    }
}

fn name(direction: Direction, code: u8) -> String {
    code_name(direction, code).map_or_else(|| format!("{code:02x}"), str::to_owned)
}

/// What may be shown of a frame's content.
fn detail(seen: &Seen<'_>) -> Option<String> {
    let (frame, is_revealing) = (seen.frame, seen.is_revealing);
    let is_encrypted = frame.security.is_some_and(|block| matches!(block.kind, 0x17 | 0x18));
    let data = match &seen.opened {
        Some(Opened::Content(content)) => content.as_slice(),
        Some(Opened::Repeated) => return Some("the same once more".to_owned()),
        Some(Opened::Unbelieved) => {
            return Some(format!("{} bytes, not of the session that is known", frame.data.len()));
        }
        Some(Opened::NoKey) | None if is_encrypted => {
            return Some(format!("{} bytes encrypted", frame.data.len()));
        }
        Some(Opened::NoKey) | None => frame.data,
    };
    let install = frame
        .security
        .filter(|block| matches!(block.kind, 0x11..=0x14))
        .and_then(|block| block.data.first())
        .map(|flag| if *flag == 0 { "install key" } else { "own key" });
    let said = if frame.is_reply {
        Reply::decode(frame.code, data).map(|reply| match reply {
            Reply::Card(card) if is_revealing => Some(revealed_card(&card)),
            Reply::Keys { keys, .. } if is_revealing => Some(revealed_keys(&keys)),
            reply => reply_detail(&reply),
        })
    } else {
        Command::decode(frame.code, data).map(|command| match command {
            Command::Text(text) if is_revealing => Some(format!("`{}`", text.text)),
            Command::KeySet(_) if seen.opened.is_some() => Some("a key".to_owned()),
            command => command_detail(&command),
        })
    };
    match said {
        Err(error) => Some(error.to_string()),
        Ok(said) => said.or(install.map(str::to_owned)),
    }
}

/// The bits, and what they say in each shipped format that they fit.
fn revealed_card(card: &CardRead) -> String {
    let mut text = format!("{} bits {}", card.bits.len(), card.bits.expose_text());
    let Ok(formats) = Formats::shipped() else { return text };
    for (format, read) in formats.readings(&card.bits) {
        let Ok(read) = read else { continue };
        let (_, facility, number, issue) = read.key();
        text += &format!(", {}", format.name());
        if let Some(facility) = facility {
            text += &format!(" facility {facility}");
        }
        text += &format!(" number {number}");
        if let Some(issue) = issue {
            text += &format!(" issue {issue}");
        }
    }
    text
}

fn revealed_keys(keys: &[u8]) -> String {
    let (known, unknown) = osdp_keys(keys);
    let shown: String = known
        .into_iter()
        .map(|key| match key {
            Key::Digit(digit) => char::from(b'0' + digit.min(9)),
            Key::Star => '*',
            Key::Hash => '#',
        })
        .collect();
    if unknown == 0 { shown } else { format!("{shown} and {unknown} others") }
}

fn reply_detail(reply: &Reply) -> Option<String> {
    Some(match reply {
        Reply::Nak(code) => code.to_string(),
        Reply::Id(id) => {
            let [a, b, c] = id.vendor;
            let [major, minor, build] = id.firmware;
            let (model, version, serial) = (id.model, id.version, id.serial);
            format!(
                "vendor {a:02x}{b:02x}{c:02x} model {model} version {version} serial {serial} \
                 firmware {major}.{minor}.{build}"
            )
        }
        Reply::Capabilities(list) => {
            let secure = list
                .iter()
                .any(|one| one.function == Capability::SECURITY && one.compliance & 1 == 1);
            let secure = if secure { "secure channel" } else { "no secure channel" };
            format!("{} capabilities, {secure}", list.len())
        }
        Reply::Local { is_tampered, is_power_failing } => {
            format!("tamper {is_tampered} power failure {is_power_failing}")
        }
        Reply::Inputs(states) => format!("inputs {}", circuits(states)),
        Reply::Outputs(states) => format!("outputs {}", on_off(states)),
        Reply::Card(card) => format!("{} bits", card.bits.len()),
        Reply::Keys { keys, .. } => format!("{} keys", keys.len()),
        Reply::Com { address, baud } => format!("address {address} at {baud}"),
        Reply::Other { data, .. } => format!("{} bytes", data.len()),
        Reply::Ack
        | Reply::Busy
        | Reply::Readers(_)
        | Reply::Cryptogram { .. }
        | Reply::InitialMac(_) => return None,
    })
}

fn command_detail(command: &Command) -> Option<String> {
    Some(match command {
        Command::Output(outputs) => {
            let said = outputs.iter().map(|output| {
                let action = match output.action {
                    OutputAction::Off => "off".to_owned(),
                    OutputAction::On => "on".to_owned(),
                    OutputAction::OnFor(tenths) => {
                        format!("on for {}.{} s", tenths / 10, tenths % 10)
                    }
                    OutputAction::OffFor(tenths) => {
                        format!("off for {}.{} s", tenths / 10, tenths % 10)
                    }
                    OutputAction::Other(code, tenths) => format!("action {code} timer {tenths}"),
                };
                format!("output {} {action}", output.number)
            });
            said.collect::<Vec<_>>().join(", ")
        }
        Command::ComSet { address, baud } => format!("address {address} at {baud}"),
        Command::KeySet(_) => "a key in clear text".to_owned(),
        Command::Other { data, .. } => format!("{} bytes", data.len()),
        Command::Poll
        | Command::Id
        | Command::Capabilities
        | Command::LocalStatus
        | Command::InputStatus
        | Command::OutputStatus
        | Command::ReaderStatus
        | Command::Led(_)
        | Command::Buzzer(_)
        | Command::Text(_)
        | Command::Challenge(_)
        | Command::Crypt(_) => return None,
    })
}

/// `0` at rest, `1` active, `!` at fault.
fn circuits(states: &[Circuit]) -> String {
    let sign = |circuit: &Circuit| match circuit.is_active() {
        Some(false) => '0',
        Some(true) => '1',
        None => '!',
    };
    states.iter().map(sign).collect()
}

fn on_off(states: &[bool]) -> String {
    states.iter().map(|state| if *state { '1' } else { '0' }).collect()
}
