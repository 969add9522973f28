//! `check`: reads the file offline.

use serde_json::json;

use super::args::{CheckArgs, Global};
use super::bench;
use super::failure::Failure;
use super::output::Output;
use crate::report::wrap::wrap;

pub fn run(global: &Global, output: &Output, args: CheckArgs) -> Result<u8, Failure> {
    let given = args.file.as_deref().or(global.pipeline.as_deref());
    let loaded = bench::load(given, output)?;
    output.tell(
        || format!("{}\nin order", wrap(loaded.summary().trim_end(), output.out_width(), 20)),
        || json!({ "v": 1, "kind": "checked", "file": loaded.file, "sha256": loaded.sha256, "pipeline": loaded.pipeline }),
    );
    Ok(0)
}
