//! What `approve`, `reject` and `withdraw` print and ask.

use crate::model::approval::{Answer, ApprovalAnswer};
use crate::model::ids::{PlanHash, ReleaseId, StageName};
use crate::model::read_by::ReadBy;
use crate::report::words::Words;

/// `approve --yes` without `--plan`.
pub fn plan_not_named(id: Option<&ReleaseId>) -> Words {
    let release = id.map_or("RELEASE", ReleaseId::as_str);
    Words::new("`approve --yes` needs `--plan`")
        .cause("with `--yes` no plan is shown, so the plan that was reviewed must be named")
        .hint(format!("`kanmon approvals` shows the plan, and `kanmon approve {release} --plan PLAN` approves it"))
}

/// `reject --yes` without a release and without a plan.
pub fn nothing_named() -> Words {
    Words::new("`reject --yes` needs a release or a plan")
        .cause("another release may be the one that waits by the time it is rejected")
        .hint("`kanmon approvals` shows what waits")
}

/// A rejection without a reason.
pub fn reason_missing() -> Words {
    Words::new("a rejection needs a reason: not rejected; the release still waits")
        .hint("give it with `-m TEXT`; it is recorded, and shown to the requester")
}

/// Nobody can be asked whether they have reviewed the plan.
pub fn no_terminal(plan: &PlanHash) -> Words {
    Words::new("without a terminal, the plan that was reviewed must be named")
        .hint(format!("`kanmon approvals` shows it; then add `--plan {}`", plan.short()))
}

/// The answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Yes,
    No,
    Details,
    Comment,
    Other,
}

impl Key {
    /// Nothing typed is a no.
    pub fn of(typed: &str) -> Key {
        match typed.trim().to_lowercase().as_str() {
            "y" | "yes" => Key::Yes,
            "" | "n" | "no" => Key::No,
            "d" | "details" => Key::Details,
            "c" | "comment" => Key::Comment,
            _ => Key::Other,
        }
    }
}

/// The question below the plan.
pub fn question(answer: Answer) -> &'static str {
    match answer {
        Answer::Approved => "approve exactly this plan? [y]es, [N]o, [d]etails, [c]omment:",
        Answer::Rejected => "reject this plan? [y]es, [N]o, [d]etails, [c]omment:",
    }
}

/// Another key was typed.
pub const WHICH_KEYS: &str = "type y, n, d or c, then Enter";

pub const COMMENT: &str = "comment:";
pub const REASON: &str = "reason, shown to the requester:";

/// Another question, where it is not known what the images were built from.
pub fn in_doubt(stage: &StageName) -> String {
    format!("let it into {stage} nevertheless? [y/N]")
}

/// The question was answered with no.
pub fn left(answer: Answer) -> String {
    format!("{}; the release still waits", not_given(answer))
}

/// The question was not answered.
pub fn unanswered(answer: Answer) -> Words {
    Words::new(format!("the question was not answered: {}; the release still waits", not_given(answer)))
}

fn not_given(answer: Answer) -> &'static str {
    match answer {
        Answer::Approved => "not approved",
        Answer::Rejected => "not rejected",
    }
}

/// The approved release cannot be followed.
pub fn unattended(id: &ReleaseId) -> String {
    format!("no process works on {id}, so there is nothing to wait for")
}

/// The answer is given. `by_oneself`: whether the approver may continue the release.
pub fn given(id: &ReleaseId, stage: &StageName, answer: Answer, read_by: ReadBy, by_oneself: bool) -> String {
    let (word, noun) = match answer {
        Answer::Approved => ("approved", "approval"),
        Answer::Rejected => ("rejected", "rejection"),
    };
    let done = format!("{id}: {stage} is {word}");
    match read_by {
        ReadBy::Process => done,
        ReadBy::ProcessSoon => {
            format!(
                "{id}: the {noun} of {stage} is sent; the process that works on it reads it before it enters {stage}"
            )
        }
        ReadBy::Execution => format!("{done}; its CodePipeline execution continues"),
        ReadBy::Resume => match answer {
            Answer::Approved if by_oneself => format!("{done}; `kanmon resume {id}` continues it"),
            Answer::Approved => {
                format!("{done}; somebody other than the approver can continue it: `kanmon resume {id}`")
            }
            Answer::Rejected => format!("{done}; `kanmon resume {id}` ends it"),
        },
        ReadBy::Promote => {
            format!("{done}; the release has ended, and `kanmon promote {id} --to {stage}` reads the answer first")
        }
        ReadBy::Nobody => format!("{done}; the release has ended and cannot continue"),
    }
}

/// The withdrawal is given.
pub fn withdrawn(id: &ReleaseId, stage: &StageName, read_by: ReadBy) -> String {
    match read_by {
        ReadBy::ProcessSoon => format!(
            "{id}: the withdrawal for {stage} is sent; the process that works on it reads it before it enters {stage}"
        ),
        ReadBy::Process | ReadBy::Execution | ReadBy::Resume | ReadBy::Promote | ReadBy::Nobody => {
            format!("{id}: the approval of {stage} is withdrawn")
        }
    }
}

/// What CodePipeline shows beside the decision.
pub fn summary(answer: &ApprovalAnswer) -> String {
    match answer.arn() {
        Some(arn) if answer.comment.is_empty() => format!("plan {} by {arn}", answer.plan.short()),
        Some(_) | None => format!("plan {}: {}", answer.plan.short(), answer.comment),
    }
}
