//! What a line is, and who is on it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use codec::osdp::{ReaderConfig, Scbk, Security, Timing};

use crate::error::AdapterError;
use crate::limits;
use crate::secret::SecretRef;

/// Where a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A converter that listens for TCP.
    Tcp(SocketAddr),
    /// A Unix socket that somebody listens on.
    Unix(PathBuf),
    /// A serial port, or the terminal side of a pseudo-terminal.
    Serial {
        /// Its device file.
        path: PathBuf,
        /// Bits a second: 9600 to 230400.
        baud: u32,
    },
}

/// How a reader is to be spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReaderSecurity {
    /// In a secure channel by this key, or not at all.
    Key(SecretRef),
    /// As above; but a reader that lacks the key is given it by the install key, which everybody
    /// knows. Only while somebody installs it.
    Install(SecretRef),
    /// In clear text.
    Clear,
}

/// One reader of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusReader {
    /// 0 to 126.
    pub address: u8,
    /// How it is to be spoken to.
    pub security: ReaderSecurity,
}

/// One line with its readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusConfig {
    /// What it is called in events and logs.
    pub id: Arc<str>,
    /// Where it is.
    pub line: Line,
    /// Who is on it.
    pub readers: Vec<BusReader>,
    /// How long things take.
    pub timing: Timing,
}

impl BusConfig {
    /// Checks addresses, and reads every key.
    pub(super) fn resolve(&self) -> Result<Vec<ReaderConfig>, AdapterError> {
        let refuse =
            |setting: &'static str, detail: String| AdapterError::Setting { setting, detail };
        let count = self.readers.len();
        if count == 0 || count > limits::BUS_READERS_MAX {
            let most = limits::BUS_READERS_MAX;
            let detail = format!("`{}` has {count} readers, expected 1 to {most}", self.id);
            return Err(refuse("readers", detail));
        }
        if let Line::Serial { baud, .. } = &self.line
            && !(9_600..=230_400).contains(baud)
        {
            let detail = format!("`{}` has {baud}, expected 9600 to 230400", self.id);
            return Err(refuse("baud", detail));
        }
        let mut seen = [false; limits::BUS_READERS_MAX];
        self.readers
            .iter()
            .map(|reader| {
                let address = reader.address;
                let place = seen.get_mut(usize::from(address)).ok_or_else(|| {
                    refuse("address", format!("`{}` has {address}, expected 0 to 126", self.id))
                })?;
                if std::mem::replace(place, true) {
                    let detail = format!("`{}` has two readers at {address}", self.id);
                    return Err(refuse("address", detail));
                }
                let security = match &reader.security {
                    ReaderSecurity::Key(reference) => Security::Key(read_key(reference)?),
                    ReaderSecurity::Install(reference) => Security::Install(read_key(reference)?),
                    ReaderSecurity::Clear => Security::Clear,
                };
                Ok(ReaderConfig { address, security })
            })
            .collect()
    }
}

/// Reads a reader's key: 32 hexadecimal digits.
///
/// # Errors
/// [`AdapterError::Setting`]: the reference names nothing, or no key. The key is not repeated.
pub fn read_key(reference: &SecretRef) -> Result<Scbk, AdapterError> {
    let refuse = |detail: String| AdapterError::Setting { setting: "key", detail };
    let secret = reference.resolve().map_err(|error| refuse(error.to_string()))?;
    let key = secret.expose_text().and_then(Scbk::parse);
    key.ok_or_else(|| refuse(format!("`{reference}` is not 32 hexadecimal digits")))
}
