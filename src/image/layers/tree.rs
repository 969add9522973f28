//! The folders and links of an image, layer by layer.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::headers::Change;
use super::sources::Attributes;
use crate::model::fault::Fault;
use crate::model::fault::build::BuildProblem;

/// Linux follows as many links in one path (MAXSYMLINKS).
const MOST_LINKS: usize = 40;

#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    Folder(Attributes),
    Link(PathBuf),
}

/// What an image has at a path, files aside.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tree {
    nodes: BTreeMap<PathBuf, Node>,
}

impl Tree {
    pub fn get(&self, path: &Path) -> Option<&Node> {
        self.nodes.get(path)
    }

    /// Applies a layer on top: its deletions are of what the layers below have, whatever their order within the layer.
    ///
    /// # Errors
    /// `Invalid` for links that lead in a circle.
    pub fn apply(&mut self, layer: Vec<Change>) -> Result<(), Fault> {
        for change in &layer {
            match change {
                Change::Gone { path } => {
                    let path = self.placed(path)?;
                    self.remove(&path);
                }
                Change::Emptied { path } => {
                    let path = self.resolve(path)?;
                    self.empty(&path);
                }
                Change::Folder { .. } | Change::Link { .. } | Change::HardLink { .. } | Change::Other { .. } => {}
            }
        }
        for change in layer {
            match change {
                Change::Folder { path, attributes } => self.folder(&path, attributes)?,
                Change::Link { path, target } => self.link(&path, target)?,
                Change::HardLink { path, to } => match self.get(&self.placed(&to)?).cloned() {
                    Some(Node::Link(target)) => self.link(&path, target)?,
                    Some(Node::Folder(_)) | None => self.file(&path)?,
                },
                Change::Other { path } => self.file(&path)?,
                Change::Gone { .. } | Change::Emptied { .. } => {}
            }
        }
        Ok(())
    }

    /// A folder; one that is there already has these attributes from now on.
    ///
    /// # Errors
    /// As `apply`.
    pub fn folder(&mut self, path: &Path, attributes: Attributes) -> Result<(), Fault> {
        let path = self.placed(path)?;
        self.nodes.insert(path, Node::Folder(attributes));
        Ok(())
    }

    /// A link, in place of whatever was there.
    ///
    /// # Errors
    /// As `apply`.
    pub fn link(&mut self, path: &Path, target: PathBuf) -> Result<(), Fault> {
        let path = self.placed(path)?;
        self.remove(&path);
        self.nodes.insert(path, Node::Link(target));
        Ok(())
    }

    /// A file, in place of whatever was there.
    ///
    /// # Errors
    /// As `apply`.
    pub fn file(&mut self, path: &Path) -> Result<(), Fault> {
        let path = self.placed(path)?;
        self.remove(&path);
        Ok(())
    }

    fn remove(&mut self, path: &Path) {
        self.empty(path);
        self.nodes.remove(path);
    }

    fn empty(&mut self, path: &Path) {
        // Paths are ordered by their parts, so what lies below one follows it.
        let below = self.nodes.range(path.to_owned()..).map(|(p, _)| p).take_while(|p| p.starts_with(path));
        let below: Vec<PathBuf> = below.filter(|p| p.as_path() != path).cloned().collect();
        for path in below {
            self.nodes.remove(&path);
        }
    }

    /// Where something of this path really goes: the links above it are followed, it itself is not.
    fn placed(&self, path: &Path) -> Result<PathBuf, Fault> {
        match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => Ok(self.resolve(parent)?.join(name)),
            _ => Ok(PathBuf::new()),
        }
    }

    /// A path with all its links followed, as one that has this image for its root would.
    ///
    /// # Errors
    /// `Invalid` for links that lead in a circle.
    pub fn resolve(&self, path: &Path) -> Result<PathBuf, Fault> {
        let mut real = PathBuf::new();
        let mut rest: Vec<PathBuf> = parts(path);
        let mut followed = 0;
        while let Some(part) = rest.pop() {
            if part.as_os_str() == ".." {
                real.pop();
                continue;
            }
            real.push(&part);
            let Some(Node::Link(target)) = self.nodes.get(&real) else { continue };
            followed += 1;
            if followed > MOST_LINKS {
                return Err(BuildProblem::TooManyLinks { path: format!("/{}", path.display()) }.into());
            }
            real.pop();
            if target.is_absolute() {
                real = PathBuf::new();
            }
            rest.extend(parts(target));
        }
        Ok(real)
    }
}

/// The parts of a path, the first one last.
fn parts(path: &Path) -> Vec<PathBuf> {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.into()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    let mut parts: Vec<PathBuf> = parts.collect();
    parts.reverse();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fault::FaultKind;

    fn folder(path: &str, mode: u32) -> Change {
        Change::Folder { path: path.into(), attributes: Attributes { mode, ..Attributes::default() } }
    }

    fn link(path: &str, target: &str) -> Change {
        Change::Link { path: path.into(), target: target.into() }
    }

    fn mode(tree: &Tree, path: &str) -> Option<u32> {
        match tree.get(Path::new(path))? {
            Node::Folder(attributes) => Some(attributes.mode),
            Node::Link(_) => None,
        }
    }

    fn layered(layers: Vec<Vec<Change>>) -> Tree {
        let mut tree = Tree::default();
        layers.into_iter().for_each(|layer| tree.apply(layer).unwrap());
        tree
    }

    #[test]
    fn the_topmost_layer_decides_what_a_folder_is_and_what_is_deleted() {
        let tree = layered(vec![
            vec![
                folder("a", 0o700),
                folder("a/b", 0o700),
                folder("a.d", 0o700),
                folder("c", 0o700),
                folder("c/x", 0o711),
            ],
            vec![
                folder("a", 0o1777),
                folder("c/y", 0o755),
                Change::Gone { path: "a/b".into() },
                Change::Emptied { path: "c".into() },
            ],
        ]);
        assert_eq!((mode(&tree, "a"), mode(&tree, "a/b"), mode(&tree, "a.d")), (Some(0o1777), None, Some(0o700)));
        assert_eq!((mode(&tree, "c"), mode(&tree, "c/x"), mode(&tree, "c/y")), (Some(0o700), None, Some(0o755)));
    }

    #[test]
    fn a_file_that_replaces_a_folder_removes_what_was_in_it() {
        let tree =
            layered(vec![vec![folder("a", 0o700), folder("a/b", 0o700)], vec![Change::Other { path: "a".into() }]]);
        assert_eq!(tree, Tree::default());
    }

    #[test]
    fn links_are_followed_within_the_image() {
        let tree = layered(vec![
            vec![
                folder("usr/bin", 0o755),
                link("bin", "usr/bin"),
                link("var/run", "/run"),
                link("srv/up", "../../../opt"),
            ],
            vec![folder("bin/deep", 0o711), Change::HardLink { path: "var/lock".into(), to: "var/run".into() }],
        ]);
        assert_eq!(mode(&tree, "usr/bin/deep"), Some(0o711));
        for (path, real) in [
            ("bin/x", "usr/bin/x"),
            ("var/run/app", "run/app"),
            ("var/lock/app", "run/app"),
            ("srv/up/a", "opt/a"),
            ("a/b", "a/b"),
        ] {
            assert_eq!(tree.resolve(Path::new(path)).unwrap(), Path::new(real), "{path}");
        }
    }

    #[test]
    fn links_in_a_circle_are_refused() {
        let tree = layered(vec![vec![link("a", "b"), link("b", "a")]]);
        assert_eq!(tree.resolve(Path::new("a/x")).unwrap_err().kind(), FaultKind::Invalid);
    }
}
