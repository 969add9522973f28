//! The commit that a working tree stands on.

use std::path::Path;
use std::process::Command;

use crate::model::event::Source;

/// What git says of a folder; all unknown where it is no working tree or git is missing. kanmon's own `.kanmon/` never counts
/// as a change.
pub fn source(root: &Path) -> Source {
    let Some(commit) = git(root, &["rev-parse", "HEAD"]) else { return Source::default() };
    let branch = git(root, &["rev-parse", "--abbrev-ref", "HEAD"]).filter(|b| b != "HEAD");
    let author = git(root, &["show", "-s", "--format=%an <%ae>", "HEAD"]);
    let changes = git(root, &["status", "--porcelain", "--", ".", ":(exclude).kanmon"]);
    // A tree whose state cannot be read is not called clean.
    let dirty = changes.is_none_or(|c| !c.is_empty());
    Source { commit: Some(commit), branch, author, dirty }
}

fn git(root: &Path, args: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(root).args(args).stdin(std::process::Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
