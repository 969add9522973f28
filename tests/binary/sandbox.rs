//! `kanmon sandbox`: an AWS on loopback for any client.

use super::rig::{Desk, Sandbox};

#[test]
fn the_sandbox_prints_what_a_shell_has_to_export_for_each_of_its_users() {
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
fn it_ends_when_it_is_asked_to() {
    let desk = Desk::empty();
    for signal in ["INT", "TERM"] {
        let mut running = desk.start(&[], &["sandbox", "--port", "0"]);
        running.says("Ctrl-C ends it");
        running.signal(signal);
        running.end().ended(0);
    }
}

#[test]
fn a_port_that_is_taken_and_a_speed_that_is_none_are_told() {
    let sandbox = Sandbox::start();
    let port = sandbox.host.rsplit(':').next().unwrap();
    let desk = Desk::empty();
    let ran = desk.run(&[], &["sandbox", "--port", port]).ended(40);
    ran.told(&format!("port {port} of 127.0.0.1 cannot be had")).told("in use");
    desk.run(&[], &["sandbox", "--port", "0", "--speed", "0"]).ended(2).told("is not a valid speed");
    desk.run(&[], &["sandbox", "--seed", "no-such.yaml"]).ended(2).told("no-such.yaml cannot be read");
    desk.write("seed.yaml", "version: 1\nregion: ap-northeast-1\naccounts: []\nacounts: []\n");
    desk.run(&[], &["sandbox", "--seed", "seed.yaml"]).ended(2).told("seed.yaml is not a valid seed").told("acounts");
}
