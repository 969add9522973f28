//! AWS's own clients use every operation of the sandbox: each one succeeded for boto3 or the `aws` command, and its answer was judged.

use std::collections::{BTreeMap, BTreeSet};

use kanmon::shapes;

use super::judge::judge;
use super::{errors, lifecycle, models, recording, traffic};
use crate::real::peers::leave_out;

/// What lifecycles/nothing.py adds to its client's name for the empty requests of all operations in the models: their success does not
/// count.
const ASKS_FOR_EVERYTHING: &str = "asks-for-everything";

/// Whether these answers show that the AWS has the operation: at least one is not the error for an unknown operation.
fn has(codes: &BTreeSet<String>) -> bool {
    codes.iter().any(|code| !errors::is_unknown_operation(code))
}

/// The sandbox has the operations that it does not answer as unknown: lifecycles/nothing.py requests all operations of the models.
#[test]
fn aws_clients_succeed_at_every_operation_that_the_sandbox_has() {
    let test = "every operation";
    let Some(models) = models(test) else { return };
    let Some(folder) = recording::folder() else { return leave_out(test, "no traffic; tests/run keeps it") };
    if !lifecycle::passed() {
        return;
    }
    let mut answered: BTreeMap<(&str, String), BTreeSet<String>> = BTreeMap::new();
    let mut succeeded = BTreeSet::new();
    traffic::each(
        &folder,
        |suite| suite == "contract",
        |_, exchange| {
            let verdict = judge(models, &exchange);
            let Some((service, operation)) = verdict.operation.split_once(' ') else { return };
            let Some(model) = models.iter().find(|m| m.name == service) else { return };
            if verdict.peer == "sandbox" && ["boto3", "aws"].contains(&verdict.client) {
                let operation = (model.name, operation.to_owned());
                if verdict.code == "OK" && !exchange.request.header("user-agent").contains(ASKS_FOR_EVERYTHING) {
                    succeeded.insert(operation.clone());
                }
                answered.entry(operation).or_default().insert(verdict.code);
            }
        },
    );
    let services: BTreeSet<&str> = answered.iter().filter(|(_, codes)| has(codes)).map(|((s, _), _)| *s).collect();
    for model in models.iter().filter(|m| services.contains(m.name)) {
        for (name, operation) in model.operations() {
            // The sandbox has no operation whose path contains members.
            let in_path = operation["http"]["requestUri"].as_str().is_some_and(|uri| uri.contains('{'));
            let asked = answered.contains_key(&(model.name, name.clone()));
            assert!(asked || in_path, "{} {name} was not requested from the sandbox", model.name);
        }
    }
    let (owned, unknown): (Vec<_>, Vec<_>) = answered.iter().partition(|(_, codes)| has(codes));
    for (service, model) in services.iter().filter_map(|s| Some((s, shapes::of(s)?))) {
        let has = owned.iter().filter(|((of, _), _)| of == service).map(|((_, operation), _)| operation.as_str());
        let known: BTreeSet<&str> = model.operations.keys().map(String::as_str).collect();
        assert_eq!(
            has.collect::<BTreeSet<_>>(),
            known,
            "{service}: what the sandbox answers, and what src/shapes/data has"
        );
    }
    let never: Vec<_> = owned.iter().filter(|(operation, _)| !succeeded.contains(operation)).collect();
    assert!(never.is_empty(), "the sandbox has these, and lifecycle.py and command.py do not use them: {never:#?}");
    assert!(!owned.is_empty() && !unknown.is_empty());
    let total = owned.len();
    super::print_line(&format!("every operation of the sandbox: {total} of {total} succeed by AWS's clients\n"));
}
