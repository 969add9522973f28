//! Does what the engine decides, through the ports, one fact at a time.

mod approval_execution;
mod contents_cache;
mod effects;
pub mod image_contents;
pub mod image_reference;
mod lease_checked;
pub mod lease_guard;
#[cfg(test)]
mod lease_samples;
pub mod lease_takeover;
mod monotonic_clock;
mod moved_tags;
pub mod observe;
pub mod ports;
mod recorded;
mod rollback_check;
mod rollback_target;
pub mod runner;
mod service_check;
pub mod stage_plan;
pub mod stop;
mod store_retry;
pub mod survey;
mod task_definition;
mod workers;
