//! The command line as its users meet it: the binary in an empty environment, against a running sandbox.

pub mod junit;
mod layers;
pub mod rig;

mod answers;
mod asking;
mod bad_access;
mod bad_files;
mod bad_releases;
mod checkouts;
mod demo;
mod foreign_text;
mod freezing;
mod locks;
mod looking;
mod one_person;
mod releases;
mod reports;
mod sandbox;
mod shape;
mod stopping;
mod terminal;
