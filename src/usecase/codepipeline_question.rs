//! Reads CodePipeline's answer to a request, for a release that no process works on.

use super::records::Recorded;
use crate::engine::inbox::with_fact;
use crate::model::approval::ApprovalWay;
use crate::model::fault::Fault;
use crate::model::ids::StageName;
use crate::model::pipeline::Account;
use crate::model::release::Release;
use crate::model::stage_state::Approval;
use crate::ports::approvals::Action;
use crate::runtime::observe::approval::rejection;
use crate::runtime::ports::Ports;

/// The action that is to answer a stage's open request. `entered`: how its account is entered. `None`: there is none.
///
/// # Errors
/// The fault of CodePipeline, with the account.
pub async fn read(
    ports: &Ports,
    release: &Release,
    stage: &StageName,
    entered: impl Fn(&Account) -> Account,
) -> Result<Option<Action>, (Fault, Account)> {
    let file = &release.started.pipeline;
    let policy = file.stage(stage).and_then(|spec| spec.approval.as_ref());
    let (Some(ApprovalWay::CodePipeline { pipeline, action, account }), Approval::Requested(request)) =
        (policy.map(|policy| &policy.way), &release.stage(stage).approval)
    else {
        return Ok(None);
    };
    let Some(execution) = &request.execution else { return Ok(None) };
    let account = entered(file.account(account));
    match ports.approvals.action(&account, pipeline, execution, action).await {
        Ok(action) => Ok(Some(action)),
        Err(fault) => Err((fault, account)),
    }
}

/// A release after the rejections of its CodePipeline actions are read.
///
/// # Errors
/// As `read`.
pub async fn with_rejections(
    ports: &Ports,
    recorded: Recorded,
    entered: impl Fn(&Account) -> Account,
) -> Result<Recorded, (Fault, Account)> {
    let Recorded { listed, mut release } = recorded;
    let stages: Vec<StageName> = release.started.pipeline.stages.iter().map(|stage| stage.name.clone()).collect();
    for stage in stages {
        let action = read(ports, &release, &stage, &entered).await?;
        if let Some(fact) = action.and_then(|action| rejection(&release, &stage, &action)) {
            release = with_fact(&release, fact, ports.clock.now());
        }
    }
    Ok(Recorded { listed, release })
}
