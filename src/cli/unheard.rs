//! Rejections in CodePipeline that no process of kanmon heard: the execution ended with them, and whoever starts another asks about the
//! same images again.

use super::bench::Bench;
use super::failure::Failure;
use super::in_codepipeline::read;
use super::output::Output;
use super::work::written;
use super::{own_file, releases};
use crate::engine::ahead;
use crate::journal;
use crate::model::approval::{ApprovalWay, Requester};
use crate::model::event::Fact;
use crate::model::ids::StageName;
use crate::model::pipeline::{Pipeline, Stage};
use crate::model::release::Release;
use crate::runtime::observe::approval::rejection;
use crate::runtime::ports::Ports;

/// How many of the application's latest releases are looked through. Each open question is a read of CodePipeline.
const LOOKED_THROUGH: usize = 20;

/// Writes into the record of each release that nobody works on the rejection that its action shows, so that it counts for every later
/// release of the same images. Only for the stages that these requesters are about to ask for. What cannot be read is reported.
pub async fn record(bench: &Bench, ports: &Ports, output: &Output, until: &StageName, requesters: &[Requester]) {
    let stages = asked(bench.pipeline(), until, requesters);
    if stages.is_empty() {
        return;
    }
    // A state that cannot be read is met where it is written next.
    let Ok(all) = releases::all(bench, LOOKED_THROUGH).await else { return };
    for recorded in all.recorded {
        let (listed, release) = (recorded.listed, recorded.release);
        // A record is no authority on where to look.
        if listed.imported.is_some() || listed.held_by.is_some() || own_file::agrees(bench, &release).is_err() {
            continue;
        }
        for stage in &stages {
            match read(ports, &release, stage, Clone::clone).await {
                Ok(Some(action)) => {
                    if let Some(no) = rejection(&release, stage, &action) {
                        write(bench, output, &release, no).await;
                    }
                }
                Ok(None) => {}
                Err((fault, _)) => {
                    output.warn(&format!("whether {} was rejected in CodePipeline cannot be read: {fault}", release.id))
                }
            }
        }
    }
}

/// The stages that CodePipeline is asked for on the way, and the one behind them that is asked for ahead.
fn asked(pipeline: &Pipeline, until: &StageName, requesters: &[Requester]) -> Vec<StageName> {
    let end = pipeline.stages.iter().position(|stage| stage.name == *until).map_or(0, |at| at + 1);
    let in_codepipeline = |stage: &&Stage| {
        stage.approval.as_ref().is_some_and(|policy| match policy.way {
            ApprovalWay::CodePipeline { .. } => true,
            ApprovalWay::Kanmon => false,
        })
    };
    let on_the_way = pipeline.stages[..end].iter().filter(in_codepipeline);
    let behind = requesters.last().and_then(|by| ahead::behind(pipeline, until, by, requesters));
    on_the_way.chain(behind).map(|stage| stage.name.clone()).collect()
}

async fn write(bench: &Bench, output: &Output, release: &Release, no: Fact) {
    let (id, seq) = (&release.id, release.seq);
    // Somebody who took it up meanwhile hears it.
    let Ok(lease) = bench.journal.take(id, &journal::this_process(), None, bench.clock.now()).await else { return };
    let fit = |now: &Release| match now.seq == seq {
        true => Ok(()),
        false => Err(Failure::wrong(format!("somebody else went on with {id}"))),
    };
    if written(bench, &lease, vec![no], fit, |_, _| false).await.is_ok() {
        output.note(format!("{id} was rejected in CodePipeline; its record says so now"));
        // One that cannot be given back runs out.
        let _ = bench.journal.give_up(&lease).await;
    }
}
