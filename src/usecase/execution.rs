//! Looks up the CodePipeline execution that a command names.

use super::error::Error;
use super::identity;
use crate::model::approval::{ApprovalWay, Identity};
use crate::model::aws::codepipeline::ExecutionStatus;
use crate::model::fault::{Fault, FaultKind};
use crate::model::ids::AccountName;
use crate::model::pipeline::{Account, Assume, Pipeline};
use crate::model::refusal::ExecutionRefusal;
use crate::ports::approvals::Execution;
use crate::runtime::ports::Ports;

/// What a command names: `ID`, or `PIPELINE/ID`.
pub struct Named<'a> {
    pub pipeline: Option<&'a str>,
    pub id: &'a str,
}

impl Named<'_> {
    /// # Errors
    /// Where it is not the id of an execution.
    pub fn read(text: &str) -> Result<Named<'_>, ExecutionRefusal> {
        let (pipeline, id) = text.rsplit_once('/').map_or((None, text), |(name, id)| (Some(name), id));
        let groups: Vec<usize> = id.split('-').map(str::len).collect();
        let hex = id.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f' | '-'));
        if hex && groups == [8, 4, 4, 4, 12] && pipeline != Some("") {
            return Ok(Named { pipeline, id });
        }
        Err(ExecutionRefusal::NotAnId { text: text.to_owned(), placeholder: text.contains("#{") })
    }
}

/// An execution, and where it is.
pub struct Found {
    pub pipeline: String,
    pub account: AccountName,
    pub execution: Execution,
}

/// Looks up the execution. `started_by`: the pipeline that started this build; `by`: the owner of the credentials.
///
/// # Errors
/// Where neither the command nor the file names a pipeline, where no readable pipeline has the execution, and where it is not in progress.
pub async fn look_up(
    ports: &Ports,
    file: &Pipeline,
    named: &Named<'_>,
    started_by: Option<&str>,
    by: &Identity,
) -> Result<Found, Error> {
    let mut missed = Missed::default();
    for searched in pipelines_to_search(file, named, started_by, by)? {
        let found = match ports.approvals.execution(&searched.account, &searched.pipeline, named.id).await {
            Ok(Some(found)) => found,
            Ok(None) => {
                missed.without.push((searched.pipeline, searched.account.name));
                continue;
            }
            Err(fault) => {
                missed.faults.push(fault);
                continue;
            }
        };
        if found.status != ExecutionStatus::InProgress {
            return Err(ExecutionRefusal::NotInProgress {
                pipeline: searched.pipeline,
                execution: named.id.to_owned(),
                status: found.status,
            }
            .into());
        }
        return Ok(Found { pipeline: searched.pipeline, account: searched.account.name, execution: found });
    }
    Err(missed.error(named))
}

/// Pipelines in which the execution was not found.
#[derive(Default)]
struct Missed {
    /// The pipelines that do not have it.
    without: Vec<(String, AccountName)>,
    /// Why others could not be read.
    faults: Vec<Fault>,
}

impl Missed {
    fn error(mut self, named: &Named<'_>) -> Error {
        // It may be in a pipeline that cannot be read at the moment.
        let passing = |fault: &Fault| fault.kind().is_passing() || fault.kind() == FaultKind::Defect;
        if let Some(at) = self.faults.iter().position(passing) {
            return self.faults.swap_remove(at).into();
        }
        if self.without.is_empty() && !self.faults.is_empty() {
            return self.faults.swap_remove(0).into();
        }
        let unread = self.faults.into_iter().find(|fault| fault.kind() != FaultKind::NotFound);
        ExecutionRefusal::NotFound { execution: named.id.to_owned(), pipelines: self.without, unread }.into()
    }
}

/// A pipeline to search, and its account as it is entered for this.
struct Searched {
    pipeline: String,
    account: Account,
}

/// The pipelines to search. If a pipeline is named or started this build: that one, in every account of the file, and last in the account of the
/// caller's own credentials; else the pipelines of the file's approvals.
fn pipelines_to_search(
    file: &Pipeline,
    named: &Named<'_>,
    started_by: Option<&str>,
    by: &Identity,
) -> Result<Vec<Searched>, ExecutionRefusal> {
    let approvals: Vec<(&str, &AccountName)> = file
        .stages
        .iter()
        .filter_map(|stage| match &stage.approval.as_ref()?.way {
            ApprovalWay::CodePipeline { pipeline, account, .. } => Some((pipeline.as_str(), account)),
            ApprovalWay::Kanmon => None,
        })
        .collect();
    let mut found: Vec<Searched> = Vec::new();
    let mut add = |pipeline: &str, account: Account| {
        if !found.iter().any(|p| p.pipeline == pipeline && p.account == account) {
            found.push(Searched { pipeline: pipeline.to_owned(), account });
        }
    };
    match named.pipeline.or(started_by) {
        None => approvals.iter().for_each(|(pipeline, account)| add(pipeline, file.account(account).clone())),
        Some(name) => {
            let of_it = approvals.iter().filter(|(pipeline, _)| *pipeline == name);
            let first = of_it.chain(&approvals).map(|(_, account)| *account).chain([&file.stages[0].account]);
            first.chain(file.accounts.keys()).for_each(|account| add(name, file.account(account).clone()));
            own(file, by).into_iter().for_each(|account| add(name, account));
        }
    }
    match found.is_empty() {
        false => Ok(found),
        true => Err(ExecutionRefusal::NoPipelineNamed { execution: named.id.to_owned() }),
    }
}

/// The account of the caller's own credentials, entered with these: the file may not have it, or enter it through a role that may not read
/// pipelines.
fn own(file: &Pipeline, by: &Identity) -> Vec<Account> {
    let home = file.account(&file.stages[0].account);
    let of_file: Vec<Account> = file.accounts.values().filter(|a| a.id == by.account).map(identity::own).collect();
    if !of_file.is_empty() {
        return of_file;
    }
    let name = by.account.as_str().parse().expect("twelve digits make a name");
    vec![Account {
        name,
        id: by.account.clone(),
        region: home.region.clone(),
        role: None,
        external_id: None,
        assume: Assume::default(),
        profile: home.profile.clone(),
        endpoints: home.endpoints.clone(),
    }]
}
