//! Facts as lines that a person follows.

use super::paint::Paint;
use crate::model::approval::Requester;
use crate::model::event::{Event, Fact, PushedImage};
use crate::model::finding::{ScanReading, ScanState, Severity};
use crate::model::gate::GateJudgement;
use crate::model::release::Release;
use crate::model::rollout::{RolloutEnd, RolloutProgress, RolloutState};
use crate::model::words;

/// What a line is about, before its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It has begun.
    Begun,
    Done,
    Failed,
    Careful,
    /// A person is asked.
    Asks,
    Note,
}

/// One line: what about, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub mark: Mark,
    pub topic: String,
    pub text: String,
}

impl Line {
    fn new(mark: Mark, topic: impl Into<String>, text: impl Into<String>) -> Option<Line> {
        Some(Line { mark, topic: topic.into(), text: text.into() })
    }

    /// As it is printed.
    pub fn render(&self, paint: Paint) -> String {
        let (sign, topic) = match self.mark {
            Mark::Begun => ("→".to_owned(), paint.strong(&format!("{:<16}", self.topic))),
            Mark::Done => (paint.good("✓"), format!("{:<16}", self.topic)),
            Mark::Failed => (paint.bad("✗"), paint.bad(&format!("{:<16}", self.topic))),
            Mark::Careful => (paint.careful("!"), format!("{:<16}", self.topic)),
            Mark::Asks => (paint.careful("?"), paint.strong(&format!("{:<16}", self.topic))),
            Mark::Note => (paint.faint("·"), format!("{:<16}", self.topic)),
        };
        format!("{sign} {topic} {}", self.text)
    }
}

/// The line for a fact, if it is one that people want to read as it happens.
pub fn tell(event: &Event, release: &Release) -> Option<Line> {
    use Mark::*;
    match &event.fact {
        Fact::Started(started) => {
            let source = &started.source;
            let commit = source.commit.as_deref().map(|c| format!(", commit {}", &c[..c.len().min(10)]));
            let dirty = if source.dirty { " with uncommitted changes" } else { "" };
            let commit = commit.unwrap_or_default();
            let who = requester(&started.requested_by);
            let text = format!("{} to {}{commit}{dirty}, asked by {who}", started.pipeline.app, started.until);
            Line::new(Begun, event.release.as_str(), text)
        }
        Fact::Extended { until, requested_by } => {
            Line::new(Begun, event.release.as_str(), format!("on to {until}, asked by {}", requester(requested_by)))
        }
        Fact::Resumed { by, .. } => {
            Line::new(Begun, event.release.as_str(), format!("taken up again by {}", requester(by)))
        }
        Fact::Warned { text } => Line::new(Careful, "note", text.clone()),
        Fact::Intended { .. } => None,
        Fact::EffectFailed { effect, fault } => Line::new(Careful, "failed", format!("could not {effect}: {fault}")),
        Fact::EffectAbsent { effect } => Line::new(Note, "read", format!("did not happen yet: {effect}")),
        Fact::EffectUnknown { effect, fault } => {
            Line::new(Failed, "unknown", format!("cannot tell whether this happened: {effect} ({fault})"))
        }
        Fact::Surveyed { .. } => Line::new(Done, "accounts", "everything the file names is there"),
        Fact::ImageBuilt { image, pushed, by } => Line::new(Done, image.as_str(), format!("{} by {by}", place(pushed))),
        Fact::ImageCopied { image, account, pushed } => {
            Line::new(Done, image.as_str(), format!("copied into {account}: {}", pushed.repository))
        }
        Fact::ScanObserved { image, account, reading, readings } => {
            if *readings > 1 {
                return None;
            }
            let mark = match reading.state {
                ScanState::Waiting { .. } => Note,
                ScanState::Scanned { .. } => Done,
                ScanState::Closed { .. } => Careful,
            };
            Line::new(mark, image.as_str(), format!("scan in {account}: {}", scanned(reading)))
        }
        Fact::GateJudged { stage, judgement } => {
            let mark = if judgement.verdict.is_open() { Done } else { Failed };
            Line::new(mark, stage.as_str(), format!("severity gate: {}", gate(judgement)))
        }
        Fact::StagePlanned { stage, plan } => {
            let changed = plan.services.values().filter(|w| !w.is_unchanged()).count();
            let text = match changed {
                0 => "planned: nothing would change".to_owned(),
                1 => "planned: 1 service changes".to_owned(),
                n => format!("planned: {n} services change"),
            };
            Line::new(Note, stage.as_str(), text)
        }
        Fact::ApprovalRequested { stage, request } => {
            let until = request.expires_at.strftime("%Y-%m-%d %H:%M UTC");
            let way = match &request.execution {
                Some(execution) => format!("in CodePipeline execution {execution}"),
                None => format!("`kanmon approve {}`", release.id),
            };
            let text = format!("waits for approval of plan {}: {way}, until {until}", request.plan.short());
            Line::new(Asks, stage.as_str(), text)
        }
        Fact::ApprovalRefused { answer, why, .. } => {
            Line::new(Careful, answer.stage.as_str(), format!("an answer by {} does not count: {why}", answer.by.arn))
        }
        Fact::ApprovalGiven { answer } => {
            Line::new(Done, answer.stage.as_str(), format!("approved by {}{}", answer.by.arn, quoted(&answer.comment)))
        }
        Fact::ApprovalRejected { answer } => Line::new(
            Failed,
            answer.stage.as_str(),
            format!("rejected by {}{}", answer.by.arn, quoted(&answer.comment)),
        ),
        Fact::ApprovalWithdrawn { stage, by, comment } => {
            Line::new(Careful, stage.as_str(), format!("approval withdrawn by {}{}", by.arn, quoted(comment)))
        }
        Fact::ApprovalExpired { stage } => Line::new(Failed, stage.as_str(), "nobody decided in time"),
        Fact::ApprovalVoided { stage, why } => Line::new(Careful, stage.as_str(), format!("asked anew: {why}")),
        Fact::StageLocked { .. } => None,
        Fact::StageEntered { stage } => {
            let spec = release.started.pipeline.stage(stage)?;
            let account = release.started.pipeline.account(&spec.account);
            let text = format!("entered: cluster {}, account {} ({})", spec.cluster, account.name, account.id);
            Line::new(Begun, stage.as_str(), text)
        }
        Fact::TaskDefinitionRegistered { at, workload, arn, reused, .. } => {
            let how = if *reused { "is there already" } else { "registered" };
            Line::new(Note, format!("{}/{workload}", at.stage), format!("{} {how}", short(arn)))
        }
        Fact::TaskStarted { at, task, arn } => {
            Line::new(Note, format!("{}/{task}", at.stage), format!("started as {}", short(arn)))
        }
        Fact::TaskRan { at, task, end } => {
            let topic = format!("{}/{task}", at.stage);
            match end.exit_code {
                Some(0) => Line::new(Done, topic, "ran, exit code 0"),
                Some(code) => Line::new(Failed, topic, format!("exit code {code}{}", words::meaning(code))),
                None => Line::new(Failed, topic, end.reason.clone().unwrap_or_else(|| "never ran".to_owned())),
            }
        }
        Fact::BaselineTaken { at, service, baseline } => {
            let text = format!("runs {} now, {} wanted", short(&baseline.task_definition), tasks(baseline.desired));
            Line::new(Note, format!("{}/{service}", at.stage), text)
        }
        Fact::RolloutStarted { at, service, task_definition, .. } => {
            Line::new(Note, format!("{}/{service}", at.stage), format!("goes to {}", short(task_definition)))
        }
        Fact::RolloutObserved { at, service, progress } => moved(format!("{}/{service}", at.stage), progress),
        Fact::RolloutStopRequested { at, service } => {
            Line::new(Careful, format!("{}/{service}", at.stage), "asked ECS to stop and roll back")
        }
        Fact::RolloutEnded { at, service, end } => ended(format!("{}/{service}", at.stage), end, false),
        Fact::RestoreStarted { at, service, task_definition, .. } => {
            Line::new(Careful, format!("{}/{service}", at.stage), format!("goes back to {}", short(task_definition)))
        }
        Fact::RestoreObserved { at, service, progress } => moved(format!("{}/{service}", at.stage), progress),
        Fact::RestoreEnded { at, service, end } => ended(format!("{}/{service}", at.stage), end, true),
        Fact::CheckJudged { at, verdict, detail } => {
            let mark = if verdict.is_open() { Done } else { Failed };
            Line::new(mark, at.stage.as_str(), format!("check: {detail}"))
        }
        Fact::StageFailed { stage, failure } => {
            let next = if failure.roll_back { "; going back to what ran before" } else { "" };
            Line::new(Failed, stage.as_str(), format!("{}{next}", failure.ending.sentence))
        }
        Fact::StageLeft { stage } => Line::new(Done, stage.as_str(), "done"),
        Fact::AbortRequested { by, reason, roll_back } => {
            let how = if *roll_back { ", rolling back" } else { "" };
            Line::new(Careful, "abort", format!("asked by {}{how}{}", by.arn, quoted(reason)))
        }
        // The end is told by itself.
        Fact::Suspended { .. } | Fact::Finished { .. } => None,
    }
}

/// Movements that people want to see scroll by; the rest shows where it is waited for.
fn moved(topic: String, progress: &RolloutProgress) -> Option<Line> {
    match &progress.rollout {
        RolloutState::RollingBack { .. } => Line::new(Mark::Careful, topic, words::progress(progress)),
        RolloutState::Looking { .. } | RolloutState::InProgress | RolloutState::Proving { .. } => {
            let died = progress.deaths.first()?;
            Line::new(Mark::Careful, topic, words::death(died))
        }
        RolloutState::Proven { .. }
        | RolloutState::RolledBack { .. }
        | RolloutState::RollbackFailed { .. }
        | RolloutState::Failed { .. }
        | RolloutState::Stopped { .. }
        | RolloutState::Superseded { .. }
        | RolloutState::Ambiguous { .. } => None,
    }
}

fn ended(topic: String, end: &RolloutEnd, back: bool) -> Option<Line> {
    let (mark, text) = match end {
        RolloutEnd::Succeeded if back => (Mark::Done, "what ran before runs again".to_owned()),
        RolloutEnd::Succeeded => (Mark::Done, "runs, proven by digest".to_owned()),
        RolloutEnd::Unchanged => (Mark::Done, "ran already, proven by digest".to_owned()),
        RolloutEnd::Unverified => (Mark::Careful, "deployed; desired count 0, so nothing ran to be proven".to_owned()),
        RolloutEnd::RolledBack { reason } => (Mark::Failed, format!("rolled back: {reason}")),
        RolloutEnd::Failed { reason } => (Mark::Failed, format!("failed: {reason}")),
        RolloutEnd::Superseded { by } => (Mark::Failed, format!("superseded by {by}")),
        RolloutEnd::Stopped { reason } => (Mark::Failed, format!("stopped: {reason}")),
        RolloutEnd::Stuck { reason } => (Mark::Failed, format!("stuck: {reason}")),
        RolloutEnd::StillRunning => (Mark::Careful, "still running".to_owned()),
        RolloutEnd::Unknown { reason } => (Mark::Failed, format!("unknown: {reason}")),
    };
    Line::new(mark, topic, text)
}

/// Who asked, for people.
pub fn requester(who: &Requester) -> String {
    match who {
        Requester::Person { identity } => identity.arn.clone(),
        Requester::Pipeline { execution, trigger: Some(trigger) } => {
            format!("pipeline execution {execution} ({trigger})")
        }
        Requester::Pipeline { execution, trigger: None } => format!("pipeline execution {execution}"),
        Requester::Unknown => "nobody known".to_owned(),
    }
}

/// A gate's judgement in one line.
pub fn gate(judgement: &GateJudgement) -> String {
    let counts: Vec<String> =
        Severity::ALL.iter().filter_map(|s| judgement.counts.get(s).map(|n| format!("{n} {}", s.word()))).collect();
    let counts = if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") };
    match judgement.verdict.is_open() {
        true => format!("open ({counts})"),
        false => format!("closed: {}", judgement.reasons.join("; ")),
    }
}

fn scanned(reading: &ScanReading) -> String {
    match &reading.state {
        ScanState::Waiting { reason } => format!("waiting ({reason})"),
        ScanState::Closed { reason } => format!("cannot be told ({reason})"),
        ScanState::Scanned { .. } => match reading.findings.len() {
            0 => "done, no findings".to_owned(),
            1 => "done, 1 finding".to_owned(),
            n => format!("done, {n} findings"),
        },
    }
}

fn place(pushed: &PushedImage) -> String {
    format!("{}@{}", pushed.repository, pushed.digest)
}

/// The last part of an ARN: what people call it.
pub fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn tasks(n: u32) -> String {
    if n == 1 { "1 task".to_owned() } else { format!("{n} tasks") }
}

fn quoted(comment: &str) -> String {
    if comment.is_empty() { String::new() } else { format!(": “{comment}”") }
}
