//! Where state is kept.

use std::path::PathBuf;
use std::sync::Arc;

use super::failure::Failure;
use crate::aws::Sessions;
use crate::journal::{DynamoDbJournal, SqliteJournal};
use crate::model::nearest;
use crate::model::pipeline::State;
use crate::pipeline::Loaded;
use crate::ports::journal::Journal;

/// The folder of local state, below the repository's root.
const LOCAL: &str = ".kanmon";

/// Opens the journal that `--state`, or else the pipeline file, names. `sessions` is asked for only where state is in AWS.
pub fn open(
    loaded: &Loaded,
    given: Option<&str>,
    sessions: impl FnOnce() -> Arc<Sessions>,
) -> Result<Arc<dyn Journal>, Failure> {
    match place(loaded, given)? {
        Place::Folder(dir) => Ok(Arc::new(SqliteJournal::open(&dir)?)),
        Place::Said(State::Local) => Ok(Arc::new(SqliteJournal::open(&loaded.root.join(LOCAL))?)),
        Place::Said(State::DynamoDb { account: name, table }) => {
            let accounts = &loaded.pipeline.accounts;
            let account = accounts.get(&name).ok_or_else(|| Failure {
                hint: nearest::hint(name.as_str(), accounts.keys().map(|n| n.as_str())),
                ..Failure::wrong(format!("the pipeline file has no account `{name}` to keep state in"))
            })?;
            Ok(Arc::new(DynamoDbJournal::new(sessions(), account.clone(), table)))
        }
    }
}

enum Place {
    Folder(PathBuf),
    Said(State),
}

fn place(loaded: &Loaded, given: Option<&str>) -> Result<Place, Failure> {
    let Some(given) = given else { return Ok(Place::Said(loaded.pipeline.state.clone())) };
    match given.strip_prefix("local:") {
        Some(dir) if !dir.is_empty() => Ok(Place::Folder(PathBuf::from(dir))),
        Some(_) | None => given.parse().map(Place::Said).map_err(|_| {
            Failure::wrong(format!("`--state {given}` is no place for state")).hint(
                "`local` is the repository's .kanmon folder, `local:DIR` another folder, `dynamodb://ACCOUNT/TABLE` a table \
                 in one of the file's accounts",
            )
        }),
    }
}
