//! One-time links: the first administrator, a new operator, a lost authenticator.

use std::io::Write as _;
use std::path::Path;

use store::state::{LinkPurpose, StoredLink};

use super::manage::{self, NewOperator};
use super::sessions::{Beginning, Session};
use super::{Origin, Signin, SigninError, act_at};
use crate::auth;
use crate::folder;
use crate::limits::Limits;

/// A session that has begun, and the secret for its cookie.
pub struct Begun {
    /// The session.
    pub session: Session,
    /// What the cookie holds; kept nowhere else.
    pub secret: String,
}

/// The file that holds the first administrator's link, readable by its owner alone.
pub const FIRST_ADMINISTRATOR_FILE: &str = "first-administrator.txt";

/// What the first administrator is called until they change it.
const FIRST_LOGIN: &str = "administrator";

impl Signin {
    /// Uses a one-time link.
    pub async fn by_link(&self, code: &str, origin: &Origin) -> Result<Begun, SigninError> {
        const WAY: &str = "link";
        self.may_try(WAY, origin, None)?;
        let hash = auth::hash(code);
        let found = self.state.link_by_hash(&hash).await?;
        let now = self.wall.now();
        let fits = |link: &StoredLink| link.used_at.is_none() && now < link.expires_at;
        let begun = match found.filter(fits) {
            Some(link) => self.use_link(&link, origin).await,
            None => Err(SigninError::LinkRefused),
        };
        if let Err(SigninError::LinkRefused) = begun {
            self.refuse((WAY, "bad_link"), origin, (None, None)).await;
        }
        self.settled(WAY, begun)
    }

    async fn use_link(&self, link: &StoredLink, origin: &Origin) -> Result<Begun, SigninError> {
        let is_enrolment = match link.purpose {
            LinkPurpose::FirstAdministrator => return self.first(link, origin).await,
            LinkPurpose::Enrol => true,
            LinkPurpose::Direct => false,
        };
        // The command line may have made the operator a moment ago.
        self.reload().await?;
        let book = self.book();
        let known = link.operator.as_ref().and_then(|id| book.by_id.get(id));
        let known = known.filter(|known| !known.operator.is_disabled);
        let id = known.ok_or(SigninError::LinkRefused)?.operator.id.clone();
        let link = Some(link.hash);
        let new = Beginning::of(&id, &origin.address);
        self.begin(Beginning { way: "link", is_enrolment, link, ..new }).await
    }

    /// Void once an administrator exists, and from anywhere but this machine.
    async fn first(&self, link: &StoredLink, origin: &Origin) -> Result<Begun, SigninError> {
        self.reload().await?;
        if !origin.is_local || !self.needs_setup() {
            return Err(SigninError::LinkRefused);
        }
        let taken = |login: &str| self.book().by_login.contains_key(login);
        let mut login = FIRST_LOGIN.to_owned();
        let mut number = 1_u32;
        while taken(&login) {
            number += 1;
            login = format!("{FIRST_LOGIN}-{number}");
        }
        let wanted = NewOperator::administrator(&login, "Administrator");
        let operator = manage::build(wanted, self.clock.now())?;
        let (made, link) = (Some(&operator), Some(link.hash));
        let new = Beginning::of(&operator.id, &origin.address);
        self.begin(Beginning { way: "link", is_enrolment: true, made, link, ..new }).await
    }

    /// Makes the link for the first administrator, if nobody is one; gives its code. The file with
    /// the link is written, or removed where it has no meaning any more.
    pub async fn first_administrator(
        &self,
        data: &Path,
        base: &str,
    ) -> Result<Option<String>, SigninError> {
        self.reload().await?;
        let path = data.join(FIRST_ADMINISTRATOR_FILE);
        let _ = std::fs::remove_file(&path);
        if !self.needs_setup() {
            return Ok(None);
        }
        let code = new_code()?;
        let now = self.wall.now();
        let stored = StoredLink {
            hash: auth::hash(&code),
            operator: None,
            purpose: LinkPurpose::FirstAdministrator,
            created_at: now,
            expires_at: now.plus(Limits::ms(self.limits.signin_link_ms_max)),
            used_at: None,
        };
        let detail = serde_json::json!({"purpose": stored.purpose.as_str()});
        let act = act_at(self.clock.now(), "castellan", "link.make", "operator:first", detail);
        self.state.add_link(&stored, &act).await?;
        let link = address(base, &code);
        let written = folder::private(&path).and_then(|mut file| writeln!(file, "{link}"));
        written.map_err(|error| SigninError::System(format!("{}: {error}", path.display())))?;
        Ok(Some(link))
    }
}

/// A link's address: the code stands after `#`, which browsers do not send to servers.
pub fn address(base: &str, code: &str) -> String {
    format!("{}/#/signin?code={code}", base.trim_end_matches('/'))
}

/// A code of 192 bits.
pub(super) fn new_code() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 24];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}
