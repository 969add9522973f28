//! Releases with real registries, builders and containers, and the commands of README.md. Each test names the programs that it needs, and
//! is left out with a message if one is missing; with `KANMON_PEERS=required` a missing program is a failure.

mod containers;
pub mod end_to_end;
pub mod peers;
pub mod readme;
mod registry;
pub mod sandbox;
pub mod sandbox_process;
