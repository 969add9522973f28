//! The pipeline file, the policies and the commands of README.md work as they are printed there.

use std::path::Path;
use std::process::Command;

use kanmon::aws::operations::{Access, Operation};
use serde_json::{Value, json};

use super::peers::have;
use super::sandbox::{Running, Sandbox, answer, both};

/// The heading of the policies for releases from a terminal.
pub const PERMISSIONS: &str = "### 3. Grant the permissions";
/// Of those for releases in CodePipeline.
pub const ROLES: &str = "### The roles";

fn text() -> String {
    read("README.md")
}

fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// The code blocks of one language.
fn blocks(language: &str) -> Vec<String> {
    blocks_of(&text(), language)
}

fn blocks_of(readme: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    readme.split(&opening).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// The code blocks of one language below a heading, up to the next one.
pub fn blocks_below(heading: &str, language: &str) -> Vec<String> {
    let readme = text();
    let (_, rest) = readme.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no heading {heading}"));
    // A comment of a shell begins in the same way, but with one `#`.
    blocks_of(rest.split("\n##").next().unwrap(), language)
}

/// A policy of the README with its placeholders filled in.
pub fn filled(policy: &str, values: &[(&str, &str)]) -> Value {
    let text = values.iter().fold(policy.to_owned(), |text, (name, value)| text.replace(name, value));
    serde_json::from_str(&text).unwrap()
}

/// The demo's seed with only README's policies for the user and the role that release, and none for the approver.
fn seed() -> Value {
    let policies = blocks_below(PERMISSIONS, "json");
    let [both, trust, enter] = policies.as_slice() else { panic!("{policies:?}") };
    let own = include_str!("../../src/sandbox/seed/demo.yaml");
    let mut seed: Value = serde_saphyr::from_str(own).unwrap();
    for (account, id) in ["111111111111", "222222222222"].into_iter().enumerate() {
        assert_eq!(seed["accounts"][account]["id"], id);
        let policy = filled(both, &[("ACCOUNT", id)]);
        if account == 0 {
            seed["accounts"][0]["users"][0]["policies"] = json!([policy, filled(enter, &[])]);
            seed["accounts"][0]["users"][1]["policies"] = json!([]);
        } else {
            let role = &mut seed["accounts"][1]["roles"][0];
            assert_eq!(role["name"], "kanmon-deploy");
            role["policies"] = json!([policy]);
            role["trust"] = filled(trust, &[("PRINCIPAL", "arn:aws:iam::111111111111:user/developer")]);
        }
    }
    seed
}

#[test]
fn every_command_of_the_readme_exists() {
    let commands: Vec<String> = blocks("sh")
        .iter()
        .flat_map(|b| b.lines().map(str::to_owned).collect::<Vec<_>>())
        .map(|line| line.split(" #").next().unwrap().trim().to_owned())
        .filter_map(|line| line.find("kanmon ").map(|at| line[at + "kanmon ".len()..].to_owned()))
        .collect();
    assert!(commands.len() > 10, "{commands:?}");
    for command in commands {
        // The command of a substitution ends at its bracket.
        let mut words: Vec<&str> = command.trim_end_matches(')').split_whitespace().collect();
        if let Some(at) = words.iter().position(|w| ["-m", "--comment", ">", "|"].contains(w)) {
            words.truncate(at);
        }
        // clap parses everything before `--help`.
        let ran = Command::new(super::sandbox::KANMON).args(&words).arg("--help").env_clear().output().unwrap();
        assert!(ran.status.success(), "kanmon {command}: {}", both(&ran));
    }
}

#[test]
fn the_japanese_readme_has_the_same_files_commands_and_headings() {
    let (english, japanese) = (text(), read("README.ja.md"));
    for language in ["sh", "yaml", "json"] {
        let bare = |readme: &str| -> Vec<String> {
            let blocks = blocks_of(readme, language);
            blocks.iter().flat_map(|b| b.lines()).map(|l| l.split(" #").next().unwrap().trim_end().to_owned()).collect()
        };
        assert_eq!(bare(&english), bare(&japanese));
    }
    let shape = |readme: &str| -> Vec<usize> {
        readme.lines().filter(|l| l.starts_with("#")).map(|l| l.bytes().take_while(|b| *b == b'#').count()).collect()
    };
    assert_eq!(shape(&english), shape(&japanese));
}

#[test]
fn its_first_pipeline_reaches_production_with_the_permissions_it_names() {
    if !have("the README's pipeline", &["buildah", "rustc"]) {
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let here = root.path();
    let seed_file = here.join("seed.json");
    std::fs::write(&seed_file, seed().to_string()).unwrap();
    let sandbox = Sandbox::with_seed(Some(&seed_file));

    // As the README says, only the two checks differ there.
    let mut file = blocks("yaml").remove(0);
    for (url, id, cluster) in [
        ("https://dev.hello.example/healthz", "111111111111", "hello-dev"),
        ("https://hello.example/healthz", "222222222222", "hello-prod"),
    ] {
        assert!(file.contains(url));
        let service = format!("_sandbox/service/{id}/ap-northeast-1/{cluster}/web");
        assert!(text().contains(&service));
        file = file.replace(url, &format!("{}/{service}", sandbox.endpoint()));
    }
    std::fs::create_dir(here.join("pipelines")).unwrap();
    std::fs::write(here.join("pipelines/hello.yaml"), file).unwrap();
    super::end_to_end::server(here);

    let env = super::end_to_end::buildah_env(here);
    let verb = |user: &str, args: &[&str]| {
        let mut verb = sandbox.kanmon(user, here, &env);
        verb.args(args);
        verb
    };
    for args in [["check"], ["plan"]] {
        answer(verb("developer", &args));
    }
    let mut releasing = Running::start(verb("developer", &["release"]));
    let asked = releasing.until("approval request", || {
        answer(verb("manager", &["approvals"]))["waiting"].as_array().unwrap().first().cloned()
    });
    let (id, plan) = (asked["release"].as_str().unwrap(), asked["request"]["plan"].as_str().unwrap());
    answer(verb("manager", &["approve", id, "--plan", plan, "-m", "read it all"]));
    releasing.succeeded();
    let status = answer(verb("developer", &["status"]));
    for row in status["services"].as_array().unwrap() {
        assert_eq!(row["live"]["release"], id, "{row}");
    }
}

/// The policy has every action that the adapters call.
#[test]
fn its_permissions_are_those_that_the_adapters_call() {
    let granted = blocks_below(PERMISSIONS, "json").remove(0);
    for action in called() {
        let wide = action.starts_with("ecs:Describe") || action.starts_with("ecs:List");
        let approver = action.starts_with("codepipeline:") || action.starts_with("sts:") || action.starts_with("iam:");
        assert!(wide || approver || granted.contains(&format!("\"{action}\"")), "{action} is called, not granted");
    }
}

/// Production's build may read in development whatever development's build reads there, and write only records.
#[test]
fn the_roles_for_the_other_account_have_what_that_account_is_called_for() {
    let roles = blocks_below(ROLES, "json");
    let [_, _, _, _, record, copy, read] = roles.as_slice() else { panic!("{roles:?}") };
    let has = |policies: &[&String], action: &str| policies.iter().any(|p| p.contains(&format!("\"{action}\"")));
    // Both grant `ecs:Describe*` and `ecs:List*`.
    for operation in Operation::ALL.iter().filter(|o| !o.action().starts_with("ecs:")) {
        let (action, reads) = (operation.action(), operation.access() == Access::Read);
        match action.split_once(':').unwrap().0 {
            // A transaction of puts needs what each of them needs.
            "dynamodb" => assert!(has(&[record], action.replace("TransactWriteItems", "PutItem").as_str()), "{action}"),
            // Only a message to people uses the list of names.
            "codepipeline" => {
                assert_eq!(has(&[record], action), reads && !action.ends_with("ListPipelines"), "{action}")
            }
            "ecr" | "inspector2" => {
                assert!(has(&[copy], action), "{action}");
                assert_eq!(has(&[read], action), reads, "{action}");
            }
            _ => {}
        }
    }
    for write in ["ecs:RegisterTaskDefinition", "ecs:RunTask", "ecs:UpdateService", "iam:PassRole"] {
        assert!(!has(&[record, copy, read], write), "{write}");
    }
}

/// Every action that the adapters call, except the store's.
pub fn called() -> Vec<&'static str> {
    let all = Operation::ALL.iter().map(|operation| operation.action());
    all.filter(|action| !action.starts_with("dynamodb:")).collect()
}
