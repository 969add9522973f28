//! `help codes`: what the exit codes and the codes in JSON output mean.

use serde_json::json;

use super::failure::Failure;
use super::output::Output;
use crate::model::exit_code::ExitCode;
use crate::report::{codes, exit_codes};

pub fn run(output: &Output) -> Result<ExitCode, Failure> {
    let listed = || codes::listed(output.out_width());
    output.result(listed, || {
        let exit: Vec<_> = ExitCode::ALL
            .iter()
            .map(|code| json!({ "exit_code": code.number(), "meaning": exit_codes::meaning(*code) }))
            .collect();
        let families: Vec<_> = codes::families()
            .map(|family| {
                let codes: Vec<_> =
                    family.codes.iter().map(|(code, meaning)| json!({ "code": code, "meaning": meaning })).collect();
                json!({ "of": family.heading, "codes": codes })
            })
            .collect();
        json!({ "v": 1, "kind": "codes", "exit_codes": exit, "reasons": families })
    });
    Ok(ExitCode::Done)
}
