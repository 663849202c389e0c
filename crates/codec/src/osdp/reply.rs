//! What replies say.

use std::fmt;

use super::body::Body;
use super::frame::OsdpError;
use super::names::{Direction, NakCode, code_name, reply};
use crate::bytes::tail;
use crate::wiegand::{BITS_MAX, Bits};

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

/// How the circuit of an input is.
///
/// SOURCE: SIA OSDP 2.2, `osdp_ISTATR`: 0 is inactive, 1 is active; what a device reports beyond
/// them is its own word for a supervised circuit that is neither: cut, shorted, out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Circuit {
    /// Inactive.
    #[default]
    Rest,
    /// Active.
    Active,
    /// Neither: the circuit itself is at fault. In the device's own word, from 2.
    Fault(u8),
}

impl From<u8> for Circuit {
    fn from(byte: u8) -> Self {
        match byte {
            0 => Self::Rest,
            1 => Self::Active,
            fault => Self::Fault(fault),
        }
    }
}

impl From<Circuit> for u8 {
    fn from(circuit: Circuit) -> Self {
        match circuit {
            Circuit::Rest => 0,
            Circuit::Active => 1,
            Circuit::Fault(fault) => fault.max(2),
        }
    }
}

impl From<bool> for Circuit {
    fn from(is_active: bool) -> Self {
        if is_active { Self::Active } else { Self::Rest }
    }
}

impl Circuit {
    /// Whether it is active; none: its circuit is at fault.
    #[must_use]
    pub const fn is_active(self) -> Option<bool> {
        match self {
            Self::Rest => Some(false),
            Self::Active => Some(true),
            Self::Fault(_) => None,
        }
    }
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
    /// How the circuit of each input is.
    Inputs(Vec<Circuit>),
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
            Self::Inputs(states) => states.iter().copied().map(u8::from).collect(),
            Self::Outputs(states) => states.iter().copied().map(u8::from).collect(),
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
    /// [`OsdpError`]: the content is too short, or has more bits than any card; its offset is
    /// within the content.
    pub fn decode(code: u8, data: &[u8]) -> Result<Self, OsdpError> {
        let body = Body { direction: Direction::Reply, code, data };
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
            reply::ISTATR => Self::Inputs(data.iter().copied().map(Circuit::from).collect()),
            reply::OSTATR => Self::Outputs(data.iter().map(|state| *state != 0).collect()),
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
