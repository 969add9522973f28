//! From a path to a resolved pipeline.

use std::path::{Path, PathBuf};

use super::diagnostics::{Diagnostic, Diagnostics, Mistake, Source, Span};
use super::files::Root;
use super::{resolve, text, yaml};
use crate::model::ids::sha256_hex;
use crate::model::pipeline::Pipeline;

/// A valid pipeline file: every reference in it resolved, every file that it names read once.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    pub pipeline: Pipeline,
    /// The repository's root, the folder that holds `pipelines/`.
    pub root: PathBuf,
    pub file: PathBuf,
    /// Of the file's bytes, in hex.
    pub sha256: String,
    /// Warnings, which stop nothing.
    pub warnings: Vec<Diagnostic>,
}

/// Reads and resolves a pipeline file. Only files of the repository are read.
///
/// # Errors
/// All mistakes of the file and of those that it names.
pub fn load(path: &Path) -> Result<Loaded, Diagnostics> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let root = root_of(&path);
    let name = path.strip_prefix(&root).unwrap_or(&path).display().to_string();
    let alone = |mistake: Mistake| {
        let source = Source { file: name.clone(), text: String::new() };
        Diagnostics::new(&name, vec![source.diagnose(mistake)])
    };
    let whole = |message: String| alone(Mistake::new(Span::default(), message));
    let bytes = read(&path).map_err(&whole)?;
    let root = Root::new(&root).map_err(|e| whole(format!("the folder of this file cannot be read: {e}")))?;
    let source = Source { file: name.clone(), text: text::decode(&bytes).map_err(alone)? };

    let mut mistakes = Vec::new();
    let resolved = match yaml::parse(&source.text, &mut mistakes) {
        Some(document) => resolve::resolve(&document, &root, mistakes),
        None => Err((mistakes, Vec::new())),
    };
    match resolved {
        Ok((pipeline, mistakes, mut warnings)) => Ok(Loaded {
            pipeline,
            root: root.path().to_owned(),
            file: root.path().join(&name),
            sha256: sha256_hex(&bytes),
            warnings: {
                warnings.extend(mistakes.into_iter().map(|m| source.diagnose(m)));
                warnings.sort();
                warnings.dedup();
                warnings
            },
        }),
        Err((mistakes, mut elsewhere)) => {
            elsewhere.extend(mistakes.into_iter().map(|m| source.diagnose(m)));
            Err(Diagnostics::new(&name, elsewhere))
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let meta = path.metadata().map_err(|e| format!("this file cannot be read: {e}"))?;
    if !meta.is_file() {
        return Err("this is not a file".into());
    }
    if meta.len() > yaml::MAX_BYTES as u64 {
        return Err("this file is larger than 1 MiB".into());
    }
    std::fs::read(path).map_err(|e| format!("this file cannot be read: {e}"))
}

/// The folder that contains the nearest `pipelines/` above the file; the file's own folder where there is none.
fn root_of(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(path);
    folder
        .ancestors()
        .find(|a| a.file_name().is_some_and(|n| n == "pipelines"))
        .and_then(Path::parent)
        .unwrap_or(folder)
        .to_owned()
}
