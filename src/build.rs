//! The build script: finds the commit that kanmon is built from, for `--version`.
//!
//! Only for optimized builds: a build that depends on the commit is done again after each commit.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=src/build.rs");
    println!("cargo:rustc-env=KANMON_BUILD={}", built());
}

/// What the binary is made of.
const SOURCES: [&str; 5] = ["Cargo.toml", "Cargo.lock", "README.md", "pipelines", "src"];

/// What the version says about the build, in words.
fn built() -> String {
    if std::env::var_os("PROFILE").is_none_or(|profile| profile != "release") {
        return "debug build".to_owned();
    }
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    commit(Path::new(&here)).unwrap_or_else(|| "not built from a git repository, so its commit is unknown".to_owned())
}

/// The commit that is checked out in this folder; `None`: the folder is not the root of a repository, or there is no git. (A source
/// archive may be unpacked below somebody else's repository.)
fn commit(here: &Path) -> Option<String> {
    let root = git(here, &["rev-parse", "--show-toplevel"])?;
    if Path::new(&root).canonicalize().ok()? != here.canonicalize().ok()? {
        return None;
    }
    let id = git(here, &["rev-parse", "--verify", "--short=12", "HEAD^{commit}"])?;
    let status = [&["--no-optional-locks", "status", "--porcelain", "--"], &SOURCES[..]].concat();
    let changed = !git(here, &status)?.is_empty();
    // Where another commit is named: the checked-out branch, or its commit. The reflog changes with each of them.
    let branch = git(here, &["symbolic-ref", "--quiet", "HEAD"]).unwrap_or_else(|| "HEAD".to_owned());
    for name in ["HEAD", "logs/HEAD", branch.as_str(), "packed-refs"] {
        let path = git(here, &["rev-parse", "--path-format=absolute", "--git-path", name])?;
        // A file that is not there would count as changed each time.
        if Path::new(&path).exists() {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    SOURCES.iter().for_each(|path| println!("cargo:rerun-if-changed={path}"));
    Some(if changed { format!("{id}, with uncommitted changes") } else { id })
}

/// What git prints, if it succeeds. Variables such as GIT_DIR, which a hook has, would name another repository.
fn git(here: &Path, args: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    let own = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_"));
    own.for_each(|(name, _)| {
        git.env_remove(name);
    });
    let ran = git.current_dir(here).args(args).output().ok()?;
    let text = String::from_utf8(ran.stdout).ok()?;
    ran.status.success().then(|| text.trim().to_owned())
}
