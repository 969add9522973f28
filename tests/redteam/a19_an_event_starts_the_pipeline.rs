//! A commit starts the pipeline through an event or a webhook: CodePipeline then names a rule, so the person who committed would not be the
//! requester, and could approve. The same with StartBuild: a CodeBuild build, a CI job or a function requests the release with a session
//! that names no person.

use super::world::{BOTH, DEV, World};
use crate::binary::test_env::release_in;

#[test]
fn a_pipeline_that_no_person_started_requests_no_approval() {
    for topology in BOTH {
        let world = World::new(topology);
        let rule = format!("arn:aws:events:ap-northeast-1:{DEV}:rule/on-push");
        for (trigger, detail) in
            [("CloudWatchEvent", rule.as_str()), ("WebhookV2", "arn:x"), ("PollForSourceChanges", "")]
        {
            let named = format!("hello/{}", world.execution(trigger, detail));
            let whole = world.developer().run(&["release", "--execution", &named]).ended(40);
            whole
                .on_stderr("nobody may approve prod for this release")
                .on_stderr(trigger)
                .on_stderr("which does not identify a person");
        }
        world.developer().run(&["history"]).ended(0).says("no release is recorded yet");
        // The release goes up to the stage before the approval, and nobody can promote it further.
        let named = format!("hello/{}", world.execution("CloudWatchEvent", &rule));
        let ran = world.developer().run(&["release", "--until", "staging", "--execution", &named]).ended(0);
        let release = release_in(&ran.out);
        let further = world.promoter().run(&["promote", &release, "--to", "prod"]).ended(40);
        further.on_stderr("nobody may approve prod for this release");
        world.production_is_untouched();
    }
}

#[test]
fn control_a_person_starts_it_and_the_manager_approves() {
    for topology in BOTH {
        let world = World::new(topology);
        let execution = world.execution("StartPipelineExecution", &format!("arn:aws:iam::{DEV}:user/developer"));
        let named = format!("hello/{execution}");
        let ran = world.developer().run(&["release", "--until", "staging", "--execution", &named]).ended(0);
        let release = release_in(&ran.out);
        let running = world.waits(&release);
        world.approves(&release);
        running.end().ended(0);
        assert_eq!(world.in_production(), world.digest(&release), "{topology:?}");
    }
}

/// The name of a session of a CodeBuild build.
const SESSION: &str = "AWSCodeBuild-0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f";

#[test]
fn a_build_that_somebody_starts_by_hand_has_an_unknown_requester() {
    for topology in BOTH {
        let world = World::new(topology);
        let build = || world.developer().by_session(&world.sandbox, SESSION);
        // Its environment variables identify the build; without them, its session does.
        let started = build().with("CODEBUILD_BUILD_ID", "kanmon:1").with("CODEBUILD_INITIATOR", "developer");
        let ran = started.run(&["release"]).ended(40);
        ran.on_stderr("nobody may approve prod for this release").on_stderr("a CodeBuild build that developer started");
        build().run(&["release"]).ended(40).on_stderr("a CodeBuild build requested this release");
        // It cannot use the name of somebody whose execution runs either.
        let colleague = world.execution("StartPipelineExecution", &format!("arn:aws:iam::{DEV}:user/colleague"));
        let named = format!("hello/{colleague}");
        for who in [started, build()] {
            let ran = who.run(&["release", "--until", "staging", "--execution", &named]).ended(2);
            ran.on_stderr("but was not started by CodePipeline");
        }
        world.developer().run(&["history"]).ended(0).says("no release is recorded yet");
        let ran = build().run(&["release", "--until", "staging"]).ended(0);
        let release = release_in(&ran.out);
        for who in [world.promoter(), world.developer()] {
            who.run(&["promote", &release, "--to", "prod"])
                .ended(40)
                .on_stderr("nobody may approve prod for this release");
        }
        world.production_is_untouched();
    }
}

#[test]
fn a_build_cannot_approve_the_release_of_the_person_who_starts_it() {
    for topology in BOTH {
        let world = World::new(topology);
        // The developers of the team approve each other's releases.
        let team = format!("arn:aws:sts::{DEV}:assumed-role/team/*");
        world.edit_for_all("arn:aws:iam::222222222222:user/manager", &team);
        let release = world.prepared();
        let running = world.waits(&release);
        let plan = world.plan(&release);
        let build = world.developer().by_session(&world.sandbox, SESSION);
        let ran = build.run(&["approve", &release, "--plan", &plan]).ended(40);
        ran.on_stderr("is a CodeBuild build, which does not identify a person, and may be the requester");
        world.production_is_untouched();
        // The control: a person with a session of the same role.
        let hana = world.developer().by_session(&world.sandbox, "hana@bank.example");
        hana.run(&["approve", &release, "--plan", &plan]).ended(0);
        running.end().ended(0);
    }
}

#[test]
fn control_a_persons_session_of_a_role_is_the_requester_and_the_manager_approves() {
    for topology in BOTH {
        let world = World::new(topology);
        let taro = world.developer().by_session(&world.sandbox, "taro@bank.example");
        let ran = taro.run(&["release", "--until", "staging"]).ended(0);
        let release = release_in(&ran.out);
        let running = world.waits(&release);
        world.approves(&release);
        running.end().ended(0);
        assert_eq!(world.in_production(), world.digest(&release), "{topology:?}");
    }
}
