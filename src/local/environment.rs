//! The environment of a check's command: the caller's, without what gives access to AWS.

use std::process::Command;

/// Variables with this prefix configure AWS's own tools; most of them are credentials or lead to some.
const OF_AWS: &str = "AWS_";
/// Those of them that are not and do not.
const HARMLESS: [&str; 5] =
    ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"];
/// What GitHub gives a job that may sign in by web identity.
const OF_WEB_IDENTITY: &str = "ACTIONS_ID_TOKEN_REQUEST_";
/// These keep the tools from looking for credentials by themselves.
const NOWHERE: [(&str, &str); 3] = [
    ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ("AWS_CONFIG_FILE", "/dev/null"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
];

/// Gives a command its environment. `vars` win over everything: the release's own, and the credentials of the account that the file
/// names for it.
pub fn prepare(command: &mut Command, vars: &[(String, String)]) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let gives_access = text.starts_with(OF_AWS) && !HARMLESS.contains(&text.as_ref());
        if gives_access || text.starts_with(OF_WEB_IDENTITY) {
            command.env_remove(&name);
        }
    }
    command.envs(NOWHERE).envs(vars.iter().map(|(name, value)| (name, value)));
}

/// Whether a variable that a command is given holds something that it must not print.
pub fn is_secret(name: &str) -> bool {
    ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].contains(&name)
}
