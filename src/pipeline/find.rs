//! Which pipeline file is meant.

use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use crate::model::fault::{Fault, FaultKind};
use crate::model::nearest;

const FOLDER: &str = "pipelines";

/// What the system says of links in a circle; the standard library has no stable name for it.
const LOOP: i32 = rustix::io::Errno::LOOP.raw_os_error();

/// The file that was given, or the only one in `pipelines/` of this folder or of one above it in the same repository.
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
    let shown = given.display();
    if path.is_dir() {
        return Err(Fault::new(FaultKind::Invalid, format!("`{shown}` is a folder, not a pipeline file"))
            .hint(format!("name one of its files with --pipeline: {}", listed(&files_in(&path)))));
    }
    if let Some(what) = oddity(&path) {
        return Err(Fault::new(FaultKind::Invalid, format!("`{shown}` is {what}, not a pipeline file")));
    }
    let fault = Fault::new(FaultKind::NotFound, format!("there is no pipeline file `{shown}`"));
    let siblings = path.parent().map(files_in).unwrap_or_default();
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    Err(match nearest::hint(name, siblings.iter().map(String::as_str)) {
        Some(hint) => fault.hint(hint),
        None => fault,
    })
}

fn only(cwd: &Path) -> Result<PathBuf, Fault> {
    let Some(folder) = folder_for(cwd) else {
        return Err(Fault::new(
            FaultKind::NotFound,
            format!("there is no folder `{FOLDER}/` in {} or above it", cwd.display()),
        )
        .hint("write a pipeline file into pipelines/, or name one with --pipeline FILE"));
    };
    let files = files_in(&folder);
    match files.as_slice() {
        [] => Err(none_in(&folder)),
        [file] => Ok(folder.join(file)),
        several => Err(Fault::new(
            FaultKind::Invalid,
            format!("there are {} pipeline files in {}: {}", several.len(), folder.display(), listed(several)),
        )
        .hint(format!("say which: --pipeline {FOLDER}/{}", several[0]))),
    }
}

fn none_in(folder: &Path) -> Fault {
    let shown = folder.display();
    let names = match names_in(folder) {
        Ok(names) => names,
        Err(e) => {
            return Fault::new(FaultKind::Invalid, format!("{shown} cannot be read")).cause(e.to_string());
        }
    };
    let odd = names.iter().find_map(|n| Some((n, oddity(&folder.join(n))?)));
    if let Some((name, what)) = odd {
        return Fault::new(
            FaultKind::Invalid,
            format!("{} is {what}, not a pipeline file", folder.join(name).display()),
        );
    }
    Fault::new(FaultKind::NotFound, format!("there is no pipeline file in {shown}"))
        .hint("write one (NAME.yaml), or name one elsewhere with --pipeline FILE")
}

/// What stands where a file is looked for, if it is there and no file.
fn oddity(path: &Path) -> Option<String> {
    let own = std::fs::symlink_metadata(path);
    let linked = own.as_ref().is_ok_and(|m| m.file_type().is_symlink());
    let to = || std::fs::read_link(path).map(|to| format!(" to {}", to.display())).unwrap_or_default();
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_file() => None,
        Ok(meta) => {
            let kind = meta.file_type();
            Some(if meta.is_dir() {
                "a folder".to_owned()
            } else if kind.is_fifo() {
                "a named pipe (FIFO)".to_owned()
            } else if kind.is_socket() {
                "a socket".to_owned()
            } else {
                "a device".to_owned()
            })
        }
        Err(e) if linked && e.kind() == std::io::ErrorKind::NotFound => {
            Some(format!("a symbolic link{} that leads nowhere", to()))
        }
        Err(e) if linked && e.raw_os_error() == Some(LOOP) => {
            Some(format!("a symbolic link{} that leads in a circle", to()))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
        Err(e) => Some(format!("something that cannot be read ({e})")),
    }
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

/// The names that pipeline files have, whatever stands there.
fn names_in(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names: Vec<String> = std::fs::read_dir(folder)?
        .filter_map(|e| e.ok()?.file_name().into_string().ok())
        .filter(|n| !n.starts_with('.') && (n.ends_with(".yaml") || n.ends_with(".yml")))
        .collect();
    names.sort();
    Ok(names)
}

fn listed(files: &[String]) -> String {
    if files.is_empty() { "there is none".into() } else { files.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn two_files_are_named_and_left_to_choose_from() {
        let dir = repository(&["pipelines/shop.yaml", "pipelines/admin.yml"]);
        let fault = find(dir.path(), None).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Invalid);
        assert!(fault.told_sentence().ends_with("admin.yml, shop.yaml"), "{fault}");
        assert_eq!(fault.told_hint().unwrap(), "say which: --pipeline pipelines/admin.yml");
        assert!(find(dir.path(), Some(Path::new("pipelines/shop.yaml"))).is_ok());
    }

    #[test]
    fn no_file_says_where_was_looked_and_does_not_look_beyond_the_repository() {
        let dir = repository(&["pipelines/outer.yaml", "inner/.git/HEAD"]);
        let fault = find(&dir.path().join("inner"), None).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::NotFound);
        assert!(fault.told_sentence().starts_with("there is no folder `pipelines/`"), "{fault}");
    }

    #[test]
    fn what_is_no_file_is_named_as_what_it_is() {
        let dir = repository(&[]);
        let folder = dir.path().join("pipelines");
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join("shop.yaml");
        let said = |clear: &dyn Fn()| {
            let only = find(dir.path(), None).unwrap_err();
            let named = find(dir.path(), Some(Path::new("pipelines/shop.yaml"))).unwrap_err();
            clear();
            assert_eq!((only.kind(), named.kind()), (FaultKind::Invalid, FaultKind::Invalid));
            assert!(only.told_sentence().starts_with(&format!("{} is ", path.display())), "{only}");
            named.told_sentence()
        };
        let unlink = || std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("gone.yaml", &path).unwrap();
        assert!(said(&unlink).contains("a symbolic link to gone.yaml that leads nowhere"));
        std::os::unix::fs::symlink("shop.yaml", &path).unwrap();
        assert!(said(&unlink).contains("a symbolic link to shop.yaml that leads in a circle"));
        let socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert!(said(&unlink).contains("a socket"));
        drop(socket);
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success() && said(&unlink).contains("a named pipe (FIFO)"));
        std::fs::create_dir(&path).unwrap();
        assert!(said(&|| std::fs::remove_dir(&path).unwrap()).contains("is a folder"));
    }

    #[test]
    fn a_file_that_is_not_there_hints_at_the_one_that_is() {
        let dir = repository(&["pipelines/shop.yaml"]);
        let fault = find(dir.path(), Some(Path::new("pipelines/shob.yaml"))).unwrap_err();
        assert_eq!(fault.told_hint().unwrap(), "did you mean `shop.yaml`?");
        let fault = find(dir.path(), Some(Path::new("pipelines"))).unwrap_err();
        assert!(fault.told_sentence().contains("is a folder"));
    }
}
