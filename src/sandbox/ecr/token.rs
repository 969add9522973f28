//! Authorization tokens: the password with which docker and its like log in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};

use super::Ecr;
use crate::sandbox::iam::Caller;

/// How long a token is valid.
const LIFETIME: SignedDuration = SignedDuration::from_hours(12);

/// A token acts for the principal that requested it, with its permissions.
#[derive(Debug, Clone)]
pub struct Token {
    pub caller: Caller,
    pub expires: Timestamp,
}

/// The result of checking a registry request's Basic credentials.
#[derive(Debug, Clone, PartialEq)]
pub enum Login {
    Valid(Caller),
    Expired,
    Unknown,
}

impl Ecr {
    /// A new token for the caller: `AWS:PASSWORD` in base64, and its end.
    pub fn issue_token(&mut self, caller: &Caller, now: Timestamp) -> (String, Timestamp) {
        let password = STANDARD.encode(format!("{}{}", self.ids.secret(), self.ids.secret()));
        let expires = now + LIFETIME;
        let encoded = STANDARD.encode(format!("AWS:{password}"));
        self.tokens.insert(password, Token { caller: caller.clone(), expires });
        (encoded, expires)
    }

    /// The principal of an `Authorization: Basic` value.
    pub fn login(&self, header: &str, now: Timestamp) -> Login {
        let decoded = header.strip_prefix("Basic ").and_then(|b| STANDARD.decode(b.trim()).ok());
        let text = decoded.and_then(|b| String::from_utf8(b).ok()).unwrap_or_default();
        match text.strip_prefix("AWS:").and_then(|password| self.tokens.get(password)) {
            Some(token) if token.expires <= now => Login::Expired,
            Some(token) => Login::Valid(token.caller.clone()),
            None => Login::Unknown,
        }
    }
}
