//! The commits between two releases, as a checkout lists them.

use super::git_problem::GitProblem;

/// The commits in which a release differs from what runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commits {
    /// Those that what runs does not have.
    pub new: CommitList,
    /// Those that what runs has and the release does not.
    pub gone: CommitList,
}

/// Commits, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommitList {
    /// The newest ones.
    pub newest: Vec<Commit>,
    /// How many there are in all.
    pub count: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub name: String,
    pub author: String,
    pub subject: String,
}

/// Why the commits are unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitsUnknown {
    /// It is unknown which release runs, so there is no commit to compare with.
    NothingToCompare,
    /// The record has no commit of this release, or of the one that runs.
    NoCommit {
        of_what_runs: bool,
    },
    /// The images of one of the two releases were built from different commits.
    SeveralCommits,
    /// There is no git repository here.
    NoRepository,
    /// This checkout does not have a commit.
    NotHere {
        commit: String,
    },
    /// The record has a text that is not the name of a commit.
    NotAName {
        text: String,
    },
    /// This checkout has only the end of the history (`git clone --depth`).
    CutOff,
    Git {
        why: GitProblem,
    },
}
