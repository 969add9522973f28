//! The approval's action lies in development's account, where the attacker administers who may answer it: he approves with another principal of
//! his. The file's patterns of approvers hold for CodePipeline too. Played where the developer releases himself: production's promoter starts
//! nothing in development.

use super::codepipeline::{approves, asks_in};
use super::world::{Topology, World};

#[test]
fn who_answers_in_codepipeline_has_to_be_one_of_those_whom_the_file_names() {
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
fn control_the_manager_whom_the_file_names_approves() {
    let world = World::new(Topology::Direct);
    asks_in(&world, "prod");
    let release = world.prepared();
    let running = world.waits(&release);
    approves(&world, "manager", "hello");
    running.end().ended(0);
    assert_eq!(world.in_production(), world.digest(&release));
}
