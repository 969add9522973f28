//! The engine as a whole, in a simulated world.

mod invariants;
mod single;
mod story;
mod world;
