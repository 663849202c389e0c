//! Who an edge is: its key and certificate, whom it believes, the key of card numbers. One folder,
//! for its owner alone.

use std::path::{Path, PathBuf};

use access::door::HashKey;
use access::link::enrol::Granted;
use access::link::{Purpose, Signed};
use adapters::link::LinkIdentity;
use model::PointId;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ED25519};
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::folder;

/// The folder, in the data folder.
pub const FOLDER: &str = "identity";

/// Why an edge has no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// It was never enrolled.
    #[error(
        "this machine is no edge yet; enrol it: castellan edge enrol --code CODE --data {data}"
    )]
    None {
        /// The data folder.
        data: String,
    },
    /// A file of it cannot be used.
    #[error("`{file}` cannot be used: {why}")]
    File {
        /// Which.
        file: String,
        /// Why.
        why: String,
    },
}

/// What was given at enrolment, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Who it is.
    pub point: PointId,
    /// Where its server listens for edges.
    pub server: String,
    /// Its certificate (DER, hexadecimal).
    certificate: String,
    /// The authority's (DER, hexadecimal).
    authority: String,
    /// The public key by which rights and commands are signed (hexadecimal).
    signing_key: String,
}

/// Who an edge is.
pub struct Identity {
    /// What was given.
    pub given: Given,
    certificate: Vec<u8>,
    authority: Vec<u8>,
    signing_key: Vec<u8>,
    key: Vec<u8>,
    pair: Ed25519KeyPair,
    hash_key: [u8; 32],
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({})", self.given.point)
    }
}

fn wrong(path: &Path, why: impl std::fmt::Display) -> IdentityError {
    IdentityError::File { file: path.display().to_string(), why: why.to_string() }
}

/// The key of an edge; made at its first enrolment, and kept for every later one.
pub struct OwnKey {
    pair: KeyPair,
    der: Vec<u8>,
}

impl OwnKey {
    /// The key in a data folder; made when there is none.
    pub fn open(data: &Path) -> Result<Self, IdentityError> {
        let folder = data.join(FOLDER);
        folder::make_private(&folder).map_err(|error| wrong(&folder, error))?;
        let path = folder.join("edge.key");
        let der = match std::fs::read(&path) {
            Ok(der) => der,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let made = KeyPair::generate_for(&PKCS_ED25519).map_err(|e| wrong(&path, e))?;
                let der = made.serialize_der();
                folder::replace(&path, &der).map_err(|error| wrong(&path, error))?;
                der
            }
            Err(error) => return Err(wrong(&path, error)),
        };
        let pair = KeyPair::from_pkcs8_der_and_sign_algo(&der.clone().into(), &PKCS_ED25519);
        Ok(Self { pair: pair.map_err(|error| wrong(&path, error))?, der })
    }

    /// A certificate signing request (PKCS #10, DER).
    pub fn request(&self, point: &PointId) -> Result<Vec<u8>, IdentityError> {
        let refuse = |error: rcgen::Error| wrong(Path::new("edge.key"), error);
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, point.as_str());
        let made = params.serialize_request(&self.pair).map_err(refuse)?;
        Ok(made.der().to_vec())
    }

    /// Its public key: 32 bytes.
    #[cfg(test)]
    pub fn public(&self) -> [u8; 32] {
        use rcgen::PublicKeyData as _;
        self.pair.der_bytes().try_into().unwrap_or([0; 32])
    }
}

impl Identity {
    /// Keeps what was given, beside the key that it was given for.
    pub fn keep(data: &Path, server: &str, granted: &Granted) -> Result<(), IdentityError> {
        let folder = data.join(FOLDER);
        if granted.hash_key.len() == 32 {
            let path = folder.join("hash.key");
            folder::replace(&path, hex::encode(&granted.hash_key).as_bytes())
                .map_err(|error| wrong(&path, error))?;
        }
        let given = Given {
            point: granted.point.clone(),
            server: server.to_owned(),
            certificate: hex::encode(&granted.certificate),
            authority: hex::encode(&granted.authority),
            signing_key: hex::encode(&granted.signing_key),
        };
        // The last file: with it the edge is one.
        let path = folder.join("given.json");
        let text = serde_json::to_vec_pretty(&given).map_err(|error| wrong(&path, error))?;
        folder::replace(&path, &text).map_err(|error| wrong(&path, error))
    }

    /// Opens what lies in a data folder.
    pub fn open(data: &Path) -> Result<Self, IdentityError> {
        let folder = data.join(FOLDER);
        let path = folder.join("given.json");
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(IdentityError::None { data: data.display().to_string() });
            }
            Err(error) => return Err(wrong(&path, error)),
        };
        let given: Given = serde_json::from_slice(&text).map_err(|error| wrong(&path, error))?;
        let bytes = |text: &str| hex::decode(text).map_err(|error| wrong(&path, error));
        let (certificate, authority) = (bytes(&given.certificate)?, bytes(&given.authority)?);
        let signing_key = bytes(&given.signing_key)?;
        let key = OwnKey::open(data)?.der;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&key);
        let pair = pair.map_err(|error| wrong(&folder.join("edge.key"), error))?;
        let path: PathBuf = folder.join("hash.key");
        let text = std::fs::read_to_string(&path).map_err(|error| wrong(&path, error))?;
        let mut hash_key = [0; 32];
        hex::decode_to_slice(text.trim(), &mut hash_key).map_err(|error| wrong(&path, error))?;
        Ok(Self { given, certificate, authority, signing_key, key, pair, hash_key })
    }

    /// Who it is.
    pub fn point(&self) -> &PointId {
        &self.given.point
    }

    /// The key of card numbers.
    pub fn hash_key(&self) -> HashKey {
        HashKey::new(self.hash_key)
    }

    /// What it shows.
    pub fn shown(&self) -> LinkIdentity {
        LinkIdentity { certificate: self.certificate.clone(), key: self.key.clone() }
    }

    /// Whom it believes (DER).
    pub fn authority(&self) -> &[u8] {
        &self.authority
    }

    /// Whether the server signed this for this purpose and this edge.
    pub fn is_from_server(&self, signed: &Signed, purpose: Purpose) -> bool {
        if signed.purpose != purpose || signed.point != self.given.point {
            return false;
        }
        let message = Signed::message(purpose, &signed.point, &signed.bytes);
        let key = UnparsedPublicKey::new(&ED25519, &self.signing_key);
        key.verify(&message, &signed.signature).is_ok()
    }

    /// Signs what this edge says.
    pub fn sign(&self, purpose: Purpose, bytes: Vec<u8>) -> Signed {
        let point = self.given.point.clone();
        let message = Signed::message(purpose, &point, &bytes);
        let signature = self.pair.sign(&message).as_ref().to_vec();
        Signed { purpose, point, bytes, signature }
    }
}
