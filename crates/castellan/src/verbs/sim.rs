//! `castellan sim`: readers and bad networks as processes of their own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use clap::{Subcommand, ValueEnum};
use engine::adapters::SecretRef;
use engine::adapters::osdp::read_key;
use engine::clock::Stopwatch;
use serde_json::json;
use sim::readers::{DoorPlan, People, ReaderPlan, Readers, Told};

use crate::output::{self, Ended, Outcome};
use crate::simulate::control::{self, Do, Out};
use crate::simulate::impair::{self, Air, Far};
use crate::simulate::readers::{self, Line, Place};

/// What was told and not yet printed; a line whose printing is behind waits for it.
const TOLD_MAX: usize = 4_096;

/// Play devices and networks for demos, tests and measurements.
///
/// Each runs as a process of its own and speaks the real protocol over real sockets. It takes
/// lines of JSON on standard input and ends with it; with --control it takes them from a loopback
/// socket as well and stays. It prints what happens as one JSON object a line.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  castellan sim reader --listen 127.0.0.1:4800 --address 1 \
    --key file:reader.key\n  castellan sim impair --listen 127.0.0.1:4900 --to 127.0.0.1:4800 \
    --weather '{\"delay_ms\": 40}'")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Reader(ReaderArgs),
    Impair(ImpairArgs),
}

/// OSDP readers on one line, each with a door, its contact, a button and a fire relay.
#[derive(Debug, clap::Args)]
#[command(after_help = "Lines on standard input, one gesture at one reader each:\n  \
    {\"reader\": 1, \"card\": {\"format\": \"H10301\", \"facility\": 42, \"number\": 69}}\n  \
    {\"reader\": 1, \"card\": \"10010101000000000010001010\"}   any bits\n  \
    {\"reader\": 1, \"keys\": \"4711#\"}\n  \
    {\"reader\": 1, \"leaf\": \"open\" | \"force\" | \"close\"}\n  \
    {\"reader\": 1, \"people\": \"go\" | \"stay\" | \"linger\"}   who are let through\n  \
    {\"reader\": 1, \"contact\": \"sound\" | \"stuck_open\" | \"stuck_shut\" | \"rattles\"}\n  \
    {\"reader\": 1, \"input\": {\"number\": 3, \"is\": \"active\" | \"rest\" | \"cut\" | \"short\" | \
    \"sound\"}}\n  \
    {\"reader\": 1, \"exit\": true}   the button inside, for a second\n  \
    {\"reader\": 1, \"fire\": true}, \"tamper\", \"power_failing\", \"switched\" likewise\n  \
    {\"reader\": 1, \"serial\": 77}   another device in its place\n\n\
    Example:\n  castellan sim reader --unix line.sock --address 1,2 --key file:line.key")]
struct ReaderArgs {
    /// Where the panel connects by TCP; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS:PORT", required_unless_present = "unix")]
    listen: Option<SocketAddr>,
    /// Where it connects by a Unix socket.
    #[arg(long, value_name = "PATH", conflicts_with = "listen")]
    unix: Option<PathBuf>,
    /// Addresses of the readers, 0 to 126; one twice is two devices at one address.
    #[arg(long, value_name = "N", value_delimiter = ',', required = true)]
    address: Vec<u8>,
    /// Their key, or one for each address: `file:PATH` or `env:NAME` of 32 hexadecimal digits.
    /// Without one they speak in clear text.
    #[arg(long, value_name = "REF")]
    key: Vec<SecretRef>,
    /// They have no key yet and take the install key, which everybody knows.
    #[arg(long, conflicts_with = "key")]
    installing: bool,
    /// What people do who are let through.
    #[arg(long, value_enum, default_value = "go")]
    people: PeopleArg,
    /// The output that the strike hangs on.
    #[arg(long, value_name = "N", default_value_t = 0)]
    strike: u8,
    /// The strike is a magnet: it lets go when its output is off.
    #[arg(long)]
    magnet: bool,
    /// The input that is active while the leaf is open.
    #[arg(long, value_name = "N", default_value_t = 0)]
    contact: u8,
    /// The input that is active while the button inside is pressed.
    #[arg(long, value_name = "N", default_value_t = 1)]
    exit: u8,
    /// The input that is active while the fire relay is.
    #[arg(long, value_name = "N", default_value_t = 2)]
    fire: u8,
    /// Of the numbers in the handshakes; another one each time it is switched on.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A loopback address that takes lines of control as well; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    control: Option<SocketAddr>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PeopleArg {
    /// They go through, and the leaf shuts behind them.
    Go,
    /// They do not.
    Stay,
    /// They leave the leaf open.
    Linger,
}

/// A bad network before an address: delay, loss, damage, cuts, all from a seed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Lines on standard input change it while it runs:\n  \
    {\"weather\": {\"delay_ms\": 40, \"jitter_ms\": 20, \"bytes_per_s\": 9600, \"lose_ppm\": 1000,\n  \
    \"double_ppm\": 0, \"truncate_ppm\": 0, \"flip_ppm\": 0, \"reset_ppm\": 0}}   both ways\n  \
    {\"there\": {…}} or {\"back\": {…}}   one way\n  \
    {\"link\": \"up\" | \"cut\" | \"half_open\" | \"refused\"}\n  \
    {\"reset\": true}   every connection, now\n\n\
    Example:\n  castellan sim impair --udp --listen 127.0.0.1:60001 --to 127.0.0.1:60000 --seed 7")]
struct ImpairArgs {
    /// Where to connect instead; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Where it really goes: an address, or the path of a Unix socket.
    #[arg(long, value_name = "ADDRESS:PORT|PATH")]
    to: String,
    /// Datagrams instead of connections.
    #[arg(long)]
    udp: bool,
    /// The weather at first.
    #[arg(long, value_name = "JSON")]
    weather: Option<String>,
    /// The same seed does the same to the same pieces.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A loopback address that takes lines of control as well; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    control: Option<SocketAddr>,
}

/// Runs the verb.
pub fn run(args: Args) -> Outcome {
    match args.verb {
        Verb::Reader(args) => reader(args),
        Verb::Impair(args) => impair(args),
    }
}

fn plans(args: &ReaderArgs) -> anyhow::Result<Vec<ReaderPlan>> {
    let keys = args.key.iter().map(read_key).collect::<Result<Vec<_>, _>>()?;
    let people = match args.people {
        PeopleArg::Go => People::Go,
        PeopleArg::Stay => People::Stay,
        PeopleArg::Linger => People::Linger,
    };
    let door = DoorPlan {
        strike_output: args.strike,
        is_released_by_off: args.magnet,
        contact_input: args.contact,
        exit_input: args.exit,
        fire_input: args.fire,
    };
    let of_place = |place: usize| match keys.as_slice() {
        [one] => Some(*one),
        many => many.get(place).copied(),
    };
    let plans = args.address.iter().enumerate().map(|(place, address)| ReaderPlan {
        is_installing: args.installing,
        door,
        people,
        ..ReaderPlan::plain(*address, of_place(place))
    });
    Ok(plans.collect())
}

fn reader(args: ReaderArgs) -> Outcome {
    if args.key.len() > 1 && args.key.len() != args.address.len() {
        return output::misused("one key for all readers, or one for each address");
    }
    let plans = plans(&args)?;
    // A reader that starts again must not repeat the numbers of its handshakes.
    let seed = args.seed ^ u64::from(std::process::id()) << 32;
    let readers = match Readers::new(&plans, seed) {
        Ok(readers) => readers,
        Err(why) => return output::misused(&why.to_string()),
    };
    let place = match (&args.listen, &args.unix) {
        (Some(at), _) => Place::Tcp(*at),
        (None, Some(path)) => Place::Unix(path.clone()),
        (None, None) => return output::misused("--listen or --unix is needed"),
    };
    let watch = Stopwatch::start();
    let mut line = Line::listen(&place, readers, watch)?;
    let shared = line.readers();
    let act: Do = Arc::new(move |text: &str| readers::act(&shared, watch, text));
    let out = Out::new();
    let control = control::listen(args.control, &out, &act)?;
    out.tell(json!({"listening": line.address()?, "control": control}));
    // Printing must not hold up an answer that the panel waits for.
    let (tell, told) = sync_channel::<Told>(TOLD_MAX);
    let printer = out.clone();
    std::thread::spawn(move || told.iter().for_each(|told| printer.tell(told.to_value())));
    std::thread::spawn(move || {
        loop {
            for told in line.turn().told {
                if tell.send(told).is_err() {
                    return;
                }
            }
        }
    });
    control::stay(&out, &act, control.is_some());
    Ok(Ended::Done)
}

fn impair(args: ImpairArgs) -> Outcome {
    let air = Air::new(args.seed);
    if let Some(weather) = &args.weather
        && let Err(why) = air.apply(&format!("{{\"weather\": {weather}}}"))
    {
        return output::misused(&why);
    }
    let address = args.to.parse::<SocketAddr>().ok();
    let listening = match (args.udp, address) {
        (true, Some(far)) => impair::datagrams(args.listen, far, &air)?,
        (true, None) => return output::misused("--udp needs an address to go --to"),
        (false, address) => {
            let far = address.map_or_else(|| Far::Unix(PathBuf::from(&args.to)), Far::Tcp);
            impair::connections(args.listen, far, air.clone())?
        }
    };
    let act: Do = Arc::new(move |text: &str| air.apply(text));
    let out = Out::new();
    let control = control::listen(args.control, &out, &act)?;
    out.tell(json!({"listening": listening, "control": control}));
    control::stay(&out, &act, control.is_some());
    Ok(Ended::Done)
}
