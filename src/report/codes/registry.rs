//! The codes of registries, their logins and what they hold.

use super::family::Family;

/// All of them, in the order in which they are shown.
pub const FAMILIES: &[Family] = &[NOT_COPIED, LOGINS, LOGIN_FILES, LOGIN_HELPERS, MANIFESTS];

pub const NOT_COPIED: Family = Family {
    heading: "Why something attached to an image was not copied with it (not_copied)",
    codes: &[
        ("too-many-together", "more manifests refer to it than are copied with one image"),
        ("too-many", "more manifests refer to one manifest than are copied"),
        ("runnable", "a runtime could run it, and no gate judges it"),
        ("too-large", "it is too large"),
        ("refused", "a registry refused it; `fault` says why"),
    ],
};

pub const LOGINS: Family = Family {
    heading: "Why a registry was used without a login (login.why.code)",
    codes: &[
        ("no-folder", "neither DOCKER_CONFIG nor HOME is set"),
        ("no-file", "Docker's configuration file does not exist"),
        ("file-unreadable", "Docker's configuration file cannot be read"),
        ("not-in-file", "Docker's configuration file has no login for the registry"),
        ("entry-unusable", "the registry's entry in Docker's configuration file cannot be used"),
        ("helper", "the credential helper gave no login"),
    ],
};

pub const LOGIN_FILES: Family = Family {
    heading: "Why Docker's configuration file cannot be read (login.why.why.code)",
    codes: &[
        ("system", "the operating system reports an error"),
        ("not-json", "it is not valid JSON"),
        ("not-an-object", "it is not a JSON object"),
    ],
};

pub const LOGIN_HELPERS: Family = Family {
    heading: "Why a credential helper gave no login (login.why.why.code)",
    codes: &[
        ("invalid-name", "its name is not valid"),
        ("not-in-path", "it is not in PATH"),
        ("not-started", "it cannot be run"),
        ("timed-out", "it did not answer in time"),
        ("failed", "it failed without a message"),
        ("refused", "it failed with a message"),
        ("has-none", "it has no login for the registry"),
        ("not-json", "it did not answer with JSON"),
        ("no-user-and-secret", "it answered without a user and a secret"),
        ("identity-token", "it answered with an identity token, which is not a password"),
    ],
};

pub const MANIFESTS: Family = Family {
    heading: "Why something is not an image manifest (fault.why.code)",
    codes: &[
        ("not-json", "it is not valid JSON"),
        ("schema-version", "its schema version is not 2"),
        ("names-nothing", "it names neither manifests nor a configuration with layers"),
    ],
};
