//! Where the facts of releases are kept: rows chained by hash, the inboxes beside them, ledgers, leases and blobs.

mod blob;
mod codec;
mod lease;
mod memory;
mod process;
mod sqlite;

#[cfg(test)]
mod conformance;

pub use memory::{MemoryJournal, Moment};
pub use process::{is_gone, this_process};
pub use sqlite::SqliteJournal;
