//! A state that is in the repository, came with its archive, or replaces the state of somebody else: production's checkout would contain
//! its own record.

use std::os::unix::fs::{chown, symlink};
use std::path::Path;
use std::process::Command;

use super::world::{BOTH, Topology, World, checkout};
use crate::binary::test_env::TestEnv;

fn git(test_env: &TestEnv, args: &[&str]) {
    let done = Command::new("git").args(args).current_dir(test_env.root.path()).status().unwrap();
    assert!(done.success(), "git {args:?}");
}

/// A checkout with a release in its own `.kanmon`.
fn with_state(world: &World) -> (TestEnv, String) {
    let test_env = checkout(world.topology, &world.sandbox);
    let ran = test_env.run(&world.developer().keys, &["release", "--until", "staging"]).ended(0);
    (test_env, crate::binary::test_env::release_in(&ran.out))
}

#[test]
fn a_state_that_git_tracks_is_not_used() {
    for topology in BOTH {
        let world = World::new(topology);
        let (test_env, id) = with_state(&world);
        let keys = world.promoter().keys;
        // The control: the same state, which is in no commit.
        test_env.run(&keys, &["history"]).ended(0).says(&id);
        git(&test_env, &["add", "-f", ".kanmon/journal.db"]);
        for verb in [&["history"][..], &["approvals"], &["promote", &id, "--to", "prod"], &["release"]] {
            test_env.run(&keys, verb).ended(40).on_stderr("git tracks .kanmon/journal.db").on_stderr("git rm --cached");
        }
        world.production_is_untouched();
        git(&test_env, &["rm", "-q", "--cached", ".kanmon/journal.db"]);
        test_env.run(&keys, &["history"]).ended(0).says(&id);
    }
}

/// Copies a folder and its contents, as if an archive of it were unpacked.
fn unpacked(from: &Path, to: &Path, leave_out: &[&str]) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (name, path) = (entry.file_name(), entry.path());
        if leave_out.iter().any(|left| name == *left) {
            continue;
        }
        match path.is_dir() {
            true => unpacked(&path, &to.join(name), leave_out),
            false => drop(std::fs::copy(&path, to.join(name)).unwrap()),
        }
    }
}

/// A ZIP source of CodeBuild has no `.git`, or one that the attacker made; and git may be missing.
#[test]
fn a_state_that_came_with_the_source_is_not_used_without_git_either() {
    for topology in BOTH {
        let world = World::new(topology);
        let (theirs, id) = with_state(&world);
        let keys = world.promoter().keys;
        let without_git = [keys.clone(), vec![("PATH".to_owned(), "/nonexistent".to_owned())]].concat();
        git(&theirs, &["add", "-f", ".kanmon"]);
        git(&theirs, &["-c", "user.name=D", "-c", "user.email=d@example.com", "commit", "-qm", "with state"]);
        let cases =
            [(&[".git"][..], &keys, "a ZIP"), (&[], &without_git, "no git"), (&[".git"], &without_git, "neither")];
        for (left_out, env, what) in cases {
            let test_env = TestEnv::empty();
            unpacked(theirs.root.path(), test_env.root.path(), left_out);
            for verb in [&["history"][..], &["approvals"], &["promote", &id, "--to", "prod"], &["resume"], &["release"]]
            {
                let ran = test_env.run(env, verb).ended(40);
                let ran = ran
                    .on_stderr("nothing shows that")
                    .on_stderr("an earlier kanmon")
                    .on_stderr("name it once")
                    .on_stderr("move it to another place");
                assert!(!ran.out.contains(&id), "{topology:?}, {what}: {verb:?}");
            }
        }
        world.production_is_untouched();
    }
}

#[test]
fn control_a_state_that_was_created_here_is_used_and_a_copied_one_is_used_once_it_is_named() {
    let world = World::new(Topology::Strong);
    let (test_env, id) = with_state(&world);
    let keys = world.promoter().keys;
    // Without git, and with another name.
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::rename(test_env.root.path().join(".git"), elsewhere.path().join(".git")).unwrap();
    test_env.run(&keys, &["history"]).ended(0).says(&id);
    // For a cache of CodeBuild or a backup, the person who runs kanmon names it.
    let copy = TestEnv::empty();
    unpacked(test_env.root.path(), copy.root.path(), &[]);
    copy.run(&keys, &["history"]).ended(40).on_stderr("was made on this machine");
    copy.run(&keys, &["history", "--state", "local:.kanmon"]).ended(0).says(&id);
    copy.run(&keys, &["history"]).ended(0).says(&id);
}

#[test]
fn a_state_that_is_a_link_is_not_followed() {
    let world = World::new(Topology::Strong);
    let (test_env, _) = with_state(&world);
    let keys = world.promoter().keys;
    let state = test_env.root.path().join(".kanmon");
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("target");
    std::fs::create_dir(&target).unwrap();
    let listing = |dir: &Path| std::fs::read_dir(dir).unwrap().count();

    std::fs::rename(&state, elsewhere.path().join("own")).unwrap();
    symlink(&target, &state).unwrap();
    test_env.run(&keys, &["history"]).ended(40).on_stderr(".kanmon is a symbolic link");
    test_env.run(&keys, &["release", "--until", "staging"]).ended(40).on_stderr(".kanmon is a symbolic link");
    assert_eq!(listing(&target), 0, "something was written through the link");
    std::fs::remove_file(&state).unwrap();
    std::fs::rename(elsewhere.path().join("own"), &state).unwrap();

    let db = state.join("journal.db");
    std::fs::rename(&db, elsewhere.path().join("journal.db")).unwrap();
    symlink(elsewhere.path().join("journal.db"), &db).unwrap();
    test_env.run(&keys, &["history"]).ended(40).on_stderr("journal.db is a symbolic link");
}

#[test]
fn a_database_with_more_than_tables_is_not_used() {
    let world = World::new(Topology::Strong);
    let (test_env, id) = with_state(&world);
    let keys = world.promoter().keys;
    let db = test_env.root.path().join(".kanmon/journal.db");
    let cases = [
        ("CREATE TRIGGER t AFTER INSERT ON inbox BEGIN DELETE FROM inbox; END", "DROP TRIGGER t", "trigger `t`"),
        ("CREATE VIEW v AS SELECT * FROM events", "DROP VIEW v", "view `v`"),
        ("CREATE TABLE more (x)", "DROP TABLE more", "table `more`"),
        (
            "ALTER TABLE chunks ADD COLUMN more TEXT",
            "ALTER TABLE chunks DROP COLUMN more",
            "`chunks` is not the one that kanmon makes",
        ),
        ("DROP INDEX releases_of_app", "CREATE INDEX releases_of_app ON releases (app)", "it lacks `releases_of_app`"),
    ];
    for (does, undoes, output) in cases {
        let sql = |text: &str| rusqlite::Connection::open(&db).unwrap().execute_batch(text).unwrap();
        sql(does);
        for verb in [&["history"][..], &["promote", &id, "--to", "prod"]] {
            test_env.run(&keys, verb).ended(40).on_stderr("the state is not used").on_stderr(output);
        }
        sql(undoes);
        test_env.run(&keys, &["history"]).ended(0).says(&id);
    }
}

#[test]
fn a_state_of_another_user_is_not_used() {
    let world = World::new(Topology::Strong);
    let (test_env, id) = with_state(&world);
    let keys = world.promoter().keys;
    let state = test_env.root.path().join(".kanmon");
    // Only root may change the owner of a file; other users cannot run this test.
    if !rustix::process::geteuid().is_root() {
        return;
    }
    for path in [state.clone(), state.join("journal.db")] {
        chown(&path, Some(12_345), None).unwrap();
        test_env.run(&keys, &["history"]).ended(40).on_stderr("belongs to another user (id 12345");
        chown(&path, Some(0), None).unwrap();
    }
    test_env.run(&keys, &["history"]).ended(0).says(&id);
}
