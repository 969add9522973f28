//! A pattern of approvers without an account: a role with the right name in the attacker's own account, with a session named like the
//! manager, would match. A pattern must name its account and matches only there; `check` warns about an open name in the account.

use super::world::{BOTH, World};
use crate::binary::test_env::TestEnv;

const MANAGER: &str = "arn:aws:iam::222222222222:user/manager";

#[test]
fn a_pattern_that_a_principal_of_another_account_could_match_is_refused_by_every_command() {
    let world = World::new(BOTH[1]);
    let patterns = [
        "arn:aws:sts::*:assumed-role/AWSReservedSSO_ReleaseManager_*/*",
        "arn:aws:iam:::user/manager",
        "arn:*:iam::222222222222:user/manager",
        "*",
    ];
    for pattern in patterns {
        let test_env: &TestEnv = world.developer().test_env;
        test_env.edit(MANAGER, pattern);
        for command in ["check", "plan", "release"] {
            let ran = world.developer().run(&[command]).ended(2);
            assert!(ran.err.contains("hint: such as arn:aws:iam::111111111111:user/manager"), "{pattern}: {}", ran.err);
        }
        test_env.edit(pattern, MANAGER);
    }
    assert!(world.sandbox.changes().is_empty());
}

#[test]
fn a_pattern_with_an_open_role_name_gets_a_warning() {
    let world = World::new(BOTH[1]);
    let open = "arn:aws:sts::222222222222:assumed-role/AWSReservedSSO_ReleaseManager_*/*";
    world.developer().test_env.edit(MANAGER, open);
    let ran = world.developer().run(&["check"]).ended(0);
    ran.on_stderr("warning: prod: approver")
        .on_stderr("anybody who can create a role or a user in account 222222222222");
}

#[test]
fn control_a_full_name_gets_no_warning_and_approves() {
    for topology in BOTH {
        let world = World::new(topology);
        let ran = world.developer().run(&["check"]).ended(0);
        assert!(!ran.err.contains("warning"), "{}", ran.err);
        world.honest();
    }
}
