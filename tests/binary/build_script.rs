//! What the build script says about the commit, in the repositories and folders that a build may begin in.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::test_env::TestEnv;

/// The compiled build script.
struct Script {
    folder: TempDir,
}

impl Script {
    fn compiled() -> Script {
        let folder = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/build.rs");
        let mut command = Command::new("rustc");
        command.args(["--edition", "2024", "-o"]).arg(folder.path().join("script")).arg(source);
        let ran = command.output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        Script { folder }
    }

    /// What it prints in a folder.
    fn says(&self, here: &Path, profile: &str) -> Vec<String> {
        let mut command = Command::new(self.folder.path().join("script"));
        command
            .current_dir(here)
            .env("CARGO_MANIFEST_DIR", here)
            .env("PROFILE", profile)
            .env("GIT_DIR", "/nonexistent");
        let ran = command.output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    fn build(&self, here: &Path) -> String {
        let lines = self.says(here, "release");
        lines.iter().find_map(|line| line.strip_prefix("cargo:rustc-env=KANMON_BUILD=")).unwrap().to_owned()
    }
}

const UNKNOWN: &str = "not built from a git repository, so its commit is unknown";

#[test]
fn the_commit_is_that_of_the_repository_and_only_of_this_one() {
    let script = Script::compiled();
    let test_env = TestEnv::empty();
    let root = test_env.root.path().canonicalize().unwrap();
    let commit = || {
        let ran = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).current_dir(&root).output().unwrap();
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    };
    test_env.write("src/lib.rs", "");
    assert_eq!(script.build(&root), UNKNOWN, "a repository without a commit");
    test_env.commit();
    assert_eq!(script.build(&root), commit());
    // What is not built into the binary does not count as a change.
    test_env.write("notes.txt", "");
    assert_eq!(script.build(&root), commit());
    test_env.write("src/lib.rs", "fn f() {}");
    assert_eq!(script.build(&root), format!("{}, with uncommitted changes", commit()));
    test_env.commit();
    test_env.git(&["pack-refs", "--all"]);
    assert_eq!(script.build(&root), commit());
    // A source archive below somebody else's repository.
    test_env.write("vendor/kanmon/src/lib.rs", "");
    assert_eq!(script.build(&root.join("vendor/kanmon")), UNKNOWN);
    assert_eq!(script.build(tempfile::tempdir().unwrap().path()), UNKNOWN);
    // A second work tree.
    test_env.git(&["worktree", "add", "-q", "second"]);
    assert_eq!(script.build(&root.join("second")), commit());
}

#[test]
fn it_runs_again_only_when_the_commit_or_the_source_changes() {
    let script = Script::compiled();
    let test_env = TestEnv::empty();
    let root = test_env.root.path().canonicalize().unwrap();
    test_env.write("src/lib.rs", "");
    test_env.commit();
    let watched = |profile| -> Vec<PathBuf> {
        let lines = script.says(&root, profile);
        lines
            .iter()
            .filter_map(|line| line.strip_prefix("cargo:rerun-if-changed="))
            .map(|path| root.join(path))
            .collect()
    };
    // Without a line, cargo would watch everything.
    assert_eq!(watched("debug"), [root.join("src/build.rs")]);
    let release = watched("release");
    for file in [".git/HEAD", ".git/logs/HEAD", ".git/refs/heads/main", "src"] {
        assert!(release.contains(&root.join(file)), "{file}: {release:?}");
    }
    // A file of git's that does not exist would count as changed each time.
    assert!(release.iter().filter(|path| path.starts_with(root.join(".git"))).all(|path| path.exists()), "{release:?}");
}
