//! A release by the file's CodePipeline, so that no person's machine needs production's role: this only starts and follows the execution. Who starts an
//! execution is the requester, so it is started with the caller's own credentials.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::context::Context;
use super::error::{Error, OwnAct};
use super::identity;
use crate::model::approval::ApprovalWay;
use crate::model::aws::codepipeline::ExecutionStatus;
use crate::model::outcome::Outcome;
use crate::model::pipeline::{Account, Pipeline};
use crate::model::refusal::ExecutionRefusal;
use crate::ports::approvals::{Execution, PipelineApprovals};
use crate::ports::clock::Clock;
use crate::runtime::ports::Ports;

/// An execution that was just started.
pub struct Remote {
    pub pipeline: String,
    pub execution: String,
    account: Account,
    ports: Ports,
}

/// Starts the CodePipeline that the file names.
///
/// # Errors
/// Where the file names none or several, and where the caller may not start it.
pub async fn start(context: &Context) -> Result<Remote, Error> {
    let ports = context.ports("kanmon-remote", None);
    let (account, pipeline) = pipeline(&context.pipeline)?;
    let account = identity::own(account);
    let token = ports.clock.token(32);
    let started = ports.approvals.start(&account, pipeline, &BTreeMap::new(), &token).await;
    let id = account.id.clone();
    let execution = started.map_err(|fault| Error::OwnCredentials { fault, account: id, to: OwnAct::StartPipeline })?;
    Ok(Remote { pipeline: pipeline.to_owned(), execution, account, ports })
}

impl Remote {
    /// Follows it to its end; `report` gets each new status.
    ///
    /// # Errors
    /// Where it cannot be read, and where it is not shown.
    pub async fn follow(&self, poll: SignedDuration, report: impl FnMut(&ExecutionStatus)) -> Result<Outcome, Error> {
        let Remote { pipeline, execution, account, ports } = self;
        let started = Started { account, pipeline, execution };
        watch(ports.approvals.as_ref(), ports.clock.as_ref(), started, poll, report).await
    }
}

/// How long CodePipeline may take to show a started execution. It usually takes seconds.
const SHOWN_WITHIN: SignedDuration = SignedDuration::from_mins(2);

/// An execution that was just started.
#[derive(Clone, Copy)]
struct Started<'a> {
    account: &'a Account,
    pipeline: &'a str,
    execution: &'a str,
}

/// Reads an execution until it has ended, and reports each new status.
async fn watch(
    approvals: &dyn PipelineApprovals,
    clock: &dyn Clock,
    of: Started<'_>,
    poll: SignedDuration,
    mut report: impl FnMut(&ExecutionStatus),
) -> Result<Outcome, Error> {
    let mut late = clock.now() + SHOWN_WITHIN;
    let mut last = None;
    loop {
        match approvals.execution(of.account, of.pipeline, of.execution).await? {
            Some(Execution { status, .. }) => {
                late = clock.now() + SHOWN_WITHIN;
                if last.as_ref() != Some(&status) {
                    report(&status);
                    last = Some(status);
                }
            }
            None if clock.now() >= late => return Err(not_shown(of).into()),
            None => {}
        }
        if let Some(outcome) = last.as_ref().and_then(outcome) {
            return Ok(outcome);
        }
        clock.sleep(poll).await;
    }
}

fn not_shown(Started { account, pipeline, execution }: Started<'_>) -> ExecutionRefusal {
    ExecutionRefusal::NotShown {
        pipeline: pipeline.to_owned(),
        account: account.name.clone(),
        execution: execution.to_owned(),
    }
}

/// The one pipeline whose approvals the file's stages wait for.
fn pipeline(file: &Pipeline) -> Result<(&Account, &str), ExecutionRefusal> {
    let ways = file.stages.iter().filter_map(|stage| stage.approval.as_ref()).map(|policy| &policy.way);
    let mut named = ways.filter_map(|way| match way {
        ApprovalWay::CodePipeline { pipeline, account, .. } => Some((file.account(account), pipeline.as_str())),
        ApprovalWay::Kanmon => None,
    });
    let first = named.next().ok_or(ExecutionRefusal::NoPipelineToStart)?;
    match named.find(|other| *other != first) {
        None => Ok(first),
        Some((_, other)) => {
            Err(ExecutionRefusal::SeveralPipelines { first: first.1.to_owned(), other: other.to_owned() })
        }
    }
}

/// The outcome of an execution by its status; `None` while it continues, or where the status is newer than this program.
fn outcome(status: &ExecutionStatus) -> Option<Outcome> {
    match status {
        ExecutionStatus::Succeeded => Some(Outcome::Succeeded),
        ExecutionStatus::Failed => Some(Outcome::Failed),
        ExecutionStatus::Stopped | ExecutionStatus::Cancelled => Some(Outcome::Aborted),
        ExecutionStatus::Superseded => Some(Outcome::Superseded),
        ExecutionStatus::InProgress | ExecutionStatus::Stopping | ExecutionStatus::Unknown(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use async_trait::async_trait;
    use jiff::Timestamp;

    use super::*;
    use crate::model::approval::Trigger;
    use crate::model::fault::Fault;
    use crate::model::refusal::Refusal;
    use crate::model::release::samples;
    use crate::ports::approvals::{Action, Declared, Verdict};

    /// A CodePipeline that shows these statuses, one per read, and then the last one.
    struct Shows(Mutex<Vec<Option<&'static str>>>);

    #[async_trait]
    impl PipelineApprovals for Shows {
        async fn execution(&self, _: &Account, _: &str, execution: &str) -> Result<Option<Execution>, Fault> {
            let mut left = self.0.lock().unwrap();
            let status = if left.len() > 1 { left.remove(0) } else { left[0] };
            Ok(status.map(|status| Execution {
                id: execution.to_owned(),
                status: status.into(),
                variables: BTreeMap::new(),
                trigger: Trigger::of(None, None),
            }))
        }

        async fn declared(&self, _: &Account, _: &str) -> Result<Declared, Fault> {
            unimplemented!("it only reads")
        }

        async fn start(&self, _: &Account, _: &str, _: &BTreeMap<String, String>, _: &str) -> Result<String, Fault> {
            unimplemented!("it only reads")
        }

        async fn abandon(&self, _: &Account, _: &str, _: &str, _: &str) -> Result<(), Fault> {
            unimplemented!("it only reads")
        }

        async fn action(&self, _: &Account, _: &str, _: &str, _: &str) -> Result<Action, Fault> {
            unimplemented!("it only reads")
        }

        async fn answer(&self, _: &Account, _: &str, _: &str, _: &str, _: Verdict<'_>) -> Result<(), Fault> {
            unimplemented!("it only reads")
        }
    }

    /// A clock that advances only by sleeping.
    struct Slept(Mutex<Timestamp>);

    #[async_trait]
    impl Clock for Slept {
        fn now(&self) -> Timestamp {
            *self.0.lock().unwrap()
        }

        fn uptime(&self) -> SignedDuration {
            SignedDuration::ZERO
        }

        async fn sleep(&self, duration: SignedDuration) {
            *self.0.lock().unwrap() += duration;
        }

        fn token(&self, _: usize) -> String {
            String::new()
        }
    }

    async fn watched(statuses: &[Option<&'static str>]) -> (Result<Outcome, Error>, Vec<String>, SignedDuration) {
        let (shows, clock) = (Shows(Mutex::new(statuses.to_vec())), Slept(Mutex::new(samples::at(0))));
        let account = samples::pipeline().accounts.into_values().next().unwrap();
        let of = Started { account: &account, pipeline: "hello", execution: "e-1" };
        let mut reported = Vec::new();
        let ended = watch(&shows, &clock, of, SignedDuration::from_secs(5), |s| reported.push(s.to_string())).await;
        (ended, reported, clock.now().duration_since(samples::at(0)))
    }

    #[tokio::test]
    async fn an_execution_that_is_not_shown_at_once_is_followed_to_its_end() {
        let (ended, reported, _) =
            watched(&[None, None, Some("InProgress"), None, Some("InProgress"), Some("Failed")]).await;
        assert_eq!((ended.unwrap(), reported), (Outcome::Failed, vec!["InProgress".to_owned(), "Failed".to_owned()]));
    }

    #[tokio::test]
    async fn an_execution_that_is_never_shown_is_an_error() {
        for shown in [&[None][..], &[Some("InProgress"), None]] {
            let (ended, _, waited) = watched(shown).await;
            let error = ended.unwrap_err();
            let Some(Refusal::Execution(ExecutionRefusal::NotShown { execution, .. })) = error.refusal() else {
                panic!("{error:?}")
            };
            assert_eq!(execution, "e-1");
            assert!(waited <= SHOWN_WITHIN + SignedDuration::from_secs(10), "{waited}");
        }
    }
}
