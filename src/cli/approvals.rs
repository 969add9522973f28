//! `approvals`: the releases that wait for approval.

use jiff::Timestamp;
use serde_json::json;

use super::args::Global;
use super::context;
use super::failure::Failure;
use super::output::Output;
use super::records::{self, All, Recorded, Unreadable, is_of_the_record};
use crate::engine::inbox::preview;
use crate::engine::plan::is_requested_plan;
use crate::model::approval::ApprovalRequest;
use crate::model::exit_code::ExitCode;
use crate::model::freeze::Frozen;
use crate::model::ledger::Rejected;
use crate::model::pipeline::Stage;
use crate::model::stage_state::Approval;
use crate::report::notice;
use crate::report::paint::Paint;
use crate::report::text::Text;
use crate::report::verb::approvals::{self as words, RequestedPlan, Sheet};
use crate::usecase::context::Context;
use crate::usecase::identity::own;
use crate::usecase::question::{open_requests, stage_circumstances};
use crate::usecase::{codepipeline_question, file_identity};

pub async fn run(global: &Global, output: &Output) -> Result<ExitCode, Failure> {
    let context = context::open(global, output)?;
    let all = with_answers(&context, output, records::all(&context, usize::MAX).await?).await?;
    records::warn(&all, output);
    let (unreadable, recorded) = (records::unreadable(&all), all.recorded);
    let now = context.clock.now();
    let mut waiting = Vec::new();
    // An expired request cannot be answered, even while no process works on its release.
    for (recorded, stage, request) in
        recorded.iter().flat_map(|r| open_requests(r, now)).filter(|(_, _, q)| now < q.expires_at)
    {
        let (frozen, rejected) = stage_circumstances(&context, recorded, stage).await;
        waiting.push(PendingApproval { recorded, stage, request, frozen, rejected });
    }
    if waiting.is_empty() {
        output
            .result(|| words::NONE, || json!({ "v": 1, "kind": "approvals", "waiting": [], "unreadable": unreadable }));
        return Ok(ExitCode::Done);
    }
    let layout = Layout { paint: output.out, width: output.out_width() };
    output.result(
        || {
            let sheets = waiting.iter().enumerate();
            sheets.map(|(at, pending)| apart(at).and(human(&context, pending, layout))).collect::<Text>()
        },
        || {
            let waiting: Vec<_> = waiting
                .iter()
                .map(|PendingApproval { recorded, stage, request, frozen, rejected }| {
                    let state = recorded.release.stage(&stage.name);
                    let shown = state.shown(&request.plan);
                    json!({
                        "release": recorded.release.id,
                        "stage": stage.name,
                        "request": request,
                        "requesters": recorded.release.requesters,
                        "plan": shown.map(|s| &s.plan),
                        "gate": shown.map(|s| &s.gate),
                        "frozen": frozen,
                        "earlier": state.earlier,
                        "rejected": rejected,
                        "again": recorded.release.again,
                    })
                })
                .collect();
            json!({ "v": 1, "kind": "approvals", "waiting": waiting, "unreadable": unreadable })
        },
    );
    Ok(ExitCode::Done)
}

/// Releases as they will be once their inboxes are read, so that an answered request is not listed.
async fn with_answers(context: &Context, output: &Output, all: All) -> Result<All, Failure> {
    let now = context.clock.now();
    let (mut read, mut unreadable) = (Vec::new(), all.unreadable);
    for recorded in all.recorded {
        // A withdrawal requests approval again.
        let may_change = !open_requests(&recorded, now).is_empty()
            || recorded.release.stages.values().any(|s| matches!(s.approval, Approval::Given(..)));
        if !may_change {
            read.push(recorded);
            continue;
        }
        match context.journal.inbox(&recorded.release.id).await {
            Ok(inbox) => {
                let release = preview(&recorded.release, &inbox).0;
                read.push(with_rejections(context, output, Recorded { release, ..recorded }, now).await?);
            }
            Err(error) if is_of_the_record(&error) => {
                unreadable.push(Unreadable { listed: recorded.listed, why: error.into() });
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(All { recorded: read, unreadable })
}

/// The same with rejections in CodePipeline that no process has read yet, if the pipeline file has the same accounts. What cannot be
/// read is shown as it is recorded.
async fn with_rejections(
    context: &Context,
    output: &Output,
    recorded: Recorded,
    now: Timestamp,
) -> Result<Recorded, Failure> {
    let carried = open_requests(&recorded, now).iter().any(|(_, _, request)| request.execution.is_some());
    if !carried || file_identity::answers(context, &recorded.release).is_err() {
        return Ok(recorded);
    }
    let ports = context.ports(recorded.release.id.as_str(), None);
    // The caller is an approver with their own credentials, or somebody who deploys with the file's role.
    let fault = match codepipeline_question::with_rejections(&ports, recorded.clone(), own).await {
        Ok(read) => return Ok(read),
        Err((fault, _)) => fault,
    };
    Ok(codepipeline_question::with_rejections(&ports, recorded.clone(), Clone::clone).await.unwrap_or_else(|_| {
        output.note(notice::rejection_unreadable(&recorded.release.id, &fault));
        recorded
    }))
}

/// An approval request, and what an approver should know about it.
pub struct PendingApproval<'r> {
    pub recorded: &'r Recorded,
    pub stage: &'r Stage,
    pub request: &'r ApprovalRequest,
    pub frozen: Option<Frozen>,
    /// Of the same images, in other releases.
    pub rejected: Vec<Rejected>,
}

/// The gap between a sheet and the one before it.
fn apart(at: usize) -> Text {
    if at == 0 { Text::new() } else { Text::from("") }
}

/// The request on its sheet.
pub fn human(context: &Context, pending: &PendingApproval<'_>, layout: Layout) -> Text {
    let PendingApproval { recorded, stage, request, frozen, rejected } = pending;
    let release = &recorded.release;
    let record = match is_requested_plan(release, stage, &request.plan) {
        true => RequestedPlan::Recorded,
        false => RequestedPlan::NotRecorded { started_by: records::started_by_other(&release.started.kanmon) },
    };
    let sheet = Sheet { release, stage, request, frozen: frozen.as_ref(), rejected, record };
    words::sheet(&sheet, context.clock.now(), layout.paint, layout.width)
}

/// How a sheet is printed: its width is in cells.
#[derive(Clone, Copy)]
pub struct Layout {
    pub paint: Paint,
    pub width: Option<usize>,
}
