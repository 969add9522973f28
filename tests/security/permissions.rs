//! Other users of this machine cannot read the record.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::binary::test_env::{Sandbox, TestEnv};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn only_its_user_can_read_the_state_from_the_first_moment_on() {
    let sandbox = Sandbox::with(&["--speed", "15"]);
    let test_env = TestEnv::demo(&sandbox);
    let mut running = test_env.start(&sandbox.keys("developer"), &["release", "--until", "dev"]);
    running.says("requested by developer");
    let state = test_env.root.path().join(".kanmon");
    assert_eq!(mode(&state), 0o700);
    for file in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        assert_eq!(mode(&state.join(file)), 0o600, "{file}");
    }
    running.signal("INT");
    running.end().ended(30);
}

#[test]
fn a_state_folder_that_is_open_to_others_is_closed_and_reported_once() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let state = test_env.root.path().join(".kanmon");
    std::fs::create_dir(&state).unwrap();
    set_mode(&state, 0o755);
    let developer = sandbox.keys("developer");
    let ran = test_env.run(&developer, &["release", "--until", "dev"]).ended(0);
    let folded = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(folded.contains("warning: ") && folded.contains("(mode 0755); now only you can open it"), "{}", ran.err);
    assert_eq!(mode(&state), 0o700);

    set_mode(&state.join("journal.db"), 0o666);
    let ran = test_env
        .run(&developer, &["history", "--output", "json"])
        .ended(0)
        .on_stderr("(mode 0666); now only you can open it");
    assert_eq!(ran.json().len(), 1, "a warning is not on stdout");
    assert_eq!(mode(&state.join("journal.db")), 0o600);
    let ran = test_env.run(&developer, &["history"]).ended(0);
    assert_eq!(ran.err, "");
}

#[test]
fn a_folder_that_a_user_named_gets_a_hint_and_its_files_are_closed() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let shared = test_env.root.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    set_mode(&shared, 0o770);
    let args = ["release", "--until", "dev", "--state", "local:shared"];
    let ran = test_env.run(&sandbox.keys("developer"), &args).ended(0);
    let folded = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(folded.contains("(mode 0770); close it with: chmod 700 shared"), "{}", ran.err);
    assert_eq!((mode(&shared), mode(&shared.join("journal.db"))), (0o770, 0o600));
}
