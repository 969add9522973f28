//! The command line: the binary in an empty environment, against a running sandbox.

pub mod junit;
pub mod pusher;
pub mod test_env;

mod answers;
mod bad_access;
mod bad_files;
mod bad_releases;
mod build_script;
mod check_commands;
mod checkouts;
mod command_line;
mod completions;
mod demo;
mod executions;
mod foreign_text;
mod freezing;
mod json_output;
mod last_answer;
mod layers;
mod live_services;
mod locks;
mod manuals;
mod output_schema;
mod platforms;
mod reading_verbs;
mod referrers;
mod releases;
mod reports;
mod requesters;
mod sandbox;
mod schema;
pub mod self_approval;
mod sign_in;
mod stopping;
mod terminal;
mod unnamed;
