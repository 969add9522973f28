//! One binary for all tests that look at kanmon from outside.

mod architecture;
mod binary;
mod codebuild;
mod contract;
mod crash;
mod drivers;
mod facts;
mod faults;
mod fuzz;
mod proxies;
mod races;
mod real;
mod redteam;
mod scenarios;
mod security;
mod shared_state;
