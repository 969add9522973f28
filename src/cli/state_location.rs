//! Where state is kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::failure::Failure;
use super::output::Output;
use crate::aws::Sessions;
use crate::journal::{DynamoDbJournal, MemoryJournal, SqliteJournal};
use crate::local::git;
use crate::model::ids::AccountName;
use crate::model::pipeline::State;
use crate::pipeline::Loaded;
use crate::ports::journal::Journal;
use crate::report::fault::state;
use crate::report::verb::state_location as words;

/// The folder of local state, below the repository's root.
const LOCAL: &str = ".kanmon";

/// What to do where nothing was recorded on this machine yet. A table is never created automatically.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// For verbs that record something new.
    Make,
    /// For verbs that only read.
    Leave,
}

/// Opens the journal that `--state`, or else the pipeline file, names. `sessions` is asked for only where state is in AWS.
pub fn open(
    loaded: &Loaded,
    given: Option<&str>,
    missing: Missing,
    output: &Output,
    sessions: impl FnOnce() -> Arc<Sessions>,
) -> Result<Arc<dyn Journal>, Failure> {
    match location(loaded, given)? {
        Location::Folder(Folder { dir, .. }) if missing == Missing::Leave && !dir.exists() => {
            Ok(Arc::new(MemoryJournal::new()))
        }
        Location::Folder(Folder { dir, named }) => {
            not_of_the_repository(&dir)?;
            let journal = match named {
                true => SqliteJournal::open(&dir)?,
                false => SqliteJournal::open_made_here(&dir)?,
            };
            if named && dir.file_name().is_some_and(|name| name == LOCAL) {
                SqliteJournal::adopt(&dir);
            }
            journal.exposed().iter().for_each(|found| output.warn(&state::exposure(found)));
            Ok(Arc::new(journal))
        }
        Location::Table { account: name, table } => {
            let accounts = &loaded.pipeline.accounts;
            let account = accounts
                .get(&name)
                .ok_or_else(|| Failure::wrong(words::no_account(&name, accounts.keys().map(|n| n.as_str()))))?;
            Ok(Arc::new(DynamoDbJournal::new(sessions(), account.clone(), table)))
        }
    }
}

/// Whether nothing was recorded on this machine yet, where the state is local.
///
/// # Errors
/// Where `--state` is not a valid location.
pub fn is_missing(loaded: &Loaded, given: Option<&str>) -> Result<bool, Failure> {
    Ok(match location(loaded, given)? {
        Location::Folder(Folder { dir, .. }) => !dir.exists(),
        Location::Table { .. } => false,
    })
}

/// State that git tracks comes from the repository's authors, not from this machine, even if somebody names it. (Links, and folders
/// that were made elsewhere, are refused when the state is opened.)
fn not_of_the_repository(dir: &Path) -> Result<(), Failure> {
    if !dir.is_dir() || dir.is_symlink() {
        return Ok(());
    }
    let Some(file) = git::tracked(dir) else { return Ok(()) };
    let name = dir.file_name().map_or_else(|| dir.display().to_string(), |n| n.to_string_lossy().into_owned());
    Err(Failure::access(words::tracked(&name, &file)))
}

/// A folder of this machine.
pub struct Folder {
    pub dir: PathBuf,
    /// Whether `--state` named it. A folder that is only found in the checkout may have come with it.
    pub named: bool,
}

/// The folder that holds the state, where it can be read without making or changing anything; `None`: it is in AWS, or cannot be used.
pub fn folder(loaded: &Loaded, given: Option<&str>) -> Option<Folder> {
    match location(loaded, given).ok()? {
        Location::Folder(folder) => not_of_the_repository(&folder.dir).is_ok().then_some(folder),
        Location::Table { .. } => None,
    }
}

enum Location {
    Folder(Folder),
    Table { account: AccountName, table: String },
}

fn location(loaded: &Loaded, given: Option<&str>) -> Result<Location, Failure> {
    if let Some(dir) = given.and_then(|g| g.strip_prefix("local:")).filter(|dir| !dir.is_empty()) {
        return Ok(Location::Folder(Folder { dir: PathBuf::from(dir), named: true }));
    }
    let state = match given {
        None => loaded.pipeline.state.clone(),
        Some(given) => given.parse().map_err(|_| Failure::wrong(words::not_valid(given)))?,
    };
    Ok(match state {
        State::Local => Location::Folder(Folder { dir: loaded.root.join(LOCAL), named: false }),
        State::DynamoDb { account, table } => Location::Table { account, table },
    })
}
