//! The crash matrix: kanmon is killed at every point of a release, another process continues it, and the final state is the same.
//! The points are found by running: everything that a release writes or calls is one.

mod at_every_append;
mod at_every_call;
mod by_signal;
pub mod final_state;
mod matrix;
pub mod release_cases;
mod twice;
