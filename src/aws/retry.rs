//! Which failed attempts the SDK may repeat by itself when a repetition could do the thing twice.

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority, RetryReason,
};
use aws_smithy_types::retry::ErrorKind;

/// Lets the SDK repeat a call only where AWS said that it refused it for its rate: nothing has happened then. Everything
/// else (no answer, a reset connection, a 5xx) goes to reconciliation by reading.
#[derive(Debug)]
pub(super) struct OnlyIfThrottled;

impl ClassifyRetry for OnlyIfThrottled {
    fn classify_retry(&self, ctx: &InterceptorContext) -> RetryAction {
        self.classify_retry_v2(ctx, &RetryAction::NoActionIndicated)
    }

    fn classify_retry_v2(&self, _: &InterceptorContext, previous: &RetryAction) -> RetryAction {
        match previous {
            RetryAction::RetryIndicated(RetryReason::RetryableError { kind: ErrorKind::ThrottlingError, .. })
            | RetryAction::NoActionIndicated => RetryAction::NoActionIndicated,
            _ => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "only if throttled"
    }

    /// After all of the SDK's own, so that it has the last word.
    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}
