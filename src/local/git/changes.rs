//! How a working tree differs from its commit.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::command::Git;
use super::pointer;
use crate::model::git_problem::{CheckoutNotice, GitProblem};

/// Submodules of submodules: those that are nested deeper count as changed.
const DEEPEST: usize = 8;
/// Paths in one command line, which may have 128 kB at least.
const AT_ONCE: usize = 200;

/// What differs, by paths below the top of the working tree.
#[derive(Debug, Default)]
pub struct Changes {
    pub changed: BTreeSet<String>,
    /// Changed, as far as can be known without the filter that git would run on them.
    filtered: BTreeSet<String>,
    /// Submodules that could not be looked into.
    unknown: Vec<CheckoutNotice>,
}

impl Changes {
    pub fn notices(&self) -> Vec<CheckoutNotice> {
        let mut notices = self.unknown.clone();
        if let Some(first) = self.filtered.first() {
            notices.push(CheckoutNotice::Filtered { first: first.clone(), others: self.filtered.len() - 1 });
        }
        notices
    }
}

/// What differs below a folder, its submodules included.
///
/// # Errors
/// Why git did not answer.
pub fn of(git: &Git) -> Result<Changes, GitProblem> {
    let mut changes = Changes::default();
    look(git, "", 0, &mut changes)?;
    Ok(changes)
}

fn look(git: &Git, prefix: &str, depth: usize, changes: &mut Changes) -> Result<(), GitProblem> {
    let top = PathBuf::from(git.line(&["rev-parse", "--show-toplevel"])?);
    // Git would run itself in each submodule, with that one's configuration and without ours.
    let status =
        ["status", "--porcelain", "-z", "--untracked-files=normal", "--ignore-submodules=dirty", "--no-renames"];
    let listed = git.bytes(&[&status[..], &["--", ".", ":(exclude).kanmon"]].concat())?;
    let listed = String::from_utf8_lossy(&listed);
    let entries: Vec<(&str, &str)> = listed.split('\0').filter_map(|entry| entry.split_at_checked(3)).collect();
    let modified = entries.iter().filter(|(state, _)| *state == " M ").map(|(_, path)| *path);
    let filters = filters_of(git, &top, &modified.collect::<Vec<_>>())?;
    for (_, path) in entries {
        match filters.get(path).map(String::as_str) {
            Some("lfs") if is_as_its_pointer(git, &top, path) => continue,
            Some(_) => drop(changes.filtered.insert(format!("{prefix}{path}"))),
            None => {}
        }
        changes.changed.insert(format!("{prefix}{path}"));
    }
    for path in submodules(git)? {
        let folder = git.folder.join(&path);
        // One that was not checked out has nothing in it.
        if folder.join(".git").symlink_metadata().is_err() {
            continue;
        }
        let name = format!("{prefix}{path}");
        let looked = match depth < DEEPEST {
            true => Git::new(&folder).and_then(|git| look(&git, &format!("{name}/"), depth + 1, changes)),
            false => Err(GitProblem::NestedTooDeeply),
        };
        if let Err(why) = looked {
            changes.unknown.push(CheckoutNotice::SubmoduleUnknown { submodule: name.clone(), why });
            changes.changed.insert(name);
        }
    }
    Ok(())
}

/// Paths of submodules below the folder, from there.
fn submodules(git: &Git) -> Result<Vec<String>, GitProblem> {
    let listed = git.bytes(&["ls-files", "--stage", "-z", "--", "."])?;
    let listed = String::from_utf8_lossy(&listed);
    let links = listed.split('\0').filter(|entry| entry.starts_with("160000 "));
    Ok(links.filter_map(|entry| entry.split_once('\t')).map(|(_, path)| path.to_owned()).collect())
}

/// The filters that git would run on these files, by the attributes and the configuration.
fn filters_of(git: &Git, top: &Path, paths: &[&str]) -> Result<BTreeMap<String, String>, GitProblem> {
    let mut found = BTreeMap::new();
    if git.filters.is_empty() {
        return Ok(found);
    }
    // From the top, since that is where the paths begin.
    let mut at_top = git.clone();
    at_top.folder = top.to_owned();
    for some in paths.chunks(AT_ONCE) {
        let answer = at_top.bytes(&[&["check-attr", "-z", "filter", "--"], some].concat())?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let words: Vec<&str> = answer.split('\0').collect();
        for entry in words.chunks_exact(3).filter(|entry| git.filters.iter().any(|f| f == entry[2])) {
            found.insert(entry[0].to_owned(), entry[2].to_owned());
        }
    }
    Ok(found)
}

/// Whether a file of Git LFS is the content that its pointer in the index names.
fn is_as_its_pointer(git: &Git, top: &Path, path: &str) -> bool {
    let Ok(blob) = git.bytes(&["cat-file", "blob", &format!(":{path}")]) else { return false };
    pointer::Pointer::parse(&blob).is_some_and(|pointer| pointer.fits(&top.join(path)))
}
