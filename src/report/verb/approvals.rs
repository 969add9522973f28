//! What an approver sees: the requester, what would change, who may answer and until when.

use jiff::Timestamp;

use crate::model::approval::ApprovalRequest;
use crate::model::format::{commit as commit_name, lasting, moment};
use crate::model::freeze::Frozen;
use crate::model::ledger::Rejected;
use crate::model::pipeline::Stage;
use crate::model::refusal::OtherVersion;
use crate::model::release::Release;
use crate::model::stage_state::EarlierDecisionKind;
use crate::report::paint::Paint;
use crate::report::refusal::{started_by_other, use_other};
use crate::report::text::Text;
use crate::report::{checkout, display_names, freeze, gate, plan, story};

/// Instead of a list.
pub const NONE: &str = "no release waits for approval";

/// An approval request, and what an approver should know about it.
pub struct Sheet<'a> {
    pub release: &'a Release,
    pub stage: &'a Stage,
    pub request: &'a ApprovalRequest,
    pub frozen: Option<&'a Frozen>,
    /// Of the same images, in other releases.
    pub rejected: &'a [Rejected],
    pub record: RequestedPlan,
}

/// Whether the record contains the requested plan.
pub enum RequestedPlan {
    Recorded,
    /// `started_by`: another version of kanmon, which may compute another hash.
    NotRecorded {
        started_by: Option<OtherVersion>,
    },
}

/// The request on its sheet. `width`: of a line, in cells.
pub fn sheet(pending: &Sheet<'_>, now: Timestamp, paint: Paint, width: Option<usize>) -> Text {
    let Sheet { release, stage, request, frozen, rejected, record } = pending;
    let pipeline = &release.started.pipeline;
    let state = release.stage(&stage.name);
    let id = paint.strong(release.id.as_str());
    let mut sheet = Text::from(format!("{} {id} → {}", pipeline.app, paint.strong(stage.name.as_str())));
    let mut say = |name: &str, text: String| sheet.line(format!("  {name:<9} {text}"));
    say("requester", display_names::requesters(&release.requesters));
    let source = &release.started.source;
    if let Some(commit) = &source.commit {
        let dirty = if source.dirty { " with uncommitted changes" } else { "" };
        let author = source.author.as_deref().map(|a| format!(" by {a}")).unwrap_or_default();
        say("commit", format!("{}{dirty}{author}", commit_name(commit, 12)));
    } else if let Some(why) = &source.unreadable {
        say("commit", format!("unknown: {}", checkout::problem(why)));
    }
    for image in stage.images_used(pipeline) {
        if let Some(pushed) = release.image_for(stage, image) {
            let of = release.image_commits.get(image).map(display_names::commit_of).unwrap_or_default();
            say("image", format!("{image} {}{of}", display_names::digest(&pushed.digest)));
        }
    }
    let passed: Vec<&str> =
        pipeline.stages.iter().filter(|s| release.stage(&s.name).left.is_some()).map(|s| s.name.as_str()).collect();
    if !passed.is_empty() {
        say("passed", passed.join(", "));
    }
    // The requested plan, even if it has to be checked again before the stage is entered.
    let shown = state.shown(&request.plan);
    if let Some(shown) = shown {
        say("gate", gate::judgement(&shown.gate));
    }
    if let Some(frozen) = frozen {
        say("frozen", format!("{}; nothing enters {} until it is unfrozen", freeze::text(frozen), stage.name));
    }
    for no in *rejected {
        let (by, at) = (display_names::decider(no.by.as_ref()), moment(no.at));
        say("rejected", format!("the same images in {}, by {by} at {at}{}", no.release, comment(&no.comment)));
    }
    for no in &state.earlier {
        let word = match no.word {
            EarlierDecisionKind::Rejected => "rejected",
            EarlierDecisionKind::Withdrawn => "withdrawn",
        };
        let which = if no.plan == request.plan { "this plan".to_owned() } else { format!("plan {}", no.plan.short()) };
        let (by, at) = (display_names::decider(no.by.as_ref()), moment(no.at));
        say(word, format!("{which}, by {by} at {at}{}", comment(&no.comment)));
    }
    if let Some(why) = &release.again {
        say("reason", format!("“{why}”"));
    }
    let left = lasting(request.expires_at.duration_since(now));
    say("expires", format!("{} ({left} left)", moment(request.expires_at)));
    if let Some(policy) = &stage.approval {
        say("approvers", story::who_may(policy));
    }
    say("plan", request.plan.short().to_owned());
    if let Some(shown) = shown {
        sheet = sheet.and(plan::of(pipeline, stage, &shown.plan, paint).after("  "));
    }
    match (record, &stage.approval) {
        (RequestedPlan::NotRecorded { started_by }, _) => {
            sheet.line(format!("  {}", paint.bad(&not_recorded(started_by.as_ref()))));
        }
        (RequestedPlan::Recorded, Some(policy)) => {
            sheet.line(format!("  {}", paint.strong(&story::how_to_approve(release, policy, request))));
        }
        (RequestedPlan::Recorded, None) => {}
    }
    sheet.wrapped(width, 4)
}

fn comment(comment: &str) -> String {
    if comment.is_empty() { String::new() } else { format!(": “{comment}”") }
}

fn not_recorded(started_by: Option<&OtherVersion>) -> String {
    let why = match started_by {
        Some(other) => format!("{}. Do not approve this plan with it: {}", started_by_other(other), use_other(other)),
        None => "somebody has changed the record. Do not approve this plan".to_owned(),
    };
    format!("the record does not contain this plan: {why}")
}
