//! `roll: SERVICE`, or several side by side.

use super::kind::{InStage, Kind, Shown};
use crate::model::ids::ServiceName;
use crate::model::step::Step;
use crate::model::step::roll::Roll;
use crate::pipeline::reader::{Reader, Section};
use crate::pipeline::shape::{Field, Shape, may};
use crate::pipeline::yaml::Node;

pub const FIELD: Field = may("roll", Shape::OneOrMore(&Shape::Text), "services to deploy, in parallel");

pub static KIND: Kind = Kind { field: &FIELD, read };

fn read(reader: &mut Reader<'_>, node: &Node, around: &mut InStage<'_>) -> Option<Step> {
    let mut services = Vec::new();
    for item in node.items() {
        let Some(service) = reader.refer::<ServiceName>(Section::Services, item) else { continue };
        match around.rolled.get(&service) {
            Some(line) => reader.say_hint(
                item.span,
                format!("service `{service}` is deployed twice in stage `{}`", around.stage),
                format!("the first time is in line {line}"),
            ),
            None => {
                around.rolled.insert(service.clone(), item.span.line);
                services.push(service);
            }
        }
    }
    (!services.is_empty()).then_some(Step::Roll(Roll { services }))
}

impl Shown for Roll {
    fn shown(&self) -> String {
        let names: Vec<&str> = self.services.iter().map(|s| s.as_str()).collect();
        format!("roll {}", names.join(" and "))
    }
}
