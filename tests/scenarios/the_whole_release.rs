use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;

use super::simulation::{DEV, MANAGER, PROD, Story};

#[tokio::test(start_paused = true)]
async fn one_digest_passes_dev_staging_and_prod() {
    let sim = Story::new().open();
    let run = sim.release().await;
    sim.approval_request(&run.id, "prod").await;
    sim.hours(3).await;
    sim.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);

    let digest = ended.release.images.values().next().unwrap().digest.to_string();
    for (account, cluster) in [(DEV, "shop-dev"), (DEV, "shop-staging"), (PROD, "shop-prod")] {
        for service in ["web", "admin"] {
            assert_eq!(sim.digest(account, cluster, service).as_deref(), Some(digest.as_str()), "{cluster}/{service}");
            assert_eq!(sim.updates(account, cluster, service).len(), 1, "{cluster}/{service} is updated once");
        }
    }
    assert_eq!(sim.calls("RunTask").len(), 3, "one migration in each stage");
    assert_eq!(
        sim.calls("RegisterTaskDefinition").len(),
        8,
        "three workloads in three stages; web of dev and staging is one family of one account, and one revision"
    );
    assert_eq!(sim.calls("PutImage").len(), 2, "the push and the copy");
    let copied = ended.index_of(|f| matches!(f, Fact::ImageCopied { pushed, .. } if pushed.digest.as_str() == digest));
    let asked = ended.index_of(|f| matches!(f, Fact::ApprovalRequested { .. }));
    assert!(copied < asked, "the image is copied before approval is requested");
    let prod = ended.index_of(|f| matches!(f, Fact::StageEntered { stage } if stage.as_str() == "prod"));
    let given = ended.index_of(|f| matches!(f, Fact::ApprovalGiven { .. }));
    assert!(given < prod);
    assert!(sim.calls("DescribeServices").iter().any(|e| {
        e.principal
            .as_deref()
            .is_some_and(|p| p.starts_with("arn:aws:sts::222222222222:assumed-role/kanmon-deploy/r2026"))
    }));
}
