//! Endings in words: what happened, why, what to do.

use jiff::SignedDuration;

use super::stop_reason;
use crate::model::approval::ApprovalAnswer;
use crate::model::effect::Effect;
use crate::model::fault::{Fault, FaultKind};
use crate::model::gate::GateJudgement;
use crate::model::ids::{ReleaseId, ServiceName, StageName, TaskName};
use crate::model::ledger::{Failed, Frozen, Rejected};
use crate::model::outcome::{Ending, Outcome};
use crate::model::release;
use crate::model::rollout::{RolloutEnd, RolloutProgress};
use crate::model::stage_state::Earlier;
use crate::model::step::run::TaskEnd;
use crate::model::verdict::Verdict;
use crate::model::words::{self, lasting};

fn ending(outcome: Outcome, sentence: String, cause: Option<String>, hint: Option<String>) -> Ending {
    Ending { outcome, sentence, cause, hint }
}

fn of_fault(outcome: Outcome, fault: &Fault, hint: Option<String>) -> Ending {
    ending(outcome, fault.told_sentence().clone(), fault.told_cause().clone(), fault.told_hint().clone().or(hint))
}

/// There may be several images, and their builders speak only of what they do.
fn of_image(effect: &Effect, fault: &Fault) -> Ending {
    let mut ending = of_fault(Outcome::BuildFailed, fault, None);
    ending.sentence = format!("could not {effect}: {}", fault.told_sentence());
    ending
}

/// An effect that failed for good.
pub fn effect_failed(effect: &Effect, failed: &release::Failed) -> Ending {
    let fault = &failed.fault;
    let resume = || {
        let next = match effect {
            Effect::Survey { .. } => "when that is fixed, in AWS or in the file, release again",
            _ => "when that is fixed, `kanmon resume` goes on from here",
        };
        fault.told_hint().as_ref().map_or_else(|| next.to_owned(), |hint| format!("{hint}\n{next}"))
    };
    let missing = || ending(Outcome::Access, fault.told_sentence().clone(), fault.told_cause().clone(), Some(resume()));
    match fault.kind() {
        FaultKind::AccessDenied | FaultKind::CredentialsRefused | FaultKind::WrongAccount | FaultKind::ToolMissing => {
            missing()
        }
        FaultKind::NotFound => missing(),
        FaultKind::BuildFailed => of_image(effect, fault),
        FaultKind::Invalid | FaultKind::Changed => match effect {
            Effect::Survey { .. } | Effect::Plan { .. } => missing(),
            Effect::Build { .. } | Effect::Adopt { .. } | Effect::Copy { .. } => of_image(effect, fault),
            Effect::RequestApproval { .. } => missing(),
            Effect::Update { .. } | Effect::PrepareRollback { .. } | Effect::Confirm { .. }
                if fault.kind() == FaultKind::Changed =>
            {
                of_fault(Outcome::Superseded, fault, None)
            }
            Effect::Baseline { .. }
            | Effect::Register { .. }
            | Effect::RunTask { .. }
            | Effect::Update { .. }
            | Effect::StopRollout { .. }
            | Effect::PrepareRollback { .. }
            | Effect::Check { .. }
            | Effect::Confirm { .. } => of_fault(Outcome::Failed, fault, None),
        },
        FaultKind::Throttled | FaultKind::Unreachable | FaultKind::Ambiguous | FaultKind::Defect => ending(
            Outcome::Unknown,
            format!("could not {effect} in {} attempts", failed.attempts),
            Some(fault.to_string()),
            Some("nothing was undone; `kanmon resume` reads how things stand and goes on".to_owned()),
        ),
    }
}

/// An effect of which nobody can tell whether it took place.
pub fn effect_unknown(effect: &Effect, fault: &Fault) -> Ending {
    ending(
        Outcome::Unknown,
        format!("it is unknown whether this took effect: {effect}"),
        Some(fault.to_string()),
        fault.told_hint().clone().or_else(|| Some("look at it in AWS, then `kanmon resume` reads it again".to_owned())),
    )
}

/// The findings that block, the first of them by name.
fn found(judgement: &GateJudgement) -> Option<String> {
    let shown: Vec<String> = judgement
        .blocking
        .iter()
        .take(5)
        .map(|f| format!("{} in {}", f.id, if f.package.is_empty() { "the image" } else { &f.package }))
        .collect();
    let more = judgement.blocking.len().saturating_sub(shown.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!shown.is_empty()).then(|| format!("{}{more}", shown.join(", ")))
}

/// A gate that let the stage in, and does not pass any more.
pub fn blocked_midway(stage: &StageName, judgement: &GateJudgement) -> Ending {
    ending(
        Outcome::Blocked,
        format!("the severity gate of {stage} does not pass any more: {}", judgement.reasons.join("; ")),
        found(judgement),
        Some("fix the image and release again".to_owned()),
    )
}

/// A stage was entered with something else than was approved: not by this kanmon.
pub fn not_what_was_approved(stage: &StageName, why: &str) -> Ending {
    ending(
        Outcome::Failed,
        format!("the record says that {stage} was entered, and not with what was approved"),
        Some(why.to_owned()),
        Some("find out who wrote the record; then make a new release".to_owned()),
    )
}

/// The record has an approval that CodePipeline does not have.
pub fn not_approved_there(stage: &StageName, why: &str) -> Ending {
    ending(
        Outcome::Access,
        format!("the record says that {stage} was approved in CodePipeline, and CodePipeline does not"),
        Some(why.to_owned()),
        Some("nothing was changed there; find out who wrote the record, then make a new release".to_owned()),
    )
}

/// What runs beside the file's containers does not pass. `remedies` are those of scans that leave the gate closed.
pub fn blocked_beside(stage: &StageName, judgement: &GateJudgement, remedies: &[String]) -> Ending {
    ending(
        Outcome::Blocked,
        format!("the severity gate of {stage} blocks a container that the file does not name: {}", judgement.reasons.join("; ")),
        found(judgement),
        Some(match (judgement.verdict, remedies) {
            (Verdict::Unknown, []) => {
                "copy its image into a repository of the stage's account, where it is scanned, and name it by that; then release again".to_owned()
            }
            (Verdict::Unknown, remedies) => remedies.join("\n"),
            (Verdict::Fail | Verdict::Pass | Verdict::Waived, _) => {
                "run an image of it that passes, and release again".to_owned()
            }
        }),
    )
}

/// How a gate that is closed is judged again.
pub fn judge_again(id: &ReleaseId, stage: &StageName) -> String {
    format!("`kanmon promote {id} --to {stage}` judges it")
}

/// `remedies` are those of scans that leave the gate closed.
pub fn blocked(id: &ReleaseId, stage: &StageName, judgement: &GateJudgement, remedies: &[String]) -> Ending {
    let what = match judgement.verdict {
        Verdict::Fail => "blocks",
        Verdict::Unknown => "blocks: the contents of the image are unknown",
        Verdict::Pass | Verdict::Waived => "passed",
    };
    let hint = match judgement.verdict {
        Verdict::Unknown => remedies.join("\n"),
        Verdict::Fail | Verdict::Pass | Verdict::Waived => {
            format!(
                "fix the image and release again; if the findings change, `kanmon promote {id} --to {stage}` judges them again"
            )
        }
    };
    ending(
        Outcome::Blocked,
        format!("the severity gate of {stage} {what}: {}", judgement.reasons.join("; ")),
        found(judgement),
        Some(hint).filter(|hint| !hint.is_empty()),
    )
}

/// `carried`: the release runs in an execution that asks, and is taken further only by starting its pipeline again.
pub fn rejected(id: &ReleaseId, stage: &StageName, answer: &ApprovalAnswer, carried: bool) -> Ending {
    let comment = (!answer.comment.is_empty()).then(|| answer.comment.clone());
    let sentence = format!("{} rejected the release for {stage}", answer.by.arn);
    ending(Outcome::Rejected, sentence, comment, Some(asking_again(id, stage, carried)))
}

/// Exactly what would be asked was rejected before.
pub fn rejected_before(id: &ReleaseId, stage: &StageName, no: &Earlier, carried: bool) -> Ending {
    let comment = (!no.comment.is_empty()).then(|| no.comment.clone());
    let sentence = format!("{} rejected exactly this plan for {stage} at {}", no.by.arn, words::moment(no.at));
    ending(Outcome::Rejected, sentence, comment, Some(asking_again(id, stage, carried)))
}

/// The same images were rejected before, in this release or another.
pub fn images_rejected(id: &ReleaseId, stage: &StageName, no: &Rejected, carried: bool) -> Ending {
    let comment = (!no.comment.is_empty()).then(|| no.comment.clone());
    let of = if no.release == *id { String::new() } else { format!(", in release {}", no.release) };
    let sentence = format!("{} rejected the same images for {stage} at {}{of}", no.by.arn, words::moment(no.at));
    ending(Outcome::Rejected, sentence, comment, Some(asking_again(id, stage, carried)))
}

fn asking_again(id: &ReleaseId, stage: &StageName, carried: bool) -> String {
    match carried {
        true => "fix what is wrong and start the pipeline again; with KANMON_REASON=WHY (`--reason WHY`) its builds ask again, and show the \
                 rejection and the reason"
            .to_owned(),
        false => format!(
            "fix what is wrong and release again; `kanmon promote {id} --to {stage} --reason WHY` asks again, and shows the rejection and the reason"
        ),
    }
}

pub fn expired(id: &ReleaseId, stage: &StageName, why: Option<&str>, carried: bool) -> Ending {
    let sentence = match why {
        None => format!("nobody decided about {stage} in time"),
        Some(_) => format!("nobody can decide about {stage} any more"),
    };
    ending(
        Outcome::Expired,
        sentence,
        why.map(str::to_owned),
        Some(match carried {
            true => "start the pipeline again".to_owned(),
            false => format!("`kanmon promote {id} --to {stage}` asks again"),
        }),
    )
}

/// `carried`: by an execution that the release runs in, whose answer stands for good.
pub fn approval_closed(id: &ReleaseId, stage: &StageName, why: &str, carried: bool) -> Ending {
    let hint = match carried {
        true => "this execution has had its answer; start the pipeline again".to_owned(),
        false => format!("`kanmon promote {id} --to {stage}` asks again"),
    };
    ending(Outcome::Blocked, format!("the approval for {stage} does not count"), Some(why.to_owned()), Some(hint))
}

/// Nothing new enters a frozen stage, or goes on in it.
pub fn frozen(stage: &StageName, frozen: &Frozen) -> Ending {
    ending(
        Outcome::Locked,
        format!("{stage} is frozen: {}", frozen.reason),
        Some(format!("frozen {}", words::frozen(frozen))),
        Some(format!(
            "`kanmon unfreeze {stage} --reason WHY` unfreezes it, and `kanmon resume` goes on; `kanmon abort --roll-back` is always allowed"
        )),
    )
}

/// The same images failed here before.
pub fn failed_before(id: &ReleaseId, stage: &StageName, failed: &Failed) -> Ending {
    let images: Vec<String> = failed.images.iter().map(|(image, digest)| format!("{image} {digest}")).collect();
    ending(
        Outcome::Blocked,
        format!("what this release brings failed in {stage} before and was rolled back, by {}", failed.release),
        Some(format!("{} ({})", failed.why, images.join(", "))),
        Some(format!(
            "fix it and release again, or give the reason why it will succeed now: `kanmon promote {id} --to {stage} --force --reason WHY`"
        )),
    )
}

pub fn locked(stage: &StageName) -> Ending {
    ending(
        Outcome::Locked,
        format!("{stage} has been held by another release all the time"),
        None,
        Some("`kanmon status` shows by which; `kanmon resume` waits again".to_owned()),
    )
}

pub fn newer_release(stage: &StageName, newer: &str) -> Ending {
    ending(
        Outcome::Blocked,
        format!("a newer release, {newer}, has entered {stage} since"),
        None,
        Some("release that commit again if it is to replace the newer one".to_owned()),
    )
}

/// A newer release entered the stage that this one was in the midst of, while it was suspended.
pub fn overtaken(stage: &StageName, newer: &ReleaseId) -> Ending {
    ending(
        Outcome::Superseded,
        format!("{stage} was entered by a newer release, {newer}, while this one was suspended; it is left alone"),
        None,
        Some("release that commit again if it is to replace the newer one".to_owned()),
    )
}

pub fn task_failed(stage: &StageName, task: &TaskName, end: &TaskEnd) -> Ending {
    let sentence = match end.exit_code {
        Some(code) => format!("{stage}/{task} exited with code {code}{}", words::meaning(code)),
        None => format!("{stage}/{task} never ran"),
    };
    ending(Outcome::Failed, sentence, end.reason.clone(), Some("no service was rolled after it".to_owned()))
}

pub fn task_late(stage: &StageName, task: &TaskName, arn: &str, timeout: SignedDuration) -> Ending {
    ending(
        Outcome::Failed,
        format!("{stage}/{task} did not end within {}", lasting(timeout)),
        None,
        Some(format!("it may still run: {arn}")),
    )
}

pub fn check_failed(stage: &StageName, verdict: Verdict, detail: &str) -> Ending {
    let sentence = match verdict {
        Verdict::Unknown => format!("the check of {stage} could not be made"),
        Verdict::Fail | Verdict::Pass | Verdict::Waived => format!("the check of {stage} failed"),
    };
    ending(Outcome::Failed, sentence, Some(detail.to_owned()), None)
}

/// A rollout that did not succeed.
pub fn rollout_ended(
    stage: &StageName,
    service: &ServiceName,
    end: &RolloutEnd,
    progress: Option<&RolloutProgress>,
) -> Ending {
    let death = progress.and_then(|p| p.deaths.first());
    let died = death.map(words::death);
    let held_up = || progress.and_then(|p| p.circumstances.held_up.as_ref()).map(words::held_up);
    let advice = || death.and_then(|d| stop_reason::hint(d.cause)).map(str::to_owned);
    let because = |reason: &str| {
        Some(match &died {
            Some(died) => format!("{died}; ECS: {}", words::trimmed(reason)),
            None => words::trimmed(reason).to_owned(),
        })
    };
    match end {
        RolloutEnd::RolledBack { reason } => {
            let sentence = format!("{stage}/{service} failed and was rolled back");
            ending(Outcome::RolledBack, sentence, because(reason), advice())
        }
        RolloutEnd::Failed { reason } => {
            ending(Outcome::Failed, format!("{stage}/{service} failed"), because(reason), advice())
        }
        RolloutEnd::Superseded { by } => ending(
            Outcome::Superseded,
            format!("{stage}/{service} was deployed over by somebody else; theirs is left alone"),
            Some(format!("theirs is {by}")),
            Some("find out whose it is before releasing again".to_owned()),
        ),
        RolloutEnd::Stopped { reason } => ending(
            Outcome::Aborted,
            format!("the deployment of {stage}/{service} was stopped by somebody else"),
            because(reason),
            None,
        ),
        RolloutEnd::Stuck { reason } => ending(
            Outcome::Stuck,
            format!("{stage}/{service} failed, and what ran before does not run again by itself"),
            because(reason),
            Some("a person has to look at the service and its events in ECS".to_owned()),
        ),
        RolloutEnd::StillRunning => ending(
            Outcome::StillRunning,
            format!("{stage}/{service} is still being deployed at the deadline"),
            died.or_else(held_up),
            Some("ECS goes on; `kanmon resume` follows it again".to_owned()),
        ),
        RolloutEnd::Unknown { reason } => ending(
            Outcome::Unknown,
            format!("the state of the deployment of {stage}/{service} is unknown"),
            because(reason),
            Some("look at the service in ECS, then `kanmon resume` reads it again".to_owned()),
        ),
        RolloutEnd::Succeeded | RolloutEnd::Unchanged | RolloutEnd::Unverified => {
            Ending::new(Outcome::Succeeded, format!("{stage}/{service} runs"))
        }
    }
}

/// Somebody deployed between the plan and the moment it was to be carried out.
pub fn moved_meanwhile(stage: &StageName, service: &ServiceName, planned: &str, found: &str) -> Ending {
    ending(
        Outcome::Superseded,
        format!(
            "{stage}/{service} was changed by somebody else after it was planned; nothing of ours was deployed there"
        ),
        Some(format!("planned on {planned}, found {found}")),
        Some("`kanmon plan` shows the difference; release again to go over it".to_owned()),
    )
}

pub fn aborted(reason: &str) -> Ending {
    let cause = (!reason.is_empty()).then(|| reason.to_owned());
    ending(Outcome::Aborted, "the release was aborted".to_owned(), cause, None)
}
