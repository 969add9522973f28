//! What all sessions of a process share: the HTTP client, the clocks, and how long a call may take.

use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// A TCP and TLS handshake that takes longer than this will not succeed: the endpoints are regional and always up.
pub(super) const CONNECT: Duration = Duration::from_secs(5);
/// The slowest calls used (inspector2's lists, large task definitions) answer within seconds; AWS's own gateways give up at about 30.
pub(super) const READ: Duration = Duration::from_secs(30);
/// Connect and read together: what one attempt can take at most.
pub(super) const ATTEMPT: Duration = Duration::from_secs(35);
/// Shorter than an attempt, so that missing credentials are reported as such, and not as a call that may have happened.
pub(super) const CREDENTIALS: Duration = Duration::from_secs(30);
/// The SDK takes up to a half off by chance; what is left is still longer than an attempt, so that no request is signed with a token
/// that expires on its way.
pub(super) const RENEW_BEFORE: Duration = Duration::from_secs(120);
/// With the SDK's back-off (1 s doubling, jittered) a call waits about 15 s in all; longer waits are the runtime's, where they
/// can be seen. There is no timeout for a call as a whole: it is bounded by attempts.
pub(super) const ATTEMPTS: u32 = 5;

/// What all sessions of a process share. The default talks to AWS with ambient credentials.
#[derive(Clone, Default)]
pub struct Setup {
    /// `None`: the SDK's own, which obeys `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.
    pub http_client: Option<SharedHttpClient>,
    /// One clock for signing, expiry, back-off and quotas. A virtual one moves when nothing else can run, not when a sleep is
    /// merely armed: every call arms its timeouts.
    pub time_source: Option<SharedTimeSource>,
    pub sleep: Option<SharedAsyncSleep>,
    /// Instead of the environment's and the profiles' credentials.
    pub credentials: Option<SharedCredentialsProvider>,
    /// The release, for CloudTrail; made fit for STS.
    pub session_name: String,
    /// The person, where roles allow `sts:SetSourceIdentity`. Never dropped silently where they do not.
    pub source_identity: Option<String>,
}
