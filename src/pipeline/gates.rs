//! `gate`: the file's, and each stage's, which may only tighten the one above.

use std::collections::BTreeMap;

use super::duration;
use super::reader::Reader;
use super::shape::UNLIMITED;
use super::yaml::Node;
use crate::model::format::lasting;
use crate::model::gate::{GateRules, Suppressed};
use crate::model::severity::Severity;

/// Rules as they stand at a point of the file, and where each limit comes from.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    pub rules: GateRules,
    /// The line that set a limit; none where it is the default.
    lines: BTreeMap<Severity, usize>,
}

impl Standing {
    /// The file's own gate: it may be looser than the default, being the first word on it.
    pub fn of_file(node: Option<&Node>) -> Standing {
        let mut standing = Standing::default();
        standing.times(node);
        for (severity, limit, value) in limits(node) {
            standing.rules.at_most.insert(severity, limit);
            standing.lines.insert(severity, value.span.line);
        }
        standing
    }

    /// A stage's gate under this one.
    pub fn tightened(&self, reader: &mut Reader<'_>, node: Option<&Node>, stage: &str) -> Standing {
        let mut standing = self.clone();
        standing.times(node);
        standing.keep_times(reader, node, stage, &self.rules);
        for (severity, limit, value) in limits(node) {
            let above = self.rules.at_most.get(&severity).copied().flatten();
            // `None` is unlimited: anything is as tight as that.
            let looser = match (above, limit) {
                (None, _) => false,
                (Some(_), None) => true,
                (Some(above), Some(here)) => here > above,
            };
            if !looser {
                standing.rules.at_most.insert(severity, limit);
                standing.lines.insert(severity, value.span.line);
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
                format!("a stage may only tighten the gate: at most {above} here, or raise it in the gate above"),
            );
        }
        standing
    }

    fn times(&mut self, node: Option<&Node>) {
        let time = |name| node?.get(name)?.text().and_then(duration::parse);
        // The limits are read one by one by those who call this.
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

    /// Puts back what a stage loosens beside its limits: it waits no shorter for findings, and no longer for a scan or with an old one.
    fn keep_times(&mut self, reader: &mut Reader<'_>, node: Option<&Node>, stage: &str, above: &GateRules) {
        let GateRules { at_most: _, timeout, settle, max_age, suppressed } = &mut self.rules;
        let mut loosened = Vec::new();
        if *settle < above.settle {
            loosened.push(("settle", format!("at least {} here", lasting(above.settle))));
            *settle = above.settle;
        }
        if *timeout > above.timeout {
            loosened.push(("timeout", format!("at most {} here", lasting(above.timeout))));
            *timeout = above.timeout;
        }
        if *max_age > above.max_age {
            loosened.push(("max_age", format!("at most {} here", lasting(above.max_age))));
            *max_age = above.max_age;
        }
        if (*suppressed, above.suppressed) == (Suppressed::Show, Suppressed::Count) {
            loosened.push(("suppressed", "`count` here".to_owned()));
            *suppressed = above.suppressed;
        }
        for (name, tighter) in loosened {
            let Some(value) = node.and_then(|n| n.get(name)) else { continue };
            let said = value.text().unwrap_or_default();
            let message = format!("stage `{stage}` loosens the gate above it: `{name}: {said}`");
            let hint = format!("a stage may only tighten the gate: {tighter}, or change the gate above");
            reader.say_hint(value.span, message, hint);
        }
    }
}

/// The limits that a gate names, where they have their form.
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
