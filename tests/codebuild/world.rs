//! The sandbox as AWS, moto for DynamoDB, a checkout for each build, and the runs of CodePipeline's build actions.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_types::region::Region;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::container::{Built, Container, Spec};
use crate::binary::junit::Junit;
use crate::real::readme;
use crate::real::sandbox_process::SandboxProcess;
use crate::shared_state::moto::Moto;

const KANMON: &str = env!("CARGO_BIN_EXE_kanmon");
const USERS: [&str; 5] = ["developer", "manager", "prepares", "promotes", "operator"];
const DEV: &str = "111111111111";
pub const PROD: &str = "222222222222";
/// Of the sources, which CodePipeline passes without a repository.
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// A build takes some seconds at the sandbox's speed; a busy machine may need many times that.
const TIMEOUT: Duration = Duration::from_secs(240);

pub struct World {
    moto: Moto,
    _sandbox: SandboxProcess,
    endpoint: String,
    /// What each user's shell exports.
    keys: BTreeMap<String, BTreeMap<String, String>>,
    /// The programs of a build's image; Docker is not among them.
    programs: TempDir,
    runtime: tokio::runtime::Runtime,
}

/// An execution of the pipeline, started and followed by `kanmon release --remote` on the developer's machine.
pub struct Execution<'a> {
    world: &'a World,
    pub id: String,
    remote: Child,
    statuses: std::thread::JoinHandle<String>,
    _machine: Checkout,
}

/// A checkout of the team's repository for one build.
pub struct Checkout {
    dir: TempDir,
}

impl World {
    /// `None` if moto is missing.
    pub fn start(test: &str) -> Option<World> {
        let moto = Moto::start(test)?;
        moto.create_table("kanmon-state", "pk", "sk");
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("seed.json");
        std::fs::write(&file, seed().to_string()).unwrap();
        let sandbox = SandboxProcess::start("codebuild", &["--seed".as_ref(), file.as_os_str()], USERS.len());
        let endpoint = sandbox.endpoint();
        let of_user = |(user, exports): (&String, &Vec<_>)| (user.clone(), exports.iter().cloned().collect());
        let mut keys: BTreeMap<String, BTreeMap<String, String>> = sandbox.exports.iter().map(of_user).collect();
        // A build has no such variable; the pipeline file has the endpoint.
        keys.values_mut().for_each(|k| drop(k.remove("AWS_ENDPOINT_URL")));
        let programs = image(&[]);
        symlink(KANMON, programs.path().join("kanmon")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Some(World { moto, _sandbox: sandbox, endpoint, keys, programs, runtime })
    }

    pub fn checkout(&self) -> Checkout {
        let dir = tempfile::tempdir().unwrap();
        let repo = dir.path().join("repo");
        std::fs::create_dir_all(repo.join("pipelines")).unwrap();
        std::fs::create_dir_all(repo.join("app")).unwrap();
        std::fs::write(repo.join("app/index.html"), "<title>hello</title>").unwrap();
        std::fs::copy(top("buildspec.yml"), repo.join("buildspec.yml")).unwrap();
        let file = std::fs::read_to_string(here("hello.yaml")).unwrap();
        let file = file.replace("ENDPOINT", &self.endpoint).replace("DYNAMODB", &self.moto.url());
        std::fs::write(repo.join("pipelines/hello.yaml"), file).unwrap();
        Checkout { dir }
    }

    /// Runs kanmon on a separate machine with a person's credentials.
    pub fn kanmon(&self, person: &str, args: &[&str]) -> Output {
        let checkout = self.checkout();
        self.command(person, &checkout, args).output().unwrap()
    }

    fn command(&self, person: &str, checkout: &Checkout, args: &[&str]) -> Command {
        let home = checkout.dir.path().join("home");
        std::fs::create_dir_all(&home).unwrap();
        let mut command = Command::new(KANMON);
        command.args(args).current_dir(checkout.repo()).env_clear().envs(&self.keys[person]).env("HOME", home);
        command.stdin(Stdio::null());
        command
    }

    /// The developer starts the pipeline.
    pub fn starts(&self) -> Execution<'_> {
        let machine = self.checkout();
        let mut remote = self
            .command("developer", &machine, &["release", "--remote", "--output", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(remote.stdout.take().unwrap());
        let mut first = String::new();
        out.read_line(&mut first).unwrap();
        let printed: Value = serde_json::from_str(&first).unwrap();
        let id = printed["execution"].as_str().unwrap().to_owned();
        let statuses = std::thread::spawn(move || {
            let _ = out.read_to_string(&mut first);
            first
        });
        Execution { world: self, id, remote, statuses, _machine: machine }
    }

    /// A build of a project, in its own checkout and home.
    pub fn builds(&self, project: &str, variables: &[(&str, &str)]) -> (Built, Checkout) {
        let checkout = self.checkout();
        let own = checkout.dir.path().join("own");
        std::fs::create_dir(&own).unwrap();
        let (step, person) = match project {
            "kanmon-prepare" => ("prepare", "prepares"),
            "kanmon-promote" => ("promote", "promotes"),
            other => panic!("there is no project {other}"),
        };
        let mut all = self.keys[person].clone();
        let own_variables = [
            ("KANMON_STEP", step),
            ("CODEBUILD_BUILD_ID", "kanmon:0a1b2c3d"),
            ("CODEBUILD_BUILD_NUMBER", "1"),
            ("CODEBUILD_INITIATOR", "codepipeline/hello"),
            ("CODEBUILD_RESOLVED_SOURCE_VERSION", COMMIT),
        ];
        let given = own_variables.iter().chain(variables);
        all.extend(given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let container =
            Container { sources: checkout.repo(), own, programs: self.programs.path().to_owned(), variables: all };
        (template().run(&container), checkout)
    }

    /// The successful UpdateService calls: the caller and the service.
    pub fn updates(&self) -> Vec<(String, String)> {
        let log = self.get("log");
        let calls = log["calls"].as_array().unwrap().iter();
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        calls
            .filter(|c| c["operation"] == "UpdateService" && c["status"] == 200)
            .map(|c| {
                (text(&c["principal"]), format!("{}/{}", text(&c["input"]["cluster"]), text(&c["input"]["service"])))
            })
            .collect()
    }

    /// The digest that a service's users reach.
    pub fn digest(&self, account: &str, cluster: &str) -> String {
        let reached = self.get(&format!("service/{account}/ap-northeast-1/{cluster}/web"));
        reached["digest"].as_str().unwrap_or_default().to_owned()
    }

    fn get(&self, path: &str) -> Value {
        let url = format!("{}/_sandbox/{path}", self.endpoint);
        self.runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            serde_json::from_str(&client.get(url).send().await.unwrap().text().await.unwrap()).unwrap()
        })
    }

    pub fn post(&self, path: &str, body: &Value) {
        let url = format!("{}/_sandbox/{path}", self.endpoint);
        self.runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let answer = client.post(url).body(body.to_string()).send().await.unwrap();
            let status = answer.status();
            assert!(status.is_success(), "{status}: {}", answer.text().await.unwrap());
        });
    }

    async fn sdk(&self, person: &str) -> aws_types::SdkConfig {
        let keys = &self.keys[person];
        let key = Credentials::new(&keys["AWS_ACCESS_KEY_ID"], &keys["AWS_SECRET_ACCESS_KEY"], None, None, "test");
        let config = aws_config::defaults(aws_config::BehaviorVersion::latest()).region(Region::new("ap-northeast-1"));
        config.credentials_provider(key).endpoint_url(&self.endpoint).load().await
    }

    /// Somebody sets another task definition in production, without kanmon; its ARN.
    pub fn deploys_by_hand(&self) -> String {
        self.runtime.block_on(async {
            let ecs = aws_sdk_ecs::Client::new(&self.sdk("operator").await);
            let live = ecs.describe_task_definition().task_definition("hello-web").send().await.unwrap();
            let live = live.task_definition.unwrap();
            let made = ecs
                .register_task_definition()
                .family("hello-web")
                .set_network_mode(live.network_mode)
                .set_requires_compatibilities(live.requires_compatibilities)
                .cpu("512")
                .memory("1024")
                .set_container_definitions(live.container_definitions);
            let arn = made.send().await.unwrap().task_definition.unwrap().task_definition_arn.unwrap();
            let update = ecs.update_service().cluster("hello-prod").service("web").task_definition(&arn);
            update.send().await.unwrap();
            arn
        })
    }

    fn action(&self, execution: &str, name: &str) -> Option<aws_sdk_codepipeline::types::ActionExecutionDetail> {
        use aws_sdk_codepipeline::types::{ActionExecutionFilter, ActionExecutionStatus};
        self.runtime.block_on(async {
            let client = aws_sdk_codepipeline::Client::new(&self.sdk("developer").await);
            let filter = ActionExecutionFilter::builder().pipeline_execution_id(execution).build();
            let listed = client.list_action_executions().pipeline_name("hello").filter(filter).send().await.unwrap();
            listed.action_execution_details.unwrap_or_default().into_iter().find(|detail| {
                detail.action_name() == Some(name) && detail.status() == Some(&ActionExecutionStatus::InProgress)
            })
        })
    }
}

impl Execution<'_> {
    /// Waits until an action runs; returns its configuration as CodePipeline resolved it.
    pub fn reaches(&self, action: &str) -> BTreeMap<String, String> {
        let until = Instant::now() + TIMEOUT;
        loop {
            if let Some(detail) = self.world.action(&self.id, action) {
                let input = detail.input.unwrap();
                return input.resolved_configuration.unwrap_or_default().into_iter().collect();
            }
            assert!(Instant::now() < until, "the execution does not reach {action}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Runs a build action: with the variables that CodePipeline passes, and returning to it what the build exports.
    pub fn runs(&self, stage: &str, action: &str) -> (Built, Checkout) {
        self.runs_with(stage, action, &[])
    }

    /// The same with variables of the project.
    pub fn runs_with(&self, stage: &str, action: &str, more: &[(&str, &str)]) -> (Built, Checkout) {
        let configuration = self.reaches(action);
        let variables: Vec<BTreeMap<String, String>> =
            serde_json::from_str(&configuration["EnvironmentVariables"]).unwrap();
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|v| (v["name"].as_str(), v["value"].as_str())).chain(more.iter().copied()).collect();
        let (built, checkout) = self.world.builds(&configuration["ProjectName"], &variables);
        let end = json!({ "fails": !built.succeeded, "outputVariables": built.exported });
        let printed = json!({
            "account": DEV,
            "region": "ap-northeast-1",
            "pipeline": "hello",
            "execution": self.id,
            "action": format!("{stage}/{action}"),
            "end": end,
        });
        self.world.post("actions", &printed);
        (built, checkout)
    }

    /// The manager, on a separate machine, approves the plan that CodePipeline's message shows.
    pub fn is_approved(&self) {
        let message = self.reaches("Approve")["CustomData"].clone();
        let (head, plan) = message.rsplit_once("plan ").unwrap();
        let release = head.split_whitespace().nth(1).unwrap();
        let waiting = self.world.kanmon("manager", &["approvals", "--output", "json"]);
        let waiting: Value = serde_json::from_slice(&waiting.stdout).unwrap();
        assert_eq!(
            (&waiting["waiting"][0]["release"], waiting["waiting"].as_array().unwrap().len()),
            (&release.into(), 1)
        );
        let answer = ["approve", release, "--plan", plan, "-m", "read it all"];
        let approved = self.world.kanmon("manager", &answer);
        assert!(approved.status.success(), "{message}: {}", String::from_utf8_lossy(&approved.stderr));
        let printed = String::from_utf8_lossy(&approved.stdout).into_owned();
        assert_eq!(printed, format!("{release}: prod is approved; its CodePipeline execution continues\n"));
    }

    /// The manager rejects what CodePipeline's message shows.
    pub fn is_rejected(&self, why: &str) {
        let message = self.reaches("Approve")["CustomData"].clone();
        let release = message.split_whitespace().nth(1).unwrap();
        let rejected = self.world.kanmon("manager", &["reject", release, "--yes", "-m", why]);
        assert!(rejected.status.success(), "{message}: {}", String::from_utf8_lossy(&rejected.stderr));
    }

    /// The manager approves in CodePipeline's console, whatever its message says.
    pub fn is_approved_in_the_console(&self) {
        use aws_sdk_codepipeline::types::{ApprovalResult, ApprovalStatus};
        self.reaches("Approve");
        self.world.runtime.block_on(async {
            let client = aws_sdk_codepipeline::Client::new(&self.world.sdk("manager").await);
            let state = client.get_pipeline_state().name("hello").send().await.unwrap();
            let actions = state.stage_states().iter().flat_map(|s| s.action_states());
            let token = actions.filter_map(|a| a.latest_execution()).find_map(|e| e.token()).unwrap();
            let result = ApprovalResult::builder().status(ApprovalStatus::Approved).summary("fine").build().unwrap();
            let answer = client.put_approval_result().pipeline_name("hello").stage_name("Production");
            answer.action_name("Approve").result(result).token(token).send().await.unwrap();
        });
    }

    /// The exit code and the last status of `kanmon release --remote`.
    pub fn ends(mut self) -> (Option<i32>, String) {
        let until = Instant::now() + TIMEOUT;
        let status = loop {
            if let Some(status) = self.remote.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > until {
                let _ = self.remote.kill();
                panic!("the execution does not end");
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        let statuses = self.statuses.join().unwrap();
        let last: Value = serde_json::from_str(statuses.lines().last().unwrap()).unwrap();
        (status.code(), last["status"].as_str().unwrap().to_owned())
    }
}

impl Checkout {
    pub fn repo(&self) -> PathBuf {
        self.dir.path().join("repo")
    }

    /// The home that a build has used.
    pub fn home(&self) -> PathBuf {
        self.dir.path().join("own/home")
    }

    /// The names of the files in the repository now.
    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.repo()).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// The accounts and services, with README's policies and pipeline.
fn seed() -> Value {
    let mut seed: Value = serde_saphyr::from_str(include_str!("world.yaml")).unwrap();
    let own = readme::blocks_below(readme::PERMISSIONS, "json").remove(0);
    let roles = readme::blocks_below(readme::ROLES, "json");
    let [trust, _, _, build, record, copy, read] = roles.as_slice() else { panic!("{roles:?}") };
    let of_build = |account: &str, project: &str, other: &str| {
        let role = format!("arn:aws:iam::{other}:role/{project}");
        readme::filled(build, &[("ACCOUNT", account), ("PROJECT", project), ("OTHER_ROLE", &role)])
    };
    let of_other = |name: &str, by: &str, policies: Value| {
        let trust = readme::filled(trust, &[("ASSUMED_BY", by)]);
        json!({ "name": name, "trust": trust, "policies": policies })
    };
    let [own_dev, own_prod] = [DEV, PROD].map(|account| readme::filled(&own, &[("ACCOUNT", account)]));
    let [record, copy, read] = [record, copy, read].map(|policy| readme::filled(policy, &[]));
    let [dev, prod] = &mut seed["accounts"].as_array_mut().unwrap()[..] else { panic!("two accounts") };
    dev["users"][0]["policies"] = json!([of_build(DEV, "kanmon-prepare", PROD), record, own_dev]);
    prod["users"][0]["policies"] = json!([of_build(PROD, "kanmon-promote", DEV), own_prod]);
    dev["roles"] =
        json!([of_other("kanmon-promote", "arn:aws:iam::222222222222:user/promotes", json!([read, record]))]);
    prod["roles"] = json!([of_other("kanmon-prepare", "arn:aws:iam::111111111111:user/prepares", json!([copy]))]);
    let declared = readme::blocks_below("### The pipeline", "json").remove(0);
    seed["codepipeline"][0]["pipeline"] = readme::filled(&declared, &[])["pipeline"].take();
    seed
}

/// A folder with the programs of a build's image: a shell's common tools and these, without kanmon.
pub fn image(more: &[&str]) -> TempDir {
    let programs = tempfile::tempdir().unwrap();
    for tool in ["cat", "chmod", "mkdir", "mktemp", "sha256sum", "sh"].iter().chain(more) {
        let found = ["/usr/bin", "/bin"].map(|dir| Path::new(dir).join(tool)).into_iter().find(|p| p.exists());
        symlink(found.unwrap(), programs.path().join(tool)).unwrap();
    }
    programs
}

/// The repository's `buildspec.yml`.
pub fn template() -> Spec {
    Spec::read(&std::fs::read_to_string(top("buildspec.yml")).unwrap())
}

/// The only report of a build, in the report group that the build names.
pub fn report(built: &Built) -> &Junit {
    let [report] = &built.reports["kanmon"][..] else { panic!("{}", built.log) };
    report
}

/// The JSON lines of a text.
pub fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn top(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn here(name: &str) -> PathBuf {
    top("tests/codebuild").join(name)
}
