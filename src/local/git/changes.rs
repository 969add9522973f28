//! What a working tree has that its commit has not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::command::{Git, Refused};
use super::pointer;

/// Submodules of submodules: deeper ones than this are taken for changed.
const DEEPEST: usize = 8;
/// Paths in one command line, which may have 128 kB at least.
const AT_ONCE: usize = 200;

/// What differs, by paths below the top of the working tree.
#[derive(Debug, Default)]
pub struct Changes {
    pub changed: BTreeSet<String>,
    /// Changed as far as can be said without running the filter that the file goes through.
    filtered: BTreeSet<String>,
    refused: Vec<String>,
}

impl Changes {
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.refused.clone();
        if let Some(first) = self.filtered.first() {
            let others = match self.filtered.len() {
                1 => String::new(),
                n => format!(" and {} more", n - 1),
            };
            warnings.push(format!("{first}{others} may only look changed: kanmon runs no filter of git's"));
        }
        warnings
    }
}

/// What differs below a folder, its submodules included.
///
/// # Errors
/// Git's words.
pub fn of(git: &Git) -> Result<Changes, Refused> {
    let mut changes = Changes::default();
    look(git, "", 0, &mut changes)?;
    Ok(changes)
}

fn look(git: &Git, prefix: &str, depth: usize, changes: &mut Changes) -> Result<(), Refused> {
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
            false => Err(Refused("its submodules are nested too deeply".to_owned())),
        };
        if let Err(Refused(why)) = looked {
            changes.refused.push(format!("whether submodule {name} is changed is unknown: {why}"));
            changes.changed.insert(name);
        }
    }
    Ok(())
}

/// Paths of submodules below the folder, from there.
fn submodules(git: &Git) -> Result<Vec<String>, Refused> {
    let listed = git.bytes(&["ls-files", "--stage", "-z", "--", "."])?;
    let listed = String::from_utf8_lossy(&listed);
    let links = listed.split('\0').filter(|entry| entry.starts_with("160000 "));
    Ok(links.filter_map(|entry| entry.split_once('\t')).map(|(_, path)| path.to_owned()).collect())
}

/// The filters that these files would go through, by the attributes and somebody's configuration.
fn filters_of(git: &Git, top: &Path, paths: &[&str]) -> Result<BTreeMap<String, String>, Refused> {
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

/// Whether a file of Git LFS is what its pointer in the index says, which its filter would have told.
fn is_as_its_pointer(git: &Git, top: &Path, path: &str) -> bool {
    let Ok(blob) = git.bytes(&["cat-file", "blob", &format!(":{path}")]) else { return false };
    pointer::Pointer::parse(&blob).is_some_and(|pointer| pointer.fits(&top.join(path)))
}
