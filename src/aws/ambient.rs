//! What a session begins with: the ambient credentials, the region, and the HTTP client.

use std::borrow::Cow;

use aws_config::identity::IdentityCache;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileSet};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region as SdkRegion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_async::time::SharedTimeSource;

use super::setup::{ATTEMPT, ATTEMPTS, CONNECT, CREDENTIALS, READ, RENEW_BEFORE, Setup};
use super::trust;
use crate::model::fault::Fault;
use crate::model::fault::credentials::{CredentialsProblem, KeyPart, Unsendable};
use crate::model::pipeline::Account;

/// A chain of `source_profile` that is longer than this is a circle.
const LONGEST_CHAIN: usize = 16;

/// The configuration of calls with the ambient credentials. A profile of the file goes before the environment's keys, as
/// `aws --profile` does.
///
/// # Errors
/// `CredentialsRefused`: the profile is not there, or the authorities that are named cannot be read.
pub(super) async fn config(
    setup: &Setup,
    time: &SharedTimeSource,
    sleep: &SharedAsyncSleep,
    account: &Account,
) -> Result<SdkConfig, Fault> {
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(READ).operation_attempt_timeout(ATTEMPT).build();
    let cache = IdentityCache::lazy()
        .time_source(time.clone())
        .sleep_impl(sleep.clone())
        .load_timeout(CREDENTIALS)
        .buffer_time(RENEW_BEFORE)
        .build();
    // Adaptive mode answers constant throttling with gaps of 18 s; the limiter keeps us below the quotas instead.
    let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS);
    let region = SdkRegion::new(account.region.to_string());
    let profile = match &setup.credentials {
        Some(_) => None,
        None => Profile::of(account).await?,
    };
    let http = match &setup.http_client {
        Some(http) => Some(http.clone()),
        None => trust::http_client(profile.as_ref().and_then(|p| p.ca_bundle.as_deref()))?,
    };
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(region.clone())
        .time_source(time.clone())
        .sleep_impl(sleep.clone())
        .timeout_config(timeouts.clone())
        .retry_config(retries.clone())
        // All answers are small; the read timeout covers a stalled one.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .identity_cache(cache);
    if let Some(profile) = &account.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(http) = &http {
        loader = loader.http_client(http.clone());
    }
    match (&setup.credentials, &account.profile) {
        (Some(credentials), _) => loader = loader.credentials_provider(credentials.clone()),
        (None, Some(profile)) => {
            let mut config = ProviderConfig::without_region()
                .with_region(Some(region))
                .with_time_source(time.clone())
                .with_sleep_impl(sleep.clone())
                .with_retry_config(retries)
                .with_timeout_config(timeouts);
            if let Some(http) = http {
                config = config.with_http_client(http);
            }
            let provider = ProfileFileCredentialsProvider::builder().configure(&config).profile_name(profile).build();
            loader = loader.credentials_provider(provider);
        }
        (None, None) => {}
    }
    let config = loader.load().await;
    let Some(inner) = config.credentials_provider().filter(|_| setup.credentials.is_none()) else { return Ok(config) };
    let checked = CheckedCredentials { inner, profile };
    Ok(config.into_builder().credentials_provider(SharedCredentialsProvider::new(checked)).build())
}

/// The named profile that credentials come from.
#[derive(Debug, Clone)]
struct Profile {
    name: String,
    /// The profile of its chain that needs an MFA code, which cannot be asked for here.
    wants_mfa: bool,
    /// Its chain ends at a session of `aws login`.
    logs_in: bool,
    ca_bundle: Option<String>,
}

impl Profile {
    /// The account's, or the environment's where no keys are set there; `None` where neither names one.
    ///
    /// # Errors
    /// `CredentialsRefused` where there is no such profile.
    async fn of(account: &Account) -> Result<Option<Profile>, Fault> {
        let of_environment = || environment("AWS_PROFILE").filter(|_| environment("AWS_ACCESS_KEY_ID").is_none());
        let Some(name) = account.profile.clone().or_else(of_environment) else { return Ok(None) };
        let profiles = aws_config::profile::load(
            &aws_types::os_shim_internal::Fs::real(),
            &aws_types::os_shim_internal::Env::real(),
            &Default::default(),
            Some(Cow::Owned(name.clone())),
        )
        .await
        .map_err(|error| Fault::from(CredentialsProblem::ConfigurationUnreadable).said(super::errors::chain(&error)))?;
        let Some(found) = profiles.get_profile(&name) else {
            // The default may be left out.
            if name == "default" {
                return Ok(None);
            }
            let mut there: Vec<String> = profiles.profiles().map(str::to_owned).collect();
            there.sort_unstable();
            return Err(CredentialsProblem::NoProfile { account: account.name.clone(), profile: name, there }.into());
        };
        let ca_bundle = found.get("ca_bundle").map(str::to_owned);
        let logs_in = in_chain(&profiles, &name, "login_session");
        Ok(Some(Profile { wants_mfa: in_chain(&profiles, &name, "mfa_serial"), logs_in, ca_bundle, name }))
    }
}

/// Whether the profile, or one that it takes its credentials from, has this key.
fn in_chain(profiles: &ProfileSet, name: &str, key: &str) -> bool {
    let mut next = Some(name.to_owned());
    for _ in 0..LONGEST_CHAIN {
        let Some(profile) = next.as_deref().and_then(|name| profiles.get_profile(name)) else { return false };
        if profile.get(key).is_some() {
            return true;
        }
        next = profile.get("source_profile").filter(|source| *source != profile.name()).map(str::to_owned);
    }
    false
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Credentials that are checked before they are used: the SDK assumes that they can be sent in a header.
#[derive(Debug)]
struct CheckedCredentials {
    inner: SharedCredentialsProvider,
    profile: Option<Profile>,
}

impl CheckedCredentials {
    async fn provide(&self) -> provider::Result {
        match self.inner.provide_credentials().await {
            Ok(credentials) => match unusable(&credentials, self.profile.as_ref()) {
                None => Ok(credentials),
                Some(fault) => Err(CredentialsError::provider_error(fault)),
            },
            Err(error) => match &self.profile {
                Some(profile) if profile.wants_mfa && !super::errors::was_not_answered(&error) => {
                    let problem = CredentialsProblem::MfaNeeded { profile: profile.name.clone() };
                    let fault = Fault::from(problem).said(super::errors::chain(&error));
                    Err(CredentialsError::provider_error(fault))
                }
                Some(profile) if profile.logs_in && !super::errors::was_not_answered(&error) => {
                    let problem = CredentialsProblem::NotSignedIn { profile: profile.name.clone() };
                    let fault = Fault::from(problem).said(super::errors::chain(&error));
                    Err(CredentialsError::provider_error(fault))
                }
                Some(_) | None => Err(error),
            },
        }
    }
}

impl ProvideCredentials for CheckedCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.provide())
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.inner.fallback_on_interrupt()
    }
}

/// Why credentials cannot be sent in a header, and where they come from.
fn unusable(credentials: &Credentials, profile: Option<&Profile>) -> Option<Fault> {
    let parts = [
        ("AWS_ACCESS_KEY_ID", KeyPart::AccessKeyId, Some(credentials.access_key_id())),
        ("AWS_SECRET_ACCESS_KEY", KeyPart::SecretAccessKey, Some(credentials.secret_access_key())),
        ("AWS_SESSION_TOKEN", KeyPart::SessionToken, credentials.session_token()),
    ];
    let (variable, part, value, holds) =
        parts.into_iter().find_map(|(variable, part, value)| Some((variable, part, value, unsendable(value?)?)))?;
    let of_environment = std::env::var(variable).is_ok_and(|v| Some(v.as_str()) == value);
    let profile = profile.map(|profile| profile.name.clone());
    Some(CredentialsProblem::Unsendable { part, holds, of_environment, profile }.into())
}

/// What a header cannot hold.
fn unsendable(value: &str) -> Option<Unsendable> {
    if value.contains(['\n', '\r']) {
        Some(Unsendable::LineEnd)
    } else if value.contains(char::is_control) {
        Some(Unsendable::ControlCharacter)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_that_no_header_can_hold_are_refused() {
        assert_eq!(unsendable("AKIA\n"), Some(Unsendable::LineEnd));
        assert_eq!(unsendable("AKIA\r"), Some(Unsendable::LineEnd));
        assert_eq!(unsendable("AK\0IA"), Some(Unsendable::ControlCharacter));
        assert_eq!(unsendable("AK\u{85}IA"), Some(Unsendable::ControlCharacter));
        assert_eq!(unsendable("wJalr/XUtn+FEMI="), None);
        let credentials = Credentials::new("AKIA", "secret\r", None, None, "test");
        let problem = CredentialsProblem::Unsendable {
            part: KeyPart::SecretAccessKey,
            holds: Unsendable::LineEnd,
            of_environment: false,
            profile: None,
        };
        assert_eq!(unusable(&credentials, None), Some(problem.into()));
    }
}
