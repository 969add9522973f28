//! Which login a registry was asked with, or why without one, as data. `report` writes the words.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "kebab-case")]
pub enum RegistryLogin {
    /// A credential helper's.
    Helper {
        username: String,
        helper: String,
    },
    /// Of Docker's configuration file.
    File {
        username: String,
        file: String,
    },
    None {
        why: NoLogin,
    },
}

/// Why there is no login for a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum NoLogin {
    /// Neither `DOCKER_CONFIG` nor `HOME` is set.
    NoFolder,
    NoFile {
        file: String,
    },
    FileUnreadable {
        file: String,
        why: FileFlaw,
    },
    NotInFile {
        file: String,
        host: String,
    },
    /// The file has an entry, by this key, that cannot be used.
    EntryUnusable {
        file: String,
        key: String,
        why: EntryFlaw,
    },
    Helper {
        helper: String,
        why: HelperProblem,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum FileFlaw {
    /// The system's own words.
    System {
        said: String,
    },
    /// The JSON reader's own words.
    NotJson {
        said: String,
    },
    NotAnObject,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryFlaw {
    /// It is for a token server's OAuth exchange, and not a password.
    IdentityToken,
    /// Its `auth` is not USER:PASSWORD in base64.
    NotEncoded,
    NoUserAndPassword,
}

/// Why a credential helper gave no login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum HelperProblem {
    InvalidName,
    NotInPath,
    /// The system's own words.
    NotStarted {
        said: String,
    },
    TimedOut {
        seconds: u64,
    },
    Failed {
        status: String,
    },
    /// The helper's own words.
    Refused {
        said: String,
    },
    /// It has none for this registry.
    HasNone {
        key: String,
    },
    NotJson,
    NoUserAndSecret,
    IdentityToken,
}
