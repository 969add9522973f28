//! Keeping kanmon's state out of build contexts, beside what the user's own ignore file says and without touching it.

use std::path::{Path, PathBuf};

use crate::image::scratch::{Scratch, io_fault};
use crate::model::fault::Fault;
use crate::model::fault::file::Use;

/// kanmon's own state, in the repository's root.
const STATE: &str = ".kanmon";

/// Whether the state would be part of a build context.
pub fn is_needed(context: &Path) -> bool {
    context.join(STATE).exists()
}

/// Whether the context's own `.dockerignore` names the state (or everything) outright.
pub fn is_ignored(context: &Path) -> bool {
    let text = std::fs::read_to_string(context.join(".dockerignore")).unwrap_or_default();
    text.lines().any(|l| [STATE, "*", "**"].contains(&l.trim().trim_start_matches('/').trim_end_matches('/')))
}

/// An ignore file for buildah and podman (`--ignorefile`), where one is needed.
///
/// # Errors
/// `BuildFailed` where the user's cannot be read or ours not written.
pub fn for_containers(scratch: &Scratch, context: &Path, dockerfile: &Path) -> Result<Option<PathBuf>, Fault> {
    if !is_needed(context) {
        return Ok(None);
    }
    let own = [
        beside(dockerfile, ".containerignore"),
        beside(dockerfile, ".dockerignore"),
        context.join(".containerignore"),
        context.join(".dockerignore"),
    ];
    scratch.write("ignore", with_state(&own)?.as_bytes()).map(Some)
}

/// A copy of the Dockerfile with an ignore file beside it, which BuildKit prefers to the context's own; the Dockerfile itself
/// where nothing is needed.
///
/// # Errors
/// `BuildFailed` where the user's cannot be read or ours not written.
pub fn for_buildkit(scratch: &Scratch, context: &Path, dockerfile: &Path) -> Result<PathBuf, Fault> {
    if !is_needed(context) {
        return Ok(dockerfile.to_owned());
    }
    let own = [beside(dockerfile, ".dockerignore"), context.join(".dockerignore")];
    scratch.write("Dockerfile.dockerignore", with_state(&own)?.as_bytes())?;
    let text = std::fs::read(dockerfile).map_err(|e| io_fault(Use::Read, dockerfile, &e))?;
    scratch.write("Dockerfile", &text)
}

fn beside(dockerfile: &Path, suffix: &str) -> PathBuf {
    let mut name = dockerfile.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The first of these files that is there, with the state ignored last, so that no exception of the user's brings it back.
fn with_state(candidates: &[PathBuf]) -> Result<String, Fault> {
    for path in candidates {
        match std::fs::read_to_string(path) {
            Ok(text) => return Ok(format!("{text}\n{STATE}\n")),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(io_fault(Use::Read, path, &e)),
        }
    }
    Ok(format!("{STATE}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::FixedClock;

    fn context(with_state: bool) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("Dockerfile"), "FROM scratch\n").unwrap();
        std::fs::write(dir.path().join(".dockerignore"), "*\n!src").unwrap();
        if with_state {
            std::fs::create_dir(dir.path().join(STATE)).unwrap();
        }
        dir
    }

    #[test]
    fn the_users_patterns_come_first_and_the_state_last() {
        let (dir, scratch) = (context(true), Scratch::new(&FixedClock).unwrap());
        let dockerfile = dir.path().join("Dockerfile");
        let file = for_containers(&scratch, dir.path(), &dockerfile).unwrap().unwrap();
        assert_eq!(std::fs::read_to_string(file).unwrap(), "*\n!src\n.kanmon\n");
        std::fs::write(dir.path().join("Dockerfile.dockerignore"), "own").unwrap();
        let copied = for_buildkit(&scratch, dir.path(), &dockerfile).unwrap();
        assert_eq!(std::fs::read_to_string(&copied).unwrap(), "FROM scratch\n");
        assert_eq!(std::fs::read_to_string(beside(&copied, ".dockerignore")).unwrap(), "own\n.kanmon\n");
    }

    #[test]
    fn without_state_no_ignore_file_is_made() {
        let (dir, scratch) = (context(false), Scratch::new(&FixedClock).unwrap());
        let dockerfile = dir.path().join("Dockerfile");
        assert_eq!(for_containers(&scratch, dir.path(), &dockerfile).unwrap(), None);
        assert_eq!(for_buildkit(&scratch, dir.path(), &dockerfile).unwrap(), dockerfile);
    }
}
