//! Which builder this machine has.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::image::env::Env;
use crate::model::fault::{Fault, FaultKind};
use crate::model::pipeline::Tool;
use crate::outside::run::{self, End, Limits};

/// A daemon that does not answer a version request by then is taken for dead.
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
/// `ToolMissing`, saying what was looked for, where, and what was the matter with each.
pub async fn choose(tool: Tool, env: &Env) -> Result<Builder, Fault> {
    let candidates: &[Found] = match tool {
        Tool::Auto => &ORDER,
        Tool::Docker => &[Found::Docker],
        Tool::Buildah => &[Found::Buildah],
        Tool::Podman => &[Found::Podman],
        Tool::Finch => &[Found::Finch],
    };
    let mut why = Vec::new();
    for kind in candidates {
        match usable(*kind, env).await {
            Ok(program) => return Ok(Builder { kind: *kind, program }),
            Err(reason) => why.push(format!("{}: {reason}", kind.name())),
        }
    }
    let names: Vec<&str> = candidates.iter().map(|k| k.name()).collect();
    let path = env.get("PATH").map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
    Err(Fault::new(FaultKind::ToolMissing, format!("no builder for a Dockerfile: looked for {}", names.join(", ")))
        .cause(format!("{} (PATH is {path})", why.join("; ")))
        .hint("install one of them or start its daemon; `layers` needs none"))
}

async fn usable(kind: Found, env: &Env) -> Result<PathBuf, String> {
    let program = env.find_program(kind.name()).ok_or("not in PATH")?;
    if kind == Found::Docker {
        daemon_answers(&program, env).await?;
    }
    Ok(program)
}

async fn daemon_answers(program: &PathBuf, env: &Env) -> Result<(), String> {
    let mut command = Command::new(program);
    command.args(["version", "--format", "{{.Server.Version}}"]).envs(env.overrides());
    let output = run::output(command, None, DAEMON).await.map_err(|e| e.to_string())?;
    if output.end == End::TimedOut {
        return Err(format!("its daemon did not answer in {} s", DAEMON.time.as_secs()));
    }
    if output.succeeded() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.err);
    Err(said.lines().rfind(|l| !l.trim().is_empty()).unwrap_or("its daemon does not answer").trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;

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
    async fn a_docker_without_daemon_is_passed_over() {
        let (_dir, env) = machine(&[("docker", "exit 1"), ("podman", "")]);
        assert_eq!(choose(Tool::Auto, &env).await.unwrap().kind, Found::Podman);
    }

    #[tokio::test]
    async fn what_was_looked_for_is_said() {
        let (dir, env) = machine(&[("docker", "echo 'Cannot connect to the daemon' >&2; exit 1")]);
        let fault = choose(Tool::Auto, &env).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::ToolMissing);
        assert!(fault.told_sentence().ends_with("looked for docker, buildah, podman, finch"), "{fault}");
        let cause = fault.told_cause().unwrap();
        assert!(cause.contains("docker: Cannot connect to the daemon; buildah: not in PATH"), "{cause}");
        assert!(cause.contains(&dir.path().display().to_string()), "{cause}");
    }

    #[tokio::test]
    async fn the_one_named_is_the_only_one() {
        let (_dir, env) = machine(&[("docker", "exit 0")]);
        let fault = choose(Tool::Buildah, &env).await.unwrap_err();
        assert!(fault.told_sentence().ends_with("looked for buildah"), "{fault}");
    }
}
