//! Does what the engine decides, through the ports, one fact at a time.

mod contents_cache;
pub mod execute;
pub mod image_contents;
pub mod image_reference;
mod lease_checked;
pub mod lease_guard;
#[cfg(test)]
mod lease_samples;
pub mod lease_takeover;
mod monotonic_clock;
pub mod observe;
pub mod ports;
pub mod reconcile;
pub mod runner;
pub mod stop;
mod store_retry;
pub mod tags;
mod workers;
