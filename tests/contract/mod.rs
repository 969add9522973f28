//! The sandbox and kanmon's requests, compared with AWS's own models, AWS's own clients and other emulators. The traffic that the other
//! suites recorded is judged here, so `tests/run` runs those first.

mod cbor;
mod enumerations;
mod errors;
mod every_operation;
mod exchange;
mod inputs;
mod judge;
mod judge_tests;
mod lifecycle;
pub mod models;
mod partitions;
mod peers;
mod query_protocol;
pub mod recording;
mod samples;
mod shapes;
mod tables;
mod traffic;
mod writes;

use std::io::Write as _;

use crate::real::peers::leave_out;
use crate::real::readme::called;

/// Prints not through the test harness, which hides the output of passing tests.
fn print_line(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// The models; `None` if they are missing, which is printed, or is a failure if they are required.
fn models(test: &str) -> Option<&'static [models::Service]> {
    let models = models::models();
    if models.is_none() {
        leave_out(test, "no botocore in TARGET/models; tests/run puts it there");
    }
    models
}

/// Suites whose traffic is judged. `dynamodb` is from the journal's tests in `unit`; `peers` is the traffic of peers.py with emulators.
const SUITES: [&str; 9] =
    ["dynamodb", "scenarios", "binary", "real", "drivers", "codebuild", "shared_state", "contract", "peers"];

#[test]
fn all_recorded_traffic_is_as_in_awss_models() {
    let test = "traffic against models";
    let Some(models) = models(test) else { return };
    let Some(folder) = recording::folder() else { return leave_out(test, "no traffic; tests/run keeps it") };
    lifecycle::passed();
    peers::asked();
    let traffic = traffic::read(models, &folder);
    print_line(&format!("\n{}\n", traffic.table()));
    for suite in SUITES {
        assert!(traffic.suites.contains(suite), "no traffic of {suite} was recorded in {}", folder.display());
    }
    // A call of kanmon that was not recorded was not judged.
    for (service, operation) in called().iter().filter_map(|action| action.split_once(':')) {
        let known = models.iter().find(|m| m.name == service).and_then(|m| m.operation(operation));
        let asked = traffic.asked_by("kanmon", &format!("{service} {operation}"));
        assert!(known.is_none() || asked > 0, "kanmon calls {service} {operation}, and no suite does");
    }
    let lines: Vec<_> = traffic.disagreements.iter().map(|(line, n)| format!("{n:>6} × {line}")).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}
