//! The commit of a working tree, read so that nothing of the repository's own configuration is executed.

mod changes;
mod codebuild;
mod command;
mod history;
mod pointer;

use std::path::Path;

use crate::model::event::Source;
use crate::model::git_problem::{CheckoutNotice, GitProblem};
use crate::ports::checkout::Read;
use command::Git;
pub use history::between;

/// What git reports about this folder; without a repository, what the build that this is reports, by its environment variables. kanmon's own
/// `.kanmon/` never counts as a change.
pub fn source(root: &Path, variable: impl Fn(&str) -> Option<String>) -> Read {
    // Without this git may not be there, and need not be.
    if !is_below_a_repository(root) {
        return Read { source: codebuild::source(variable).unwrap_or_default(), notices: vec![] };
    }
    match read(root) {
        Ok(found) => found,
        Err(why) => Read {
            notices: vec![CheckoutNotice::CommitUnknown { why: why.clone() }],
            source: Source { unreadable: Some(why), ..Source::default() },
        },
    }
}

/// A file below this folder that git tracks, if there is one. `None` also where git is missing or does not answer: that the folder was
/// made here has to be known in another way.
pub fn tracked(folder: &Path) -> Option<String> {
    if !is_below_a_repository(folder) {
        return None;
    }
    let found = Git::new(folder).and_then(|git| git.bytes(&["ls-files", "-z", "--", "."])).ok()?;
    found.split(|byte| *byte == 0).find(|name| !name.is_empty()).map(|name| String::from_utf8_lossy(name).into_owned())
}

/// Whether git would look for a repository here: the folder or one above it has a `.git`.
fn is_below_a_repository(root: &Path) -> bool {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    root.ancestors().any(|folder| folder.join(".git").symlink_metadata().is_ok())
}

fn read(root: &Path) -> Result<Read, GitProblem> {
    let git = Git::new(root)?;
    let commit = match git.line(&["rev-parse", "--verify", "HEAD^{commit}"]) {
        Ok(commit) => commit,
        Err(_) if is_before_the_first_commit(&git) => return Ok(Read::default()),
        Err(refused) => return Err(refused),
    };
    let branch = git.line(&["rev-parse", "--abbrev-ref", "HEAD"])?;
    let author = git.line(&["show", "-s", "--no-show-signature", "--format=%an <%ae>", "HEAD"])?;
    let subject = git.line(&["show", "-s", "--no-show-signature", "--encoding=UTF-8", "--format=%s", "HEAD"])?;
    let subject = Some(history::cut(&subject)).filter(|s| !s.is_empty());
    let (dirty, notices) = match changes::of(&git) {
        Ok(changes) => (!changes.changed.is_empty(), changes.notices()),
        // A tree whose state cannot be read is not called clean.
        Err(why) => (true, vec![CheckoutNotice::ChangesUnknown { why }]),
    };
    let branch = Some(branch).filter(|b| b != "HEAD");
    let source = Source { commit: Some(commit), subject, branch, author: Some(author), dirty, ..Source::default() };
    Ok(Read { source, notices })
}

/// Whether HEAD names a branch that has no commit yet, rather than one that cannot be read.
fn is_before_the_first_commit(git: &Git) -> bool {
    let Ok(branch) = git.line(&["symbolic-ref", "HEAD"]) else { return false };
    git.silent(&["for-each-ref", &branch])
}

#[cfg(test)]
mod tests;
