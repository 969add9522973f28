//! AWS behind the ports: one file a service, one session for each account, one place where errors become faults.

mod accounts;
mod ambient;
mod answer;
mod arn;
mod basic_scan;
mod call;
mod client;
mod codepipeline;
mod credentials;
mod denial;
mod ecr;
mod ecs;
mod errors;
mod fence;
mod inspector;
mod limiter;
mod nearest;
pub mod operations;
mod pages;
mod raw;
mod requests;
mod retry;
mod scan;
mod scan_findings;
pub mod session;
mod setup;
#[cfg(test)]
mod testing;
mod time;
mod trust;

pub use codepipeline::CodePipeline;
pub use ecr::Ecr;
pub use ecs::Ecs;
pub use scan::Scans;
pub use session::{Session, Sessions, Setup};
