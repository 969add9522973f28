//! How the SDK's clients are configured: the account's endpoint, its retry budget, and whether the lease's fence checks each attempt.

use crate::model::pipeline::Account;

/// The account's own endpoint for a service; `None` leaves the choice to `AWS_ENDPOINT_URL[_SERVICE]` and AWS's own.
pub(super) fn endpoint<'a>(account: &'a Account, service: &str) -> Option<&'a str> {
    account.endpoints.get(service).or_else(|| account.endpoints.get("default")).map(String::as_str)
}

/// A service's client. `$fence`: what checks the lease before each attempt, where one does; `$repeatable`: whether an attempt that may
/// have been done is repeated.
macro_rules! client {
    ($sdk:ident, $service:literal, $account:expr, $config:expr, $partition:expr, $fence:expr, $repeatable:expr) => {{
        let mut builder = $sdk::config::Builder::from($config)
            .retry_partition($partition.clone())
            .interceptor($crate::aws::answer::OnlyFromAws)
            .retry_classifier($crate::aws::retry::ClockWasSet);
        if let Some(url) = endpoint($account, $service) {
            builder = builder.endpoint_url(url);
        }
        if let Some(fence) = $fence {
            let fence: $crate::ports::fence::Fence = fence;
            builder = builder.interceptor(fence);
        }
        if !$repeatable {
            builder = builder.retry_classifier($crate::aws::retry::OnlyIfThrottled);
        }
        $sdk::Client::from_conf(builder.build())
    }};
}
pub(super) use client;
