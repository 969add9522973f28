//! What an approver reads before they decide: on one screen, or everything.

mod fit;
mod history;
mod plan;
mod risks;

use jiff::Timestamp;

pub use self::fit::Layout;
use self::fit::{Part, Worth, page, row};
pub use self::risks::doubt;
use super::text::Text;
use super::time::moment;
use super::{checkout, display_names, freeze, gate, refusal, story};
use crate::model::format::{commit as commit_name, lasting};
use crate::model::review::Review;
use crate::model::stage_state::EarlierDecisionKind;

/// A request for approval, for somebody who decides about it. It fits the height where its shortest form does.
pub fn sheet(review: &Review<'_>, now: Timestamp, layout: Layout) -> Text {
    let paint = layout.paint;
    let pipeline = &review.release.started.pipeline;
    let id = paint.strong(review.release.id.as_str());
    let (stage, hash) = (paint.strong(review.stage.name.as_str()), paint.strong(review.request.plan.short()));
    let head = Text::from(format!("{} {id} → {stage}, plan {hash}", pipeline.app));
    let mut parts = vec![Part::always(head), requester(review)];
    parts.push(commit(review));
    parts.push(Part::always(risks::doubts(review, paint)));
    parts.push(images(review));
    parts.push(Part::always(history::runs(review, now, paint)));
    parts.push(history::commits(review, paint));
    if layout.height.is_some() {
        parts.extend(plan::workloads(review, paint));
    }
    parts.push(Part::always(plan::steps(review)));
    parts.push(Part::always(plan::going_back(review, paint)));
    parts.push(Part::always(gate_line(review, paint)));
    parts.push(risks::findings(review, paint));
    parts.extend(review.earlier.iter().map(|stage| history::stage(stage, now, paint)));
    parts.push(Part::always(decisions(review, paint)));
    if layout.height.is_some() {
        parts.push(plan::endpoints(review, paint));
    }
    let left = lasting(review.request.expires_at.duration_since(now));
    parts.push(Part::always(row("expires", format!("{} ({left} left)", moment(review.request.expires_at)))));
    if let Some(policy) = &review.stage.approval {
        parts.push(Part::always(row("approvers", story::who_may(policy))));
    }
    if let (None, Some(shown)) = (layout.height, review.shown) {
        let whole = super::plan::of(pipeline, review.stage, &shown.plan, paint).after("  ");
        // Its lines have indents of their own.
        parts.push(Part::always(whole.wrapped(layout.width, 4)));
    }
    parts.push(Part::always(last_line(review, layout)));
    page(parts, layout)
}

fn requester(review: &Review<'_>) -> Part {
    Part::always(row("requester", display_names::requesters(&review.release.requesters)))
}

/// The commit that the images were built from, as it was recorded with them.
fn commit(review: &Review<'_>) -> Part {
    let source = &review.release.started.source;
    let Some(commit) = &source.commit else {
        let unknown = source.unreadable.as_ref().map(|why| format!("unknown: {}", checkout::problem(why)));
        return Part::always(unknown.into_iter().map(|text| row("commit", text)).collect());
    };
    let branch = source.branch.as_deref().map(|branch| format!(" on {branch}")).unwrap_or_default();
    let author = source.author.as_deref().map(|author| format!(" by {author}")).unwrap_or_default();
    let subject = source.subject.as_deref().map(|subject| format!(": {subject}")).unwrap_or_default();
    let name = format!("{}{}", commit_name(commit, 12), checkout::named_by(source.named_by));
    let short = row("commit", format!("{name}{branch}{subject}"));
    Part::of(Worth::Author, vec![short, row("commit", format!("{name}{branch}{author}{subject}"))])
}

/// The images; in the short form only those that were not built for this release, with where they come from.
fn images(review: &Review<'_>) -> Part {
    let release = review.release;
    let line = |built: bool| {
        let images = review.stage.images_used(&release.started.pipeline).into_iter();
        let shown = images.filter(|image| built || release.started.given.contains_key(*image));
        shown
            .filter_map(|image| {
                let pushed = release.image_for(review.stage, image)?;
                let of = release.image_commits.get(image).map(display_names::commit_of).unwrap_or_default();
                Some(row("image", format!("{image} {}{of}", display_names::digest(&pushed.digest))))
            })
            .collect::<Text>()
    };
    Part::of(Worth::Names, vec![line(false), line(true)])
}

fn gate_line(review: &Review<'_>, paint: super::paint::Paint) -> Text {
    match review.shown {
        Some(shown) if shown.gate.verdict.passes() => row("gate", gate::judgement(&shown.gate)),
        Some(shown) => row("gate", paint.bad(&gate::judgement(&shown.gate))),
        None => Text::new(),
    }
}

/// What others have decided: a freeze, rejections and withdrawals, and why approval is requested again.
fn decisions(review: &Review<'_>, paint: super::paint::Paint) -> Text {
    let mut lines = Text::new();
    let mut say = |name: &str, text: String| lines = std::mem::take(&mut lines).and(row(name, text));
    if let Some(frozen) = review.frozen {
        let what = format!("{}; nothing enters {} until it is unfrozen", freeze::text(frozen), review.stage.name);
        say("frozen", paint.careful(&what));
    }
    for no in &review.rejected {
        let (by, at) = (display_names::decider(no.by.as_ref()), moment(no.at));
        say("rejected", format!("the same images in {}, by {by} at {at}{}", no.release, comment(&no.comment)));
    }
    for no in &review.release.stage(&review.stage.name).earlier {
        let word = match no.word {
            EarlierDecisionKind::Rejected => "rejected",
            EarlierDecisionKind::Withdrawn => "withdrawn",
        };
        let which = match no.plan == review.request.plan {
            true => "this plan".to_owned(),
            false => format!("plan {}", no.plan.short()),
        };
        let (by, at) = (display_names::decider(no.by.as_ref()), moment(no.at));
        say(word, format!("{which}, by {by} at {at}{}", comment(&no.comment)));
    }
    if let Some(why) = &review.release.again {
        say("reason", format!("“{why}”"));
    }
    lines
}

fn comment(comment: &str) -> String {
    if comment.is_empty() { String::new() } else { format!(": “{comment}”") }
}

/// The way to approve where nobody is asked; that the record cannot be trusted, always.
fn last_line(review: &Review<'_>, layout: Layout) -> Text {
    let paint = layout.paint;
    match (review.shown, &review.stage.approval, layout.height) {
        (None, _, _) => {
            let why = match &review.started_by {
                Some(other) => {
                    let (started, other) = (refusal::started_by_other(other), refusal::use_other(other));
                    format!("{started}. Do not approve this plan with it: {other}")
                }
                None => "somebody has changed the record. Do not approve this plan".to_owned(),
            };
            Text::from(format!("  {}", paint.bad(&format!("the record does not contain this plan: {why}"))))
        }
        (Some(_), Some(policy), None) => {
            let how = story::how_to_approve(review.release, policy, review.request);
            Text::from(format!("  {}", paint.strong(&how)))
        }
        (Some(_), Some(_) | None, _) => Text::new(),
    }
}

#[cfg(test)]
mod tests;
