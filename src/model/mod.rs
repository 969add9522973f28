//! What kanmon talks about: values without time, I/O or randomness of their own.

pub mod approval;
pub mod approvers;
pub mod contents;
pub mod effect;
pub mod event;
pub mod fault;
pub mod finding;
pub mod gate;
pub mod given;
pub mod ids;
pub mod inbox;
pub mod json;
pub mod ledger;
pub mod nearest;
pub mod outcome;
pub mod partition;
pub mod pipeline;
pub mod plan;
pub mod platform;
pub mod release;
pub mod rollout;
pub mod secrets;
pub mod stage_state;
pub mod verdict;
pub mod visible;
pub mod words;
