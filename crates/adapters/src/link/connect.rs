//! The edge's half of the link: opens connections, shows its certificate, believes one authority.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{EDGE_ALPN, ENROL_ALPN, LinkWay, SERVER_NAME};
use crate::limits;

/// Whom an edge believes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkTrust {
    /// The authority that it was given when it was taken into service (DER).
    Authority(Vec<u8>),
    /// Not yet: the one whose certificate has this SHA-256, as an enrolment code says.
    Fingerprint([u8; 32]),
}

/// Who an edge is.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkIdentity {
    /// Its certificate (DER).
    pub certificate: Vec<u8>,
    /// Its private key (PKCS #8, DER).
    pub key: Vec<u8>,
}

impl std::fmt::Debug for LinkIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkIdentity(…)")
    }
}

/// Why there is no connection. All may pass by themselves: try again later.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody answers there.
    #[error("no connection to `{address}`: {source}")]
    Unreachable {
        /// Where.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// It took too long.
    #[error("no connection to `{address}` within {} s", limits::HANDSHAKE_MAX.as_secs())]
    Slow {
        /// Where.
        address: String,
    },
    /// Somebody else answers, or does not know us.
    #[error("`{address}` is not the server that this edge knows, or does not know it: {detail}")]
    Stranger {
        /// Where.
        address: String,
        /// What was found and expected.
        detail: String,
    },
    /// Our own certificate or key.
    #[error("the certificate of this edge cannot be used: {detail}")]
    Own {
        /// What was found and expected.
        detail: String,
    },
}

/// How an edge connects; made once, used for every connection.
#[derive(Clone)]
pub struct LinkConnector {
    connector: TlsConnector,
}

impl LinkConnector {
    /// For a purpose, believing `trust` and showing `identity`.
    pub fn new(
        way: LinkWay,
        trust: &LinkTrust,
        identity: Option<&LinkIdentity>,
    ) -> Result<Self, ConnectError> {
        let own = |error: &dyn std::fmt::Display| ConnectError::Own { detail: error.to_string() };
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| own(&error))?;
        let builder = match trust {
            LinkTrust::Authority(authority) => {
                let mut roots = RootCertStore::empty();
                let authority = CertificateDer::from(authority.clone());
                roots.add(authority).map_err(|error| own(&error))?;
                builder.with_root_certificates(roots)
            }
            LinkTrust::Fingerprint(fingerprint) => {
                let pinned = Pinned { fingerprint: *fingerprint, provider };
                builder.dangerous().with_custom_certificate_verifier(Arc::new(pinned))
            }
        };
        let mut config = match identity {
            Some(identity) => {
                let chain = vec![CertificateDer::from(identity.certificate.clone())];
                let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(identity.key.clone()));
                builder.with_client_auth_cert(chain, key).map_err(|error| own(&error))?
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![match way {
            LinkWay::Edge => EDGE_ALPN.to_vec(),
            LinkWay::Enrol => ENROL_ALPN.to_vec(),
        }];
        config.resumption = rustls::client::Resumption::disabled();
        Ok(Self { connector: TlsConnector::from(Arc::new(config)) })
    }

    /// Opens a connection to `HOST:PORT`.
    pub async fn connect(&self, address: &str) -> Result<TlsStream<TcpStream>, ConnectError> {
        let slow = || ConnectError::Slow { address: address.to_owned() };
        let opened = timeout(limits::HANDSHAKE_MAX, TcpStream::connect(address)).await;
        let stream = opened
            .map_err(|_| slow())?
            .map_err(|source| ConnectError::Unreachable { address: address.to_owned(), source })?;
        let _ = stream.set_nodelay(true);
        let keepalive = socket2::TcpKeepalive::new()
            .with_time(Duration::from_secs(15))
            .with_interval(Duration::from_secs(5));
        let _ = socket2::SockRef::from(&stream).set_tcp_keepalive(&keepalive);
        let stranger = |detail: String| {
            let address = address.to_owned();
            ConnectError::Stranger { address, detail }
        };
        let name = ServerName::try_from(SERVER_NAME).map_err(|e| stranger(e.to_string()))?;
        let shaken = timeout(limits::HANDSHAKE_MAX, self.connector.connect(name, stream)).await;
        shaken.map_err(|_| slow())?.map_err(|error| stranger(error.to_string()))
    }
}

/// Believes the authority that an enrolment code names, if the server shows it in its chain and
/// its own certificate comes from it.
#[derive(Debug)]
struct Pinned {
    fingerprint: [u8; 32],
    provider: Arc<rustls::crypto::CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let refused = |why: &str| rustls::Error::General(why.to_owned());
        let is_named = |one: &&CertificateDer<'_>| {
            let digest: [u8; 32] = Sha256::digest(one.as_ref()).into();
            digest == self.fingerprint
        };
        let authority = intermediates.iter().find(is_named);
        let authority =
            authority.ok_or_else(|| refused("it shows another authority than the code names"))?;
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone().into_owned())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(
            Arc::new(roots),
            Arc::clone(&self.provider),
        );
        let verifier = verifier.build().map_err(|error| refused(&error.to_string()))?;
        verifier.verify_server_cert(end_entity, &[], server_name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("TLS 1.3 alone is spoken here".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
