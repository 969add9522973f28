//! `stages`: where a release is deployed, and under which conditions.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::diagnostics::Span;
use super::duration;
use super::ecs_name::is_ecs_name;
use super::gates::EffectiveGate;
use super::parts::Parts;
use super::reader::{Reader, Section};
use super::yaml::{Kind, Node};
use super::{approvals, step};
use crate::model::ids::{AccountName, ServiceName, StageName};
use crate::model::pipeline::{OnFailure, Stage, Transfer};
use crate::model::step::Step;

/// Long enough for draining (ELB: 300 s by default), health checks and one rollback by the circuit breaker.
const DEADLINE: SignedDuration = SignedDuration::from_mins(45);

/// The valid stages, in their order.
pub fn read(reader: &mut Reader<'_>, parts: &Parts) -> Vec<Stage> {
    let document = reader.document;
    let Some(Kind::List(items)) = document.get("stages").map(|n| &n.kind) else { return Vec::new() };
    let mut gate = EffectiveGate::of_file(document.get("gate"));
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut stages = Vec::new();
    let first = items.first().and_then(|s| s.get("account")?.text()?.parse().ok());
    for node in items.iter().filter(|n| matches!(n.kind, Kind::Map(_))) {
        let name = node.get("name").and_then(|n| Some((n.text()?, n.span)));
        if let Some((text, span)) = name {
            match names.get(text) {
                Some(line) => {
                    reader.say_hint(
                        span,
                        format!("two stages are named `{text}`"),
                        format!("the first is in line {line}"),
                    );
                }
                None => {
                    names.insert(text.to_owned(), span.line);
                }
            }
        }
        let called = name.map_or("?", |(text, _)| text);
        gate = gate.tightened(reader, node.get("enter").and_then(|e| e.get("gate")), called);
        stages.extend(stage(reader, node, called, &gate, parts, first.as_ref()));
    }
    stages
}

fn stage(
    reader: &mut Reader<'_>,
    node: &Node,
    called: &str,
    gate: &EffectiveGate,
    parts: &Parts,
    first: Option<&AccountName>,
) -> Option<Stage> {
    let name = node.get("name").and_then(|n| reader.id::<StageName>(n.text()?, n.span));
    let account = node.get("account").and_then(|n| reader.refer::<AccountName>(Section::Accounts, n));
    let cluster = node.get("cluster").and_then(|n| ecs_name(reader, n, "cluster"));
    let service_names = service_names(reader, node.get("services"));
    let values = node.get("values").and_then(|n| reader.values(n));
    let approval = node.get("enter").and_then(|enter| {
        let owner = enter.key("approval").map_or(enter.span, |k| k.span);
        approvals::read(reader, enter.get("approval")?, owner, first)
    });
    let steps = node.get("steps").map(|n| step::read(reader, n, called)).unwrap_or_default();
    let images = account.as_ref().and_then(|a| transfer(reader, node, called, a, &steps, parts));
    let defaults = reader.document.get("defaults");
    let own_or_default = |key: &str| node.get(key).or_else(|| defaults?.get(key)).and_then(Node::text);
    Some(Stage {
        name: name?,
        account: account?,
        cluster: cluster?,
        service_names,
        values,
        images: images?,
        gate: gate.rules.clone(),
        approval,
        steps,
        deadline: own_or_default("deadline").and_then(duration::parse).unwrap_or(DEADLINE),
        on_failure: match own_or_default("on_failure") {
            Some("stop") => OnFailure::Stop,
            Some(_) | None => OnFailure::Rollback,
        },
    })
}

fn ecs_name(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<String> {
    let text = node.text()?;
    if is_ecs_name(text) {
        return Some(text.to_owned());
    }
    let message = format!("`{text}` is not a valid {what} name");
    reader.say_hint(node.span, message, "use letters, digits, - and _, at most 255 characters (the name, not the ARN)");
    None
}

/// ECS's name of each service; two services of the file cannot have the same one.
fn service_names(reader: &mut Reader<'_>, node: Option<&Node>) -> BTreeMap<ServiceName, String> {
    let mut names = BTreeMap::new();
    let mut taken: BTreeMap<String, Span> = BTreeMap::new();
    for (key, value) in node.map_or(&[][..], Node::entries) {
        let service = reader.refer_text::<ServiceName>(Section::Services, &key.name, key.span);
        let Some(ecs) = ecs_name(reader, value, "service") else { continue };
        if let Some(before) = taken.insert(ecs.clone(), value.span) {
            let hint = format!("the other one is in line {}", before.line);
            reader.say_hint(value.span, format!("two services of this stage have the ECS name `{ecs}`"), hint);
        }
        names.extend(service.map(|s| (s, ecs)));
    }
    names
}

/// How the stage gets its images: nothing is needed where they are in its own account, else as the file says.
fn transfer(
    reader: &mut Reader<'_>,
    node: &Node,
    called: &str,
    account: &AccountName,
    steps: &[Step],
    parts: &Parts,
) -> Option<Transfer> {
    let given = node.get("images");
    let here = parts.accounts.get(account);
    let used = steps.iter().flat_map(|step| parts.images_of(step));
    let foreign = used.filter_map(|image| parts.images.get_key_value(image)).find(|(_, spec)| {
        match (here, parts.accounts.get(&spec.account)) {
            (Some(here), Some(there)) => (&here.id, &here.region) != (&there.id, &there.region),
            _ => spec.account != *account,
        }
    });
    match (given.map(|n| (n, n.text())), foreign) {
        (Some((_, Some("pull"))), _) => Some(Transfer::Pull),
        (Some((_, Some("copy"))), Some(_)) => Some(Transfer::Copy),
        (Some((n, Some("copy"))), None) => {
            // With a broken step or image this may be right.
            if parts.whole && !steps.is_empty() {
                reader.say_hint(
                    n.span,
                    format!("stage `{called}` has nothing to copy: its images are in its own account and region"),
                    "remove `images`",
                );
            }
            Some(Transfer::Copy)
        }
        (Some(_), _) => None,
        (None, None) => Some(Transfer::Pull),
        (None, Some((image, spec))) => {
            let at = node.get("account").map_or(node.span, |n| n.span);
            reader.say_hint(
                at,
                format!("stage `{called}` runs image `{image}`, which is in account `{}`", spec.account),
                "write `images: pull` (the repository's policy must allow it) or `images: copy`",
            );
            None
        }
    }
}
