//! Enum values that are newer than kanmon: every enum that an answer has, from AWS's models.

use std::collections::BTreeSet;

use kanmon::model::outcome::Outcome;
use kanmon::sandbox::faults::Kind;

use super::matrix::{comes_to_an_end_of, was_met, what_counts};
use super::passing::twice_updated;
use crate::contract::models::{Service, models};
use crate::crash::final_state::{FinalState, difference};
use crate::crash::release_cases::production;
use crate::real::end_to_end::print_line;
use crate::real::peers::leave_out;

/// The members of an operation's answer, however deep, that are enums, with the one that they are in: names repeat.
fn enums(models: &[Service], operation: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for service in models {
        let output = service.operation(operation).and_then(|o| service.side(o, "output"));
        output.into_iter().for_each(|shape| below(service, shape, "", &mut BTreeSet::new(), &mut found));
    }
    found
}

fn below(
    service: &Service,
    shape: &str,
    within: &str,
    seen: &mut BTreeSet<(String, String)>,
    found: &mut BTreeSet<String>,
) {
    if !seen.insert((within.to_owned(), shape.to_owned())) {
        return;
    }
    let model = service.shape(shape);
    let members = model["members"].as_object().into_iter().flatten();
    for (name, member) in members {
        let target = member["shape"].as_str().expect("a shape");
        if service.shape(target).get("enum").is_some() {
            found.insert(if within.is_empty() { name.clone() } else { format!("{within}.{name}") });
        }
        below(service, target, name, seen, found);
    }
    for list in [&model["member"], &model["value"]] {
        list["shape"].as_str().into_iter().for_each(|target| below(service, target, within, seen, found));
    }
}

/// An unknown value never counts as success: either kanmon does not use the member, or the release waits, is suspended or is refused.
/// `None`: no answer has the member.
async fn comes_to(operation: &str, member: &str, same: &FinalState) -> Option<Result<(), String>> {
    let kind = Kind::NewEnum(member.to_owned());
    let case = production();
    let (sim, run) = case.prepare().await;
    sim.fault(operation, kind.clone(), u32::MAX);
    let Some(ended) = comes_to_an_end_of(&case, &sim, run).await else {
        return Some(Err("it never ends".to_owned()));
    };
    if !was_met(&sim, operation, &kind) {
        return None;
    }
    let outcome = ended.ending.outcome();
    Some(match (outcome, operation, member) {
        // If it is unknown whether a revision can be used, it is registered again.
        (Outcome::Succeeded, "DescribeTaskDefinition", "taskDefinition.status") => match twice_updated(&sim) {
            None => Ok(()),
            Some(service) => Err(format!("{service} was updated twice")),
        },
        (Outcome::Succeeded, ..) => {
            difference(same, &what_counts(&sim, &ended)).map_or(Ok(()), |d| Err(format!("succeeded otherwise: {d}")))
        }
        (Outcome::Blocked | Outcome::Unknown | Outcome::StillRunning | Outcome::Suspended | Outcome::Access, ..) => {
            Ok(())
        }
        // kanmon sends the value back unchanged, and AWS refuses it.
        (Outcome::RolledBack | Outcome::Failed, "DescribeTaskDefinition", "taskDefinition.networkMode")
        | (Outcome::Failed, "DescribeServices", "services.launchType") => Ok(()),
        (other, ..) => Err(format!("{other:?}: {}", ended.words())),
    })
}

#[tokio::test(start_paused = true)]
async fn an_unknown_value_is_never_taken_for_success() {
    let Some(models) = models() else {
        return leave_out("enums that are too new", "no botocore in TARGET/models; tests/run puts it there");
    };
    let (sim, run) = production().prepare().await;
    let ended = production().end(&sim, run).await;
    ended.is(Outcome::Succeeded, 0);
    let operations: BTreeSet<String> = sim.world.lock().unwrap().log().iter().map(|e| e.operation.clone()).collect();
    let same = what_counts(&sim, &ended);
    let (mut all, mut wrong) = (0, Vec::new());
    for operation in &operations {
        for member in enums(models, operation) {
            let Some(came) = comes_to(operation, &member, &same).await else { continue };
            all += 1;
            wrong.extend(came.err().map(|why| format!("{operation} {member}: {why}")));
        }
    }
    print_line(&format!("enums that are too new: {} of {all} in answers are never taken for good", all - wrong.len()));
    assert!(all > 20, "{all} enums were met");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
