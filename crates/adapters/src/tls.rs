//! TLS settings for listeners and clients, on the ring provider, whatever the process default is.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::error::AdapterError;

/// Whether a listener asks its peers for a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ClientCertificates {
    /// Never.
    #[default]
    NotAsked,
    /// Asked for; a peer without one is served, a peer with an unverifiable one is not.
    Optional {
        /// PEM file of the authorities that may have signed it.
        authorities: PathBuf,
    },
    /// A peer without one is not served.
    Required {
        /// PEM file of the authorities that may have signed it.
        authorities: PathBuf,
    },
}

/// A listener's side of TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerTls {
    /// PEM file: own certificate first, then the chain.
    pub certificate: PathBuf,
    /// PEM file: its private key (PKCS #8, PKCS #1 or SEC 1).
    pub key: PathBuf,
    /// Whether peers are asked for theirs.
    pub clients: ClientCertificates,
}

/// A client's side of TLS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientTls {
    /// PEM file of the authorities trusted; `None`: those the system trusts.
    pub authorities: Option<PathBuf>,
    /// PEM files of own certificate chain and key, where the server asks.
    pub certificate: Option<(PathBuf, PathBuf)>,
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn refused(error: &dyn std::fmt::Display) -> AdapterError {
    AdapterError::Tls { detail: error.to_string() }
}

/// Reads and checks a listener's settings.
pub fn server(tls: &ServerTls) -> Result<ServerConfig, AdapterError> {
    let chain = certificates("the certificate", &tls.certificate)?;
    let key = private_key(&tls.key)?;
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(&error))?;
    let builder = match &tls.clients {
        ClientCertificates::NotAsked => builder.with_no_client_auth(),
        ClientCertificates::Optional { authorities } => {
            let verifier = verifier(authorities)?.allow_unauthenticated().build();
            builder.with_client_cert_verifier(verifier.map_err(|error| refused(&error))?)
        }
        ClientCertificates::Required { authorities } => {
            let verifier = verifier(authorities)?.build();
            builder.with_client_cert_verifier(verifier.map_err(|error| refused(&error))?)
        }
    };
    builder.with_single_cert(chain, key).map_err(|error| AdapterError::Pem {
        what: "the certificate",
        path: tls.certificate.clone(),
        detail: format!("with the key in `{}`: {error}", tls.key.display()),
    })
}

fn verifier(authorities: &Path) -> Result<rustls::server::ClientCertVerifierBuilder, AdapterError> {
    let roots = Arc::new(roots(authorities)?);
    Ok(WebPkiClientVerifier::builder_with_provider(roots, provider()))
}

/// Reads and checks a client's settings.
pub fn client(tls: &ClientTls) -> Result<ClientConfig, AdapterError> {
    let roots = match &tls.authorities {
        Some(path) => roots(path)?,
        None => system_roots()?,
    };
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(&error))?
        .with_root_certificates(roots);
    let Some((certificate, key)) = &tls.certificate else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates("the client certificate", certificate)?;
    let key = private_key(key)?;
    builder.with_client_auth_cert(chain, key).map_err(|error| AdapterError::Pem {
        what: "the client certificate",
        path: certificate.clone(),
        detail: error.to_string(),
    })
}

/// A client that trusts nobody: for an address on this machine that is spoken to without TLS.
pub fn client_of_nobody() -> Result<ClientConfig, AdapterError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(&error))?;
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, AdapterError> {
    fs::read(path).map_err(|source| AdapterError::File { what, path: path.to_owned(), source })
}

fn certificates(
    what: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, AdapterError> {
    let unusable = |detail| AdapterError::Pem { what, path: path.to_owned(), detail };
    let chain = CertificateDer::pem_slice_iter(&read(what, path)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unusable(error.to_string()))?;
    if chain.is_empty() {
        return Err(unusable("expected PEM blocks `CERTIFICATE`, found none".to_owned()));
    }
    Ok(chain)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, AdapterError> {
    let what = "the private key";
    PrivateKeyDer::from_pem_slice(&read(what, path)?).map_err(|error| AdapterError::Pem {
        what,
        path: path.to_owned(),
        detail: format!("expected one PEM block `PRIVATE KEY`: {error}"),
    })
}

fn roots(path: &Path) -> Result<RootCertStore, AdapterError> {
    let what = "the authorities";
    let mut roots = RootCertStore::empty();
    for certificate in certificates(what, path)? {
        roots.add(certificate).map_err(|error| AdapterError::Pem {
            what,
            path: path.to_owned(),
            detail: error.to_string(),
        })?;
    }
    Ok(roots)
}

fn system_roots() -> Result<RootCertStore, AdapterError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(AdapterError::Tls {
            detail: "this system trusts no certificate authority; name a file of them".to_owned(),
        });
    }
    Ok(roots)
}

/// The subject's common name in a certificate that was already verified.
/// SOURCE: RFC 5280 section 4.1 (`TBSCertificate`), 4.1.2.4 (`Name`), X.520 (2.5.4.3 commonName).
pub(crate) fn common_name(certificate: &[u8]) -> Option<String> {
    const SEQUENCE: u8 = 0x30;
    const SET: u8 = 0x31;
    const VERSION: u8 = 0xa0;
    const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
    let (certificate, _) = element(certificate, SEQUENCE)?;
    let (mut fields, _) = element(certificate, SEQUENCE)?;
    if let Some((_, rest)) = element(fields, VERSION) {
        fields = rest;
    }
    // Serial number, signature algorithm, issuer and validity come before the subject.
    for _ in 0..4 {
        fields = any_element(fields)?.2;
    }
    let (mut subject, _) = element(fields, SEQUENCE)?;
    let mut found = None;
    while let Some((set, rest)) = element(subject, SET) {
        subject = rest;
        let (pair, _) = element(set, SEQUENCE)?;
        let (_, kind, value) = any_element(pair)?;
        if kind == COMMON_NAME {
            let (_, text, _) = any_element(value)?;
            found = String::from_utf8(text.to_vec()).ok();
        }
    }
    found
}

/// Content of the first DER element if it has this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    any_element(der).filter(|found| found.0 == tag).map(|found| (found.1, found.2))
}

/// Tag and content of the first DER element, and what follows it.
/// SOURCE: X.690 section 8.1.3 (lengths: short form, or up to four bytes here).
fn any_element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        short @ 0..=0x7f => (usize::from(*short), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = digits.iter().fold(0usize, |sum, digit| sum << 8 | usize::from(*digit));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}
