use std::collections::BTreeMap;

use kanmon::model::event::{Fact, MovedTag};
use kanmon::model::ids::ReleaseId;
use kanmon::model::outcome::Outcome;
use kanmon::report::story::{self, Mark};

use super::simulation::{DEV, DEVELOPER, Ended, MANAGER, PROD, ReleaseOptions, Simulation, Story};

#[tokio::test(start_paused = true)]
async fn changes_nothing_that_was_approved_and_is_reported_in_each_account() {
    let sim = Story::new().stages(&["dev", "prod"]).open();
    let run = sim.release().await;
    sim.approval_request(&run.id, "prod").await;
    let digest = sim.release_of(&run.id).await.images.values().next().unwrap().digest.to_string();
    // Under the release's own tags, in both accounts: in dev after its stage was left.
    sim.build_next("something else", &[]);
    let other = push(&sim, &run.id, &format!("kanmon-{}", run.id), &["dev", "prod"]).await;
    assert_ne!(other, digest);
    sim.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    runs(&sim, &digest);
    let moved = moved(&ended);
    assert_eq!(moved.len(), 2, "{moved:?}");
    for (moved, account) in moved.iter().zip(["prod", "dev"]) {
        let (repository, _) = repository(&sim, &ended.release.id, account).await;
        assert_eq!(moved.tag, format!("{repository}:kanmon-{}", ended.release.id));
        assert_eq!(moved.names.as_ref().unwrap().as_str(), other);
    }
    assert_eq!(ended.release.moved_tags, moved);
}

#[tokio::test(start_paused = true)]
async fn is_reported_once_if_the_release_was_requested_with_that_tag() {
    let sim = Story::new().stages(&["dev", "prod"]).open();
    let nobody = "r20260101-000000-nobody".parse().unwrap();
    let digest = push(&sim, &nobody, "v1", &["dev"]).await;
    let repository = repository(&sim, &nobody, "dev").await.0;
    let image = sim.pipeline().images.keys().next().unwrap().clone();
    let given = BTreeMap::from([(image, format!("{repository}:v1"))]);
    let run = sim.release_with(ReleaseOptions { given, ..ReleaseOptions::default() }).await;
    sim.fact(&run.id, "the image", |f| matches!(f, Fact::ImageBuilt { .. })).await;
    sim.build_next("something else", &[]);
    let other = push(&sim, &run.id, "v1", &["dev"]).await;
    sim.approval_request(&run.id, "prod").await;
    sim.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    runs(&sim, &digest);
    let moved = moved(&ended);
    assert_eq!(moved.len(), 1, "{moved:?}");
    assert_eq!(
        (moved[0].tag.as_str(), moved[0].names.as_ref().unwrap().as_str()),
        (&*format!("{repository}:v1"), &*other)
    );
}

#[tokio::test(start_paused = true)]
async fn is_not_reported_if_nobody_overwrote_one() {
    let sim = Story::new().stages(&["dev"]).open();
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    assert!(ended.has(|f| matches!(f, Fact::StageConfirmed { moved, .. } if moved.is_empty())));
    assert_eq!(moved(&ended).len(), 0);
}

/// Pushes what is built next under a tag of the shop's repositories; returns its digest.
async fn push(sim: &Simulation, release: &ReleaseId, tag: &str, accounts: &[&str]) -> String {
    let mut digest = String::new();
    for account in accounts {
        let ports = sim.context(DEVELOPER).ports(release.as_str(), None);
        let (_, access) = repository(sim, release, account).await;
        let spec = sim.pipeline().images.values().next().unwrap().clone();
        digest = ports.images.build(&spec, &access, tag, &|_| {}).await.unwrap().pushed.digest.to_string();
    }
    digest
}

async fn repository(sim: &Simulation, release: &ReleaseId, account: &str) -> (String, kanmon::ports::images::Access) {
    let pipeline = sim.pipeline();
    let account = pipeline.accounts.values().find(|a| a.name.as_str() == account).unwrap();
    let access = sim.context(DEVELOPER).ports(release.as_str(), None).registry.access(account, "shop").await.unwrap();
    (access.repository.clone(), access)
}

fn runs(sim: &Simulation, digest: &str) {
    for (account, cluster) in [(DEV, "shop-dev"), (PROD, "shop-prod")] {
        for service in ["web", "admin"] {
            assert_eq!(sim.digest(account, cluster, service).unwrap(), digest, "{cluster}/{service}");
        }
    }
}

/// The moved tags that were reported, in the record and in a line for people.
fn moved(ended: &Ended) -> Vec<MovedTag> {
    let mut all = Vec::new();
    for event in &ended.events {
        if let Fact::StageConfirmed { moved, .. } = &event.fact
            && !moved.is_empty()
        {
            let line = story::line(event, &ended.release).unwrap();
            assert_eq!((line.mark, line.more.len()), (Mark::Careful, moved.len()));
            all.extend(moved.iter().cloned());
        }
    }
    all
}
