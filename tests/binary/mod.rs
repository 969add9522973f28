//! The command line as its users meet it: the binary in an empty environment, against a running sandbox.

pub mod junit;
pub mod pusher;
pub mod rig;

mod answers;
mod asking;
mod attached;
mod bad_access;
mod bad_files;
mod bad_releases;
mod checkouts;
mod demo;
mod executions;
mod foreign_text;
mod freezing;
mod last_word;
mod layers;
mod locks;
mod looking;
pub mod one_person;
mod platforms;
mod programs;
mod releases;
mod reports;
mod sandbox;
mod shape;
mod sign_in;
mod stopping;
mod terminal;
mod unnamed;
mod what_runs;
