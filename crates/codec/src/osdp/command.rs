//! What commands say.

use super::body::Body;
use super::frame::OsdpError;
use super::names::{Direction, command};
use super::secure::Scbk;
use crate::bytes::tail;

/// What an output is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutputAction {
    /// Off for good, now.
    Off,
    /// On for good, now.
    On,
    /// On for so many tenths of a second, then as it was.
    OnFor(u16),
    /// Off for so many tenths of a second, then as it was.
    OffFor(u16),
    /// A code that is none of these, with its timer.
    Other(u8, u16),
}

impl OutputAction {
    const fn parts(self) -> (u8, u16) {
        match self {
            Self::Off => (1, 0),
            Self::On => (2, 0),
            Self::OnFor(tenths) => (5, tenths),
            Self::OffFor(tenths) => (6, tenths),
            Self::Other(code, tenths) => (code, tenths),
        }
    }

    const fn of(code: u8, tenths: u16) -> Self {
        match (code, tenths) {
            (1, 0) => Self::Off,
            (2, 0) => Self::On,
            (5, tenths) => Self::OnFor(tenths),
            (6, tenths) => Self::OffFor(tenths),
            (code, tenths) => Self::Other(code, tenths),
        }
    }
}

/// One output of a reader, such as its strike relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Output {
    /// Which, from 0.
    pub number: u8,
    /// What to do.
    pub action: OutputAction,
}

/// How a light shines. Colours: 0 off, 1 red, 2 green, 3 amber, 4 blue, 5 magenta, 6 cyan, 7 white.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct LedState {
    /// Temporary: 0 none, 1 cancel, 2 set. Permanent: 0 none, 1 set.
    pub control: u8,
    /// Tenths of a second that it is on.
    pub on_tenths: u8,
    /// Tenths of a second that it is off.
    pub off_tenths: u8,
    /// Colour while on.
    pub on_colour: u8,
    /// Colour while off.
    pub off_colour: u8,
}

/// One light of a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Led {
    /// Reader, usually 0.
    pub reader: u8,
    /// Which light.
    pub number: u8,
    /// For a while.
    pub temporary: LedState,
    /// How long a while, in tenths of a second.
    pub temporary_tenths: u16,
    /// Afterwards.
    pub permanent: LedState,
}

/// A reader's buzzer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Buzzer {
    /// Reader, usually 0.
    pub reader: u8,
    /// 1 off, 2 the default tone.
    pub tone: u8,
    /// Tenths of a second that it sounds.
    pub on_tenths: u8,
    /// Tenths of a second that it is silent.
    pub off_tenths: u8,
    /// How often; 0 until told otherwise.
    pub count: u8,
}

/// Text on a reader's display.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Text {
    /// Reader, usually 0.
    pub reader: u8,
    /// 1 lasting, 2 lasting and wrapped, 3 for a while, 4 for a while and wrapped.
    pub control: u8,
    /// How long a while, in seconds.
    pub temporary_s: u8,
    /// Row, from 1.
    pub row: u8,
    /// Column, from 1.
    pub column: u8,
    /// Printable ASCII; at most 255 characters, the rest is cut off.
    pub text: String,
}

/// What a panel asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Anything new?
    Poll,
    /// Who are you?
    Id,
    /// What can you do?
    Capabilities,
    /// Tamper and power.
    LocalStatus,
    /// Inputs.
    InputStatus,
    /// Outputs.
    OutputStatus,
    /// Readers behind the device.
    ReaderStatus,
    /// Outputs.
    Output(Vec<Output>),
    /// Lights.
    Led(Vec<Led>),
    /// The buzzer.
    Buzzer(Buzzer),
    /// The display.
    Text(Text),
    /// Another address and speed.
    ComSet {
        /// 0 to 126.
        address: u8,
        /// Bits a second.
        baud: u32,
    },
    /// Another key.
    KeySet(Scbk),
    /// Prove that you know the key.
    Challenge([u8; 8]),
    /// I know it too.
    Crypt([u8; 16]),
    /// A command that is none of these.
    Other {
        /// Its code.
        code: u8,
        /// Its content.
        data: Vec<u8>,
    },
}

impl Command {
    /// Its code.
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self {
            Self::Poll => command::POLL,
            Self::Id => command::ID,
            Self::Capabilities => command::CAP,
            Self::LocalStatus => command::LSTAT,
            Self::InputStatus => command::ISTAT,
            Self::OutputStatus => command::OSTAT,
            Self::ReaderStatus => command::RSTAT,
            Self::Output(_) => command::OUT,
            Self::Led(_) => command::LED,
            Self::Buzzer(_) => command::BUZ,
            Self::Text(_) => command::TEXT,
            Self::ComSet { .. } => command::COMSET,
            Self::KeySet(_) => command::KEYSET,
            Self::Challenge(_) => command::CHLNG,
            Self::Crypt(_) => command::SCRYPT,
            Self::Other { code, .. } => *code,
        }
    }

    /// What follows the code.
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        match self {
            Self::Poll
            | Self::LocalStatus
            | Self::InputStatus
            | Self::OutputStatus
            | Self::ReaderStatus => Vec::new(),
            Self::Id | Self::Capabilities => vec![0],
            Self::Output(outputs) => outputs
                .iter()
                .flat_map(|output| {
                    let (code, tenths) = output.action.parts();
                    let [low, high] = tenths.to_le_bytes();
                    [output.number, code, low, high]
                })
                .collect(),
            Self::Led(lights) => lights.iter().flat_map(led_bytes).collect(),
            Self::Buzzer(Buzzer { reader, tone, on_tenths, off_tenths, count }) => {
                vec![*reader, *tone, *on_tenths, *off_tenths, *count]
            }
            Self::Text(text) => {
                let shown: Vec<u8> =
                    text.text.bytes().filter(|byte| byte.is_ascii()).take(255).collect();
                let length = u8::try_from(shown.len()).unwrap_or(u8::MAX);
                let Text { reader, control, temporary_s, row, column, .. } = *text;
                let mut bytes = vec![reader, control, temporary_s, row, column, length];
                bytes.extend(shown);
                bytes
            }
            Self::ComSet { address, baud } => {
                let mut bytes = vec![*address];
                bytes.extend(baud.to_le_bytes());
                bytes
            }
            Self::KeySet(key) => {
                let mut bytes = vec![1, 16];
                bytes.extend(key.expose());
                bytes
            }
            Self::Challenge(random) => random.to_vec(),
            Self::Crypt(cryptogram) => cryptogram.to_vec(),
            Self::Other { data, .. } => data.clone(),
        }
    }

    /// Reads a command's content, decrypted where it was encrypted.
    ///
    /// # Errors
    /// [`OsdpError`]: the content is too short; its offset is within the content.
    pub fn decode(code: u8, data: &[u8]) -> Result<Self, OsdpError> {
        let body = Body { direction: Direction::Command, code, data };
        Ok(match code {
            command::POLL => Self::Poll,
            command::ID => Self::Id,
            command::CAP => Self::Capabilities,
            command::LSTAT => Self::LocalStatus,
            command::ISTAT => Self::InputStatus,
            command::OSTAT => Self::OutputStatus,
            command::RSTAT => Self::ReaderStatus,
            command::OUT => Self::Output(
                body.records::<4>()?
                    .iter()
                    .map(|[number, code, low, high]| Output {
                        number: *number,
                        action: OutputAction::of(*code, u16::from_le_bytes([*low, *high])),
                    })
                    .collect(),
            ),
            command::LED => Self::Led(body.records::<14>()?.iter().map(led).collect()),
            command::BUZ => {
                let [reader, tone, on_tenths, off_tenths, count] = *body.first()?;
                Self::Buzzer(Buzzer { reader, tone, on_tenths, off_tenths, count })
            }
            command::TEXT => {
                let [reader, control, temporary_s, row, column, length] = *body.first()?;
                let shown = tail(data, 6);
                let shown =
                    shown.get(..usize::from(length)).ok_or(body.short(6 + usize::from(length)))?;
                // A display shows ASCII; anything else is damage.
                let legible = |byte: &u8| if byte.is_ascii() { char::from(*byte) } else { '?' };
                let text = shown.iter().map(legible).collect();
                Self::Text(Text { reader, control, temporary_s, row, column, text })
            }
            command::COMSET => {
                let [address, a, b, c, d] = *body.first()?;
                Self::ComSet { address, baud: u32::from_le_bytes([a, b, c, d]) }
            }
            command::KEYSET => match *body.first::<2>()? {
                [1, 16] => {
                    let key = tail(data, 2).first_chunk().ok_or(body.short(18))?;
                    Self::KeySet(Scbk::new(*key))
                }
                _ => Self::Other { code, data: data.to_vec() },
            },
            command::CHLNG => Self::Challenge(*body.first()?),
            command::SCRYPT => Self::Crypt(*body.first()?),
            code => Self::Other { code, data: data.to_vec() },
        })
    }
}

fn led_bytes(led: &Led) -> [u8; 14] {
    let (soon, then) = (led.temporary, led.permanent);
    let [low, high] = led.temporary_tenths.to_le_bytes();
    [
        led.reader,
        led.number,
        soon.control,
        soon.on_tenths,
        soon.off_tenths,
        soon.on_colour,
        soon.off_colour,
        low,
        high,
        then.control,
        then.on_tenths,
        then.off_tenths,
        then.on_colour,
        then.off_colour,
    ]
}

fn led(record: &[u8; 14]) -> Led {
    let [reader, number, a, b, c, d, e, low, high, f, g, h, i, j] = *record;
    let state = |[control, on_tenths, off_tenths, on_colour, off_colour]: [u8; 5]| LedState {
        control,
        on_tenths,
        off_tenths,
        on_colour,
        off_colour,
    };
    Led {
        reader,
        number,
        temporary: state([a, b, c, d, e]),
        temporary_tenths: u16::from_le_bytes([low, high]),
        permanent: state([f, g, h, i, j]),
    }
}
