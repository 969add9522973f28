//! Rejections in CodePipeline that no process of kanmon has read, because the execution ended with them. Without them, a new execution would request
//! approval for the same images again.

use super::codepipeline_question::read;
use super::context::Context;
use super::take_up::written;
use super::{file_identity, records};
use crate::engine::preapproval;
use crate::model::approval::{ApprovalWay, Requester};
use crate::model::event::Fact;
use crate::model::ids::StageName;
use crate::model::notice::Notice;
use crate::model::pipeline::{Pipeline, Stage};
use crate::model::refusal::Refusal;
use crate::model::release::Release;
use crate::runtime::observe::approval::rejection;
use crate::runtime::ports::Ports;

/// How many of the application's latest releases are read. Each open request needs a call to CodePipeline.
const LOOKED_THROUGH: usize = 20;

/// Records the rejections that CodePipeline shows for releases that no process works on, so that they count for every later release of the same images. Only
/// for stages whose approval will be requested. What cannot be read is reported.
pub async fn record(context: &Context, ports: &Ports, until: &StageName, requesters: &[Requester]) {
    let stages = stages_to_request(&context.pipeline, until, requesters);
    if stages.is_empty() {
        return;
    }
    // If the state cannot be read, the next write fails.
    let Ok(all) = records::all(context, LOOKED_THROUGH).await else { return };
    for recorded in all.recorded {
        let (listed, release) = (recorded.listed, recorded.release);
        // A record that is not of this checkout's file must not decide what is read.
        if listed.imported.is_some() || listed.held_by.is_some() || file_identity::agrees(context, &release).is_err() {
            continue;
        }
        for stage in &stages {
            match read(ports, &release, stage, Clone::clone).await {
                Ok(Some(action)) => {
                    if let Some(fact) = rejection(&release, stage, &action) {
                        write(context, &release, fact).await;
                    }
                }
                Ok(None) => {}
                Err((fault, _)) => {
                    context.notice(Notice::RejectionUnreadable { release: release.id.clone(), fault });
                }
            }
        }
    }
}

/// The stages whose approval will be requested in CodePipeline, with the one that is requested in advance.
fn stages_to_request(pipeline: &Pipeline, until: &StageName, requesters: &[Requester]) -> Vec<StageName> {
    let in_codepipeline = |stage: &&Stage| {
        stage.approval.as_ref().is_some_and(|policy| match policy.way {
            ApprovalWay::CodePipeline { .. } => true,
            ApprovalWay::Kanmon => false,
        })
    };
    let on_the_way = pipeline.stages_until(until).iter().filter(in_codepipeline);
    let next = requesters.last().and_then(|by| preapproval::next_stage(pipeline, until, by, requesters));
    on_the_way.chain(next).map(|stage| stage.name.clone()).collect()
}

async fn write(context: &Context, release: &Release, fact: Fact) {
    let (id, seq) = (&release.id, release.seq);
    // A process that has taken it up reads the rejection itself.
    let Ok(lease) = context.journal.take(id, &context.holder, None, context.clock.now()).await else { return };
    let fit = |now: &Release| match now.seq == seq {
        true => Ok(()),
        false => Err(Refusal::TakenByAnother { release: id.clone() }),
    };
    if written(context, &lease, vec![fact], fit, |_, _| false).await.is_ok() {
        context.notice(Notice::RejectionRecorded { release: id.clone() });
        // A lease that cannot be given back expires.
        let _ = context.journal.give_up(&lease).await;
    }
}
