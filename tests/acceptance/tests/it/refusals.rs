//! What the program will not start with, and how it says so: everything at once, each with its
//! place.

use std::fs;
use std::net::{TcpListener, UdpSocket};

use crate::world::{World, castellan, said};

fn replace(world: &World, from: &str, to: &str) {
    let text = fs::read_to_string(world.config()).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(world.config(), text.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_port_in_use_is_said_with_listener_address_and_process() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
    let udp_address = datagrams.local_addr().unwrap();
    let pid = std::process::id().to_string();
    for (listener, address) in
        [("http", address), ("syslog_tcp", address), ("syslog_udp", udp_address)]
    {
        let world = World::new();
        let wanted = format!("{listener} = \"{address}\"");
        replace(&world, &format!("{listener} = \"127.0.0.1:0\""), &wanted);
        let said = world.refused();
        let expected = format!("{listener} cannot listen on {address}: in use by");
        assert!(said.contains(&expected), "{said}");
        assert!(said.contains(&pid), "{said} names process {pid}");
    }
}

#[test]
fn two_servers_never_share_a_data_folder() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let world = World::new();
        let server = world.start().await;
        let said = world.refused();
        assert!(said.contains("in use by another castellan (pid "), "{said}");
        server.stop().await;
    });
}

#[test]
fn unknown_configuration_keys_are_refused_with_the_nearest() {
    let world = World::new();
    replace(&world, "syslog_tcp =", "syslog_tpc =");
    replace(&world, "[data]", "[limits]\nbody_byte_max = 3\n[data]");
    for said in [world.refused(), {
        let config = world.config().display().to_string();
        let checked = castellan(&["check", "--config", &config]);
        assert_eq!(checked.status.code(), Some(1));
        said(&checked)
    }] {
        assert!(said.contains("did you mean `syslog_tcp`"), "{said}");
        assert!(said.contains("did you mean `body_bytes_max`"), "{said}");
        assert!(said.contains("castellan.toml:4:1"), "{said}");
    }
}

#[test]
fn every_dangling_reference_of_an_organisation_is_listed_at_once() {
    let world = World::new();
    let add = |file: &str, text: &str| {
        let path = world.org().join(file);
        let before = fs::read_to_string(&path).unwrap();
        fs::write(path, before + text).unwrap();
    };
    add("people.csv", "eve,Eve Example,employee,active,hk\n");
    add("assets.csv", "pc-eve,workstation,PC,labb,evee\n");
    add("identifiers.csv", "badge,B-9,person:nobody,\n");
    add("doors.csv", "d-999,outside,lab\n");
    add("sources.toml", "[[source]]\nid = \"x\"\nmapping = \"auto\"\nsite = \"hqq\"\n");
    let org = world.org().display().to_string();
    let data = world.data().display().to_string();
    let imported = castellan(&["import", "--org", &org, "--data", &data]);
    assert_eq!(imported.status.code(), Some(1));
    for said in [said(&imported), world.refused()] {
        for wanted in [
            "people.csv:4:",
            "`hk`",
            "assets.csv:3:",
            "`labb`",
            "did you mean `lab`",
            "`evee`",
            "did you mean `eve`",
            "identifiers.csv:7:",
            "`nobody`",
            "doors.csv:1502:",
            "`d-999`",
            "sources.toml:",
            "`hqq`",
            "did you mean `hq`",
        ] {
            assert!(said.contains(wanted), "{wanted} is missing in:\n{said}");
        }
    }
}

#[test]
fn one_identifier_claimed_twice_is_refused_and_both_are_named() {
    let world = World::new();
    let path = world.org().join("identifiers.csv");
    let before = fs::read_to_string(&path).unwrap();
    fs::write(&path, before + "badge,B-1,person:ben,\n").unwrap();
    let said = world.refused();
    assert!(said.contains("identifiers.csv:7:"), "{said}");
    assert!(said.contains("person:ana (line 2)"), "{said}");
    assert!(said.contains("person:ben (line 7)"), "{said}");
}
