//! Several kanmon processes on one DynamoDB table. Each test is left out, aloud, where moto is missing; with
//! `KANMON_PEERS=required` that is a failure.

mod carried_over;
#[allow(dead_code, reason = "the journal's own tests use all of it")]
#[path = "../../src/journal/dynamodb/moto.rs"]
pub mod moto;
mod no_table;
mod one_release;
mod rig;
mod two_resume;
