//! Missing access and missing resources are found and named before anything is changed.

use super::test_env::{Ran, Sandbox, TestEnv};

/// Releases with one text of the pipeline file replaced by another, and asserts that nothing was changed.
fn refused(from: &str, to: &str) -> Ran {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit(from, to);
    let ran = test_env.run(&sandbox.keys("developer"), &["release"]).ended(40);
    assert_eq!(sandbox.changes(), Vec::<String>::new(), "something was changed");
    ran
}

/// stdout with its lines joined, because a sentence may be on several.
fn stdout_has(ran: &Ran, words: &[&str]) {
    for words in words {
        assert!(ran.out.contains(words), "not printed: `{words}`\n{}", ran.out);
    }
}

#[test]
fn a_role_that_may_not_be_assumed_names_the_principal_and_the_statement() {
    let ran = refused("role: kanmon-deploy", "role: kanmon-other");
    stdout_has(
        &ran,
        &[
            "arn:aws:iam::111111111111:user/developer is not allowed to call sts:AssumeRole",
            "arn:aws:iam::222222222222:role/kanmon-other",
            "needs this statement",
            r#""Effect": "Allow""#,
            r#""AWS": "arn:aws:iam::111111111111:user/developer""#,
        ],
    );
}

#[test]
fn a_wrong_external_id_names_where_to_compare_it() {
    let ran = refused("external_id: asset", "external_id: asst");
    stdout_has(
        &ran,
        &["is not allowed to call sts:AssumeRole", "compare its external id", r#""sts:ExternalId": "asst""#],
    );
}

#[test]
fn an_account_id_that_is_not_the_files_names_both() {
    let ran = refused("\"111111111111\"", "\"111111111112\"");
    stdout_has(&ran, &["belong to 111111111111, but the file says 111111111112"]);
}

#[test]
fn a_missing_repository_names_the_nearest() {
    let ran = refused("repository: hello", "repository: helo");
    stdout_has(&ran, &["there is no repository `helo` in account dev (111111111111", "did you mean `hello`?"]);
}

#[test]
fn a_missing_cluster_names_the_nearest() {
    let ran = refused("cluster: hello-prod", "cluster: hello-prd");
    stdout_has(&ran, &["there is no cluster `hello-prd` in account prod", "did you mean `hello-prod`?"]);
}

#[test]
fn a_missing_service_names_the_nearest() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit("  web: { taskdef", "  webb: { taskdef").edit("roll: web", "roll: webb");
    let ran = test_env.run(&sandbox.keys("developer"), &["release"]).ended(40);
    stdout_has(&ran, &["there is no service `webb` in cluster hello-dev", "did you mean `web`?"]);
    assert_eq!(sandbox.changes(), Vec::<String>::new());
}

#[test]
fn a_missing_container_of_what_runs_names_those_that_are_there() {
    let ran = refused(
        "web: { taskdef: deploy/web.json, containers: { web: app } }",
        "web: { taskdef: live, containers: { wep: app } }",
    );
    stdout_has(&ran, &["no container `wep`", "did you mean `web`?"]);
}

#[test]
fn all_that_is_missing_is_reported_at_once() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit("external_id: asset", "external_id: asst").edit("cluster: hello-dev", "cluster: hello-dve");
    let ran = test_env.run(&sandbox.keys("developer"), &["release"]).ended(40);
    stdout_has(&ran, &["2 problems were found; nothing was changed", "sts:AssumeRole", "no cluster `hello-dve`"]);
    assert_eq!(sandbox.changes(), Vec::<String>::new());
    // A release that could not begin cannot be resumed.
    test_env.run(&sandbox.keys("developer"), &["resume"]).ended(2).on_stderr("no release can be resumed");
}

#[test]
fn no_credentials_at_all_says_so() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let env = [("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned())];
    let ran = test_env.run(&env, &["release"]).ended(40);
    assert!(ran.err.contains("credentials") && ran.err.contains("AWS_PROFILE"), "{}", ran.err);
    assert!(sandbox.calls().is_empty());
}
