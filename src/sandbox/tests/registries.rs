use aws_sdk_ecr::Client;
use aws_sdk_ecr::operation::describe_image_replication_status::DescribeImageReplicationStatusOutput;
use aws_sdk_ecr::types::{
    ImageIdentifier, ReplicationConfiguration, ReplicationDestination, ReplicationRule, ReplicationStatus,
    RepositoryFilter, RepositoryFilterType,
};
use serde_json::json;

use super::*;
use crate::sandbox::registry::tests::{Pusher, attestation, image, index_of};

const REPOSITORY: &str = "111111111111.ap-northeast-1/asset-manager";
const DAY: u64 = 24 * 3600;

async fn replicate_to(test_env: &TestEnv, account: &str, region: &str, prefix: &str) {
    let destination = ReplicationDestination::builder().registry_id(account).region(region).build().unwrap();
    let filter =
        RepositoryFilter::builder().filter(prefix).filter_type(RepositoryFilterType::PrefixMatch).build().unwrap();
    let rule = ReplicationRule::builder().destinations(destination).repository_filters(filter).build().unwrap();
    let configuration = ReplicationConfiguration::builder().rules(rule).build().unwrap();
    let ecr = Client::new(&test_env.developer());
    ecr.put_replication_configuration().replication_configuration(configuration.clone()).send().await.unwrap();
    let described = ecr.describe_registry().send().await.unwrap();
    assert_eq!(described.replication_configuration(), Some(&configuration));
}

async fn status(test_env: &TestEnv, digest: &str) -> DescribeImageReplicationStatusOutput {
    let id = ImageIdentifier::builder().image_digest(digest).build();
    let call = Client::new(&test_env.developer()).describe_image_replication_status();
    call.repository_name("asset-manager").image_id(id).send().await.unwrap()
}

/// Whether the registry of another place has the image, once time has passed there too.
fn there(test_env: &TestEnv, account: &str, region: &str, reference: &str) -> bool {
    test_env.send(Request::get("/_sandbox/log").body(Bytes::new()).unwrap());
    let world = test_env.world.lock().unwrap();
    let repository = world.ecr().repository(&account.parse().unwrap(), &region.parse().unwrap(), "asset-manager");
    repository.and_then(|r| r.find(reference)).is_some()
}

#[tokio::test]
async fn a_pushed_image_is_replicated_some_time_later() {
    let test_env = TestEnv::demo();
    replicate_to(&test_env, "111111111111", "us-east-1", "asset").await;
    let app = image("one", &[]);
    let index = index_of(&[&app, &attestation("one")]);
    let pusher = Pusher::of(&test_env, REPOSITORY).await;
    pusher.push_untagged(&app);
    pusher.push_untagged(&attestation("one"));
    pusher.push(&index, "v1");
    let first = status(&test_env, &index.digest).await;
    assert_eq!(first.replication_statuses()[0].status(), Some(&ReplicationStatus::InProgress));
    assert!(!there(&test_env, "111111111111", "us-east-1", "v1"));
    test_env.clock.pass(120);
    let after = status(&test_env, &index.digest).await;
    assert_eq!(after.replication_statuses()[0].status(), Some(&ReplicationStatus::Complete));
    assert_eq!(after.replication_statuses()[0].region(), Some("us-east-1"));
    assert!(
        there(&test_env, "111111111111", "us-east-1", "v1")
            && there(&test_env, "111111111111", "us-east-1", &app.digest)
    );
    // Nothing is replicated that no rule names.
    let other = image("two", &[]);
    Pusher::of(&test_env, "111111111111.ap-northeast-1/hello").await.push(&other, "v1");
    test_env.clock.pass(3600);
    assert!(!there(&test_env, "111111111111", "us-east-1", &other.digest));
}

#[tokio::test]
async fn another_accounts_registry_must_permit_replication() {
    let granting = |resource: &str| {
        json!({"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
            "Action": ["ecr:ReplicateImage", "ecr:CreateRepository"], "Resource": resource}]})
    };
    // As AWS's own examples of registry policies name their resources.
    let all = "arn:aws:ecr:ap-northeast-1:222222222222:repository/*";
    let others = "arn:aws:ecr:ap-northeast-1:222222222222:repository/hello*";
    for (resource, permitted) in [(None, false), (Some("*"), true), (Some(all), true), (Some(others), false)] {
        let mut seed = Seed::demo();
        seed.accounts[1].registry.policy = resource.map(granting);
        let test_env = TestEnv::of(&seed);
        replicate_to(&test_env, "222222222222", "ap-northeast-1", "asset").await;
        let app = image("one", &[]);
        Pusher::of(&test_env, REPOSITORY).await.push(&app, "v1");
        test_env.clock.pass(120);
        let statuses = status(&test_env, &app.digest).await;
        let ended = &statuses.replication_statuses()[0];
        let expected = if permitted { ReplicationStatus::Complete } else { ReplicationStatus::Failed };
        assert_eq!((ended.status(), ended.failure_code().is_some()), (Some(&expected), !permitted));
        assert_eq!(there(&test_env, "222222222222", "ap-northeast-1", "v1"), permitted);
    }
}

#[tokio::test]
async fn an_immutable_tag_in_the_destination_is_not_overwritten() {
    let mut seed = Seed::demo();
    seed.accounts[1].registry.policy = Some(json!({"Statement": [{"Effect": "Allow",
        "Principal": {"AWS": "111111111111"}, "Action": "ecr:ReplicateImage", "Resource": "*"}]}));
    seed.accounts[1].repositories.iter_mut().for_each(|r| r.immutable = true);
    let test_env = TestEnv::of(&seed);
    replicate_to(&test_env, "222222222222", "ap-northeast-1", "asset").await;
    let (first, second) = (image("one", &[]), image("two", &[]));
    let pusher = Pusher::of(&test_env, REPOSITORY).await;
    pusher.push(&first, "latest");
    pusher.push(&second, "latest");
    test_env.clock.pass(120);
    let state = status(&test_env, &second.digest).await;
    assert_eq!(state.replication_statuses()[0].status(), Some(&ReplicationStatus::Failed));
    assert!(there(&test_env, "222222222222", "ap-northeast-1", &first.digest));
}

async fn policy(test_env: &TestEnv, rules: serde_json::Value) {
    let text = json!({"rules": rules}).to_string();
    let ecr = Client::new(&test_env.developer());
    let put = ecr.put_lifecycle_policy().repository_name("asset-manager").lifecycle_policy_text(text);
    put.send().await.unwrap();
}

async fn left(test_env: &TestEnv) -> Vec<String> {
    let ecr = Client::new(&test_env.developer());
    let listed = ecr.list_images().repository_name("asset-manager").send().await.unwrap();
    let name = |i: &ImageIdentifier| i.image_tag().or(i.image_digest()).unwrap_or_default().to_owned();
    let mut names: Vec<String> = listed.image_ids().iter().map(name).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_lifecycle_policy_expires_images_that_are_too_many_or_too_old() {
    let test_env = TestEnv::demo();
    let pusher = Pusher::of(&test_env, REPOSITORY).await;
    for (n, tag) in ["kanmon-1", "dev-1", "dev-2", "dev-3"].into_iter().enumerate() {
        pusher.push(&image(&format!("{n}"), &[]), tag);
        test_env.clock.pass(60);
    }
    let untagged = image("loose", &[]);
    pusher.push_untagged(&untagged);
    let count =
        json!({"tagStatus": "tagged", "tagPrefixList": ["dev-"], "countType": "imageCountMoreThan", "countNumber": 2});
    let old = json!({"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 3});
    policy(
        &test_env,
        json!([
            {"rulePriority": 1, "selection": count, "action": {"type": "expire"}},
            {"rulePriority": 2, "selection": old, "action": {"type": "expire"}},
        ]),
    )
    .await;
    assert_eq!(left(&test_env).await.len(), 5, "nothing goes at once");
    test_env.clock.pass(DAY);
    let mut expected = vec!["dev-2".to_owned(), "dev-3".to_owned(), "kanmon-1".to_owned(), untagged.digest];
    expected.sort();
    assert_eq!(left(&test_env).await, expected);
    test_env.clock.pass(3 * DAY);
    assert_eq!(left(&test_env).await, ["dev-2", "dev-3", "kanmon-1"]);
    let ecr = Client::new(&test_env.developer());
    let got = ecr.get_lifecycle_policy().repository_name("asset-manager").send().await.unwrap();
    assert!(got.last_evaluated_at().is_some());
    ecr.delete_lifecycle_policy().repository_name("asset-manager").send().await.unwrap();
    let (code, _) = said(ecr.get_lifecycle_policy().repository_name("asset-manager").send().await);
    assert_eq!(code, "LifecyclePolicyNotFoundException");
}

#[tokio::test]
async fn a_later_rule_does_not_expire_images_of_an_earlier_rule() {
    let test_env = TestEnv::demo();
    let pusher = Pusher::of(&test_env, REPOSITORY).await;
    pusher.push(&image("kept", &[]), "kanmon-1");
    test_env.clock.pass(60);
    pusher.push(&image("new", &[]), "dev-1");
    let keep = json!({"tagStatus": "tagged", "tagPatternList": ["kanmon-*"], "countType": "imageCountMoreThan", "countNumber": 100});
    let any = json!({"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1});
    policy(
        &test_env,
        json!([
            {"rulePriority": 1, "selection": keep, "action": {"type": "expire"}},
            {"rulePriority": 5, "selection": any, "action": {"type": "expire"}},
        ]),
    )
    .await;
    test_env.clock.pass(DAY);
    assert_eq!(left(&test_env).await, ["dev-1", "kanmon-1"]);
}

#[tokio::test]
async fn an_index_expires_with_its_images_and_none_of_them_before_it() {
    let test_env = TestEnv::demo();
    let pusher = Pusher::of(&test_env, REPOSITORY).await;
    let (app, proof) = (image("one", &[]), attestation("one"));
    let index = index_of(&[&app, &proof]);
    pusher.push_untagged(&app);
    pusher.push_untagged(&proof);
    pusher.push(&index, "v1");
    let untagged =
        json!({"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 1});
    let tagged = json!({"tagStatus": "tagged", "tagPrefixList": ["v"], "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 5});
    policy(
        &test_env,
        json!([
            {"rulePriority": 1, "selection": untagged, "action": {"type": "expire"}},
            {"rulePriority": 2, "selection": tagged, "action": {"type": "expire"}},
        ]),
    )
    .await;
    test_env.clock.pass(3 * DAY);
    assert_eq!(left(&test_env).await.len(), 3);
    test_env.clock.pass(3 * DAY);
    assert_eq!(left(&test_env).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_task_cannot_pull_what_has_not_arrived_yet_however_far_the_clock_jumps() {
    let mut seed = Seed::demo();
    seed.accounts[1].registry.policy = Some(json!({"Statement": [{"Effect": "Allow",
        "Principal": {"AWS": "111111111111"}, "Action": "ecr:ReplicateImage", "Resource": "*"}]}));
    let test_env = TestEnv::of(&seed);
    replicate_to(&test_env, "222222222222", "ap-northeast-1", "asset").await;
    let sts = aws_sdk_sts::Client::new(&test_env.developer());
    let assume = sts.assume_role().role_arn("arn:aws:iam::222222222222:role/kanmon-deploy").role_session_name("prod");
    let answer = assume.external_id("asset").send().await.unwrap();
    let ecs = aws_sdk_ecs::Client::new(&test_env.config(session(answer.credentials().unwrap())));
    Pusher::of(&test_env, REPOSITORY).await.push(&image("one", &[]), "v1");
    let container = aws_sdk_ecs::types::ContainerDefinition::builder()
        .name("web")
        .image(format!("{HOST}/222222222222.ap-northeast-1/asset-manager:v1"))
        .build();
    let register = ecs.register_task_definition().family("asset-web").container_definitions(container);
    register.cpu("256").memory("512").network_mode(aws_sdk_ecs::types::NetworkMode::Awsvpc).send().await.unwrap();
    let deploy = || async {
        ecs.update_service().cluster("asset-prod").service("web").task_definition("asset-web:2").send().await.unwrap();
        test_env.clock.pass(600);
        let described = ecs.describe_services().cluster("asset-prod").services("web").send().await.unwrap();
        described.services()[0].task_definition().unwrap().rsplit('/').next().unwrap().to_owned()
    };
    assert_eq!(deploy().await, "asset-web:1", "its tasks failed and it was rolled back");
    assert_eq!(deploy().await, "asset-web:2", "by now the image is there");
}

#[tokio::test]
async fn what_names_its_items_has_no_pages_and_nothing_is_archived() {
    use aws_sdk_ecr::types::{DescribeImagesFilter, ImageIdentifier, ImageStatusFilter};
    let test_env = TestEnv::demo();
    let ecr = aws_sdk_ecr::Client::new(&test_env.developer());
    let names = || ecr.describe_repositories().repository_names("asset-manager");
    assert_eq!(names().send().await.unwrap().repositories().len(), 1);
    assert_eq!(said(names().max_results(5).send().await).0, "InvalidParameterException");
    let images = || ecr.describe_images().repository_name("asset-manager");
    let id = ImageIdentifier::builder().image_tag("v1").build();
    assert_eq!(said(images().image_ids(id.clone()).max_results(5).send().await).0, "InvalidParameterException");
    Pusher::of(&test_env, REPOSITORY).await.push(&image("one", &[]), "v1");
    let of = |status| images().filter(DescribeImagesFilter::builder().image_status(status).build()).send();
    assert!(of(ImageStatusFilter::Archived).await.unwrap().image_details().is_empty());
    assert_eq!(of(ImageStatusFilter::Active).await.unwrap().image_details().len(), 1);
    assert_eq!(images().image_ids(id).send().await.unwrap().image_details().len(), 1);
}
