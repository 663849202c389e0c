//! `castellan access revoke`, `suspend`, `lift` and `revocations`: who is locked out, and which
//! points have confirmed it. Speaks to the server that runs on the data folder.

use std::time::Duration;

use anyhow::Context as _;
use engine::clock::Stopwatch;
use engine::folder::Running;
use model::RevocationId;
use model::time::parse_duration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::DataArg;
use crate::local;
use crate::output::{self, Ended, Format, Outcome};

/// Between two looks at a revocation that is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// What the exit status says.
pub const EXITS: &str = "Exit status: 0 = every point has confirmed; 3 = it is in force here, and \
    some point has not confirmed it yet; 1 = it was not done; 2 = misused.\n\nExample:\n  castellan \
    access revoke --person ana --reason \"left the house\" --wait 2m";

/// What is done, to whom.
#[derive(Debug, clap::Args)]
pub struct ActArgs {
    #[command(flatten)]
    subject: SubjectArg,
    /// Why; kept in the audit log.
    #[arg(long)]
    reason: String,
    /// How long to wait until every point has confirmed, such as 30s or 10m; 0s does not wait.
    #[arg(long, default_value = "30s")]
    wait: String,
    /// The same id again is the same act [default: a new one]
    #[arg(long)]
    id: Option<String>,
    #[command(flatten)]
    data: DataArg,
}

/// Whom or what it is about.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct SubjectArg {
    /// A person, with all that they carry.
    #[arg(long)]
    person: Option<String>,
    /// One credential.
    #[arg(long)]
    credential: Option<String>,
    /// One pass.
    #[arg(long)]
    pass: Option<String>,
}

/// Which are shown.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// One of them, with the receipt of every point.
    id: Option<String>,
    /// Only those that some point has not confirmed.
    #[arg(long, conflicts_with = "id")]
    open: bool,
    #[command(flatten)]
    data: DataArg,
}

/// A revocation, as the interface tells it.
#[derive(Debug, Deserialize)]
struct Told {
    id: String,
    act: String,
    subject: Subject,
    reason: String,
    at: String,
    state: String,
    superseded_by: Option<String>,
    points: usize,
    silent: Vec<String>,
    incident: Option<String>,
    #[serde(default)]
    signings: Vec<Signing>,
    #[serde(default)]
    compensating: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Subject {
    kind: String,
    id: String,
}

/// Where it stands at one point.
#[derive(Debug, Deserialize)]
struct Signing {
    point: String,
    kind: Option<String>,
    state: String,
    known: Option<String>,
    snapshot: Option<String>,
    at: Option<String>,
    stale_until: Option<String>,
}

/// Does it, waits for the receipts, and prints who has confirmed.
pub fn act(act: &'static str, args: ActArgs, format: Format) -> Outcome {
    let Some(wait) = parse_duration(&args.wait) else {
        return output::misused("--wait takes a duration such as 30s or 10m");
    };
    let SubjectArg { person, credential, pass } = args.subject;
    let subject = match (person, credential, pass) {
        (Some(id), _, _) => json!({"kind": "person", "id": id}),
        (_, Some(id), _) => json!({"kind": "credential", "id": id}),
        (_, _, Some(id)) => json!({"kind": "pass", "id": id}),
        (None, None, None) => return output::misused("--person, --credential or --pass is needed"),
    };
    // Made here: whoever lost the answer asks again with the same id, and it stays one act.
    let id = match args.id {
        Some(id) => id,
        None => engine::auth::new_id("rev")?,
    };
    let id = RevocationId::parse(&id).context("--id")?;
    let request = json!({"id": id, "act": act, "subject": subject, "reason": args.reason});
    let server = server(&args.data, format)?;
    let asked = local::post(&server, "/v1/revocations", &request.to_string());
    let answer = asked.map_err(|error| match error.is::<local::Refused>() {
        true => error,
        false => {
            error.context(format!("`castellan access revocations {id}` tells whether it was done"))
        }
    })?;
    let mut shown: Value = serde_json::from_str(&answer).context(UNREADABLE)?;
    let begun = Stopwatch::start();
    while is_open(&shown) && begun.elapsed() < wait {
        std::thread::sleep(LOOK_EVERY.min(wait.saturating_sub(begun.elapsed())));
        // A server that starts again meanwhile is asked again: what it was told is on disk.
        if let Ok(newer) = look(&args.data, &id, format) {
            shown = newer;
        }
    }
    print(&shown, format)?;
    match shown.get("state").and_then(Value::as_str) {
        Some("done") => Ok(Ended::Done),
        Some(_) | None => Ok(Ended::Unconfirmed),
    }
}

/// Lists them, or shows one.
pub fn list(args: ListArgs, format: Format) -> Outcome {
    if let Some(id) = &args.id {
        let id = RevocationId::parse(id)?;
        print(&look(&args.data, &id, format)?, format)?;
        return Ok(Ended::Done);
    }
    let answer = local::get(&server(&args.data, format)?, "/v1/revocations")?;
    let all: Vec<Value> = serde_json::from_str(&answer).context(UNREADABLE)?;
    for one in all.iter().filter(|one| !args.open || is_open(one)) {
        match format {
            Format::Json => output::json_line(one)?,
            Format::Text => output::line(headline(&Told::deserialize(one).context(UNREADABLE)?))?,
        }
    }
    Ok(Ended::Done)
}

const UNREADABLE: &str = "the server's answer is not readable";

fn server(data: &DataArg, format: Format) -> anyhow::Result<Running> {
    let config = data.config(format)?.context("the configuration has errors")?;
    engine::folder::running(&config.data).with_context(|| {
        format!(
            "no server runs on {}: only a running one can tell its points, and hear them confirm",
            config.data.display()
        )
    })
}

fn look(data: &DataArg, id: &RevocationId, format: Format) -> anyhow::Result<Value> {
    let answer = local::get(&server(data, format)?, &format!("/v1/revocations/{id}"))?;
    serde_json::from_str(&answer).context(UNREADABLE)
}

fn is_open(shown: &Value) -> bool {
    shown.get("state").and_then(Value::as_str) == Some("unconfirmed")
}

fn headline(told: &Told) -> String {
    let Told { id, act, subject, at, points, reason, .. } = told;
    let confirmed = points.saturating_sub(told.silent.len());
    let state = match (told.state.as_str(), &told.superseded_by) {
        ("superseded", Some(by)) => format!("superseded by {by}"),
        ("superseded", None) => "superseded".to_owned(),
        (state, _) => format!("{state}, {confirmed} of {points} points"),
    };
    format!("{id}  {at}  {act} {} {}: {state}; {reason}", subject.kind, subject.id)
}

fn print(shown: &Value, format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        return output::json_line(shown);
    }
    let told = Told::deserialize(shown).context(UNREADABLE)?;
    output::line(headline(&told))?;
    for one in &told.signings {
        output::line(format_args!("  {}", signed(one)))?;
    }
    if let Some(incident) = &told.incident {
        output::line(format_args!("  incident {incident}"))?;
    }
    if let Some(what) = &told.compensating {
        output::line(format_args!("  meanwhile: {what}"))?;
    }
    Ok(())
}

/// How a point stands, and how that is known.
fn signed(one: &Signing) -> String {
    let Signing { point, state, .. } = one;
    let kind = one.kind.as_deref().unwrap_or("out of service");
    let how = match state.as_str() {
        "silent" => match &one.stale_until {
            Some(until) => format!("may admit until {until}"),
            None => "may admit until it is heard".to_owned(),
        },
        _ => {
            let known = one.known.as_deref().map(|known| known.replace('_', " "));
            let snapshot = one.snapshot.as_ref().map(|version| format!("rights {version}"));
            let parts = [known, snapshot, one.at.clone()];
            parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
    };
    format!("{point} ({kind}): {state}; {how}")
}
