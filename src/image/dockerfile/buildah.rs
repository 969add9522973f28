//! buildah and podman: without a daemon, several platforms as a local manifest list.

use std::ffi::OsString;
use std::path::Path;

use super::{Prepared, auth, ignore};
use crate::image::scratch::io_fault;
use crate::model::fault::Fault;
use crate::model::fault::file::Use;
use crate::model::ids::Digest;

/// Builds and pushes; answers the digest that the tool says it pushed.
///
/// # Errors
/// `BuildFailed`, `AccessDenied` by the registry.
pub async fn build_and_push(work: &Prepared<'_>) -> Result<Option<Digest>, Fault> {
    let auth = auth::auth_file(&work.scratch, work.job.to, work.job.env).await?;
    let id_file = work.scratch.path().join("image-id");
    let mut build: Vec<OsString> = vec!["build".into(), "--authfile".into(), auth.clone().into()];
    build.extend(["--file".into(), work.file.clone().into()]);
    if let Some(ignore) = ignore::for_containers(&work.scratch, &work.context, &work.file)? {
        build.extend(["--ignorefile".into(), ignore.into()]);
    }
    build.extend(work.common_flags().into_iter().map(OsString::from));
    build.extend(["--platform".into(), work.job.platforms.join(",").into()]);
    let list = (work.job.platforms.len() > 1).then(|| format!("localhost/kanmon-{}:list", work.job.clock.token(16)));
    match &list {
        Some(list) => build.extend(["--manifest".into(), list.into()]),
        None => {
            build.extend(["--iidfile".into(), id_file.clone().into()]);
            build.extend(["--tag".into(), work.target().into()]);
        }
    }
    build.push(work.context.clone().into());
    work.runner.build(&build, &[]).await?;

    let digest_file = work.scratch.path().join("digest");
    let mut push: Vec<OsString> = match &list {
        Some(_) => vec!["manifest".into(), "push".into(), "--all".into()],
        None => vec!["push".into()],
    };
    push.extend(["--authfile".into(), auth.into(), "--digestfile".into(), digest_file.clone().into()]);
    if work.job.to.insecure {
        push.push("--tls-verify=false".into());
    }
    push.push(match &list {
        Some(list) => list.into(),
        None => text_of(&id_file)?.into(),
    });
    push.push(format!("docker://{}", work.target()).into());
    let pushed = work.runner.push(&push, &[]).await;
    if let Some(list) = &list {
        let remove = ["manifest".into(), "rm".into(), list.into()];
        if let Err(fault) = work.runner.build(&remove, &[]).await {
            tracing::warn!(%fault, "a local manifest list stays behind");
        }
    }
    pushed?;
    Ok(text_of(&digest_file)?.parse().ok())
}

fn text_of(file: &Path) -> Result<String, Fault> {
    std::fs::read_to_string(file).map(|t| t.trim().to_owned()).map_err(|e| io_fault(Use::Expect, file, &e))
}
