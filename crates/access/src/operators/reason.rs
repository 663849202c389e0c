//! Why somebody may not: a code with its parameters, and the sentence made of them.

use std::fmt;

use model::PlaceId;

use super::words::{Action, Role};

/// What stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// The operator has no role at all.
    NoRole,
    /// None of the roles has this right.
    Role,
    /// A role has it, at other sites.
    Site,
    /// A role has it, but this needs one for the whole organisation.
    Everywhere,
    /// A policy of the house forbids it.
    Policy,
    /// A policy could not be evaluated, so nothing is allowed.
    Broken,
}

impl Code {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoRole => "no_role",
            Self::Role => "role",
            Self::Site => "site",
            Self::Everywhere => "everywhere",
            Self::Policy => "policy",
            Self::Broken => "policy_error",
        }
    }
}

/// A refusal with all that its sentence needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What stands in the way.
    pub code: Code,
    /// What was asked for.
    pub action: Action,
    /// The roles that were asked.
    pub roles: Vec<Role>,
    /// The roles that would do.
    pub would_do: Vec<Role>,
    /// The site in question, where it is one.
    pub site: Option<PlaceId>,
    /// The policy that forbids, by its `@id`.
    pub policy: Option<String>,
}

fn listed<T: AsRef<str>>(words: &[T], last: &str) -> String {
    match words {
        [] => "nobody".to_owned(),
        [one] => one.as_ref().to_owned(),
        [head @ .., end] => {
            let head: Vec<&str> = head.iter().map(AsRef::as_ref).collect();
            format!("{} {last} {}", head.join(", "), end.as_ref())
        }
    }
}

fn words(roles: &[Role]) -> Vec<&'static str> {
    roles.iter().map(|role| role.as_str()).collect()
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (deed, own) = (self.action.deed(), listed(&words(&self.roles), "and"));
        let others = listed(&words(&self.would_do), "or");
        match self.code {
            Code::NoRole => write!(f, "you have no role; {others} may {deed}"),
            Code::Role => write!(f, "your role {own} does not let you {deed}; {others} may"),
            Code::Site => match &self.site {
                Some(site) => {
                    write!(f, "your role {own} does not reach the site `{site}`")
                }
                None => write!(f, "your role {own} is for some sites, and this one's is unknown"),
            },
            Code::Everywhere => {
                write!(f, "to {deed} takes a role for the whole organisation, not for some sites")
            }
            Code::Policy => {
                let policy = self.policy.as_deref().unwrap_or("?");
                write!(f, "the policy `{policy}` of your organisation forbids you to {deed}")
            }
            Code::Broken => {
                let policy = self.policy.as_deref().unwrap_or("?");
                write!(f, "the policy `{policy}` cannot be evaluated, so nobody may {deed}")
            }
        }
    }
}
