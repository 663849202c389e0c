//! `[edge]`, `[[bus]]`, `[[reader]]`, `[[door]]`, `[power]`: what is wired to this machine.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use access::doorway::Timing;
use access::road::{Device, DoorWiring, PowerWiring, ReaderWiring, Terminal};
use adapters::SecretRef;
use adapters::osdp::{BusConfig, BusReader, Line, ReaderSecurity};
use codec::wiegand::Formats;
use estate::tomlpos::{Spanned, Table};
use model::{DoorId, PointId, ScheduleId};

/// What is wired to this machine, and who it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Doors {
    /// The point's id where this machine is no enrolled edge: the server's own doors.
    pub point: Option<PointId>,
    /// Where the server listens for edges, in place of what the enrolment said: `HOST:PORT`.
    pub server: Option<String>,
    /// Lines with their readers.
    pub buses: Vec<BusConfig>,
    /// Doors.
    pub doors: Vec<DoorWiring>,
    /// What tells of this machine's own power.
    pub power: PowerWiring,
}

impl Doors {
    /// Whether nothing is wired here.
    pub fn is_empty(&self) -> bool {
        self.doors.is_empty()
    }
}

/// Reads all of it.
pub(super) fn read(root: &mut Table<'_>) -> Doors {
    let mut doors = Doors::default();
    if let Some(mut edge) = root.take_table("edge") {
        doors.point = edge.take_id("point", PointId::parse).map(|point| point.value);
        doors.server = edge.take_str("server").map(|server| server.value);
        edge.finish();
    }
    doors.buses = root.take_tables("bus").into_iter().filter_map(read_bus).collect();
    for table in root.take_tables("reader") {
        read_reader(table, &mut doors.buses);
    }
    let known: BTreeMap<Arc<str>, Vec<u8>> = doors
        .buses
        .iter()
        .map(|bus| (bus.id.clone(), bus.readers.iter().map(|reader| reader.address).collect()))
        .collect();
    if let Some(table) = root.take_table("power") {
        doors.power = read_power(table, &known);
    }
    for table in root.take_tables("door") {
        let at = table.at();
        let found = read_door(table, &known);
        if let Some(door) = found {
            if doors.doors.iter().any(|other| other.door == door.door) {
                root.error(at, "twice", format!("there are two doors `{}`", door.door));
            }
            doors.doors.push(door);
        }
    }
    doors
}

fn read_bus(mut table: Table<'_>) -> Option<BusConfig> {
    let id = table.need_str("id");
    let line = table.need_str("line");
    let baud = table.take_int("baud", 9_600..=230_400).map(|baud| baud.value);
    let baud = baud.and_then(|baud| u32::try_from(baud).ok()).unwrap_or(9_600);
    let line = line.and_then(|text| {
        let found = match text.value.split_once(':') {
            Some(("tcp", address)) => address.parse().ok().map(Line::Tcp),
            Some(("unix", path)) => Some(Line::Unix(PathBuf::from(path))),
            Some(("serial", path)) => Some(Line::Serial { path: PathBuf::from(path), baud }),
            Some(_) | None => None,
        };
        if found.is_none() {
            let message = format!(
                "`bus.line`: found `{}`, expected `tcp:ADDRESS:PORT`, `unix:PATH` or \
                 `serial:DEVICE`",
                text.value
            );
            table.error(text.at, "bad_value", message);
        }
        found
    });
    let timing = adapters::osdp::Timing::default();
    let config = BusConfig { id: Arc::from(id?.value), line: line?, readers: Vec::new(), timing };
    table.finish();
    Some(config)
}

fn read_reader(mut table: Table<'_>, buses: &mut [BusConfig]) {
    let bus = table.need_str("bus");
    let address = table.take_int("address", 0..=126).map(|address| address.value);
    let address = table.require("address", address.is_some(), address);
    let key = table.take_str("key");
    let install = table.take_bool("install").is_some_and(|install| install.value);
    let clear = table.take_bool("clear").is_some_and(|clear| clear.value);
    let secret = key.as_ref().and_then(|key| match key.value.parse::<SecretRef>() {
        Ok(secret) => Some(secret),
        Err(error) => {
            table.error(key.at, "bad_value", format!("`reader.key`: {error}"));
            None
        }
    });
    let security = match (secret, clear) {
        (Some(secret), false) if install => Some(ReaderSecurity::Install(secret)),
        (Some(secret), false) => Some(ReaderSecurity::Key(secret)),
        (None, true) if key.is_none() => Some(ReaderSecurity::Clear),
        (None, false) if key.is_some() => None,
        (Some(_) | None, _) => {
            let message = "a reader has a `key`, or says `clear = true`: one of both".to_owned();
            table.error(table.at(), "bad_value", message);
            None
        }
    };
    if let (Some(bus), Some(address), Some(security)) = (bus, address, security) {
        let address = u8::try_from(address).unwrap_or(u8::MAX);
        match buses.iter_mut().find(|one| *one.id == *bus.value) {
            Some(found) if found.readers.iter().any(|reader| reader.address == address) => {
                let message = format!("there are two readers `{}:{address}`", bus.value);
                table.error(bus.at, "twice", message);
            }
            Some(found) => found.readers.push(BusReader { address, security }),
            None => {
                table.error(bus.at, "unknown", format!("there is no bus `{}`", bus.value));
            }
        }
    }
    table.finish();
}

type Known = BTreeMap<Arc<str>, Vec<u8>>;

fn device(table: &Table<'_>, text: &Spanned<String>, known: &Known) -> Option<Device> {
    let parts = text.value.split_once(':');
    let parts = parts.and_then(|(bus, address)| Some((bus, address.parse::<u8>().ok()?)));
    let Some((bus, address)) = parts else {
        let message = format!("found `{}`, expected `BUS:ADDRESS`", text.value);
        table.error(text.at, "bad_value", message);
        return None;
    };
    let Some((bus, readers)) = known.get_key_value(bus) else {
        table.error(text.at, "unknown", format!("there is no bus `{bus}`"));
        return None;
    };
    if !readers.contains(&address) {
        table.error(text.at, "unknown", format!("there is no reader `{bus}:{address}`"));
        return None;
    }
    Some(Device { bus: bus.clone(), address })
}

/// `BUS:ADDRESS:NUMBER`, with `!` before it where it is the other way round.
fn terminal(table: &Table<'_>, text: &Spanned<String>, known: &Known) -> Option<Terminal> {
    let (is_inverted, rest) = match text.value.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, text.value.as_str()),
    };
    let parts = rest.rsplit_once(':');
    let Some((head, number)) = parts.and_then(|(head, n)| Some((head, n.parse::<u8>().ok()?)))
    else {
        let message = format!("found `{}`, expected `BUS:ADDRESS:NUMBER`", text.value);
        table.error(text.at, "bad_value", message);
        return None;
    };
    let head = Spanned { value: head.to_owned(), at: text.at };
    let device = device(table, &head, known)?;
    Some(Terminal { device, number, is_inverted })
}

fn read_power(mut table: Table<'_>, known: &Known) -> PowerWiring {
    let mut one = |key| {
        let text = table.take_str(key)?;
        terminal(&table, &text, known)
    };
    let (mains_lost, battery_low) = (one("mains_lost"), one("battery_low"));
    table.finish();
    PowerWiring { mains_lost, battery_low }
}

fn read_door(mut table: Table<'_>, known: &Known) -> Option<DoorWiring> {
    let id = table.need_id("id", DoorId::parse);
    let formats = table.take_strs("formats").unwrap_or_default();
    let shipped = Formats::shipped().ok();
    for format in &formats {
        if shipped.as_ref().is_some_and(|shipped| shipped.get(&format.value).is_none()) {
            let message = format!("`door.formats`: there is no card format `{}`", format.value);
            table.error(format.at, "unknown", message);
        }
    }
    let formats: Vec<String> = formats.into_iter().map(|format| format.value).collect();
    let mut reader = |key| {
        let text = table.take_str(key)?;
        let device = device(&table, &text, known)?;
        Some(ReaderWiring { device, formats: formats.clone() })
    };
    let (reader_in, reader_out) = (reader("reader_in"), reader("reader_out"));
    let mut one = |key| {
        let text = table.take_str(key)?;
        terminal(&table, &text, known)
    };
    let (strike, contact) = (one("strike"), one("contact"));
    let mut many = |key| {
        let texts = table.take_strs(key).unwrap_or_default();
        texts.iter().filter_map(|text| terminal(&table, text, known)).collect::<Vec<_>>()
    };
    let (exits, fires) = (many("exit"), many("fire"));
    let unlock = table.take_id("unlock_schedule", ScheduleId::parse).map(|id| id.value);
    let mut timing = Timing { has_contact: contact.is_some(), ..Timing::default() };
    let mut time = |key, to: &mut std::time::Duration| {
        if let Some(time) = table.take_duration(key) {
            *to = time.value;
        }
    };
    time("held_after", &mut timing.held_after);
    time("held_after_accessible", &mut timing.held_after_accessible);
    time("warn_before", &mut timing.warn_before);
    time("exit_hold", &mut timing.exit_hold);
    let id = id?.value;
    table.finish();
    Some(DoorWiring {
        door: id,
        reader_in,
        reader_out,
        strike,
        contact,
        exits,
        fires,
        unlock,
        timing,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

    const SOUND: &str = "format = 1\n[[bus]]\nid = \"gate\"\nline = \"tcp:127.0.0.1:4000\"\n\
        [[reader]]\nbus = \"gate\"\naddress = 1\nkey = \"env:GATE_KEY\"\n\
        [[door]]\nid = \"d1\"\nreader_in = \"gate:1\"\nstrike = \"!gate:1:0\"\n\
        contact = \"gate:1:0\"\nexit = [\"gate:1:1\"]\nfire = [\"gate:1:2\"]\nheld_after = \"20s\"\n\
        [power]\nmains_lost = \"gate:1:3\"\nbattery_low = \"!gate:1:4\"\n";

    #[test]
    fn what_is_wired_is_read_with_its_sense() {
        let (config, problems) = crate::config::read("castellan.toml", SOUND);
        assert!(problems.is_empty(), "{problems:?}");
        let doors = config.unwrap().doors;
        let door = &doors.doors[0];
        assert!(door.strike.as_ref().unwrap().is_inverted);
        assert_eq!(door.exits[0].number, 1);
        assert!(door.timing.has_contact);
        assert_eq!(door.timing.held_after.as_secs(), 20);
        assert_eq!(doors.buses[0].readers.len(), 1);
        assert_eq!(doors.power.mains_lost.as_ref().unwrap().number, 3);
        assert!(doors.power.battery_low.as_ref().unwrap().is_inverted);
    }

    #[test]
    fn everything_that_does_not_fit_is_said_at_once_with_its_line() {
        let text = format!(
            "{SOUND}[[bus]]\nid = \"b\"\nline = \"pigeon:coop\"\n\
             [[reader]]\nbus = \"nowhere\"\naddress = 1\nclear = true\n\
             [[reader]]\nbus = \"gate\"\naddress = 1\nclear = true\n\
             [[reader]]\nbus = \"gate\"\naddress = 2\nkey = \"env:K\"\nclear = true\n\
             [[door]]\nid = \"d1\"\nreader_in = \"gate:9\"\nstrike = \"gate:1\"\n\
             formats = [\"H1\"]\nstrke = \"gate:1:0\"\n"
        );
        let (config, problems) = crate::config::read("castellan.toml", &text);
        assert!(config.is_none());
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let whole = told.join("\n");
        for part in [
            "castellan.toml:22:",
            "expected `tcp:ADDRESS:PORT`",
            "there is no bus `nowhere`",
            "there are two readers `gate:1`",
            "one of both",
            "there is no reader `gate:9`",
            "expected `BUS:ADDRESS",
            "there is no card format `H1`",
            "did you mean `strike`",
            "there are two doors `d1`",
        ] {
            assert!(whole.contains(part), "{part} is not in\n{whole}");
        }
    }
}
