//! A private folder for logins and layers, gone when it is dropped.

use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::model::fault::{Fault, FaultKind};
use crate::ports::clock::Clock;

/// A folder that only this user can enter.
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// # Errors
    /// `BuildFailed` where the system's temporary folder cannot be written.
    pub fn new(clock: &dyn Clock) -> Result<Scratch, Fault> {
        let parent = std::env::temp_dir();
        let path = parent.join(format!("kanmon-{}-{}", std::process::id(), clock.token(16)));
        // `create` fails on a folder that somebody else prepared.
        std::fs::DirBuilder::new().mode(0o700).create(&path).map_err(|e| {
            Fault::new(FaultKind::BuildFailed, format!("no temporary folder can be made in {}", parent.display()))
                .cause(e.to_string())
                .hint("point TMPDIR to a folder that can be written")
        })?;
        Ok(Scratch { path })
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
            .map_err(|e| io_fault("could not be written", &path, &e))?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(e) = std::fs::remove_dir_all(&self.path) {
            tracing::warn!(path = %self.path.display(), error = %e, "a temporary folder could not be removed");
        }
    }
}

/// A file of ours that could not be used.
pub fn io_fault(what: &str, path: &Path, error: &std::io::Error) -> Fault {
    Fault::new(FaultKind::BuildFailed, format!("{} {what}", path.display())).cause(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::image::testing::FixedClock;

    #[test]
    fn only_the_user_can_read_it_and_it_goes_when_dropped() {
        let scratch = Scratch::new(&FixedClock).unwrap();
        let file = scratch.write("config.json", b"{}").unwrap();
        assert_eq!(std::fs::metadata(scratch.path()).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let path = scratch.path().to_owned();
        drop(scratch);
        assert!(!path.exists());
    }
}
