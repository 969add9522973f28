//! Files that a pipeline names: below the repository's root, and by hash.

use std::path::{Path, PathBuf};

use super::yaml::MAX_BYTES;
use crate::model::ids::sha256_hex;
use crate::model::nearest;
use crate::model::pipeline::FileRef;

/// Why a path cannot be used, and what may help.
#[derive(Debug)]
pub struct FileProblem {
    pub message: String,
    pub hint: Option<String>,
}

impl FileProblem {
    fn new(message: String) -> FileProblem {
        FileProblem { message, hint: None }
    }
}

/// The repository's root. Nothing outside it is read.
#[derive(Debug, Clone)]
pub struct Root(PathBuf);

impl Root {
    /// # Errors
    /// Where there is no such folder.
    pub fn new(path: &Path) -> std::io::Result<Root> {
        path.canonicalize().map(Root)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A file's content and its reference.
    pub fn file(&self, path: &str) -> Result<(FileRef, Vec<u8>), FileProblem> {
        let (path, real) = self.locate(path)?;
        let meta = real.metadata().map_err(|e| FileProblem::new(format!("`{path}` cannot be read: {e}")))?;
        if !meta.is_file() {
            return Err(FileProblem::new(format!("`{path}` is not a file")));
        }
        if meta.len() > MAX_BYTES as u64 {
            return Err(FileProblem::new(format!("`{path}` is larger than 1 MiB")));
        }
        let bytes = std::fs::read(&real).map_err(|e| FileProblem::new(format!("`{path}` cannot be read: {e}")))?;
        Ok((FileRef { path, sha256: sha256_hex(&bytes) }, bytes))
    }

    /// A folder's normalized path.
    pub fn folder(&self, path: &str) -> Result<String, FileProblem> {
        let (path, real) = self.locate(path)?;
        if real.is_dir() { Ok(path) } else { Err(FileProblem::new(format!("`{path}` is not a folder"))) }
    }

    /// A file's or folder's normalized path.
    pub fn file_or_folder(&self, path: &str) -> Result<String, FileProblem> {
        self.locate(path).map(|(path, _)| path)
    }

    /// A path below the root without `.` and `..`, and the real path after symbolic links.
    fn locate(&self, given: &str) -> Result<(String, PathBuf), FileProblem> {
        let leaves = || FileProblem {
            message: format!("`{given}` is outside the repository"),
            hint: Some("paths are relative to the repository's root, the folder that contains `pipelines/`".into()),
        };
        if given.starts_with('/') {
            return Err(leaves());
        }
        let mut parts: Vec<&str> = Vec::new();
        for part in given.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop().ok_or_else(leaves)?;
                }
                part => parts.push(part),
            }
        }
        let path = if parts.is_empty() { ".".to_owned() } else { parts.join("/") };
        match self.0.join(&path).canonicalize() {
            Ok(real) if real.starts_with(&self.0) => Ok((path, real)),
            Ok(_) => Err(FileProblem {
                message: format!("`{given}` is outside the repository: a symbolic link leads there"),
                hint: Some("a release must not depend on files outside the repository".into()),
            }),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let below = || "paths are relative to the repository's root".to_owned();
                let hint = Some(self.near(&parts).unwrap_or_else(below));
                Err(FileProblem { message: format!("there is no `{path}` in the repository"), hint })
            }
            Err(e) => Err(FileProblem::new(format!("`{path}` cannot be read: {e}"))),
        }
    }

    /// The nearest name in the deepest folder that does exist.
    fn near(&self, parts: &[&str]) -> Option<String> {
        let mut folder = PathBuf::new();
        for (i, part) in parts.iter().enumerate() {
            if !self.0.join(&folder).join(part).exists() {
                let names: Vec<String> = std::fs::read_dir(self.0.join(&folder))
                    .ok()?
                    .filter_map(|e| e.ok()?.file_name().into_string().ok())
                    .collect();
                let near = folder.join(nearest::nearest(part, names.iter().map(String::as_str))?);
                let rest: PathBuf = parts[i + 1..].iter().collect();
                let whole = near.join(rest);
                let meant = if self.0.join(&whole).exists() { whole } else { near };
                return Some(format!("did you mean `{}`?", meant.display()));
            }
            folder.push(part);
        }
        None
    }
}
