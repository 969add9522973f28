//! AWS's own clients use every operation of a served sandbox: boto3 in lifecycle.py and lifecycles/, the `aws` command in command.py.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::json;

use super::{models, print_line};
use crate::real::peers::{DockerPeer, have, leave_out};
use crate::real::sandbox::Sandbox;

const CLIENTS: [(&str, &str); 2] = [("boto3", "lifecycle.py"), ("the aws command", "command.py")];

/// Runs the clients once for all tests. `false`: left out, which was printed.
///
/// # Panics
/// If a client found a difference to AWS.
pub fn passed() -> bool {
    static PASSED: OnceLock<Result<bool, String>> = OnceLock::new();
    PASSED.get_or_init(run_clients).clone().unwrap_or_else(|why| panic!("{why}"))
}

fn run_clients() -> Result<bool, String> {
    let test = "AWS's clients";
    let python = models::environment().join("bin/python");
    if !have(test, &["aws", "dockerd", "docker", "skopeo"]) {
        return Ok(false);
    }
    if !python.is_file() {
        leave_out(test, "no boto3 in TARGET/models; tests/run puts it there");
        return Ok(false);
    }
    let Some(daemon) = DockerPeer::start() else {
        leave_out(test, "dockerd needs root");
        return Ok(false);
    };
    for (client, script) in CLIENTS {
        let work = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::of("contract", Some(&seed(work.path())));
        let keys = |user: &str| sandbox.exported(user).into_iter().collect::<BTreeMap<_, _>>();
        let given = json!({
            "endpoint": sandbox.endpoint(),
            "keys": {"developer": keys("developer"), "manager": keys("manager")},
            "docker": daemon.host,
            "work": work.path(),
        });
        run(&python, script, work.path(), &given).map_err(|why| format!("{client}:\n{why}"))?;
    }
    Ok(true)
}

/// The demo's seed, and a role that trusts the token of a provider: it cannot be assumed with keys.
pub fn seed(folder: &Path) -> PathBuf {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sandbox/seed/demo.yaml");
    let demo = std::fs::read_to_string(demo).unwrap();
    let (before, after) = demo.split_once("    name: dev\n").expect("the demo's development account");
    let trusts = json!({
        "Effect": "Allow",
        "Principal": {"Federated": "arn:aws:iam::111111111111:oidc-provider/gitlab.example.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {
            "gitlab.example.com:aud": "https://gitlab.example.com",
            "gitlab.example.com:sub": "project:shop:ref:main",
        }},
    });
    let role = json!({"name": "ci", "trust": {"Version": "2012-10-17", "Statement": [trusts]}});
    let file = folder.join("seed.yaml");
    // JSON is YAML too.
    std::fs::write(&file, format!("{before}    name: dev\n    roles: [{role}]\n{after}")).unwrap();
    file
}

/// Runs a Python script of this folder in a clean environment; its output is printed.
pub fn run(python: &Path, script: &str, home: &Path, given: &serde_json::Value) -> Result<String, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract").join(script);
    let mut child = Command::new(python)
        .arg("-B")
        .arg(script)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", home)
        .envs([("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_PAGER", ""), ("NO_PROXY", "127.0.0.1")])
        .envs(std::env::var_os("KANMON_TRAFFIC").map(|folder| ("KANMON_TRAFFIC", folder)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    if !done.status.success() {
        return Err(format!("{out}{err}"));
    }
    print_line(&out);
    Ok(out.into_owned())
}

#[test]
fn aws_clients_use_every_operation_of_the_sandbox() {
    passed();
}
