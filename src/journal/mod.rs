//! Where the facts of releases are stored: rows chained by hash, the inboxes beside them, ledgers, leases and blobs.

mod blob;
mod codec;
mod dynamodb;
mod lease;
mod memory;
mod process;
mod sqlite;
mod transfer;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod corpus;

pub use dynamodb::DynamoDbJournal;
pub use memory::{MemoryJournal, Moment};
pub use process::{has_ended, this_process};
pub use sqlite::{SqliteJournal, newest as newest_names};
pub use transfer::{from_file, to_file};
