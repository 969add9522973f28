use jiff::SignedDuration;
use kanmon::model::outcome::Outcome;
use kanmon::model::plan::{Change, StagePlan};
use serde_json::json;

use super::simulation::{COLLEAGUE, Ended, Story, name};

fn plan(ended: &Ended) -> StagePlan {
    ended.release.stage(&name("dev")).plan.clone().expect("a plan")
}

fn paths(changes: &[Change]) -> Vec<&str> {
    changes.iter().map(|c| c.path.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn proves_what_runs_and_updates_nothing() {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": ["web", "admin"] }])).open();
    sim.release().await.end(&sim).await.is(Outcome::Succeeded, 0);
    let first = sim.tally();
    let again = sim.release().await.end(&sim).await;
    again.is(Outcome::Unchanged, 0);
    let mut second = sim.tally();
    // The same digest is pushed under the new release's tag.
    *second.get_mut(&("PutImage".to_owned(), super::simulation::DEV.to_owned())).unwrap() -= 1;
    assert_eq!(first, second);
}

/// ECS fills in defaults and adds members by itself, also ones that kanmon does not know.
#[tokio::test(start_paused = true)]
async fn is_unchanged_whatever_ecs_added_to_what_was_sent() {
    let sim = Story::new()
        .stages(&["dev"])
        .steps("dev", json!([{ "roll": "admin" }]))
        .world("/ecs/0/addsToTaskDefinitions", json!({ "ofNextYear": { "mode": "automatic" } }))
        .open();
    sim.write(
        "deploy/admin.json",
        &json!({
            "family": "{{ app }}-{{ stage }}-admin",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": ".25 vCPU",
            "memory": "0.5 GB",
            "executionRoleArn": "arn:aws:iam::{{ account.id }}:role/execution",
            "volumes": [{ "name": "scratch" }],
            "containerDefinitions": [{
                "name": "admin",
                "image": "set-by-kanmon",
                "portMappings": [{ "containerPort": 8080 }],
                "mountPoints": [{ "sourceVolume": "scratch", "containerPath": "/scratch" }],
                "healthCheck": { "command": ["CMD-SHELL", "true"] },
            }],
        })
        .to_string(),
    );
    sim.release().await.end(&sim).await.is(Outcome::Succeeded, 0);
    let again = sim.release().await.end(&sim).await;
    again.is(Outcome::Unchanged, 0);
    assert!(plan(&again).services.values().all(|p| p.changes.is_empty() && p.drift.is_empty()));
    // A new image, and then the previous one: kanmon's own revision is found again.
    sim.build_next("other", &[]);
    let other = sim.release().await.end(&sim).await;
    other.is(Outcome::Succeeded, 0);
    let other = plan(&other);
    let changes = &other.services.values().next().unwrap().changes;
    assert_eq!(paths(changes), ["containerDefinitions[admin].image"], "nothing was removed");
    let registered = sim.calls("RegisterTaskDefinition").len();
    sim.build_next("", &[]);
    sim.release().await.end(&sim).await.is(Outcome::Succeeded, 0);
    assert_eq!(sim.calls("RegisterTaskDefinition").len(), registered, "its own revision is found again");
}

/// Another tool copies a revision with its tags and changes it.
#[tokio::test(start_paused = true)]
async fn is_changed_if_a_copied_tag_says_unchanged_but_the_content_differs() {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "admin" }])).open();
    sim.release().await.end(&sim).await.is(Outcome::Succeeded, 0);
    sim.deploys_a_copy(COLLEAGUE, "shop-dev", "admin").await;
    sim.pass(SignedDuration::from_secs(600)).await;
    let again = sim.release().await.end(&sim).await;
    again.is(Outcome::Succeeded, 0);
    let plan = plan(&again);
    let admin = plan.services.values().next().unwrap();
    assert_eq!(paths(&admin.changes), ["containerDefinitions[admin].command"]);
    assert_eq!(paths(&admin.drift), ["containerDefinitions[admin].command"], "somebody else did it");
}
