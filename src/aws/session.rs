//! Sessions: one for each account of the file, signed in once, its credentials renewed while it lives.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, default_async_sleep};
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use jiff::Timestamp;
use tokio::sync::OnceCell;

use super::ambient;
use super::client::{client, endpoint};
use super::credentials::{AssumedRole, role_arn, sts_name};
use super::errors::{self, Caller};
use super::limiter::Limiter;
use super::operations::{AllClients, Operation};
use super::time;
use crate::model::approval::Identity;
use crate::model::fault::Fault;
use crate::model::fault::call::Target;
use crate::model::fault::credentials::CredentialsProblem;
use crate::model::ids::{AccountId, Region};
use crate::model::pipeline::{Account, Assume};
use crate::ports::fence::{Fence, MaySend};

pub use super::errors::Refusal;
pub use super::setup::Setup;

/// The SDK's own budget for retries (each costs 5 or more), here for each account, so that one that throttles starves no other.
const RETRY_BUDGET: usize = 500;

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
    pub(super) config: SdkConfig,
    pub(super) partition: RetryPartition,
    pub(super) limiter: Arc<Limiter>,
    pub(super) fence: Fence,
    time: SharedTimeSource,
    sleep: SharedAsyncSleep,
    pub(super) clients: AllClients,
}

impl Sessions {
    pub fn new(setup: Setup) -> Sessions {
        let time = setup.time_source.clone().unwrap_or_default();
        let sleep = setup
            .sleep
            .clone()
            .unwrap_or_else(|| default_async_sleep().expect("aws-config's `rt-tokio` feature is on, which brings it"));
        Sessions { setup, time, sleep, entered: Mutex::default(), limiters: Mutex::default(), fence: Fence::open() }
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
        let sts = sts_client(account, &config, &partition(account));
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
                let own = identity(&sts_client(account, &ambient, &partition), account).await?;
                (own.account != account.id).then_some(role)
            }
            (role, Assume::Always | Assume::Outside) => role,
        };
        let config = match role {
            None => ambient,
            Some(role_arn) => {
                let assumed = AssumedRole {
                    sts: sts_client(account, &ambient, &partition),
                    account: account.clone(),
                    role_arn,
                    session_name: sts_name(&self.setup.session_name),
                    source_identity: self.setup.source_identity.as_deref().map(sts_name),
                };
                ambient.into_builder().credentials_provider(SharedCredentialsProvider::new(assumed)).build()
            }
        };
        let identity = identity(&sts_client(account, &config, &partition), account).await?;
        if identity.account != account.id {
            return Err(CredentialsProblem::OfAnotherAccount {
                account: account.name.clone(),
                expected: account.id.clone(),
                found: identity.account,
                arn: identity.arn,
                profile: account.profile.clone(),
            }
            .into());
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
            clients: AllClients::default(),
        }))
    }
}

fn sts_client(account: &Account, config: &SdkConfig, partition: &RetryPartition) -> aws_sdk_sts::Client {
    client!(aws_sdk_sts, "sts", account, config, partition, None, true)
}

fn partition(account: &Account) -> RetryPartition {
    let name = format!("kanmon-{}-{}", account.name, account.region);
    RetryPartition::custom(name).token_bucket(TokenBucket::new(RETRY_BUDGET)).build()
}

async fn identity(sts: &aws_sdk_sts::Client, account: &Account) -> Result<Identity, Fault> {
    let op = Operation::GetCallerIdentity.on(Target::Caller);
    let caller = Caller { principal: None, account: &account.name };
    let answer = sts.get_caller_identity().send().await.map_err(|e| errors::refusal(&op, caller, e))?;
    let (Some(arn), Some(id)) = (answer.arn(), answer.account().and_then(|a| a.parse().ok())) else {
        return Err(errors::incomplete(op, &account.name, "Arn"));
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
        let no_credentials = || Fault::from(CredentialsProblem::NotPassedOn { account: self.account.name.clone() });
        let provider = self.config.credentials_provider().ok_or_else(no_credentials)?;
        let credentials = provider.provide_credentials().await.map_err(|error| {
            errors::role_fault(&error).unwrap_or_else(|| no_credentials().said(errors::chain(&error)))
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

    /// Waits on the clock that the calls are made by.
    pub async fn pause(&self, duration: Duration) {
        self.sleep.sleep(duration).await;
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
