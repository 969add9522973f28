//! The embedded AWS: several accounts in one pure model under a clock that is handed in, the wire protocols that AWS's
//! own clients speak, and faults on order. It knows nothing of kanmon but ids: it is an AWS, not a part of kanmon's logic.

pub mod codepipeline;
pub mod ecs;
pub mod latency;
mod members;
pub mod service;
