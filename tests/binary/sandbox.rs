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
