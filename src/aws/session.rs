//! Sessions: one for each account of the file, signed in once, its credentials renewed while it lives.

use std::collections::BTreeMap;
use std::error::Error;
use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, default_async_sleep};
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;
use tokio::sync::OnceCell;

use super::ambient;
use super::answer::OnlyFromAws;
use super::credentials::{AssumedRole, role_arn, sts_name};
use super::errors::{self, Caller};
use super::fence::Fence;
use super::limiter::Limiter;
use super::retry::{ClockWasSet, OnlyIfThrottled};
use super::time;
use crate::model::approval::Identity;
use crate::model::fault::{Fault, FaultKind};
use crate::model::ids::{AccountId, Region};
use crate::model::pipeline::{Account, Assume};
use crate::ports::accounts::MaySend;

pub use super::errors::Refusal;
pub use super::op::Op;

/// A TCP and TLS handshake that takes longer than this goes nowhere: the endpoints are regional and always up.
pub(super) const CONNECT: Duration = Duration::from_secs(5);
/// The slowest calls used (inspector2's lists, large task definitions) answer within seconds; AWS's own gateways give up at about 30.
pub(super) const READ: Duration = Duration::from_secs(30);
/// Connect and read together: what one attempt can take at most.
pub(super) const ATTEMPT: Duration = Duration::from_secs(35);
/// Shorter than an attempt, so that credentials that do not come are told as such, and not as a call that may have happened.
pub(super) const CREDENTIALS: Duration = Duration::from_secs(30);
/// The SDK takes up to a half off by chance; what is left is still longer than an attempt, so that no request is signed with a token
/// that expires on its way.
pub(super) const RENEW_BEFORE: Duration = Duration::from_secs(120);
/// With the SDK's back-off (1 s doubling, jittered) about 15 s of patience in a call; longer waits are the runtime's, where they
/// can be seen. There is no timeout for a call as a whole: it is bounded by attempts.
pub(super) const ATTEMPTS: u32 = 5;
/// The SDK's own budget for retries (each costs 5 or more), here for each account, so that one that throttles starves no other.
const RETRY_BUDGET: usize = 500;

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

/// Signs in to accounts, each once.
pub struct Sessions {
    setup: Setup,
    time: SharedTimeSource,
    sleep: SharedAsyncSleep,
    entered: Mutex<BTreeMap<Account, Arc<OnceCell<Arc<Session>>>>>,
    /// Quotas are an account's and region's, whichever role asks.
    limiters: Mutex<BTreeMap<(AccountId, Region), Arc<Limiter>>>,
    fence: Fence,
}

/// An account that has been entered, and proven to be the file's.
pub struct Session {
    pub(super) account: Account,
    identity: Identity,
    config: SdkConfig,
    partition: RetryPartition,
    limiter: Arc<Limiter>,
    fence: Fence,
    time: SharedTimeSource,
    sleep: SharedAsyncSleep,
    ecs: OnceLock<aws_sdk_ecs::Client>,
    ecs_once: OnceLock<aws_sdk_ecs::Client>,
    ecr: OnceLock<aws_sdk_ecr::Client>,
    inspector: OnceLock<aws_sdk_inspector2::Client>,
    codepipeline: OnceLock<aws_sdk_codepipeline::Client>,
    codepipeline_once: OnceLock<aws_sdk_codepipeline::Client>,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
}

/// A service's client configuration: the account's endpoint, its retry budget, and what else is given.
macro_rules! client {
    ($sdk:ident, $service:literal, $account:expr, $config:expr, $partition:expr $(, $extra:ident($value:expr))?) => {{
        #[allow(unused_mut)]
        let mut builder = $sdk::config::Builder::from($config)
            .retry_partition($partition.clone())
            .interceptor(OnlyFromAws)
            .retry_classifier(ClockWasSet);
        if let Some(url) = endpoint($account, $service) {
            builder = builder.endpoint_url(url);
        }
        $(builder = builder.$extra($value);)?
        $sdk::Client::from_conf(builder.build())
    }};
}

/// The account's own endpoint for a service; `None` leaves the choice to `AWS_ENDPOINT_URL[_SERVICE]` and AWS's own.
fn endpoint<'a>(account: &'a Account, service: &str) -> Option<&'a str> {
    account.endpoints.get(service).or_else(|| account.endpoints.get("default")).map(String::as_str)
}

impl Sessions {
    pub fn new(setup: Setup) -> Sessions {
        let time = setup.time_source.clone().unwrap_or_default();
        let sleep = setup
            .sleep
            .clone()
            .unwrap_or_else(|| default_async_sleep().expect("aws-config's `rt-tokio` feature is on, which brings it"));
        Sessions { setup, time, sleep, entered: Mutex::default(), limiters: Mutex::default(), fence: Fence::default() }
    }

    /// The session of an account, its role assumed and its account id proven; the same one for each later call. A failure is not
    /// remembered.
    ///
    /// # Errors
    /// `CredentialsRefused`, `WrongAccount`, `Unreachable`, `Throttled`.
    pub async fn session(&self, account: &Account) -> Result<Arc<Session>, Fault> {
        let cell = self
            .entered
            .lock()
            .expect("nothing panics while it holds them")
            .entry(account.clone())
            .or_default()
            .clone();
        cell.get_or_try_init(|| self.open(account)).await.cloned()
    }

    /// Who the ambient credentials belong to.
    ///
    /// # Errors
    /// `CredentialsRefused` where there are none.
    pub(super) async fn ambient_identity(&self, account: &Account) -> Result<Identity, Fault> {
        let config = self.ambient(account).await?;
        let sts = client!(aws_sdk_sts, "sts", account, &config, partition(account));
        identity(&sts, account).await
    }

    pub(super) fn set_fence(&self, may_send: MaySend) {
        self.fence.set(may_send);
    }

    async fn ambient(&self, account: &Account) -> Result<SdkConfig, Fault> {
        ambient::config(&self.setup, &self.time, &self.sleep, account).await
    }

    async fn open(&self, account: &Account) -> Result<Arc<Session>, Fault> {
        let role = account.role.as_deref().map(|role| role_arn(account, role)).transpose()?;
        let ambient = self.ambient(account).await?;
        let partition = partition(account);
        let role = match (role, account.assume) {
            (Some(role), Assume::Outside) => {
                let own = identity(&client!(aws_sdk_sts, "sts", account, &ambient, partition), account).await?;
                (own.account != account.id).then_some(role)
            }
            (role, Assume::Always | Assume::Outside) => role,
        };
        let config = match role {
            None => ambient,
            Some(role_arn) => {
                let assumed = AssumedRole {
                    sts: client!(aws_sdk_sts, "sts", account, &ambient, partition),
                    account: account.clone(),
                    role_arn,
                    session_name: sts_name(&self.setup.session_name),
                    source_identity: self.setup.source_identity.as_deref().map(sts_name),
                };
                ambient.into_builder().credentials_provider(SharedCredentialsProvider::new(assumed)).build()
            }
        };
        let identity = identity(&client!(aws_sdk_sts, "sts", account, &config, partition), account).await?;
        if identity.account != account.id {
            return Err(Fault::new(
                FaultKind::WrongAccount,
                format!(
                    "the credentials for account {} belong to {}, and the file says {}",
                    account.name, identity.account, account.id
                ),
            )
            .cause(format!("AWS calls them {}", identity.arn))
            .hint(match &account.profile {
                Some(profile) => {
                    format!("profile `{profile}` of the file leads there; name another, or the account's `role`")
                }
                None => {
                    "choose another AWS_PROFILE, or give the account its `profile` or `role` in the file".to_owned()
                }
            }));
        }
        let key = (account.id.clone(), account.region.clone());
        let mut limiters = self.limiters.lock().expect("nothing panics while it holds them");
        let limiter = limiters
            .entry(key)
            .or_insert_with(|| Arc::new(Limiter::new(self.time.clone(), self.sleep.clone())))
            .clone();
        Ok(Arc::new(Session {
            account: account.clone(),
            identity,
            config,
            partition,
            limiter,
            fence: self.fence.clone(),
            time: self.time.clone(),
            sleep: self.sleep.clone(),
            ecs: OnceLock::new(),
            ecs_once: OnceLock::new(),
            ecr: OnceLock::new(),
            inspector: OnceLock::new(),
            codepipeline: OnceLock::new(),
            codepipeline_once: OnceLock::new(),
            dynamodb: OnceLock::new(),
        }))
    }
}

fn partition(account: &Account) -> RetryPartition {
    let name = format!("kanmon-{}-{}", account.name, account.region);
    RetryPartition::custom(name).token_bucket(TokenBucket::new(RETRY_BUDGET)).build()
}

async fn identity(sts: &aws_sdk_sts::Client, account: &Account) -> Result<Identity, Fault> {
    let op = Op::read("sts:GetCallerIdentity", "the caller");
    let caller = Caller { principal: "the caller", account: account.name.as_str() };
    let answer = sts.get_caller_identity().send().await.map_err(|e| errors::refusal(&op, caller, e))?;
    let (Some(arn), Some(id)) = (answer.arn(), answer.account().and_then(|a| a.parse().ok())) else {
        return Err(Fault::new(FaultKind::Unreachable, "STS did not say whose the credentials are"));
    };
    Ok(Identity { arn: arn.to_owned(), account: id, user_id: answer.user_id().unwrap_or_default().to_owned() })
}

impl Session {
    /// Who its calls are made as.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What another program needs to make calls as this session does.
    pub(super) async fn environment(&self) -> Result<Vec<(String, String)>, Fault> {
        let no_credentials = || {
            let sentence = format!("the credentials for account {} cannot be passed on", self.account.name);
            Fault::new(FaultKind::CredentialsRefused, sentence)
        };
        let provider = self.config.credentials_provider().ok_or_else(no_credentials)?;
        let credentials = provider.provide_credentials().await.map_err(|error| {
            errors::role_fault(&error).unwrap_or_else(|| no_credentials().cause(errors::chain(&error)))
        })?;
        let mut vars = vec![
            ("AWS_ACCESS_KEY_ID".to_owned(), credentials.access_key_id().to_owned()),
            ("AWS_SECRET_ACCESS_KEY".to_owned(), credentials.secret_access_key().to_owned()),
            ("AWS_REGION".to_owned(), self.account.region.to_string()),
            ("AWS_DEFAULT_REGION".to_owned(), self.account.region.to_string()),
        ];
        vars.extend(credentials.session_token().map(|token| ("AWS_SESSION_TOKEN".to_owned(), token.to_owned())));
        vars.extend(self.account.endpoints.iter().map(|(service, url)| {
            let name = match service.as_str() {
                "default" => "AWS_ENDPOINT_URL".to_owned(),
                service => format!("AWS_ENDPOINT_URL_{}", service.to_uppercase()),
            };
            (name, url.clone())
        }));
        Ok(vars)
    }

    pub(super) fn now(&self) -> Timestamp {
        time::of_system(self.time.now())
    }

    /// For calls that change what runs.
    pub(super) fn fence(&self) -> Fence {
        self.fence.clone()
    }

    /// Waits on the clock that the calls are made by.
    pub async fn pause(&self, duration: Duration) {
        self.sleep.sleep(duration).await;
    }

    /// The one way a call goes out: within its quota, its error made a fault.
    ///
    /// # Errors
    /// The fault, and AWS's own code where it gave one.
    pub async fn call<T, E, F>(&self, op: &Op, send: F) -> Result<T, Refusal>
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        self.limiter.pass(op.action).await;
        let caller = Caller { principal: &self.identity.arn, account: self.account.name.as_str() };
        send.await.map_err(|e| errors::refusal(op, caller, e))
    }

    pub(super) fn ecs(&self) -> &aws_sdk_ecs::Client {
        self.ecs.get_or_init(|| client!(aws_sdk_ecs, "ecs", &self.account, &self.config, self.partition))
    }

    /// For calls that are not to be made twice: retried only where AWS throttled them.
    pub(super) fn ecs_once(&self) -> &aws_sdk_ecs::Client {
        self.ecs_once.get_or_init(|| {
            client!(aws_sdk_ecs, "ecs", &self.account, &self.config, self.partition, retry_classifier(OnlyIfThrottled))
        })
    }

    pub(super) fn ecr(&self) -> &aws_sdk_ecr::Client {
        self.ecr.get_or_init(|| client!(aws_sdk_ecr, "ecr", &self.account, &self.config, self.partition))
    }

    pub(super) fn inspector(&self) -> &aws_sdk_inspector2::Client {
        self.inspector
            .get_or_init(|| client!(aws_sdk_inspector2, "inspector2", &self.account, &self.config, self.partition))
    }

    pub(super) fn codepipeline(&self) -> &aws_sdk_codepipeline::Client {
        self.codepipeline
            .get_or_init(|| client!(aws_sdk_codepipeline, "codepipeline", &self.account, &self.config, self.partition))
    }

    /// For calls that are not to be made twice: retried only where AWS throttled them.
    pub(super) fn codepipeline_once(&self) -> &aws_sdk_codepipeline::Client {
        self.codepipeline_once.get_or_init(|| {
            client!(
                aws_sdk_codepipeline,
                "codepipeline",
                &self.account,
                &self.config,
                self.partition,
                retry_classifier(OnlyIfThrottled)
            )
        })
    }

    /// For the journal. Its writes are conditional or carry a client token, so that the SDK may repeat them.
    pub fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        self.dynamodb.get_or_init(|| client!(aws_sdk_dynamodb, "dynamodb", &self.account, &self.config, self.partition))
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
