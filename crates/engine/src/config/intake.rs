//! `[[mqtt]]`, `[[tail]]` and `[[uhppote]]`: what the server goes and fetches.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono_tz::Tz;
use estate::tomlpos::{Spanned, Table};
use model::{DoorId, PointId, SourceId};

use super::{Config, SecretText};

/// One broker to subscribe to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MqttConfig {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Topic filters.
    pub topics: Vec<String>,
    /// Stable client id, so that the broker keeps what came while we were away.
    pub client_id: String,
    /// User name.
    pub user: Option<String>,
    /// Reference to the password.
    pub password: Option<SecretText>,
    /// Speak TLS; roots from this PEM file, or the system's when it is empty.
    pub tls_ca: Option<PathBuf>,
    /// Speak TLS.
    pub tls: bool,
}

/// One file to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailConfig {
    /// The file.
    pub path: PathBuf,
    /// Whose records they are; by match if absent.
    pub source: Option<Spanned<SourceId>>,
}

/// One UHPPOTE door controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControllerConfig {
    /// Its serial number, as it is printed on the board.
    pub serial: u32,
    /// Where it is; port 60000 unless somebody changed it.
    pub address: SocketAddr,
    /// The point that it is in the book of revocations.
    pub point: PointId,
    /// Its doors 1 to 4. None at all: it is only listened to, its cards are somebody else's.
    pub doors: Vec<Option<DoorId>>,
    /// The zone whose time its clock shows; its first door's if absent.
    pub time_zone: Option<Tz>,
    /// Cards that it holds and nobody here knows are taken away, not only told.
    pub removes_unknown: bool,
    /// People get out of its doors whatever the board does: only then may these be locked.
    pub has_free_exit: bool,
}

impl ControllerConfig {
    /// Whether its cards and doors are ours.
    pub fn is_ours(&self) -> bool {
        self.doors.iter().any(Option::is_some)
    }
}

/// Doors of the largest board.
const CONTROLLER_DOORS_MAX: usize = 4;

pub(super) fn read_uhppote(mut table: Table<'_>) -> Option<ControllerConfig> {
    let serial = table.take_int("serial", 1..=i64::from(u32::MAX));
    if serial.is_none() {
        let message = "`uhppote.serial` is needed: the number printed on the board".into();
        table.error(table.at(), "missing_key", message);
    }
    let address = table.need_str("address");
    let at = address.and_then(|text| {
        let found: Option<SocketAddr> = text.value.parse().ok();
        if found.is_none() {
            let message = format!(
                "`uhppote.address`: found `{}`, expected ADDRESS:PORT, such as 192.168.1.100:60000",
                text.value
            );
            table.error(text.at, "bad_value", message);
        }
        found
    });
    let point = table.take_id("id", PointId::parse).map(|point| point.value);
    let doors = controller_doors(&mut table);
    let time_zone = table.take_str("time_zone").and_then(|text| {
        let found = text.value.parse::<Tz>().ok();
        if found.is_none() {
            let message = format!("`uhppote.time_zone`: there is no zone `{}`", text.value);
            table.error(text.at, "bad_value", message);
        }
        found
    });
    let mut flag = |key| table.take_bool(key).is_some_and(|flag| flag.value);
    let (removes_unknown, has_free_exit) = (flag("remove_unknown_cards"), flag("free_exit"));
    table.finish();
    let serial = u32::try_from(serial?.value).ok()?;
    let point = point.or_else(|| PointId::parse(&format!("uhppote-{serial}")).ok())?;
    let address = at?;
    Some(ControllerConfig {
        serial,
        address,
        point,
        doors,
        time_zone,
        removes_unknown,
        has_free_exit,
    })
}

/// Door ids in the order of the board's doors; an empty text for one that is not used.
fn controller_doors(table: &mut Table<'_>) -> Vec<Option<DoorId>> {
    let named = table.take_strs("doors").unwrap_or_default();
    if let Some(extra) = named.get(CONTROLLER_DOORS_MAX) {
        let message = format!("`uhppote.doors`: a board has {CONTROLLER_DOORS_MAX} doors at most");
        table.error(extra.at, "out_of_range", message);
    }
    let door = |text: Spanned<String>| {
        if text.value.is_empty() {
            return None;
        }
        match DoorId::parse(&text.value) {
            Ok(door) => Some(door),
            Err(error) => {
                table.error(text.at, "bad_id", format!("`uhppote.doors`: {error}"));
                None
            }
        }
    };
    named.into_iter().take(CONTROLLER_DOORS_MAX).map(door).collect()
}

/// No door is run twice, and no two controllers are one point.
pub(super) fn check_controllers(root: &Table<'_>, config: &Config) {
    let mut doors: Vec<&DoorId> = config.doors.doors.iter().map(|wired| &wired.door).collect();
    let mut points: Vec<&PointId> = config.doors.point.iter().collect();
    let mut serials = Vec::new();
    for board in &config.uhppote {
        let twice = |what: &str, id: String| {
            let message = format!("`[[uhppote]]`: there are two {what} `{id}`");
            root.error(root.at(), "twice", message);
        };
        for door in board.doors.iter().flatten() {
            if doors.contains(&door) {
                twice("doors", door.to_string());
            }
            doors.push(door);
        }
        if points.contains(&&board.point) {
            twice("points", board.point.to_string());
        }
        points.push(&board.point);
        if serials.contains(&board.serial) {
            twice("serial numbers", board.serial.to_string());
        }
        serials.push(board.serial);
    }
}

pub(super) fn read_mqtt(mut table: Table<'_>) -> Option<MqttConfig> {
    let host = table.need_str("host");
    let tls_ca = table.take_str("tls_ca").map(|f| PathBuf::from(f.value));
    let tls = table.take_bool("tls").map_or(tls_ca.is_some(), |b| b.value);
    let port = table.take_int("port", 1..=65_535).map(|p| p.value);
    let topics = table.take_strs("topics").unwrap_or_default();
    let config = MqttConfig {
        host: host?.value,
        port: port.and_then(|p| u16::try_from(p).ok()).unwrap_or(if tls { 8883 } else { 1883 }),
        topics: topics.into_iter().map(|t| t.value).collect(),
        client_id: table.take_str("client_id").map_or_else(|| "castellan".into(), |c| c.value),
        user: table.take_str("user").map(|u| u.value),
        password: table.take_str("password"),
        tls_ca,
        tls,
    };
    table.finish();
    Some(config)
}

pub(super) fn read_tail(mut table: Table<'_>) -> Option<TailConfig> {
    let path = table.need_str("path");
    let source = table.take_id("source", SourceId::parse);
    table.finish();
    Some(TailConfig { path: PathBuf::from(path?.value), source })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]
    use crate::config::tests::problems;

    const HEAD: &str = "format = 1\n[listen]\nuhppote = \"127.0.0.1:0\"\n";

    #[test]
    fn a_controller_is_listened_to_or_run() {
        let text = format!(
            "{HEAD}[[uhppote]]\nserial = 7\naddress = \"127.0.0.1:1\"\n\
             [[uhppote]]\nserial = 8\naddress = \"127.0.0.1:2\"\nid = \"gate\"\n\
             doors = [\"d1\", \"\", \"d3\"]\ntime_zone = \"Europe/Amsterdam\"\n\
             remove_unknown_cards = true\nfree_exit = true\n"
        );
        let (config, found) = crate::config::read("castellan.toml", &text);
        assert!(found.is_empty(), "{found:?}");
        let boards = config.unwrap().uhppote;
        assert!(!boards[0].is_ours() && boards[1].is_ours());
        assert_eq!((boards[0].point.as_str(), boards[1].point.as_str()), ("uhppote-7", "gate"));
        let doors: Vec<_> =
            boards[1].doors.iter().map(|d| d.as_ref().map(|d| d.as_str())).collect();
        assert_eq!(doors, [Some("d1"), None, Some("d3")]);
        assert!(boards[1].removes_unknown && boards[1].has_free_exit);
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let text = format!(
            "{HEAD}[[uhppote]]\nserial = 7\naddress = \"127.0.0.1:1\"\nid = \"gate\"\n\
             doors = [\"d1\", \"d 2\", \"\", \"\", \"d5\"]\ntime_zone = \"Mars/Base\"\n\
             [[uhppote]]\nserial = 7\naddress = \"127.0.0.1:2\"\nid = \"gate\"\n\
             doors = [\"d1\"]\n"
        );
        let whole = problems(&text).join("\n");
        for part in [
            "a board has 4 doors at most",
            "uhppote.doors",
            "there is no zone `Mars/Base`",
            "there are two doors `d1`",
            "there are two points `gate`",
            "there are two serial numbers `7`",
        ] {
            assert!(whole.contains(part), "{part} is not in\n{whole}");
        }
    }
}
