//! The file names the attacker's address as production's scanner, which finds nothing. Without TLS it may only be on this machine; in any
//! case, it is shown to the approver and is part of the plan.

use super::world::{BOTH, Topology, World};

#[test]
fn an_address_elsewhere_without_tls_is_a_mistake_of_the_file() {
    let world = World::new(Topology::Direct);
    let own = format!("endpoints: {{ default: \"{}\"", world.sandbox.endpoint());
    world.edit_for_all(&own, &format!("{own}, inspector2: \"http://scanner.evil.example\""));
    let ran = world.developer().test_env.run(&[], &["check"]).ended(2);
    assert!(ran.err.contains("`http://scanner.evil.example` does not use TLS"), "{}", ran.err);
    assert!(ran.err.contains("^^^^") && ran.err.contains("write an https:// URL"), "{}", ran.err);
}

#[test]
fn an_address_that_is_not_awss_is_shown_to_the_approver_and_part_of_the_plan() {
    for topology in BOTH {
        let world = World::new(topology);
        let scanner = world.sandbox.endpoint().replace("127.0.0.1", "localhost");
        let own = format!("endpoints: {{ default: \"{}\"", world.sandbox.endpoint());
        world.edit_for_all(&own, &format!("{own}, inspector2: \"{scanner}\""));
        let release = world.prepared();
        let _running = world.waits(&release);
        let request = world.manager().run(&["approvals"]).ended(0).out;
        for account in ["dev", "prod"] {
            let line =
                format!("custom endpoints of {account}: default {}, inspector2 {scanner}", world.sandbox.endpoint());
            assert!(request.contains(&line), "{topology:?}: {request}");
        }
    }
}

#[test]
fn control_the_teams_own_addresses_are_shown_unchanged() {
    let world = World::new(Topology::Strong);
    let release = world.prepared();
    let running = world.waits(&release);
    let request = world.manager().run(&["approvals"]).ended(0).out;
    assert!(
        request.contains(&format!("custom endpoints of prod: default {}\n", world.sandbox.endpoint())),
        "{request}"
    );
    world.approves(&release);
    running.end().ended(0);
}
