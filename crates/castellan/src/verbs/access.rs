//! `castellan access`: why a door opens, lists of other products, and who is locked out.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use engine::access::door::{BodyVerdict, CheckVerdict, Direction, Explanation, PinVerdict};
use engine::clock::Clock;
use engine::offline::ExplainError;
use engine::rights::{Asked, Who};
use model::{CredentialId, DoorId, PersonId, Timestamp};
use serde_json::json;

use super::serve::runtime;
use super::{ContentArg, DataArg, imports, revocations};
use crate::output::{self, Ended, Format, Outcome};

/// Explain who may pass where, take in lists of cardholders and credentials, and lock people out.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  castellan access explain --org acme/ --person ana --door d-lab \
    --at 2026-11-23T21:00:00Z\n  castellan access import --map lenel badges.csv --dry-run\n  \
    castellan access undo 12 --reason \"wrong list\"\n  castellan access revoke --person ana \
    --reason \"left the house\" --wait 2m\n  castellan access revocations --open"
)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Say whether a door lets somebody in, and why: every check and policy. By an organisation
    /// folder alone; nobody is anywhere, no lockdown, no fire.
    Explain {
        /// Organisation folder.
        #[arg(long, value_name = "DIR")]
        org: PathBuf,
        #[command(flatten)]
        content: ContentArg,
        /// At which door.
        #[arg(long)]
        door: String,
        /// Who; what they would show is shown.
        #[arg(long, conflicts_with = "credential", required_unless_present = "credential")]
        person: Option<String>,
        /// Or one credential.
        #[arg(long)]
        credential: Option<String>,
        /// When, as RFC 3339 [default: now]
        #[arg(long)]
        at: Option<String>,
        /// On the way out.
        #[arg(long)]
        out: bool,
        /// With the right PIN typed.
        #[arg(long)]
        pin: bool,
    },
    /// Take in lists of cardholders, credentials, groups and rights of another product.
    ///
    /// A list adds and changes. One that is said to be whole also ends what its source has brought
    /// before and it no longer says; what people, the folder or another source have made stays. A
    /// running server takes the change within seconds.
    Import(imports::Args),
    /// Undo one version of rights, where nothing of it was changed since.
    Undo {
        /// Which.
        version: u64,
        #[command(flatten)]
        data: DataArg,
        /// Why; kept with the version.
        #[arg(long)]
        reason: String,
    },
    /// End what somebody carries, or one credential or pass, for ever and everywhere.
    ///
    /// A card's number can be given out again, as a new generation.
    #[command(after_help = revocations::EXITS)]
    Revoke(revocations::ActArgs),
    /// Suspend somebody, a credential or a pass everywhere, until that is lifted.
    #[command(after_help = revocations::EXITS)]
    Suspend(revocations::ActArgs),
    /// Lift a suspension everywhere.
    #[command(after_help = revocations::EXITS)]
    Lift(revocations::ActArgs),
    /// List suspensions and revocations, or show one with the receipt of every point.
    Revocations(revocations::ListArgs),
}

/// Runs the verb.
pub fn run(args: Args, format: Format) -> Outcome {
    match args.verb {
        Verb::Explain { org, content, door, person, credential, at, out, pin } => {
            let who = match (person, credential) {
                (Some(id), _) => Who::Person(PersonId::parse(&id).context("--person")?),
                (None, Some(id)) => {
                    Who::Credential(CredentialId::parse(&id).context("--credential")?)
                }
                (None, None) => Who::Nobody,
            };
            let now = match at.as_deref().map(Timestamp::from_rfc3339) {
                Some(Some(at)) => at,
                Some(None) => {
                    return output::misused("--at takes a time such as 2026-11-23T21:00:00Z");
                }
                None => Clock::system().now(),
            };
            let asked = Asked {
                door: DoorId::parse(&door).context("--door")?,
                who,
                at: Some(now),
                direction: if out { Direction::Exit } else { Direction::Entry },
                pin: if pin { PinVerdict::Right } else { PinVerdict::NotGiven },
                body: BodyVerdict::NotGiven,
                companion: None,
            };
            let told =
                engine::offline::explain_access(&org, content.content.as_deref(), (&asked, now));
            match told {
                Ok((told, _)) => explained(&told, format),
                Err(ExplainError::Problems(problems)) => {
                    output::problems(&problems, format)?;
                    Ok(Ended::ProblemsFound)
                }
                Err(error) => Err(error.into()),
            }
        }
        Verb::Import(args) => imports::run(args, format),
        Verb::Undo { version, data, reason } => {
            let Some(config) = data.config(format)? else { return Ok(Ended::ProblemsFound) };
            let now = Clock::system().now();
            let undo = engine::offline::undo_access(&config.data, version, &reason, now);
            let made = runtime()?.block_on(undo)?;
            match format {
                Format::Text => {
                    output::line(format_args!("version {version} undone by version {made}"))?;
                }
                Format::Json => output::json_line(&json!({"undone": version, "version": made}))?,
            }
            Ok(Ended::Done)
        }
        Verb::Revoke(args) => revocations::act("revoke", args, format),
        Verb::Suspend(args) => revocations::act("suspend", args, format),
        Verb::Lift(args) => revocations::act("lift", args, format),
        Verb::Revocations(args) => revocations::list(args, format),
    }
}

fn explained(told: &Explanation, format: Format) -> Outcome {
    let decision = &told.decision;
    if format == Format::Json {
        output::json_line(&json!({
            "outcome": decision.outcome, "because": {"code": decision.because.code(),
                "text": decision.because.to_string()},
            "checks": told.checks, "policies": told.policies, "person": decision.person,
            "credential": decision.credential,
        }))?;
        return Ok(Ended::Done);
    }
    let word = match (&decision.outcome, decision.is_grant()) {
        (_, true) => "opens".to_owned(),
        (engine::access::door::Outcome::Require(steps), _) => {
            let steps: Vec<&str> = steps.iter().map(|step| step.as_str()).collect();
            format!("asks for {}", steps.join(", "))
        }
        (_, false) => "refuses".to_owned(),
    };
    output::line(format_args!("{word}: {}", decision.because))?;
    for check in told.checks.iter().filter(|one| one.verdict != CheckVerdict::NotReached) {
        let verdict = match check.verdict {
            CheckVerdict::Passed => "passed",
            CheckVerdict::Noted => "noted",
            CheckVerdict::Asks => "asks for more",
            CheckVerdict::Stopped => "stopped",
            CheckVerdict::NotReached => "not reached",
        };
        let why = check.because.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        output::line(format_args!("  {:<14} {verdict}{why}", check.check))?;
    }
    for policy in &told.policies {
        let verdict = match policy.verdict {
            engine::access::door::PolicyVerdict::Permits => "permits",
            engine::access::door::PolicyVerdict::Forbids => "forbids",
            engine::access::door::PolicyVerdict::DoesNotHold => "does not hold",
            engine::access::door::PolicyVerdict::Error => "cannot be evaluated",
        };
        output::line(format_args!("  policy {}: {verdict}", policy.policy))?;
    }
    Ok(Ended::Done)
}
