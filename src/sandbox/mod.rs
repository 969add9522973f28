//! The embedded AWS: several accounts in one pure model under a clock that is handed in, the wire protocols that AWS's
//! own clients use, and ordered faults. It uses nothing of kanmon except ids: it is an AWS, not a part of kanmon's
//! logic.

#![allow(clippy::result_large_err, reason = "an AWS error carries members of its own, and errors are rare here")]

pub mod codepipeline;
pub mod connector;
pub mod ecr;
pub mod ecs;
pub mod exports;
pub mod faults;
pub mod iam;
pub mod id_generator;
pub mod inspector;
pub mod latency;
pub mod log;
mod members;
mod operations;
mod page;
pub mod quotas;
pub mod registry;
pub mod seed;
pub mod serve;
pub mod service;
pub mod sigv4;
pub mod sts;
pub mod traffic;
pub mod wire;
pub mod world;

#[cfg(test)]
mod tests;

pub use seed::Seed;
pub use world::World;
