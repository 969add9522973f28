//! Somebody releases in the name of a pipeline execution in order not to be the requester, and approves their own release. Or a role that
//! many people may use starts the execution or requests the release instead.

use super::codepipeline::asks_in;
use super::world::{BOTH, DEV, PROD, Topology, World};
use crate::binary::self_approval::assumed;
use crate::binary::test_env::release_in;

/// The approvers are the team's developers, who approve each other's releases.
const THE_TEAM: (&str, &str) = ("arn:aws:iam::222222222222:user/manager", "arn:aws:iam::111111111111:user/*");

#[test]
fn an_execution_that_does_not_exist_is_refused() {
    for topology in BOTH {
        let world = World::new(topology);
        world.edit_for_all(THE_TEAM.0, THE_TEAM.1);
        let developer = world.developer();
        let until = ["release", "--until", "staging", "--execution"];
        developer.run(&[&until[..], &["made-up"]].concat()).ended(2).on_stderr("not a valid id");
        let unknown = "hello/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f";
        developer.run(&[&until[..], &[unknown]].concat()).ended(40).on_stderr("there is no execution");
        developer.run(&["history"]).ended(0).says("no release is recorded yet");
    }
}

#[test]
fn an_execution_that_somebody_else_started_does_not_hide_who_uses_it() {
    for topology in BOTH {
        let world = World::new(topology);
        world.edit_for_all(THE_TEAM.0, THE_TEAM.1);
        let execution = world.execution("StartPipelineExecution", &format!("arn:aws:iam::{DEV}:user/colleague"));
        let named = format!("hello/{execution}");
        let ran = world.developer().run(&["release", "--until", "staging", "--execution", &named]).ended(0);
        let release = release_in(&ran.out);
        let running = world.waits(&release);
        let plan = world.plan(&release);
        let own = world.developer().run(&["approve", &release, "--plan", &plan]).ended(40);
        own.on_stderr("user/developer requested this release and may not approve it");
        world.production_is_untouched();
        drop(running);
    }
}

/// The name of a session of a CodeBuild build.
const SESSION: &str = "AWSCodeBuild-0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f";

#[test]
fn the_role_that_deploys_does_not_start_the_pipeline_for_the_caller() {
    let world = World::new(Topology::Direct);
    world.edit_for_all(THE_TEAM.0, THE_TEAM.1);
    asks_in(&world, "prod");
    let ran = world.developer().run(&["release", "--remote"]).ended(40);
    ran.on_stderr(&format!("start it with your own credentials in account {PROD}"));
    assert!(world.sandbox.done("StartPipelineExecution").is_empty());
}

#[test]
fn a_role_that_the_file_names_does_not_hide_the_requester() {
    for topology in BOTH {
        let world = World::new(topology);
        world.edit_for_all(THE_TEAM.0, THE_TEAM.1);
        let role = topology.role();
        // The developer starts the pipeline through the role.
        let arn = format!("arn:aws:sts::{PROD}:assumed-role/{role}/kanmon-remote");
        let execution = world.execution("StartPipelineExecution", &arn);
        let build = || {
            let build = world.developer().by_session(&world.sandbox, SESSION);
            build.with("CODEBUILD_INITIATOR", "codepipeline/hello").with("KANMON_EXECUTION", &execution)
        };
        let ran = build().run(&["release"]).ended(40);
        ran.on_stderr("nobody may approve prod for this release")
            .on_stderr(&format!("was started by StartPipelineExecution ({arn})"));
        // The developer requests a release with a session of the role.
        let mut bob = world.developer();
        bob.keys = assumed(&world.sandbox, "developer", &format!("arn:aws:iam::{PROD}:role/{role}"), "bob");
        let ran = bob.run(&["release"]).ended(40);
        ran.on_stderr("nobody may approve prod for this release")
            .on_stderr(&format!("a session of the file's role {role}"));
        // With that session, the developer names an execution that a colleague started.
        let colleague = world.execution("StartPipelineExecution", &format!("arn:aws:iam::{DEV}:user/colleague"));
        let named = format!("hello/{colleague}");
        let ran = bob.run(&["release", "--until", "staging", "--execution", &named]).ended(2);
        ran.on_stderr(&format!("a session of the file's role {role} names execution"));
        world.developer().run(&["history"]).ended(0).says("no release is recorded yet");
        // The release goes up to the stage before the approval, and no further.
        let ran =
            build().run(&["release", "--until", "staging"]).ended(0).on_stderr("approval of prod is not requested");
        let release = release_in(&ran.out);
        let further = world.promoter().run(&["promote", &release, "--to", "prod"]).ended(40);
        further.on_stderr("nobody may approve prod for this release");
        world.production_is_untouched();
    }
}

#[test]
fn control_the_person_who_starts_the_pipeline_with_release_remote_is_the_requester() {
    for topology in BOTH {
        let world = World::new(topology);
        world.edit_for_all(THE_TEAM.0, THE_TEAM.1);
        asks_in(&world, "dev");
        let mut looking = world.developer().start(&["release", "--remote"]);
        let said = looking.says("runs as execution ");
        let (_, rest) = said.split_once("runs as execution ").unwrap();
        let execution = rest[..36].to_owned();
        let build = world.developer().by_session(&world.sandbox, SESSION);
        let build = build.with("CODEBUILD_INITIATOR", "codepipeline/hello").with("KANMON_EXECUTION", &execution);
        let ran = build.run(&["release", "--until", "staging"]).ended(0);
        let release = release_in(&ran.out);
        let plan = world.plan(&release);
        let own = world.developer().run(&["approve", &release, "--plan", &plan]).ended(40);
        own.on_stderr("user/developer started this pipeline and may not approve it");
        // Another developer may; only this pipeline's message is refused then, because it does not show the plan of a build.
        let another = world.accomplice().run(&["approve", &release, "--plan", &plan]).ended(40);
        another.on_stderr("does not ask for approval of plan");
    }
}

#[test]
fn control_a_release_of_a_real_execution_is_approved_by_another_person() {
    let world = World::new(Topology::Strong);
    world.edit_for_all(THE_TEAM.0, THE_TEAM.1);
    let execution = world.execution("StartPipelineExecution", &format!("arn:aws:iam::{DEV}:user/developer"));
    let named = format!("hello/{execution}");
    let ran = world.developer().run(&["release", "--until", "staging", "--execution", &named]).ended(0);
    let release = release_in(&ran.out);
    let running = world.waits(&release);
    let plan = world.plan(&release);
    world.accomplice().run(&["approve", &release, "--plan", &plan]).ended(0);
    running.end().ended(0);
    assert_eq!(world.in_production(), world.digest(&release));
}
