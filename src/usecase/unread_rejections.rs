//! Rejections in CodePipeline that no process of kanmon has read: the execution ended with them, and whoever starts another asks about
//! the same images again.

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

/// How many of the application's latest releases are read. Each open question is a read of CodePipeline.
const LOOKED_THROUGH: usize = 20;

/// Writes into the record of each release that nobody works on the rejection that its action shows, so that it counts for every later
/// release of the same images. Only for the stages that these requesters are about to ask for. What cannot be read is reported.
pub async fn record(context: &Context, ports: &Ports, until: &StageName, requesters: &[Requester]) {
    let stages = asked(&context.pipeline, until, requesters);
    if stages.is_empty() {
        return;
    }
    // A state that cannot be read is met where it is written next.
    let Ok(all) = records::all(context, LOOKED_THROUGH).await else { return };
    for recorded in all.recorded {
        let (listed, release) = (recorded.listed, recorded.release);
        // A record does not decide where to look.
        if listed.imported.is_some() || listed.held_by.is_some() || file_identity::agrees(context, &release).is_err() {
            continue;
        }
        for stage in &stages {
            match read(ports, &release, stage, Clone::clone).await {
                Ok(Some(action)) => {
                    if let Some(no) = rejection(&release, stage, &action) {
                        write(context, &release, no).await;
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

/// The stages that CodePipeline is asked for on the way, and the one next them that is asked for ahead.
fn asked(pipeline: &Pipeline, until: &StageName, requesters: &[Requester]) -> Vec<StageName> {
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

async fn write(context: &Context, release: &Release, no: Fact) {
    let (id, seq) = (&release.id, release.seq);
    // Whoever took it up meanwhile reads it.
    let Ok(lease) = context.journal.take(id, &context.holder, None, context.clock.now()).await else { return };
    let fit = |now: &Release| match now.seq == seq {
        true => Ok(()),
        false => Err(Refusal::TakenByAnother { release: id.clone() }),
    };
    if written(context, &lease, vec![no], fit, |_, _| false).await.is_ok() {
        context.notice(Notice::RejectionRecorded { release: id.clone() });
        // One that cannot be given back runs out.
        let _ = context.journal.give_up(&lease).await;
    }
}
