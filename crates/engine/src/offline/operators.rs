//! Operators by the command line: with the server stopped, or beside a running one.

use std::path::Path;

use model::Timestamp;
use store::state::{LinkPurpose, Operator};

use super::data::{DataError, open_state, unusable};
use crate::folder;
use crate::limits::Limits;
use crate::signin::{self, NewOperator, OperatorChange};

/// A data folder, and the address people use of the server that serves from it, if it has one.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The folder.
    pub data: &'a Path,
    /// The address.
    pub public_url: Option<&'a str>,
}

/// By whose right the command line acts.
const BY: &str = "command line";

/// The operators of a data folder, by login.
pub async fn operators(data: &Path) -> Result<Vec<Operator>, DataError> {
    let state = open_state(data, false).await?;
    let operators = state.operators().await?;
    state.close().await;
    Ok(operators)
}

/// Makes an operator, and a link to sign in with once; gives the id and the link's address.
pub async fn add_operator(
    at: Place<'_>,
    wanted: NewOperator,
    now: Timestamp,
) -> Result<(Operator, String), DataError> {
    let state = open_state(at.data, true).await?;
    let made = signin::add(&state, wanted, BY, now).await?;
    state.close().await;
    let link = operator_link(at, &made.id, now).await?;
    Ok((made, link))
}

/// Makes a one-time link for an operator, by id or login; gives its address.
pub async fn operator_link(at: Place<'_>, who: &str, now: Timestamp) -> Result<String, DataError> {
    let state = open_state(at.data, false).await?;
    let lasts_ms = Limits::default().signin_link_ms_max;
    let made = signin::link(&state, (who, LinkPurpose::Enrol), lasts_ms, BY, (now, now)).await;
    state.close().await;
    tell(at.data)?;
    let base = at.public_url.map_or_else(|| base(at.data), str::to_owned);
    Ok(signin::link_address(&base, &made?))
}

/// Disables an operator or lets them sign in again; their sessions end.
pub async fn disable_operator(
    data: &Path,
    who: &str,
    is_disabled: bool,
    now: Timestamp,
) -> Result<(), DataError> {
    let state = open_state(data, false).await?;
    let change = OperatorChange { is_disabled: Some(is_disabled), ..OperatorChange::default() };
    let done = signin::change(&state, who, change, BY, now).await;
    state.close().await;
    done?;
    tell(data)
}

/// Takes everything away that an operator signs in with; gives a link to begin anew.
pub async fn reset_operator(at: Place<'_>, who: &str, now: Timestamp) -> Result<String, DataError> {
    let state = open_state(at.data, false).await?;
    let done = signin::remove_everything(&state, who, BY, now).await;
    state.close().await;
    done?;
    operator_link(at, who, now).await
}

fn tell(data: &Path) -> Result<(), DataError> {
    folder::touch_changed(data).map_err(|error| unusable(data, &error))
}

/// Where the server of a folder is found; where it usually is, if none runs.
fn base(data: &Path) -> String {
    let port = folder::running(data).map_or(8420, |running| running.http.port());
    format!("http://localhost:{port}")
}
