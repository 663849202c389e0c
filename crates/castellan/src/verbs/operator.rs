//! `castellan admin operator`: who signs in, when the console cannot be asked.

use anyhow::Context as _;
use clap::Subcommand;
use engine::access::{Grant, Role};
use engine::clock::Clock;
use engine::config::Config;
use engine::offline;
use engine::signin::{NewOperator, grants};
use engine::store::state::Operator;
use model::{PersonId, PlaceId, TeamId};
use serde_json::json;

use super::serve::runtime;
use super::tell_if_made;
use crate::output::{self, Ended, Format, Outcome};

/// Make, list, let in, disable and reset operators.
///
/// Works with the server stopped or running; a running server takes the change within seconds.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List operators.
    List,
    /// Make an operator and print their one-time sign-in link.
    Add {
        /// What they will type to sign in.
        login: String,
        /// How the console shows them; the login if absent.
        #[arg(long)]
        name: Option<String>,
        /// ROLE, or ROLE@SITE,SITE for some sites only; may be given many times.
        #[arg(long, required = true, value_name = "ROLE[@SITE,…]")]
        role: Vec<String>,
        /// A team whose incidents are theirs; may be given many times.
        #[arg(long)]
        team: Vec<String>,
        /// The person of the organisation they are.
        #[arg(long)]
        person: Option<String>,
    },
    /// Print a one-time link with which an operator signs in and sets up how to sign in.
    Link {
        /// Login or id.
        operator: String,
    },
    /// Disable an operator; their sessions end.
    Disable {
        /// Login or id.
        operator: String,
    },
    /// Let a disabled operator sign in again.
    Enable {
        /// Login or id.
        operator: String,
    },
    /// Remove an operator's password, authenticator and passkeys; print a link to begin anew.
    Reset {
        /// Login or id.
        operator: String,
    },
}

/// Runs the verb.
pub fn run(verb: Verb, config: &Config, format: Format) -> Outcome {
    let data = config.data.as_path();
    let at = offline::Place { data, public_url: config.public_url.as_deref() };
    let now = Clock::system().now();
    let runtime = runtime()?;
    match verb {
        Verb::List => {
            for operator in runtime.block_on(offline::operators(data))? {
                list(&operator, format)?;
            }
        }
        Verb::Add { login, name, role, team, person } => {
            let wanted = NewOperator {
                name: name.unwrap_or_else(|| login.clone()),
                login,
                person: person.map(|id| PersonId::parse(&id)).transpose().context("--person")?,
                teams: team.iter().map(|t| TeamId::parse(t)).collect::<Result<_, _>>()?,
                grants: role.iter().map(|text| grant(text)).collect::<anyhow::Result<_>>()?,
            };
            let was_there = data.exists();
            let (made, link) = runtime.block_on(offline::add_operator(at, wanted, now))?;
            tell_if_made(data, was_there);
            tell_link(&link, Some(&made.id), format)?;
        }
        Verb::Link { operator } => {
            let link = runtime.block_on(offline::operator_link(at, &operator, now))?;
            tell_link(&link, None, format)?;
        }
        Verb::Disable { operator } => {
            runtime.block_on(offline::disable_operator(data, &operator, true, now))?;
        }
        Verb::Enable { operator } => {
            runtime.block_on(offline::disable_operator(data, &operator, false, now))?;
        }
        Verb::Reset { operator } => {
            let link = runtime.block_on(offline::reset_operator(at, &operator, now))?;
            tell_link(&link, None, format)?;
        }
    }
    Ok(Ended::Done)
}

/// `guard` or `guard@hq,dc`.
fn grant(text: &str) -> anyhow::Result<Grant> {
    let (word, sites) = match text.split_once('@') {
        Some((word, sites)) => (word, Some(sites)),
        None => (text, None),
    };
    let known = Role::ALL.map(Role::as_str).join(", ");
    let role = Role::parse(word).with_context(|| format!("`{word}`: expected {known}"))?;
    let site = |site: &str| PlaceId::parse(site.trim());
    let sites = sites.map(|sites| sites.split(',').map(site).collect::<Result<_, _>>());
    Ok(Grant { role, sites: sites.transpose().context("--role")? })
}

fn list(operator: &Operator, format: Format) -> anyhow::Result<()> {
    let role = |grant: &Grant| match &grant.sites {
        None => grant.role.as_str().to_owned(),
        Some(sites) => {
            let sites: Vec<&str> = sites.iter().map(PlaceId::as_str).collect();
            format!("{}@{}", grant.role.as_str(), sites.join(","))
        }
    };
    let roles: Vec<String> = grants(&operator.roles).iter().map(role).collect();
    match format {
        Format::Text => {
            let state = if operator.is_disabled { "  disabled" } else { "" };
            let (id, login, roles) = (&operator.id, &operator.login, roles.join(" "));
            output::line(format_args!("{id}  {login}  {roles}{state}"))
        }
        Format::Json => output::json_line(&json!({
            "id": operator.id, "login": operator.login, "name": operator.name, "roles": roles,
            "teams": operator.teams, "person": operator.person,
            "disabled": operator.is_disabled, "created_at": operator.created_at,
        })),
    }
}

fn tell_link(link: &str, id: Option<&str>, format: Format) -> anyhow::Result<()> {
    match format {
        Format::Text => output::line(link),
        Format::Json => output::json_line(&json!({"id": id, "link": link})),
    }
}
