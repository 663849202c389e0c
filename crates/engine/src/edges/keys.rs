//! The authority over edges: who is one, and by which key what they are told is signed.
//!
//! One authority for each installation. Its key, the signing key and nothing else lie in the data
//! folder, for their owner alone; the certificate that the listener shows is made anew at every
//! start. An edge's certificate outlives the longest lease by far, and is renewed half-way.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use access::link::{Purpose, Signed};
use adapters::link::{LinkTls, SERVER_NAME};
use chrono::{DateTime, Datelike as _};
use model::{PointId, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ED25519, PublicKeyData,
    SerialNumber,
};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use sha2::{Digest as _, Sha256};
use std::io::Write as _;

use crate::folder;

/// The folder of the authority, in the data folder.
pub const FOLDER: &str = "edges";
/// How long the authority lasts.
const AUTHORITY_DAYS: u64 = 20 * 365;
/// How long a certificate lasts: longer than any lease, which are days.
pub const CERTIFICATE_DAYS: u64 = 398;
/// Certificates begin this long before they are made: clocks differ.
const BEFORE: Duration = Duration::from_secs(24 * 3_600);

/// Why there is no authority, or why it gave no certificate.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file of it cannot be used.
    #[error("`{file}` cannot be used: {why}")]
    File {
        /// Which.
        file: String,
        /// What was expected and found.
        why: String,
    },
    /// A certificate could not be made.
    #[error("no certificate can be made: {0}")]
    Certificate(String),
    /// What asks for a certificate is not what it should be.
    #[error("the request for a certificate cannot be used: {0}")]
    Request(String),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

/// The authority.
pub struct Keys {
    issuer: Issuer<'static, KeyPair>,
    authority: Vec<u8>,
    signing: Ed25519KeyPair,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// What was certified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certified {
    /// The certificate (DER).
    pub certificate: Vec<u8>,
    /// The point's public key: Ed25519, 32 bytes.
    pub key: [u8; 32],
}

/// A request whose signature was checked.
pub struct Asked {
    key: rcgen::PublicKey,
    /// The point's public key.
    pub raw: [u8; 32],
}

impl Keys {
    /// Opens the authority in a data folder, or makes it.
    pub fn open(data: &Path, now: Timestamp) -> Result<Self, KeysError> {
        let folder = data.join(FOLDER);
        let unusable = |path: &Path, why: String| {
            let file = path.display().to_string();
            KeysError::File { file, why }
        };
        fs::create_dir_all(&folder).map_err(|error| unusable(&folder, error.to_string()))?;
        let only_ours = fs::Permissions::from_mode(0o700);
        fs::set_permissions(&folder, only_ours)
            .map_err(|error| unusable(&folder, error.to_string()))?;
        let key_file = folder.join("authority.key");
        let key = kept(&key_file, || generate().map(|key| key.serialize_der()))?;
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&key.into(), &PKCS_ED25519)
            .map_err(|error| unusable(&key_file, error.to_string()))?;
        let certificate_file = folder.join("authority.der");
        let authority = kept(&certificate_file, || {
            let made = authority_params(now)?.self_signed(&key);
            made.map(|made| made.der().to_vec()).map_err(|e| KeysError::Certificate(e.to_string()))
        })?;
        let signing_file = folder.join("signing.key");
        let signing = kept(&signing_file, || generate().map(|key| key.serialize_der()))?;
        let signing = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&signing)
            .map_err(|error| unusable(&signing_file, error.to_string()))?;
        let issuer = Issuer::new(authority_params(now)?, key);
        Ok(Self { issuer, authority, signing })
    }

    /// The authority's certificate (DER).
    pub fn authority(&self) -> &[u8] {
        &self.authority
    }

    /// SHA-256 of it: what an enrolment code carries.
    pub fn authority_fingerprint(&self) -> [u8; 32] {
        Sha256::digest(&self.authority).into()
    }

    /// The public key by which snapshots and commands are signed.
    pub fn signing_key(&self) -> &[u8] {
        self.signing.public_key().as_ref()
    }

    /// What the listener shows, made anew.
    pub fn listener(&self, now: Timestamp) -> Result<LinkTls, KeysError> {
        let key = generate()?;
        let mut params = params(SERVER_NAME, now, CERTIFICATE_DAYS)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let name = SERVER_NAME.to_owned().try_into();
        let name = name.map_err(|e: rcgen::Error| KeysError::Certificate(e.to_string()))?;
        params.subject_alt_names = vec![rcgen::SanType::DnsName(name)];
        let made = params.signed_by(&key, &self.issuer);
        let made = made.map_err(|error| KeysError::Certificate(error.to_string()))?;
        Ok(LinkTls {
            chain: vec![made.der().to_vec(), self.authority.clone()],
            key: key.serialize_der(),
            authority: self.authority.clone(),
        })
    }

    /// Reads a request for a certificate (PKCS #10, DER) and checks that whoever asks has the key.
    pub fn asked(request: &[u8]) -> Result<Asked, KeysError> {
        let refused = |why: String| KeysError::Request(why);
        let request = CertificateSigningRequestParams::from_der(&request.to_vec().into());
        let request = request.map_err(|error| refused(error.to_string()))?;
        if request.public_key.algorithm() != &PKCS_ED25519 {
            return Err(refused("its key is not an Ed25519 key".to_owned()));
        }
        let raw = request.public_key.der_bytes().try_into();
        let raw = raw.map_err(|_| refused("its key has not 32 bytes".to_owned()))?;
        Ok(Asked { key: request.public_key, raw })
    }

    /// Certifies the key of a point. Nothing that its request says of itself is taken over.
    pub fn certify(
        &self,
        asked: &Asked,
        point: &PointId,
        now: Timestamp,
    ) -> Result<Certified, KeysError> {
        let mut params = params(point.as_str(), now, CERTIFICATE_DAYS)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let made = params.signed_by(&asked.key, &self.issuer);
        let made = made.map_err(|error| KeysError::Certificate(error.to_string()))?;
        Ok(Certified { certificate: made.der().to_vec(), key: asked.raw })
    }

    /// Signs what a point is to be told.
    pub fn sign(&self, purpose: Purpose, point: &PointId, bytes: Vec<u8>) -> Signed {
        let message = Signed::message(purpose, point, &bytes);
        let signature = self.signing.sign(&message).as_ref().to_vec();
        Signed { purpose, point: point.clone(), bytes, signature }
    }
}

/// Whether `key` signed it for this purpose as this point.
pub fn is_signed_by(signed: &Signed, purpose: Purpose, point: &PointId, key: &[u8; 32]) -> bool {
    if signed.purpose != purpose || signed.point != *point {
        return false;
    }
    let message = Signed::message(purpose, point, &signed.bytes);
    UnparsedPublicKey::new(&ED25519, key).verify(&message, &signed.signature).is_ok()
}

/// SHA-256 of a public key in groups of four digits, to be read aloud.
pub fn fingerprint(key: &[u8; 32]) -> String {
    let digest = hex::encode(Sha256::digest(key));
    let digits: Vec<char> = digest.chars().collect();
    let groups: Vec<String> = digits.chunks(4).map(|four| four.iter().collect()).collect();
    groups.join(" ")
}

fn generate() -> Result<KeyPair, KeysError> {
    KeyPair::generate_for(&PKCS_ED25519).map_err(|e| KeysError::Certificate(e.to_string()))
}

fn authority_params(now: Timestamp) -> Result<CertificateParams, KeysError> {
    let mut params = params("Castellan authority of edges", now, AUTHORITY_DAYS)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn params(name: &str, now: Timestamp, days: u64) -> Result<CertificateParams, KeysError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let mut serial = [0_u8; 16];
    getrandom::fill(&mut serial)?;
    // SOURCE: RFC 5280 section 4.1.2.2: positive, at most 20 bytes.
    serial[0] = serial[0] & 0x7f | 0x40;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    let day = |at: Timestamp| {
        let date = DateTime::from_timestamp_nanos(at.nanos());
        let (month, day) = (date.month(), date.day());
        let small = |number: u32| u8::try_from(number).unwrap_or(1);
        rcgen::date_time_ymd(date.year(), small(month), small(day))
    };
    params.not_before = day(now.minus(BEFORE));
    params.not_after = day(now.plus(Duration::from_secs(days * 86_400)));
    Ok(params)
}

/// A file of the authority: read, or made once for its owner alone. A crash leaves all of it or
/// nothing.
fn kept(
    path: &PathBuf,
    make: impl FnOnce() -> Result<Vec<u8>, KeysError>,
) -> Result<Vec<u8>, KeysError> {
    let unusable = |error: std::io::Error| KeysError::File {
        file: path.display().to_string(),
        why: error.to_string(),
    };
    match fs::read(path) {
        Ok(bytes) => {
            let mode = fs::metadata(path).map_or(0, |found| found.permissions().mode());
            if mode & 0o077 != 0 {
                let file = path.display();
                tracing::warn!(%file, "others may read a key of edges; run chmod 600 on it");
            }
            Ok(bytes)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let bytes = make()?;
            let unfinished = path.with_extension("new");
            let _ = fs::remove_file(&unfinished);
            let mut file = folder::private(&unfinished).map_err(unusable)?;
            file.write_all(&bytes).map_err(unusable)?;
            file.sync_all().map_err(unusable)?;
            fs::rename(unfinished, path).map_err(unusable)?;
            Ok(bytes)
        }
        Err(error) => Err(unusable(error)),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]
    use super::*;

    fn request() -> (KeyPair, Vec<u8>) {
        let key = generate().unwrap();
        let params = CertificateParams::default();
        let request = params.serialize_request(&key).unwrap();
        (key, request.der().to_vec())
    }

    #[test]
    fn the_authority_is_made_once_and_its_keys_are_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp::from_secs(1_800_000_000);
        let first = Keys::open(folder.path(), now).unwrap();
        let later = now.plus(Duration::from_secs(86_400 * 40));
        let again = Keys::open(folder.path(), later).unwrap();
        assert_eq!(first.authority(), again.authority());
        assert_eq!(first.signing_key(), again.signing_key());
        for file in fs::read_dir(folder.path().join(FOLDER)).unwrap() {
            let mode = file.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0);
        }
        // What the one certified, the other's listener believes: the same authority.
        let (_, request) = request();
        let asked = Keys::asked(&request).unwrap();
        let point = PointId::parse("gate-2").unwrap();
        assert!(first.certify(&asked, &point, now).is_ok());
        assert!(again.listener(later).is_ok());
    }

    #[test]
    fn a_request_that_nobody_signed_or_with_another_kind_of_key_is_refused() {
        let (_, mut request) = request();
        assert!(Keys::asked(&request).is_ok());
        let last = request.len() - 1;
        request[last] ^= 1;
        assert!(Keys::asked(&request).is_err());
        assert!(Keys::asked(b"nothing").is_err());
        let other = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let request = CertificateParams::default().serialize_request(&other).unwrap();
        let said = Keys::asked(request.der()).err().unwrap().to_string();
        assert!(said.contains("Ed25519"), "{said}");
    }

    #[test]
    fn a_signature_is_good_for_its_purpose_its_point_and_its_bytes_alone() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(folder.path(), Timestamp::from_secs(1_800_000_000)).unwrap();
        let (here, there) = (PointId::parse("a").unwrap(), PointId::parse("b").unwrap());
        let key: [u8; 32] = keys.signing_key().try_into().unwrap();
        let signed = keys.sign(Purpose::Command, &here, b"open".to_vec());
        assert!(is_signed_by(&signed, Purpose::Command, &here, &key));
        assert!(!is_signed_by(&signed, Purpose::Delta, &here, &key));
        assert!(!is_signed_by(&signed, Purpose::Command, &there, &key));
        let mut other = signed.clone();
        other.purpose = Purpose::Delta;
        assert!(!is_signed_by(&other, Purpose::Delta, &here, &key));
        let mut other = signed.clone();
        other.bytes.push(0);
        assert!(!is_signed_by(&other, Purpose::Command, &here, &key));
        let mut other = signed;
        other.signature.pop();
        assert!(!is_signed_by(&other, Purpose::Command, &here, &key));
    }
}
