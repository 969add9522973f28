//! Requests of a check, repeated until the answer is the expected one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::model::address::is_metadata;
use crate::model::check_result::{CheckResult, HttpAnswer, RequestRefusal};
use crate::model::verdict::Verdict;
use crate::outside::{address, authorities};
use crate::ports::checks::Checked;

/// One request of a check: long enough for a cold start, short enough that several fit into the check's timeout.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two requests: a load balancer may need seconds to switch over.
const AGAIN: Duration = Duration::from_secs(1);
/// Firewalls' rule sets (AWS's core one among them) refuse requests without one.
pub const USER_AGENT: &str = concat!("kanmon/", env!("CARGO_PKG_VERSION"));
/// How much of an answer's body is read for `contains`.
const BODY: usize = 1 << 20;

/// Made for each check, since the authorities that profiles name are only known once their accounts were entered.
pub fn client(names: impl Resolve + 'static) -> Result<Client, reqwest::Error> {
    // A redirect is an answer by itself: being sent to a login page is no success.
    Client::builder()
        .user_agent(USER_AGENT)
        .timeout(REQUEST_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_merge(authorities::certificates())
        .dns_resolver(Arc::new(NotMetadata(Arc::new(names))))
        .build()
}

/// What an address has to answer.
pub struct Wanted<'a> {
    pub url: &'a str,
    pub status: u16,
    pub contains: Option<&'a str>,
}

pub async fn until(client: &Client, timeout: SignedDuration, wanted: &Wanted<'_>) -> Checked {
    let checked = |verdict, answer, tried_for| {
        let result = CheckResult::Http { url: wanted.url.to_owned(), answer, tried_for };
        Checked { verdict, result }
    };
    if let Some(host) = address::metadata_host(wanted.url) {
        return checked(Verdict::Unknown, HttpAnswer::NotSent { why: RequestRefusal::Metadata { host } }, None);
    }
    let late = tokio::time::Instant::now() + Duration::try_from(timeout).unwrap_or_default();
    loop {
        match ask(client, wanted).await {
            answer @ HttpAnswer::Expected { .. } => return checked(Verdict::Pass, answer, None),
            answer @ HttpAnswer::NotSent { .. } => return checked(Verdict::Unknown, answer, None),
            answer @ (HttpAnswer::OtherStatus { .. } | HttpAnswer::WithoutText { .. } | HttpAnswer::None { .. }) => {
                if tokio::time::Instant::now() + AGAIN >= late {
                    // No expected answer in the whole time means that the stage fails, not that it is unknown.
                    return checked(Verdict::Fail, answer, Some(timeout));
                }
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn ask(client: &Client, wanted: &Wanted<'_>) -> HttpAnswer {
    let Wanted { url, status: expected, contains } = *wanted;
    let mut answer = match client.get(url).send().await {
        Ok(answer) => answer,
        Err(error) => {
            let said = root_cause(&error);
            if let Some(OfMetadata(host)) = causes(&error).find_map(|cause| cause.downcast_ref()) {
                return HttpAnswer::NotSent { why: RequestRefusal::Metadata { host: host.clone() } };
            }
            return match error.is_builder() {
                true => HttpAnswer::NotSent { why: RequestRefusal::Client { said } },
                false => HttpAnswer::None { said },
            };
        }
    };
    let status = answer.status().as_u16();
    if status != expected {
        return HttpAnswer::OtherStatus { status, expected };
    }
    if let Some(text) = contains {
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = answer.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() >= BODY {
                break;
            }
        }
        if !String::from_utf8_lossy(&body).contains(text) {
            return HttpAnswer::WithoutText { status, text: text.to_owned() };
        }
    }
    HttpAnswer::Expected { status }
}

/// The system's own resolver.
pub struct System;

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// A name that leads to this machine's metadata.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct OfMetadata(String);

/// Refuses such a name when it is resolved, so that the address that was checked is the one that is connected to.
struct NotMetadata(Arc<dyn Resolve>);

impl Resolve for NotMetadata {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.0.clone();
        Box::pin(async move {
            let shown = name.as_str().to_owned();
            let found: Vec<SocketAddr> = names.resolve(name).await?.collect();
            match found.iter().any(|at| is_metadata(at.ip())) {
                true => Err(OfMetadata(shown).into()),
                false => Ok(Box::new(found.into_iter()) as Addrs),
            }
        })
    }
}

fn causes(error: &dyn std::error::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |cause| cause.source())
}

pub fn root_cause(error: &dyn std::error::Error) -> String {
    causes(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An attacker's DNS zone: a name that leads to a metadata address as well.
    struct Zone;

    impl Resolve for Zone {
        fn resolve(&self, _: Name) -> Resolving {
            let found = ["127.0.0.1:0", "169.254.170.2:0"].map(|at| at.parse::<SocketAddr>().unwrap());
            Box::pin(async move { Ok(Box::new(found.into_iter()) as Addrs) })
        }
    }

    /// Longer than a test takes: a check that waits for it hangs.
    const LONG: SignedDuration = SignedDuration::from_hours(24);

    #[tokio::test]
    async fn a_request_that_is_never_sent_is_unknown_at_once() {
        for (url, metadata) in [("http://metadata.example/", true), ("ftp://a.example/", false), ("no address", false)]
        {
            let wanted = Wanted { url, status: 200, contains: None };
            let checked = until(&client(Zone).unwrap(), LONG, &wanted).await;
            assert_eq!(checked.verdict, Verdict::Unknown, "{url}: {checked:?}");
            let CheckResult::Http { answer: HttpAnswer::NotSent { why }, .. } = checked.result else { panic!("{url}") };
            assert_eq!(matches!(why, RequestRefusal::Metadata { .. }), metadata, "{why:?}");
        }
    }

    #[tokio::test]
    async fn no_answer_for_the_whole_time_is_a_failure() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = format!("http://{closed}/");
        let wanted = Wanted { url: &url, status: 200, contains: None };
        let checked = until(&client(System).unwrap(), SignedDuration::from_millis(100), &wanted).await;
        assert_eq!(checked.verdict, Verdict::Fail, "{checked:?}");
    }
}
