//! `kanmon sandbox`: an AWS on loopback for any client.

use super::test_env::{Sandbox, TestEnv};

#[test]
fn the_sandbox_prints_the_variables_to_export_for_each_of_its_users() {
    let sandbox = Sandbox::start();
    for user in ["developer", "manager"] {
        let keys = sandbox.keys(user);
        let names: Vec<&str> = keys.iter().map(|(n, _)| n.as_str()).collect();
        let wanted =
            ["AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
        assert_eq!(names, wanted);
    }
    assert_eq!(sandbox.ask("GET", "faults", "")["faults"], serde_json::json!([]));
}

#[test]
fn as_json_it_prints_one_line_with_the_addresses_accounts_and_variables() {
    let test_env = TestEnv::empty();
    let seed = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/examples/three-stages/sandbox.yaml");
    let mut running = test_env.start(&[], &["sandbox", "--port", "0", "--seed", seed, "--output", "json"]);
    running.says("}\n");
    running.signal("TERM");
    let ran = running.end().ended(0);
    assert_eq!(ran.err, "");
    let [line] = &ran.json()[..] else { panic!("{}", ran.out) };
    assert_eq!((&line["v"], &line["kind"]), (&1.into(), &"sandbox".into()));
    let endpoint = line["endpoint"].as_str().unwrap();
    let [dev, prod] = &line["accounts"].as_array().unwrap()[..] else { panic!("{line}") };
    assert_eq!((&dev["id"], &prod["id"]), (&"111111111111".into(), &"222222222222".into()));
    let [developer, manager] = &dev["users"].as_array().unwrap()[..] else { panic!("{dev}") };
    assert_eq!(developer["export"]["AWS_ENDPOINT_URL"], endpoint);
    assert_eq!(developer["unset"], serde_json::json!(["AWS_SESSION_TOKEN", "AWS_PROFILE"]));
    assert!(manager["export"]["AWS_SESSION_TOKEN"].is_string(), "a session of IAM Identity Center: {manager}");
    assert_eq!(manager["unset"], serde_json::json!(["AWS_PROFILE"]));
    assert_eq!(line["addresses"]["asset.example"], format!("{endpoint}/_sandbox/at/asset.example"));
    let services = line["services"].as_array().unwrap();
    let url = format!("{endpoint}/_sandbox/service/222222222222/ap-northeast-1/asset-prod/admin");
    assert!(services.iter().any(|s| s["cluster"] == "asset-prod" && s["url"] == *url), "{services:?}");
}

#[test]
fn an_address_of_the_seed_answers_for_its_service() {
    let seed = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/examples/three-stages/sandbox.yaml");
    let sandbox = Sandbox::with(&["--speed", "120", "--seed", seed]);
    assert_eq!(sandbox.ask("GET", "at/asset.example/healthz", "")["service"], "web");
    assert_eq!(sandbox.status("at/admin.asset.example/"), 403);
    assert_eq!(sandbox.status("at/no.example/"), 404);
}

/// The help text is the list of the labels that the sandbox reads.
#[test]
fn the_help_lists_every_label() {
    let help = TestEnv::empty().run(&[], &["sandbox", "--help"]).ended(0).out;
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sandbox");
    let read = |file: &str| std::fs::read_to_string(source.join(file)).unwrap();
    let (task, scan) = (read("ecs/task.rs"), read("inspector/scan.rs"));
    let containers = task.split("\n        Behaviour {\n").nth(1).unwrap().split("\n        }").next().unwrap();
    let mut labels: Vec<&str> = containers.split('"').skip(1).step_by(2).filter(|word| *word != "true").collect();
    labels.extend(scan.split("\"dev.kanmon.sandbox.").skip(1).map(|rest| rest.split('"').next().unwrap()));
    assert!(labels.len() >= 8, "{labels:?}");
    for label in labels {
        assert!(help.contains(&format!("dev.kanmon.sandbox.{label}=")), "{label}: {help}");
    }
}

#[test]
fn it_ends_on_a_signal() {
    let test_env = TestEnv::empty();
    for signal in ["INT", "TERM"] {
        let mut running = test_env.start(&[], &["sandbox", "--port", "0"]);
        running.says("press Ctrl-C to end it");
        running.signal(signal);
        running.end().ended(0);
    }
}

#[test]
fn a_port_that_is_taken_and_an_invalid_speed_are_reported() {
    let sandbox = Sandbox::start();
    let port = sandbox.host.rsplit(':').next().unwrap();
    let test_env = TestEnv::empty();
    let ran = test_env.run(&[], &["sandbox", "--port", port]).ended(40);
    ran.on_stderr(&format!("port {port} is already in use")).on_stderr("--port 0");
    test_env.run(&[], &["sandbox", "--port", "0", "--speed", "0"]).ended(2).on_stderr("is not a valid speed");
    test_env.run(&[], &["sandbox", "--seed", "no-such.yaml"]).ended(2).on_stderr("no-such.yaml cannot be read");
    test_env.write("seed.yaml", "version: 1\nregion: ap-northeast-1\naccounts: []\nacounts: []\n");
    test_env
        .run(&[], &["sandbox", "--seed", "seed.yaml"])
        .ended(2)
        .on_stderr("seed.yaml is not a valid seed")
        .on_stderr("acounts");
}
