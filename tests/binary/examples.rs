//! Each example of `pipelines/examples/`, carried to production on its own seed as README says: with a build, approvals and checks.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::schema::copy;
use super::test_env::{Sandbox, TestEnv};
use crate::real::end_to_end::buildah_env;
use crate::real::peers::have;

/// The base image of the examples. There is no internet here: an image of this name without content is in the builder's store.
const BASE: &str = "public.ecr.aws/docker/library/python:3.13-slim";

struct Example {
    test_env: TestEnv,
    sandbox: Sandbox,
    builder: Vec<(String, String)>,
    _store: tempfile::TempDir,
}

impl Example {
    /// A checkout of the example, whose checks ask the sandbox. The sandbox runs fast, so it is read often.
    fn new(name: &str, file: &str) -> Example {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/examples").join(name);
        let seed = folder.join("sandbox.yaml");
        let sandbox = Sandbox::with(&["--speed", "120", "--seed", seed.to_str().unwrap()]);
        let test_env = TestEnv::empty();
        copy(&folder, test_env.root.path());
        let path = test_env.root.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.replace("https://", &format!("{}/_sandbox/at/", sandbox.endpoint()));
        let (gate, quick) = ("gate:\n  at_most:", "gate:\n  settle: 200ms\n  at_most:");
        assert!(text.contains(gate) && !text.contains("poll:"));
        let text = match text.contains("defaults: {") {
            true => text.replace("defaults: {", "defaults: { poll: 100ms,"),
            false => text.replace("\nstages:", "\ndefaults: { poll: 100ms }\nstages:"),
        };
        std::fs::write(path, text.replacen(gate, quick, 1)).unwrap();
        test_env.commit();
        let store = tempfile::tempdir().unwrap();
        base_image(store.path());
        let builder = buildah_env(store.path()).into_iter().map(|(n, v)| (n.to_owned(), v.display().to_string()));
        // Whether a dockerd runs on this machine makes no difference.
        let no_docker = ("DOCKER_HOST".to_owned(), "unix:///nowhere.sock".to_owned());
        Example { test_env, sandbox, builder: builder.chain([no_docker]).collect(), _store: store }
    }

    /// Releases as the developer and approves as the manager; returns the id of the release.
    fn released(&self) -> String {
        let (developer, manager) = (self.sandbox.keys("developer"), self.sandbox.keys("manager"));
        self.test_env.run(&developer, &["check"]).ended(0);
        let developer = [developer, self.builder.clone()].concat();
        self.test_env.run(&developer, &["plan"]).ended(0);
        let mut running = self.test_env.start(&developer, &["release"]);
        running.says("waits for approval");
        let asked = self.test_env.run(&manager, &["approvals", "--output", "json"]).ended(0).json().remove(0);
        let asked = &asked["waiting"][0];
        let (id, plan) = (asked["release"].as_str().unwrap(), asked["request"]["plan"].as_str().unwrap());
        self.test_env.run(&manager, &["approve", id, "--plan", plan, "-m", "read it all"]).ended(0);
        running.end().ended(0);
        let status = self.test_env.run(&developer, &["status", "--output", "json"]).ended(0).json().remove(0);
        for row in status["services"].as_array().unwrap() {
            assert_eq!(row["live"]["release"], id, "{row}");
        }
        id.to_owned()
    }
}

/// Puts a stand-in of the base image, for two platforms, into a store of buildah's.
fn base_image(store: &Path) {
    let env: Vec<(&str, PathBuf)> = buildah_env(store);
    let buildah = |args: &[&str]| {
        let ran = Command::new("buildah").envs(env.iter().cloned()).args(args).output().unwrap();
        assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    };
    buildah(&["manifest", "create", BASE]);
    for platform in ["amd64", "arm64"] {
        let image = format!("localhost/base-{platform}");
        let container = buildah(&["from", "--arch", platform, "scratch"]);
        buildah(&["config", "--arch", platform, "--os", "linux", &container]);
        buildah(&["commit", "--quiet", "--rm", &container, &image]);
        buildah(&["manifest", "add", BASE, &image]);
    }
}

#[test]
fn three_stages_reach_production() {
    if !have("the example with three stages", &["buildah"]) {
        return;
    }
    let example = Example::new("three-stages", "pipelines/asset-manager.yaml");
    example.released();
    let web = example.sandbox.reached("222222222222", "asset-prod", "web");
    let admin = example.sandbox.reached("222222222222", "asset-prod", "admin");
    assert_eq!(web["digests"]["web"], admin["digests"]["admin"], "one image for both: {web} {admin}");
}

#[test]
fn four_stages_reach_production() {
    if !have("the example with four stages", &["buildah", "curl"]) {
        return;
    }
    let example = Example::new("four-stages", "pipelines/portal.yaml");
    example.released();
    let (staging, prod) = (
        example.sandbox.reached("111111111111", "portal-staging", "portal-web"),
        example.sandbox.reached("222222222222", "portal-prod", "portal-web"),
    );
    assert!(staging["digests"]["pages"].is_string(), "{staging}");
    assert!(prod["digests"]["app"].is_string(), "{prod}");
}
