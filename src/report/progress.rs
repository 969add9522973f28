//! The progress of a build or a copy in words.

use super::warning::listed;
use crate::model::progress::{Arrival, Attached, Progress, UnusualMode};

/// One line. A builder's own line is unchanged.
pub fn text(progress: &Progress) -> String {
    match progress {
        Progress::Output { line } => line.clone(),
        Progress::Building { file, builder, program } => format!("building {file} with {builder} ({program})"),
        Progress::StateInBuildContext => {
            "docker's classic builder copies .kanmon into the build context; add it to .dockerignore".to_owned()
        }
        Progress::BaseNamedByTag { reference, digest } => {
            format!("base {reference} is now {digest}; name it by digest for a reproducible result")
        }
        Progress::BaseLayerElsewhere { layer } => {
            format!("base layer {} is not in the registry: its folders are unknown", layer.short())
        }
        Progress::ReadingBaseLayer { layer, size } => {
            format!("base layer {} ({}): reading its folders", layer.short(), bytes(*size))
        }
        Progress::LeftOut { files } => format!("left out of the image: {}", listed(files)),
        Progress::UnusualModes { files } => {
            let files: Vec<String> = files.iter().map(mode).collect();
            format!("modes kept as they are: {}", listed(&files))
        }
        Progress::LayerPacked { layer, size, from, to } => {
            format!("layer {} ({}): {from} → {to}", layer.short(), bytes(*size))
        }
        Progress::LayerDone { layer, size, how } => {
            let how = match how {
                Arrival::AlreadyThere => "already there",
                Arrival::Mounted => "mounted",
                Arrival::Copied => "copied",
                Arrival::Pushed => "pushed",
            };
            format!("layer {} ({}): {how}", layer.short(), bytes(*size))
        }
        Progress::CopyingManifest { manifest, number, all } => {
            format!("manifest {number} of {all}: {}", manifest.short())
        }
        Progress::AlreadyCopied { image, repository } => format!("{} is already in {repository}", image.short()),
        Progress::AttachedCopied { attached } => {
            let name = match attached {
                Attached::Tag(tag) => tag,
                Attached::Digest(digest) => digest.short(),
            };
            format!("attached: {name} copied")
        }
    }
}

fn mode(file: &UnusualMode) -> String {
    let capabilities = if file.capabilities { " with file capabilities" } else { "" };
    format!("{} ({:04o}{capabilities})", file.name, file.mode)
}

/// A size in bytes, with at most one decimal.
fn bytes(size: u64) -> String {
    match size {
        0..1_000 => format!("{size} B"),
        1_000..1_000_000 => format!("{:.1} kB", size as f64 / 1e3),
        _ => format!("{:.1} MB", size as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::Digest;

    #[test]
    fn each_step_of_a_build_or_a_copy_is_one_line() {
        let d = || Digest::of(b"layer");
        let unusual = |name: &str, mode, capabilities| UnusualMode { name: name.into(), mode, capabilities };
        let done = |size, how| Progress::LayerDone { layer: d(), size, how };
        let all = [
            Progress::Output { line: "#5 [2/2] COPY . /src".into() },
            Progress::Building { file: "Dockerfile".into(), builder: "buildah".into(), program: "/bin/buildah".into() },
            Progress::StateInBuildContext,
            Progress::BaseNamedByTag { reference: "alpine:3".into(), digest: d() },
            Progress::BaseLayerElsewhere { layer: d() },
            Progress::ReadingBaseLayer { layer: d(), size: 3_400_000 },
            Progress::LeftOut { files: (1..=10).map(|n| format!("f{n}")).collect() },
            Progress::UnusualModes { files: vec![unusual("su", 0o4755, false), unusual("port80", 0o755, true)] },
            Progress::LayerPacked { layer: d(), size: 999, from: "dist".into(), to: "/app".into() },
            done(1_500, Arrival::AlreadyThere),
            done(1_500, Arrival::Mounted),
            done(1_500, Arrival::Copied),
            done(1_500, Arrival::Pushed),
            Progress::CopyingManifest { manifest: d(), number: 1, all: 3 },
            Progress::AlreadyCopied { image: d(), repository: "r.example/app".into() },
            Progress::AttachedCopied { attached: Attached::Tag("sha256-1.sig".into()) },
            Progress::AttachedCopied { attached: Attached::Digest(d()) },
        ];
        let lines: Vec<String> = all.iter().map(text).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        #5 [2/2] COPY . /src
        building Dockerfile with buildah (/bin/buildah)
        docker's classic builder copies .kanmon into the build context; add it to .dockerignore
        base alpine:3 is now sha256:dac1d7cfa95021764849fd102524e141488c5e3a90f861dbb5a12d9ac8584f85; name it by digest for a reproducible result
        base layer dac1d7cfa950 is not in the registry: its folders are unknown
        base layer dac1d7cfa950 (3.4 MB): reading its folders
        left out of the image: f1, f2, f3, f4, f5, f6, f7, f8 and 2 more
        modes kept as they are: su (4755), port80 (0755 with file capabilities)
        layer dac1d7cfa950 (999 B): dist → /app
        layer dac1d7cfa950 (1.5 kB): already there
        layer dac1d7cfa950 (1.5 kB): mounted
        layer dac1d7cfa950 (1.5 kB): copied
        layer dac1d7cfa950 (1.5 kB): pushed
        manifest 1 of 3: dac1d7cfa950
        dac1d7cfa950 is already in r.example/app
        attached: sha256-1.sig copied
        attached: dac1d7cfa950 copied
        ");
    }
}
