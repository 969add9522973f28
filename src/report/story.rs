//! Facts as lines that a person follows.

use super::display_names::{self, decider, digest, person, requester};
use super::step;
pub use super::story_line::{Mark, StoryLine};
use super::{approval, checkout, effect, fault, gate, reason, warning};
use crate::model::approval::{ApprovalPolicy, ApprovalRequest, ApprovalWay};
use crate::model::arn;
use crate::model::effect::Effect;
use crate::model::effect_properties::Subject;
use crate::model::event::{Event, Fact, ImageOrigin, MovedTag, NotCopied, PushedImage};
use crate::model::fault::Fault;
use crate::model::finding::ScanState;
use crate::model::format::{commit as commit_name, lasting};
use crate::model::ids::ImageName;
use crate::model::pipeline::Account;
use crate::model::reason::Watched;
use crate::model::registry::own_repository;
use crate::model::release::Release;
use crate::model::scan_subject::ScanSubject;
use crate::model::stage_state::Approval;
use crate::report::time::moment;

/// The line for something that cannot be read now or, without a fault, can be read again.
pub fn unread(what: &Watched, why: Option<&Fault>) -> StoryLine {
    let what = reason::subject(what);
    let (mark, text) = match why {
        Some(why) => {
            let why = fault::words(why).line();
            (Mark::Careful, format!("{what} cannot be read now: {why}; kanmon keeps trying"))
        }
        None => (Mark::Note, format!("{what} can be read again")),
    };
    StoryLine { mark, topic: "reading".to_owned(), text, more: Vec::new() }
}

/// The line for a fact, if people read it as it happens.
pub fn line(event: &Event, release: &Release) -> Option<StoryLine> {
    use Mark::*;
    match &event.fact {
        Fact::Started(started) => {
            let source = &started.source;
            let dirty = if source.dirty { " with uncommitted changes" } else { "" };
            let branch = source.branch.as_deref().map(|branch| format!(" on {branch}")).unwrap_or_default();
            let subject = source.subject.as_deref().map(|subject| format!(": {subject}")).unwrap_or_default();
            let commit = match (&source.commit, &source.unreadable) {
                (Some(commit), _) => {
                    let named_by = checkout::named_by(source.named_by);
                    Some(format!("commit {}{branch}{dirty}{named_by}{subject}", commit_name(commit, 10)))
                }
                (None, Some(_)) => Some("commit unknown".to_owned()),
                (None, None) => None,
            };
            let by = format!("requested by {}", requester(&started.requested_by));
            let text = format!("{}: {} to {}", event.release, started.pipeline.app, started.until);
            StoryLine::with(Begun, "release", text, commit.into_iter().chain([by]).collect())
        }
        Fact::Extended { until, requested_by, again, .. } => {
            let why = again.as_ref().map(|why| format!(": “{why}”")).unwrap_or_default();
            let text = format!("{} continues to {until}, requested by {}{why}", event.release, requester(requested_by));
            StoryLine::new(Begun, "release", text)
        }
        Fact::Resumed { by, .. } => {
            StoryLine::new(Begun, "release", format!("{} is resumed by {}", event.release, requester(by)))
        }
        Fact::TakenUpToAbort { by, .. } => {
            StoryLine::new(Begun, "release", format!("{} is continued by {} to abort it", event.release, person(by)))
        }
        Fact::Warned { warning: what } => StoryLine::new(Careful, "note", warning::text(what)),
        Fact::Intended { .. } => None,
        Fact::EffectFailed { effect: of, fault: why } => {
            // A fault that ends the release is shown in full with the ending.
            let mark = if why.kind().is_passing() { Careful } else { Detail };
            StoryLine::new(mark, topic(of), format!("could not {}: {}", effect::text(of), fault::words(why).line()))
        }
        Fact::EffectAbsent { effect: of } => {
            StoryLine::new(Detail, topic(of), format!("not done yet: {}", effect::text(of)))
        }
        Fact::EffectUnknown { effect: of, fault: why } => {
            let why = fault::words(why).line();
            let text = format!("it is unknown whether this happened: {} ({why})", effect::text(of));
            StoryLine::new(Failed, topic(of), text)
        }
        Fact::Surveyed { .. } => StoryLine::new(Done, "accounts", "everything that the file names exists"),
        Fact::ImageBuilt { image, pushed, origin } => {
            let (how, commit) = match origin {
                ImageOrigin::Built { by } => (format!("built by {by}"), None),
                ImageOrigin::FoundByTag => ("found in the registry".to_owned(), None),
                ImageOrigin::Given { commit } => ("given image".to_owned(), commit.as_ref()),
            };
            let name = pushed_name(pushed, of_image(release, image));
            let of = commit.map(display_names::commit_of).unwrap_or_default();
            StoryLine::new(mark(pushed), image.as_str(), format!("{how}: {name}{of}{}", not_copied(pushed)))
        }
        Fact::ImageCopied { image, account, pushed } => {
            let name = pushed_name(pushed, release.started.pipeline.accounts.get(account));
            let text = format!("copied into {account}: {name}{}", not_copied(pushed));
            StoryLine::new(mark(pushed), image.as_str(), text)
        }
        Fact::ScanObserved { image, account, reading, readings } => {
            let mark = match reading.state {
                ScanState::Waiting { .. } => Note,
                // The gate shows the result.
                ScanState::Scanned { .. } => Detail,
                ScanState::Unscannable { .. } => Careful,
            };
            let topic = match image {
                ScanSubject::Image(name) => name.as_str(),
                ScanSubject::Unnamed { repository, .. } => repository.as_str(),
            };
            let line = || StoryLine::new(mark, topic, format!("scan in {account}: {}", gate::scan(reading)));
            if *readings > 1 { None } else { line() }
        }
        Fact::GateJudged { stage, judgement } => {
            let mark = if judgement.verdict.passes() { Done } else { Failed };
            let given = matches!(release.stage(stage).approval, Approval::Given(..));
            let again = if given { " again, before entering" } else { "" };
            StoryLine::new(mark, stage.as_str(), format!("severity gate{again}: {}", gate::judgement(judgement)))
        }
        // Shown once its containers are judged.
        Fact::StagePlanned { plan, .. } if plan.awaits_scans() => None,
        Fact::StagePlanned { stage, plan } => {
            let changed: Vec<&str> =
                plan.services.iter().filter(|(_, w)| !w.is_unchanged()).map(|(name, _)| name.as_str()).collect();
            let text = match changed.as_slice() {
                [] => "planned: no service changes".to_owned(),
                [one] => format!("planned: {one} changes"),
                [first @ .., last] => format!("planned: {} and {last} change", first.join(", ")),
            };
            StoryLine::new(if changed.is_empty() { Note } else { Detail }, stage.as_str(), text)
        }
        Fact::ApprovalRequested { stage, request } => {
            let spec = release.started.pipeline.stage(stage)?;
            let policy = spec.approval.as_ref()?;
            let expires = moment(request.expires_at);
            let within = lasting(request.expires_at.duration_since(request.requested_at));
            let text = format!("waits for approval of plan {}, until {expires} ({within})", request.plan.short());
            let how = how_to_approve(release, policy, request);
            StoryLine::with(Asks, stage.as_str(), text, vec![format!("by {}", who_may(policy)), how])
        }
        Fact::ApprovalRefused { answer, reason, .. } => {
            let text =
                format!("an answer by {} does not count: {}", decider(answer.by.as_ref()), approval::refusal(reason));
            StoryLine::new(Careful, answer.stage.as_str(), text)
        }
        Fact::ApprovalGiven { answer } => {
            let text = format!("approved by {}{}", decider(answer.by.as_ref()), quoted(&answer.comment));
            StoryLine::new(Done, answer.stage.as_str(), text)
        }
        Fact::ApprovalRejected { answer, .. } => {
            let text = format!("rejected by {}{}", decider(answer.by.as_ref()), quoted(&answer.comment));
            StoryLine::new(Failed, answer.stage.as_str(), text)
        }
        Fact::ApprovalWithdrawn { stage, by, comment } => {
            StoryLine::new(Careful, stage.as_str(), format!("approval withdrawn by {}{}", person(by), quoted(comment)))
        }
        Fact::ApprovalExpired { stage, reason: None } => {
            StoryLine::new(Failed, stage.as_str(), "nobody decided in time")
        }
        Fact::ApprovalExpired { stage, reason: Some(why) } => {
            StoryLine::new(Failed, stage.as_str(), format!("can no longer be approved: {}", approval::expiry(why)))
        }
        Fact::ApprovalVoided { stage, reason } => StoryLine::new(
            Careful,
            stage.as_str(),
            format!("approval void, requested again: {}", approval::void(reason)),
        ),
        Fact::ApprovalCompared { mismatch: None, .. } => None,
        Fact::ApprovalCompared { stage, mismatch: Some(why) } => {
            let why = approval::mismatch(why);
            StoryLine::new(
                Failed,
                stage.as_str(),
                format!("CodePipeline does not show the approval in the record: {why}"),
            )
        }
        Fact::StageLocked { .. } | Fact::Absorbed { .. } => None,
        Fact::StageEntered { stage } => {
            let spec = release.started.pipeline.stage(stage)?;
            let account = release.started.pipeline.account(&spec.account);
            let text = format!("entered: cluster {}, account {} ({})", spec.cluster, account.name, account.id);
            StoryLine::new(Begun, stage.as_str(), text)
        }
        Fact::TaskDefinitionRegistered { at, workload, arn, reused, .. } => {
            let how = if *reused { "exists already" } else { "registered" };
            StoryLine::new(Detail, format!("{}/{workload}", at.stage), format!("{} {how}", arn::last(arn)))
        }
        Fact::Step { at, fact } => step::line(fact, at, release),
        Fact::StageFailed { stage, failure } => {
            let changed = release.stage(stage).rolls().any(|(_, _, roll)| roll.is_still_changed());
            let next = if failure.roll_back && changed { "; rolling back" } else { "" };
            StoryLine::new(
                Failed,
                stage.as_str(),
                format!("{}{next}", reason::words(&failure.reason, &release.id).sentence),
            )
        }
        Fact::Forced { stage, over, reason } => StoryLine::new(
            Careful,
            stage.as_str(),
            format!("failed there before, in {over}; continues because of --force{}", quoted(reason)),
        ),
        Fact::ImagesFailed { stage, images, .. } => {
            let shown: Vec<String> = images.iter().map(|(image, d)| format!("{image} {}", digest(d))).collect();
            let text = format!("{} may not enter {stage} again without --force", shown.join(", "));
            StoryLine::new(Careful, stage.as_str(), text)
        }
        Fact::StageFrozen { stage } => StoryLine::new(
            Failed,
            stage.as_str(),
            "frozen, because it could not be rolled back; a person must unfreeze it",
        ),
        Fact::StageConfirmed { stage, moved } if moved.is_empty() => {
            StoryLine::new(Detail, stage.as_str(), "still runs what was deployed")
        }
        Fact::StageConfirmed { stage, moved } => StoryLine::with(
            Careful,
            stage.as_str(),
            "runs the released digests; a tag was changed in the meantime:",
            moved.iter().map(|m| retagged(m, release)).collect(),
        ),
        Fact::LockBroken { by, held_by, reason } => {
            let text = format!("lock taken from {held_by} by {}{}", person(by), quoted(reason));
            StoryLine::new(Careful, "release", text)
        }
        Fact::StageLeft { stage, .. } => {
            let since = release.stage(stage).entered.map(|at| format!(" in {}", lasting(event.at.duration_since(at))));
            StoryLine::new(Done, stage.as_str(), format!("done{}", since.unwrap_or_default()))
        }
        Fact::AbortRequested { by, reason, roll_back } => {
            let how = if *roll_back { ", rolling back" } else { "" };
            StoryLine::new(Careful, "abort", format!("requested by {}{how}{}", person(by), quoted(reason)))
        }
        // The summary shows the end.
        Fact::Suspended { .. } | Fact::Finished { .. } => None,
    }
}

/// Who may decide.
pub fn who_may(policy: &ApprovalPolicy) -> String {
    let but = if policy.self_approval { "" } else { ", except the requester" };
    match &policy.way {
        ApprovalWay::Kanmon if policy.approvers.is_empty() => format!("anybody with AWS credentials{but}"),
        ApprovalWay::CodePipeline { .. } if policy.approvers.is_empty() => {
            format!("anybody who may call codepipeline:PutApprovalResult there{but}")
        }
        ApprovalWay::Kanmon | ApprovalWay::CodePipeline { .. } => format!("{}{but}", policy.approvers.join(" or ")),
    }
}

/// How an approval is given: a command to copy, or the action in CodePipeline.
pub fn how_to_approve(release: &Release, policy: &ApprovalPolicy, request: &ApprovalRequest) -> String {
    let plan = request.plan.short();
    match &policy.way {
        ApprovalWay::Kanmon => format!("kanmon approve {} --plan {plan}", release.id),
        ApprovalWay::CodePipeline { pipeline, action, account } => {
            let execution = request.execution.as_deref().unwrap_or("unknown");
            let account = release.started.pipeline.account(account);
            format!(
                "in CodePipeline of account {} ({}): pipeline {pipeline}, action {action}, execution {execution}; check that its message names plan {plan}",
                account.name, account.id
            )
        }
    }
}

/// What an effect is about.
fn topic(effect: &Effect) -> String {
    match effect.row().subject {
        Subject::Accounts { .. } => "accounts".to_owned(),
        Subject::Image(image) | Subject::Copy(image, _) => image.to_string(),
        Subject::Plan(stage) | Subject::Approval(stage) | Subject::Confirm(stage) => stage.to_string(),
        Subject::Step(at, part) => step::part(at, &part),
    }
}

/// An image whose attachments were not all copied needs attention.
fn mark(pushed: &PushedImage) -> Mark {
    if pushed.not_copied.is_empty() { Mark::Done } else { Mark::Careful }
}

fn not_copied(pushed: &PushedImage) -> String {
    pushed.not_copied.iter().map(|what| format!("; not copied with it: {}", attached(what))).collect()
}

fn attached(what: &NotCopied) -> String {
    match what {
        NotCopied::TooManyTogether { subject, limit } => {
            format!("what refers to {}, because {limit} attachments is the limit", subject.short())
        }
        NotCopied::TooMany { subject, left, all } => format!("{left} of {all} that refer to {}", subject.short()),
        NotCopied::Runnable { name, manifest } => {
            format!("{name}: a runtime could run {}, which no gate judges", manifest.short())
        }
        NotCopied::TooLarge { name, bytes } => format!("{name}: it is too large ({bytes} bytes)"),
        NotCopied::Refused { fault } => fault::words(fault).line(),
    }
}

/// The account whose registry keeps an image.
fn of_image<'r>(release: &'r Release, image: &ImageName) -> Option<&'r Account> {
    let pipeline = &release.started.pipeline;
    pipeline.images.get(image).and_then(|spec| pipeline.accounts.get(&spec.account))
}

fn pushed_name(pushed: &PushedImage, account: Option<&Account>) -> String {
    let name = &pushed.repository;
    let name = account.map_or(name.as_str(), |account| display_names::repository(name, account));
    format!("{name}@{}", digest(&pushed.digest))
}

fn retagged(moved: &MovedTag, release: &Release) -> String {
    let names = moved.names.as_ref().map_or_else(|| "nothing".to_owned(), digest);
    let (repository, tag) = moved.tag.rsplit_once(':').unwrap_or((&moved.tag, ""));
    let mut accounts = release.started.pipeline.accounts.values();
    let name = accounts.find_map(|account| own_repository(repository, account)).unwrap_or(repository);
    format!("{name}:{tag} now names {names}")
}

fn quoted(comment: &str) -> String {
    if comment.is_empty() { String::new() } else { format!(": “{comment}”") }
}
