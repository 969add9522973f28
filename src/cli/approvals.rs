//! `approvals`: the releases that wait for approval.

use serde_json::json;

use super::args::Global;
use super::context;
use super::failure::Failure;
use super::output::Output;
use super::records;
use crate::model::exit_code::ExitCode;
use crate::report::review::{Layout, sheet};
use crate::report::text::Text;
use crate::report::verb::approvals as words;
use crate::usecase::pending;
use crate::usecase::question::open_requests;
use crate::usecase::review::{Gathered, gather};

pub async fn run(global: &Global, output: &Output) -> Result<ExitCode, Failure> {
    let context = context::open(global, output)?;
    let all = pending::releases(&context).await?;
    records::warn(&all, output);
    let unreadable = records::unreadable(&all);
    let now = context.clock.now();
    let mut waiting: Vec<Gathered> = Vec::new();
    // An expired request cannot be answered, even while no process works on its release.
    for (recorded, stage, request) in
        all.recorded.iter().flat_map(|r| open_requests(r, now)).filter(|(_, _, q)| now < q.expires_at)
    {
        waiting.push(gather(&context, recorded, stage, request).await?);
    }
    let layout = Layout { paint: output.out, width: output.out_width(), height: None };
    output.result(
        || match waiting.is_empty() {
            true => Text::from(words::NONE),
            false => {
                let sheets = waiting.iter().enumerate();
                sheets.map(|(at, gathered)| apart(at).and(sheet(&gathered.review(), now, layout))).collect::<Text>()
            }
        },
        || {
            let waiting: Vec<_> = waiting.iter().map(machine).collect();
            json!({ "v": 1, "kind": "approvals", "waiting": waiting, "unreadable": unreadable })
        },
    );
    Ok(ExitCode::Done)
}

fn machine(gathered: &Gathered) -> serde_json::Value {
    let review = gathered.review();
    let state = review.release.stage(&review.stage.name);
    let shown = state.shown(&review.request.plan);
    json!({
        "release": review.release.id,
        "stage": review.stage.name,
        "request": review.request,
        "requesters": review.release.requesters,
        "plan": shown.map(|s| &s.plan),
        "gate": shown.map(|s| &s.gate),
        "frozen": review.frozen,
        "earlier": state.earlier,
        "rejected": review.rejected,
        "again": review.release.again,
        "runs": review.replaces.map(|running| &running.release.id),
        "source": review.release.started.source,
        "findings": review.findings.as_ref().ok().map(|found| {
            json!({ "new": found.new, "gone": found.gone, "unknown": found.unknown, "then": found.then })
        }),
    })
}

/// The gap between a sheet and the one before it.
fn apart(at: usize) -> Text {
    if at == 0 { Text::new() } else { Text::from("") }
}
