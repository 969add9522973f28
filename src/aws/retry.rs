//! Which failed attempts the SDK may repeat by itself when a repetition could do the thing twice.

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority, RetryReason,
};
use aws_smithy_types::retry::ErrorKind;

/// Lets the SDK repeat a call only where AWS refused it for its rate, or for a date that shows a wrong clock, which the SDK corrects:
/// then nothing has happened. Everything else (no answer, a reset connection, a 5xx) is reconciled by reading.
#[derive(Debug)]
pub(super) struct OnlyIfThrottled;

impl ClassifyRetry for OnlyIfThrottled {
    fn classify_retry(&self, ctx: &InterceptorContext) -> RetryAction {
        self.classify_retry_v2(ctx, &RetryAction::NoActionIndicated)
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
    fn classify_retry_v2(&self, ctx: &InterceptorContext, previous: &RetryAction) -> RetryAction {
        let refused = ctx.response().is_some_and(|r| r.status().is_client_error());
        match previous {
            // What the SDK says of a clock that is off, and of servers that fail: those do not answer with a 4xx.
            RetryAction::RetryIndicated(RetryReason::RetryableError { kind: ErrorKind::ServerError, .. })
                if refused =>
            {
                RetryAction::NoActionIndicated
            }
            RetryAction::RetryIndicated(RetryReason::RetryableError { kind: ErrorKind::ThrottlingError, .. })
            | RetryAction::NoActionIndicated => RetryAction::NoActionIndicated,
            _ => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "OnlyIfThrottled"
    }

    /// After all of the SDK's own, so that this one decides.
    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

/// The SDK measures how wrong this machine's clock is and signs accordingly, until somebody sets the clock right: then one call is
/// refused for its date while nothing seems wrong, and the SDK treats that as a wrong key. By then it has measured the clock again.
#[derive(Debug)]
pub(super) struct ClockWasSet;

/// How SigV4's refusals of a date begin, in the same words for every service.
const OF_ITS_DATE: [&str; 2] = ["Signature expired: ", "Signature not yet current: "];

impl ClassifyRetry for ClockWasSet {
    fn classify_retry(&self, ctx: &InterceptorContext) -> RetryAction {
        let answer = ctx.response().filter(|r| r.status().is_client_error());
        let body = answer.and_then(|r| r.body().bytes()).map(String::from_utf8_lossy).unwrap_or_default();
        match OF_ITS_DATE.iter().any(|words| body.contains(words)) {
            true => RetryAction::retryable_error(ErrorKind::ServerError),
            false => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "ClockWasSet"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::http_status_code_classifier())
    }
}
