//! A command that comes twice is done once, also where the edge was started anew in between.

use access::door::Order;
use access::link::{Command, Done, DoneHow, FromEdge, FromServer, Purpose, What};
use adapters::link::LinkListener;
use codec::osdp::OutputAction;
use tokio::sync::mpsc::{Receiver, channel};
use tokio_util::sync::CancellationToken;

use super::*;

/// An edge is started, then a server that gives rights and one command: what the edge says that
/// became of it, and how often it released the strike.
async fn given_to(
    house: &House,
    (config, reader): (&crate::config::Config, &Reader),
    place: std::net::SocketAddr,
    command: &Command,
) -> (Done, usize) {
    let clock = crate::clock::Clock::manual(at(0));
    let edge = crate::edge::Edge::start(config, clock).await.unwrap();
    // Nobody has this card: the reader answers, and the strike is as it was.
    assert!(!tokio::task::block_in_place(|| reader.opens(5)));
    let tls = house.keys.listener(at(0)).unwrap();
    let listener = LinkListener::bind(place, &tls, 8).unwrap();
    let bytes = rmp_serde::to_vec_named(command).unwrap();
    let command = house.keys.sign(Purpose::Command, &house.point, bytes);
    let given = vec![
        FromServer::Full(house.full(&house_of(2), 7, at(0)).1),
        FromServer::Command(command.clone()),
        // Two at once are one as well.
        FromServer::Command(command),
    ];
    let (said, mut heard) = channel(1_024);
    let go = CancellationToken::new();
    let serving = tokio::spawn(server(listener, given, said, go.clone()));
    let done = outcome(&mut heard).await;
    let released = tokio::task::block_in_place(|| releases(reader));
    go.cancel();
    serving.await.unwrap();
    edge.stop().await.unwrap();
    (done, released)
}

async fn outcome(heard: &mut Receiver<FromEdge>) -> Done {
    loop {
        let word = tokio::time::timeout(Duration::from_secs(30), heard.recv()).await;
        if let FromEdge::Outcome(signed) = word.unwrap().unwrap() {
            return rmp_serde::from_slice(&signed.bytes).unwrap();
        }
    }
}

/// How often the strike was released since this was last asked.
fn releases(reader: &Reader) -> usize {
    let mut releases = 0;
    while let Ok(told) = reader.told.recv_timeout(Duration::from_secs(1)) {
        if let codec::osdp::Command::Output(outputs) = told {
            releases += usize::from(matches!(outputs[0].action, OutputAction::OnFor(_)));
        }
    }
    releases
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_is_done_once_also_by_an_edge_that_was_started_anew() {
    crate::runtime::install_crypto();
    let place = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let house = House::with_server(&place.to_string());
    let reader = Reader::start(house.folder.path());
    let config = configured(&house, &reader);
    let edge = (&config, &reader);
    let command = Command {
        id: "cmd-1".to_owned(),
        door: DoorId::parse("d1").unwrap(),
        what: What::Order { order: Order::Release, hold: Some(Duration::from_secs(5)) },
        expires_at: at(30),
        by: "op-1".to_owned(),
    };
    let (first, released) = given_to(&house, edge, place, &command).await;
    // This reader has no output that it could tell of.
    assert!(matches!(first.outcome, DoneHow::Failed { .. }), "{first:?}");
    assert_eq!(released, 1);
    assert_eq!(given_to(&house, edge, place, &command).await, (first.clone(), 0));
    // The power was cut before anybody knew what became of it.
    let path = house.edge().join("commands");
    std::fs::write(&path, "{\"id\":\"cmd-1\"}\n").unwrap();
    let (again, released) = given_to(&house, edge, place, &command).await;
    assert_eq!((again.outcome, released), (DoneHow::Unconfirmed, 0));
    // Another one is done.
    let other = Command { id: "cmd-2".to_owned(), ..command };
    let (done, released) = given_to(&house, edge, place, &other).await;
    assert_eq!((done.outcome, released), (first.outcome, 1));
}
