//! AWS behind the ports: one file a service, one session for each account, one place where errors become faults.

mod accounts;
mod arn;
mod credentials;
mod ecs;
mod errors;
mod limiter;
mod nearest;
mod op;
mod raw;
mod retry;
mod session;
mod statement;
#[cfg(test)]
mod testing;
mod time;

pub use accounts::AwsAccounts;
pub use ecs::Ecs;
pub use session::{Session, Sessions, Setup};
