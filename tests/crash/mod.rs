//! The crash matrix: kanmon dies at every point of a release, another process goes on, and in the end everything is as if nothing
//! had been. The points are found by running: whatever a release comes to write or to ask is one.

mod at_every_append;
mod at_every_call;
mod by_signal;
pub mod left;
mod matrix;
pub mod roads;
mod twice;
