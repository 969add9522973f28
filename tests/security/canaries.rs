//! A whole release with secrets of every kind and full logging: none of them is in anything that it leaves behind.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use kanmon::image::OciImages;
use kanmon::model::pipeline::{Build, ImageSpec, LayerFiles, LayersSpec};
use kanmon::ports::images::Images as _;

use super::leaks::{ProcessObserver, Search, Secrets};
use super::wire::RecordingProxy;
use crate::binary::test_env::{Ran, Running, Sandbox, TestEnv, release_in};
use crate::real::end_to_end::buildah_env;
use crate::real::peers::{HastyClock, RegistryPeer, find, have};

/// Secrets that the test chooses, in addition to those that AWS creates.
struct Canaries {
    developer: String,
    manager: String,
    /// In the environment of a container that runs, and in the values of the next template.
    live: String,
    next: String,
    /// In the environment of the build.
    npm: String,
    wrong: String,
}

impl Canaries {
    fn new() -> Canaries {
        let one = |what: &str| format!("canary-{what}/{:016x}+{:016x}", rand::random::<u64>(), rand::random::<u64>());
        Canaries {
            developer: one("developer"),
            manager: one("manager"),
            live: one("live"),
            next: one("next"),
            npm: one("npm"),
            wrong: one("wrong"),
        }
    }

    fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::default();
        secrets.add("the developer's secret key", &self.developer);
        secrets.add("the manager's secret key", &self.manager);
        secrets.add("an environment value of what runs", &self.live);
        secrets.add("an environment value of the next template", &self.next);
        secrets.add("the build's token", &self.npm);
        secrets.add("a key, token or password that is refused", &self.wrong);
        secrets.add_login("the base image's registry", RegistryPeer::USER, RegistryPeer::PASSWORD);
        secrets
    }
}

/// Everything in one run.
struct CanaryRelease {
    canaries: Canaries,
    sandbox: Sandbox,
    wire: RecordingProxy,
    registry: RegistryPeer,
    test_env: TestEnv,
    /// The folder of wrappers that record their arguments and then run the real programs.
    wrappers: tempfile::TempDir,
    temporary: tempfile::TempDir,
    _store: tempfile::TempDir,
    _seed: tempfile::TempDir,
    more: Vec<(String, String)>,
    /// The output of every command, by its arguments.
    said: Vec<(String, String)>,
}

impl CanaryRelease {
    async fn set() -> CanaryRelease {
        let (canaries, seeds) = (Canaries::new(), tempfile::tempdir().unwrap());
        let seed = seeds.path().join("seed.yaml");
        std::fs::write(&seed, seed_with(&canaries)).unwrap();
        let sandbox = Sandbox::with(&["--speed", "120", "--seed", seed.to_str().unwrap()]);
        let wire = RecordingProxy::to(&sandbox.host);
        let registry = RegistryPeer::start();
        push_base(&registry).await;
        let test_env = TestEnv::demo(&sandbox);
        test_env.edit(&sandbox.endpoint(), &wire.endpoint());
        lay_out(&test_env, &canaries, &registry);
        let (wrappers, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = tempfile::tempdir().unwrap();
        // Prints its secret, as careless builds do; and the whole file of logins if it cannot push.
        wrap(wrappers.path(), "buildah", "case \" $* \" in
            *' build '*) echo \"the token is $NPM_TOKEN\"; [ ! -e \"$FAIL/build\" ] || exit 1 ;;
            *' push '*) [ ! -e \"$FAIL/push\" ] || { while [ $# -gt 0 ]; do [ \"$1\" != --authfile ] || cat \"$2\"; shift; done; exit 1; } ;;
            esac");
        wrap(wrappers.path(), "git", "");
        wrap(wrappers.path(), "docker", "exit 1");
        let mut more: Vec<(String, String)> = buildah_env(store.path())
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.display().to_string()))
            .collect();
        let path = format!("{}:{}", wrappers.path().display(), std::env::var("PATH").unwrap());
        more.extend([
            ("PATH".to_owned(), path),
            ("TMPDIR".to_owned(), temporary.path().display().to_string()),
            ("FAIL".to_owned(), wrappers.path().display().to_string()),
            ("NPM_TOKEN".to_owned(), canaries.npm.clone()),
            ("DOCKER_CONFIG".to_owned(), registry.docker_config().display().to_string()),
        ]);
        CanaryRelease {
            canaries,
            sandbox,
            wire,
            registry,
            test_env,
            wrappers,
            temporary,
            _store: store,
            _seed: seeds,
            more,
            said: Vec::new(),
        }
    }

    fn env(&self, user: &str, other: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut env = self.sandbox.keys(user);
        env.push(("AWS_ENDPOINT_URL".to_owned(), self.wire.endpoint()));
        env.extend(self.more.iter().cloned());
        env.extend(other.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        env
    }

    /// Runs a verb with the most verbose output.
    fn run(&mut self, user: &str, args: &[&str]) -> Ran {
        self.run_with(user, &[], args)
    }

    fn run_with(&mut self, user: &str, other: &[(&str, &str)], args: &[&str]) -> Ran {
        let ran = self.test_env.run(&self.env(user, other), &[args, &["-vvv"]].concat());
        self.keep(args, &ran);
        ran
    }

    fn start(&self, user: &str, args: &[&str]) -> Running {
        self.test_env.start(&self.env(user, &[]), &[args, &["-vvv"]].concat())
    }

    fn keep(&mut self, args: &[&str], ran: &Ran) {
        for (stream, text) in [("stdout", &ran.out), ("stderr", &ran.err)] {
            self.said.push((format!("{stream} of `kanmon {}`", args.join(" ")), text.clone()));
        }
    }

    /// Lets a wrapper fail from now on, or no longer.
    fn failing(&self, what: &str, fails: bool) {
        let file = self.wrappers.path().join(what);
        if fails { std::fs::write(file, "").unwrap() } else { std::fs::remove_file(file).unwrap() }
    }

    /// The manager approves the release.
    fn approve(&mut self, id: &str) {
        let shown = self.run("manager", &["approvals", "--output", "json"]).ended(0).json();
        let plan = shown[0]["waiting"][0]["request"]["plan"].as_str().unwrap().to_owned();
        self.run("manager", &["approvals"]).ended(0);
        self.run("manager", &["approve", id, "--plan", &plan, "-m", "read it all"]).ended(0);
    }
}

/// The demo's two accounts with these keys, and with a secret in the environment of the running services.
fn seed_with(canaries: &Canaries) -> String {
    let demo =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sandbox/seed/demo.yaml")).unwrap();
    let replaced = |text: String, from: &str, to: &str| {
        assert!(text.contains(from), "the demo's seed does not contain `{from}`");
        text.replace(from, to)
    };
    let text = replaced(demo, "sandbox/developer/example/secret/key/000", &canaries.developer);
    let text = replaced(text, "sandbox/manager/example/secret/key/00000", &canaries.manager);
    let more = format!("{{ name: DB_PASSWORD, value: \"{}\" }}, {{ name: STAGE, value: ", canaries.live);
    replaced(text, "{ name: STAGE, value: ", &more)
}

/// Pushes a base image that needs a login.
async fn push_base(registry: &RegistryPeer) {
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join("base"), "a base").unwrap();
    let layers = LayersSpec {
        base: "scratch".to_owned(),
        files: vec![LayerFiles { from: "base".to_owned(), to: "/base".to_owned() }],
        entrypoint: None,
        cmd: None,
        env: Default::default(),
        user: None,
        workdir: None,
        ports: Vec::new(),
        labels: Default::default(),
    };
    let spec = ImageSpec {
        account: "dev".parse().unwrap(),
        repository: "base".to_owned(),
        platforms: vec!["linux/amd64".to_owned()],
        build: Build::Layers(layers),
    };
    let images = OciImages::new(files.path().to_owned(), std::sync::Arc::new(HastyClock));
    images.build(&spec, &registry.access("team/base"), "1", &|_| {}).await.unwrap();
}

/// One image by buildah, one by `layers` on the base that needs a login; secrets in the values of every stage.
fn lay_out(test_env: &TestEnv, canaries: &Canaries, registry: &RegistryPeer) {
    test_env
        .write("Dockerfile", "FROM scratch\nARG VERSION\nLABEL version=$VERSION\nCOPY app/index.html /index.html\n");
    test_env.write(".dockerignore", ".git\n.kanmon\n");
    let side = format!(
        "  side: {{ account: dev, repository: asset-manager, builder: layers, layers: {{ base: \"{}/team/base:1\", files: {{ /srv: app }} }} }}\n",
        registry.host
    );
    let layers = "    builder: layers
    layers:
      files: { /srv/www: app }
      ports: [8080]
      labels: { org.opencontainers.image.title: hello }
";
    test_env.edit(layers, &format!("    builder: buildah\n    context: .\n    args: {{ VERSION: \"1\" }}\n{side}"));
    test_env.edit("containers: { web: app }", "containers: { web: app, side: side }");
    let template = std::fs::read_to_string(test_env.root.path().join("deploy/web.json")).unwrap();
    let mut template: serde_json::Value =
        serde_json::from_str(&template.replace("\"{{ stage }}\"", "\"{{ db_password }}\"")).unwrap();
    let containers = template["containerDefinitions"].as_array_mut().unwrap();
    containers[0]["secrets"] = serde_json::json!([{ "name": "API_KEY", "valueFrom": "arn:aws:ssm:ap-northeast-1:{{ account.id }}:parameter/api-key" }]);
    let mut side = containers[0].clone();
    side["name"] = "side".into();
    side.as_object_mut().unwrap().remove("portMappings");
    containers.push(side);
    test_env.write("deploy/web.json", &serde_json::to_string_pretty(&template).unwrap());
    for stage in ["dev", "staging", "prod"] {
        let file = format!("deploy/{stage}.yaml");
        let values = std::fs::read_to_string(test_env.root.path().join(&file)).unwrap();
        test_env.write(&file, &format!("{values}db_password: \"{}\"\n", canaries.next));
    }
    test_env.commit();
}

/// Writes a wrapper that records its arguments, runs this, and then the real program.
fn wrap(folder: &Path, program: &str, first: &str) {
    let real = find(program).unwrap_or_else(|| PathBuf::from("/nowhere"));
    let file = folder.join(program);
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$0 $*\" >> '{0}/called'\n( set -- \"$@\"\n{first}\n) || exit 1\nexec '{1}' \"$@\"\n",
        folder.display(),
        real.display()
    );
    std::fs::write(&file, script).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
}

/// Releases that fail in ways in which an error message could show a secret.
fn what_goes_wrong(scene: &mut CanaryRelease) {
    let wrong = scene.canaries.wrong.clone();
    let refused = [("AWS_SECRET_ACCESS_KEY", wrong.as_str())];
    scene.run_with("developer", &refused, &["release"]).ended(40);
    let expired = [("AWS_ACCESS_KEY_ID", "ASIASANDBOXEXPIRED00"), ("AWS_SESSION_TOKEN", wrong.as_str())];
    scene.run_with("developer", &expired, &["status"]);
    scene.run_with("manager", &[], &["release"]);

    let folder = scene.temporary.path().join("wrong-login");
    std::fs::create_dir(&folder).unwrap();
    let host = scene.registry.host.clone();
    let login = serde_json::json!({"auths": {host: {"username": "AWS", "password": wrong}}});
    std::fs::write(folder.join("config.json"), login.to_string()).unwrap();
    let other = [("DOCKER_CONFIG", folder.to_str().unwrap())];
    let ran = scene.run_with("developer", &other, &["release", "--until", "dev"]);
    assert!(ran.code == Some(3) || ran.code == Some(40), "{ran:?}");
    std::fs::remove_dir_all(&folder).unwrap();

    for (what, code) in [("build", 3), ("push", 3)] {
        scene.failing(what, true);
        let ran = scene.run("developer", &["release", "--until", "dev"]).ended(code);
        assert!(ran.err.contains("the token is ***"), "the output of the build is missing: {}", ran.err);
        assert!(what == "build" || ran.out.contains("\"auth\":\"***\""), "the logins are missing: {}", ran.out);
        scene.failing(what, false);
    }

    let file = std::fs::read_to_string(scene.test_env.root.path().join("pipelines/hello.yaml")).unwrap();
    let check = file.lines().find(|l| l.contains("- check: ") && l.contains("hello-dev/web")).unwrap().to_owned();
    let says = "      - check: { command: [sh, -c, \"echo with $AWS_SECRET_ACCESS_KEY and $NPM_TOKEN >&2; exit 7\"], account: dev }";
    scene.test_env.edit(&check, says);
    let ran = scene.run("developer", &["release", "--until", "dev"]).ended(20);
    assert!(ran.err.contains("exited with 7: with *** and ***"), "the output of the check is missing: {}", ran.err);
    scene.test_env.edit(says, &check);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_release_leaves_holds_a_secret() {
    if !have("canaries", &["buildah", "docker-registry", "htpasswd", "git"]) {
        return;
    }
    let mut scene = CanaryRelease::set().await;
    let onlooker = ProcessObserver::start(&scene.temporary.path().display().to_string());

    scene.run("developer", &["check"]).ended(0);
    scene.run("developer", &["plan"]).ended(0).says("environment");
    what_goes_wrong(&mut scene);
    let first = scene.run("developer", &["release", "--until", "staging", "--env-file", "kanmon.env"]).ended(0);
    let id = release_in(&first.out);
    assert!(first.err.contains("the token is ***"), "{}", first.err);
    let args = ["promote", &id, "--to", "prod", "--output", "json"];
    let mut promoting = scene.start("developer", &args);
    promoting.says("approval-requested");
    scene.approve(&id);
    let promoted = promoting.end().ended(0);
    scene.keep(&args, &promoted);

    for args in [
        &["status"][..],
        &["status", "--output", "json"],
        &["history"],
        &["history", "--output", "json"],
        &["history", &id],
        &["history", &id, "--output", "json"],
        &["report", &id, "--format", "junit"],
        &["plan", &id],
        &["plan", "--output", "json"],
        &["demo", "--speed", "600"],
        &["demo", "--speed", "600", "--output", "json"],
    ] {
        scene.run("developer", args).ended(0);
    }
    let exported = scene.run("developer", &["export", &id]).ended(0);
    scene.test_env.write("release.jsonl", &exported.out);
    scene.run("developer", &["import", "release.jsonl", "--state", "local:elsewhere"]).ended(0);

    let mut secrets = scene.canaries.secrets();
    let [keys, tokens, passwords] = scene.wire.add_to(&mut secrets);
    assert!(keys > 1 && tokens > 1 && passwords > 1, "no secrets were recorded: {keys}, {tokens}, {passwords}");
    secrets.add("the demo's developer's secret key", "sandbox/developer/example/secret/key/000");
    let registered = scene.sandbox.ask("GET", "log", "").to_string();
    assert!(registered.contains("RegisterTaskDefinition"), "nothing was deployed");

    let mut search = Search::new(&secrets);
    for (what, text) in &scene.said {
        search.look(what, text.as_bytes());
    }
    // The test itself wrote the values; git keeps them in its own objects.
    search.look_below(
        scene.test_env.root.path(),
        &[".git", "deploy/dev.yaml", "deploy/staging.yaml", "deploy/prod.yaml"],
    );
    search.look_below(scene.temporary.path(), &[]);
    let called = std::fs::read(scene.wrappers.path().join("called")).unwrap();
    let text = String::from_utf8_lossy(&called).into_owned();
    for call in ["buildah build ", "buildah push ", "git -C "] {
        assert!(text.contains(call), "`{call}` was not recorded: {text}");
    }
    search.look("the arguments of buildah, docker and git", &called);
    let lines = onlooker.end();
    let saw = |word: &str| lines.iter().any(|l| String::from_utf8_lossy(l).contains(word));
    assert!(saw("promote") && saw("buildah"), "the observer did not see both kanmon and buildah");
    lines.iter().for_each(|line| search.look("the command line of a process", line));
    let (places, kilobytes) = (search.places, search.bytes / 1024);
    search.finds_nothing();
    let names = secrets.names().count();
    crate::real::end_to_end::print_line(&format!(
        "{names} secrets looked for in {places} places, {kilobytes} kB: none found"
    ));
}
