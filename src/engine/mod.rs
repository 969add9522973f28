//! Pure decisions: what to do next, and how to read what was seen. No clock, no chance, no I/O.

pub mod abort;
pub mod admission;
pub mod aftermath;
pub mod agenda;
pub mod ahead;
pub mod approval;
pub mod changes;
pub mod decide;
pub mod decision;
pub mod ending;
pub mod enter;
pub mod gate;
pub mod inbox;
pub mod plan;
pub mod plan_diff;
pub mod retry;
pub mod rollout;
pub mod runtime_platform;
pub mod step;
pub mod stop_reason;
pub mod taskdef;
pub mod unnamed;
pub mod unwind;

#[cfg(test)]
mod tests;
