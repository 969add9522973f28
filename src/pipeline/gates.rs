//! `gate`: the file's, and each stage's, which may only tighten the one above.

use std::collections::BTreeMap;

use super::duration;
use super::reader::Reader;
use super::shape::UNLIMITED;
use super::yaml::Node;
use crate::model::format::lasting;
use crate::model::gate::{GateRules, Suppressed};
use crate::model::severity::Severity;

/// The gate that applies at a point of the file, and where each limit comes from.
#[derive(Debug, Clone, Default)]
pub struct EffectiveGate {
    pub rules: GateRules,
    /// The line that set a limit; none where it is the default.
    lines: BTreeMap<Severity, usize>,
}

impl EffectiveGate {
    /// The file's own gate, which may be looser than the default.
    pub fn of_file(node: Option<&Node>) -> EffectiveGate {
        let mut gate = EffectiveGate::default();
        gate.times(node);
        for (severity, limit, value) in limits(node) {
            gate.rules.at_most.insert(severity, limit);
            gate.lines.insert(severity, value.span.line);
        }
        gate
    }

    /// A stage's gate under this one.
    pub fn tightened(&self, reader: &mut Reader<'_>, node: Option<&Node>, stage: &str) -> EffectiveGate {
        let mut gate = self.clone();
        gate.times(node);
        gate.undo_looser(reader, node, stage, &self.rules);
        for (severity, limit, value) in limits(node) {
            let above = self.rules.at_most.get(&severity).copied().flatten();
            // `None` is unlimited: no limit is looser.
            let looser = match (above, limit) {
                (None, _) => false,
                (Some(_), None) => true,
                (Some(above), Some(here)) => here > above,
            };
            if !looser {
                gate.rules.at_most.insert(severity, limit);
                gate.lines.insert(severity, value.span.line);
                continue;
            }
            let word = severity.word();
            let (here, above) = (show(limit), show(above));
            let where_from = match self.lines.get(&severity) {
                Some(line) => format!(" in line {}, `{word}: {above}` in line {line}", value.span.line),
                None => format!(", and the default is {above}"),
            };
            let message = format!("stage `{stage}` loosens the gate above it: `{word}: {here}`{where_from}");
            reader.say_hint(
                value.span,
                message,
                format!("a stage may only tighten the gate: write at most {above} here, or raise the limit of the gate above"),
            );
        }
        gate
    }

    fn times(&mut self, node: Option<&Node>) {
        let time = |name| node?.get(name)?.text().and_then(duration::parse);
        // The callers read the limits one by one.
        let GateRules { at_most: _, timeout, settle, max_age, suppressed } = &mut self.rules;
        *timeout = time("timeout").unwrap_or(*timeout);
        *settle = time("settle").unwrap_or(*settle);
        *max_age = time("max_age").unwrap_or(*max_age);
        *suppressed = match node.and_then(|n| n.get("suppressed")?.text()) {
            Some("count") => Suppressed::Count,
            Some("show") => Suppressed::Show,
            Some(_) | None => *suppressed,
        };
    }

    /// Reports and undoes what a stage loosens besides its limits: a shorter settling time, a longer timeout or age, or suppressed findings.
    fn undo_looser(&mut self, reader: &mut Reader<'_>, node: Option<&Node>, stage: &str, above: &GateRules) {
        let GateRules { at_most: _, timeout, settle, max_age, suppressed } = &mut self.rules;
        let mut loosened = Vec::new();
        if *settle < above.settle {
            loosened.push(("settle", format!("write at least {} here", lasting(above.settle))));
            *settle = above.settle;
        }
        if *timeout > above.timeout {
            loosened.push(("timeout", format!("write at most {} here", lasting(above.timeout))));
            *timeout = above.timeout;
        }
        if *max_age > above.max_age {
            loosened.push(("max_age", format!("write at most {} here", lasting(above.max_age))));
            *max_age = above.max_age;
        }
        if (*suppressed, above.suppressed) == (Suppressed::Show, Suppressed::Count) {
            loosened.push(("suppressed", "write `count` here".to_owned()));
            *suppressed = above.suppressed;
        }
        for (name, tighter) in loosened {
            let Some(value) = node.and_then(|n| n.get(name)) else { continue };
            let written = value.text().unwrap_or_default();
            let message = format!("stage `{stage}` loosens the gate above it: `{name}: {written}`");
            let hint = format!("a stage may only tighten the gate: {tighter}, or change the gate above");
            reader.say_hint(value.span, message, hint);
        }
    }
}

/// The valid limits that a gate names.
fn limits(gate: Option<&Node>) -> impl Iterator<Item = (Severity, Option<u32>, &Node)> {
    let at_most = gate.and_then(|g| g.get("at_most"));
    Severity::ALL.into_iter().filter_map(move |severity| {
        let value = at_most?.get(severity.word())?;
        let limit = match value.text() {
            Some(UNLIMITED) => None,
            Some(_) => return None,
            None => Some(value.integer::<u32>()?),
        };
        Some((severity, limit, value))
    })
}

/// As the file writes it.
pub fn show(limit: Option<u32>) -> String {
    limit.map_or_else(|| UNLIMITED.to_owned(), |n| n.to_string())
}
