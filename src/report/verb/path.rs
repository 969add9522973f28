//! Files and folders of the command line that the system does not give.

use std::fmt::Display;
use std::path::Path;

use crate::report::words::Words;

pub fn unreadable(path: &Path, error: impl Display) -> Words {
    Words::new(format!("{} cannot be read", path.display())).cause(error.to_string())
}

pub fn unwritable(path: &Path, error: impl Display) -> Words {
    Words::new(format!("{} cannot be written", path.display())).cause(error.to_string())
}

/// A folder cannot be created.
pub fn not_created(path: &Path, error: impl Display) -> Words {
    Words::new(format!("{} cannot be created", path.display())).cause(error.to_string())
}

pub fn no_current_folder(error: impl Display) -> Words {
    Words::new(format!("there is no current folder: {error}"))
}
