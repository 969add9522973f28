//! The journal on this machine's disk: one SQLite file in a folder of its own.

mod birth;
mod error;
mod events;
mod head;
mod inbox;
mod kept;
mod leases;
mod number;
mod open;
mod place;
mod private;
mod rows;
mod schema;
mod store;

#[cfg(test)]
pub(super) mod tests;

pub use store::SqliteJournal;
