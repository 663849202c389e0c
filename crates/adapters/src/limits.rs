//! Every bound of this crate by name, with what happens at the bound.
//!
//! The joining crate may lower or raise most of them by configuration; these are the defaults.

use std::time::Duration;

/// Records that may wait in the intake queue. At the bound TCP, MQTT and tail wait, UDP drops
/// (counted `queue_full`).
pub const INTAKE_RECORDS_MAX: usize = 65_536;

/// Bytes of record bodies that may wait in the intake queue; same behaviour as above.
pub const INTAKE_BYTES_MAX: usize = 128 * 1024 * 1024;

/// Bytes of one record. What is longer is cut, and the cut is counted in `Observed::bytes_cut`.
pub const RECORD_BYTES_MAX: usize = 256 * 1024;

/// Records handed on in one batch by UDP, tail and MQTT.
pub const BATCH_RECORDS_MAX: usize = 1_024;

/// Bytes read from one TCP connection before its records are handed on and another connection
/// gets its turn.
pub const STREAM_READ_BYTES_MAX: usize = 64 * 1024;

/// The kernel's receive buffer asked for on a UDP socket. The kernel may grant less
/// (`net.core.rmem_max`), which is logged.
pub const UDP_RECEIVE_BUFFER_BYTES: usize = 16 * 1024 * 1024;

/// A UDP payload never exceeds this, so a buffer of this size never cuts a datagram.
pub const UDP_DATAGRAM_BYTES_MAX: usize = 65_535;

/// How long UDP waits for room in the intake queue (the kernel's buffer fills meanwhile) before
/// a batch is dropped.
pub const UDP_ROOM_WAIT_MAX: Duration = Duration::from_millis(100);

/// How often the kernel's count of dropped datagrams is read.
pub const UDP_DROPS_POLL: Duration = Duration::from_secs(1);

/// Addresses whose text form is remembered per listener; at the bound the memory starts afresh.
pub const PEERS_REMEMBERED_MAX: usize = 4_096;

/// Connections one stream listener serves at once; the next is closed at once and counted.
pub const CONNECTIONS_MAX: usize = 1_024;

/// A connection that says nothing for this long is closed and counted.
pub const CONNECTION_IDLE_MAX: Duration = Duration::from_secs(30 * 60);

/// A TLS handshake that takes longer is given up and counted.
pub const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// HTTPS handshakes under way at once; one more connection waits in the kernel's queue.
pub const HTTPS_HANDSHAKES_MAX: usize = 256;

/// Shaken connections that wait to be served; one more waits with its handshake's place.
pub const HTTPS_READY_MAX: usize = 64;

/// How often we look whether a certificate was renewed.
pub const CERTIFICATE_LOOK: Duration = Duration::from_secs(10);

/// Connections the kernel keeps waiting to be accepted.
pub const ACCEPT_BACKLOG: u32 = 1_024;

/// Wait after `accept` failed for want of file descriptors.
pub const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// MQTT messages received but not yet acknowledged. At the bound the connection is given up; the
/// broker sends again what was not acknowledged.
pub const MQTT_UNACKNOWLEDGED_MAX: usize = 4_096;

/// Largest MQTT packet taken. A larger one breaks the connection (the protocol has no refusal).
pub const MQTT_PACKET_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Acknowledgements remembered so that a message sent again after a broken connection is not
/// doubled.
pub const MQTT_ACKNOWLEDGED_REMEMBERED_MAX: usize = 4_096;

/// Bytes of MQTT messages received but not yet acknowledged; same behaviour.
pub const MQTT_UNACKNOWLEDGED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Requests (subscriptions, acknowledgements) waiting to be written to the broker: more than can
/// be unacknowledged, so that none is turned away.
pub const MQTT_REQUESTS_MAX: usize = 2 * MQTT_UNACKNOWLEDGED_MAX;

/// Batches reported as journalled whose acknowledgements are not yet queued.
pub const MQTT_REPORTS_MAX: usize = 4;

/// Longest wait, when stopping, for what is on its way to the journal.
pub const MQTT_LEAVE_MAX: Duration = Duration::from_secs(5);

/// First and longest wait before connecting to a broker again; doubles in between.
pub const MQTT_RECONNECT: (Duration, Duration) =
    (Duration::from_millis(500), Duration::from_secs(60));

/// How often a followed file is looked at.
pub const TAIL_POLL: Duration = Duration::from_millis(250);

/// Bytes read from a followed file before its records are handed on.
pub const TAIL_READ_BYTES_MAX: usize = 1024 * 1024;

/// How many looks a file that was rotated away is still read after it stopped growing: its writer
/// may not have reopened yet.
pub const TAIL_LINGER_LOOKS: u32 = 20;

/// Files of one path (the present one and rotated ones not yet read to their end) kept at once.
pub const TAIL_FILES_MAX: usize = 64;

/// Wait before a refused batch is offered again, where the journal named none.
pub const REFUSED_RETRY: Duration = Duration::from_secs(1);

/// A compressed input that grows beyond this many bytes must not exceed
/// [`FILE_EXPANSION_RATIO_MAX`].
pub const FILE_EXPANSION_FREE_BYTES: u64 = 64 * 1024 * 1024;

/// Uncompressed bytes per compressed byte; more is a bomb and stops the file with an error.
pub const FILE_EXPANSION_RATIO_MAX: u64 = 500;

/// Largest zstd window (as a power of two) that a file may ask us to keep in memory.
pub const FILE_ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// Bytes looked at to tell a file's format.
pub const FILE_SNIFF_BYTES: usize = 64 * 1024;

/// Bytes of one record read from a file; what is longer is an error with its position.
pub const FILE_RECORD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// One try of a webhook or a mail, from connecting to the last byte of the answer.
pub const DELIVERY_TIMEOUT: Duration = Duration::from_secs(15);

/// Bytes of a webhook's answer that are read for the error message.
pub const WEBHOOK_ANSWER_BYTES_MAX: usize = 512;

/// Longest `Retry-After` that is believed.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Bytes of a secret file.
pub const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// Bytes of one answer of an identity provider; a longer one is not read, and nobody is signed in.
pub const OIDC_ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// Sign-ins that wait for one identity provider at once; more are told that it cannot be reached.
pub const OIDC_AT_ONCE_MAX: usize = 32;

/// How long a failed discovery is remembered, so that a provider that hangs holds up only one.
pub const OIDC_FAILURE_REMEMBERED: Duration = Duration::from_secs(5);

/// How far an identity provider's clock may differ from ours.
pub const OIDC_CLOCK_SKEW: Duration = Duration::from_secs(60);

/// Characters of an identity provider's own words that are taken over into ours.
pub const OIDC_SAID_CHARS_MAX: usize = 300;

/// Readers of one OSDP line: the protocol has no more addresses.
pub const BUS_READERS_MAX: usize = 127;

/// Commands given to an OSDP line and not yet taken up by it; one more is refused. Each reader has
/// a bound of its own behind it (`codec::osdp::READER_COMMANDS_MAX`).
pub const BUS_COMMANDS_MAX: usize = 256;

/// Events of OSDP lines that wait to be taken, as the joining crate makes the channel; the newest
/// beyond it is dropped and counted in `BusCounters::events_dropped`.
pub const BUS_EVENTS_MAX: usize = 4_096;

/// Longest wait for a TCP connection to an OSDP line.
pub const BUS_CONNECT_MAX: Duration = Duration::from_secs(2);

/// Longest wait for an OSDP line to take a frame; beyond it the line counts as lost.
pub const BUS_WRITE_MAX: Duration = Duration::from_millis(200);

/// Wait before a lost OSDP line is looked for again.
pub const BUS_RECONNECT: Duration = Duration::from_millis(500);

/// How often the thread of an OSDP line looks whether it is to stop.
pub const BUS_STOP_LOOK: Duration = Duration::from_millis(100);

/// Pieces of a line that wait to be recorded; at more, panel and readers wait for the recorder.
pub const TAP_PIECES_MAX: usize = 1_024;

/// How long a tap between a panel and its line waits for one of them before it hears the other.
pub const TAP_TURN: Duration = Duration::from_millis(1);

/// Bytes taken from an OSDP line at once.
pub const BUS_READ_BYTES: usize = 2_048;

/// Receive buffer asked for on the socket that door controllers send to, in bytes: a thousand
/// datagrams while we are busy, and what is lost all the same is asked for again.
pub const UHPPOTE_RECEIVE_BYTES: usize = 256 << 10;
/// How long a UHPPOTE controller may take to answer.
pub const UHPPOTE_ANSWER_MAX: Duration = Duration::from_millis(500);

/// How often a request that may be repeated is sent to a UHPPOTE controller.
pub const UHPPOTE_TRIES_MAX: u32 = 3;

/// How often a UHPPOTE controller that says nothing is asked for its state.
pub const UHPPOTE_LOOK: Duration = Duration::from_secs(10);

/// Requests that wait for one UHPPOTE controller; one more is refused.
pub const UHPPOTE_REQUESTS_MAX: usize = 32;

/// Datagrams that wait for one UHPPOTE controller's turn; what comes beyond is dropped, counted,
/// and its events asked for again.
pub const UHPPOTE_DATAGRAMS_MAX: usize = 64;
