//! `release --remote`: the pipeline does it, so that no laptop holds production's role; this only starts it and looks on.
//! Whoever starts an execution is its requester, so it is started with the caller's own credentials.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::json;

use super::bench::Bench;
use super::failure::Failure;
use super::identity;
use super::output::Output;
use crate::model::approval::ApprovalWay;
use crate::model::exit_code::ExitCode;
use crate::model::fault::{Fault, FaultKind};
use crate::model::outcome::Outcome;
use crate::model::pipeline::{Account, Pipeline};
use crate::ports::approvals::{Execution, PipelineApprovals};
use crate::ports::clock::Clock;
use crate::runtime::ports::Ports;

/// Starts the CodePipeline that the file names, and follows its execution to the end.
pub async fn run(bench: &Bench, ports: &Ports, output: &Output) -> Result<ExitCode, Failure> {
    let (account, name) = pipeline(bench.pipeline())?;
    let account = &identity::own(account);
    let token = ports.clock.token(32);
    let started = ports.approvals.start(account, name, &BTreeMap::new(), &token).await;
    let execution = started.map_err(|fault| {
        let needs = "codepipeline:StartPipelineExecution and codepipeline:GetPipelineExecution";
        identity::of_own(fault, account, "start it", needs)
    })?;
    output
        .note(format!("CodePipeline {name} runs as execution {execution}; Ctrl-C stops looking on, not the pipeline"));
    let tell = |status: &str| {
        output.tell(
            || format!("{execution}: {status}"),
            || json!({ "v": 1, "kind": "execution", "pipeline": name, "execution": execution, "status": status }),
        );
    };
    let of = Started { account, pipeline: name, execution: &execution };
    let outcome = watch(ports.approvals.as_ref(), ports.clock.as_ref(), of, bench.pipeline().poll, tell).await?;
    Ok(outcome.exit_code())
}

/// How long CodePipeline may not show what was started. It does so within seconds.
const SHOWN_WITHIN: SignedDuration = SignedDuration::from_mins(2);

/// An execution that was just started.
#[derive(Clone, Copy)]
struct Started<'a> {
    account: &'a Account,
    pipeline: &'a str,
    execution: &'a str,
}

/// Looks on until an execution has ended, and tells each new status.
async fn watch(
    approvals: &dyn PipelineApprovals,
    clock: &dyn Clock,
    of: Started<'_>,
    poll: SignedDuration,
    mut tell: impl FnMut(&str),
) -> Result<Outcome, Failure> {
    let mut late = clock.now() + SHOWN_WITHIN;
    let mut last = String::new();
    loop {
        match approvals.execution(of.account, of.pipeline, of.execution).await? {
            Some(Execution { status, .. }) => {
                late = clock.now() + SHOWN_WITHIN;
                if status != last {
                    tell(&status);
                    last = status;
                }
            }
            None if clock.now() >= late => return Err(unseen(of)),
            None => {}
        }
        if let Some(outcome) = outcome(&last) {
            return Ok(outcome);
        }
        clock.sleep(poll).await;
    }
}

fn unseen(Started { account, pipeline, execution }: Started<'_>) -> Failure {
    let place = format!("CodePipeline {pipeline} of account {}", account.name);
    Fault::new(FaultKind::Unreachable, format!("{place} does not show execution {execution}, which was started"))
        .cause("what became of it is unknown; it may run all the same")
        .hint("look at the pipeline in CodePipeline before you start it again")
        .into()
}

/// The one pipeline whose approvals the file's stages wait for.
fn pipeline(file: &Pipeline) -> Result<(&Account, &str), Failure> {
    let ways = file.stages.iter().filter_map(|stage| stage.approval.as_ref()).map(|policy| &policy.way);
    let mut named = ways.filter_map(|way| match way {
        ApprovalWay::CodePipeline { pipeline, account, .. } => Some((file.account(account), pipeline.as_str())),
        ApprovalWay::Kanmon => None,
    });
    let first = named.next().ok_or_else(|| {
        Failure::wrong("no stage of the file names a CodePipeline")
            .hint("`--remote` starts the pipeline of an approval `by: codepipeline`")
    })?;
    match named.find(|other| *other != first) {
        None => Ok(first),
        Some((_, other)) => Err(Failure::wrong(format!("the file names two pipelines, {} and {other}", first.1))
            .hint("start the one that is meant in CodePipeline itself")),
    }
}

/// What an execution's status comes to; `None` while it goes on, or is of a kind that is newer than this.
fn outcome(status: &str) -> Option<Outcome> {
    match status {
        "Succeeded" => Some(Outcome::Succeeded),
        "Failed" => Some(Outcome::Failed),
        "Stopped" | "Cancelled" => Some(Outcome::Aborted),
        "Superseded" => Some(Outcome::Superseded),
        _ => None,
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
    use crate::model::release::samples;
    use crate::ports::approvals::{Action, Declared, Verdict};

    /// A CodePipeline that shows these statuses, one a look, and the last for good.
    struct Shows(Mutex<Vec<Option<&'static str>>>);

    #[async_trait]
    impl PipelineApprovals for Shows {
        async fn execution(&self, _: &Account, _: &str, execution: &str) -> Result<Option<Execution>, Fault> {
            let mut left = self.0.lock().unwrap();
            let status = if left.len() > 1 { left.remove(0) } else { left[0] };
            Ok(status.map(|status| Execution {
                id: execution.to_owned(),
                status: status.to_owned(),
                variables: BTreeMap::new(),
                trigger: Trigger::of("", ""),
            }))
        }

        async fn declared(&self, _: &Account, _: &str) -> Result<Declared, Fault> {
            unimplemented!("it only looks on")
        }

        async fn start(&self, _: &Account, _: &str, _: &BTreeMap<String, String>, _: &str) -> Result<String, Fault> {
            unimplemented!("it only looks on")
        }

        async fn abandon(&self, _: &Account, _: &str, _: &str, _: &str) -> Result<(), Fault> {
            unimplemented!("it only looks on")
        }

        async fn action(&self, _: &Account, _: &str, _: &str, _: &str) -> Result<Action, Fault> {
            unimplemented!("it only looks on")
        }

        async fn answer(&self, _: &Account, _: &str, _: &str, _: &str, _: Verdict<'_>) -> Result<(), Fault> {
            unimplemented!("it only looks on")
        }
    }

    /// Time passes only while somebody sleeps.
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

    async fn watched(statuses: &[Option<&'static str>]) -> (Result<Outcome, Failure>, Vec<String>, SignedDuration) {
        let (shows, clock) = (Shows(Mutex::new(statuses.to_vec())), Slept(Mutex::new(samples::at(0))));
        let account = samples::pipeline().accounts.into_values().next().unwrap();
        let of = Started { account: &account, pipeline: "hello", execution: "e-1" };
        let mut told = Vec::new();
        let ended = watch(&shows, &clock, of, SignedDuration::from_secs(5), |s| told.push(s.to_owned())).await;
        (ended, told, clock.now().duration_since(samples::at(0)))
    }

    #[tokio::test]
    async fn an_execution_is_followed_to_its_end_though_it_is_not_shown_at_once() {
        let (ended, told, _) =
            watched(&[None, None, Some("InProgress"), None, Some("InProgress"), Some("Failed")]).await;
        assert_eq!((ended, told), (Ok(Outcome::Failed), vec!["InProgress".to_owned(), "Failed".to_owned()]));
    }

    #[tokio::test]
    async fn one_that_is_never_shown_is_an_error_and_not_waited_for_for_ever() {
        for shown in [&[None][..], &[Some("InProgress"), None]] {
            let (ended, _, waited) = watched(shown).await;
            let failure = ended.unwrap_err();
            assert_eq!(failure.code, ExitCode::Unknown);
            assert!(failure.sentence.contains("does not show execution e-1, which was started"), "{failure:?}");
            assert!(waited <= SHOWN_WITHIN + SignedDuration::from_secs(10), "{waited}");
        }
    }
}
