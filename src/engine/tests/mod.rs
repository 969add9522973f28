//! The engine as a whole, against a small world that answers it.

mod invariants;
mod single;
mod story;
mod world;
