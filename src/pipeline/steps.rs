//! `steps` of a stage.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::diagnostics::Span;
use super::duration;
use super::reader::{Reader, Section};
use super::yaml::{Kind, Node};
use crate::model::ids::{AccountName, ServiceName, TaskName};
use crate::model::step::Step;
use crate::model::step::check::Check;
use crate::model::step::roll::Roll;
use crate::model::step::run::Run;
use crate::outside::address;

/// A service that was just proven running answers within seconds.
const HTTP_TIMEOUT: SignedDuration = SignedDuration::from_mins(1);
/// End-to-end tests are a matter of minutes.
const COMMAND_TIMEOUT: SignedDuration = SignedDuration::from_mins(15);

/// The steps that have their form; what is wrong with the others was told.
pub fn read(reader: &mut Reader<'_>, node: &Node, stage: &str) -> Vec<Step> {
    let Kind::List(items) = &node.kind else { return Vec::new() };
    let mut rolled = BTreeMap::new();
    items.iter().filter_map(|item| step(reader, item, stage, &mut rolled)).collect()
}

/// `rolled` holds the line where each service of the stage is rolled.
fn step(reader: &mut Reader<'_>, node: &Node, stage: &str, rolled: &mut BTreeMap<ServiceName, usize>) -> Option<Step> {
    let kinds: Vec<_> = ["run", "roll", "check"].iter().filter_map(|k| node.key(k)).collect();
    match kinds.as_slice() {
        [] => {
            // An unknown key in it was told already, and may well be the one that was meant.
            if matches!(&node.kind, Kind::Map(entries) if entries.is_empty()) {
                reader.say_hint(node.span, "this step names nothing", "one of: run, roll, check");
            }
            return None;
        }
        [_] => {}
        [_, second, ..] => {
            reader.say_hint(second.span, "a step is one thing", format!("begin a new one: `- {}: …`", second.name))
        }
    }
    if let Some(n) = node.get("run") {
        return Some(Step::Run(Run { task: reader.refer::<TaskName>(Section::Tasks, n)? }));
    }
    if let Some(n) = node.get("check") {
        return check(reader, n, node.key("check")?.span).map(Step::Check);
    }
    let mut services = Vec::new();
    for item in node.get("roll").map_or(&[][..], Node::items) {
        let Some(service) = reader.refer::<ServiceName>(Section::Services, item) else { continue };
        match rolled.get(&service) {
            Some(line) => reader.say_hint(
                item.span,
                format!("service `{service}` is rolled twice in stage `{stage}`"),
                format!("the first time in line {line}"),
            ),
            None => {
                rolled.insert(service.clone(), item.span.line);
                services.push(service);
            }
        }
    }
    (!services.is_empty()).then_some(Step::Roll(Roll { services }))
}

fn check(reader: &mut Reader<'_>, node: &Node, owner: Span) -> Option<Check> {
    let timeout = |default| node.get("timeout").and_then(Node::text).and_then(duration::parse).unwrap_or(default);
    match (node.get("http"), node.get("command")) {
        (None, None) => {
            if matches!(node.kind, Kind::Map(_)) {
                reader.say_hint(owner, "this check asks nothing", "one of: http, command");
            }
            None
        }
        (Some(_), Some(command)) => {
            let at = node.key("command").map_or(command.span, |k| k.span);
            reader.say_hint(at, "a check is either `http` or `command`", "make two steps of it");
            None
        }
        (Some(http), None) => Some(Check::Http {
            url: {
                if let Some(key) = node.key("account") {
                    reader.say_hint(key.span, "`account` has no meaning for `http`", "it is asked without credentials");
                }
                let url = reader.url(http)?;
                if let Some(why) = address::refused(&url) {
                    reader.say(http.span, why);
                    return None;
                }
                url
            },
            status: node.get("status").and_then(Node::integer).unwrap_or(200),
            contains: node.get("contains").and_then(Node::text).map(str::to_owned),
            timeout: timeout(HTTP_TIMEOUT),
        }),
        (None, Some(command)) => {
            for key in ["status", "contains"].iter().filter_map(|k| node.key(k)) {
                reader.say_hint(key.span, format!("`{}` has no meaning for a command", key.name), "exit code 0 passes");
            }
            let argv = Reader::words(Some(command));
            let account = node.get("account").and_then(|n| reader.refer::<AccountName>(Section::Accounts, n));
            (!argv.is_empty()).then(|| Check::Command { argv, timeout: timeout(COMMAND_TIMEOUT), account })
        }
    }
}
