//! The journal on this machine's disk: one SQLite file in its own folder.

mod error;
mod events;
mod file_identity;
mod inbox;
mod leases;
mod names;
mod number;
mod open;
mod permissions;
mod release_row;
mod rows;
mod schema;
mod stage_row;
mod state_location;
mod store;

#[cfg(test)]
pub(super) mod tests;

pub use names::newest;
pub use store::SqliteJournal;
