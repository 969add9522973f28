//! `enter.approval`: who approves a stage before it is entered, and where.

use jiff::SignedDuration;

use super::diagnostics::Span;
use super::duration;
use super::reader::{Reader, Section};
use super::yaml::Node;
use crate::model::approval::{ApprovalPolicy, ApprovalWay};
use crate::model::approvers;
use crate::model::ids::AccountName;
use crate::report::approver_patterns;

/// After a day without an answer, the plan and the scans may be out of date.
const EXPIRES: SignedDuration = SignedDuration::from_hours(24);
/// CodePipeline's longest wait for an approval: 86,400 minutes.
const CODEPIPELINE_LONGEST: SignedDuration = SignedDuration::from_mins(86_400);

const KANMON: &str = "kanmon";
const CODEPIPELINE: &str = "codepipeline";

/// `first` is the first stage's account: CodePipeline's pipeline is there unless the file names another account.
pub fn read(reader: &mut Reader<'_>, node: &Node, owner: Span, first: Option<&AccountName>) -> Option<ApprovalPolicy> {
    let by = node.get("by")?.text()?;
    let foreign_keys: &[&str] = match by {
        KANMON => &["pipeline", "action", "account"],
        CODEPIPELINE => &[],
        _ => return None,
    };
    for key in foreign_keys.iter().filter_map(|k| node.key(k)) {
        reader.say_hint(
            key.span,
            format!("`{}` cannot be used with `by: {by}`", key.name),
            format!("it is for `by: {CODEPIPELINE}`"),
        );
    }
    let expires = node.get("expires").and_then(Node::text).and_then(duration::parse).unwrap_or(EXPIRES);
    let self_approval = node.get("self_approval").and_then(Node::boolean).unwrap_or(false);
    let approvers = approvers(reader, node);
    let way = if by == KANMON { ApprovalWay::Kanmon } else { codepipeline(reader, node, owner, first, expires)? };
    Some(ApprovalPolicy { way, approvers, expires, self_approval })
}

/// Patterns that each name an account: without it, anybody could create a principal that matches.
fn approvers(reader: &mut Reader<'_>, node: &Node) -> Vec<String> {
    let mut patterns = Vec::new();
    for item in node.get("approvers").map_or(&[][..], Node::items) {
        let Some(text) = item.text() else { continue };
        match approvers::valid(text) {
            Ok(()) => patterns.push(text.to_owned()),
            Err(why) => {
                reader.say_hint(item.span, approver_patterns::problem(text, &why), approver_patterns::EXAMPLES);
            }
        }
    }
    patterns
}

fn codepipeline(
    reader: &mut Reader<'_>,
    node: &Node,
    owner: Span,
    first: Option<&AccountName>,
    expires: SignedDuration,
) -> Option<ApprovalWay> {
    for key in ["pipeline", "action"].into_iter().filter(|k| node.get(k).is_none()) {
        reader.say_hint(
            owner,
            format!("an approval `by: codepipeline` needs `{key}`"),
            format!("write `{key}`: the {key}'s name in CodePipeline"),
        );
    }
    if let Some(n) = node.get("expires").filter(|_| expires > CODEPIPELINE_LONGEST) {
        reader.say_hint(n.span, "CodePipeline waits for an approval at most 60 days", "write `expires: 60d` or less");
    }
    let account = match node.get("account") {
        Some(n) => reader.refer::<AccountName>(Section::Accounts, n),
        None => first.cloned(),
    };
    let text = |name| node.get(name).and_then(Node::text).map(str::to_owned);
    Some(ApprovalWay::CodePipeline { pipeline: text("pipeline")?, action: text("action")?, account: account? })
}
