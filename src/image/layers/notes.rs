//! What is said of the files that go into an image and of those that do not.

use super::sources::{Item, Kind, Source};
use crate::model::progress::{Progress, UnusualMode};
use crate::model::warning::BuildNotice;
use crate::ports::images::Say;

/// What is left out, and what is unusual.
pub fn say(source: &Source, say: Say<'_>) {
    if !source.left_out.is_empty() {
        say(&Progress::LeftOut { files: source.left_out.clone() });
    }
    let files: Vec<UnusualMode> = source.items.iter().filter(|i| is_special(i)).map(unusual_mode).collect();
    if !files.is_empty() {
        say(&Progress::UnusualModes { files });
    }
}

/// What the reader of the release has to know.
pub fn notices(source: &Source) -> Vec<BuildNotice> {
    let Source { doubtful, unused_ignores, .. } = source;
    let secrets = (!doubtful.is_empty()).then(|| BuildNotice::SecretNames { files: doubtful.clone() });
    let unused =
        (!unused_ignores.is_empty()).then(|| BuildNotice::DockerignoreUnused { files: unused_ignores.clone() });
    secrets.into_iter().chain(unused).collect()
}

/// Whether a mode is neither a plain file's nor a plain folder's: what somebody set on purpose, or a strict umask.
fn is_special(item: &Item) -> bool {
    match item.kind {
        Kind::File { .. } => !matches!(item.attributes.mode, 0o644 | 0o755) || !item.attributes.xattrs.is_empty(),
        Kind::Directory => item.attributes.mode != 0o755,
        Kind::Link { .. } => false,
    }
}

fn unusual_mode(item: &Item) -> UnusualMode {
    let name = match &item.kind {
        Kind::File { from, .. } if item.path.as_os_str().is_empty() => from.file_name().map(|n| n.to_string_lossy()),
        Kind::File { .. } | Kind::Directory | Kind::Link { .. } => Some(item.path.to_string_lossy()),
    };
    let capabilities = !item.attributes.xattrs.is_empty();
    UnusualMode { name: name.unwrap_or_default().into_owned(), mode: item.attributes.mode, capabilities }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::image::layers::sources::Attributes;

    #[test]
    fn what_is_left_out_and_what_is_unusual_is_reported() {
        let item = |path: &str, mode: u32, capable: bool| Item {
            path: path.into(),
            kind: Kind::File { from: "/r/dist/su".into(), size: 1 },
            attributes: Attributes {
                mode,
                xattrs: if capable { vec![("x".into(), vec![1])] } else { vec![] },
                ..Attributes::default()
            },
        };
        let source = Source {
            items: vec![item("a", 0o644, false), item("su", 0o4755, false), item("port80", 0o755, true)],
            left_out: vec![".git".into(), "app/.env".into()],
            doubtful: vec![".env".into()],
            unused_ignores: vec!["app/.dockerignore".into()],
        };
        let said = Mutex::new(Vec::new());
        say(&source, &|progress| said.lock().unwrap().push(progress.clone()));
        let unusual = |name: &str, mode, capabilities| UnusualMode { name: name.into(), mode, capabilities };
        assert_eq!(
            said.into_inner().unwrap(),
            [
                Progress::LeftOut { files: vec![".git".into(), "app/.env".into()] },
                Progress::UnusualModes { files: vec![unusual("su", 0o4755, false), unusual("port80", 0o755, true)] },
            ]
        );
        assert_eq!(
            notices(&source),
            [
                BuildNotice::SecretNames { files: vec![".env".into()] },
                BuildNotice::DockerignoreUnused { files: vec!["app/.dockerignore".into()] },
            ]
        );
    }
}
