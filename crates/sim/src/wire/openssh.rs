//! Linux hosts: sshd and the log-on screen, as RFC 3164 over UDP with clocks in UTC.

use model::Timestamp;

use super::delayed;
use crate::chance::Chance;
use crate::record::{Channel, Framing, WireRecord};
use crate::roster::Machine;

/// Facility authpriv, severity informational.
const PRIORITY: u8 = 86;

/// Somebody logs on at the machine's own screen.
pub(crate) fn log_on(
    machine: &Machine,
    account: &str,
    at: Timestamp,
    chance: &mut Chance,
) -> WireRecord {
    let pid = chance.between(1_200, 28_000);
    let message = format!(
        "gdm-password[{pid}]: pam_unix(gdm-password:session): session opened for user \
         {account}(uid={}) by (uid=0)",
        chance.between(1_001, 1_060)
    );
    record(&machine.hostname, &message, at)
}

/// Somebody opens a session on a server from their desk.
pub(crate) fn session(
    server: &Machine,
    desk: &Machine,
    account: &str,
    at: Timestamp,
    chance: &mut Chance,
) -> WireRecord {
    let pid = chance.between(1_200, 28_000);
    let port = chance.between(40_000, 60_999);
    let key = chance.hex(43);
    let message = format!(
        "sshd[{pid}]: Accepted publickey for {account} from {} port {port} ssh2: ED25519 \
         SHA256:{key}",
        desk.ip
    );
    record(&server.hostname, &message, at)
}

fn record(host: &str, message: &str, at: Timestamp) -> WireRecord {
    let time = at.to_chrono().format("%b %e %H:%M:%S");
    let bytes = format!("<{PRIORITY}>{time} {host} {message}").into_bytes();
    let channel = Channel::Syslog { framing: Framing::Datagram };
    WireRecord { at: delayed(at, 20), channel, bytes }
}
