//! Images of files: what is included, and what never is.

use super::test_env::{Sandbox, TestEnv, release_in};

#[test]
fn what_the_ignore_file_names_and_git_are_excluded_and_verbose_output_lists_them() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit("files: { /srv/www: app }", "files: [{ from: app, to: /srv/www }, { from: ., to: /src }]");
    test_env.write(".dockerignore", "**/.env\n");
    test_env.write("app/.env", "DB_PASSWORD=example\n");
    test_env.write(".npmrc", "//registry.example/:_authToken=example\n");
    test_env.commit();
    let ran = test_env.run(&sandbox.keys("developer"), &["-v", "release", "--until", "dev"]).ended(0);
    ran.on_stderr("left out of the image: app/.env").on_stderr("left out of the image: .git, .kanmon, app/.env");
}

#[test]
fn names_that_look_like_secrets_and_an_ignore_file_that_does_not_apply_are_always_reported_and_recorded() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.write("app/.npmrc", "//registry.example/:_authToken=example\n");
    test_env.write("app/.dockerignore", "*\n");
    test_env.commit();
    let ran = test_env.run(&sandbox.keys("developer"), &["release", "--until", "dev"]).ended(0);
    let warnings = [
        "names that often hold secrets go into the image: app/.npmrc",
        "not used: app/.dockerignore; only the .dockerignore of the repository's root counts",
    ];
    let id = release_in(&ran.err);
    ran.on_stderr(warnings[0]).on_stderr(warnings[1]);
    let history = test_env.run(&sandbox.keys("developer"), &["history", &id]).ended(0);
    history.says(warnings[0]).says(warnings[1]);
}

#[test]
fn a_source_that_the_ignore_file_excludes_is_a_mistake_before_anything_is_sent() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.write(".dockerignore", "app\n");
    test_env.commit();
    let ran = test_env.run(&sandbox.keys("developer"), &["release"]).ended(3);
    assert!(ran.out.contains("`app` is excluded by .dockerignore"), "{}", ran.out);
    assert!(ran.out.contains("add a line `!app` to it"), "{}", ran.out);
    assert!(sandbox.changes().is_empty(), "{:?}", sandbox.changes());
}
