//! Which builder this machine has.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::image::env::Env;
use crate::model::fault::Fault;
use crate::model::fault::build::{BuildProblem, BuilderTrouble, LookedFor};
use crate::model::pipeline::Tool;
use crate::outside::run::{self, End, Limits};

/// A daemon that does not answer a version request by then counts as not running.
const DAEMON: Limits = Limits { time: Duration::from_secs(20), bytes: 64 << 10 };

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    Docker,
    Buildah,
    Podman,
    Finch,
}

/// The order under `auto`: the daemon that most people have, then those that need none, then the one that needs a machine.
const ORDER: [Found; 4] = [Found::Docker, Found::Buildah, Found::Podman, Found::Finch];

/// A builder that can be run.
#[derive(Debug)]
pub struct Builder {
    pub kind: Found,
    pub program: PathBuf,
}

impl Found {
    pub fn name(self) -> &'static str {
        match self {
            Found::Docker => "docker",
            Found::Buildah => "buildah",
            Found::Podman => "podman",
            Found::Finch => "finch",
        }
    }
}

impl Builder {
    pub fn name(&self) -> &'static str {
        self.kind.name()
    }
}

/// The builder named, or the first that is there; docker counts only with a daemon that answers.
///
/// # Errors
/// `ToolMissing`, with what was looked for, where, and what is wrong with each.
pub async fn choose(tool: Tool, env: &Env) -> Result<Builder, Fault> {
    let candidates: &[Found] = match tool {
        Tool::Auto => &ORDER,
        Tool::Docker => &[Found::Docker],
        Tool::Buildah => &[Found::Buildah],
        Tool::Podman => &[Found::Podman],
        Tool::Finch => &[Found::Finch],
    };
    let mut looked_for = Vec::new();
    for kind in candidates {
        match usable(*kind, env).await {
            Ok(program) => return Ok(Builder { kind: *kind, program }),
            Err(trouble) => looked_for.push(LookedFor { name: kind.name().to_owned(), trouble }),
        }
    }
    let path = env.get("PATH").map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
    Err(BuildProblem::NoBuilder { looked_for, path }.into())
}

async fn usable(kind: Found, env: &Env) -> Result<PathBuf, BuilderTrouble> {
    let program = env.find_program(kind.name()).ok_or(BuilderTrouble::NotInPath)?;
    if kind == Found::Docker {
        daemon_answers(&program, env).await?;
    }
    Ok(program)
}

async fn daemon_answers(program: &PathBuf, env: &Env) -> Result<(), BuilderTrouble> {
    let silent = |said: Option<String>| BuilderTrouble::NoDaemon { said };
    let mut command = Command::new(program);
    command.args(["version", "--format", "{{.Server.Version}}"]).envs(env.overrides());
    let output = run::output(command, None, DAEMON).await.map_err(|e| silent(Some(e.to_string())))?;
    if output.end == End::TimedOut {
        return Err(BuilderTrouble::DaemonTooSlow { seconds: DAEMON.time.as_secs() });
    }
    if output.succeeded() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.err);
    Err(silent(said.lines().rfind(|l| !l.trim().is_empty()).map(|line| line.trim().to_owned())))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;
    use crate::model::fault::FaultKind;

    fn install(dir: &Path, name: &str, script: &str) {
        let path = dir.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    fn machine(tools: &[(&str, &str)]) -> (tempfile::TempDir, Env) {
        let dir = tempfile::tempdir().unwrap();
        for (name, script) in tools {
            install(dir.path(), name, script);
        }
        let mut env = Env::empty();
        env.set("PATH", dir.path());
        (dir, env)
    }

    #[tokio::test]
    async fn docker_comes_first_where_its_daemon_answers() {
        let (_dir, env) = machine(&[("docker", "exit 0"), ("buildah", "")]);
        assert_eq!(choose(Tool::Auto, &env).await.unwrap().kind, Found::Docker);
    }

    #[tokio::test]
    async fn docker_without_a_daemon_is_skipped() {
        let (_dir, env) = machine(&[("docker", "exit 1"), ("podman", "")]);
        assert_eq!(choose(Tool::Auto, &env).await.unwrap().kind, Found::Podman);
    }

    #[tokio::test]
    async fn the_builders_that_were_looked_for_are_reported() {
        let (dir, env) = machine(&[("docker", "echo 'Cannot connect to the daemon' >&2; exit 1")]);
        let fault = choose(Tool::Auto, &env).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::ToolMissing);
        let looked_for = |name: &str, trouble| LookedFor { name: name.to_owned(), trouble };
        let said = Some("Cannot connect to the daemon".to_owned());
        let docker = looked_for("docker", BuilderTrouble::NoDaemon { said });
        let others = ["buildah", "podman", "finch"].map(|name| looked_for(name, BuilderTrouble::NotInPath));
        let looked_for = std::iter::once(docker).chain(others).collect();
        assert_eq!(fault, BuildProblem::NoBuilder { looked_for, path: dir.path().display().to_string() }.into());
    }

    #[tokio::test]
    async fn the_one_named_is_the_only_one() {
        let (dir, env) = machine(&[("docker", "exit 0")]);
        let fault = choose(Tool::Buildah, &env).await.unwrap_err();
        let looked_for = vec![LookedFor { name: "buildah".to_owned(), trouble: BuilderTrouble::NotInPath }];
        assert_eq!(fault, BuildProblem::NoBuilder { looked_for, path: dir.path().display().to_string() }.into());
    }
}
