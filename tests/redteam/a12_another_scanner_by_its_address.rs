//! The file names an address of the attacker's as production's scanner, which finds nothing. Without TLS it may only be on this
//! machine; wherever it is, the approver is shown it, and it is part of what he approves.

use super::rig::{BOTH, Field, Topology};

#[test]
fn an_address_elsewhere_without_tls_is_a_mistake_of_the_file() {
    let field = Field::new(Topology::Direct);
    let own = format!("endpoints: {{ default: \"{}\"", field.sandbox.endpoint());
    field.edit_for_all(&own, &format!("{own}, inspector2: \"http://scanner.evil.example\""));
    let ran = field.developer().test_env.run(&[], &["check"]).ended(2);
    assert!(ran.err.contains("`http://scanner.evil.example` is asked without TLS"), "{}", ran.err);
    assert!(ran.err.contains("^^^^") && ran.err.contains("begins with https://"), "{}", ran.err);
}

#[test]
fn an_address_that_is_not_awss_is_shown_to_the_approver_and_part_of_the_plan() {
    for topology in BOTH {
        let field = Field::new(topology);
        let scanner = field.sandbox.endpoint().replace("127.0.0.1", "localhost");
        let own = format!("endpoints: {{ default: \"{}\"", field.sandbox.endpoint());
        field.edit_for_all(&own, &format!("{own}, inspector2: \"{scanner}\""));
        let release = field.prepared();
        let _running = field.waits(&release);
        let sheet = field.manager().run(&["approvals"]).ended(0).out;
        for account in ["dev", "prod"] {
            let line = format!(
                "endpoints of {account}, not AWS's own: default {}, inspector2 {scanner}",
                field.sandbox.endpoint()
            );
            assert!(sheet.contains(&line), "{topology:?}: {sheet}");
        }
    }
}

#[test]
fn control_the_teams_own_addresses_are_shown_as_they_are() {
    let field = Field::new(Topology::Strong);
    let release = field.prepared();
    let running = field.waits(&release);
    let sheet = field.manager().run(&["approvals"]).ended(0).out;
    assert!(
        sheet.contains(&format!("endpoints of prod, not AWS's own: default {}\n", field.sandbox.endpoint())),
        "{sheet}"
    );
    field.approves(&release);
    running.end().ended(0);
}
