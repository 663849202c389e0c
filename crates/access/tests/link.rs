//! What a server and its edges say to each other stays readable between versions.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use access::link::{DoorTold, FromEdge};
use model::Timestamp;
use serde::{Deserialize, Serialize};

/// Words as edges said them before they told how many records wait.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Before {
    Alive { now: Timestamp, clock_trusted: bool, snapshot: Option<u64>, doors: Vec<DoorTold> },
}

#[test]
fn an_edge_that_does_not_say_how_many_records_wait_is_understood_and_so_is_one_that_does() {
    let now = Timestamp::from_secs(1_790_000_000);
    let old = Before::Alive { now, clock_trusted: true, snapshot: Some(7), doors: Vec::new() };
    let new = |records_waiting| FromEdge::Alive {
        now,
        clock_trusted: true,
        snapshot: Some(7),
        doors: Vec::new(),
        records_waiting,
        last: None,
    };
    let read: FromEdge = rmp_serde::from_slice(&rmp_serde::to_vec_named(&old).unwrap()).unwrap();
    assert_eq!(read, new(None));
    let said = rmp_serde::to_vec_named(&new(Some(3))).unwrap();
    assert_eq!(rmp_serde::from_slice::<FromEdge>(&said).unwrap(), new(Some(3)));
    assert_eq!(rmp_serde::from_slice::<Before>(&said).unwrap(), old);
}
