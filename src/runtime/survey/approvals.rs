//! Whether the CodePipeline actions that are to ask for approvals are there, and can be asked.

use crate::model::approval::{ApprovalWay, Requester};
use crate::model::fault::Fault;
use crate::model::fault::approval::{ApprovalProblem, VARIABLES};
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
    let (account, pipeline, action) = (account.name.clone(), name.to_owned(), action.to_owned());
    let approvals = manual.into_iter().map(str::to_owned).collect();
    Err(match declared.actions.iter().any(|a| a.name == action) {
        true => ApprovalProblem::NotManual { account, pipeline, action, approvals }.into(),
        false => ApprovalProblem::NoAction { account, pipeline, action, approvals }.into(),
    })
}

/// What an action's message says to be the plan that kanmon starts the pipeline with.
const PLAN: &str = "#{variables.KANMON_PLAN}";

/// Whether the question of an execution that kanmon starts would be its own: an answer counts only where the action's message names
/// exactly the plan. A pipeline whose own builds make releases shows the plan of another.
fn shows_plan(action: &DeclaredAction, name: &str, account: &Account) -> Result<(), Fault> {
    let plan = PlanHash::of(b"any");
    if PlanHash::only_one_in(&action.message.replace(PLAN, plan.as_str())) == Some(plan) {
        return Ok(());
    }
    Err(ApprovalProblem::PlanNotShown {
        account: account.name.clone(),
        pipeline: name.to_owned(),
        action: action.name.clone(),
        message: action.message.clone(),
    }
    .into())
}

/// Outside an execution, kanmon starts one with its plan as variables.
fn takes_variables(declared: &Declared, name: &str, account: &Account) -> Result<(), Fault> {
    let (account, pipeline) = (account.name.clone(), name.to_owned());
    if !declared.takes_variables {
        return Err(ApprovalProblem::NoVariables { account, pipeline }.into());
    }
    let missing: Vec<&str> = VARIABLES.iter().copied().filter(|v| !declared.variables.contains_key(*v)).collect();
    if !missing.is_empty() {
        let near = missing.iter().find_map(|v| {
            let others = declared.variables.keys().map(String::as_str).filter(|n| !VARIABLES.contains(n));
            nearest(v, others).map(|n| (n.to_owned(), (*v).to_owned()))
        });
        let missing = missing.into_iter().map(str::to_owned).collect();
        return Err(ApprovalProblem::VariablesMissing { account, pipeline, missing, near }.into());
    }
    let unset = declared.variables.iter().filter(|(n, has_default)| !**has_default && !VARIABLES.contains(&n.as_str()));
    let unset: Vec<String> = unset.map(|(n, _)| n.clone()).collect();
    match unset.is_empty() {
        true => Ok(()),
        false => Err(ApprovalProblem::VariablesUnset { account, pipeline, unset }.into()),
    }
}
