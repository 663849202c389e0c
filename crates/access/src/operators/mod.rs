//! Operators' rights: who may do what, decided by Cedar policies that are data.
//!
//! Owns the words (roles, actions), the shape of the question and the reason of each refusal.
//! Pure: policies, roles and sites are arguments. Total: a policy that cannot be evaluated
//! refuses.

mod decide;
pub(crate) mod load;
mod reason;
mod words;

pub use decide::{At, Decision, Grant, Reach, Rights};
pub use load::PolicyFile;
pub use reason::{Code, Refusal};
pub use words::{Action, Role};
