//! The key by which card numbers and PINs are hashed: one for an organisation, in a file that its
//! owner alone may read.

use std::io::Write as _;
use std::path::Path;

use access::door::HashKey;

/// The file's name in the data folder.
pub const KEY_FILE: &str = "rights.key";

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("`{KEY_FILE}` in the data folder cannot be used: {0}")]
    File(#[from] std::io::Error),
    /// It holds something else.
    #[error("`{KEY_FILE}` in the data folder holds no key: expected 64 hexadecimal digits")]
    NoKey,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

/// A key and its bytes, which an edge is given when it is enrolled.
pub(super) struct Held {
    pub key: HashKey,
    pub bytes: [u8; 32],
}

impl Held {
    pub fn of(bytes: [u8; 32]) -> Self {
        Self { key: HashKey::new(bytes), bytes }
    }

    /// The key of a data folder; made when there is none yet.
    pub fn open(folder: &Path) -> Result<Self, KeyError> {
        let path = folder.join(KEY_FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let bytes = hex::decode(text.trim()).map_err(|_| KeyError::NoKey)?;
                Ok(Self::of(<[u8; 32]>::try_from(bytes).map_err(|_| KeyError::NoKey)?))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut bytes = [0; 32];
                getrandom::fill(&mut bytes)?;
                let mut file = crate::folder::private(&path)?;
                file.write_all(hex::encode(bytes).as_bytes())?;
                file.sync_all()?;
                Ok(Self::of(bytes))
            }
            Err(error) => Err(error.into()),
        }
    }
}
