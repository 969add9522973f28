//! The scripts of the example files, run as their runners would: on a clean machine, with a token of the provider, and with one store that
//! two jobs share. The sandbox trusts tokens of one branch only.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::schemas::example;
use crate::binary::junit::Result::{Passed, Skipped};
use crate::binary::junit::{self, Junit};
use crate::binary::test_env::unpack_demo;
use crate::real::sandbox::{KANMON, Sandbox, answer, both};

const ISSUER: &str = "https://gitlab.example.com";
const JUNIT: &str = "kanmon-junit.xml";
const ROLE: &str = "arn:aws:iam::111111111111:role/ci";

/// The demo's seed, in which a branch's token may assume the role in development, and that role the one in production.
fn seed() -> Value {
    let mut seed: Value = serde_saphyr::from_str(include_str!("../../src/sandbox/seed/demo.yaml")).unwrap();
    let policies = seed["accounts"][0]["users"][0]["policies"].clone();
    // Nobody else has these permissions.
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
    *trust =
        serde_json::from_str(&trust.to_string().replace("arn:aws:iam::111111111111:user/developer", ROLE)).unwrap();
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

struct TestEnv {
    sandbox: Sandbox,
    root: tempfile::TempDir,
}

impl TestEnv {
    fn new() -> TestEnv {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("seed.json");
        std::fs::write(&file, seed().to_string()).unwrap();
        let sandbox = Sandbox::of("drivers", Some(&file));
        TestEnv { sandbox, root }
    }

    /// A new checkout, as each job has one.
    fn checkout(&self, name: &str) -> PathBuf {
        let checkout = self.root.path().join(name);
        unpack_demo(&checkout, &self.sandbox.endpoint());
        // As in the examples: a job does not identify a person.
        let file = checkout.join("pipelines/hello.yaml");
        let text = std::fs::read_to_string(&file).unwrap();
        let asks = "        by: kanmon\n";
        assert_eq!(text.matches(asks).count(), 1);
        std::fs::write(file, text.replace(asks, &format!("{asks}        self_approval: true\n"))).unwrap();
        checkout
    }

    fn store(&self) -> String {
        format!("local:{}", self.root.path().join("store").display())
    }

    /// Runs a job's script in a shell that ends at the first failure; returns its exit code and output.
    fn runs(&self, shell: &[&str], script: &str, here: &Path, settings: &[(&str, &str)]) -> (i32, String) {
        let home = tempfile::tempdir().unwrap();
        let programs = Path::new(KANMON).parent().unwrap();
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
        let printed = Command::new(shell[0])
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
        (printed.status.code().unwrap(), both(&printed))
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
        let printed = self.manager().args(["approve", release, "--plan", plan, "-m", "read"]).output().unwrap();
        assert!(printed.status.success(), "{}", both(&printed));
    }

    /// Sends a plain request to the sandbox; returns the body of the response.
    fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let endpoint = self.sandbox.endpoint();
        let host = endpoint.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        let mut printed = String::new();
        stream.read_to_string(&mut printed).unwrap();
        printed.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    /// What production's users get.
    fn production(&self) -> Value {
        let printed = self.ask("GET", "/_sandbox/service/222222222222/ap-northeast-1/hello-prod/web", "");
        serde_json::from_str(&printed).unwrap_or_else(|e| panic!("{e}: {printed}"))
    }

    fn runs_in_production(&self, digest: &str) -> bool {
        self.production()["digests"]["web"] == digest
    }
}

/// The variables of a file of `NAME=VALUE` lines.
fn variables(file: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(|l| l.split_once('=').unwrap()).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

fn pairs(list: &[(String, String)]) -> Vec<(&str, &str)> {
    list.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect()
}

fn read(path: &str) -> Value {
    serde_saphyr::from_str(&std::fs::read_to_string(example(path)).unwrap()).unwrap()
}

/// The script with a short wait for a person instead of half an hour.
fn impatient(script: &str) -> String {
    assert!(script.contains("timeout --preserve-status 30m"), "{script}");
    script.replace(" 30m ", " 20s ")
}

/// A job of GitLab's file: its settings, and its `before_script` and script in one shell.
fn gitlab_job(name: &str) -> (Vec<(String, String)>, String) {
    let file = read("gitlab-ci/.gitlab-ci.yml");
    let (common, job) = (&file[".kanmon"], &file[name]);
    assert_eq!(job["extends"], ".kanmon");
    let settings = common["variables"].as_object().unwrap().iter();
    let settings = settings.map(|(n, v)| (n.clone(), v.as_str().unwrap().replace("$CI_JOB_ID", "4711"))).collect();
    let lines = |list: &Value| list.as_array().unwrap().iter().map(|l| l.as_str().unwrap().to_owned()).collect();
    let script: Vec<String> =
        [&common["before_script"], &job["script"]].into_iter().flat_map(|l| -> Vec<_> { lines(l) }).collect();
    (settings, script.join("\n"))
}

/// The job's `after_script`, in another shell; the JUnit file that it writes for GitLab is in the job's artifacts.
fn gitlab_after(name: &str) -> String {
    let job = &read("gitlab-ci/.gitlab-ci.yml")[name];
    assert_eq!((&job["artifacts"]["reports"]["junit"], &job["artifacts"]["when"]), (&json!(JUNIT), &json!("always")));
    let lines = job["after_script"].as_array().unwrap().iter().map(|l| l.as_str().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

fn reported(file: &Path) -> Junit {
    junit::read(&std::fs::read_to_string(file).unwrap())
}

#[test]
fn gitlab_jobs_share_a_release() {
    let test_env = TestEnv::new();
    let job = |name: &str, edit: fn(&str) -> String, here: &Path, branch: &str, more: &[(String, String)]| {
        let (settings, script) = gitlab_job(name);
        // Each run has its own file for its token, so that parallel tests do not disturb each other.
        let at = test_env.root.path().join(format!("token-{branch}"));
        let exports = test_env.root.path().join("exports").display().to_string();
        let places = [("AWS_WEB_IDENTITY_TOKEN_FILE", at.display().to_string()), ("KANMON_EXPORTS", exports)];
        let mut settings: Vec<(String, String)> = settings;
        for (name, place) in places {
            let set = settings.iter_mut().find(|(n, _)| n == name).unwrap();
            set.1 = place;
        }
        settings.extend([("AWS_TOKEN".to_owned(), token(branch)), ("AWS_ROLE_ARN".to_owned(), ROLE.to_owned())]);
        settings.extend([("CI", "true"), ("GITLAB_CI", "true")].map(|(n, v)| (n.to_owned(), v.to_owned())));
        settings.extend_from_slice(more);
        let ended = test_env.runs(&["sh", "-e", "-c"], &edit(&script), here, &pairs(&settings));
        // The token was removed from the first shell only.
        settings.retain(|(name, _)| name != "AWS_TOKEN");
        test_env.runs(&["sh", "-c"], &gitlab_after(name), here, &pairs(&settings));
        ended
    };
    let as_it_is = |script: &str| script.to_owned();

    let checkout = test_env.checkout("first");
    let (code, said) = job("staging", as_it_is, &checkout, "other", &[]);
    assert_eq!(code, 40, "another branch's token is refused: {said}");
    let (code, said) = job("staging", as_it_is, &checkout, "main", &[]);
    assert_eq!(code, 0, "{said}");
    let exported = variables(&checkout.join("kanmon.env"));
    let shown = reported(&checkout.join(JUNIT));
    assert_eq!(shown.result("staging", "update staging/web"), &Passed, "{}", shown.lines());

    let second = test_env.checkout("second");
    let (code, said) = job("production", impatient, &second, "main", &exported);
    let tolerated = &read("gitlab-ci/.gitlab-ci.yml")["production"]["allow_failure"]["exit_codes"];
    assert_eq!(tolerated, &json!(code), "{said}");
    let shown = reported(&second.join(JUNIT));
    assert!(matches!(shown.result("prod", "approval"), Skipped(_)) && !shown.is_red(), "{}", shown.lines());
    test_env.approve();
    let (code, said) = job("production", as_it_is, &second, "main", &exported);
    assert_eq!(code, 0, "{said}");
    let digest = &exported.iter().find(|(n, _)| n == "KANMON_DIGEST").unwrap().1;
    assert!(test_env.runs_in_production(digest), "{}: {digest}", test_env.production());
    assert_eq!(reported(&second.join(JUNIT)).result("prod", "update prod/web"), &Passed);
}

/// What `aws-actions/configure-aws-credentials` sets for later steps: the keys of a session that the token opened.
fn github_settings(test_env: &TestEnv) -> Vec<(String, String)> {
    let form = [
        ("Action", "AssumeRoleWithWebIdentity".to_owned()),
        ("Version", "2011-06-15".to_owned()),
        ("RoleArn", ROLE.to_owned()),
        ("RoleSessionName", "github-1".to_owned()),
        ("WebIdentityToken", token("main")),
    ];
    let body = form.map(|(n, v)| format!("{n}={}", v.replace(':', "%3A").replace('/', "%2F"))).join("&");
    let printed = test_env.ask("POST", "/", &body);
    let of = |name: &str| {
        let (_, rest) = printed.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("{printed}"));
        rest.split('<').next().unwrap().to_owned()
    };
    let settings = [
        ("CI", "true".to_owned()),
        ("GITHUB_ACTIONS", "true".to_owned()),
        ("AWS_REGION", "ap-northeast-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", of("AccessKeyId")),
        ("AWS_SECRET_ACCESS_KEY", of("SecretAccessKey")),
        ("AWS_SESSION_TOKEN", of("SessionToken")),
    ];
    settings.map(|(n, v)| (n.to_owned(), v)).to_vec()
}

/// A step of GitHub's file that runs kanmon.
fn github_step(job: &str) -> String {
    let file = read("github-actions/release.yml");
    let steps = file["jobs"][job]["steps"].as_array().unwrap().iter().filter_map(|s| s["run"].as_str());
    let [step] =
        steps.filter(|run| run.contains("kanmon release") || run.contains("kanmon promote")).collect::<Vec<_>>()[..]
    else {
        panic!("{job} has one step that runs kanmon");
    };
    step.to_owned()
}

/// The step that writes the report; asserts that another step uploads its file.
fn github_report(job: &str) -> String {
    let file = read("github-actions/release.yml");
    let steps = file["jobs"][job]["steps"].as_array().unwrap();
    let uploads = steps.iter().any(|s| {
        let uploads = s["uses"].as_str().is_some_and(|u| u.starts_with("actions/upload-artifact@"));
        uploads && s["with"]["path"] == format!("${{{{ runner.temp }}}}/{JUNIT}") && s["if"] == "always()"
    });
    assert!(uploads, "{job} uploads its report");
    let step = steps.iter().find(|s| s["name"] == "Report").unwrap();
    assert!(step["if"].as_str().unwrap().contains("always()"));
    step["run"].as_str().unwrap().to_owned()
}

#[test]
fn github_jobs_share_a_release() {
    let test_env = TestEnv::new();
    let shell = ["bash", "-e", "-c"];
    let output = test_env.root.path().join("output");
    let mut settings = github_settings(&test_env);
    settings.push(("GITHUB_OUTPUT".to_owned(), output.display().to_string()));
    let (code, said) = test_env.runs(&shell, &github_step("staging"), &test_env.checkout("first"), &pairs(&settings));
    assert_eq!(code, 0, "{said}");
    let outputs = variables(&output);
    let of = |name: &str| outputs.iter().find(|(n, _)| n == name).unwrap().1.clone();
    settings.push(("RELEASE".to_owned(), of("KANMON_RELEASE")));
    settings.push(("RUNNER_TEMP".to_owned(), test_env.root.path().display().to_string()));
    let report = |job: &str, settings: &[(String, String)]| {
        let (code, said) = test_env.runs(&shell, &github_report(job), &test_env.checkout("report"), &pairs(settings));
        assert_eq!(code, 0, "{said}");
        reported(&test_env.root.path().join(JUNIT))
    };
    assert_eq!(report("staging", &settings).result("staging", "update staging/web"), &Passed);

    let second = test_env.checkout("second");
    let promote = github_step("production");
    let (code, said) = test_env.runs(&shell, &impatient(&promote), &second, &pairs(&settings));
    assert_eq!(code, 30, "nothing is deployed, and the job does not say so: {said}");
    assert!(said.contains("::notice::") && said.contains("is suspended, not done"), "{said}");
    assert!(!test_env.runs_in_production(&of("KANMON_DIGEST")));
    test_env.approve();
    let (code, said) = test_env.runs(&shell, &promote, &second, &pairs(&settings));
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains("::notice::"), "{said}");
    assert_eq!(report("production", &settings).result("prod", "update prod/web"), &Passed);
    assert!(test_env.runs_in_production(&of("KANMON_DIGEST")), "{}", test_env.production());
}
