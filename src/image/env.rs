//! The user's environment, taken once, so that what is looked up and what builders are given is the same.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::model::secrets::Secrets;
use crate::outside::program;

/// Environment variables, with those that were set on top of the process's own.
#[derive(Clone)]
pub struct Env {
    inherited: BTreeMap<OsString, OsString>,
    set: BTreeMap<OsString, OsString>,
}

impl Env {
    /// The process's own variables.
    pub fn of_process() -> Env {
        Env { inherited: std::env::vars_os().collect(), set: BTreeMap::new() }
    }

    /// Nothing at all.
    #[cfg(test)]
    pub fn empty() -> Env {
        Env { inherited: BTreeMap::new(), set: BTreeMap::new() }
    }

    pub fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.set.insert(name.into(), value.into());
    }

    /// A variable that is there and not empty.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        let name = OsStr::new(name);
        self.set.get(name).or_else(|| self.inherited.get(name)).map(OsString::as_os_str).filter(|v| !v.is_empty())
    }

    /// What was set on top: what a child process needs beyond inheriting.
    pub fn overrides(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.set.iter().map(|(k, v)| (k.as_os_str(), v.as_os_str()))
    }

    /// Those of its values that builders must not repeat to everybody.
    pub fn secrets(&self) -> Secrets {
        let all = self.inherited.iter().chain(&self.set);
        Secrets::of_environment(all.map(|(name, value)| (name.to_string_lossy(), value.to_string_lossy())))
    }

    /// The first executable file of this name in `PATH`.
    pub fn find_program(&self, name: &str) -> Option<PathBuf> {
        program::in_path(name, self.get("PATH"))
    }

    /// Where Docker's client keeps its configuration: `DOCKER_CONFIG`, or `.docker` at home.
    pub fn docker_config_dir(&self) -> Option<PathBuf> {
        match self.get("DOCKER_CONFIG") {
            Some(dir) => Some(dir.into()),
            None => self.get("HOME").map(|home| Path::new(home).join(".docker")),
        }
    }

    /// The files in which buildah, podman and skopeo look for logins, the strongest first (containers-auth.json(5)).
    pub fn containers_auth_files(&self) -> Vec<PathBuf> {
        if let Some(file) = self.get("REGISTRY_AUTH_FILE") {
            return vec![file.into()];
        }
        let runtime = self.get("XDG_RUNTIME_DIR").map(|d| Path::new(d).join("containers/auth.json"));
        let home = self.get("HOME").map(|d| Path::new(d).join(".config/containers/auth.json"));
        runtime.into_iter().chain(home).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_the_first_executable_in_path() {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(a.path().join("tool"), "not executable").unwrap();
        let tool = b.path().join("tool");
        std::fs::write(&tool, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&tool, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let mut env = Env::empty();
        env.set("PATH", std::env::join_paths([a.path(), b.path()]).unwrap());
        assert_eq!(env.find_program("tool"), Some(tool));
        assert_eq!(env.find_program("other"), None);
    }

    #[test]
    fn docker_config_wins_over_home() {
        let mut env = Env::empty();
        assert_eq!(env.docker_config_dir(), None);
        env.set("HOME", "/home/somebody");
        assert_eq!(env.docker_config_dir(), Some("/home/somebody/.docker".into()));
        env.set("DOCKER_CONFIG", "/etc/elsewhere");
        assert_eq!(env.docker_config_dir(), Some("/etc/elsewhere".into()));
    }
}
