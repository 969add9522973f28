//! Checkouts that git refuses to read, or that somebody else prepared.

use super::test_env::{Sandbox, TestEnv};

/// The same happens if git refuses a folder of another user (`safe.directory`), which only root could set up here.
#[test]
fn a_checkout_that_git_refuses_has_an_unknown_commit_and_a_warning_with_gits_message() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let dev = sandbox.keys("developer");
    let known = test_env.run(&dev, &["release", "--until", "dev"]).ended(0);
    assert!(!known.err.contains("warning"), "{}", known.err);
    test_env.write(".git/HEAD", "garbage");
    let unread = test_env.run(&dev, &["release", "--until", "dev"]).ended(0);
    let unread = unread.on_stderr("warning: the commit is unknown: git: fatal: not a git repository");
    assert!(unread.err.contains("commit unknown\n"), "{}", unread.err);
    let history = test_env.run(&dev, &["history"]).ended(0);
    assert_eq!(history.out.lines().filter(|l| l.contains(" unknown ")).count(), 1, "{}", history.out);
}

#[test]
fn an_image_is_built_from_the_commit_that_the_release_says_or_not_at_all() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let dev = sandbox.keys("developer");
    // It stops before anything is built.
    sandbox.ask("POST", "faults", r#"{"operation": "InitiateLayerUpload", "count": 100, "kind": "access_denied"}"#);
    sandbox.ask("POST", "faults", r#"{"operation": "PutImage", "count": 100, "kind": "access_denied"}"#);
    let stopped = test_env.run(&dev, &["release", "--until", "dev"]).ended(40);
    let id = super::test_env::release_in(&stopped.out);
    sandbox.ask("DELETE", "faults", "");
    let refused = |why: &str, hint: &str| {
        for verb in [&["resume", &id][..], &["promote", &id, "--to", "dev"]] {
            let ran = test_env.run(&dev, verb).ended(40);
            ran.says(&format!("image app cannot be built here for {id}: the source is different")).says(why).says(hint);
        }
        assert_eq!(sandbox.done("PutImage"), Vec::<serde_json::Value>::new());
    };
    test_env.write("app/index.html", "<title>not committed</title>");
    refused("with uncommitted changes", "without changes");
    test_env.commit();
    refused("but this is commit", "check out ");
    // The control: the commit is checked out again.
    test_env.git(&["checkout", "-q", "HEAD~1"]);
    test_env.run(&dev, &["resume", &id]).ended(0);
    assert_eq!(sandbox.done("PutImage").len(), 1);
}
