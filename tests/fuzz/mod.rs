//! The code that reads other people's bytes gets a corpus of inputs and mutations of them, for some seconds each.
//!
//! `KANMON_FUZZ_SEED` repeats a run, `KANMON_FUZZ_SECONDS` makes it longer.

mod answers;
mod database;
mod harness;
mod mutate;
mod targets;

use harness::{corpus, run};

#[test]
fn pipeline_files() {
    run("pipeline", &corpus("pipeline"), targets::pipeline);
}

#[test]
fn templates() {
    run("template", &corpus("template"), targets::template);
}

#[test]
fn values_of_stages() {
    run("values", &corpus("values"), targets::values);
}

#[test]
fn manifests_and_indexes_of_registries() {
    run("manifest", &corpus("manifest"), targets::manifest);
}

#[test]
fn exported_records() {
    run("record", &corpus("record"), targets::record);
}

#[test]
fn logins_of_docker() {
    run("docker-config", &corpus("docker-config"), targets::docker_config);
}
