//! The approval action is in development's account, where the attacker decides who may answer it, and approves with another principal. The
//! file's patterns of approvers apply to CodePipeline too. Only in the topology in which the developer promotes: production's promoter
//! starts nothing in development.

use super::codepipeline::{approves, asks_in};
use super::world::{Topology, World};

#[test]
fn an_approver_in_codepipeline_must_match_the_approvers_of_the_file() {
    let world = World::new(Topology::Direct);
    asks_in(&world, "dev");
    let release = world.prepared();
    let running = world.waits(&release);
    approves(&world, "accomplice", "hello");
    let ran = running.end().ended(10);
    assert!(ran.err.contains("arn:aws:iam::111111111111:user/accomplice is not among the approvers"), "{}", ran.err);
    world.production_is_untouched();
}

#[test]
fn control_the_manager_named_in_the_file_approves() {
    let world = World::new(Topology::Direct);
    asks_in(&world, "prod");
    let release = world.prepared();
    let running = world.waits(&release);
    approves(&world, "manager", "hello");
    running.end().ended(0);
    assert_eq!(world.in_production(), world.digest(&release));
}
