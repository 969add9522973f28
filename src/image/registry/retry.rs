//! Requests that are repeated until they are answered.

use std::future::Future;

use jiff::SignedDuration;

use super::request_error::{Nature, RequestError};
use crate::model::fault::registry::Work;
use crate::model::fault::{Fault, FaultKind};
use crate::model::registry_login::RegistryLogin;
use crate::ports::clock::Clock;

/// Seven tries over about 30 s: ECR's quotas refill by the second, and a registry that restarts is back by then.
const TRIES: u32 = 7;

/// Doubled after each try.
const FIRST_WAIT: SignedDuration = SignedDuration::from_millis(500);

/// No single wait is longer, so that a registry that came back is noticed.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(10);

/// An attempt of a request, with its retry class. Nothing is sent without one, and only this file makes them.
#[derive(Debug, Clone, Copy)]
pub struct Attempt(Nature);

impl Attempt {
    pub fn nature(self) -> Nature {
        self.0
    }
}

/// How the last attempt of a request failed.
#[derive(Debug)]
pub struct Failed {
    pub error: RequestError,
    nature: Nature,
}

impl Failed {
    /// As a fault; `login`: which one was used.
    pub fn fault(&self, work: Work, login: Option<&RegistryLogin>) -> Fault {
        self.error.fault(self.nature, work, login)
    }
}

/// Sends a request that is not repeated, whatever comes of it.
pub async fn once<T, F, Fut>(request: F) -> Result<T, RequestError>
where
    F: FnOnce(Attempt) -> Fut,
    Fut: Future<Output = Result<T, RequestError>>,
{
    request(Attempt(Nature::Once)).await
}

/// Repeats a request that failed in a way that a repetition can fix and cannot harm.
pub async fn with_retries<T, F, Fut>(clock: &dyn Clock, nature: Nature, mut request: F) -> Result<T, Failed>
where
    F: FnMut(Attempt) -> Fut,
    Fut: Future<Output = Result<T, RequestError>>,
{
    let mut tried = 0;
    loop {
        let error = match request(Attempt(nature)).await {
            Ok(answer) => return Ok(answer),
            Err(e) => e,
        };
        tried += 1;
        // A request that the lease stopped is not repeated here: its caller decides.
        let passing = matches!(error.kind(nature), FaultKind::Throttled | FaultKind::Unreachable);
        let again = passing && !matches!(error, RequestError::NotSent(_));
        if !again || tried == TRIES {
            return Err(Failed { error, nature });
        }
        tracing::debug!(tried, ?error, "the registry is asked again");
        clock.sleep(wait_after(tried, clock)).await;
    }
}

/// Between half of the doubled wait and all of it, so that several clients do not come back at once.
fn wait_after(tried: u32, clock: &dyn Clock) -> SignedDuration {
    let full = FIRST_WAIT.saturating_mul(1 << (tried - 1).min(10)).min(LONGEST_WAIT);
    let chance = i64::from_str_radix(&clock.token(4), 16).unwrap_or(0) & 0xffff;
    let millis = i64::try_from(full.as_millis()).expect("at most LONGEST_WAIT");
    SignedDuration::from_millis(millis / 2 + millis / 2 * chance / 0xffff)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::image::testing::FixedClock;

    fn failing(code: u16) -> RequestError {
        RequestError::of_answer(code, &reqwest::header::HeaderMap::new(), br#"{"errors":[{"code":"DENIED"}]}"#)
    }

    async fn tries_of(code: u16, nature: Nature) -> u32 {
        let tries = Cell::new(0);
        let end = with_retries(&FixedClock, nature, |_| {
            tries.set(tries.get() + 1);
            async { Err::<(), _>(failing(code)) }
        });
        end.await.unwrap_err();
        tries.get()
    }

    #[tokio::test]
    async fn every_throttled_request_is_repeated() {
        assert_eq!(tries_of(429, Nature::Repeatable).await, TRIES);
        assert_eq!(tries_of(429, Nature::Once).await, TRIES);
    }

    #[tokio::test]
    async fn a_server_error_is_repeated_only_where_it_can_do_no_harm() {
        assert_eq!(tries_of(503, Nature::Repeatable).await, TRIES);
        assert_eq!(tries_of(503, Nature::Once).await, 1);
    }

    #[tokio::test]
    async fn a_refusal_is_not_repeated() {
        assert_eq!(tries_of(403, Nature::Repeatable).await, 1);
        assert_eq!(tries_of(400, Nature::Repeatable).await, 1);
    }

    #[tokio::test]
    async fn the_first_good_answer_ends_it() {
        let tries = Cell::new(0);
        let answer = with_retries(&FixedClock, Nature::Repeatable, |_| {
            tries.set(tries.get() + 1);
            let n = tries.get();
            async move { if n < 3 { Err(failing(500)) } else { Ok(n) } }
        });
        assert_eq!(answer.await.unwrap(), 3);
    }

    #[test]
    fn waits_grow_to_a_ceiling() {
        for tried in 1..TRIES {
            let wait = wait_after(tried, &FixedClock);
            assert!(wait >= FIRST_WAIT / 2 && wait <= LONGEST_WAIT, "{wait:?}");
        }
        assert!(wait_after(6, &FixedClock) >= LONGEST_WAIT / 2);
    }
}
