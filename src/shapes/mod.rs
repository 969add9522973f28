//! What AWS's models say about the inputs of their operations: the shapes as data, and the check of a value against one.
//!
//! The data in `data/` is what AWS's own models have, less their words. `KANMON_WRITE_SHAPES=1 tests/run contract` writes it
//! again; without the variable the same suite holds it against the models.

mod check;
mod table;
#[cfg(test)]
mod tests;

pub use check::{Leaves, Measure, Problem, Unknown, What, check, unknown};
pub use table::{Model, Operation, Shape, of};
