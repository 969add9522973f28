//! Several processes of the binary on one DynamoDB table. Left out with a message if moto is missing; a failure with
//! `KANMON_PEERS=required`.

mod export_and_import;
mod missing_table;
#[allow(dead_code, reason = "the journal's own tests use all of it")]
#[path = "../../src/journal/dynamodb/moto.rs"]
pub mod moto;
mod one_release;
mod two_resume;
mod world;
