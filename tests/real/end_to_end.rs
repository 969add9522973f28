//! A whole release with real input: a Dockerfile, real builders and registries, the binary in two terminals, and the container that finally
//! runs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kanmon::image::OciImages;
use kanmon::model::ids::{AccountName, Digest};
use kanmon::ports::images::{Access, Images};
use serde_json::Value;

use super::peers::{DockerPeer, HastyClock, Owned, RegistryPeer, free_port, have, leave_out};
use super::sandbox::{Running, Sandbox, answer};

const STAGES: [&str; 3] = ["dev", "staging", "prod"];

/// Prints not through the test harness, which hides the output of passing tests.
pub fn print_line(line: &str) {
    let _ = std::io::stderr().write_all(format!("    {line}\n").as_bytes());
}

/// A repository with the server, its Dockerfile and a pipeline, committed.
struct Workspace {
    root: tempfile::TempDir,
    version: String,
}

impl Workspace {
    fn new(builder: &str, sandbox: &Sandbox) -> Workspace {
        let work = Workspace { root: tempfile::tempdir().unwrap(), version: format!("1.4.2-{builder}") };
        server(work.path());
        std::fs::create_dir_all(work.path().join("pipelines")).unwrap();
        let text = pipeline(builder, &work.version, &sandbox.endpoint());
        std::fs::write(work.path().join("pipelines/hello.yaml"), text).unwrap();
        std::fs::write(work.path().join(".gitignore"), ".kanmon/\n").unwrap();
        std::fs::write(work.path().join(".dockerignore"), ".git\n.kanmon\n").unwrap();
        for git in [&["init", "-q"][..], &["add", "."], &["commit", "-q", "-m", "A server"]] {
            let author = ["-c", "user.name=A Developer", "-c", "user.email=developer@example.com"];
            let ran = Command::new("git").args(author).args(git).current_dir(work.path()).status().unwrap();
            assert!(ran.success());
        }
        work
    }

    fn path(&self) -> &Path {
        self.root.path()
    }
}

/// Compiles the server into this folder, and writes its Dockerfile there.
pub fn server(into: &Path) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/server");
    let compiled = Command::new("rustc")
        .args(["--edition=2024", "-Copt-level=1", "-Ctarget-feature=+crt-static", "-Cstrip=symbols", "-o"])
        .arg(into.join("server"))
        .arg(here.join("server.rs"))
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    std::fs::copy(here.join("Dockerfile"), into.join("Dockerfile")).unwrap();
}

/// The environment for a buildah with a separate store, which needs neither overlays nor user namespaces.
pub fn buildah_env(store: &Path) -> Vec<(&'static str, PathBuf)> {
    let conf = store.join("storage.conf");
    let text =
        format!("[storage]\ndriver = \"vfs\"\ngraphroot = \"{0}/graph\"\nrunroot = \"{0}/run\"\n", store.display());
    std::fs::write(&conf, text).unwrap();
    vec![("CONTAINERS_STORAGE_CONF", conf), ("STORAGE_DRIVER", "vfs".into()), ("BUILDAH_ISOLATION", "chroot".into())]
}

fn pipeline(builder: &str, version: &str, endpoint: &str) -> String {
    let stage = |name: &str, account: &str, id: &str| {
        let url = format!("{endpoint}/_sandbox/service/{id}/ap-northeast-1/hello-{name}/web");
        format!(
            "  - name: {name}\n    account: {account}\n    cluster: hello-{name}\n    steps:\n      - roll: web\n      \
             - check: {{ http: \"{url}\", timeout: 60s }}\n"
        )
    };
    let prod = "    images: copy\n    enter:\n      approval: { by: kanmon, approvers: [\"arn:aws:iam::111111111111:user/manager\"], expires: 1h }\n";
    format!(
        "version: 1\napp: hello\naccounts:\n  dev: {{ id: \"111111111111\", region: ap-northeast-1 }}\n  \
         prod: {{ id: \"222222222222\", region: ap-northeast-1, role: kanmon-deploy, external_id: asset }}\n\
         images:\n  app: {{ account: dev, repository: hello, builder: {builder}, context: ., args: {{ VERSION: {version} }} }}\n\
         services:\n  web: {{ taskdef: live, containers: {{ web: app }} }}\n\
         gate: {{ at_most: {{ critical: 0, high: 0, medium: 0 }}, settle: 1s }}\ndefaults: {{ poll: 500ms }}\n\
         stages:\n{}{}{}{prod}",
        stage("dev", "dev", "111111111111"),
        stage("staging", "dev", "111111111111"),
        stage("prod", "prod", "222222222222"),
    )
}

/// The manifest that skopeo reads under this digest.
fn read_back(at: &Access, digest: &str) -> Vec<u8> {
    let login = at.login.as_ref().unwrap();
    let read = Command::new("skopeo")
        .args(["inspect", "--raw", "--tls-verify=false", "--creds"])
        .arg(format!("{}:{}", login.username, login.password))
        .arg(format!("docker://{}@{digest}", at.repository))
        .output()
        .unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    read.stdout
}

/// One terminal releases, another approves exactly the plan that it shows; then everything is checked. Returns production's repository
/// and the digest of the image.
async fn release(work: &Workspace, sandbox: &Sandbox, env: &[(&str, PathBuf)], more: &[String]) -> (Access, String) {
    let mut verb = sandbox.kanmon("developer", work.path(), env);
    verb.arg("release").args(more);
    let mut releasing = Running::start(verb);
    let manager = || sandbox.kanmon("manager", work.path(), &[]);
    let asked = releasing.until("question", || {
        let mut approvals = manager();
        approvals.arg("approvals");
        answer(approvals)["waiting"].as_array().unwrap().first().cloned()
    });
    let text = |v: &Value| v.as_str().unwrap_or_else(|| panic!("no text: {v}")).to_owned();
    let (id, plan) = (text(&asked["release"]), text(&asked["request"]["plan"]));
    let mut approve = manager();
    approve.args(["approve", &id, "--plan", &plan, "--comment", "read it all"]);
    answer(approve);
    let said = releasing.succeeded();
    print_line(&format!("{id}: plan {} approved from another terminal", &plan[..12]));

    let mut history = sandbox.kanmon("developer", work.path(), &[]);
    history.args(["history", &id, "--output", "json"]);
    let gates: Vec<Value> = must(&mut history)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|event: &Value| event["kind"] == "gate-judged")
        .collect();
    for stage in STAGES {
        let judged = gates.iter().filter(|g| g["stage"] == stage).collect::<Vec<_>>();
        assert!(!judged.is_empty() && judged.iter().all(|g| g["judgement"]["verdict"] == "pass"), "{stage}: {gates:?}");
    }
    print_line(&format!("{id}: every stage's gate judged its scan"));

    let mut status = sandbox.kanmon("developer", work.path(), &[]);
    status.arg("status");
    let status = answer(status);
    let services = status["services"].as_array().unwrap();
    let mut digests = Vec::new();
    for stage in STAGES {
        let row = services.iter().find(|s| s["stage"] == stage).unwrap_or_else(|| panic!("{status}"));
        assert_eq!(row["last_good"], id.as_str(), "{row}");
        assert_eq!(row["live"]["running"], row["live"]["desired"], "{row}");
        digests.push(text(&row["live"]["images"][0]).split_once('@').unwrap().1.to_owned());
    }
    assert!(digests.iter().all(|d| d == &digests[0]), "one digest in all stages: {digests:?}");
    let digest = digests.remove(0);
    assert!(said.contains(&digest), "{said}");
    print_line(&format!("{id}: dev, staging and prod run {digest}"));

    let file = kanmon::pipeline::load(&work.path().join("pipelines/hello.yaml")).unwrap();
    let mut held = Vec::new();
    for account in ["dev", "prod"] {
        let name: AccountName = account.parse().unwrap();
        let mut account = file.pipeline.account(&name).clone();
        account.endpoints.insert("default".to_owned(), sandbox.endpoint());
        let at = sandbox.access(&account, "hello").await;
        assert_eq!(Digest::of(&read_back(&at, &digest)).as_str(), digest);
        print_line(&format!("{id}: skopeo reads the same bytes in {name}: {}", at.repository));
        held.push(at);
    }
    (held.remove(1), digest)
}

/// The answer of an HTTP server on loopback, once it listens.
pub fn ask(port: u16) -> String {
    let late = Instant::now() + Duration::from_secs(60);
    loop {
        let asked = TcpStream::connect(("127.0.0.1", port)).and_then(|mut stream| {
            stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).map(|_| answer)
        });
        match asked {
            Ok(answer) => return answer.split_once("\r\n\r\n").unwrap().1.to_owned(),
            Err(error) => assert!(Instant::now() < late, "no answer on port {port}: {error}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Runs a command that must succeed; returns its standard output, trimmed.
pub fn must(command: &mut Command) -> String {
    let ran = command.output().unwrap();
    assert!(ran.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap().trim().to_owned()
}

/// Builds into the other registry and reads the image back; returns its reference.
async fn built_elsewhere(work: &Workspace, images: OciImages, registry: &RegistryPeer, version: &str) -> String {
    let file = kanmon::pipeline::load(&work.path().join("pipelines/hello.yaml")).unwrap();
    let mut spec = file.pipeline.image(&"app".parse().unwrap()).clone();
    let kanmon::model::pipeline::Build::Dockerfile { args, .. } = &mut spec.build else { panic!("{spec:?}") };
    args.insert("VERSION".to_owned(), version.to_owned());
    let to = registry.access("team/hello");
    let built = images.build(&spec, &to, version, &|_| {}).await.unwrap();
    let digest = built.pushed.digest;
    assert_eq!(Digest::of(&registry.skopeo_raw("team/hello", version)), digest);
    registry.skopeo_pulls("team/hello", digest.as_str());
    print_line(&format!("{} pushed to docker-registry, and skopeo reads {digest}", built.by));
    format!("{}@{digest}", to.repository)
}

fn images_with_config(work: &Workspace) -> OciImages {
    OciImages::new(work.path().to_owned(), Arc::new(HastyClock)).with_env("HOME", work.path())
}

const PEERS: [&str; 5] = ["docker-registry", "htpasswd", "skopeo", "git", "rustc"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_built_by_docker_reaches_production_and_runs_as_a_container() {
    let test = "the whole road by docker";
    if !have(test, &[&PEERS[..], &["docker", "dockerd"]].concat()) {
        return;
    }
    let Some(daemon) = DockerPeer::start() else { return leave_out(test, "dockerd needs root") };
    let (registry, sandbox) = (RegistryPeer::start(), Sandbox::start());
    let work = Workspace::new("docker", &sandbox);
    print_line(test);
    let env = [("DOCKER_HOST", PathBuf::from(&daemon.host)), ("DOCKER_CONFIG", registry.docker_config())];

    let (at, digest) = release(&work, &sandbox, &env, &[]).await;
    assert_eq!(in_docker(&daemon, &at, &digest), work.version);
    print_line(&format!("its container, run by docker, answers {}", work.version));

    let images = images_with_config(&work).with_env("DOCKER_HOST", &daemon.host);
    let reference = built_elsewhere(&work, images, &registry, "1.4.3-docker").await;
    let more = ["--image".to_owned(), format!("app={reference}")];
    let (at, digest) = release(&work, &sandbox, &env, &more).await;
    assert!(reference.ends_with(&digest), "{reference}: {digest}");
    assert_eq!(in_docker(&daemon, &at, &digest), "1.4.3-docker");
    print_line("its container, run by docker, answers 1.4.3-docker");
}

/// Pulls and runs the image with docker; returns the answer of its server.
fn in_docker(daemon: &DockerPeer, at: &Access, digest: &str) -> String {
    let (login, port) = (at.login.as_ref().unwrap(), free_port());
    let config = tempfile::tempdir().unwrap();
    let docker = |args: &[&str]| {
        let mut docker = Command::new("docker");
        docker.arg("--config").arg(config.path()).args(["--host", &daemon.host]).args(args);
        docker
    };
    let host = at.repository.split('/').next().unwrap();
    let mut enter = docker(&["login", "--username", &login.username, "--password-stdin", host]);
    let mut entering = enter.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    entering.stdin.take().unwrap().write_all(login.password.as_bytes()).unwrap();
    assert!(entering.wait().unwrap().success(), "docker login {host}");
    let image = format!("{}@{digest}", at.repository);
    let setting = format!("PORT={port}");
    let id = must(&mut docker(&["run", "--detach", "--network", "host", "--env", &setting, &image]));
    let said = ask(port);
    must(&mut docker(&["rm", "--force", &id]));
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_built_by_buildah_reaches_production_and_runs_as_a_container() {
    let test = "the whole road by buildah";
    if !have(test, &[&PEERS[..], &["buildah"]].concat()) {
        return;
    }
    let (registry, sandbox) = (RegistryPeer::start(), Sandbox::start());
    let work = Workspace::new("buildah", &sandbox);
    print_line(test);
    let store = tempfile::tempdir().unwrap();
    let mut env = buildah_env(store.path());
    env.push(("DOCKER_CONFIG", registry.docker_config()));

    let (at, digest) = release(&work, &sandbox, &env, &[]).await;
    assert_eq!(in_buildah(&env, &at, &digest), work.version);
    print_line(&format!("its container, run by buildah, answers {}", work.version));

    let images = env.iter().fold(images_with_config(&work), |images, (name, value)| images.with_env(*name, value));
    let reference = built_elsewhere(&work, images, &registry, "1.4.3-buildah").await;
    let more = ["--image".to_owned(), format!("app={reference}")];
    let (at, digest) = release(&work, &sandbox, &env, &more).await;
    assert!(reference.ends_with(&digest), "{reference}: {digest}");
    assert_eq!(in_buildah(&env, &at, &digest), "1.4.3-buildah");
    print_line("its container, run by buildah, answers 1.4.3-buildah");
}

/// Pulls and runs the image with buildah; returns the answer of its server.
fn in_buildah(env: &[(&str, PathBuf)], at: &Access, digest: &str) -> String {
    let (login, port) = (at.login.as_ref().unwrap(), free_port());
    let buildah = |args: &[&str]| {
        let mut buildah = Command::new("buildah");
        buildah.envs(env.iter().cloned()).args(args);
        buildah
    };
    let creds = format!("{}:{}", login.username, login.password);
    let image = format!("{}@{digest}", at.repository);
    let name = must(&mut buildah(&["from", "--tls-verify=false", "--creds", &creds, &image]));
    let mut run = buildah(&["run", "--isolation", "chroot", "--env", &format!("PORT={port}"), &name, "/server"]);
    let running = Owned(run.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let said = ask(port);
    drop(running);
    must(&mut buildah(&["rm", &name]));
    said
}
