//! What is said of the files that go into an image and of those that do not.

use super::sources::{Item, Kind, Source};
use crate::model::warning::BuildNotice;
use crate::ports::images::Say;

/// How many are named; the rest is a number.
const NAMED: usize = 8;

/// One line a subject, in the builder's own output.
pub fn say(source: &Source, say: Say<'_>) {
    if !source.left_out.is_empty() {
        say(&format!("left out of the image: {}", listed(&source.left_out)));
    }
    let modes: Vec<String> = source.items.iter().filter(|i| is_special(i)).map(shown).collect();
    if !modes.is_empty() {
        say(&format!("modes kept as they are: {}", listed(&modes)));
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

fn shown(item: &Item) -> String {
    let capable = if item.attributes.xattrs.is_empty() { "" } else { " with file capabilities" };
    let name = match &item.kind {
        Kind::File { from, .. } if item.path.as_os_str().is_empty() => from.file_name().map(|n| n.to_string_lossy()),
        Kind::File { .. } | Kind::Directory | Kind::Link { .. } => Some(item.path.to_string_lossy()),
    };
    format!("{} ({:04o}{capable})", name.unwrap_or_default(), item.attributes.mode)
}

fn listed(names: &[String]) -> String {
    let mut shown = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > NAMED {
        shown += &format!(" and {} more", names.len() - NAMED);
    }
    shown
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::image::layers::sources::Attributes;

    #[test]
    fn what_is_left_out_and_what_is_unusual_is_one_line_each() {
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
            left_out: (1..=10).map(|n| format!("f{n}")).collect(),
            doubtful: vec![".env".into()],
            unused_ignores: vec!["app/.dockerignore".into()],
        };
        let said = Mutex::new(Vec::new());
        say(&source, &|line| said.lock().unwrap().push(line.to_owned()));
        assert_eq!(
            said.into_inner().unwrap(),
            [
                "left out of the image: f1, f2, f3, f4, f5, f6, f7, f8 and 2 more",
                "modes kept as they are: su (4755), port80 (0755 with file capabilities)",
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
