//! A private folder for logins and layers, gone when it is dropped.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use crate::model::fault::Fault;
use crate::model::fault::file::{FileProblem, Use};
use crate::ports::clock::Clock;

/// What the names of these folders begin with.
const NAME: &str = "kanmon-";
/// Locked while its process runs: the system unlocks it even after a process that was killed.
const LOCK: &str = "lock";
/// Longer than it takes to lock a folder after it was made.
const SETTLED: Duration = Duration::from_secs(60);

/// Those of this process that are still there.
static OPEN: LazyLock<Mutex<BTreeSet<PathBuf>>> = LazyLock::new(Mutex::default);

/// A folder that only this user can enter.
pub struct Scratch {
    path: PathBuf,
    /// Unlocked when it is dropped.
    _lock: File,
}

impl Scratch {
    /// # Errors
    /// `BuildFailed` where the system's temporary folder cannot be written.
    pub fn new(clock: &dyn Clock) -> Result<Scratch, Fault> {
        let parent = std::env::temp_dir();
        let path = parent.join(format!("{NAME}{}-{}", std::process::id(), clock.token(16)));
        // `create` fails on a folder that somebody else prepared.
        std::fs::DirBuilder::new().mode(0o700).create(&path).map_err(|e| {
            Fault::from(FileProblem::NoTemporaryFolder { parent: parent.display().to_string() }).said(e.to_string())
        })?;
        let lock = path.join(LOCK);
        let lock = File::create_new(&lock)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(|e| io_fault(Use::Make, &lock, &e))?;
        OPEN.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone());
        sweep(&parent, &path, SETTLED);
        Ok(Scratch { path, _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file that only this user can read, and answers its path.
    ///
    /// # Errors
    /// `BuildFailed` where it cannot be written.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<PathBuf, Fault> {
        use std::io::Write;
        let path = self.path.join(name);
        std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut f| f.write_all(content))
            .map_err(|e| io_fault(Use::Write, &path, &e))?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        OPEN.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.path);
        remove(&self.path);
    }
}

/// Removes the folders that this process still has, for one that exits without unwinding: there are logins in them.
pub fn clear() {
    for path in std::mem::take(&mut *OPEN.lock().unwrap_or_else(PoisonError::into_inner)) {
        remove(&path);
    }
}

fn remove(path: &Path) {
    if let Err(e) = std::fs::remove_dir_all(path) {
        tracing::warn!(path = %path.display(), error = %e, "a temporary folder could not be removed");
    }
}

/// Removes what killed processes of this user left behind.
fn sweep(parent: &Path, ours: &Path, settled: Duration) {
    let (Ok(own), Ok(entries)) = (std::fs::symlink_metadata(ours), std::fs::read_dir(parent)) else { return };
    for path in entries.flatten().filter(|e| e.file_name().to_string_lossy().starts_with(NAME)).map(|e| e.path()) {
        let Ok(meta) = std::fs::symlink_metadata(&path) else { continue };
        let old = meta.modified().is_ok_and(|m| m.elapsed().is_ok_and(|age| age >= settled));
        if !meta.is_dir() || meta.uid() != own.uid() || !old {
            continue;
        }
        // A folder without a lock file is not one of kanmon's.
        let Ok(lock) = File::options().write(true).open(path.join(LOCK)) else { continue };
        match lock.try_lock() {
            Ok(()) => remove(&path),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
}

/// A file of ours that could not be used.
pub fn io_fault(cannot: Use, path: &Path, error: &std::io::Error) -> Fault {
    Fault::from(FileProblem::Unusable { path: path.display().to_string(), cannot }).said(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::image::testing::FixedClock;

    #[test]
    fn only_the_user_can_read_it_and_it_is_removed_when_dropped() {
        let scratch = Scratch::new(&FixedClock).unwrap();
        let file = scratch.write("config.json", b"{}").unwrap();
        assert_eq!(std::fs::metadata(scratch.path()).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let path = scratch.path().to_owned();
        drop(scratch);
        assert!(!path.exists());
    }

    #[test]
    fn folders_of_killed_processes_are_removed_and_others_stay() {
        let parent = tempfile::tempdir().unwrap();
        let folder = |name: &str, locked: bool| {
            let path = parent.path().join(name);
            std::fs::create_dir(&path).unwrap();
            std::fs::write(path.join("auth.json"), "a login").unwrap();
            locked.then(|| File::create_new(path.join(LOCK)).unwrap())
        };
        let used = folder("kanmon-1-a", true).unwrap();
        used.lock().unwrap();
        drop(folder("kanmon-2-b", true));
        folder("kanmon-notes", false);
        drop(folder("other-3", true));
        sweep(parent.path(), parent.path(), Duration::from_secs(3600));
        assert!(parent.path().join("kanmon-2-b").exists(), "it may be about to be locked");
        sweep(parent.path(), parent.path(), Duration::ZERO);
        let mut left: Vec<_> = std::fs::read_dir(parent.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["kanmon-1-a", "kanmon-notes", "other-3"]);
    }
}
