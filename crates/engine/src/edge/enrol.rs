//! Being taken into service: the edge's half.

use std::path::Path;

use access::link::LINK_FORMAT;
use access::link::enrol::{Code, ENROL_BYTES_MAX, FromNew, Granted, ToNew};
use adapters::link::{
    ConnectError, FrameError, LinkConnector, LinkIdentity, LinkTrust, LinkWay, frame,
};

use super::identity::{Identity, IdentityError, OwnKey};

/// Why an edge was not taken into service.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The code.
    #[error("the code cannot be used: {0}")]
    Code(String),
    /// Its key or its files.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// It broke.
    #[error("the connection to the server ended: {0}")]
    Link(String),
    /// The server said no.
    #[error("the server refused: {0}")]
    Refused(String),
}

impl From<FrameError> for EnrolError {
    fn from(error: FrameError) -> Self {
        Self::Link(error.to_string())
    }
}

/// Asks by a code, and waits until somebody has approved it. `waiting` is told the fingerprint
/// that is to be compared. Asking again with the same code and key is harmless. Gives who the edge
/// is from now on.
pub async fn enrol(
    data: &Path,
    code: &str,
    mut waiting: impl FnMut(&str),
) -> Result<model::PointId, EnrolError> {
    let code = Code::parse(code).map_err(EnrolError::Code)?;
    let key = OwnKey::open(data)?;
    let ask = FromNew::Ask {
        format: LINK_FORMAT,
        point: code.point.clone(),
        secret: code.secret.to_vec(),
        request: key.request(&code.point)?,
    };
    let trust = LinkTrust::Fingerprint(code.authority);
    let connector = LinkConnector::new(LinkWay::Enrol, &trust, None)?;
    loop {
        match talk(&connector, &code.address, &ask, &mut waiting).await? {
            Some(granted) if granted.point == code.point => {
                Identity::keep(data, &code.address, &granted)?;
                return Ok(granted.point);
            }
            Some(_) => return Err(EnrolError::Refused("it was meant for another point".into())),
            // Nobody has approved it yet, and the server's patience is over: again.
            None => tokio::time::sleep(std::time::Duration::from_secs(1)).await,
        }
    }
}

/// Renews the certificate of an edge in service.
pub async fn renew(data: &Path, identity: &Identity, server: &str) -> Result<(), EnrolError> {
    let request = OwnKey::open(data)?.request(identity.point())?;
    let ask = FromNew::Renew { format: LINK_FORMAT, request };
    let trust = LinkTrust::Authority(identity.authority().to_vec());
    let shown: LinkIdentity = identity.shown();
    let connector = LinkConnector::new(LinkWay::Enrol, &trust, Some(&shown))?;
    match talk(&connector, server, &ask, &mut |_| {}).await? {
        Some(granted) if granted.point == *identity.point() => {
            Ok(Identity::keep(data, &identity.given.server, &granted)?)
        }
        Some(_) | None => Err(EnrolError::Refused("no certificate was given".to_owned())),
    }
}

/// One connection. None: it ended before there was an answer.
async fn talk(
    connector: &LinkConnector,
    address: &str,
    ask: &FromNew,
    waiting: &mut impl FnMut(&str),
) -> Result<Option<Granted>, EnrolError> {
    let mut stream = connector.connect(address).await?;
    let asked = rmp_serde::to_vec_named(ask).map_err(|e| EnrolError::Link(e.to_string()))?;
    frame::write(&mut stream, &asked).await?;
    while let Some(bytes) = frame::read(&mut stream, ENROL_BYTES_MAX).await? {
        let told: ToNew =
            rmp_serde::from_slice(&bytes).map_err(|e| EnrolError::Link(e.to_string()))?;
        match told {
            ToNew::Waiting { fingerprint } => waiting(&fingerprint),
            ToNew::Granted(granted) => return Ok(Some(*granted)),
            ToNew::Refused { why } => return Err(EnrolError::Refused(why)),
        }
    }
    Ok(None)
}
