//! Every kind of line that `--output json` prints, with its version, its meaning and its members: one list for the JSON Schema that
//! `kanmon schema output` prints. Tests hold what kanmon prints against it.

mod events;
mod results;
mod shape;

use serde_json::{Value, json};

pub use shape::{Member, Shape};

use crate::model::event::EVENT_VERSION;

/// A kind of line.
#[derive(Debug, Clone)]
pub struct Kind {
    /// The value of its member `kind`.
    pub name: &'static str,
    /// The version of its form, its member `v`: a new one where a member changes its meaning or goes away. Members may be added.
    pub version: u32,
    /// What it means, a clause.
    pub about: &'static str,
    /// Its members besides `v` and `kind`.
    pub members: Vec<Member>,
}

/// The version of the verbs' own results.
const RESULT: u32 = 1;

/// All kinds: the events of a release first, then the results of the verbs. `finished` has two forms: a release, and a command, ended.
pub fn kinds() -> impl Iterator<Item = Kind> {
    let kind = |version, common: &'static [Member]| {
        move |&(name, about, own): &events::Row| Kind { name, version, about, members: [common, own].concat() }
    };
    let events = events::EVENTS.iter().map(kind(EVENT_VERSION, events::MEMBERS));
    let failure = std::iter::once(&results::FAILURE).map(kind(EVENT_VERSION, &[]));
    let results = results::RESULTS.iter().map(kind(RESULT, &[]));
    events.chain(failure).chain(results)
}

/// The JSON Schema of one line.
pub fn schema() -> Value {
    let one = |kind: Kind| {
        let mut schema = shape::object(&kind.members);
        schema["properties"]["v"] = json!({ "const": kind.version, "description": "the version of this kind's form" });
        schema["properties"]["kind"] = json!({ "const": kind.name });
        if let Some(required) = schema["required"].as_array_mut() {
            required.extend([json!("v"), json!("kind")]);
        }
        schema["title"] = json!(kind.name);
        schema["description"] = json!(kind.about);
        schema
    };
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": TITLE,
        "description": ABOUT,
        "anyOf": kinds().map(one).collect::<Vec<_>>(),
    })
}

const TITLE: &str = "a line of kanmon's JSON output";
const ABOUT: &str = "With --output json, stdout has one JSON value per line. Its member kind says what it is.";

#[cfg(test)]
mod tests;
