//! What commands and replies say.

use std::fmt;

use super::frame::{OsdpError, OsdpErrorKind};
use super::names::{Direction, NakCode, code_name, command, reply};
use super::secure::Scbk;
use crate::bytes::tail;
use crate::wiegand::{BITS_MAX, Bits};

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
                let text = String::from_utf8_lossy(shown).into_owned();
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

/// Who a reader says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct DeviceId {
    /// IEEE number of the maker, low byte first on the wire.
    pub vendor: [u8; 3],
    /// Model.
    pub model: u8,
    /// Version of the model.
    pub version: u8,
    /// Serial number.
    pub serial: u32,
    /// Firmware: major, minor, build.
    pub firmware: [u8; 3],
}

/// Something that a reader can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Capability {
    /// Function code; 9 is the secure channel.
    pub function: u8,
    /// How far.
    pub compliance: u8,
    /// How many.
    pub items: u8,
}

impl Capability {
    /// Communication security: compliance 1 is AES-128.
    pub const SECURITY: u8 = 9;
}

/// A card as a reader sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardRead {
    /// Reader, usually 0.
    pub reader: u8,
    /// 0 not specified, 1 Wiegand with its parity.
    pub format: u8,
    /// What it read.
    pub bits: Bits,
}

/// What a reader answers.
#[derive(Clone, PartialEq, Eq)]
pub enum Reply {
    /// Done, or nothing new.
    Ack,
    /// Refused.
    Nak(NakCode),
    /// Who it is.
    Id(DeviceId),
    /// What it can do.
    Capabilities(Vec<Capability>),
    /// The device itself.
    Local {
        /// Whether it is being tampered with.
        is_tampered: bool,
        /// Whether its power fails.
        is_power_failing: bool,
    },
    /// Whether each input is active.
    Inputs(Vec<bool>),
    /// Whether each output is on.
    Outputs(Vec<bool>),
    /// Readers behind the device: 0 normal, 1 not connected, 2 tampered with.
    Readers(Vec<u8>),
    /// A card.
    Card(CardRead),
    /// Keys pressed at a reader, as bytes. Never log them.
    Keys {
        /// Reader, usually 0.
        reader: u8,
        /// Digits in ASCII, 7F and 0D.
        keys: Vec<u8>,
    },
    /// The address and speed from now on.
    Com {
        /// 0 to 126.
        address: u8,
        /// Bits a second.
        baud: u32,
    },
    /// Proof that it knows the key.
    Cryptogram {
        /// The reader's own identification.
        uid: [u8; 8],
        /// Its random number.
        random: [u8; 8],
        /// The proof.
        cryptogram: [u8; 16],
    },
    /// It believes the panel.
    InitialMac([u8; 16]),
    /// Ask again later.
    Busy,
    /// A reply that is none of these.
    Other {
        /// Its code.
        code: u8,
        /// Its content.
        data: Vec<u8>,
    },
}

/// The kind of reply, without what people pressed or presented.
impl fmt::Debug for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nak(code) => write!(formatter, "NAK {code}"),
            Self::Card(card) => write!(formatter, "RAW {:?}", card.bits),
            Self::Id(id) => write!(formatter, "PDID {id:?}"),
            other => {
                let name = code_name(Direction::Reply, other.code()).unwrap_or("other");
                write!(formatter, "{name}")
            }
        }
    }
}

impl Reply {
    /// Its code.
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self {
            Self::Ack => reply::ACK,
            Self::Nak(_) => reply::NAK,
            Self::Id(_) => reply::PDID,
            Self::Capabilities(_) => reply::PDCAP,
            Self::Local { .. } => reply::LSTATR,
            Self::Inputs(_) => reply::ISTATR,
            Self::Outputs(_) => reply::OSTATR,
            Self::Readers(_) => reply::RSTATR,
            Self::Card(_) => reply::RAW,
            Self::Keys { .. } => reply::KEYPAD,
            Self::Com { .. } => reply::COM,
            Self::Cryptogram { .. } => reply::CCRYPT,
            Self::InitialMac(_) => reply::RMAC_I,
            Self::Busy => reply::BUSY,
            Self::Other { code, .. } => *code,
        }
    }

    /// What follows the code.
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        match self {
            Self::Ack | Self::Busy => Vec::new(),
            Self::Nak(code) => vec![code.0],
            Self::Id(id) => {
                let mut bytes = id.vendor.to_vec();
                bytes.extend([id.model, id.version]);
                bytes.extend(id.serial.to_le_bytes());
                bytes.extend(id.firmware);
                bytes
            }
            Self::Capabilities(list) => {
                list.iter().flat_map(|one| [one.function, one.compliance, one.items]).collect()
            }
            Self::Local { is_tampered, is_power_failing } => {
                vec![u8::from(*is_tampered), u8::from(*is_power_failing)]
            }
            Self::Inputs(states) | Self::Outputs(states) => {
                states.iter().copied().map(u8::from).collect()
            }
            Self::Readers(states) => states.clone(),
            Self::Card(card) => {
                let [low, high] = u16::try_from(card.bits.len()).unwrap_or_default().to_le_bytes();
                let mut bytes = vec![card.reader, card.format, low, high];
                bytes.extend(card.bits.expose());
                bytes
            }
            Self::Keys { reader, keys } => {
                let mut bytes = vec![*reader, u8::try_from(keys.len()).unwrap_or(u8::MAX)];
                bytes.extend(keys.iter().take(usize::from(u8::MAX)));
                bytes
            }
            Self::Com { address, baud } => {
                let mut bytes = vec![*address];
                bytes.extend(baud.to_le_bytes());
                bytes
            }
            Self::Cryptogram { uid, random, cryptogram } => {
                uid.iter().chain(random).chain(cryptogram).copied().collect()
            }
            Self::InitialMac(mac) => mac.to_vec(),
            Self::Other { data, .. } => data.clone(),
        }
    }

    /// Reads a reply's content, decrypted where it was encrypted.
    ///
    /// # Errors
    /// [`OsdpError`]: the content is too short, or has more bits than any card; its offset is within
    /// the content.
    pub fn decode(code: u8, data: &[u8]) -> Result<Self, OsdpError> {
        let body = Body { direction: Direction::Reply, code, data };
        let states = || data.iter().map(|state| *state != 0).collect();
        Ok(match code {
            reply::ACK => Self::Ack,
            reply::NAK => {
                let [code] = *body.first()?;
                Self::Nak(NakCode(code))
            }
            reply::PDID => {
                let [v0, v1, v2, model, version, a, b, c, d, f0, f1, f2] = *body.first()?;
                let serial = u32::from_le_bytes([a, b, c, d]);
                let (vendor, firmware) = ([v0, v1, v2], [f0, f1, f2]);
                Self::Id(DeviceId { vendor, model, version, serial, firmware })
            }
            reply::PDCAP => Self::Capabilities(
                body.records::<3>()?
                    .iter()
                    .map(|[function, compliance, items]| Capability {
                        function: *function,
                        compliance: *compliance,
                        items: *items,
                    })
                    .collect(),
            ),
            reply::LSTATR => {
                let [tamper, power] = *body.first()?;
                Self::Local { is_tampered: tamper != 0, is_power_failing: power != 0 }
            }
            reply::ISTATR => Self::Inputs(states()),
            reply::OSTATR => Self::Outputs(states()),
            reply::RSTATR => Self::Readers(data.to_vec()),
            reply::RAW => {
                let [reader, format, low, high] = *body.first()?;
                let bits = usize::from(u16::from_le_bytes([low, high]));
                let needed = 4 + bits.min(BITS_MAX + 1).div_ceil(8);
                let bits = Bits::packed(tail(data, 4), bits).ok_or(body.short(needed))?;
                Self::Card(CardRead { reader, format, bits })
            }
            reply::KEYPAD => {
                let [reader, count] = *body.first()?;
                let keys = tail(data, 2).get(..usize::from(count));
                let keys = keys.ok_or(body.short(2 + usize::from(count)))?.to_vec();
                Self::Keys { reader, keys }
            }
            reply::COM => {
                let [address, a, b, c, d] = *body.first()?;
                Self::Com { address, baud: u32::from_le_bytes([a, b, c, d]) }
            }
            reply::CCRYPT => {
                let whole: &[u8; 32] = body.first()?;
                let missing = body.short(32);
                Self::Cryptogram {
                    uid: *whole.first_chunk().ok_or(missing)?,
                    random: *tail(whole, 8).first_chunk().ok_or(missing)?,
                    cryptogram: *tail(whole, 16).first_chunk().ok_or(missing)?,
                }
            }
            reply::RMAC_I => Self::InitialMac(*body.first()?),
            reply::BUSY => Self::Busy,
            code => Self::Other { code, data: data.to_vec() },
        })
    }
}

/// The content of a command or reply while it is read.
struct Body<'a> {
    direction: Direction,
    code: u8,
    data: &'a [u8],
}

impl Body<'_> {
    fn short(&self, expected: usize) -> OsdpError {
        let name = code_name(self.direction, self.code).unwrap_or("this code");
        let found = self.data.len();
        OsdpError { kind: OsdpErrorKind::Body { name, expected, found }, offset: found }
    }

    fn first<const N: usize>(&self) -> Result<&[u8; N], OsdpError> {
        self.data.first_chunk().ok_or_else(|| self.short(N))
    }

    fn records<const N: usize>(&self) -> Result<&[[u8; N]], OsdpError> {
        match self.data.as_chunks() {
            (records, []) => Ok(records),
            (records, _) => Err(self.short((records.len() + 1) * N)),
        }
    }
}
