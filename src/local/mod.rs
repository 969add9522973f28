//! This machine: its clock, its commands, its network, its working tree. Adapters behind ports, as `aws` and `image` are.

pub mod checks;
pub mod clock;
mod environment;
pub mod git;
mod http;
