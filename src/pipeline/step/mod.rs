//! `steps` of a stage: one file for each kind.

mod check;
mod kind;
mod roll;
mod run;

use std::collections::BTreeMap;

use self::kind::{InStage, Kind, Shown};
use super::reader::Reader;
use super::shape::Field;
use super::yaml::{Kind as Form, Node};
use crate::model::step::{Step, each};

/// The keys of a step, in the order in which they are described.
pub const FIELDS: &[Field] = &[run::FIELD, roll::FIELD, check::FIELD];

/// Their names.
pub const KEYS: &[&str] = &[run::FIELD.name, roll::FIELD.name, check::FIELD.name];

static KINDS: [&Kind; FIELDS.len()] = [&run::KIND, &roll::KIND, &check::KIND];

/// The valid steps; mistakes in the others are reported.
pub fn read(reader: &mut Reader<'_>, node: &Node, stage: &str) -> Vec<Step> {
    let Form::List(items) = &node.kind else { return Vec::new() };
    let mut around = InStage { stage, owner: node.span, rolled: BTreeMap::new() };
    items.iter().filter_map(|item| step(reader, item, &mut around)).collect()
}

fn step(reader: &mut Reader<'_>, node: &Node, around: &mut InStage<'_>) -> Option<Step> {
    let named: Vec<_> = KINDS.iter().filter_map(|kind| node.key(kind.field.name)).collect();
    match named.as_slice() {
        [] => {
            // An unknown key was reported already, and may be a misspelt one.
            if matches!(&node.kind, Form::Map(entries) if entries.is_empty()) {
                reader.say_hint(node.span, "this step is empty", format!("write one of: {}", KEYS.join(", ")));
            }
            return None;
        }
        [_] => {}
        [_, second, ..] => {
            reader.say_hint(
                second.span,
                "a step must have exactly one key",
                format!("begin a new step: `- {}: …`", second.name),
            );
        }
    }
    let (kind, value) = KINDS.iter().find_map(|kind| Some((kind, node.get(kind.field.name)?)))?;
    around.owner = node.key(kind.field.name)?.span;
    (kind.read)(reader, value, around)
}

/// A step in the summary of a file.
pub fn shown(step: &Step) -> String {
    each!(step, Step, step => step.shown())
}
