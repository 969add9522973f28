//! One binary for all tests that look at kanmon from outside.

mod real;
mod scenarios;
