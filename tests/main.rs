//! One binary for all tests that look at kanmon from outside.

mod architecture;
mod binary;
mod codebuild;
mod crash;
mod drivers;
mod races;
mod real;
mod scenarios;
mod shared_state;
