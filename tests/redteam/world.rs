//! Two topologies of a development and a production account, the people who work in each, and what an attacker can do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::record::Record;
use crate::binary::self_approval::assumed;
use crate::binary::test_env::{Ran, Running, Sandbox, TestEnv, release_in, unpack_demo};

/// Planning and scanning take seconds; a busy machine may need many times that.
const ASKED_WITHIN: Duration = Duration::from_secs(120);

pub const DEV: &str = "111111111111";
pub const PROD: &str = "222222222222";

/// Who may change production.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topology {
    /// The developer's own machine: the developer may assume production's role `kanmon-deploy`.
    Direct,
    /// The developer may only assume `kanmon-prepare`, which copies images and reads. A user of the production account promotes, from their
    /// own checkout; the state is a table in development, which its administrators can write.
    Strong,
}

pub const BOTH: [Topology; 2] = [Topology::Direct, Topology::Strong];

/// AWS, the shared state, and a checkout of the repository for each person.
pub struct World {
    pub topology: Topology,
    pub sandbox: Sandbox,
    state: TempDir,
    developer: TestEnv,
    promoter: TestEnv,
    manager: TestEnv,
    _seed: TempDir,
}

/// Somebody with credentials and a checkout.
#[derive(Clone)]
pub struct Person<'f> {
    pub test_env: &'f TestEnv,
    pub keys: Vec<(String, String)>,
    state: String,
}

impl Topology {
    /// The role in production that the file names.
    pub fn role(self) -> &'static str {
        match self {
            Topology::Direct => "kanmon-deploy",
            Topology::Strong => "kanmon-prepare",
        }
    }
}

impl World {
    pub fn new(topology: Topology) -> World {
        let seed = tempfile::tempdir().unwrap();
        let file = seed.path().join("world.yaml");
        let deploys = match topology {
            Topology::Direct => format!("\"arn:aws:iam::{DEV}:user/developer\", \"arn:aws:iam::{DEV}:role/team\""),
            Topology::Strong => format!("\"arn:aws:iam::{PROD}:user/promoter\""),
        };
        std::fs::write(&file, here("world.yaml").replace("DEPLOYS", &deploys)).unwrap();
        let sandbox = Sandbox::with(&["--speed", "120", "--seed", file.to_str().unwrap()]);
        let [developer, promoter, manager] = [(); 3].map(|()| checkout(topology, &sandbox));
        let state = tempfile::tempdir().unwrap();
        World { topology, sandbox, state, developer, promoter, manager, _seed: seed }
    }

    fn person<'f>(&'f self, name: &'static str, test_env: &'f TestEnv) -> Person<'f> {
        let state = format!("local:{}", self.state.path().display());
        Person { test_env, keys: self.sandbox.keys(name), state }
    }

    /// The attacker: administers development, and can write the repository and the state.
    pub fn developer(&self) -> Person<'_> {
        self.person("developer", &self.developer)
    }

    /// The developer with another principal in development, on the same machine.
    pub fn accomplice(&self) -> Person<'_> {
        self.person("accomplice", &self.developer)
    }

    /// An execution of the team's pipeline with this trigger.
    pub fn execution(&self, trigger: &str, detail: &str) -> String {
        self.execution_of(DEV, "hello", trigger, detail)
    }

    /// The same for any pipeline.
    pub fn execution_of(&self, account: &str, pipeline: &str, trigger: &str, detail: &str) -> String {
        let started = serde_json::json!({
            "account": account, "region": "ap-northeast-1", "pipeline": pipeline, "trigger": trigger, "detail": detail,
        });
        let started = self.sandbox.ask("POST", "executions", &started.to_string());
        started["execution"].as_str().unwrap_or_else(|| panic!("{started}")).to_owned()
    }

    /// The person who promotes a release to production here: the developer, or production's promoter.
    pub fn promoter(&self) -> Person<'_> {
        match self.topology {
            Topology::Direct => self.developer(),
            Topology::Strong => self.person("promoter", &self.promoter),
        }
    }

    /// The approver for production, on a separate machine.
    pub fn manager(&self) -> Person<'_> {
        self.person("manager", &self.manager)
    }

    /// Everybody's checkout.
    pub fn checkouts(&self) -> [&TestEnv; 3] {
        [&self.developer, &self.promoter, &self.manager]
    }

    /// The same change of the team's file in everybody's checkout.
    pub fn edit_for_all(&self, from: &str, to: &str) -> &World {
        for test_env in self.checkouts() {
            test_env.edit(from, to);
            test_env.commit();
        }
        self
    }

    /// The folder of the shared state.
    pub fn state(&self) -> &Path {
        self.state.path()
    }

    /// A release by the developer that has succeeded up to staging.
    pub fn prepared(&self) -> String {
        let ran = self.developer().run(&["release", "--until", "staging"]).ended(0);
        release_in(&ran.out)
    }

    /// The promoter promotes it to production; it waits for the manager, and approval was requested now or before.
    pub fn waits(&self, release: &str) -> Running {
        self.waits_in(release, &[])
    }

    /// The same with these additional arguments.
    pub fn waits_in(&self, release: &str, more: &[&str]) -> Running {
        let mut running = self.promoter().start(&[&["promote", release, "--to", "prod"], more].concat());
        running.says("continues to prod");
        let until = Instant::now() + ASKED_WITHIN;
        while self.request(release).is_none() {
            assert!(Instant::now() < until, "{release} never waits for approval");
            std::thread::sleep(Duration::from_millis(100));
        }
        running
    }

    /// The approval request of a release that the manager sees.
    fn request(&self, release: &str) -> Option<Value> {
        let shown = self.manager().run(&["approvals", "--output", "json"]).ended(0).json();
        shown[0]["waiting"].as_array().unwrap().iter().find(|w| w["release"] == release).cloned()
    }

    /// The plan that a release waits with.
    pub fn plan(&self, release: &str) -> String {
        let asked = self.request(release).unwrap_or_else(|| panic!("{release} does not wait for approval"));
        asked["request"]["plan"].as_str().unwrap().to_owned()
    }

    /// The manager approves the release.
    pub fn approves(&self, release: &str) -> Ran {
        self.manager().run(&["approve", release, "--plan", &self.plan(release)]).ended(0)
    }

    /// An honest release from commit to production, to its end; returns its id.
    pub fn honest(&self) -> String {
        let release = self.prepared();
        let running = self.waits(&release);
        self.approves(&release);
        running.end().ended(0);
        release
    }

    /// The digest that production's users get; before the first release it differs from every image that is built.
    pub fn in_production(&self) -> String {
        let reached = self.sandbox.reached(PROD, "hello-prod", "web");
        reached["digest"].as_str().unwrap_or_default().to_owned()
    }

    /// The record of a release, for changing.
    pub fn record(&self, release: &str) -> Record {
        let ran = self.developer().run(&["export", release]).ended(0);
        Record::read(&ran.out)
    }

    /// The digest of the image that a release has built.
    pub fn digest(&self, release: &str) -> String {
        self.record(release).fact("image-built")["digest"].as_str().unwrap().to_owned()
    }

    /// Replaces everything in the shared state by this record, as its administrator can.
    pub fn plant(&self, record: &Record) {
        record.plant(self.state.path());
    }

    /// Moves a tag in an account's repository to another image.
    pub fn moves_tag(&self, account: &str, tag: &str, digest: &str) {
        // By somebody who may push there: the attacker in development, anybody with that permission in production.
        let who = if account == DEV { "developer" } else { "promoter" };
        let keys: BTreeMap<String, String> = self.sandbox.keys(who).into_iter().collect();
        let (id, secret) = (&keys["AWS_ACCESS_KEY_ID"], &keys["AWS_SECRET_ACCESS_KEY"]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
                .region(aws_types::region::Region::new("ap-northeast-1"))
                .credentials_provider(aws_credential_types::Credentials::new(id, secret, None, None, "test"))
                .endpoint_url(self.sandbox.endpoint());
            let ecr = aws_sdk_ecr::Client::new(&config.load().await);
            let image = aws_sdk_ecr::types::ImageIdentifier::builder().image_digest(digest).build();
            let found = ecr.batch_get_image().repository_name("hello").image_ids(image).send().await.unwrap();
            let manifest = found.images()[0].image_manifest().unwrap();
            ecr.put_image().repository_name("hello").image_manifest(manifest).image_tag(tag).send().await.unwrap();
        });
    }

    /// Asserts that production still runs what it ran before, that nothing there was changed and that no definition was registered.
    #[track_caller]
    pub fn production_is_untouched(&self) {
        let changed = |call: &Value| {
            let operation = call["operation"].as_str().unwrap_or_default();
            let changing = ["RegisterTaskDefinition", "UpdateService", "RunTask"].contains(&operation);
            changing && call["account"] == PROD && call["code"] == "OK"
        };
        let changed: Vec<Value> = self.sandbox.calls().into_iter().filter(changed).collect();
        assert!(changed.is_empty(), "production was changed: {changed:#?}");
    }
}

impl Person<'_> {
    pub fn run(&self, args: &[&str]) -> Ran {
        self.test_env.run(&self.keys, &self.with_state(args))
    }

    pub fn start(&self, args: &[&str]) -> Running {
        self.test_env.start(&self.keys, &self.with_state(args))
    }

    /// On a terminal, where kanmon asks questions.
    pub fn start_on_terminal(&self, args: &[&str]) -> Running {
        self.test_env.start_on_terminal(&self.keys, 120, &self.with_state(args))
    }

    /// With a session of the team's role, named by whoever opened it: a service, or a person.
    pub fn by_session(mut self, sandbox: &Sandbox, name: &str) -> Self {
        self.keys = assumed(sandbox, "developer", &format!("arn:aws:iam::{DEV}:role/team"), name);
        self
    }

    /// With this environment variable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.keys.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same person in another checkout.
    pub fn at<'d>(&self, test_env: &'d TestEnv) -> Person<'d> {
        Person { test_env, keys: self.keys.clone(), state: self.state.clone() }
    }

    /// The same person with a separate state, which nobody shares.
    pub fn apart(self, state: &Path) -> Self {
        Person { state: format!("local:{}", state.display()), ..self }
    }

    fn with_state<'a>(&'a self, args: &[&'a str]) -> Vec<&'a str> {
        args.iter().copied().chain(["--state", &self.state]).collect()
    }
}

/// A checkout of the team's repository.
pub fn checkout(topology: Topology, sandbox: &Sandbox) -> TestEnv {
    let test_env = TestEnv::empty();
    unpack_demo(test_env.root.path(), &sandbox.endpoint());
    let file = here("hello.yaml").replace("ENDPOINT", &sandbox.endpoint()).replace("PRODUCTION", topology.role());
    test_env.write("pipelines/hello.yaml", &file);
    test_env.commit();
    test_env
}

fn here(name: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/redteam").join(name);
    std::fs::read_to_string(path).unwrap()
}
