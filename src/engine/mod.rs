//! Pure decisions: what to do next, and how to read what was seen. No clock, no randomness, no I/O.

pub mod abort;
pub mod admission;
pub mod agenda;
pub mod approval;
pub mod changes;
pub mod decide;
pub mod decision;
pub mod ending;
pub mod enter;
pub mod findings;
pub mod gate;
pub mod inbox;
pub mod plan;
pub mod plan_diff;
pub mod preapproval;
pub mod quarantine;
pub mod retry;
pub mod review;
pub mod rollback;
pub mod rollout;
pub mod runtime_platform;
pub mod scan_keys;
pub mod step;
pub mod stop_reason;
pub mod taskdef;
pub mod unnamed;

#[cfg(test)]
mod tests;
