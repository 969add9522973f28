//! A person who requested a release cannot approve it, with any of their roles.

use super::test_env::{Sandbox, TestEnv, release_in};

/// The permission sets of developers and approvers.
const ROLES: [&str; 2] =
    ["AWSReservedSSO_Developer_fedcba9876543210", "AWSReservedSSO_ReleaseManager_0123456789abcdef"];

/// The demo's AWS, in which the developer's user represents IAM Identity Center: it may assume the roles of both permission sets.
fn sandbox() -> (tempfile::TempDir, Sandbox) {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/sandbox/seed/demo.yaml")).unwrap();
    let mut seed: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
    let dev = &mut seed["accounts"][0];
    assert_eq!(dev["id"], "111111111111");
    let everything = serde_json::json!([{ "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] }]);
    let statement = serde_json::json!({
        "Effect": "Allow",
        "Principal": { "AWS": "arn:aws:iam::111111111111:user/developer" },
        "Action": ["sts:AssumeRole"],
    });
    let roles: Vec<_> = ROLES
        .iter()
        .map(|name| serde_json::json!({ "name": name, "trust": { "Statement": [statement] }, "policies": everything }))
        .collect();
    match dev["roles"].as_array_mut() {
        Some(there) => there.extend(roles),
        None => dev["roles"] = serde_json::json!(roles),
    }
    let users = dev["users"].as_array_mut().unwrap();
    users.iter_mut().find(|u| u["name"] == "developer").unwrap()["policies"] = everything;
    let deploys =
        seed["accounts"][1]["roles"].as_array_mut().unwrap().iter_mut().find(|r| r["name"] == "kanmon-deploy");
    for statement in deploys.unwrap()["trust"]["Statement"].as_array_mut().unwrap() {
        statement["Principal"] = serde_json::json!({ "AWS": format!("arn:aws:iam::111111111111:role/{}", ROLES[0]) });
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seed.json");
    std::fs::write(&file, seed.to_string()).unwrap();
    let sandbox = Sandbox::with(&["--speed", "120", "--seed", file.to_str().unwrap()]);
    (folder, sandbox)
}

/// The environment of a session of this permission set's role, named after its user.
fn session(sandbox: &Sandbox, role: &str, user: &str) -> Vec<(String, String)> {
    assumed(sandbox, "developer", &format!("arn:aws:iam::111111111111:role/{role}"), user)
}

/// The environment of a session of a role that one of the sandbox's users assumes.
pub fn assumed(sandbox: &Sandbox, user: &str, role: &str, session: &str) -> Vec<(String, String)> {
    let keys: std::collections::BTreeMap<_, _> = sandbox.keys(user).into_iter().collect();
    let (id, secret) = (&keys["AWS_ACCESS_KEY_ID"], &keys["AWS_SECRET_ACCESS_KEY"]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let assumed = runtime.block_on(async {
        let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .region(aws_types::region::Region::new("ap-northeast-1"))
            .credentials_provider(aws_credential_types::Credentials::new(id, secret, None, None, "test"))
            .endpoint_url(sandbox.endpoint());
        let sts = aws_sdk_sts::Client::new(&config.load().await);
        sts.assume_role().role_arn(role).role_session_name(session).send().await.unwrap()
    });
    let given = assumed.credentials().unwrap();
    let mut env: Vec<_> = sandbox
        .keys(user)
        .into_iter()
        .filter(|(name, _)| !name.starts_with("AWS_ACCESS") && !name.starts_with("AWS_SECRET"))
        .collect();
    env.push(("AWS_ACCESS_KEY_ID".to_owned(), given.access_key_id().to_owned()));
    env.push(("AWS_SECRET_ACCESS_KEY".to_owned(), given.secret_access_key().to_owned()));
    env.push(("AWS_SESSION_TOKEN".to_owned(), given.session_token().to_owned()));
    env
}

#[test]
fn one_user_of_identity_center_is_one_person_through_two_permission_sets() {
    let (_seed, sandbox) = sandbox();
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit(
        "arn:aws:iam::111111111111:user/manager",
        "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_ReleaseManager_0123456789abcdef/*",
    );
    let [develops, manages] = ROLES.map(|role| session(&sandbox, role, "taro@example.com"));
    let mut running = test_env.start(&develops, &["release", "--until", "prod"]);
    let id = release_in(&running.says("waits for approval"));
    let shown = test_env.run(&manages, &["approvals", "--output", "json"]).ended(0).json();
    let plan = shown[0]["waiting"][0]["request"]["plan"].as_str().unwrap().to_owned();
    let ran = test_env.run(&manages, &["approve", &id, "--plan", &plan]).ended(40);
    ran.on_stderr("this answer would not count").on_stderr("taro@example.com");
    // Another person with the same permission set may approve.
    let hana = session(&sandbox, ROLES[1], "hana@example.com");
    test_env.run(&hana, &["approve", &id, "--plan", &plan]).ended(0);
    let ran = running.end().ended(0);
    assert!(ran.err.contains("approved by hana@example.com"), "{}", ran.err);
}
