//! Finds the pipeline file.

use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use crate::model::fault::Fault;
use crate::model::fault::file::{FileProblem, Oddity};

const FOLDER: &str = "pipelines";

/// The error for symbolic links in a circle; the standard library has no stable name for it.
const LOOP: i32 = rustix::io::Errno::LOOP.raw_os_error();

/// The given file, or the only one in `pipelines/` of this folder or of a folder above it in the same repository.
///
/// # Errors
/// `NotFound` where there is none, `Invalid` where there are several: what was found, and what to do.
pub fn find(cwd: &Path, given: Option<&Path>) -> Result<PathBuf, Fault> {
    match given {
        Some(given) => named(cwd, given),
        None => only(cwd),
    }
}

fn named(cwd: &Path, given: &Path) -> Result<PathBuf, Fault> {
    let path = cwd.join(given);
    if path.is_file() {
        return Ok(path);
    }
    let shown = given.display().to_string();
    if path.is_dir() {
        return Err(FileProblem::PipelineFolderNamed { path: shown, files: files_in(&path) }.into());
    }
    if let Some(odd) = oddity(&path) {
        return Err(odd.of(shown));
    }
    let siblings = path.parent().map(files_in).unwrap_or_default();
    Err(FileProblem::NoPipelineFile { path: shown, siblings }.into())
}

fn only(cwd: &Path) -> Result<PathBuf, Fault> {
    let Some(folder) = folder_for(cwd) else {
        let (folder, within) = (FOLDER.to_owned(), cwd.display().to_string());
        return Err(FileProblem::NoPipelineFolder { folder, within }.into());
    };
    let files = files_in(&folder);
    match files.as_slice() {
        [] => Err(none_in(&folder)),
        [file] => Ok(folder.join(file)),
        _ => Err(FileProblem::SeveralPipelineFiles { folder: folder.display().to_string(), files }.into()),
    }
}

fn none_in(folder: &Path) -> Fault {
    let shown = folder.display().to_string();
    let names = match names_in(folder) {
        Ok(names) => names,
        Err(e) => {
            return Fault::from(FileProblem::Unreadable { path: shown }).said(e.to_string());
        }
    };
    let odd = names.iter().find_map(|n| Some((n, oddity(&folder.join(n))?)));
    if let Some((name, odd)) = odd {
        return odd.of(folder.join(name).display().to_string());
    }
    FileProblem::NoneInFolder { folder: shown }.into()
}

/// What was found in place of a file, and the system's error where it cannot be read.
struct Odd(Oddity, Option<String>);

impl Odd {
    fn of(self, path: String) -> Fault {
        Fault { said: self.1, ..FileProblem::NotAPipelineFile { path, oddity: self.0 }.into() }
    }
}

/// What is in place of a file; `None`: a file, or nothing.
fn oddity(path: &Path) -> Option<Odd> {
    let own = std::fs::symlink_metadata(path);
    let linked = own.as_ref().is_ok_and(|m| m.file_type().is_symlink());
    let to = || std::fs::read_link(path).map(|to| to.display().to_string()).ok();
    let (odd, said) = match std::fs::metadata(path) {
        Ok(meta) if meta.is_file() => return None,
        Ok(meta) if meta.is_dir() => (Oddity::Folder, None),
        Ok(meta) if meta.file_type().is_fifo() => (Oddity::Fifo, None),
        Ok(meta) if meta.file_type().is_socket() => (Oddity::Socket, None),
        Ok(_) => (Oddity::Device, None),
        Err(e) if linked && e.kind() == std::io::ErrorKind::NotFound => (Oddity::BrokenLink { to: to() }, None),
        Err(e) if linked && e.raw_os_error() == Some(LOOP) => (Oddity::CircularLink { to: to() }, None),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return None,
        Err(e) => (Oddity::Unreadable, Some(e.to_string())),
    };
    Some(Odd(odd, said))
}

/// The nearest `pipelines/`, not looking beyond the repository.
fn folder_for(cwd: &Path) -> Option<PathBuf> {
    for folder in cwd.ancestors() {
        let candidate = folder.join(FOLDER);
        if candidate.is_dir() {
            return Some(candidate);
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}

fn files_in(folder: &Path) -> Vec<String> {
    let mut files = names_in(folder).unwrap_or_default();
    files.retain(|name| folder.join(name).is_file());
    files
}

/// The names that a pipeline file may have, whatever they are names of.
fn names_in(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names: Vec<String> = std::fs::read_dir(folder)?
        .filter_map(|e| e.ok()?.file_name().into_string().ok())
        .filter(|n| !n.starts_with('.') && (n.ends_with(".yaml") || n.ends_with(".yml")))
        .collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fault::FaultKind;
    use crate::model::fault::Problem;

    fn repository(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join(".git")).unwrap();
        for file in files {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "version: 1\n").unwrap();
        }
        dir
    }

    #[test]
    fn the_only_file_is_found_also_from_a_folder_below() {
        let dir = repository(&["pipelines/shop.yaml", "pipelines/examples/other.yaml", "src/deep/x.rs"]);
        let found = find(&dir.path().join("src/deep"), None).unwrap();
        assert_eq!(found, dir.path().join("pipelines/shop.yaml"));
    }

    #[test]
    fn several_files_are_reported_with_their_names() {
        let dir = repository(&["pipelines/shop.yaml", "pipelines/admin.yml"]);
        let fault = find(dir.path(), None).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Invalid);
        let (folder, files) =
            (dir.path().join("pipelines").display().to_string(), vec!["admin.yml".into(), "shop.yaml".into()]);
        assert_eq!(fault, FileProblem::SeveralPipelineFiles { folder, files }.into());
        assert!(find(dir.path(), Some(Path::new("pipelines/shop.yaml"))).is_ok());
    }

    #[test]
    fn files_outside_the_repository_are_not_found() {
        let dir = repository(&["pipelines/outer.yaml", "inner/.git/HEAD"]);
        let fault = find(&dir.path().join("inner"), None).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::NotFound);
        assert_eq!(fault.code(), "no-pipeline-folder");
    }

    #[test]
    fn what_is_not_a_file_is_reported_by_its_type() {
        let dir = repository(&[]);
        let folder = dir.path().join("pipelines");
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join("shop.yaml");
        let found = |clear: &dyn Fn()| {
            let only = find(dir.path(), None).unwrap_err();
            let named = find(dir.path(), Some(Path::new("pipelines/shop.yaml"))).unwrap_err();
            clear();
            assert_eq!((only.kind(), named.kind()), (FaultKind::Invalid, FaultKind::Invalid));
            let what = |fault: Fault| match fault.problem {
                Problem::File(FileProblem::NotAPipelineFile { path, oddity }) => (path, Some(oddity)),
                Problem::File(FileProblem::PipelineFolderNamed { path, .. }) => (path, None),
                other => panic!("{other:?}"),
            };
            let (only, named) = (what(only), what(named));
            assert_eq!(only.0, path.display().to_string());
            named.1
        };
        let unlink = || std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("gone.yaml", &path).unwrap();
        assert_eq!(found(&unlink), Some(Oddity::BrokenLink { to: Some("gone.yaml".into()) }));
        std::os::unix::fs::symlink("shop.yaml", &path).unwrap();
        assert_eq!(found(&unlink), Some(Oddity::CircularLink { to: Some("shop.yaml".into()) }));
        let socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert_eq!(found(&unlink), Some(Oddity::Socket));
        drop(socket);
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        assert_eq!(found(&unlink), Some(Oddity::Fifo));
        std::fs::create_dir(&path).unwrap();
        assert_eq!(found(&|| std::fs::remove_dir(&path).unwrap()), None, "a folder");
    }

    #[test]
    fn a_missing_file_is_reported_with_the_files_beside_it() {
        let dir = repository(&["pipelines/shop.yaml"]);
        let fault = find(dir.path(), Some(Path::new("pipelines/shob.yaml"))).unwrap_err();
        let (path, siblings) = ("pipelines/shob.yaml".to_owned(), vec!["shop.yaml".to_owned()]);
        assert_eq!(fault, FileProblem::NoPipelineFile { path, siblings }.into());
        let fault = find(dir.path(), Some(Path::new("pipelines"))).unwrap_err();
        assert_eq!(fault.code(), "folder-named-as-pipeline-file");
    }
}
