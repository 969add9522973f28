//! `help`: explains a topic. What it prints about a verb is clap's own help.

use std::ffi::OsString;

use serde_json::json;

use super::args::{Form, Global, HelpArgs, help_width};
use super::codes;
use super::command;
use super::failure::Failure;
use super::output::Output;
use super::verb_groups;
use crate::model::exit_code::ExitCode;
use crate::report::topics;

/// The topic of the codes, which are also data.
const CODES: &str = "codes";

pub fn run(global: &Global, output: &Output, args: HelpArgs) -> Result<ExitCode, Failure> {
    let subject = args.subject.as_deref();
    let topic = subject.and_then(topics::named);
    if subject.is_none_or(|subject| verb_groups::verbs().contains(&subject))
        && (topic.is_none() || output.form == Form::Human)
    {
        let flag = global.no_color.then(|| OsString::from("--no-color"));
        let asked =
            ["kanmon".into()].into_iter().chain(flag).chain(subject.map(OsString::from)).chain(["--help".into()]);
        if let Err(help) = command::parse(&asked.collect::<Vec<_>>()) {
            // A closed pipe does not stop anything.
            let _ = help.print();
        }
        if topic.is_some() {
            output.print("");
        }
    }
    match topic {
        Some(topic) if topic.name == CODES => codes::run(output),
        Some(topic) => {
            output.result(
                || topic.text(output.out, help_width()),
                || json!({ "v": 1, "kind": "topic", "topic": topic.name, "markdown": topic.markdown() }),
            );
            Ok(ExitCode::Done)
        }
        None => Ok(ExitCode::Done),
    }
}
