//! Against real engines: registries, builders, containers. Each says which peers it needs and is left out, aloud, without them;
//! with `KANMON_PEERS=required` a missing peer is a failure.

mod containers;
pub mod peers;
pub mod readme;
mod registry;
pub mod road;
pub mod sandbox;
pub mod sandbox_process;
