//! Containers that the file does not name are treated like the named ones: checked before the build, scanned twice, and waited for with the
//! gate's own timeout.

use kanmon::model::event::Fact;
use kanmon::model::finding::ScanState;
use kanmon::model::ids::Digest;
use kanmon::model::outcome::Outcome;
use kanmon::model::scan_subject::ScanSubject;
use serde_json::{Value, json};

use super::simulation::{DEVELOPER, HOST, Simulation, Story};

/// Only `dev`, with a repository for a sidecar, in a registry on this machine.
fn story() -> Story {
    let repositories = json!([{ "name": "shop" }, { "name": "metrics" }]);
    let story = Story::new().stages(&["dev"]).world("/accounts/0/repositories", repositories);
    story.file("/accounts/dev/endpoints", json!({ "ecr": format!("http://{HOST}") }))
}

/// Gives `admin` a container with the image of this tag.
fn with_container(sim: &Simulation, image: &str) {
    let template = include_str!("simulation/admin.json");
    let beside = format!(
        "\"containerDefinitions\": [{{ \"name\": \"metrics\", \"image\": \"{image}\", \"essential\": false }},"
    );
    sim.write("deploy/admin.json", &template.replacen("\"containerDefinitions\": [", &beside, 1));
}

/// The same, with an image that exists.
async fn with_pushed(sim: &Simulation, labels: &[(&str, &str)]) -> Digest {
    sim.build_next_in("metrics", "metrics", labels);
    let (ports, pipeline) = (sim.context(DEVELOPER).ports("push", None), sim.pipeline());
    let account = pipeline.account(&"dev".parse().unwrap());
    let access = ports.registry.access(account, "metrics").await.unwrap();
    let spec = pipeline.image(&"app".parse().unwrap());
    let spec = kanmon::model::pipeline::ImageSpec { repository: "metrics".into(), ..spec.clone() };
    let built = ports.images.build(&spec, &access, "v1", &|_| {}).await.unwrap();
    with_container(sim, &format!("{}:v1", access.repository));
    built.pushed.digest
}

fn own(tag: &str) -> String {
    format!("{HOST}/111111111111.ap-northeast-1/metrics:{tag}")
}

#[tokio::test(start_paused = true)]
async fn are_pinned_once_two_readings_of_their_scan_agree() {
    let sim = story().open();
    let digest = with_pushed(&sim, &[]).await;
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    let readings = |n: u32| {
        move |f: &Fact| {
            matches!(f, Fact::ScanObserved { image: ScanSubject::Unnamed { .. }, reading, readings, .. }
                if *readings == n && matches!(reading.state, ScanState::Scanned { .. }))
        }
    };
    assert!(ended.has(readings(1)) && ended.has(readings(2)));
    let pinned = |call: &Value| call.to_string().contains(&format!("/metrics@{digest}"));
    assert!(sim.calls("RegisterTaskDefinition").iter().any(|call| pinned(&call.input)));
}

#[tokio::test(start_paused = true)]
async fn have_findings_that_trail_complete() {
    let behaviour = json!({ "images": { "repository": "metrics" }, "findings_after": 15, "findings": "CRITICAL:1" });
    let sim = story().scans(behaviour).open();
    with_pushed(&sim, &[]).await;
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    ended.says("container metrics of admin: 1 critical (at most 0)");
}

#[tokio::test(start_paused = true)]
async fn block_the_gate_after_its_own_timeout() {
    let behaviour = json!({ "images": { "repository": "metrics" }, "reason": "PENDING_INITIAL_SCAN" });
    let sim = story().file("/gate/timeout", json!("25m")).scans(behaviour).open();
    with_pushed(&sim, &[]).await;
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    ended.says("in dev did not end within 25m: queued for its first scan (PENDING_INITIAL_SCAN)");
    ended.says("when the scan has ended, `kanmon promote");
}

#[tokio::test(start_paused = true)]
async fn are_checked_before_anything_is_built() {
    let only_shop = json!({ "scan": "ENHANCED", "frequency": "SCAN_ON_PUSH", "filters": ["shop"] });
    let cases: [(Story, Option<String>, &str); 4] = [
        (story(), Some("docker.io/evil/miner:latest".into()), "which is not in a repository of the file's accounts"),
        (story(), Some(own("v2")), "there is no image"),
        (story().world("/accounts/0/registry", only_shop), None, "Inspector scans nothing in repository metrics"),
        (story(), None, "metrics is for linux/amd64"),
    ];
    for (story, image, says) in cases {
        let sim = story.open();
        match image {
            Some(image) => with_container(&sim, &image),
            None => drop(with_pushed(&sim, &[]).await),
        }
        if says.contains("linux/amd64") {
            let template = std::fs::read_to_string(sim.path("deploy/admin.json")).unwrap();
            let arm =
                "{ \"runtimePlatform\": { \"cpuArchitecture\": \"ARM64\", \"operatingSystemFamily\": \"LINUX\" },";
            sim.write("deploy/admin.json", &template.replacen('{', arm, 1));
        }
        let before = sim.calls("PutImage").len();
        let ended = sim.release().await.end(&sim).await;
        ended.is(Outcome::Access, 40);
        ended.says(says);
        assert_eq!(sim.calls("PutImage").len(), before, "{says}");
    }
}

#[tokio::test(start_paused = true)]
async fn have_a_basic_scan_started_again_if_it_is_too_old() {
    let basic = json!({ "scan": "BASIC", "frequency": "MANUAL" });
    let sim = story().world("/accounts/0/registry", basic).open();
    with_pushed(&sim, &[]).await;
    let of = |sim: &Simulation, repository: &str| {
        sim.calls("StartImageScan").iter().filter(|c| c.input["repositoryName"] == repository).count()
    };
    sim.release().await.end(&sim).await.is(Outcome::Succeeded, 0);
    assert_eq!(of(&sim, "metrics"), 1);
    sim.hours(40 * 24).await;
    sim.build_next("next", &[]);
    sim.release().await.end(&sim).await.is(Outcome::Succeeded, 0);
    assert_eq!(of(&sim, "metrics"), 2);
}
