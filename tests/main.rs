//! One binary for all tests that look at kanmon from outside.

mod binary;
mod real;
mod scenarios;
