use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::aws::errors::Refusal;
use crate::aws::session::Session;
use crate::aws::setup::ATTEMPTS;
use crate::aws::testing::{Peer, Reply, account};
use crate::model::fault::own::{NotSent, OwnProblem};
use crate::model::fault::{Fault, FaultKind};

type Sent<'s> = Pin<Box<dyn Future<Output = Result<(), Refusal>> + 's>>;
type Write = (Operation, for<'s> fn(&'s Session) -> Sent<'s>);

/// The least request of each write.
const WRITES: [Write; 10] = [
    (Operation::RegisterTaskDefinition, |s| {
        Box::pin(async { s.register_task_definition(Target::Caller).send(|r| r.family("x").send()).await.map(drop) })
    }),
    (Operation::UpdateService, |s| {
        Box::pin(async { s.update_service(Target::Caller).send(|r| r.service("x").send()).await.map(drop) })
    }),
    (Operation::StopServiceDeployment, |s| {
        Box::pin(async {
            s.stop_service_deployment(Target::Caller).send(|r| r.service_deployment_arn("x").send()).await.map(drop)
        })
    }),
    (Operation::RunTask, |s| {
        Box::pin(async { s.run_task(Target::Caller).send(|r| r.task_definition("x").send()).await.map(drop) })
    }),
    (Operation::StartImageScan, |s| {
        Box::pin(async { s.start_image_scan(Target::Caller).send(|r| r.repository_name("x").send()).await.map(drop) })
    }),
    (Operation::StartPipelineExecution, |s| {
        Box::pin(async { s.start_pipeline_execution(Target::Caller).send(|r| r.name("x").send()).await.map(drop) })
    }),
    (Operation::StopPipelineExecution, |s| {
        Box::pin(async {
            s.stop_pipeline_execution(Target::Caller)
                .send(|r| r.pipeline_name("x").pipeline_execution_id("x").send())
                .await
                .map(drop)
        })
    }),
    (Operation::PutApprovalResult, |s| {
        Box::pin(async {
            s.put_approval_result(Target::Caller)
                .send(|r| r.pipeline_name("x").stage_name("x").action_name("x").token("x").send())
                .await
                .map(drop)
        })
    }),
    (Operation::PutItem, |s| {
        Box::pin(async { s.put_item(Target::Caller).send(|r| r.table_name("x").send()).await.map(drop) })
    }),
    (Operation::TransactWriteItems, |s| {
        Box::pin(async { s.transact_write_items(Target::Caller).send(|r| r.send()).await.map(drop) })
    }),
];

#[test]
fn every_write_has_its_class_and_its_fence() {
    let writes: Vec<String> = Operation::ALL
        .iter()
        .filter_map(|o| match o.access() {
            Access::Read => None,
            Access::Write(retry, fencing) => Some(format!("{} {retry:?} {fencing:?}", o.action())),
        })
        .collect();
    insta::assert_snapshot!(writes.join("\n"), @"
    ecs:RegisterTaskDefinition ThrottlingOnly Lease
    ecs:UpdateService ThrottlingOnly Lease
    ecs:StopServiceDeployment SameAgain Lease
    ecs:RunTask ClientToken Lease
    ecr:StartImageScan SameAgain None(ScansAnImage)
    codepipeline:StartPipelineExecution ClientToken Lease
    codepipeline:StopPipelineExecution SameAgain Lease
    codepipeline:PutApprovalResult ThrottlingOnly Lease
    dynamodb:PutItem SameAgain None(IsTheLease)
    dynamodb:TransactWriteItems ClientToken None(IsTheLease)
    ");
}

#[test]
fn reads_of_services_and_tasks_share_a_bucket() {
    let shared = [Operation::DescribeServices, Operation::DescribeTasks, Operation::ListTasks];
    assert!(shared.iter().all(|operation| operation.bucket() == Bucket::EcsResourceRead));
}

#[tokio::test]
async fn a_write_is_repeated_by_its_class_and_stopped_by_its_fence() {
    let driven: BTreeSet<_> = WRITES.iter().map(|(o, _)| o.action()).collect();
    let listed: BTreeSet<_> =
        Operation::ALL.iter().filter(|o| o.access() != Access::Read).map(|o| o.action()).collect();
    assert_eq!(driven, listed, "each write of the list is driven here");
    for (operation, send) in WRITES {
        let name = operation.action().split(':').nth(1).unwrap();
        let peer = Peer::new(move |asked, _| match asked.op == name {
            true => Reply::Reset,
            false => Reply::Json(serde_json::Value::Null),
        });
        let sessions = peer.sessions();
        let session = sessions.session(&account("prod")).await.unwrap();

        let lost = send(&session).await.unwrap_err();
        let attempts = if operation.access().is_repeatable() { ATTEMPTS as usize } else { 1 };
        assert_eq!(peer.asked(name).len(), attempts, "{name}");
        let kind = if operation.access().leaves_open() { FaultKind::Ambiguous } else { FaultKind::Unreachable };
        assert_eq!(lost.fault.kind(), kind, "{name}");

        // Lost between two attempts, too.
        let held = std::sync::Arc::new(AtomicBool::new(true));
        let fence = held.clone();
        let word = Fault::from(OwnProblem::StoodStill { why: NotSent::NotRenewed, because: None });
        let said = word.clone();
        sessions.set_fence(std::sync::Arc::new(move || {
            if fence.swap(false, Ordering::SeqCst) { Ok(()) } else { Err(said.clone()) }
        }));
        let before = peer.asked(name).len();
        let first = send(&session).await.unwrap_err();
        let stopped = send(&session).await.unwrap_err();
        let sent = peer.asked(name).len() - before;
        match operation.access() {
            Access::Write(_, Fencing::Lease) => {
                assert_eq!((sent, &stopped.fault), (1, &word), "{name}");
                assert_eq!(first.fault == word, operation.access().is_repeatable(), "{name}");
            }
            Access::Write(_, Fencing::None(_)) => assert_eq!(sent, 2 * attempts, "{name}"),
            Access::Read => unreachable!("only writes are driven"),
        }
    }
}
