//! One binary for all tests from outside.

mod architecture;
mod binary;
mod codebuild;
mod contract;
mod crash;
mod drivers;
mod faults;
mod fuzz;
mod proxies;
mod races;
mod real;
mod redteam;
mod scenarios;
mod security;
mod shared_state;
