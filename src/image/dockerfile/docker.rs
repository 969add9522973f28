//! docker, and finch, whose command line is docker's.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use serde_json::Value;

use super::tools::Found;
use super::{Prepared, auth, ignore};
use crate::model::fault::Fault;
use crate::model::fault::build::BuildProblem;
use crate::model::ids::Digest;
use crate::model::progress::Progress;
use crate::outside::run::{self, Limits};

/// Which of docker's two builders will build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Engine {
    BuildKit,
    Classic,
}

/// Builds and pushes; answers the digest that the tool says it pushed, where it says one.
///
/// # Errors
/// `BuildFailed`, `AccessDenied` by the registry, `ToolMissing` for several platforms without buildx.
pub async fn build_and_push(work: &Prepared<'_>, tool: Found) -> Result<Option<Digest>, Fault> {
    let config = auth::docker_folder(&work.scratch, work.job.to, work.job.env)?;
    let env: [(&str, &OsStr); 1] = [("DOCKER_CONFIG", config.as_os_str())];
    let buildx = tool == Found::Docker && has_buildx(work, &env).await;
    let several = work.job.platforms.len() > 1;
    if several && tool == Found::Docker && !buildx {
        return Err(BuildProblem::BuildxMissing { platforms: work.job.platforms.to_vec() }.into());
    }
    let engine = engine(tool, buildx, work.job.env.get("DOCKER_BUILDKIT"));
    let file = dockerfile(work, engine)?;
    let metadata = work.scratch.path().join("metadata.json");

    let mut build: Vec<OsString> = if several && tool == Found::Docker {
        // Only buildx's own push sends an index; it builds and pushes in one command.
        vec!["buildx".into(), "build".into(), "--push".into(), "--metadata-file".into(), metadata.clone().into()]
    } else {
        vec!["build".into()]
    };
    build.extend(["--tag".into(), work.target().into(), "--file".into(), file.into()]);
    build.extend(["--platform".into(), work.job.platforms.join(",").into()]);
    build.extend(work.common_flags().into_iter().map(OsString::from));
    build.push(work.context.clone().into());
    if several && tool == Found::Docker {
        work.runner.build_and_push(&build, &env).await?;
        return Ok(digest_in_metadata(&metadata));
    }
    work.runner.build(&build, &env).await?;

    let mut push: Vec<OsString> = vec!["push".into()];
    if tool == Found::Finch {
        if several {
            push.push("--all-platforms".into());
        }
        if work.job.to.insecure {
            push.push("--insecure-registry".into());
        }
    }
    push.push(work.target().into());
    let said = work.runner.push(&push, &env).await?;
    Ok(digest_in_lines(&said))
}

/// A client answers about itself at once.
const VERSION: Limits = Limits { time: std::time::Duration::from_secs(30), bytes: 64 << 10 };

async fn has_buildx(work: &Prepared<'_>, env: &[(&str, &OsStr)]) -> bool {
    let mut command = std::process::Command::new(work.runner.program);
    command.args(["buildx", "version"]).envs(work.job.env.overrides()).envs(env.iter().copied());
    run::output(command, None, VERSION).await.is_ok_and(|output| output.succeeded())
}

/// docker takes BuildKit where buildx is there, unless `DOCKER_BUILDKIT` says otherwise; finch has nothing else.
fn engine(tool: Found, buildx: bool, asked: Option<&OsStr>) -> Engine {
    match (tool, asked.and_then(OsStr::to_str)) {
        (Found::Docker, Some("0" | "false")) => Engine::Classic,
        (Found::Docker, None) if !buildx => Engine::Classic,
        (Found::Docker | Found::Finch | Found::Buildah | Found::Podman, _) => Engine::BuildKit,
    }
}

fn dockerfile(work: &Prepared<'_>, engine: Engine) -> Result<PathBuf, Fault> {
    match engine {
        Engine::BuildKit => ignore::for_buildkit(&work.scratch, &work.context, &work.file),
        Engine::Classic => {
            if ignore::is_needed(&work.context) && !ignore::is_ignored(&work.context) {
                (work.job.say)(&Progress::StateInBuildContext);
            }
            Ok(work.file.clone())
        }
    }
}

/// `TAG: digest: sha256:… size: N`, the last line of a push.
fn digest_in_lines(lines: &[String]) -> Option<Digest> {
    let after = |line: &String| line.split_once("digest: ")?.1.split_whitespace().next()?.parse().ok();
    lines.iter().rev().find_map(after)
}

fn digest_in_metadata(file: &std::path::Path) -> Option<Digest> {
    let text = std::fs::read(file).ok()?;
    let metadata: Value = serde_json::from_slice(&text).ok()?;
    metadata.get("containerimage.digest")?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_read_from_the_pushs_last_line() {
        let digest = Digest::of(b"x");
        let lines = ["abc: Pushed".to_owned(), format!("v1: digest: {digest} size: 527")];
        assert_eq!(digest_in_lines(&lines), Some(digest));
        assert_eq!(digest_in_lines(&["abc: Pushed".to_owned()]), None);
    }

    #[test]
    fn buildkit_is_what_docker_takes_where_it_can() {
        let asked = |text: &'static str| Some(OsStr::new(text));
        assert_eq!(engine(Found::Docker, true, None), Engine::BuildKit);
        assert_eq!(engine(Found::Docker, false, None), Engine::Classic);
        assert_eq!(engine(Found::Docker, false, asked("1")), Engine::BuildKit);
        assert_eq!(engine(Found::Docker, true, asked("0")), Engine::Classic);
        assert_eq!(engine(Found::Finch, false, None), Engine::BuildKit);
    }
}
