//! Commands, replies and refusals by number and by name.
//!
//! SOURCE: SIA OSDP 2.2, tables 2 (commands), 3 (replies) and 47 (error codes).

/// Which way a frame goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From the panel.
    Command,
    /// From a reader.
    Reply,
}

pub(super) mod command {
    pub const POLL: u8 = 0x60;
    pub const ID: u8 = 0x61;
    pub const CAP: u8 = 0x62;
    pub const LSTAT: u8 = 0x64;
    pub const ISTAT: u8 = 0x65;
    pub const OSTAT: u8 = 0x66;
    pub const RSTAT: u8 = 0x67;
    pub const OUT: u8 = 0x68;
    pub const LED: u8 = 0x69;
    pub const BUZ: u8 = 0x6a;
    pub const TEXT: u8 = 0x6b;
    pub const COMSET: u8 = 0x6e;
    pub const KEYSET: u8 = 0x75;
    pub const CHLNG: u8 = 0x76;
    pub const SCRYPT: u8 = 0x77;
}

pub(super) mod reply {
    pub const ACK: u8 = 0x40;
    pub const NAK: u8 = 0x41;
    pub const PDID: u8 = 0x45;
    pub const PDCAP: u8 = 0x46;
    pub const LSTATR: u8 = 0x48;
    pub const ISTATR: u8 = 0x49;
    pub const OSTATR: u8 = 0x4a;
    pub const RSTATR: u8 = 0x4b;
    pub const RAW: u8 = 0x50;
    pub const FMT: u8 = 0x51;
    pub const KEYPAD: u8 = 0x53;
    pub const COM: u8 = 0x54;
    pub const CCRYPT: u8 = 0x76;
    pub const RMAC_I: u8 = 0x78;
    pub const BUSY: u8 = 0x79;
}

/// The standard's name of a code, without `osdp_`; `None` for codes that it does not name.
#[must_use]
pub const fn code_name(direction: Direction, code: u8) -> Option<&'static str> {
    match direction {
        Direction::Command => command_name(code),
        Direction::Reply => reply_name(code),
    }
}

const fn command_name(code: u8) -> Option<&'static str> {
    Some(match code {
        command::POLL => "POLL",
        command::ID => "ID",
        command::CAP => "CAP",
        0x63 => "DIAG",
        command::LSTAT => "LSTAT",
        command::ISTAT => "ISTAT",
        command::OSTAT => "OSTAT",
        command::RSTAT => "RSTAT",
        command::OUT => "OUT",
        command::LED => "LED",
        command::BUZ => "BUZ",
        command::TEXT => "TEXT",
        0x6c => "RMODE",
        0x6d => "TDSET",
        command::COMSET => "COMSET",
        0x73 => "BIOREAD",
        0x74 => "BIOMATCH",
        command::KEYSET => "KEYSET",
        command::CHLNG => "CHLNG",
        command::SCRYPT => "SCRYPT",
        0x7b => "ACURXSIZE",
        0x7c => "FILETRANSFER",
        0x80 => "MFG",
        0xa1 => "XWR",
        0xa2 => "ABORT",
        0xa3 => "PIVDATA",
        0xa4 => "GENAUTH",
        0xa5 => "CRAUTH",
        0xa7 => "KEEPACTIVE",
        _ => return None,
    })
}

const fn reply_name(code: u8) -> Option<&'static str> {
    Some(match code {
        reply::ACK => "ACK",
        reply::NAK => "NAK",
        reply::PDID => "PDID",
        reply::PDCAP => "PDCAP",
        reply::LSTATR => "LSTATR",
        reply::ISTATR => "ISTATR",
        reply::OSTATR => "OSTATR",
        reply::RSTATR => "RSTATR",
        reply::RAW => "RAW",
        reply::FMT => "FMT",
        reply::KEYPAD => "KEYPAD",
        reply::COM => "COM",
        0x57 => "BIOREADR",
        0x58 => "BIOMATCHR",
        reply::CCRYPT => "CCRYPT",
        reply::RMAC_I => "RMAC_I",
        reply::BUSY => "BUSY",
        0x7a => "FTSTAT",
        0x80 => "PIVDATAR",
        0x81 => "GENAUTHR",
        0x82 => "CRAUTHR",
        0x83 => "MFGSTATR",
        0x84 => "MFGERRR",
        0x90 => "MFGREP",
        0xb1 => "XRD",
        _ => return None,
    })
}

/// Why a reader refused a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NakCode(pub u8);

impl NakCode {
    /// The command is not known, or not supported.
    pub const UNKNOWN_COMMAND: Self = Self(3);
    /// The sequence number is not the one expected.
    pub const SEQUENCE: Self = Self(4);
    /// The reader has no secure channel.
    pub const NO_SECURE_CHANNEL: Self = Self(5);
    /// The command needs a secure channel that is not there, or the frame broke it.
    pub const SECURITY: Self = Self(6);
    /// The command is known and cannot be done, such as one to an output that is not there.
    pub const UNABLE: Self = Self(9);

    /// The reason in words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self.0 {
            0 => "no error",
            1 => "checksum or CRC wrong",
            2 => "command too long or too short",
            3 => "unknown command",
            4 => "unexpected sequence number",
            5 => "no secure channel supported",
            6 => "secure channel required, or its conditions not met",
            7 => "biometric type not supported",
            8 => "biometric format not supported",
            9 => "unable to process the command",
            _ => "reason of the maker",
        }
    }
}

impl std::fmt::Display for NakCode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} ({})", self.text(), self.0)
    }
}
