//! Does what the engine decides, through the ports, one fact at a time.

pub mod contents;
pub mod execute;
pub mod given;
pub mod guarded;
pub mod hold;
pub mod known_contents;
pub mod observe;
mod patience;
pub mod ports;
pub mod reconcile;
pub mod runner;
mod steady;
pub mod stop;
pub mod tags;
pub mod work;
