//! Whether the CodePipeline actions that are to ask for approvals are there, and can be asked.

use super::approval;
use crate::model::approval::{ApprovalWay, Requester};
use crate::model::fault::{Fault, FaultKind};
use crate::model::nearest::nearest;
use crate::model::pipeline::{Account, Pipeline, Stage};
use crate::ports::approvals::Declared;
use crate::runtime::ports::Ports;

/// All that is missing for the approval of a stage. Whether an execution may be started is only known once one is.
pub async fn approval(ports: &Ports, pipeline: &Pipeline, stage: &Stage, requested_by: &Requester) -> Vec<Fault> {
    let Some(policy) = &stage.approval else { return Vec::new() };
    let ApprovalWay::CodePipeline { pipeline: name, action, account: of } = &policy.way else { return Vec::new() };
    let account = pipeline.account(of);
    let declared = match ports.approvals.declared(account, name).await {
        Ok(declared) => declared,
        Err(fault) => return vec![fault],
    };
    let variables = match requested_by.execution_of(name, of) {
        // That execution asks; its own actions carry the plan.
        Some(_) => Ok(()),
        None => takes_variables(&declared, name, account),
    };
    [is_approval(&declared, name, action, account), variables].into_iter().filter_map(Result::err).collect()
}

fn is_approval(declared: &Declared, name: &str, action: &str, account: &Account) -> Result<(), Fault> {
    let manual: Vec<&str> = declared.actions.iter().filter(|(_, manual)| *manual).map(|(n, _)| n.as_str()).collect();
    if manual.contains(&action) {
        return Ok(());
    }
    let there = match (nearest(action, manual.iter().copied()), manual.as_slice()) {
        (_, []) => "it has no manual approval action: add one (category Approval, provider Manual)".to_owned(),
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, all) => format!("its manual approvals: {}", all.join(", ")),
    };
    let other = declared.actions.iter().any(|(n, _)| n == action);
    let sentence = match other {
        true => {
            format!("action `{action}` of CodePipeline {name} in account {} is not a manual approval", account.name)
        }
        false => format!("CodePipeline {name} in account {} has no action `{action}`", account.name),
    };
    Err(Fault::new(if other { FaultKind::Invalid } else { FaultKind::NotFound }, sentence).hint(there))
}

/// Outside an execution, kanmon starts one with its plan as variables.
fn takes_variables(declared: &Declared, name: &str, account: &Account) -> Result<(), Fault> {
    let place = format!("CodePipeline {name} in account {}", account.name);
    if !declared.takes_variables {
        return Err(Fault::new(FaultKind::Invalid, format!("{place} is of type V1, which takes no variables"))
            .hint(format!("make it a V2 pipeline that declares {}", approval::VARIABLES.join(", "))));
    }
    let missing: Vec<&str> =
        approval::VARIABLES.iter().copied().filter(|v| !declared.variables.contains_key(*v)).collect();
    if !missing.is_empty() {
        let sentence = format!("{place} does not declare {}", missing.join(", "));
        let fault = Fault::new(FaultKind::Invalid, sentence);
        let near = missing.iter().find_map(|v| {
            let others = declared.variables.keys().map(String::as_str).filter(|n| !approval::VARIABLES.contains(n));
            nearest(v, others).map(|n| format!("it declares `{n}`; did you mean `{v}`? "))
        });
        return Err(fault.hint(format!(
            "{}kanmon starts it with the variables {}",
            near.unwrap_or_default(),
            approval::VARIABLES.join(", ")
        )));
    }
    let unset = declared
        .variables
        .iter()
        .filter(|(n, has_default)| !**has_default && !approval::VARIABLES.contains(&n.as_str()));
    let unset: Vec<&str> = unset.map(|(n, _)| n.as_str()).collect();
    match unset.as_slice() {
        [] => Ok(()),
        names => Err(Fault::new(FaultKind::Invalid, format!("{place} needs a value for {}", names.join(", ")))
            .cause("kanmon starts it, and knows no value for that variable")
            .hint("give it a default value")),
    }
}
