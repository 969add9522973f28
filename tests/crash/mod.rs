//! The crash matrix: a release is killed at every point, and continued by another process to the same final state.
//! The points are found by running a release: each write and each call is one.

mod at_every_append;
mod at_every_call;
mod by_signal;
pub mod final_state;
mod matrix;
pub mod release_cases;
mod twice;
