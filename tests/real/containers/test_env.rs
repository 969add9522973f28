//! Two accounts with their clusters and services, and a repository to release from.

use std::process::Command;
use std::time::{Duration, Instant};

use kanmon::model::pipeline::{Account, Assume};
use serde_json::{Value, json};

use super::gateway::Gateway;
use super::ministack::MiniStack;
use super::replication::Replication;
use crate::real::end_to_end::{ask, buildah_env, must, server};
use crate::real::peers::{DockerPeer, free_port};
use crate::real::sandbox::{Running, Sandbox, answer};

const REGION: &str = "ap-northeast-1";

/// A rollback and the draining of a task take seconds.
const TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    pub name: &'static str,
    account: usize,
    number: usize,
}

pub const STAGES: [Stage; 3] = [
    Stage { name: "dev", account: 0, number: 0 },
    Stage { name: "staging", account: 0, number: 1 },
    Stage { name: "prod", account: 1, number: 2 },
];

const ACCOUNTS: [&str; 2] = ["111111111111", "222222222222"];

/// What is released.
pub struct Build {
    pub version: &'static str,
    /// The code with which its server exits immediately; `None`: it serves.
    pub exits: &'static str,
    /// The code with which its migration exits; `None`: 0.
    pub migration: &'static str,
    /// Its image disappears from the registry between the gate and the roll, as by a lifecycle rule.
    pub taken_away: bool,
    pub poll: &'static str,
}

impl Build {
    pub fn version(version: &'static str) -> Build {
        Build { version, exits: "", migration: "", taken_away: false, poll: "500ms" }
    }
}

struct Side {
    // Ended in this order.
    _replication: Replication,
    gateway: Gateway,
    ministack: MiniStack,
}

pub struct TestEnv {
    sides: Vec<Side>,
    sandbox: Sandbox,
    work: tempfile::TempDir,
    store: tempfile::TempDir,
    /// The port of each stage's service.
    ports: [u16; 3],
}

impl TestEnv {
    /// Everything runs version 0.9.0.
    pub async fn new(daemon: &DockerPeer) -> TestEnv {
        let sandbox = Sandbox::start();
        let scans = sandbox.endpoint().strip_prefix("http://").unwrap().to_owned();
        let mut sides = Vec::new();
        for (number, account) in ACCOUNTS.into_iter().enumerate() {
            let ministack = MiniStack::start(&daemon.host, account, REGION);
            let gateway = Gateway::start(&ministack.host, &scans, account, REGION).await;
            let to = sandbox.access(&of_the_sandbox(number, sandbox.endpoint()), "hello").await;
            let from = format!("{}/hello", ministack.host);
            sides.push(Side { _replication: Replication::start(from, to), gateway, ministack });
        }
        let (work, store) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let ports = std::array::from_fn(|_| free_port());
        let test_env = TestEnv { sides, sandbox, work, store, ports };
        server(test_env.work.path());
        test_env.write(".gitignore", ".kanmon/\n");
        test_env.write(".dockerignore", "*\n!server\n");
        test_env.write("deploy/migrate.json", &migration().to_string());
        test_env.git(&["init", "-q"]);
        test_env.populate();
        test_env
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.work.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn git(&self, args: &[&str]) {
        let author = ["-c", "user.name=A Developer", "-c", "user.email=developer@example.com"];
        must(Command::new("git").args(author).args(args).current_dir(self.work.path()));
    }

    fn buildah(&self, args: &[&str]) -> String {
        must(Command::new("buildah").envs(buildah_env(self.store.path())).args(args).current_dir(self.work.path()))
    }

    /// Creates what must exist before kanmon runs: repositories, clusters and services, with the `aws` command.
    fn populate(&self) {
        self.buildah(&["bud", "--build-arg", "VERSION=0.9.0", "--tag", "hello:before", "."]);
        let digest = self.store.path().join("digest");
        for side in &self.sides {
            self.aws(side, "ecr", &["create-repository", "--repository-name", "hello"]);
            let to = format!("docker://{}/hello:before", side.ministack.host);
            let file = digest.to_str().unwrap();
            self.buildah(&["push", "--tls-verify=false", "--digestfile", file, "hello:before", &to]);
        }
        let digest = std::fs::read_to_string(digest).unwrap();
        for stage in STAGES {
            let side = &self.sides[stage.account];
            let image = format!("{}/hello@{digest}", side.ministack.host);
            let definition = self.register(stage, &image, &[]);
            self.aws(side, "ecs", &["create-cluster", "--cluster-name", &cluster(stage)]);
            // The old and the new task share the host's port, so the old one is stopped first.
            let breaker = json!({
                "minimumHealthyPercent": 0,
                "maximumPercent": 100,
                "deploymentCircuitBreaker": { "enable": true, "rollback": true },
            });
            let input = json!({
                "cluster": cluster(stage),
                "serviceName": "web",
                "taskDefinition": definition,
                "desiredCount": 1,
                "deploymentConfiguration": breaker,
            });
            self.aws(side, "ecs", &["create-service", "--cli-input-json", &input.to_string()]);
        }
    }

    /// A revision of the stage's task definition.
    fn register(&self, stage: Stage, image: &str, settings: &[(&str, &str)]) -> String {
        let port = self.ports[stage.number].to_string();
        let settings = [&[("PORT", port.as_str())], settings].concat();
        let settings: Vec<Value> = settings.iter().map(|(n, v)| json!({"name": n, "value": v})).collect();
        let container =
            json!({ "name": "web", "image": image, "essential": true, "memory": 64, "environment": settings });
        let input = json!({
            "family": format!("hello-{}-web", stage.name),
            "networkMode": "host",
            "containerDefinitions": [container],
        });
        let output = self.aws(
            &self.sides[stage.account],
            "ecs",
            &["register-task-definition", "--cli-input-json", &input.to_string()],
        );
        output["taskDefinition"]["taskDefinitionArn"].as_str().unwrap().to_owned()
    }

    /// The `aws` command, for an account's ministack.
    fn aws(&self, side: &Side, service: &str, args: &[&str]) -> Value {
        let mut aws = self.aws_command("developer");
        aws.args(["--endpoint-url", &side.ministack.url(), service]).args(args);
        parsed(&must(&mut aws))
    }

    /// The `aws` command as this user runs it, for the sandbox.
    fn aws_command(&self, user: &str) -> Command {
        let mut aws = Command::new("aws");
        aws.env_clear().envs(self.sandbox.exported(user)).env("PATH", std::env::var_os("PATH").unwrap());
        aws.env("HOME", self.store.path()).args(["--region", REGION, "--output", "json"]);
        aws
    }

    /// The answer of the stage's container, once it answers.
    pub fn answers(&self, stage: Stage) -> String {
        ask(self.ports[stage.number])
    }

    fn service(&self, stage: Stage) -> Value {
        let side = &self.sides[stage.account];
        let output = self.aws(side, "ecs", &["describe-services", "--cluster", &cluster(stage), "--services", "web"]);
        output["services"][0].clone()
    }

    pub fn primary(&self, stage: Stage) -> Value {
        primary(&self.service(stage))
    }

    /// The image reference of the stage's one running task.
    pub fn image_of_its_task(&self, stage: Stage) -> String {
        let (side, cluster) = (&self.sides[stage.account], cluster(stage));
        let listed = self.aws(side, "ecs", &["list-tasks", "--cluster", &cluster, "--service-name", "web"]);
        let [task] = listed["taskArns"].as_array().unwrap().as_slice() else { panic!("{listed}") };
        let output =
            self.aws(side, "ecs", &["describe-tasks", "--cluster", &cluster, "--tasks", task.as_str().unwrap()]);
        output["tasks"][0]["containers"][0]["image"].as_str().unwrap().to_owned()
    }

    /// Somebody else's revision: the live one with another answer.
    pub fn hotfix(&self, stage: Stage, answer: &str) -> String {
        self.register(stage, &self.image_of_its_task(stage), &[("VERSION", answer)])
    }

    /// Somebody else's deployment; returns it.
    pub fn deploy(&self, stage: Stage, definition: &str) -> Value {
        let args =
            ["update-service", "--cluster", &cluster(stage), "--service", "web", "--task-definition", definition];
        primary(&self.aws(&self.sides[stage.account], "ecs", &args)["service"])
    }

    /// `kanmon release` of a new commit.
    pub fn release(&self, build: &Build, more: &[&str]) -> Running {
        self.write("pipelines/hello.yaml", &self.pipeline(build));
        self.git(&["add", "."]);
        self.git(&["commit", "-q", "-m", build.version]);
        let env = buildah_env(self.store.path());
        let mut verb = self.sandbox.kanmon("developer", self.work.path(), &env);
        verb.arg("release").args(more);
        Running::start(verb)
    }

    /// A release to dev that ends with this exit code; returns its output.
    pub fn released(&self, build: &Build, code: i32) -> String {
        let (ended, said) = self.release(build, &["--until", "dev"]).ended();
        assert_eq!(ended, Some(code), "{said}");
        said
    }

    /// The approval request that waits.
    pub fn question(&self) -> Option<Value> {
        let mut approvals = self.sandbox.kanmon("manager", self.work.path(), &[]);
        approvals.arg("approvals");
        answer(approvals)["waiting"].as_array().unwrap().first().cloned()
    }

    /// Approves as a manager with the `aws` command and without kanmon: reads the message, and approves if it names this plan.
    pub fn approve_in_codepipeline(&self, plan: &str) {
        let role = format!("arn:aws:iam::{}:role/kanmon-approve", ACCOUNTS[1]);
        let mut enter = self.aws_command("manager");
        enter.args(["sts", "assume-role", "--role-arn", &role, "--role-session-name", "a-manager"]);
        let keys = parsed(&must(&mut enter))["Credentials"].clone();
        let key = |name: &str| keys[name].as_str().unwrap().to_owned();
        let codepipeline = |args: &[&str]| {
            let mut aws = self.aws_command("manager");
            aws.env("AWS_ACCESS_KEY_ID", key("AccessKeyId")).env("AWS_SECRET_ACCESS_KEY", key("SecretAccessKey"));
            aws.env("AWS_SESSION_TOKEN", key("SessionToken")).arg("codepipeline").args(args);
            parsed(&must(&mut aws))
        };
        let late = Instant::now() + TIMEOUT;
        let token = loop {
            let state = codepipeline(&["get-pipeline-state", "--name", "asset-manager"]);
            let actions = state["stageStates"].as_array().unwrap().iter().flat_map(|s| s["actionStates"].as_array());
            let approve = actions.flatten().find(|a| a["actionName"] == "Approve").unwrap_or_else(|| panic!("{state}"));
            if let Some(token) = approve["latestExecution"]["token"].as_str() {
                break token.to_owned();
            }
            assert!(Instant::now() < late, "{state}");
        };
        let runs = codepipeline(&["list-action-executions", "--pipeline-name", "asset-manager"]);
        let asked = runs["actionExecutionDetails"].as_array().unwrap().iter().find(|r| r["actionName"] == "Approve");
        let asked = &asked.unwrap()["input"]["resolvedConfiguration"]["CustomData"];
        assert!(asked.as_str().unwrap().contains(plan), "{asked}: {plan}");
        codepipeline(&[
            "put-approval-result",
            "--pipeline-name",
            "asset-manager",
            "--stage-name",
            "Production",
            "--action-name",
            "Approve",
            "--result",
            "summary=read it all,status=Approved",
            "--token",
            &token,
        ]);
    }

    fn pipeline(&self, build: &Build) -> String {
        let sandbox = self.sandbox.endpoint();
        let account = |number: usize, more: &str| {
            let (side, id) = (&self.sides[number], ACCOUNTS[number]);
            let gateway = &side.gateway.url;
            format!(
                "{{ id: \"{id}\", region: {REGION}, endpoints: {{ default: \"{sandbox}\", ecs: \"{gateway}\", ecr: \"{gateway}\" }}{more} }}"
            )
        };
        let Build { version, exits, migration, poll, .. } = build;
        let first = if build.taken_away { self.deleting_image() } else { "run: migrate".to_owned() };
        let stage = |stage: Stage, first: &str| {
            let (name, url) = (stage.name, format!("http://127.0.0.1:{}/", self.ports[stage.number]));
            let check = format!("check: {{ http: \"{url}\", contains: \"{version}\", timeout: 60s }}");
            let account = ["dev", "prod"][stage.account];
            format!(
                "  - name: {name}\n    account: {account}\n    cluster: {}\n    steps:\n      - {first}\n      - roll: web\n      \
                 - {check}\n",
                cluster(stage)
            )
        };
        let approval =
            "{ by: codepipeline, pipeline: asset-manager, action: Approve, account: prod, expires: 1h }".to_owned();
        format!(
            "version: 1\napp: hello\naccounts:\n  dev: {}\n  prod: {}\n\
             images:\n  app:\n    account: dev\n    repository: hello\n    builder: buildah\n    context: .\n    \
             args: {{ VERSION: \"{version}\", EXITS: \"{exits}\", MIGRATION: \"{migration}\" }}\n\
             services:\n  web: {{ taskdef: live, containers: {{ web: app }} }}\n\
             tasks:\n  migrate:\n    taskdef: deploy/migrate.json\n    containers: {{ migrate: app }}\n    network_of: web\n    \
             command: [migrate, up]\n    timeout: 2m\n\
             gate: {{ at_most: {{ critical: 0, high: 0, medium: 0 }}, settle: 1s }}\n\
             defaults: {{ poll: {poll}, deadline: 3m }}\n\
             stages:\n{}{}{}    images: copy\n    enter:\n      approval: {approval}\n",
            account(0, ""),
            account(1, ", role: kanmon-deploy, external_id: asset"),
            stage(STAGES[0], &first),
            stage(STAGES[1], "run: migrate"),
            stage(STAGES[2], "run: migrate"),
        )
    }

    /// A step that deletes the release's image before anything has pulled it.
    fn deleting_image(&self) -> String {
        let script = format!(
            "exec aws --region {REGION} --endpoint-url {} ecr batch-delete-image --repository-name hello \
             --image-ids \"imageDigest=$KANMON_DIGEST_APP\"",
            self.sides[0].ministack.url()
        );
        self.write("lifecycle-rule", &script);
        "check: { command: [sh, lifecycle-rule], account: dev }".to_owned()
    }
}

/// An account of the sandbox.
fn of_the_sandbox(number: usize, endpoint: String) -> Account {
    let role = |text: &str| (number == 1).then(|| text.to_owned());
    Account {
        name: ["dev", "prod"][number].parse().unwrap(),
        id: ACCOUNTS[number].parse().unwrap(),
        region: REGION.parse().unwrap(),
        role: role("kanmon-deploy"),
        external_id: role("asset"),
        assume: Assume::Always,
        profile: None,
        endpoints: [("default".to_owned(), endpoint)].into(),
    }
}

fn cluster(stage: Stage) -> String {
    format!("hello-{}", stage.name)
}

fn primary(service: &Value) -> Value {
    let all = service["deployments"].as_array().unwrap_or_else(|| panic!("{service}"));
    all.iter().find(|d| d["status"] == "PRIMARY").unwrap_or_else(|| panic!("{service}")).clone()
}

fn parsed(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}")) }
}

fn migration() -> Value {
    let container = json!({ "name": "migrate", "image": "set-by-kanmon", "essential": true, "memory": 64 });
    json!({ "family": "{{ app }}-{{ stage }}-migrate", "networkMode": "host", "containerDefinitions": [container] })
}
