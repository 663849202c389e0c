//! Door controllers over UDP, against a controller of our own making that forgets, loses and is
//! silent when told to.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use adapters::uhppote::{
    ControllerConfig, ControllerEvent, ControllerHappened, RequestError, Requests, Uhppote,
    UhppoteConfig,
};
use codec::uhppote::{
    Body, Card, Date, DateTime, Direction, DoorControl, Event, EventType, Listener, Message,
    Request, Status,
};
use model::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::impair::{self, Faults};
use crate::support::PATIENCE;

const SERIAL: u32 = 405_419_896;
/// Longer than all tries of a request together.
const LATE: Duration = Duration::from_millis(400);

#[derive(Default)]
struct State {
    events: Vec<Event>,
    /// Events before this number are overwritten.
    oldest: u32,
    listener: Option<SocketAddr>,
    cards: BTreeMap<u32, Card>,
    control: Option<DoorControl>,
    opened: u32,
    heard: Vec<u8>,
    is_silent: bool,
    /// Questions about this card are answered too late.
    late_card: Option<u32>,
    /// Chance state; every so many datagrams out are lost, 0 for none.
    chance: u64,
    loses_one_in: u64,
}

impl State {
    fn loses(&mut self) -> bool {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        self.loses_one_in > 0 && self.chance.is_multiple_of(self.loses_one_in)
    }

    fn event(&self, index: u32) -> Event {
        let nothing = Event {
            index: 0,
            event_type: EventType::None,
            is_granted: false,
            door: 0,
            direction: Direction::None,
            card_number: 0,
            timestamp: None,
            reason: 0,
        };
        let wanted = if index == 0 { self.oldest.max(1) } else { index };
        if wanted < self.oldest {
            return Event { index: wanted, event_type: EventType::Overwritten, ..nothing };
        }
        let found = self.events.iter().find(|event| event.index == wanted);
        found.copied().unwrap_or(nothing)
    }

    fn status(&self) -> Body {
        let event = self.events.last().copied().unwrap_or_else(|| self.event(u32::MAX - 1));
        Body::Status(Status {
            event,
            is_door_open: [false; 4],
            is_button_pressed: [false; 4],
            system_error: 0,
            system_time: event.timestamp,
            sequence_id: 0,
            special_info: 0,
            relay_state: 0,
            input_state: 0,
        })
    }

    fn answer(&mut self, request: Request) -> Body {
        match request {
            Request::GetStatus => self.status(),
            Request::GetEvent(index) => Body::Event(self.event(index)),
            Request::OpenDoor(_) => {
                self.opened += 1;
                Body::Done(true)
            }
            Request::PutCard(card) => {
                self.cards.insert(card.card_number, card);
                Body::Done(true)
            }
            Request::DeleteCard(number) => Body::Done(self.cards.remove(&number).is_some()),
            Request::GetCard(number) => Body::Card(self.cards.get(&number).copied()),
            Request::GetCardCount => Body::CardCount(u32::try_from(self.cards.len()).unwrap()),
            Request::SetTime(time) => Body::Time(Some(time)),
            Request::SetDoorControl(control) => {
                self.control = Some(control);
                Body::DoorControl(control)
            }
            Request::SetListener(listener) => {
                self.listener = Some((listener.address, listener.port).into());
                Body::Done(true)
            }
            _ => Body::Done(false),
        }
    }
}

/// A controller on a thread of its own.
struct Board {
    state: Arc<Mutex<State>>,
    socket: UdpSocket,
    address: SocketAddr,
}

impl Board {
    fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State { chance: 88_172_645, ..State::default() }));
        let board =
            Self { state: Arc::clone(&state), socket: socket.try_clone().unwrap(), address };
        thread::spawn(move || {
            let mut buffer = [0; 64];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let Ok((serial, request)) = Request::decode(&buffer[..length]) else { continue };
                assert_eq!(serial, SERIAL);
                let mut state = state.lock().unwrap();
                state.heard.push(request.function());
                if state.is_silent {
                    continue;
                }
                let body = state.answer(request);
                let function = request.function();
                let message = Message { serial_number: SERIAL, function, body };
                if matches!(request, Request::GetCard(number) if state.late_card == Some(number)) {
                    let socket = socket.try_clone().unwrap();
                    thread::spawn(move || {
                        thread::sleep(LATE);
                        socket.send_to(&message.encode(), from).unwrap();
                    });
                } else if !state.loses() {
                    socket.send_to(&message.encode(), from).unwrap();
                }
            }
        });
        board
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap())
    }

    /// Something happens; whether the listener is told is another matter.
    fn happens(&self, index: u32, is_told: bool) {
        let timestamp =
            DateTime::new(2026, 11, 22, [10, (index / 60 % 60) as u8, (index % 60) as u8]);
        let event = Event {
            index,
            event_type: EventType::Swipe,
            is_granted: true,
            door: 1,
            direction: Direction::In,
            card_number: 1_000 + index,
            timestamp,
            reason: 1,
        };
        let (body, listener) = self.with(|state| {
            state.events.push(event);
            let is_lost = !is_told || state.loses();
            (state.status(), state.listener.filter(|_| !is_lost))
        });
        if let Some(listener) = listener {
            let message = Message { serial_number: SERIAL, function: 0x20, body };
            self.socket.send_to(&message.encode(), listener).unwrap();
        }
    }
}

struct Ours {
    requests: Requests,
    events: mpsc::Receiver<ControllerEvent>,
    shutdown: CancellationToken,
    address: SocketAddr,
}

impl Drop for Ours {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Ours {
    async fn start(board: &Board, last_event: Option<u32>) -> Self {
        Self::start_at(board, board.address, last_event).await
    }

    /// Speaks to the board at another address than its own.
    async fn start_at(board: &Board, address: SocketAddr, last_event: Option<u32>) -> Self {
        let controller = ControllerConfig { serial_number: SERIAL, address, last_event };
        let mut config = UhppoteConfig::at("127.0.0.1:0".parse().unwrap(), vec![controller]);
        config.answer_max = Duration::from_millis(100);
        config.look = Duration::from_millis(300);
        let ours = Uhppote::bind(config).unwrap();
        let (requests, address) = (ours.requests(), ours.local_addr());
        let (tell, events) = mpsc::channel(4);
        let shutdown = CancellationToken::new();
        let clock = Arc::new(|| Timestamp::from_secs(0));
        tokio::spawn(ours.run(clock, tell, shutdown.clone()));
        board.with(|state| state.listener = Some(address));
        Self { requests, events, shutdown, address }
    }

    async fn next(&mut self) -> ControllerHappened {
        let event = tokio::time::timeout(PATIENCE, self.events.recv()).await;
        let Ok(Some(event)) = event else {
            panic!("waited in vain: {:?}", self.requests.counters());
        };
        event.what
    }

    /// The next so many that are events: their numbers, and whether they were asked for.
    async fn numbers(&mut self, count: usize) -> Vec<(u32, bool)> {
        let mut numbers = Vec::new();
        while numbers.len() < count {
            if let ControllerHappened::Event { event, is_recovered } = self.next().await {
                numbers.push((event.index, is_recovered));
            }
        }
        numbers
    }

    async fn ask(&self, request: Request) -> Result<Body, RequestError> {
        self.requests.ask(SERIAL, request).await
    }
}

#[tokio::test]
async fn events_come_in_order_and_those_that_did_not_come_are_asked_for() {
    let board = Board::start();
    let mut ours = Ours::start(&board, Some(0)).await;
    board.happens(1, true);
    assert_eq!(ours.next().await, ControllerHappened::Online);
    assert_eq!(ours.numbers(1).await, [(1, false)]);
    board.happens(2, false);
    board.happens(3, false);
    board.happens(4, true);
    assert_eq!(ours.numbers(3).await, [(2, true), (3, true), (4, false)]);
    // Nothing says that there is a fifth, until it is looked for.
    board.happens(5, false);
    assert_eq!(ours.numbers(1).await, [(5, false)]);
    let counters = ours.requests.counters();
    assert_eq!((counters.events, counters.recovered, counters.lost), (5, 2, 0));
}

#[tokio::test]
async fn what_was_overwritten_is_said_to_be_lost() {
    let board = Board::start();
    for index in 1..=50 {
        board.happens(index, false);
    }
    board.with(|state| state.oldest = 41);
    let mut ours = Ours::start(&board, Some(10)).await;
    board.happens(51, true);
    assert_eq!(ours.next().await, ControllerHappened::Online);
    assert_eq!(ours.next().await, ControllerHappened::Lost { from: 11, to: 40 });
    let numbers = ours.numbers(11).await;
    assert_eq!((numbers[0], numbers[10]), ((41, true), (51, false)));
    assert_eq!(ours.requests.counters().lost, 30);
}

#[tokio::test]
async fn a_cleared_memory_begins_afresh() {
    let board = Board::start();
    let mut ours = Ours::start(&board, Some(99)).await;
    board.happens(100, true);
    assert_eq!(ours.numbers(1).await, [(100, false)]);
    board.with(|state| state.events.clear());
    for index in [1, 2] {
        // Its clock went on.
        let later = DateTime::new(2026, 11, 23, [0, 0, index as u8]);
        board.happens(index, false);
        board.with(|state| state.events.last_mut().unwrap().timestamp = later);
    }
    assert_eq!(ours.next().await, ControllerHappened::Restarted);
    assert_eq!(ours.numbers(2).await, [(1, true), (2, false)]);
}

#[tokio::test]
async fn requests_are_answered() {
    let board = Board::start();
    let ours = Ours::start(&board, None).await;
    let card = Card {
        card_number: 8_165_538,
        from: Some(Date { year: 2026, month: 1, day: 1 }),
        to: Some(Date { year: 2026, month: 12, day: 31 }),
        doors: [1, 0, 0, 29],
        pin: 7_531,
        first_card: 0,
    };
    assert_eq!(ours.ask(Request::PutCard(card)).await, Ok(Body::Done(true)));
    assert_eq!(ours.ask(Request::GetCard(8_165_538)).await, Ok(Body::Card(Some(card))));
    assert_eq!(ours.ask(Request::GetCardCount).await, Ok(Body::CardCount(1)));
    assert_eq!(ours.ask(Request::DeleteCard(8_165_538)).await, Ok(Body::Done(true)));
    assert_eq!(ours.ask(Request::GetCard(8_165_538)).await, Ok(Body::Card(None)));
    let time = DateTime::new(2026, 11, 22, [23, 59, 59]).unwrap();
    assert_eq!(ours.ask(Request::SetTime(time)).await, Ok(Body::Time(Some(time))));
    let control = DoorControl { door: 3, control_state: 3, delay_s: 5 };
    assert_eq!(ours.ask(Request::SetDoorControl(control)).await, Ok(Body::DoorControl(control)));
    assert_eq!(ours.ask(Request::OpenDoor(3)).await, Ok(Body::Done(true)));
    let listener = Listener { interval_s: 0, ..Listener::NOBODY };
    assert_eq!(ours.ask(Request::SetListener(listener)).await, Ok(Body::Done(true)));
    let error = ours.requests.ask(1, Request::GetTime).await;
    assert_eq!(error, Err(RequestError::NoSuchController(1)));
}

#[tokio::test]
async fn silence_is_said_and_no_door_is_opened_twice() {
    let board = Board::start();
    let mut ours = Ours::start(&board, None).await;
    assert_eq!(ours.next().await, ControllerHappened::Online);
    board.with(|state| {
        state.is_silent = true;
        state.heard.clear();
    });
    assert_eq!(ours.ask(Request::OpenDoor(1)).await, Err(RequestError::NoAnswer));
    assert_eq!(ours.ask(Request::GetTime).await, Err(RequestError::NoAnswer));
    let asked = |function: u8| {
        board.with(|state| state.heard.iter().filter(|heard| **heard == function).count())
    };
    assert_eq!((asked(0x40), asked(0x32)), (1, 3));
    assert_eq!(ours.next().await, ControllerHappened::Offline);
    board.with(|state| state.is_silent = false);
    assert_eq!(ours.next().await, ControllerHappened::Online);
}

#[tokio::test]
async fn strangers_are_not_believed() {
    let board = Board::start();
    let mut ours = Ours::start(&board, Some(0)).await;
    board.happens(1, false);
    let forged =
        Message { serial_number: SERIAL, function: 0x20, body: board.with(|s| s.status()) };
    let other = UdpSocket::bind("127.0.0.2:0").unwrap();
    other.send_to(&forged.encode(), ours.address).unwrap();
    let unknown = Message { serial_number: 7, ..forged };
    board.socket.send_to(&unknown.encode(), ours.address).unwrap();
    board.socket.send_to(b"nonsense", ours.address).unwrap();
    // It comes all the same: by the next look.
    assert_eq!(ours.numbers(1).await, [(1, false)]);
    let counters = ours.requests.counters();
    assert_eq!((counters.strangers, counters.unreadable), (2, 1));
}

#[tokio::test]
async fn a_line_that_loses_half_of_everything_loses_nothing() {
    let board = Board::start();
    board.with(|state| state.loses_one_in = 2);
    let mut ours = Ours::start(&board, Some(0)).await;
    for index in 1..=120 {
        board.happens(index, true);
    }
    let numbers: Vec<u32> = ours.numbers(120).await.into_iter().map(|(index, _)| index).collect();
    assert_eq!(numbers, (1..=120).collect::<Vec<_>>());
    assert_eq!(ours.requests.counters().lost, 0);
}

#[tokio::test]
async fn a_network_that_doubles_cuts_and_overtakes_loses_nothing() {
    let board = Board::start();
    let faults =
        Faults { lose: 5, double: 4, truncate: 9, flip: 0, delay: 3, delay_ms_max: 150, cut: 0 };
    let bad = impair::datagrams(board.address, faults, 3);
    let mut ours = Ours::start_at(&board, bad, Some(0)).await;
    for index in 1..=60 {
        board.happens(index, index % 3 == 0);
    }
    let numbers: Vec<u32> = ours.numbers(60).await.into_iter().map(|(index, _)| index).collect();
    assert_eq!(numbers, (1..=60).collect::<Vec<_>>());
    let counters = ours.requests.counters();
    assert_eq!((counters.lost, counters.events), (0, 60));
    assert!(counters.retries > 0 && counters.recovered > 0, "{counters:?}");
}

#[tokio::test]
async fn a_late_answer_about_one_card_is_none_about_another() {
    let board = Board::start();
    let ours = Ours::start(&board, None).await;
    let held = Card {
        card_number: 4_200_070,
        from: None,
        to: None,
        doors: [1, 0, 0, 0],
        pin: 0,
        first_card: 0,
    };
    assert_eq!(ours.ask(Request::PutCard(held)).await, Ok(Body::Done(true)));
    board.with(|state| state.late_card = Some(4_200_069));
    let missing = ours.ask(Request::GetCard(4_200_069)).await;
    assert_eq!(missing, Err(RequestError::NoAnswer));
    // *No such card* names no card: it must not be believed of this one, which is there.
    board.with(|state| state.late_card = Some(4_200_070));
    let asked = ours.ask(Request::GetCard(4_200_070)).await;
    assert_eq!(asked, Err(RequestError::NoAnswer));
}
