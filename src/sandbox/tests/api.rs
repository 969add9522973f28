use aws_sdk_ecr::Client;
use aws_sdk_ecr::types::{ImageIdentifier, ImageTagMutability};

use super::*;
use crate::sandbox::registry::tests::{Pusher, image, index_of};

#[tokio::test]
async fn a_repository_answers_where_it_is_pushed_to() {
    let test_env = TestEnv::demo();
    let ecr = Client::new(&test_env.developer());
    let made = ecr.create_repository().repository_name("team/web").send().await.unwrap();
    let uri = made.repository().unwrap().repository_uri().unwrap().to_owned();
    assert_eq!(uri, format!("{HOST}/111111111111.ap-northeast-1/team/web"));
    let (code, message) = said(ecr.create_repository().repository_name("team/web").send().await);
    assert_eq!(code, "RepositoryAlreadyExistsException");
    assert_eq!(message, "The repository with name 'team/web' already exists in the registry with id '111111111111'");
    let token = ecr.get_authorization_token().send().await.unwrap();
    assert_eq!(token.authorization_data()[0].proxy_endpoint(), Some("http://127.0.0.1:4566"));
    let (code, _) = said(ecr.describe_repositories().repository_names("none").send().await);
    assert_eq!(code, "RepositoryNotFoundException");
}

#[tokio::test]
async fn pages_put_together_are_all_repositories() {
    let test_env = TestEnv::demo();
    let ecr = Client::new(&test_env.developer());
    for n in 0..25 {
        ecr.create_repository().repository_name(format!("r{n:02}")).send().await.unwrap();
    }
    let mut names = Vec::new();
    let mut pages = ecr.describe_repositories().max_results(10).into_paginator().send();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        sizes.push(page.repositories().len());
        names.extend(page.repositories().iter().map(|r| r.repository_name().unwrap().to_owned()));
    }
    assert_eq!(sizes, [10, 10, 7]);
    names.dedup();
    assert_eq!(names.len(), 27);
}

#[tokio::test]
async fn an_image_is_copied_by_its_manifest_and_described() {
    let test_env = TestEnv::demo();
    let ecr = Client::new(&test_env.developer());
    let pusher = Pusher::of(&test_env, "111111111111.ap-northeast-1/asset-manager").await;
    let app = image("one", &[]);
    pusher.blobs(&app);
    let put = ecr.put_image().repository_name("asset-manager").image_manifest(&app.manifest).image_tag("v1");
    let answer = put.clone().send().await.unwrap();
    assert_eq!(answer.image().unwrap().image_id().unwrap().image_digest(), Some(app.digest.as_str()));
    assert_eq!(said(put.send().await).0, "ImageAlreadyExistsException");

    let by_tag = ImageIdentifier::builder().image_tag("v1").build();
    let described =
        ecr.describe_images().repository_name("asset-manager").image_ids(by_tag.clone()).send().await.unwrap();
    let detail = &described.image_details()[0];
    assert_eq!(detail.image_digest(), Some(app.digest.as_str()));
    assert_eq!(detail.image_tags(), ["v1"]);
    assert_eq!(detail.image_pushed_at().unwrap().secs(), test_env.clock.timestamp().as_second());
    let got = ecr.batch_get_image().repository_name("asset-manager").image_ids(by_tag);
    let got = got.image_ids(ImageIdentifier::builder().image_tag("none").build()).send().await.unwrap();
    assert_eq!(got.images()[0].image_manifest(), Some(app.manifest.as_str()));
    assert_eq!(got.failures()[0].failure_reason(), Some("Requested image not found"));
    let missing = ImageIdentifier::builder().image_tag("none").build();
    let (code, message) = said(ecr.describe_images().repository_name("asset-manager").image_ids(missing).send().await);
    assert_eq!(code, "ImageNotFoundException");
    assert!(
        message.starts_with("The image with imageId {imageDigest:'null', imageTag:'none'} does not exist"),
        "{message}"
    );
}

#[tokio::test]
async fn layers_that_are_not_there_and_tags_that_may_not_move_are_refused() {
    let test_env = TestEnv::demo();
    let ecr = Client::new(&test_env.developer());
    ecr.create_repository()
        .repository_name("fixed")
        .image_tag_mutability(ImageTagMutability::Immutable)
        .send()
        .await
        .unwrap();
    let (one, two) = (image("one", &[]), image("two", &[]));
    let put = |app: &crate::sandbox::registry::tests::Built| {
        ecr.put_image().repository_name("fixed").image_manifest(&app.manifest).image_tag("v1").send()
    };
    assert_eq!(said(put(&one).await).0, "LayersNotFoundException");
    let pusher = Pusher::of(&test_env, "111111111111.ap-northeast-1/fixed").await;
    pusher.blobs(&one);
    pusher.blobs(&two);
    put(&one).await.unwrap();
    let (code, message) = said(put(&two).await);
    assert_eq!(code, "ImageTagAlreadyExistsException");
    assert!(message.contains("'v1' already exists in the 'fixed' repository"), "{message}");
    let index = index_of(&[&one, &image("absent", &[])]);
    let (code, _) = said(ecr.put_image().repository_name("fixed").image_manifest(index.manifest).send().await);
    assert_eq!(code, "ReferencedImagesNotFoundException");
}

#[tokio::test]
async fn another_accounts_repository_is_read_only_if_its_policy_allows_it() {
    let test_env = TestEnv::demo();
    let sts = aws_sdk_sts::Client::new(&test_env.developer());
    let role = sts.assume_role().role_arn("arn:aws:iam::222222222222:role/kanmon-deploy").role_session_name("r1");
    let answer = role.external_id("asset").send().await.unwrap();
    let prod = Client::new(&test_env.config(session(answer.credentials().unwrap())));
    let get = |id: &str| {
        let image = ImageIdentifier::builder().image_tag("v1").build();
        prod.batch_get_image().registry_id(id).repository_name("asset-manager").image_ids(image).send()
    };
    // Dev's policy lets prod read.
    assert_eq!(get("111111111111").await.unwrap().failures().len(), 1);
    let (code, message) =
        said(prod.describe_images().registry_id("111111111111").repository_name("asset-manager").send().await);
    assert_eq!(code, "AccessDeniedException");
    assert!(message.ends_with("because no resource-based policy allows the ecr:DescribeImages action"), "{message}");
    // Nor does a policy on one repository open the registry.
    assert_eq!(said(prod.describe_repositories().registry_id("111111111111").send().await).0, "AccessDeniedException");
    let dev = Client::new(&test_env.developer());
    dev.set_repository_policy()
        .repository_name("asset-manager")
        .policy_text(r#"{"Version":"2012-10-17","Statement":[]}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(said(get("111111111111").await).0, "AccessDeniedException");
}

#[tokio::test]
async fn what_a_policy_does_not_allow_is_denied_by_operation() {
    let test_env = TestEnv::demo();
    let ecr = Client::new(&test_env.manager());
    ecr.describe_repositories().send().await.unwrap();
    let (code, message) = said(ecr.create_repository().repository_name("x1").send().await);
    assert_eq!(code, "AccessDeniedException");
    assert_eq!(
        message,
        "User: arn:aws:iam::111111111111:user/manager is not authorized to perform: ecr:CreateRepository on resource: \
         arn:aws:ecr:ap-northeast-1:111111111111:repository/x1 because no identity-based policy allows the \
         ecr:CreateRepository action"
    );
}
