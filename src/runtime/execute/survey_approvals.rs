//! Whether the CodePipeline actions that are to ask for approvals are there, and can be asked.

use super::approval;
use crate::model::approval::{ApprovalWay, Requester};
use crate::model::fault::{Fault, FaultKind};
use crate::model::ids::PlanHash;
use crate::model::nearest::nearest;
use crate::model::pipeline::{Account, Pipeline, Stage};
use crate::ports::approvals::{Declared, DeclaredAction};
use crate::runtime::ports::Ports;

/// What is missing for an approval.
#[derive(Default)]
pub struct Missing {
    /// Whoever releases.
    pub always: Vec<Fault>,
    /// Where the release is not started inside the pipeline that asks.
    pub outside: Vec<Fault>,
}

/// All that is missing for the approval of a stage. Whether an execution may be started is only known once one is.
pub async fn approval(ports: &Ports, pipeline: &Pipeline, stage: &Stage, requested_by: &Requester) -> Missing {
    let Some(policy) = &stage.approval else { return Missing::default() };
    let ApprovalWay::CodePipeline { pipeline: name, action, account: of } = &policy.way else {
        return Missing::default();
    };
    let account = pipeline.account(of);
    let declared = match ports.approvals.declared(account, name).await {
        Ok(declared) => declared,
        Err(fault) => return Missing { always: vec![fault], outside: Vec::new() },
    };
    let approval = is_approval(&declared, name, action, account);
    let outside = match requested_by.execution_of(name, of) {
        // That execution asks; its own actions carry the plan.
        Some(_) => Vec::new(),
        None => {
            let message = approval.as_ref().map_or(Ok(()), |approval| shows_plan(approval, name, account));
            [takes_variables(&declared, name, account), message].into_iter().filter_map(Result::err).collect()
        }
    };
    Missing { always: approval.err().into_iter().collect(), outside }
}

fn is_approval<'d>(
    declared: &'d Declared,
    name: &str,
    action: &str,
    account: &Account,
) -> Result<&'d DeclaredAction, Fault> {
    if let Some(found) = declared.actions.iter().find(|a| a.manual && a.name == action) {
        return Ok(found);
    }
    let manual: Vec<&str> = declared.actions.iter().filter(|a| a.manual).map(|a| a.name.as_str()).collect();
    let there = match (nearest(action, manual.iter().copied()), manual.as_slice()) {
        (_, []) => "it has no manual approval action: add one (category Approval, provider Manual)".to_owned(),
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, all) => format!("its manual approvals: {}", all.join(", ")),
    };
    let other = declared.actions.iter().any(|a| a.name == action);
    let sentence = match other {
        true => {
            format!("action `{action}` of CodePipeline {name} in account {} is not a manual approval", account.name)
        }
        false => format!("CodePipeline {name} in account {} has no action `{action}`", account.name),
    };
    Err(Fault::new(if other { FaultKind::Invalid } else { FaultKind::NotFound }, sentence).hint(there))
}

/// What an action's message says to be the plan that kanmon starts the pipeline with.
const PLAN: &str = "#{variables.KANMON_PLAN}";

/// Whether the question of an execution that kanmon starts would be its own: an answer counts only where the action's message names
/// exactly the plan. A pipeline whose own builds make releases shows the plan of another.
fn shows_plan(action: &DeclaredAction, name: &str, account: &Account) -> Result<(), Fault> {
    let plan = PlanHash::of(b"any");
    if PlanHash::the_one_in(&action.message.replace(PLAN, plan.as_str())) == Some(plan) {
        return Ok(());
    }
    let sentence = format!(
        "action `{}` of CodePipeline {name} in account {} would not show the plan of a release that is not started inside it",
        action.name, account.name
    );
    let message = if action.message.is_empty() { "empty".to_owned() } else { format!("“{}”", action.message) };
    Err(Fault::new(FaultKind::Invalid, sentence).cause(format!("its message (CustomData) is {message}")).hint(format!(
        "start the release inside the pipeline (`kanmon release --remote`), or name in the file a pipeline without builds \
         whose approval has the message `release #{{variables.KANMON_RELEASE}}, plan {PLAN}`, and no other plan"
    )))
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
