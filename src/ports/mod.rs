//! What the runtime needs from outside, as traits. Each answer is a value of `model`; each failure a typed `Fault`.

pub mod accounts;
pub mod approvals;
pub mod checkout;
pub mod checks;
pub mod clock;
pub mod deployer;
pub mod fence;
pub mod images;
pub mod journal;
pub mod registry;
pub mod scanner;
pub mod sink;
pub mod templates;
