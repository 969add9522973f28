//! Where a source's files go in an image, given what the image has there already.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use super::sources::{Attributes, Item, Kind, Source};
use super::tree::{Node, Tree};
use crate::model::fault::Fault;
use crate::model::fault::build::{BuildProblem, Setting};

/// The mode of a folder of which nothing is known.
const FOLDER: u32 = 0o755;
/// Everybody may write into it and remove their own files.
const TEMPORARY: u32 = 0o1777;

/// One entry of a layer; the path is relative to the image's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub path: PathBuf,
    pub kind: Kind,
    pub attributes: Attributes,
}

/// A path in an image, without its root.
///
/// # Errors
/// `Invalid` for what is not an absolute path.
pub fn place(to: &str) -> Result<PathBuf, Fault> {
    let no_place =
        || Fault::from(BuildProblem::InvalidSetting { setting: Setting::PlaceInImage, value: to.to_owned() });
    let mut place = PathBuf::new();
    for part in Path::new(to).components() {
        match part {
            Component::RootDir | Component::CurDir => {}
            Component::Normal(name) => place.push(name),
            Component::ParentDir | Component::Prefix(_) => return Err(no_place()),
        }
    }
    if to.starts_with('/') { Ok(place) } else { Err(no_place()) }
}

/// The entries for a source, in the order of their paths, put on `image`, which has them from then on.
///
/// A file goes to `to`, or into it where `to` ends with `/`; a folder's content goes into `to`. Folders that the image has keep
/// their owner, mode and times, and its links to folders are followed.
///
/// # Errors
/// `Invalid`: a place that is not an absolute path, a file where the image has a folder, links in a circle.
pub fn entries(source: &Source, from: &str, to: &str, image: &mut Tree) -> Result<Vec<Entry>, Fault> {
    let place = place(to)?;
    let mut placement = Placement { image, entries: BTreeMap::new() };
    if let ([file], true) = (&source.items[..], source.is_file()) {
        let name = Path::new(from).file_name().unwrap_or_default();
        let place = if to.ends_with('/') { place.join(name) } else { place };
        let (Some(parent), Some(name)) = (place.parent(), place.file_name()) else {
            return Err(BuildProblem::FileAsRoot { from: from.to_owned() }.into());
        };
        let parent = placement.image.resolve(parent)?;
        placement.file_or_link(&parent.join(name), file, to)?;
    } else {
        let top = placement.image.resolve(&place)?;
        placement.parents(&top.join("x"));
        // Where each folder of the source really went.
        let mut at: BTreeMap<&Path, PathBuf> = [(Path::new(""), top)].into();
        for item in &source.items {
            let (parent, name) =
                (item.path.parent().unwrap_or(Path::new("")), item.path.file_name().unwrap_or_default());
            let path = at[parent].join(name);
            if item.kind == Kind::Directory {
                let path = placement.folder(&path, item)?;
                at.insert(&item.path, path);
            } else {
                placement.file_or_link(&path, item, to)?;
            }
        }
    }
    placement.done()
}

struct Placement<'t> {
    image: &'t mut Tree,
    /// By the bytes of their paths.
    entries: BTreeMap<OsString, Entry>,
}

impl Placement<'_> {
    fn put(&mut self, path: &Path, kind: Kind, attributes: Attributes) {
        self.entries.insert(path.as_os_str().to_owned(), Entry { path: path.to_owned(), kind, attributes });
    }

    /// The folders above a path. They are in the layer also where the base has them: some runtimes unpack each layer by itself and
    /// would make up what is missing.
    fn parents(&mut self, path: &Path) {
        for folder in path.ancestors().skip(1).filter(|p| !p.as_os_str().is_empty()) {
            if !self.entries.contains_key(folder.as_os_str()) {
                let own = Attributes { mode: FOLDER, ..Attributes::default() };
                self.put(folder, Kind::Directory, self.attributes(folder, own));
            }
        }
    }

    /// A folder's attributes: the image's where it has it.
    fn attributes(&self, folder: &Path, own: Attributes) -> Attributes {
        match self.image.get(folder) {
            Some(Node::Folder(attributes)) => attributes.clone(),
            Some(Node::Link(_)) | None if folder == Path::new("tmp") && own.mode == FOLDER => {
                Attributes { mode: TEMPORARY, ..own }
            }
            Some(Node::Link(_)) | None => own,
        }
    }

    /// A folder of the source; answers where it really goes.
    fn folder(&mut self, path: &Path, item: &Item) -> Result<PathBuf, Fault> {
        let path = self.image.resolve(path)?;
        self.parents(&path);
        let attributes = self.attributes(&path, item.attributes.clone());
        self.put(&path, Kind::Directory, attributes);
        Ok(path)
    }

    /// A file or link of the source.
    fn file_or_link(&mut self, path: &Path, item: &Item, to: &str) -> Result<(), Fault> {
        if let Some(Node::Folder(_)) = self.image.get(path) {
            let path = format!("/{}", path.display());
            return Err(BuildProblem::FolderBecomesFile { path, to: to.to_owned() }.into());
        }
        self.parents(path);
        self.put(path, item.kind.clone(), item.attributes.clone());
        Ok(())
    }

    fn done(self) -> Result<Vec<Entry>, Fault> {
        let mut entries: Vec<Entry> = self.entries.into_values().collect();
        entries.sort_by(|a, b| a.path.as_os_str().as_bytes().cmp(b.path.as_os_str().as_bytes()));
        for entry in &entries {
            match &entry.kind {
                Kind::Directory => self.image.folder(&entry.path, entry.attributes.clone())?,
                Kind::Link { target } => self.image.link(&entry.path, target.clone())?,
                Kind::File { .. } => self.image.file(&entry.path)?,
            }
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::fault::FaultKind;

    fn attributes(mode: u32, uid: u64) -> Attributes {
        Attributes { mode, uid, ..Attributes::default() }
    }

    fn source(items: &[&str]) -> Source {
        let item = |path: &&str| {
            let folder = path.ends_with('/');
            let kind = if folder { Kind::Directory } else { Kind::File { from: "x".into(), size: 1 } };
            let attributes = attributes(if folder { 0o750 } else { 0o644 }, 0);
            Item { path: path.trim_end_matches('/').into(), kind, attributes }
        };
        let items = items.iter().map(item).collect();
        Source { items, left_out: vec![], doubtful: vec![], unused_ignores: vec![] }
    }

    fn base() -> Tree {
        let mut tree = Tree::default();
        for (path, mode, uid) in [
            ("tmp", 0o1777, 0),
            ("var", 0o755, 0),
            ("var/www", 0o755, 0),
            ("var/www/html", 0o1777, 33),
            ("run", 0o711, 5),
        ] {
            tree.folder(Path::new(path), attributes(mode, uid)).unwrap();
        }
        tree.link(Path::new("var/run"), "/run".into()).unwrap();
        tree
    }

    fn brief(entries: &[Entry]) -> Vec<String> {
        let line = |e: &Entry| format!("{} {:o} {}", e.path.display(), e.attributes.mode, e.attributes.uid);
        entries.iter().map(line).collect()
    }

    #[test]
    fn a_folders_content_goes_into_its_place_in_order() {
        let found =
            entries(&source(&["lib/", "lib/a", "lib.d/", "server"]), "dist", "/app", &mut Tree::default()).unwrap();
        assert_eq!(
            brief(&found),
            ["app 755 0", "app/lib 750 0", "app/lib.d 750 0", "app/lib/a 644 0", "app/server 644 0"]
        );
    }

    #[rstest]
    #[case("/bin/app", "bin/app")]
    #[case("/bin/", "bin/server")]
    fn a_file_goes_to_its_place_or_into_it(#[case] to: &str, #[case] at: &str) {
        let found = entries(&source(&[""]), "dist/server", to, &mut Tree::default()).unwrap();
        assert_eq!(brief(&found), ["bin 755 0".to_owned(), format!("{at} 644 0")]);
    }

    #[test]
    fn folders_of_the_base_keep_their_owner_and_mode_even_where_the_source_has_them() {
        let found = entries(&source(&["www/", "www/html/", "www/html/page"]), "dist", "/var", &mut base()).unwrap();
        assert_eq!(brief(&found), ["var 755 0", "var/www 755 0", "var/www/html 1777 33", "var/www/html/page 644 0"]);
    }

    #[test]
    fn links_of_the_base_are_followed() {
        let found = entries(&source(&["page"]), "dist", "/var/run/app", &mut base()).unwrap();
        assert_eq!(brief(&found), ["run 711 5", "run/app 755 0", "run/app/page 644 0"]);
        let found = entries(&source(&["run/", "run/page"]), "dist", "/var", &mut base()).unwrap();
        assert_eq!(brief(&found), ["run 711 5", "run/page 644 0", "var 755 0"]);
        let found = entries(&source(&[""]), "page", "/var/run/page", &mut base()).unwrap();
        assert_eq!(brief(&found), ["run 711 5", "run/page 644 0"]);
    }

    #[test]
    fn a_second_layer_finds_the_folders_of_the_first() {
        let mut image = Tree::default();
        entries(&source(&["data/"]), "dist", "/srv", &mut image).unwrap();
        let found = entries(&source(&[""]), "page", "/srv/data/page", &mut image).unwrap();
        assert_eq!(brief(&found), ["srv 755 0", "srv/data 750 0", "srv/data/page 644 0"]);
    }

    #[test]
    fn everybody_may_write_into_tmp_even_where_the_base_lacks_it() {
        let found = entries(&source(&["page"]), "dist", "/tmp", &mut Tree::default()).unwrap();
        assert_eq!(brief(&found), ["tmp 1777 0", "tmp/page 644 0"]);
    }

    #[test]
    fn a_file_does_not_replace_a_folder() {
        let fault = entries(&source(&[""]), "html", "/var/www/html", &mut base()).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Invalid);
        assert_eq!(fault.code(), "folder-becomes-file");
    }

    #[rstest]
    #[case("app")]
    #[case("/app/../etc")]
    #[case("")]
    fn a_place_is_an_absolute_path(#[case] to: &str) {
        assert_eq!(entries(&source(&["a"]), "dist", to, &mut Tree::default()).unwrap_err().kind(), FaultKind::Invalid);
    }
}
