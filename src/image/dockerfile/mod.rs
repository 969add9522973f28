//! Dockerfiles, by the tools that build them: docker, buildah, podman, finch.

mod auth;
mod buildah;
mod docker;
mod ignore;
mod run;
mod tools;

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use self::run::Runner;
use self::tools::Found;
use super::env::Env;
use super::registry::Repository;
use super::scratch::Scratch;
use crate::model::fault::Fault;
use crate::model::fault::file::{FileProblem, Role};
use crate::model::fault::registry::RegistryProblem;
use crate::model::ids::Digest;
use crate::model::pipeline::Tool;
use crate::model::progress::Progress;
use crate::ports::clock::Clock;
use crate::ports::fence::Fence;
use crate::ports::images::{Access, Built, Say};

/// A Dockerfile to be built and pushed.
pub struct Job<'a> {
    /// The repository's root.
    pub root: &'a Path,
    pub tool: Tool,
    /// Below the root.
    pub context: &'a str,
    pub file: &'a str,
    pub args: &'a BTreeMap<String, String>,
    pub target: Option<&'a str>,
    /// `os/arch`.
    pub platforms: &'a [String],
    pub to: &'a Access,
    pub tag: &'a str,
    pub env: &'a Env,
    pub clock: &'a dyn Clock,
    pub fence: &'a Fence,
    pub say: Say<'a>,
}

/// A job with its paths proven and its tool's helpers at hand.
struct Prepared<'a> {
    job: &'a Job<'a>,
    context: PathBuf,
    file: PathBuf,
    scratch: Scratch,
    runner: Runner<'a>,
}

/// Builds and pushes; the digest is read from the registry and held against what the tool says it pushed.
///
/// # Errors
/// `ToolMissing`, `Invalid` for paths that are not there, `BuildFailed` with the tool's last lines, `AccessDenied` by the registry,
/// `Changed` where the tag is another's by the time it is read.
pub async fn build(job: &Job<'_>) -> Result<Built, Fault> {
    let context = below(job.root, job.context, Role::BuildContext)?;
    let file = below(job.root, job.file, Role::Dockerfile)?;
    if !context.is_dir() || !file.is_file() {
        let (context, file) = (job.context.to_owned(), job.file.to_owned());
        return Err(FileProblem::ContextOrFileUnfit { context, file }.into());
    }
    let found = tools::choose(job.tool, job.env).await?;
    let program = found.program.display().to_string();
    (job.say)(&Progress::Building { file: job.file.to_owned(), builder: found.name().to_owned(), program });
    let scratch = Scratch::new(job.clock)?;
    let secrets = auth::secrets(job.to, job.env);
    let runner = Runner { program: &found.program, env: job.env, say: job.say, secrets, fence: job.fence };
    let prepared = Prepared { job, context, file, scratch, runner };
    let reported = match found.kind {
        Found::Docker | Found::Finch => docker::build_and_push(&prepared, found.kind).await?,
        Found::Buildah | Found::Podman => buildah::build_and_push(&prepared).await?,
    };
    let pushed = read_back(job, reported.as_ref()).await?;
    Ok(Built { pushed, by: found.name().to_owned(), notices: Vec::new() })
}

async fn read_back(job: &Job<'_>, reported: Option<&Digest>) -> Result<crate::model::event::PushedImage, Fault> {
    let at = Repository::to_read(job.to.clone(), job.clock)?;
    let there = at
        .manifest(job.tag)
        .await?
        .ok_or_else(|| RegistryProblem::PushedMissing { repository: at.name().to_owned(), tag: job.tag.to_owned() })?;
    match reported {
        Some(reported) if reported != &there.digest => {
            let (repository, tag) = (at.name().to_owned(), job.tag.to_owned());
            Err(RegistryProblem::TagMoved { repository, tag, put: reported.clone(), found: Some(there.digest) }.into())
        }
        _ => Ok(at.pushed(&there)),
    }
}

/// A path of the pipeline file, proven to be there and below the root.
fn below(root: &Path, path: &str, role: Role) -> Result<PathBuf, Fault> {
    let leaves = || Fault::from(FileProblem::Outside { role, path: path.to_owned() });
    if Path::new(path).is_absolute() || Path::new(path).components().any(|c| c == Component::ParentDir) {
        return Err(leaves());
    }
    let real = |p: &Path| {
        p.canonicalize().map_err(|e| {
            let looked_in = p.display().to_string();
            Fault::from(FileProblem::Missing { role, path: path.to_owned(), looked_in }).said(e.to_string())
        })
    };
    let (found, root) = (real(&root.join(path))?, real(root)?);
    if found.starts_with(root) { Ok(found) } else { Err(leaves()) }
}

impl Prepared<'_> {
    fn target(&self) -> String {
        format!("{}:{}", self.job.to.repository, self.job.tag)
    }

    /// What every tool's `build` takes alike.
    fn common_flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        for (name, value) in self.job.args {
            flags.extend(["--build-arg".to_owned(), format!("{name}={value}")]);
        }
        if let Some(target) = self.job.target {
            flags.extend(["--target".to_owned(), target.to_owned()]);
        }
        flags
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::image::testing::FixedClock;
    use crate::model::fault::FaultKind;
    use crate::model::fault::own::{NotSent, OwnProblem};

    /// A builder that writes its commands down and does nothing else.
    const BUILDER: &str = "#!/bin/sh\necho \"$*\" >> \"$COMMANDS\"\n";

    #[rstest]
    #[case::docker(Tool::Docker, "docker", &["linux/amd64"])]
    #[case::buildx(Tool::Docker, "docker", &["linux/amd64", "linux/arm64"])]
    #[case::buildah(Tool::Buildah, "buildah", &["linux/amd64", "linux/arm64"])]
    #[case::finch(Tool::Finch, "finch", &["linux/amd64"])]
    #[tokio::test]
    async fn without_the_lease_no_builder_pushes(#[case] tool: Tool, #[case] name: &str, #[case] platforms: &[&str]) {
        let root = tempfile::tempdir().unwrap();
        for file in ["Dockerfile", name] {
            std::fs::write(root.path().join(file), BUILDER).unwrap();
        }
        std::fs::set_permissions(root.path().join(name), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let commands = root.path().join("commands");
        let mut env = Env::empty();
        env.set("PATH", root.path());
        env.set("COMMANDS", &commands);
        let (fence, lost) =
            (Fence::open(), Fault::from(OwnProblem::StoodStill { why: NotSent::Asleep, because: None }));
        let refused = lost.clone();
        fence.set(std::sync::Arc::new(move || Err(refused.clone())));
        let platforms: Vec<String> = platforms.iter().map(|&platform| platform.to_owned()).collect();
        let to = Access { repository: "127.0.0.1:1/app".into(), login: None, login_from: None, insecure: true };
        let built = build(&Job {
            root: root.path(),
            tool,
            context: ".",
            file: "Dockerfile",
            args: &BTreeMap::new(),
            target: None,
            platforms: &platforms,
            to: &to,
            tag: "v1",
            env: &env,
            clock: &FixedClock,
            fence: &fence,
            say: &|_| {},
        })
        .await;
        let commands = std::fs::read_to_string(commands).unwrap_or_default();
        assert!(!commands.lines().any(|line| line.split(' ').any(|word| word.ends_with("push"))), "{commands}");
        assert_eq!(built, Err(lost));
    }

    #[rstest]
    #[case("..", "path-outside-repository")]
    #[case("/etc", "path-outside-repository")]
    #[case("out", "path-outside-repository")]
    #[case("missing", "file-missing")]
    fn a_context_is_below_the_root(#[case] path: &str, #[case] code: &str) {
        let root = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc", root.path().join("out")).unwrap();
        let fault = below(root.path(), path, Role::BuildContext).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Invalid);
        assert_eq!(fault.code(), code);
    }
}
