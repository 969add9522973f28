//! git, run so that a repository's own configuration executes nothing.
//!
//! What a repository's configuration can make git execute even where it only reads: `core.fsmonitor`, hooks, content filters, the program
//! that verifies signatures, pagers, and whatever fetches a missing object of a partial clone.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::model::git_problem::GitProblem;
use crate::outside::run::{self, End, Limits, Output};

/// What a caller may have set for another repository or for another git (`git rev-parse --local-env-vars`, which a hook's environment has).
const OF_ANOTHER: [&str; 12] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_EXTERNAL_DIFF",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

const FIXED: [(&str, &str); 8] = [
    // What is shown of a commit is what its name is the hash of: nothing replaces it or its parents.
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_GRAFT_FILE", "/dev/null"),
    // The index is not written, so that no hook runs.
    ("GIT_OPTIONAL_LOCKS", "0"),
    // A missing object is missing: fetching it would run `core.sshCommand`, `ext::` and credential helpers.
    ("GIT_NO_LAZY_FETCH", "1"),
    // The same for a git that does not know the one above (before 2.45).
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_PAGER", "cat"),
    ("LC_ALL", "C"),
];

/// Configuration that wins over the repository's.
const SETTINGS: [(&str, &str); 8] = [
    // The file of grafts is `/dev/null`, and says nothing about it.
    ("advice.graftFileDeprecated", "false"),
    // A commit has the parents that it names, whatever a file beside it says.
    ("core.commitGraph", "false"),
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.pager", "cat"),
    ("log.showSignature", "false"),
    ("submodule.recurse", "false"),
    ("protocol.allow", "never"),
];

/// `git status` reads every file of a large tree once when its index is cold, which takes minutes on a network's file system. The names
/// of a million files are below this size.
const LIMITS: Limits = Limits { time: Duration::from_secs(300), bytes: 128 << 20 };

/// Of git's words, in characters: enough to say why.
const WORDS: usize = 300;

/// git in one folder.
#[derive(Debug, Clone)]
pub struct Git {
    pub folder: PathBuf,
    settings: Vec<(String, String)>,
    /// The content filters that some configuration names; none of them is run.
    pub filters: Vec<String>,
    limits: Limits,
}

impl Git {
    /// # Errors
    /// Where git is missing, or does not read this folder's configuration.
    pub fn new(folder: &Path) -> Result<Git, GitProblem> {
        Git::within(folder, LIMITS)
    }

    /// The same with other limits.
    ///
    /// # Errors
    /// As `new`.
    pub fn within(folder: &Path, limits: Limits) -> Result<Git, GitProblem> {
        let settings = SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let mut git = Git { folder: folder.to_owned(), settings, filters: Vec::new(), limits };
        git.line(&["rev-parse", "--git-dir"])?;
        git.without_filters()?;
        Ok(git)
    }

    /// Filters run on each file that is compared. Those of the user's own configuration are switched off too: git-lfs, for one, runs
    /// what the repository's configuration says.
    fn without_filters(&mut self) -> Result<(), GitProblem> {
        let output = self.run(&["config", "--null", "--name-only", "--get-regexp", r"^filter\."])?;
        // Git ends so where nothing matches.
        if matches!(output.end, End::Exited(status) if status.code() == Some(1)) && output.err.is_empty() {
            return Ok(());
        }
        let names = String::from_utf8_lossy(&self.answer(output)?).into_owned();
        let mut filters: Vec<String> = names
            .split('\0')
            .filter_map(|key| key.strip_prefix("filter.")?.rsplit_once('.'))
            .map(|(name, _)| name.to_owned())
            .collect();
        filters.sort();
        filters.dedup();
        for name in &filters {
            for (key, value) in [("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")] {
                self.settings.push((format!("filter.{name}.{key}"), value.to_owned()));
            }
        }
        self.filters = filters;
        Ok(())
    }

    /// Its answer in one line.
    ///
    /// # Errors
    /// Why git did not answer.
    pub fn line(&self, args: &[&str]) -> Result<String, GitProblem> {
        self.bytes(args).map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    /// Its answer as it is.
    ///
    /// # Errors
    /// Why git did not answer.
    pub fn bytes(&self, args: &[&str]) -> Result<Vec<u8>, GitProblem> {
        self.run(args).and_then(|output| self.answer(output))
    }

    /// Whether it succeeds and prints nothing, not even a warning.
    pub fn silent(&self, args: &[&str]) -> bool {
        self.run(args).is_ok_and(|o| o.succeeded() && o.out.is_empty() && o.err.is_empty())
    }

    fn answer(&self, output: Output) -> Result<Vec<u8>, GitProblem> {
        let status = match output.end {
            End::TimedOut => return Err(GitProblem::TimedOut { seconds: self.limits.time.as_secs() }),
            // A list that is cut off would read as a complete one.
            End::Exited(_) if output.cut => {
                return Err(GitProblem::AnswerTooLong { bytes: self.limits.bytes as u64 });
            }
            End::Exited(status) if status.success() => return Ok(output.out),
            End::Exited(status) => status,
        };
        let words = String::from_utf8_lossy(&output.err).split_whitespace().collect::<Vec<_>>().join(" ");
        Err(match words.is_empty() {
            true => GitProblem::Failed { status: status.to_string() },
            false => GitProblem::Refused { said: words.chars().take(WORDS).collect() },
        })
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
    fn run(&self, args: &[&str]) -> Result<Output, GitProblem> {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.folder).arg("--no-pager").args(args);
        for name in OF_ANOTHER {
            command.env_remove(name);
        }
        command.envs(FIXED);
        // After what the caller's environment configures (a `safe.directory`), so that it wins over everything.
        let already = std::env::var("GIT_CONFIG_COUNT").ok().and_then(|n| n.parse().ok()).unwrap_or(0);
        for (n, (name, value)) in (already..).zip(&self.settings) {
            command.env(format!("GIT_CONFIG_KEY_{n}"), name).env(format!("GIT_CONFIG_VALUE_{n}"), OsStr::new(value));
        }
        command.env("GIT_CONFIG_COUNT", (already + self.settings.len()).to_string());
        run::output_blocking(command, self.limits).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => GitProblem::NotInstalled,
            _ => GitProblem::NotStarted { said: error.to_string() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let made = Command::new("git").args(["init", "-q"]).arg(dir.path()).status().unwrap();
        assert!(made.success());
        dir
    }

    #[test]
    fn git_that_does_not_end_times_out_and_is_ended() {
        let dir = repository();
        // Git reads a configuration that never ends.
        let pipe = dir.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let include = format!("[include]\n\tpath = {}\n", pipe.display());
        std::fs::write(dir.path().join(".git/config"), include).unwrap();
        let limits = Limits { time: Duration::from_millis(200), ..LIMITS };
        assert_eq!(Git::within(dir.path(), limits).unwrap_err(), GitProblem::TimedOut { seconds: 0 });
    }

    #[test]
    fn an_answer_that_is_too_long_is_refused_instead_of_cut() {
        let dir = repository();
        let limits = Limits { bytes: 3, ..LIMITS };
        assert_eq!(Git::within(dir.path(), limits).unwrap_err(), GitProblem::AnswerTooLong { bytes: 3 });
    }
}
