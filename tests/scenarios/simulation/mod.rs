//! The environment of scenarios: the sandbox in process, kanmon's own loop, and one virtual clock.

mod call_interceptor;
mod checks;
mod images;
mod observation;
mod run;
mod snapshot;
mod time;
mod users;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use jiff::SignedDuration;
use kanmon::aws;
use kanmon::journal::MemoryJournal;
use kanmon::model::commits::{Commits, CommitsUnknown};
use kanmon::model::fault::Fault;
use kanmon::model::ids::ReleaseId;
use kanmon::model::notice::Notice;
use kanmon::model::pipeline::{FileRef, Pipeline};
use kanmon::ports::checkout::{self, Checkout};
use kanmon::ports::clock::Clock;
use kanmon::ports::fence::Fence;
use kanmon::ports::images::Access;
use kanmon::ports::journal::{Holder, Journal};
use kanmon::ports::templates::Templates;
use kanmon::runtime::ports::Ports;
use kanmon::sandbox::connector::{InProcess, SharedWorld};
use kanmon::sandbox::faults::{self, Kind};
use kanmon::sandbox::latency::Latency;
use kanmon::sandbox::{Seed, World};
use kanmon::usecase::context::{Connect, Context, Notices};
use kanmon::usecase::environment::Environment;
use serde_json::{Value, json};

use call_interceptor::Wire;
use run::Read;

pub use call_interceptor::{Call, CallInterceptor};
pub use images::Content;
pub use observation::LEAVING_NOTHING;
pub use run::{Ended, ReleaseOptions, Run, force, killed, name};
pub use snapshot::Snapshot;
pub use time::{Machine, MachineTime, SdkTime, Time};
pub use users::{COLLEAGUE, DEVELOPER, MANAGER, OPERATOR, Person};

const WORLD: &str = include_str!("world.yaml");
const FILE: &str = include_str!("shop.yaml");
const FILES: [(&str, &str); 3] = [
    ("deploy/admin.json", include_str!("admin.json")),
    ("deploy/migrate.json", include_str!("migrate.json")),
    ("Dockerfile", "FROM scratch\n"),
];

/// The registry's host, as ECR's answers name it.
pub const HOST: &str = "127.0.0.1:5000";

pub const DEV: &str = "111111111111";
pub const PROD: &str = "222222222222";

/// What a scenario changes before it starts: the AWS that it runs on, and the pipeline file.
#[derive(Clone)]
pub struct Story {
    world: Value,
    file: Value,
}

impl Story {
    pub fn new() -> Story {
        let read = |text| serde_saphyr::from_str(text).expect("YAML");
        Story { world: read(WORLD), file: read(FILE) }
    }

    /// Sets what a JSON pointer names in the pipeline file; the last member may be new.
    pub fn file(mut self, pointer: &str, value: Value) -> Story {
        set(&mut self.file, pointer, value);
        self
    }

    /// The same in the AWS's seed.
    pub fn world(mut self, pointer: &str, value: Value) -> Story {
        set(&mut self.world, pointer, value);
        self
    }

    /// Only these stages of the file.
    pub fn stages(mut self, names: &[&str]) -> Story {
        let stages = self.file["stages"].as_array_mut().expect("stages");
        stages.retain(|s| names.contains(&s["name"].as_str().unwrap_or_default()));
        self
    }

    /// The steps of a stage.
    pub fn steps(mut self, stage: &str, steps: Value) -> Story {
        self.stage_mut(stage)["steps"] = steps;
        self
    }

    /// One member of a stage.
    pub fn of_stage(mut self, stage: &str, member: &str, value: Value) -> Story {
        self.stage_mut(stage)[member] = value;
        self
    }

    /// Members of a service of every cluster of the seed, e.g. `desiredCount`.
    pub fn services(mut self, name: &str, member: &str, value: &Value) -> Story {
        for place in self.world["ecs"].as_array_mut().expect("ecs") {
            for cluster in place["clusters"].as_array_mut().expect("clusters") {
                for service in cluster["services"].as_array_mut().expect("services") {
                    if service["serviceName"] == name {
                        service[member] = value.clone();
                    }
                }
            }
        }
        self
    }

    /// What scans do and find.
    pub fn scans(self, behaviour: Value) -> Story {
        self.world("/inspector", json!([behaviour]))
    }

    fn stage_mut(&mut self, name: &str) -> &mut Value {
        let stages = self.file["stages"].as_array_mut().expect("stages");
        stages.iter_mut().find(|s| s["name"] == name).expect("a stage of the file")
    }

    /// Starts it. Must be called on a runtime with a paused clock.
    pub fn open(self) -> Simulation {
        self.open_at(Latency::REAL)
    }

    /// The same, with other latencies of AWS.
    pub fn open_at(self, pace: Latency) -> Simulation {
        let time = Arc::new(Time::new());
        let seed = Seed::read(&self.world.to_string()).expect("the stories' seed");
        let mut world = World::new(&seed, pace, time.timestamp()).expect("the stories' world");
        world.set_registry_host(HOST);
        // What a story lets ECS add is not in AWS's models yet.
        if !self.world.to_string().contains("addsToTaskDefinitions") {
            crate::contract::recording::record(&mut world, "scenarios");
        }
        let dead: Arc<Mutex<BTreeSet<String>>> = Arc::default();
        let gone = dead.clone();
        let folder = tempfile::tempdir().expect("a folder");
        let sim = Simulation {
            machine: Arc::new(Machine::new(time.clone())),
            time,
            world: Arc::new(Mutex::new(world)),
            journal: MemoryJournal::with_ended(move |holder| gone.lock().unwrap().contains(&holder.id)),
            dead,
            processes: Arc::default(),
            folder: Arc::new(folder),
            contents: Arc::default(),
            given: Arc::default(),
            interceptor: Arc::default(),
            read: Arc::default(),
        };
        for (name, text) in FILES {
            sim.write(name, text);
        }
        sim.write("pipelines/shop.yaml", &self.file.to_string());
        sim
    }
}

fn set(document: &mut Value, pointer: &str, value: Value) {
    let (parent, last) = pointer.rsplit_once('/').expect("a JSON pointer");
    let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer} leads nowhere"));
    match parent {
        Value::Array(list) => list[last.parse::<usize>().expect("an index")] = value,
        parent => parent[last] = value,
    }
}

/// A running scenario. A clone is the same scenario.
#[derive(Clone)]
pub struct Simulation {
    pub time: Arc<Time>,
    /// Where kanmon's processes run.
    pub machine: Arc<Machine>,
    pub world: SharedWorld,
    pub journal: MemoryJournal,
    /// Processes that are known to have ended.
    dead: Arc<Mutex<BTreeSet<String>>>,
    processes: Arc<AtomicU32>,
    folder: Arc<tempfile::TempDir>,
    contents: Arc<Mutex<BTreeMap<String, Content>>>,
    given: Arc<Mutex<Option<Access>>>,
    /// Counts the calls, and can stop a process at one of them.
    pub interceptor: Arc<CallInterceptor>,
    /// Releases as they were read last.
    read: Arc<Mutex<BTreeMap<ReleaseId, Read>>>,
}

/// How a process reaches AWS.
pub struct Connection {
    pub http: SharedHttpClient,
    pub images: images::SandboxImages,
    pub journal: Arc<dyn Journal>,
    pub clock: Arc<dyn Clock>,
    time: Arc<Time>,
    machine: Arc<Machine>,
    checks: checks::SandboxChecks,
    folder: PathBuf,
    person: Person,
}

impl Connect for Connection {
    fn ports(&self, session_name: &str, source_identity: Option<String>) -> Ports {
        let sessions = Arc::new(aws::Sessions::new(aws::Setup {
            http_client: Some(self.http.clone()),
            time_source: Some(SharedTimeSource::new(MachineTime(self.machine.clone()))),
            sleep: Some(SharedAsyncSleep::new(SdkTime(self.time.clone()))),
            credentials: Some(SharedCredentialsProvider::new(self.person.credentials())),
            session_name: session_name.to_owned(),
            source_identity,
        }));
        Ports {
            accounts: sessions.clone(),
            registry: Arc::new(aws::Ecr::new(sessions.clone())),
            scanner: Arc::new(aws::Scans::new(sessions.clone())),
            deployer: Arc::new(aws::Ecs::new(sessions.clone())),
            approvals: Arc::new(aws::CodePipeline::new(sessions)),
            images: Arc::new(self.images.clone()),
            checks: Arc::new(self.checks.clone()),
            templates: Arc::new(Folder(self.folder.clone())),
            checkout: Arc::new(Folder(self.folder.clone())),
            journal: self.journal.clone(),
            clock: self.clock.clone(),
            contents: Arc::default(),
        }
    }
}

/// Notices are not read.
struct Unread;

impl Notices for Unread {
    fn notice(&self, _: &Notice) {}
}

struct Folder(PathBuf);

/// It is not a working tree of git.
impl Checkout for Folder {
    fn read(&self) -> checkout::Read {
        checkout::Read::default()
    }

    fn between(&self, _from: &str, _to: &str) -> Result<Commits, CommitsUnknown> {
        Err(CommitsUnknown::NoRepository)
    }
}

impl Templates for Folder {
    fn render(
        &self,
        template: &FileRef,
        pipeline: &Pipeline,
        stage: &kanmon::model::pipeline::Stage,
    ) -> Result<Value, Fault> {
        kanmon::pipeline::templates::render(&self.0, template, pipeline, stage)
    }
}

impl Simulation {
    /// Where a file of the repository is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the repository.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    /// The pipeline file in the repository.
    pub fn pipeline(&self) -> Pipeline {
        let loaded = kanmon::pipeline::load(&self.folder.path().join("pipelines/shop.yaml"));
        loaded.unwrap_or_else(|mistakes| panic!("{mistakes}")).pipeline
    }

    /// Sets what is built next: another layer, and how the sandbox treats the image (`exit-code`, `findings`, `scan`, …).
    pub fn build_next(&self, layer: &str, labels: &[(&str, &str)]) {
        self.build_next_in("shop", layer, labels);
    }

    /// The same for an image of another repository.
    pub fn build_next_in(&self, repository: &str, layer: &str, labels: &[(&str, &str)]) {
        let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let content = Content { layer: layer.to_owned(), labels };
        self.contents.lock().unwrap().insert(repository.to_owned(), content);
    }

    /// Lets this much time pass.
    pub async fn pass(&self, duration: SignedDuration) {
        tokio::time::sleep(Duration::try_from(duration).expect("time goes forward")).await;
    }

    pub async fn hours(&self, hours: i64) {
        self.pass(SignedDuration::from_hours(hours)).await;
    }

    /// The next `count` calls of an operation fail.
    pub fn fault(&self, operation: &str, kind: Kind, count: u32) {
        let fault = faults::Fault::next(operation, count, kind);
        self.world.lock().unwrap().order_fault(fault);
    }

    /// Makes the sandbox do what somebody does in AWS without kanmon; returns its answer.
    pub fn tell_sandbox(&self, what: &str, body: &Value) -> Result<Value, Value> {
        let body = bytes::Bytes::from(body.to_string());
        let request = http::Request::post(format!("/_sandbox/{what}")).body(body).expect("a request");
        let answer = self.world.lock().unwrap().handle(self.time.timestamp(), request);
        let said = serde_json::from_slice(answer.body()).unwrap_or_default();
        if answer.status().is_success() { Ok(said) } else { Err(said) }
    }

    /// No call fails any more.
    pub fn end_faults(&self) {
        let request = http::Request::delete("/_sandbox/faults").body(bytes::Bytes::new()).expect("a request");
        self.world.lock().unwrap().handle(self.time.timestamp(), request);
    }

    /// How a process of this person reaches AWS.
    pub fn connection(&self, person: Person) -> Connection {
        Connection {
            http: SharedHttpClient::new(Wire { world: self.connector(), interceptor: self.interceptor.clone() }),
            time: self.time.clone(),
            machine: self.machine.clone(),
            images: images::SandboxImages {
                world: self.world.clone(),
                time: self.time.clone(),
                contents: self.contents.clone(),
                given: self.given.clone(),
                interceptor: self.interceptor.clone(),
                fence: Fence::open(),
            },
            checks: checks::SandboxChecks {
                world: self.world.clone(),
                time: self.time.clone(),
                interceptor: self.interceptor.clone(),
            },
            folder: self.folder.path().to_owned(),
            journal: Arc::new(self.journal.clone()),
            clock: self.machine.clone(),
            person,
        }
    }

    /// What the use cases of a process of this person work with.
    pub fn context(&self, person: Person) -> Context {
        self.context_of(self.connection(person), self.process())
    }

    /// The same for a command whose calls are not counted.
    pub fn uncounted_context(&self, person: Person) -> Context {
        let http = SharedHttpClient::new(self.connector());
        self.context_of(Connection { http, ..self.connection(person) }, self.process())
    }

    /// The same with another connection.
    pub fn context_of(&self, connection: Connection, holder: Holder) -> Context {
        Context {
            pipeline: self.pipeline(),
            journal: connection.journal.clone(),
            clock: connection.clock.clone(),
            environment: Environment::Ordinary,
            holder,
            accounts: Arc::new(connection),
            notices: Arc::new(Unread),
        }
    }

    pub fn connector(&self) -> InProcess {
        let sdk = SdkTime(self.time.clone());
        InProcess::new(self.world.clone(), sdk.clone(), sdk)
    }

    /// From now on it is known that this process has ended.
    pub fn mark_dead(&self, holder: &Holder) {
        self.dead.lock().unwrap().insert(holder.id.clone());
    }

    fn process_id(pid: u32) -> String {
        format!("process-{pid}")
    }

    /// A new process.
    pub fn process(&self) -> Holder {
        let pid = self.processes.fetch_add(1, Ordering::Relaxed) + 1;
        Holder {
            id: Simulation::process_id(pid),
            who: format!("somebody@simulation, pid {pid}"),
            host: "simulation".to_owned(),
            pid,
        }
    }
}
