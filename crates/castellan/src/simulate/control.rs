//! How a simulation is told what to do while it runs: lines on standard input, and on a control
//! socket where one is asked for. What it says goes to standard output and to every such socket.

use std::io::{BufRead, BufReader, Read as _, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};
use engine::clock::Clock;
use serde_json::{Value, json};

/// Longest line of control; a longer one ends the connection it came by.
const LINE_BYTES_MAX: u64 = 8_192;
/// Connections that control at once; one more is closed.
const CONTROLS_MAX: usize = 16;
/// A listener that does not take what it is told within this time is closed.
const TELL_MAX: Duration = Duration::from_millis(200);

/// Does what a line says; `Err` is why it is not done.
pub type Do = Arc<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// Where a simulation says what happens.
#[derive(Clone)]
pub struct Out {
    clock: Clock,
    controls: Arc<Mutex<Vec<TcpStream>>>,
}

impl Out {
    /// Standard output alone.
    pub fn new() -> Self {
        Self { clock: Clock::system(), controls: Arc::default() }
    }

    /// Says one thing, with the time, to everybody who listens.
    pub fn tell(&self, mut value: Value) {
        if let Value::Object(object) = &mut value {
            object.insert("at".to_owned(), json!(self.clock.now().to_string()));
        }
        let line = format!("{value}\n");
        let mut out = std::io::stdout().lock();
        // Who started it may be gone; then nobody listens.
        let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
        let mut controls = self.controls.lock().unwrap_or_else(PoisonError::into_inner);
        controls.retain_mut(|stream| stream.write_all(line.as_bytes()).is_ok());
    }
}

/// Takes lines from a control socket at `at`, if any. Gives where it listens: loopback only.
pub fn listen(at: Option<SocketAddr>, out: &Out, act: &Do) -> anyhow::Result<Option<SocketAddr>> {
    let Some(at) = at else { return Ok(None) };
    if !at.ip().is_loopback() {
        bail!("a simulation is controlled from this machine alone: {at} is no loopback address");
    }
    let listener = TcpListener::bind(at).with_context(|| format!("cannot listen on {at}"))?;
    let address = listener.local_addr()?;
    let (out, act) = (out.clone(), Arc::clone(act));
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (out, act) = (out.clone(), Arc::clone(&act));
            thread::spawn(move || converse(&stream, &out, &act));
        }
    });
    Ok(Some(address))
}

fn converse(stream: &TcpStream, out: &Out, act: &Do) {
    let Ok(told) = stream.try_clone() else { return };
    let _ = told.set_write_timeout(Some(TELL_MAX));
    {
        let mut controls = out.controls.lock().unwrap_or_else(PoisonError::into_inner);
        if controls.len() >= CONTROLS_MAX {
            return;
        }
        controls.push(told);
    }
    obey(BufReader::new(stream), out, act);
}

/// Obeys standard input until it ends.
pub fn obey_stdin(out: &Out, act: &Do) {
    obey(std::io::stdin().lock(), out, act);
}

fn obey(mut from: impl BufRead, out: &Out, act: &Do) {
    loop {
        let mut line = Vec::new();
        match (&mut from).take(LINE_BYTES_MAX).read_until(b'\n', &mut line) {
            Ok(1..) if line.last() == Some(&b'\n') || (line.len() as u64) < LINE_BYTES_MAX => {}
            Ok(_) | Err(_) => return,
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        match act(text) {
            Ok(()) => {}
            Err(why) => out.tell(json!({"refused": why})),
        }
    }
}

/// Runs until standard input ends; for ever where there is a control socket.
pub fn stay(out: &Out, act: &Do, is_controlled: bool) {
    obey_stdin(out, act);
    if is_controlled {
        loop {
            thread::park();
        }
    }
    // What the last line brought about is still told.
    thread::sleep(TELL_MAX);
}
