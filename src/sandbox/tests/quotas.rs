use bytes::Bytes;

use super::*;
use crate::sandbox::registry::tests::{Pusher, image};

fn limited() -> TestEnv {
    let mut seed = Seed::demo();
    seed.quotas = true;
    TestEnv::of(&seed)
}

#[tokio::test]
async fn the_caller_of_assume_role_is_charged_and_not_the_roles_account() {
    let test_env = limited();
    let sts = aws_sdk_sts::Client::new(&test_env.developer());
    let assume = || {
        let role = sts.assume_role().role_arn("arn:aws:iam::222222222222:role/kanmon-deploy");
        role.role_session_name("r1").external_id("asset").send()
    };
    let entered = assume().await.unwrap();
    let inside = aws_sdk_sts::Client::new(&test_env.config(session(entered.credentials().unwrap())));
    for _ in 1..600 {
        sts.get_caller_identity().send().await.unwrap();
    }
    assert_eq!(said(assume().await), ("Throttling".to_owned(), "Rate exceeded".to_owned()));
    inside.get_caller_identity().send().await.unwrap();
    test_env.clock.pass(1);
    assume().await.unwrap();
}

#[tokio::test]
async fn images_that_are_put_by_the_registry_protocol_and_by_the_api_share_a_quota() {
    let test_env = limited();
    let pusher = Pusher::of(&test_env, "111111111111.ap-northeast-1/asset-manager").await;
    let ecr = aws_sdk_ecr::Client::new(&test_env.developer());
    let app = image("one", &[]);
    pusher.blobs(&app);
    let put = |tag: String| pusher.manifest(&app, &tag);
    for n in 0..10 {
        assert_eq!(put(format!("v{n}")).status(), 201);
    }
    let refused = put("v10".to_owned());
    assert_eq!(refused.status(), 429);
    assert!(refused.body().windows(15).any(|w| w == b"TOOMANYREQUESTS"), "{refused:?}");
    let by_api = ecr.put_image().repository_name("asset-manager").image_manifest(&app.manifest).image_tag("v10");
    assert_eq!(said(by_api.clone().send().await).0, "ThrottlingException");
    assert_eq!(pusher.send("GET", "manifests/v9", &[], Bytes::new()).status(), 200, "reading is charged to another");
    test_env.clock.pass(1);
    by_api.send().await.unwrap();
}
