//! The commits between two commits of a repository.

use std::path::Path;
use std::time::Duration;

use super::command::Git;
use super::is_below_a_repository;
use crate::model::commits::{Commit, CommitList, Commits, CommitsUnknown};
use crate::model::git_problem::GitProblem;
use crate::outside::run::Limits;

/// A person waits for the answer. Counting the commits of a large repository takes a second or two, and the listed ones are far below this size.
const LIMITS: Limits = Limits { time: Duration::from_secs(10), bytes: 1 << 20 };

/// How many commits are listed; all are counted. Nobody reads more of them before a decision.
const LISTED: usize = 100;

/// The longest subject or name, in characters: whoever writes a commit chooses both.
const LONGEST: usize = 200;

/// The commits in which `to` differs from `from`.
///
/// # Errors
/// Why they are unknown.
pub fn between(root: &Path, from: &str, to: &str) -> Result<Commits, CommitsUnknown> {
    // The record may have any text, and git would take some of it for options.
    for text in [from, to] {
        if !is_commit_name(text) {
            return Err(CommitsUnknown::NotAName { text: text.to_owned() });
        }
    }
    if !is_below_a_repository(root) {
        return Err(CommitsUnknown::NoRepository);
    }
    let git = Git::within(root, LIMITS).map_err(of_git)?;
    if git.line(&["rev-parse", "--is-shallow-repository"]).map_err(of_git)? == "true" {
        return Err(CommitsUnknown::CutOff);
    }
    for commit in [from, to] {
        if git.bytes(&["cat-file", "-e", &format!("{commit}^{{commit}}")]).is_err() {
            return Err(CommitsUnknown::NotHere { commit: commit.to_owned() });
        }
    }
    let list = |range: String| listed(&git, &range).map_err(of_git);
    Ok(Commits { new: list(format!("{from}..{to}"))?, gone: list(format!("{to}..{from}"))? })
}

fn of_git(why: GitProblem) -> CommitsUnknown {
    CommitsUnknown::Git { why }
}

/// Whether a text is the full name of a commit (SHA-1 or SHA-256).
fn is_commit_name(text: &str) -> bool {
    [40, 64].contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn listed(git: &Git, range: &str) -> Result<CommitList, GitProblem> {
    let count = git.line(&["rev-list", "--count", range, "--"])?;
    let most = format!("--max-count={LISTED}");
    let form = "--format=%H%x00%an%x00%s";
    let log = git.bytes(&["log", "--no-show-signature", "--no-color", "--encoding=UTF-8", &most, form, range, "--"])?;
    let log = String::from_utf8_lossy(&log);
    let newest: Vec<Commit> = log.lines().filter_map(commit).collect();
    // Git prints a number; if it does not, there are at least those that it lists.
    let count = count.parse().unwrap_or(newest.len()).max(newest.len());
    Ok(CommitList { newest, count })
}

fn commit(line: &str) -> Option<Commit> {
    let mut parts = line.splitn(3, '\0');
    let (name, author, subject) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Commit { name: name.to_owned(), author: cut(author), subject: cut(subject) })
}

/// A text of whoever wrote a commit, at a length that can be shown.
pub fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
