//! The journal in a DynamoDB table, for any number of machines: the same rows, rules and checks as on one machine's disk.
//!
//! # The table
//!
//! One table with the partition key `pk` and the sort key `sk`, both strings. It is never made silently. Numbers in keys have 20
//! digits, so that they sort. Items stay under 100 kB.
//!
//! | `pk` | `sk` | holds |
//! | --- | --- | --- |
//! | `release/ID` | `release` | application, first and last time, format version, the chain's end, the lease, the stages it holds, the messages absorbed |
//! | `release/ID` | `event/N` | the rows from event N on that one append wrote together, as many as fit |
//! | `inbox/ID` | `message/N` | a message of somebody else, never changed |
//! | `app/NAME` | `release/ID` | that the release is one of this application's |
//! | `stage/APP/STAGE` | `stage` | the stage's lease and ledger |
//! | `blob/SHA-256` | `chunk/N` | a part of a large payload, written before the event that names it |
//!
//! What a message became is written in the release's own partition, so that a policy on `dynamodb:LeadingKeys` separates who may
//! do what: a release's role reads and writes `release/*`, `app/*`, `stage/*` and `blob/*` and only reads `inbox/*`; those who
//! approve read everything and write `inbox/*`. The release's role then cannot approve in somebody's name. (Two entries under
//! `accounts` with different roles, one of them named by `--state`, let one file serve both.)
//!
//! # Writing
//!
//! The items of releases and stages have a `rev`, which grows with every change, and a `token`, which names the call that made it. A call
//! reads them (strongly consistent), applies the rules of `journal::lease`, and writes in one transaction on the condition that no `rev`
//! has changed; if one has, it starts again. So the lease, the number, the rows, the ledger and the absorbed messages change together or
//! not at all. If no clear answer comes, the call reads: what it has written has its token.
//!
//! A transaction takes 100 items and 4 MB. Rows are packed to 90 kB an item and larger facts are blobs outside of it, so an append
//! has room for 40 items: several thousand ordinary facts, or 60 of the largest that are not blobs. One append holds what one
//! decision or one reading brought; more than fits is refused before anything is written.
//!
//! Callers pass in the times, as everywhere. An observer with its own clock can watch `rev`: a running holder changes it.

mod events;
mod import;
mod item;
mod key;
mod leases;
mod messages;
mod number_set;
mod release_item;
mod stage_item;
mod store;
mod table;
mod write_attempts;

#[cfg(test)]
mod moto;
#[cfg(test)]
pub(super) mod tests;

pub use store::DynamoDbJournal;
