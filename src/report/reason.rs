//! Why a release ended or a stage failed, in words: the only place that writes sentences, causes and hints about it.

use super::display_names::decider_arn;
use super::words::Words;
use super::{approval, check, effect, fault, freeze, gate, rollout};
use crate::model::effect::Effect;
use crate::model::effect_properties::FailureScope;
use crate::model::fault::Fault;
use crate::model::format::lasting;
use crate::model::ids::{ReleaseId, StageName};
use crate::model::outcome::Outcome;
use crate::model::reason::{Blocked, Reason, Watched};
use crate::model::rollout::{HeldUp, RolloutEnd, TaskStop};
use crate::model::verdict::Verdict;
use crate::report::time::moment;

/// What people read about a reason of this release.
pub fn words(reason: &Reason, id: &ReleaseId) -> Words {
    match reason {
        Reason::Deployed { app, until, unverified } => {
            let words = Words::new(format!("{app} now runs in every stage up to {until}"));
            match unverified {
                true => words.hint("a service has desired count 0, so nothing ran that could be proven"),
                false => words,
            }
        }
        Reason::Unchanged { until } => {
            Words::new(format!("everything was already running in every stage up to {until}, and this was proven"))
        }
        Reason::Stopped => Words::new("stopped as requested; ECS continues by itself")
            .hint(format!("`kanmon resume {id}` continues from here")),
        Reason::EffectFailed { effect, attempts, fault } => failed(reason.outcome(), effect, *attempts, fault, id),
        Reason::EffectUnknown { effect: of, fault } => {
            let found = fault::words(fault);
            let words = Words::new(format!("it is unknown whether this took effect: {}", effect::text(of)));
            let words = words.cause(found.line());
            match found.hints.is_empty() {
                true => words.hint(format!("check it in AWS; `kanmon resume {id}` reads it again")),
                false => Words { hints: found.hints, ..words },
            }
        }
        Reason::Unreadable { what, fault } => {
            let found = fault::words(fault);
            let words = Words::new(format!("{} can no longer be read", subject(what))).cause(found.line());
            match found.hints.is_empty() {
                true => words.hint(format!("nothing was rolled back; `kanmon resume {id}` continues from here")),
                false => Words { hints: found.hints, ..words },
            }
        }
        Reason::GateBlocked { stage, blocked } => gate_blocked(id, stage, blocked),
        Reason::GateNoLongerPasses { stage, blocked } => {
            let reasons = gate::reasons(&blocked.reasons);
            let words = Words::new(format!("the severity gate of {stage} no longer passes: {reasons}"));
            listed(found(words, blocked).hint("fix the image and make a new release"), id, stage, blocked)
        }
        Reason::UnnamedBlocked { stage, blocked } => {
            let reasons = gate::reasons(&blocked.reasons);
            let words = Words::new(format!(
                "the severity gate of {stage} blocks a container that the file does not name: {reasons}"
            ));
            let words = found(words, blocked);
            let words = match blocked.verdict {
                Verdict::Unknown => Words { hints: gate::remedies(&blocked.reasons, &judge_again(id, stage)), ..words },
                Verdict::Fail | Verdict::Pass | Verdict::Waived => {
                    words.hint("use an image that passes for this container, and make a new release")
                }
            };
            listed(words, id, stage, blocked)
        }
        Reason::NotWhatWasApproved { stage, mismatch } => {
            Words::new(format!("the record says that {stage} was entered with a plan or images that were not approved"))
                .cause(approval::mismatch(mismatch))
                .hint("find out who wrote the record")
                .hint("then make a new release")
        }
        Reason::NotApprovedInCodePipeline { stage, mismatch } => Words::new(format!(
            "the record says that {stage} was approved in CodePipeline, but CodePipeline does not show it"
        ))
        .cause(approval::mismatch(mismatch))
        .hint("nothing was changed in the stage; find out who wrote the record")
        .hint("then make a new release"),
        Reason::Rejected { stage, by, comment, carried } => {
            let sentence = format!("{} rejected the release for {stage}", decider_arn(by.as_ref()));
            rejected(sentence, comment, id, stage, *carried)
        }
        Reason::PlanRejectedBefore { stage, by, comment, at, carried } => {
            let sentence =
                format!("{} rejected exactly this plan for {stage} at {}", decider_arn(by.as_ref()), moment(*at));
            rejected(sentence, comment, id, stage, *carried)
        }
        Reason::ImagesRejectedBefore { stage, by, comment, at, release, carried } => {
            let of = if release == id { String::new() } else { format!(", in release {release}") };
            let sentence =
                format!("{} rejected the same images for {stage} at {}{of}", decider_arn(by.as_ref()), moment(*at));
            rejected(sentence, comment, id, stage, *carried)
        }
        Reason::ApprovalExpired { stage, why, carried } => {
            let words = match why {
                None => Words::new(format!("nobody decided about {stage} in time")),
                Some(why) => Words::new(format!("{stage} can no longer be approved")).cause(approval::expiry(why)),
            };
            words.hint(match carried {
                true => "start the pipeline again".to_owned(),
                false => format!("`kanmon promote {id} --to {stage}` requests approval again"),
            })
        }
        Reason::ApprovalClosed { stage, why, carried } => {
            Words::new(format!("the approval for {stage} does not count")).cause(approval::closed(why)).hint(
                match carried {
                    true => "this execution was already answered; start the pipeline again".to_owned(),
                    false => format!("`kanmon promote {id} --to {stage}` requests approval again"),
                },
            )
        }
        Reason::Frozen { stage, by, at } => Words::new(format!("{stage} is frozen: {}", freeze::why(by)))
            .cause(format!("frozen {}", freeze::who(by, *at)))
            .hint(format!("`kanmon unfreeze {stage} --comment WHY` unfreezes it, and `kanmon resume {id}` continues"))
            .hint(format!("`kanmon abort {id} --roll-back` is always allowed")),
        Reason::FailedBefore { stage, release, images, why } => {
            let images: Vec<String> = images.iter().map(|(image, digest)| format!("{image} {digest}")).collect();
            Words::new(format!("the same images failed in {stage} before and were rolled back, in {release}"))
                .cause(format!("{} ({})", words(why, release).line(), images.join(", ")))
                .hint("fix the images and make a new release")
                .hint(format!(
                    "if the images were not the cause, `kanmon promote {id} --to {stage} --force --comment WHY` deploys them again and \
                     records the reason"
                ))
        }
        Reason::Locked { stage } => Words::new(format!("{stage} is still locked by another release"))
            .hint(format!("`kanmon status` shows which release; `kanmon resume {id}` waits again")),
        Reason::NewerRelease { stage, newer } => {
            Words::new(format!("a newer release, {newer}, has entered {stage} since"))
                .hint("make a new release of that commit if it should replace the newer one")
        }
        Reason::Overtaken { stage, newer } => Words::new(format!(
            "a newer release, {newer}, entered {stage} while this one was suspended; it is left alone"
        ))
        .hint("make a new release of that commit if it should replace the newer one"),
        Reason::TaskFailed { stage, task, end } => {
            let sentence = match end.exit_code {
                Some(code) => format!("{stage}/{task} exited with code {code}{}", rollout::meaning(code)),
                None => format!("{stage}/{task} never started"),
            };
            Words { cause: end.said.clone(), ..Words::new(sentence) }.hint("no service was changed after this task")
        }
        Reason::TaskTimedOut { stage, task, arn, timeout } => {
            Words::new(format!("{stage}/{task} did not end within {}", lasting(*timeout)))
                .hint(format!("it may still run: {arn}"))
        }
        Reason::CheckFailed { stage, verdict, result } => {
            let sentence = match verdict {
                Verdict::Unknown => format!("the check of {stage} could not be made"),
                Verdict::Fail | Verdict::Pass | Verdict::Waived => format!("the check of {stage} failed"),
            };
            Words::new(sentence).cause(check::result(result))
        }
        Reason::RolloutEnded { stage, service, end, task_stop, held_up } => {
            let place = format!("{stage}/{service}");
            rollout_ended(&place, end, task_stop.as_ref(), held_up.as_ref(), id)
        }
        Reason::ChangedMeanwhile { stage, service, planned, found } => Words::new(format!(
            "{stage}/{service} was changed by somebody else after the plan; nothing was deployed there"
        ))
        .cause(format!("the plan was made for {planned}, but {found} runs now"))
        .hint("`kanmon plan` shows the difference; a new release deploys over it"),
        Reason::Aborted { comment } => with_comment(Words::new("the release was aborted"), comment),
    }
}

fn with_comment(words: Words, comment: &str) -> Words {
    match comment.is_empty() {
        true => words,
        false => words.cause(comment),
    }
}

/// An effect that is not tried again.
fn failed(outcome: Outcome, of: &Effect, attempts: u32, fault: &Fault, id: &ReleaseId) -> Words {
    let found = fault::words(fault);
    match outcome {
        Outcome::Access => found.hint(match of.row().failure {
            FailureScope::Accounts => "when that is fixed, in AWS or in the file, make a new release".to_owned(),
            FailureScope::SetUp | FailureScope::Image | FailureScope::Stage | FailureScope::StageUnlessChanged => {
                format!("when that is fixed, `kanmon resume {id}` continues from here")
            }
        }),
        // There may be several images, and a builder's sentence does not name its image.
        Outcome::BuildFailed => {
            Words { sentence: format!("could not {}: {}", effect::text(of), found.sentence), ..found }
        }
        Outcome::Unknown => {
            let tries = if attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") };
            Words::new(format!("could not {} in {tries}", effect::text(of)))
                .cause(found.line())
                .hint(format!("nothing was rolled back; `kanmon resume {id}` reads the current state and continues"))
        }
        Outcome::Succeeded
        | Outcome::Unchanged
        | Outcome::Blocked
        | Outcome::Rejected
        | Outcome::Expired
        | Outcome::RolledBack
        | Outcome::Superseded
        | Outcome::Stuck
        | Outcome::Aborted
        | Outcome::Failed
        | Outcome::Suspended
        | Outcome::StillRunning
        | Outcome::Locked => found,
    }
}

/// What a process reads while it waits.
pub fn subject(subject: &Watched) -> String {
    match subject {
        Watched::Stage { stage } => stage.to_string(),
        Watched::Effect { effect: of } => format!("the result of “{}”", effect::text(of)),
        Watched::Scan { image, account } => format!("the scan of {image} in {account}"),
        Watched::Approval { stage } => format!("the approval of {stage}"),
        Watched::Lease { stage } => format!("the lock on {stage}"),
        Watched::Task { stage, task } => format!("{stage}/{task}"),
        Watched::Service { stage, service } => format!("{stage}/{service}"),
    }
}

/// How a gate that does not pass is judged again.
fn judge_again(id: &ReleaseId, stage: &StageName) -> String {
    format!("`kanmon promote {id} --to {stage}` judges it again")
}

fn found(words: Words, blocked: &Blocked) -> Words {
    Words { cause: gate::findings(&blocked.findings, blocked.more), ..words }
}

/// Where findings block, the command that shows all of them.
fn listed(words: Words, id: &ReleaseId, stage: &StageName, blocked: &Blocked) -> Words {
    match blocked.findings.is_empty() {
        true => words,
        false => words.hint(format!("`kanmon findings {id} --stage {stage}` lists everything that was found")),
    }
}

fn gate_blocked(id: &ReleaseId, stage: &StageName, blocked: &Blocked) -> Words {
    let unknown = match blocked.verdict {
        Verdict::Unknown => " because the contents of the image are unknown",
        Verdict::Fail | Verdict::Pass | Verdict::Waived => "",
    };
    let reasons = gate::reasons(&blocked.reasons);
    let words = found(Words::new(format!("the severity gate of {stage} blocks{unknown}: {reasons}")), blocked);
    let words = match blocked.verdict {
        Verdict::Unknown => Words { hints: gate::remedies(&blocked.reasons, &judge_again(id, stage)), ..words },
        Verdict::Fail | Verdict::Pass | Verdict::Waived => words
            .hint("fix the image and make a new release")
            .hint(format!("if the findings change, {}", judge_again(id, stage))),
    };
    listed(words, id, stage, blocked)
}

/// `carried`: the release runs in a CodePipeline execution that requests the approval, and continues only when the pipeline is started
/// again.
fn rejected(sentence: String, comment: &str, id: &ReleaseId, stage: &StageName, carried: bool) -> Words {
    let words = with_comment(Words::new(sentence), comment);
    match carried {
        true => words.hint("fix what is wrong and start the pipeline again").hint(
            "with KANMON_COMMENT=WHY (`--again --comment WHY`) its builds request approval again, and show the rejection and the reason",
        ),
        false => words.hint("fix what is wrong and make a new release").hint(format!(
            "`kanmon promote {id} --to {stage} --again --comment WHY` requests approval again, and shows the rejection and the reason"
        )),
    }
}

fn rollout_ended(
    place: &str,
    end: &RolloutEnd,
    task_stop: Option<&TaskStop>,
    held_up: Option<&HeldUp>,
    id: &ReleaseId,
) -> Words {
    let stopped = task_stop.map(rollout::task_stop);
    let because = |words: Words, ecs: String| match &stopped {
        Some(stopped) => words.cause(format!("{stopped}; ECS: {ecs}")),
        None => words.cause(ecs),
    };
    let advised = |words: Words| match task_stop.and_then(|d| rollout::advice(d.cause)) {
        Some(advice) => words.hint(advice),
        None => words,
    };
    match end {
        RolloutEnd::RolledBack { said } => {
            let words = Words::new(format!("{place} failed and was rolled back"));
            advised(because(words, rollout::said(said.as_deref()).to_owned()))
        }
        RolloutEnd::Failed { why } => advised(because(Words::new(format!("{place} failed")), rollout::failure(why))),
        RolloutEnd::Superseded { by } => {
            Words::new(format!("somebody else deployed over {place}; their deployment is left alone"))
                .cause(format!("it is {}", rollout::superseder(by)))
                .hint("find out whose it is before you make a new release")
        }
        RolloutEnd::Stopped { said } => because(
            Words::new(format!("somebody else stopped the deployment of {place}")),
            rollout::said(said.as_deref()).to_owned(),
        ),
        RolloutEnd::Stuck { why } => {
            because(Words::new(format!("{place} failed and could not be rolled back")), rollout::stuck(why))
                .hint("check the service and its events in ECS")
        }
        RolloutEnd::StillRunning => {
            let words = Words::new(format!("{place} is still being deployed at the deadline"));
            let cause = stopped.or_else(|| held_up.map(rollout::held_up));
            Words { cause, ..words }.hint(format!("ECS continues; `kanmon resume {id}` follows it again"))
        }
        RolloutEnd::Unknown { why } => {
            because(Words::new(format!("the state of the deployment of {place} is unknown")), rollout::unknown(why))
                .hint(format!("check the service in ECS; `kanmon resume {id}` reads it again"))
        }
        RolloutEnd::Succeeded | RolloutEnd::Unchanged | RolloutEnd::Unverified => Words::new(format!("{place} runs")),
    }
}
