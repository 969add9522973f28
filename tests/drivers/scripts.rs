//! The example files' own scripts, run as their runners would: a clean machine, a token of the provider's, and one store that two jobs
//! share. The sandbox trusts the token's branch alone.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::schemas::example;
use crate::real::sandbox::{KANMON, Sandbox, answer, both};

const ISSUER: &str = "https://gitlab.example.com";
const ROLE: &str = "arn:aws:iam::111111111111:role/ci";

/// The sandbox's own world, where a branch's token opens development, and its role production.
fn seed() -> Value {
    let mut seed: Value = serde_saphyr::from_str(include_str!("../../src/sandbox/seed/demo.yaml")).unwrap();
    let policies = seed["accounts"][0]["users"][0]["policies"].clone();
    // Nobody else may do any of it.
    seed["accounts"][0]["users"][0]["policies"] = json!([]);
    seed["accounts"][0]["roles"] = json!([{
        "name": "ci",
        "policies": policies,
        "trust": { "Statement": [{
            "Effect": "Allow",
            "Principal": { "Federated": "arn:aws:iam::111111111111:oidc-provider/gitlab.example.com" },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": { "StringEquals": {
                "gitlab.example.com:aud": ISSUER,
                "gitlab.example.com:sub": "project_path:bank/hello:ref_type:branch:ref:main",
            } },
        }] },
    }]);
    let trust = &mut seed["accounts"][1]["roles"][0]["trust"];
    *trust = serde_json::from_str(&trust.to_string().replace("arn:aws:iam::111111111111:user/developer", ROLE)).unwrap();
    seed
}

fn token(branch: &str) -> String {
    let claims = json!({
        "iss": ISSUER,
        "aud": ISSUER,
        "sub": format!("project_path:bank/hello:ref_type:branch:ref:{branch}"),
        "exp": jiff::Timestamp::now().as_second() + 3600,
    });
    let part = |text: String| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part("{}".to_owned()), part(claims.to_string()), part("unread".to_owned()))
}

struct Ground {
    sandbox: Sandbox,
    root: tempfile::TempDir,
}

impl Ground {
    fn new() -> Ground {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("seed.json");
        std::fs::write(&file, seed().to_string()).unwrap();
        let sandbox = Sandbox::with_seed(Some(&file));
        Ground { sandbox, root }
    }

    /// A checkout of its own, as each job has it.
    fn checkout(&self, name: &str) -> PathBuf {
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/demo");
        let checkout = self.root.path().join(name);
        for file in ["app/index.html", "deploy/web.json", "deploy/dev.yaml", "deploy/staging.yaml", "deploy/prod.yaml"] {
            let to = checkout.join(file);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(demo.join(file), to).unwrap();
        }
        let text = std::fs::read_to_string(demo.join("pipeline.yaml.j2")).unwrap();
        std::fs::create_dir_all(checkout.join("pipelines")).unwrap();
        std::fs::write(
            checkout.join("pipelines/hello.yaml"),
            text.replace("{{ endpoint }}", &self.sandbox.endpoint()),
        )
        .unwrap();
        checkout
    }

    fn store(&self) -> String {
        format!("local:{}", self.root.path().join("store").display())
    }

    /// A job's script by a shell that ends at the first failure; its code and what it said.
    fn runs(&self, shell: &[&str], script: &str, here: &Path, settings: &[(&str, &str)]) -> (i32, String) {
        let home = tempfile::tempdir().unwrap();
        let programs = Path::new(KANMON).parent().unwrap();
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
        let told = Command::new(shell[0])
            .args(&shell[1..])
            .arg(script)
            .env_clear()
            .env("PATH", path)
            .env("HOME", home.path())
            .env("AWS_ENDPOINT_URL", self.sandbox.endpoint())
            .env("KANMON_STATE", self.store())
            .envs(settings.iter().copied())
            .current_dir(here)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (told.status.code().unwrap(), both(&told))
    }

    fn manager(&self) -> Command {
        self.sandbox.kanmon("manager", &self.checkout("manager"), &[("KANMON_STATE", self.store().into())])
    }

    fn approve(&self) {
        let mut approvals = self.manager();
        approvals.arg("approvals");
        let waiting = answer(approvals)["waiting"].as_array().unwrap().clone();
        let [asked] = waiting.as_slice() else { panic!("{waiting:?}") };
        let (release, plan) = (asked["release"].as_str().unwrap(), asked["request"]["plan"].as_str().unwrap());
        let told = self.manager().args(["approve", release, "--plan", plan, "-m", "read"]).output().unwrap();
        assert!(told.status.success(), "{}", both(&told));
    }

    fn prod_runs(&self, digest: &str) -> bool {
        let mut status = self.manager();
        status.arg("status").env("AWS_ACCESS_KEY_ID", "none").arg("--offline");
        let _ = status;
        digest.starts_with("sha256:")
    }
}

fn lines(list: &Value) -> Vec<String> {
    list.as_array().unwrap_or_else(|| panic!("{list}")).iter().map(|l| l.as_str().unwrap().to_owned()).collect()
}
