//! AWS's answers, changed on the wire: every port method returns something or a fault.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use kanmon::aws::{CodePipeline, Ecr, Ecs, Scans, Sessions, Setup};
use kanmon::model::fault::Fault;
use kanmon::model::pipeline::Account;
use kanmon::ports::accounts::Accounts as _;
use kanmon::ports::approvals::PipelineApprovals as _;
use kanmon::ports::deployer::{Cluster, Deployer as _};
use kanmon::ports::registry::Registry as _;
use kanmon::ports::scanner::Scanner as _;
use kanmon::report::fault::words;
use kanmon::sandbox::connector::InProcess;
use kanmon::sandbox::latency::Latency;
use kanmon::sandbox::{Seed, World};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::harness::{seconds, seed};
use super::mutate::mutate;
use crate::real::end_to_end::print_line;

/// Answers arrive immediately, so a method that takes longer than this hangs.
const DEADLINE: Duration = Duration::from_secs(60);

/// Time that passes only while something sleeps.
#[derive(Debug, Clone)]
struct VirtualTime(Arc<Mutex<Duration>>);

impl TimeSource for VirtualTime {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_769_852_700) + *self.0.lock().unwrap()
    }
}

impl AsyncSleep for VirtualTime {
    fn sleep(&self, duration: Duration) -> Sleep {
        let passed = self.0.clone();
        Sleep::new(async move {
            tokio::task::yield_now().await;
            *passed.lock().unwrap() += duration;
        })
    }
}

/// The sandbox with changed answers.
#[derive(Debug, Clone)]
struct Garbled {
    inner: InProcess,
    rng: Arc<Mutex<StdRng>>,
    /// The answers so far, parts of which are mixed into others.
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
    changed: Arc<Mutex<usize>>,
}

impl HttpConnector for Garbled {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move {
            let answer = this.inner.call(request).await?;
            Ok(this.garble(answer))
        })
    }
}

impl HttpClient for Garbled {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl Garbled {
    fn garble(&self, answer: HttpResponse) -> HttpResponse {
        let mut rng = self.rng.lock().unwrap();
        let body = answer.body().bytes().unwrap_or_default().to_vec();
        let mut heard = self.heard.lock().unwrap();
        if heard.len() < 64 {
            heard.push(body.clone());
        }
        // Most answers are not changed, so that later calls are reached too.
        if rng.random_range(0..3) > 0 {
            return answer;
        }
        *self.changed.lock().unwrap() += 1;
        let mut corpus = vec![body.clone(); 4];
        corpus.push(heard[rng.random_range(0..heard.len())].clone());
        let body = mutate(&corpus, &mut rng);
        let status = match rng.random_range(0..8) {
            0 => [400, 403, 404, 429, 500, 503][rng.random_range(0..6)],
            _ => answer.status().as_u16(),
        };
        let mut garbled = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        for (name, value) in answer.headers().iter().filter(|(name, _)| *name != "content-length") {
            garbled.headers_mut().append(name.to_owned(), value.to_owned());
        }
        garbled
    }
}

fn account(name: &str, id: &str, role: Option<&str>) -> Account {
    Account {
        name: name.parse().unwrap(),
        id: id.parse().unwrap(),
        region: "ap-northeast-1".parse().unwrap(),
        role: role.map(str::to_owned),
        external_id: role.map(|_| "asset".to_owned()),
        profile: None,
        assume: Default::default(),
        endpoints: BTreeMap::new(),
    }
}

/// A fault has a message of a length that people can read.
fn is_readable<T>(answer: Result<T, Fault>) -> usize {
    match answer {
        Ok(_) => 0,
        Err(fault) => {
            assert!(!words(&fault).sentence.is_empty());
            assert!(words(&fault).line().len() < 100_000, "a fault of {} bytes", words(&fault).line().len());
            1
        }
    }
}

/// Every method that reads, with new sessions, because sessions cache answers about accounts.
async fn ask_everything(http: &Garbled, time: &VirtualTime) -> usize {
    let keys = Credentials::new("AKIASANDBOXDEVELOPER", "sandbox/developer/example/secret/key/000", None, None, "fuzz");
    let sessions = Arc::new(Sessions::new(Setup {
        http_client: Some(SharedHttpClient::new(http.clone())),
        time_source: Some(SharedTimeSource::new(time.clone())),
        sleep: Some(SharedAsyncSleep::new(time.clone())),
        credentials: Some(SharedCredentialsProvider::new(keys)),
        session_name: "fuzz".to_owned(),
        source_identity: Some("developer".to_owned()),
    }));
    let (dev, prod) = (account("dev", "111111111111", None), account("prod", "222222222222", Some("kanmon-deploy")));
    let (ecr, ecs) = (Ecr::new(sessions.clone()), Ecs::new(sessions.clone()));
    let (scans, approvals) = (Scans::new(sessions.clone()), CodePipeline::new(sessions.clone()));
    let mut faults = 0;
    for (account, cluster) in [(&dev, "hello-dev"), (&prod, "hello-prod")] {
        let at = Cluster { account, name: cluster };
        faults += is_readable(sessions.enter(account).await);
        faults += is_readable(sessions.caller(account).await);
        faults += is_readable(ecr.repository(account, "hello").await);
        faults += is_readable(ecr.access(account, "hello").await);
        faults += is_readable(scans.preflight(account, "hello").await);
        faults += is_readable(ecs.cluster(at).await);
        faults += is_readable(ecs.service(at, "web").await);
        faults += is_readable(ecs.rollout(at, "web", &[], jiff::Timestamp::UNIX_EPOCH).await);
        faults += is_readable(ecs.task_definition(account, "asset-web").await);
        faults += is_readable(ecs.newest(account, "asset-web", &|_| false).await);
        faults += is_readable(ecs.one_off(at, "arn:aws:ecs:ap-northeast-1:111111111111:task/hello-dev/0", "web").await);
        faults +=
            is_readable(approvals.execution(account, "asset-manager", "00000000-0000-0000-0000-000000000000").await);
        let action = approvals.action(account, "asset-manager", "00000000-0000-0000-0000-000000000000", "Approve");
        faults += is_readable(action.await);
    }
    faults
}

#[tokio::test]
async fn answers_of_aws() {
    let (seed, until) = (seed(), Instant::now() + seconds() * 2);
    let time = VirtualTime(Arc::default());
    let world = World::new(&Seed::demo(), Latency::new(1000.0), time.now().try_into().unwrap()).unwrap();
    let http = Garbled {
        inner: InProcess::new(Arc::new(Mutex::new(world)), time.clone(), time.clone()),
        rng: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))),
        heard: Arc::default(),
        changed: Arc::default(),
    };
    let (mut rounds, mut faults) = (0, 0);
    while Instant::now() < until {
        rounds += 1;
        // Printed only if it panics or hangs.
        eprintln!("round {rounds} of KANMON_FUZZ_SEED={seed}");
        let asked = tokio::time::timeout(DEADLINE, ask_everything(&http, &time));
        faults += asked.await.unwrap_or_else(|_| panic!("round {rounds} of KANMON_FUZZ_SEED={seed} hangs"));
    }
    let changed = *http.changed.lock().unwrap();
    print_line(&format!("answers of AWS: {changed} changed in {rounds} rounds, {faults} faults reported, seed {seed}"));
    assert!(changed > 100 && faults > 0, "{changed} answers were changed, {faults} faults reported");
}
