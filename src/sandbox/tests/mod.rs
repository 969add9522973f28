//! The Rust SDK against the world in process, under a clock that is moved by hand.

mod api;
mod faulty;
mod permissions;
mod quotas;
mod registries;
mod release;
mod scans;
mod sessions;
mod web_identity;

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sdk_sts::error::ProvideErrorMetadata;
use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_async::time::TimeSource;
use aws_types::SdkConfig;
use aws_types::region::Region;
use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;

use super::connector::{InProcess, SharedWorld};
use super::latency::Latency;
use super::{Seed, World};

/// A clock that stands until it is moved.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Mutex<SystemTime>>);

impl Clock {
    pub fn at(text: &str) -> Clock {
        let at: Timestamp = text.parse().unwrap();
        Clock(Arc::new(Mutex::new(at.try_into().unwrap())))
    }

    pub fn pass(&self, seconds: u64) {
        *self.0.lock().unwrap() += Duration::from_secs(seconds);
    }

    pub fn timestamp(&self) -> Timestamp {
        self.now().try_into().unwrap()
    }
}

impl TimeSource for Clock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
}

impl AsyncSleep for Clock {
    fn sleep(&self, duration: Duration) -> Sleep {
        *self.0.lock().unwrap() += duration;
        Sleep::new(std::future::ready(()))
    }
}

/// A world, its clock, and clients of it.
pub struct TestEnv {
    pub clock: Clock,
    pub world: SharedWorld,
}

pub const HOST: &str = "127.0.0.1:4566";

impl TestEnv {
    pub fn demo() -> TestEnv {
        TestEnv::of(&Seed::demo())
    }

    pub fn of(seed: &Seed) -> TestEnv {
        let clock = Clock::at("2026-01-31T09:45:00Z");
        let mut world = World::new(seed, Latency::REAL, clock.timestamp()).unwrap();
        world.set_registry_host(HOST);
        TestEnv { clock, world: Arc::new(Mutex::new(world)) }
    }

    pub fn config(&self, credentials: Credentials) -> SdkConfig {
        let client = InProcess::new(self.world.clone(), self.clock.clone(), self.clock.clone());
        SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::new("ap-northeast-1"))
            .endpoint_url(format!("http://{HOST}"))
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
            .time_source(self.clock.clone())
            .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(self.clock.clone()))
            .http_client(client)
            .retry_config(aws_smithy_types::retry::RetryConfig::disabled())
            .stalled_stream_protection(aws_sdk_sts::config::StalledStreamProtectionConfig::disabled())
            .identity_cache(aws_sdk_sts::config::IdentityCache::no_cache())
            .build()
    }

    pub fn developer(&self) -> SdkConfig {
        self.config(key("AKIASANDBOXDEVELOPER", "sandbox/developer/example/secret/key/000"))
    }

    pub fn manager(&self) -> SdkConfig {
        self.config(key("AKIASANDBOX00MANAGER", "sandbox/manager/example/secret/key/00000"))
    }

    /// A plain request, as a registry client or a shell sends it.
    pub fn send(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.world.lock().unwrap().handle(self.clock.timestamp(), request)
    }
}

pub fn key(id: &str, secret: &str) -> Credentials {
    Credentials::new(id, secret, None, None, "test")
}

pub fn session(c: &aws_sdk_sts::types::Credentials) -> Credentials {
    Credentials::new(c.access_key_id(), c.secret_access_key(), Some(c.session_token().to_owned()), None, "test")
}

/// The code and message of an SDK error.
pub fn said<E, R>(result: Result<R, aws_sdk_sts::error::SdkError<E>>) -> (String, String)
where
    E: ProvideErrorMetadata,
    R: std::fmt::Debug,
{
    let error = result.unwrap_err();
    let meta = error.meta();
    (meta.code().unwrap_or_default().to_owned(), meta.message().unwrap_or_default().to_owned())
}
