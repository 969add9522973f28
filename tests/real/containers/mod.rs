//! Real containers on ministack: the sample server goes through dev and staging in one account and prod in another, also with failures.
//! This ECS differs from AWS's:
//!
//! - it lists no service deployments, so kanmon does without them and reads `deployments[]` and tasks;
//! - its tasks' `startedBy` is the service's name, not the deployment's id;
//! - a rollback makes the old deployment PRIMARY again instead of a new one, and the failed one stays listed as ACTIVE forever;
//! - its dates are whole seconds;
//! - the `imageDigest` of a service's task is the digest that its image names, by which Docker has pulled it.

mod gateway;
mod ministack;
mod replication;
mod test_env;

use serde_json::Value;

use self::test_env::{Build, STAGES, TestEnv};
use super::end_to_end::print_line;
use super::peers::{DockerPeer, have, leave_out};

const PROGRAMS: [&str; 8] =
    [ministack::MiniStack::PROGRAM, "aws", "dockerd", "docker", "buildah", "skopeo", "git", "rustc"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn releases_become_containers_that_answer() {
    let test = "real containers";
    if !have(test, &PROGRAMS) {
        return;
    }
    let Some(daemon) = DockerPeer::start() else { return leave_out(test, "dockerd needs root") };
    print_line(test);
    let test_env = TestEnv::new(&daemon).await;
    goes_all_the_way(&test_env);
    is_rolled_back_where_its_container_exits(&test_env);
    is_rolled_back_where_its_image_is_gone(&test_env);
    leaves_alone_what_somebody_else_deploys(&test_env);
    stops_before_the_roll_where_the_migration_fails(&test_env);
}

fn goes_all_the_way(test_env: &TestEnv) {
    for stage in STAGES {
        assert_eq!(test_env.answers(stage), "0.9.0", "{stage:?}");
    }
    let mut releasing = test_env.release(&Build::version("1.0.0"), &[]);
    let asked = releasing.until("question", || test_env.question());
    let plan = asked["request"]["plan"].as_str().unwrap();
    print_line(&format!("1.0.0 runs in dev and staging; prod waits for plan {}", &plan[..12]));
    assert_eq!((test_env.answers(STAGES[0]).as_str(), test_env.answers(STAGES[2]).as_str()), ("1.0.0", "0.9.0"));
    test_env.approve_in_codepipeline(plan);
    print_line("approved with the aws command, in CodePipeline");
    releasing.succeeded();
    let mut images = Vec::new();
    for stage in STAGES {
        assert_eq!(test_env.answers(stage), "1.0.0", "{stage:?}");
        images.push(test_env.image_of_its_task(stage));
    }
    assert_eq!(images[0], images[1]);
    let digest = |image: &String| image.split_once('@').unwrap().1.to_owned();
    assert_eq!(digest(&images[1]), digest(&images[2]), "{images:?}");
    assert_ne!(images[1], images[2], "prod runs its own copy");
    print_line(&format!("the containers of dev, staging and prod answer 1.0.0: {}", digest(&images[0])));
}

fn is_rolled_back_where_its_container_exits(test_env: &TestEnv) {
    let said = test_env.released(&Build { exits: "3", ..Build::version("1.1.0") }, 20);
    for words in ["dev/web failed and was rolled back", "web exited with code 3", "circuit breaker"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(test_env.answers(STAGES[0]), "1.0.0");
    print_line("1.1.0 exits with 3: rolled back by the circuit breaker, said so, and 1.0.0 answers again");
}

fn is_rolled_back_where_its_image_is_gone(test_env: &TestEnv) {
    let said = test_env.released(&Build { taken_away: true, ..Build::version("1.2.0") }, 20);
    for words in ["dev/web failed and was rolled back", "CannotPullContainer"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(test_env.answers(STAGES[0]), "1.0.0");
    print_line("1.2.0 is not in the registry any more: CannotPullContainer, rolled back, and 1.0.0 answers again");
}

fn leaves_alone_what_somebody_else_deploys(test_env: &TestEnv) {
    let hotfix = test_env.hotfix(STAGES[0], "a-hotfix");
    let before = test_env.primary(STAGES[0]);
    // Polled rarely, so that the other deployment starts during it on a slow machine too.
    let mut releasing = test_env.release(&Build { poll: "2s", ..Build::version("1.3.0") }, &["--until", "dev"]);
    releasing.until("deployment", || {
        let primary = test_env.primary(STAGES[0]);
        (primary["id"] != before["id"]).then_some(primary)
    });
    let theirs = test_env.deploy(STAGES[0], &hotfix);
    let (code, said) = releasing.ended();
    assert_eq!(code, Some(21), "{said}");
    // Its only task was stopped to make room. Stopped tasks of earlier releases do not belong to it.
    let dead: Vec<&str> = said.lines().filter(|line| line.starts_with("! dev/web")).collect();
    assert!(dead.iter().all(|line| line.ends_with("(1 task)")), "{dead:?}");
    let id = theirs["id"].as_str().unwrap();
    assert!(
        said.contains("somebody else deployed over dev/web; their deployment is left alone") && said.contains(id),
        "{id}: {said}"
    );
    assert_eq!(test_env.answers(STAGES[0]), "a-hotfix");
    let now = test_env.primary(STAGES[0]);
    let of = |d: &Value| (d["id"].clone(), d["taskDefinition"].clone());
    assert_eq!((of(&now), &now["taskDefinition"]), (of(&theirs), &Value::from(hotfix)));
    print_line("1.3.0 is superseded by a deployment made with the aws command, which is left alone");
}

fn stops_before_the_roll_where_the_migration_fails(test_env: &TestEnv) {
    let before = test_env.primary(STAGES[0]);
    let said = test_env.released(&Build { migration: "7", ..Build::version("1.4.0") }, 24);
    for words in ["dev/migrate exited with code 7", "no service was changed after this task"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(test_env.primary(STAGES[0])["id"], before["id"]);
    assert_eq!(test_env.answers(STAGES[0]), "a-hotfix");
    print_line("1.4.0's migration exits with 7: nothing was rolled");
}
