use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::simulation::{Simulation, Story};

async fn ends_before_any_change(sim: &Simulation, words: &[&str]) {
    let ended = sim.release().await.end(sim).await;
    ended.is(Outcome::Access, 40);
    for what in words {
        ended.says(what);
    }
    assert_eq!(sim.changes(), [], "nothing was changed");
}

#[tokio::test(start_paused = true)]
async fn because_its_role_does_not_trust_the_caller() {
    let trust = json!({ "Statement": {
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "AWS": "arn:aws:iam::111111111111:user/somebody-else" },
    } });
    let sim = Story::new().world("/accounts/1/roles/0/trust", trust).open();
    let principal = "arn:aws:iam::111111111111:user/developer";
    let words =
        [principal, "sts:AssumeRole", "arn:aws:iam::222222222222:role/kanmon-deploy", "\"Action\"", "sts:ExternalId"];
    ends_before_any_change(&sim, &words).await;
}

#[tokio::test(start_paused = true)]
async fn because_the_external_id_is_wrong() {
    let sim = Story::new().file("/accounts/prod/external_id", json!("wrong")).open();
    let words = ["arn:aws:iam::111111111111:user/developer", "sts:AssumeRole", "role/kanmon-deploy", "sts:ExternalId"];
    ends_before_any_change(&sim, &words).await;
}

#[tokio::test(start_paused = true)]
async fn because_the_credentials_belong_to_another_account() {
    let sim = Story::new().file("/accounts/dev/id", json!("333333333333")).open();
    ends_before_any_change(&sim, &["333333333333", "111111111111", "arn:aws:iam::111111111111:user/developer"]).await;
}

#[tokio::test(start_paused = true)]
async fn because_the_caller_may_not_assume_its_role() {
    let only_dev =
        json!([{ "Statement": { "Effect": "Allow", "Action": ["ecr:*", "ecs:*", "inspector2:*"], "Resource": "*" } }]);
    let sim = Story::new()
        .world("/accounts/0/users/0/policies", only_dev)
        .world(
            "/accounts/1/roles/0/trust",
            json!({ "Statement": {
                "Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": { "AWS": "arn:aws:iam::111111111111:root" },
            } }),
        )
        .open();
    ends_before_any_change(&sim, &["arn:aws:iam::111111111111:user/developer", "sts:AssumeRole"]).await;
}
