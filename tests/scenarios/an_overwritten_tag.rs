use kanmon::model::outcome::Outcome;

use super::stage::{DEV, DEVELOPER, MANAGER, PROD, Story};

#[tokio::test(start_paused = true)]
async fn changes_nothing_of_what_was_approved() {
    let stage = Story::new().stages(&["dev", "prod"]).open();
    let run = stage.release().await;
    stage.asked(&run.id, "prod").await;
    let release = stage.release_of(&run.id).await;
    let digest = release.images.values().next().unwrap().digest.to_string();
    // Somebody pushes something else under the release's own tags, in both accounts.
    stage.build_next("something else", &[]);
    let ports = stage.ports(DEVELOPER, "overwriter", None);
    for account in release.started.pipeline.accounts.values() {
        let access = ports.registry.access(account, "shop").await.unwrap();
        let spec = release.started.pipeline.images.values().next().unwrap();
        let tag = format!("kanmon-{}", run.id);
        let other = ports.images.build(spec, &access, &tag, &|_| {}).await.unwrap();
        assert_ne!(other.pushed.digest.as_str(), digest);
    }
    stage.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Succeeded, 0);
    for (account, cluster) in [(DEV, "shop-dev"), (PROD, "shop-prod")] {
        for service in ["web", "admin"] {
            assert_eq!(stage.digest(account, cluster, service).unwrap(), digest, "{cluster}/{service}");
        }
    }
}
