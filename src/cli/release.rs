//! `release`: a new release, from its images to the last requested stage.

use std::collections::BTreeMap;

use super::args::{Global, ReleaseArgs};
use super::context;
use super::env_file;
use super::failure::Failure;
use super::output::Output;
use super::remote;
use super::run_release::run_release;
use crate::model::exit_code::ExitCode;
use crate::model::ids::ImageName;
use crate::report::verb::release::image_given_twice;
use crate::usecase::begin::{NewRelease, begin};
use crate::usecase::context::Context;

pub async fn run(global: &Global, output: &Output, args: ReleaseArgs) -> Result<ExitCode, Failure> {
    env_file::prepare(global)?;
    with(&context::open_or_make(global, output)?, global, output, args).await
}

/// Makes a release by the context's pipeline file.
pub async fn with(context: &Context, global: &Global, output: &Output, args: ReleaseArgs) -> Result<ExitCode, Failure> {
    if args.remote {
        return remote::run(context, output).await;
    }
    let reasons = args.forced.reasons();
    let wanted = NewRelease { images: each_once(args.image)?, until: args.until, execution: args.execution, reasons };
    run_release(begin(context, wanted).await?, global, output).await
}

/// Images by name.
pub fn each_once(images: Vec<(ImageName, String)>) -> Result<BTreeMap<ImageName, String>, Failure> {
    let mut given = BTreeMap::new();
    for (name, reference) in images {
        if given.insert(name.clone(), reference).is_some() {
            return Err(Failure::wrong(image_given_twice(&name)));
        }
    }
    Ok(given)
}
