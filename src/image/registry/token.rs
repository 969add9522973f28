//! A token of the server that a registry names (distribution, "token authentication").

use reqwest::header::WWW_AUTHENTICATE;
use reqwest::{Client, Url};
use serde_json::Value;

use super::address::{may_follow, shown};
use super::body::bounded;
use super::limits::Limits;
use super::request_error::{RegistryError, RequestError};
use crate::model::fault::registry::{AddressRefusal, UnusableAnswer};
use crate::ports::images::Login;

/// Tokens are a few kilobytes; a client of the same protocol (containers/image) has the same limit.
const ANSWER_LIMIT: u64 = 1024 * 1024;

/// What is asked of a token server.
pub struct Wanted<'a> {
    pub realm: &'a str,
    pub service: Option<&'a str>,
    pub scopes: Vec<&'a str>,
}

/// Exchanges a login, or nothing, for a token.
///
/// # Errors
/// `Unusable` where no login may be sent to the realm's address: nothing is sent then.
pub async fn fetch(
    client: &Client,
    registry: &Url,
    wanted: &Wanted<'_>,
    login: Option<&Login>,
    limits: &Limits,
) -> Result<String, RequestError> {
    let refused = |refusal| RequestError::Unusable(UnusableAnswer::TokenServer { refusal });
    let no_address = |_| refused(AddressRefusal::Invalid { address: wanted.realm.to_owned() });
    let mut url = Url::parse(wanted.realm).map_err(no_address)?;
    may_follow(registry, &url).map_err(refused)?;
    // The login is what the user has for this registry, never what the registry writes into an address.
    let _ = (url.set_username(""), url.set_password(None));
    url.query_pairs_mut()
        .extend_pairs(wanted.service.map(|s| ("service", s)))
        .extend_pairs(wanted.scopes.iter().map(|s| ("scope", s)));
    let at = shown(&url);
    let mut request = client.get(url);
    if let Some(login) = login {
        request = request.basic_auth(&login.username, Some(&login.password));
    }
    let response = limits.answered(async { request.send().await.map_err(RequestError::silent) }).await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = bounded(response, ANSWER_LIMIT, limits).await?;
    let answer: Option<Value> = serde_json::from_slice(&body).ok();
    if status == 200 {
        let token = |name: &str| answer.as_ref()?.get(name)?.as_str().filter(|t| !t.is_empty()).map(str::to_owned);
        return token("token").or_else(|| token("access_token")).ok_or_else(|| RequestError::foreign(status, &headers));
    }
    let error = RequestError::of_answer(status, &headers, &body);
    let foreign = matches!(error, RequestError::Foreign { .. });
    // Token servers have no form for their refusals that all share: JSON that says something, or a challenge.
    if foreign && (400..500).contains(&status) && is_refusal(answer.as_ref(), &headers) {
        let message = answer.as_ref().and_then(words);
        let errors = message.into_iter().map(|message| RegistryError { code: String::new(), message }).collect();
        return Err(RequestError::Refused { status, errors, token_server: Some(at) });
    }
    Err(error)
}

fn is_refusal(answer: Option<&Value>, headers: &reqwest::header::HeaderMap) -> bool {
    answer.and_then(words).is_some() || headers.contains_key(WWW_AUTHENTICATE)
}

fn words(answer: &Value) -> Option<String> {
    ["details", "error_description", "message", "error"]
        .iter()
        .find_map(|name| answer.get(name)?.as_str())
        .map(str::to_owned)
}
