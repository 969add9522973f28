//! Which files of the repository go where in an image.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use crate::model::fault::{Fault, FaultKind};

/// kanmon's own state, which never goes into an image.
const STATE: &str = ".kanmon";

/// Overlay file systems read names that start so as deletions (OCI image-spec, layer.md, "Whiteouts").
const WHITEOUT: &[u8] = b".wh.";

/// What bases bring themselves, with owners and modes (`/tmp` is 1777) or as links (`/bin`) that an entry of ours would undo.
const OF_THE_BASE: [&str; 28] = [
    "bin",
    "boot",
    "dev",
    "etc",
    "home",
    "lib",
    "lib64",
    "media",
    "mnt",
    "opt",
    "proc",
    "root",
    "run",
    "sbin",
    "srv",
    "sys",
    "tmp",
    "usr",
    "usr/bin",
    "usr/lib",
    "usr/local",
    "usr/local/bin",
    "usr/sbin",
    "usr/share",
    "var",
    "var/lib",
    "var/log",
    "var/tmp",
];

/// One entry of a layer; the path is relative to the image's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub path: PathBuf,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Directory,
    File { from: PathBuf, size: u64, executable: bool },
    Link { target: PathBuf },
}

/// The entries for a file, or for all that is in a folder, in the order of their paths.
///
/// A file goes to `to`, or into it where `to` ends with `/`; a folder's content goes into `to`. Links inside a folder stay links.
///
/// # Errors
/// `Invalid`: nothing there, nothing in it, out of the root, a link that leads out of its folder, a socket or device, or a place
/// that is no absolute path.
pub fn entries(root: &Path, from: &str, to: &str, on_base: bool) -> Result<Vec<Entry>, Fault> {
    let source = inside(root, from)?;
    let mut place = place_in_image(to)?;
    let meta = std::fs::metadata(&source).map_err(|e| unreadable(&source, &e))?;
    let mut found = Vec::new();
    if meta.is_dir() {
        walk(&source, &source, &place, source == root_of(root)?, &mut found)?;
        if found.is_empty() {
            return Err(Fault::new(
                FaultKind::Invalid,
                format!("`{from}` is empty, so there is no layer to make of it"),
            )
            .hint("build what the image is to hold first"));
        }
    } else {
        if to.ends_with('/') {
            place.push(source.file_name().unwrap_or(OsStr::new("")));
        }
        if place.as_os_str().is_empty() {
            return Err(Fault::new(
                FaultKind::Invalid,
                format!("`{from}` is a file and cannot become the image's root"),
            )
            .hint("end `to` with a file's name"));
        }
        found.push(entry_of(&source, place.clone(), &meta)?);
    }
    let parents = place.ancestors().skip(usize::from(!meta.is_dir())).filter(|p| !p.as_os_str().is_empty());
    for parent in parents {
        if !(on_base && OF_THE_BASE.iter().any(|known| Path::new(known) == parent)) {
            found.push(Entry { path: parent.to_owned(), kind: Kind::Directory });
        }
    }
    found.sort_by(|a, b| a.path.as_os_str().as_bytes().cmp(b.path.as_os_str().as_bytes()));
    Ok(found)
}

/// A path of the pipeline file, with all its links followed, proven to be below the root.
fn inside(root: &Path, from: &str) -> Result<PathBuf, Fault> {
    let leaves = || {
        Fault::new(FaultKind::Invalid, format!("`{from}` leads out of the repository"))
            .hint("name files below the repository's root")
    };
    let path = Path::new(from);
    if path.is_absolute() || path.components().any(|c| c == Component::ParentDir) {
        return Err(leaves());
    }
    let real = root.join(path).canonicalize().map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => {
            Fault::new(FaultKind::Invalid, format!("`{from}`, which the image is to hold, is not there"))
                .cause(format!("looked in {}", root.display()))
                .hint("build it first, or correct `from`")
        }
        _ => unreadable(&root.join(path), &e),
    })?;
    if real.starts_with(root_of(root)?) { Ok(real) } else { Err(leaves()) }
}

fn root_of(root: &Path) -> Result<PathBuf, Fault> {
    root.canonicalize().map_err(|e| unreadable(root, &e))
}

fn place_in_image(to: &str) -> Result<PathBuf, Fault> {
    let mut place = PathBuf::new();
    for part in Path::new(to).components() {
        match part {
            Component::RootDir | Component::CurDir => {}
            Component::Normal(name) => place.push(name),
            Component::ParentDir | Component::Prefix(_) => return Err(no_place(to)),
        }
    }
    if to.starts_with('/') { Ok(place) } else { Err(no_place(to)) }
}

fn no_place(to: &str) -> Fault {
    Fault::new(FaultKind::Invalid, format!("`{to}` is no absolute path in an image"))
        .hint("begin it with / and leave out ..")
}

fn walk(top: &Path, dir: &Path, place: &Path, is_root: bool, found: &mut Vec<Entry>) -> Result<(), Fault> {
    for item in std::fs::read_dir(dir).map_err(|e| unreadable(dir, &e))? {
        let item = item.map_err(|e| unreadable(dir, &e))?;
        if is_root && item.file_name() == STATE {
            continue;
        }
        let path = item.path();
        let meta = item.metadata().map_err(|e| unreadable(&path, &e))?;
        let entry = entry_of(&path, place.join(item.file_name()), &meta)?;
        if let Kind::Link { target } = &entry.kind
            && !stays_below(top, dir, target)
        {
            return Err(Fault::new(FaultKind::Invalid, format!("the link {} leads out of its folder", path.display()))
                .cause(format!("it points to {}", target.display()))
                .hint("copy what it points to instead"));
        }
        let inner = entry.path.clone();
        found.push(entry);
        if meta.is_dir() {
            walk(top, &path, &inner, false, found)?;
        }
    }
    Ok(())
}

fn entry_of(path: &Path, place: PathBuf, meta: &std::fs::Metadata) -> Result<Entry, Fault> {
    if place.file_name().is_some_and(|n| n.as_bytes().starts_with(WHITEOUT)) {
        return Err(Fault::new(FaultKind::Invalid, format!("{} cannot be in a layer", path.display()))
            .cause("names that start with .wh. delete files of the layers below"));
    }
    let kind = if meta.is_dir() {
        Kind::Directory
    } else if meta.is_file() {
        let executable = meta.permissions().mode() & 0o111 != 0;
        Kind::File { from: path.to_owned(), size: meta.len(), executable }
    } else if meta.file_type().is_symlink() {
        Kind::Link { target: std::fs::read_link(path).map_err(|e| unreadable(path, &e))? }
    } else {
        return Err(Fault::new(FaultKind::Invalid, format!("{} cannot be in a layer", path.display()))
            .cause("it is neither a file nor a folder nor a link"));
    };
    Ok(Entry { path: place, kind })
}

/// Whether a link in `dir` that points to `target` stays below `top`, by its words alone.
fn stays_below(top: &Path, dir: &Path, target: &Path) -> bool {
    let mut depth = dir.components().count() - top.components().count();
    for part in target.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir => match depth.checked_sub(1) {
                Some(up) => depth = up,
                None => return false,
            },
            Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    true
}

fn unreadable(path: &Path, error: &std::io::Error) -> Fault {
    Fault::new(FaultKind::Invalid, format!("{} cannot be read", path.display())).cause(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use rstest::rstest;

    use super::*;

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let dist = root.path().join("dist");
        std::fs::create_dir_all(dist.join("lib/deep")).unwrap();
        std::fs::write(dist.join("server"), "#!").unwrap();
        std::fs::write(dist.join("lib/a.txt"), "a").unwrap();
        std::fs::set_permissions(dist.join("server"), PermissionsExt::from_mode(0o700)).unwrap();
        root
    }

    fn paths(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|e| e.path.to_str().unwrap()).collect()
    }

    #[test]
    fn a_folders_content_goes_into_its_place_in_order() {
        let root = tree();
        let found = entries(root.path(), "dist", "/app", false).unwrap();
        assert_eq!(paths(&found), ["app", "app/lib", "app/lib/a.txt", "app/lib/deep", "app/server"]);
        assert!(matches!(found[4].kind, Kind::File { executable: true, size: 2, .. }));
    }

    #[test]
    fn a_file_goes_to_its_place_or_into_it() {
        let root = tree();
        let one = entries(root.path(), "dist/server", "/bin/app", false).unwrap();
        assert_eq!(paths(&one), ["bin", "bin/app"]);
        let into = entries(root.path(), "./dist/server", "/bin/", false).unwrap();
        assert_eq!(paths(&into), ["bin", "bin/server"]);
    }

    #[test]
    fn a_bases_own_folders_are_left_as_they_are() {
        let root = tree();
        let found = entries(root.path(), "dist/server", "/usr/local/bin/app/server", true).unwrap();
        assert_eq!(paths(&found), ["usr/local/bin/app", "usr/local/bin/app/server"]);
    }

    #[test]
    fn a_link_inside_stays_a_link() {
        let root = tree();
        symlink("../server", root.path().join("dist/lib/link")).unwrap();
        let found = entries(root.path(), "dist", "/", false).unwrap();
        let link = found.iter().find(|e| e.path == Path::new("lib/link")).unwrap();
        assert_eq!(link.kind, Kind::Link { target: "../server".into() });
    }

    #[rstest]
    #[case("../../outside")]
    #[case("lib/../../../etc/passwd")]
    #[case("/etc/passwd")]
    fn a_link_that_leads_out_is_refused(#[case] target: &str) {
        let root = tree();
        symlink(target, root.path().join("dist/link")).unwrap();
        let fault = entries(root.path(), "dist", "/app", false).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Invalid);
        assert!(fault.sentence.contains("leads out"), "{fault}");
    }

    #[rstest]
    #[case("../x", "leads out")]
    #[case("/etc/passwd", "leads out")]
    #[case("way-out", "leads out")]
    #[case("missing", "is not there")]
    #[case("dist/lib/deep", "is empty")]
    fn a_source_that_cannot_be_is_said_so(#[case] from: &str, #[case] says: &str) {
        let root = tree();
        symlink("/etc", root.path().join("way-out")).unwrap();
        let fault = entries(root.path(), from, "/app", false).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Invalid);
        assert!(fault.sentence.contains(says), "{fault}");
    }

    #[rstest]
    #[case("app")]
    #[case("/app/../etc")]
    #[case("")]
    fn a_place_is_an_absolute_path(#[case] to: &str) {
        assert_eq!(entries(tree().path(), "dist", to, false).unwrap_err().kind, FaultKind::Invalid);
    }

    #[test]
    fn state_and_whiteouts_never_go_in() {
        let root = tree();
        std::fs::create_dir(root.path().join(STATE)).unwrap();
        std::fs::write(root.path().join(STATE).join("journal"), "secret").unwrap();
        let found = entries(root.path(), ".", "/src", false).unwrap();
        assert!(!paths(&found).iter().any(|p| p.contains(STATE)));
        std::fs::write(root.path().join("dist/.wh.server"), "").unwrap();
        assert!(entries(root.path(), "dist", "/app", false).is_err());
    }
}
