//! The values that a shell is offered: stages, images and pipeline files of this repository, and the releases that are recorded on this
//! machine. Only files are read; nothing is asked of AWS, nothing is changed, and what cannot be read offers nothing.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::Arg;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter as _};

use super::state_location::{self, Folder};
use crate::journal;
use crate::pipeline::{self, Loaded};
use crate::report::time::moment;

/// How many releases are offered: as many as fit on a screen.
const RELEASES: usize = 30;

/// Gives an argument its values, by the name of its value.
pub fn complete(arg: Arg) -> Arg {
    let names: Vec<String> = arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect();
    match (arg.get_id().as_str(), names.first().map(String::as_str)) {
        ("pipeline", _) => arg.add(ArgValueCompleter::new(pipeline_files)),
        (_, Some("STAGE")) => arg.add(ArgValueCompleter::new(stages)),
        (_, Some("RELEASE")) => arg.add(ArgValueCompleter::new(releases)),
        (_, Some("RELEASE|STAGE")) => arg.add(ArgValueCompleter::new(releases_and_stages)),
        (_, Some("NAME=REF")) => arg.add(ArgValueCompleter::new(images)),
        _ => arg,
    }
}

/// The same for the file of `check`.
pub fn complete_file(arg: Arg) -> Arg {
    if arg.get_id() == "file" { arg.add(ArgValueCompleter::new(pipeline_files)) } else { arg }
}

/// The values that begin with what was typed.
fn matching(current: &OsStr, values: impl Iterator<Item = CompletionCandidate>) -> Vec<CompletionCandidate> {
    let typed = current.as_encoded_bytes();
    values.filter(|value| value.get_value().as_encoded_bytes().starts_with(typed)).collect()
}

fn stages(current: &OsStr) -> Vec<CompletionCandidate> {
    let stages = loaded().map(|loaded| loaded.pipeline.stages).unwrap_or_default();
    matching(current, stages.iter().map(|stage| CompletionCandidate::new(stage.name.as_str())))
}

fn images(current: &OsStr) -> Vec<CompletionCandidate> {
    let images = loaded().map(|loaded| loaded.pipeline.images).unwrap_or_default();
    matching(current, images.keys().map(|name| CompletionCandidate::new(format!("{name}="))))
}

fn releases(current: &OsStr) -> Vec<CompletionCandidate> {
    matching(current, recorded().unwrap_or_default().into_iter())
}

fn releases_and_stages(current: &OsStr) -> Vec<CompletionCandidate> {
    let mut both = stages(current);
    both.extend(releases(current));
    both
}

/// The releases that are recorded on this machine, newest first.
fn recorded() -> Option<Vec<CompletionCandidate>> {
    let loaded = loaded()?;
    let state = typed("--state").or_else(|| std::env::var("KANMON_STATE").ok());
    let Folder { dir, named } = state_location::folder(&loaded, state.as_deref())?;
    let newest = journal::newest_names(&dir, named, &loaded.pipeline.app, RELEASES);
    let candidate = |(at, (release, started)): (usize, (crate::model::ids::ReleaseId, jiff::Timestamp))| {
        let help = Some(moment(started).into());
        CompletionCandidate::new(release.as_str()).help(help).display_order(Some(at))
    };
    Some(newest.into_iter().enumerate().map(candidate).collect())
}

/// The files of `pipelines/`, and any other path.
fn pipeline_files(current: &OsStr) -> Vec<CompletionCandidate> {
    let own = std::fs::read_dir("pipelines").into_iter().flatten().filter_map(Result::ok).filter_map(|entry| {
        let path = Path::new("pipelines").join(entry.file_name());
        let is_yaml = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
        (is_yaml && path.is_file()).then(|| CompletionCandidate::new(path))
    });
    let mut found = matching(current, own);
    let mut others = PathCompleter::any().complete(current);
    others.retain(|other| !found.iter().any(|one| one.get_value() == other.get_value()));
    found.sort_by(|a, b| a.get_value().cmp(b.get_value()));
    found.extend(others);
    found
}

/// The pipeline file that the command line or the environment names, or the only one.
fn loaded() -> Option<Loaded> {
    let named = typed("--pipeline").or_else(|| std::env::var("KANMON_PIPELINE").ok()).map(PathBuf::from);
    let file = pipeline::find(&std::env::current_dir().ok()?, named.as_deref()).ok()?;
    pipeline::load(&file).ok()
}

/// The value that the words of the command line give to an option.
fn typed(option: &str) -> Option<String> {
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let with_value = words.iter().find_map(|word| word.strip_prefix(option)?.strip_prefix('=').map(str::to_owned));
    with_value.or_else(|| words.windows(2).find(|pair| pair[0] == option).map(|pair| pair[1].clone()))
}
