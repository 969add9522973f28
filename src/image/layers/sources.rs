//! Which files of the repository go into an image, and what is left out.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use super::dockerignore::{Ignore, NotAPattern};
use crate::model::fault::Fault;
use crate::model::fault::file::{FileProblem, IgnoreFileUnusable, Role};

/// What never goes into an image, at whatever depth: kanmon's state, and git's, whose configuration holds a checkout's token.
const NEVER: [&str; 2] = [".kanmon", ".git"];

const IGNORE_FILE: &str = ".dockerignore";
/// No list of patterns comes near it.
const IGNORE_LIMIT: u64 = 1 << 20;

/// Names under which credentials usually lie. They go in where nobody excludes them, and that is said.
const OFTEN_SECRET: [&str; 14] = [
    ".env",
    ".aws",
    ".ssh",
    ".docker",
    ".npmrc",
    ".netrc",
    ".pypirc",
    ".git-credentials",
    ".terraform",
    "terraform.tfstate",
    "id_rsa",
    "id_ecdsa",
    "id_ed25519",
    ".kube",
];

/// Overlay file systems read names that start so as deletions (OCI image-spec, layer.md, "Whiteouts").
const WHITEOUT: &[u8] = b".wh.";

/// Where Linux keeps what a program may do without being root.
const CAPABILITY: &str = "security.capability";

/// Mode, owner, time and extended attributes of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// Permissions with set-user-id, set-group-id and sticky bits.
    pub mode: u32,
    pub uid: u64,
    pub gid: u64,
    /// In seconds of Unix time.
    pub mtime: u64,
    /// By their pax keys.
    pub xattrs: Vec<(String, Vec<u8>)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Directory,
    File { from: PathBuf, size: u64 },
    Link { target: PathBuf },
}

/// Something of a source, by its path in it; a file alone has the empty path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub path: PathBuf,
    pub kind: Kind,
    pub attributes: Attributes,
}

/// A file, or all that is in a folder; every folder stands before what is in it.
#[derive(Debug)]
pub struct Source {
    pub items: Vec<Item>,
    /// What is left out, by its path in the repository.
    pub left_out: Vec<String>,
    /// What goes in and has a name under which secrets usually lie.
    pub doubtful: Vec<String>,
    /// Ignore files of folders below the repository's root, which do not count.
    pub unused_ignores: Vec<String>,
}

impl Source {
    /// Whether it is a file, and not a folder's content.
    pub fn is_file(&self) -> bool {
        matches!(&self.items[..], [Item { path, .. }] if path.as_os_str().is_empty())
    }
}

/// What `.dockerignore` of the repository's root says; Docker, too, reads that of the context's root alone.
///
/// # Errors
/// `Invalid` where it cannot be read or has a pattern that is none.
pub fn ignore_file(root: &Path) -> Result<Ignore, Fault> {
    let path = root.join(IGNORE_FILE);
    let broken = |unusable| Fault::from(FileProblem::IgnoreFileUnusable { unusable });
    let unreadable = |e: std::io::Error| broken(IgnoreFileUnusable::Unreadable).said(e.to_string());
    match std::fs::metadata(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && std::fs::symlink_metadata(&path).is_err() => {
            return Ok(Ignore::default());
        }
        Err(e) => return Err(unreadable(e)),
        Ok(meta) if !meta.is_file() => return Err(broken(IgnoreFileUnusable::NotAFile)),
        Ok(meta) if meta.len() > IGNORE_LIMIT => return Err(broken(IgnoreFileUnusable::TooLarge)),
        Ok(_) => {}
    }
    let bytes = std::fs::read(&path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| broken(IgnoreFileUnusable::NotText))?;
    Ignore::parse(&text)
        .map_err(|NotAPattern { line, pattern }| broken(IgnoreFileUnusable::Pattern { line: line as u64, pattern }))
}

/// A file, or all that is in a folder and not excluded. Links inside a folder stay links.
///
/// # Errors
/// `Invalid`: nothing there, nothing in it, excluded, out of the root, a link that leads out of its folder, a socket or device.
pub fn source(root: &Path, from: &str, ignore: &Ignore) -> Result<Source, Fault> {
    let (real, within) = inside(root, from)?;
    let given = plain(Path::new(from));
    if [&given, &within].into_iter().any(|path| path.components().any(|c| is_never(c.as_os_str()))) {
        let never = NEVER.iter().map(|&name| name.to_owned()).collect();
        return Err(FileProblem::NeverPacked { path: from.to_owned(), never }.into());
    }
    let meta = std::fs::metadata(&real).map_err(|e| unreadable(&real, &e))?;
    let mut found =
        Source { items: Vec::new(), left_out: Vec::new(), doubtful: Vec::new(), unused_ignores: Vec::new() };
    let walk = Walk { top: &real, given: &given, within: &within, ignore };
    let excluded = walk.excludes(Path::new(""));
    if !meta.is_dir() {
        if excluded {
            return Err(excluded_whole(from));
        }
        let name = real.file_name().unwrap_or(OsStr::new(""));
        found.items.push(item(&real, PathBuf::new(), name, &meta)?);
        return Ok(found);
    }
    if !excluded || walk.may_bring_back(Path::new("")) {
        walk.folder(Path::new(""), &mut found)?;
    }
    if !found.items.is_empty() {
        return Ok(found);
    }
    if excluded || !found.left_out.is_empty() {
        return Err(excluded_whole(from));
    }
    Err(FileProblem::Empty { path: from.to_owned() }.into())
}

fn excluded_whole(from: &str) -> Fault {
    FileProblem::Excluded { path: from.to_owned() }.into()
}

/// A path of the pipeline file with all its links followed, proven to be below the root, and what it is from there.
#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
fn inside(root: &Path, from: &str) -> Result<(PathBuf, PathBuf), Fault> {
    let leaves = || Fault::from(FileProblem::Outside { role: Role::ImageFiles, path: from.to_owned() });
    let path = Path::new(from);
    if path.is_absolute() || path.components().any(|c| c == Component::ParentDir) {
        return Err(leaves());
    }
    let real = root.join(path).canonicalize().map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => {
            let (path, looked_in) = (from.to_owned(), root.display().to_string());
            FileProblem::Missing { role: Role::ImageFiles, path, looked_in }.into()
        }
        _ => unreadable(&root.join(path), &e),
    })?;
    let root = root.canonicalize().map_err(|e| unreadable(root, &e))?;
    match real.strip_prefix(&root) {
        Ok(within) => Ok((real.clone(), within.to_owned())),
        Err(_) => Err(leaves()),
    }
}

/// Without `.`.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|c| matches!(c, Component::Normal(_))).collect()
}

fn is_never(name: &OsStr) -> bool {
    NEVER.iter().any(|never| name == *never)
}

/// A folder being read.
struct Walk<'a> {
    /// Where it really is.
    top: &'a Path,
    /// Its path in the repository as it was given, and with its links followed: an exclusion of either counts.
    given: &'a Path,
    within: &'a Path,
    ignore: &'a Ignore,
}

impl Walk<'_> {
    fn in_repository(&self, path: &Path) -> [String; 2] {
        [self.given, self.within].map(|top| top.join(path).to_string_lossy().trim_end_matches('/').to_owned())
    }

    fn excludes(&self, path: &Path) -> bool {
        self.in_repository(path).iter().any(|p| !p.is_empty() && self.ignore.excludes(p))
    }

    fn may_bring_back(&self, path: &Path) -> bool {
        self.in_repository(path).iter().all(|p| self.ignore.may_bring_back_below(p))
    }

    /// Everything below a folder of the source, in the order of names.
    fn folder(&self, folder: &Path, found: &mut Source) -> Result<(), Fault> {
        let dir = self.top.join(folder);
        let listed = std::fs::read_dir(&dir).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        let mut entries = listed.map_err(|e| unreadable(&dir, &e))?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let (name, path) = (entry.file_name(), folder.join(entry.file_name()));
            let [shown, _] = self.in_repository(&path);
            let meta = entry.metadata().map_err(|e| unreadable(&entry.path(), &e))?;
            let excluded = self.excludes(&path);
            if is_never(&name) || excluded && !(meta.is_dir() && self.may_bring_back(&path)) {
                found.left_out.push(shown);
                continue;
            }
            let before = found.items.len();
            let item = item(&entry.path(), path.clone(), &name, &meta)?;
            if let Kind::Link { target } = &item.kind
                && !stays_below(folder, target)
            {
                return Err(FileProblem::LinkLeaves { path: shown, target: target.display().to_string() }.into());
            }
            found.items.push(item);
            if meta.is_dir() {
                self.folder(&path, found)?;
            }
            if excluded && found.items.len() == before + 1 {
                // A folder that is left out comes along only for what is in it.
                found.items.pop();
                found.left_out.retain(|out| !Path::new(out).starts_with(&shown));
                found.left_out.push(shown);
                continue;
            }
            let is_secret = |n: &str| OFTEN_SECRET.contains(&n) || n.starts_with(".env.");
            if name.to_str().is_some_and(is_secret) {
                found.doubtful.push(shown);
            } else if name == IGNORE_FILE && shown != IGNORE_FILE {
                found.unused_ignores.push(shown);
            }
        }
        Ok(())
    }
}

fn item(from: &Path, path: PathBuf, name: &OsStr, meta: &std::fs::Metadata) -> Result<Item, Fault> {
    if name.as_bytes().starts_with(WHITEOUT) {
        return Err(FileProblem::Whiteout { path: from.display().to_string() }.into());
    }
    let mode = meta.permissions().mode() & 0o7777;
    let (kind, mode) = if meta.is_dir() {
        (Kind::Directory, settled(mode))
    } else if meta.is_file() {
        (Kind::File { from: from.to_owned(), size: meta.len() }, settled(mode))
    } else if meta.file_type().is_symlink() {
        (Kind::Link { target: std::fs::read_link(from).map_err(|e| unreadable(from, &e))? }, 0o777)
    } else {
        return Err(FileProblem::NotPackable { path: from.display().to_string() }.into());
    };
    let xattrs = if meta.is_file() { capability(from) } else { Vec::new() };
    Ok(Item { path, kind, attributes: Attributes { mode, xattrs, ..Attributes::default() } })
}

/// git keeps nothing of a mode but the executable bit, and the umask of whoever checks out decides the rest: 022 and 002 are in
/// use side by side, and have to give the same image.
fn settled(mode: u32) -> u32 {
    match mode {
        0o664 => 0o644,
        0o775 => 0o755,
        mode => mode,
    }
}

/// A program's capabilities (capabilities(7)), which a copy by a Dockerfile keeps too.
fn capability(path: &Path) -> Vec<(String, Vec<u8>)> {
    // The largest form has 24 bytes.
    let mut value = [0; 64];
    match rustix::fs::lgetxattr(path, CAPABILITY, &mut value) {
        Ok(n) => vec![(format!("SCHILY.xattr.{CAPABILITY}"), value[..n].to_vec())],
        Err(_) => Vec::new(),
    }
}

/// Whether a link in this folder of the source stays in the source, by its words alone.
fn stays_below(folder: &Path, target: &Path) -> bool {
    let mut depth = folder.components().count();
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
    Fault::from(FileProblem::Unreadable { path: path.display().to_string() }).said(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use rstest::rstest;

    use super::*;
    use crate::model::fault::FaultKind;

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let dist = root.path().join("dist");
        std::fs::create_dir_all(dist.join("lib/deep")).unwrap();
        write(root.path(), "dist/server", 0o700);
        write(root.path(), "dist/lib/a.txt", 0o644);
        for folder in ["dist", "dist/lib", "dist/lib/deep"] {
            set(root.path(), folder, 0o755);
        }
        root
    }

    fn write(root: &Path, path: &str, mode: u32) {
        std::fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        std::fs::write(root.join(path), "#!").unwrap();
        set(root, path, mode);
    }

    fn set(root: &Path, path: &str, mode: u32) {
        std::fs::set_permissions(root.join(path), PermissionsExt::from_mode(mode)).unwrap();
    }

    fn read(root: &Path, from: &str) -> Result<Source, Fault> {
        source(root, from, &ignore_file(root)?)
    }

    fn paths(source: &Source) -> Vec<&str> {
        source.items.iter().map(|i| i.path.to_str().unwrap()).collect()
    }

    #[test]
    fn a_folder_is_all_that_is_in_it_and_a_file_is_itself() {
        let root = tree();
        let folder = read(root.path(), "dist").unwrap();
        assert_eq!(paths(&folder), ["lib", "lib/a.txt", "lib/deep", "server"]);
        assert!(!folder.is_file());
        let file = read(root.path(), "./dist/server").unwrap();
        assert!(file.is_file());
        assert!(matches!(file.items[0].kind, Kind::File { size: 2, .. }));
    }

    #[test]
    fn what_the_ignore_file_excludes_stays_out_and_git_and_the_state_always_do() {
        let root = tree();
        for path in
            [".git/config", ".kanmon/journal.db", "vendor/lib/.git", ".env", ".npmrc", "docs/a.md", "docs/keep.md"]
        {
            write(root.path(), path, 0o644);
        }
        write(root.path(), "app/.dockerignore", 0o644);
        let open = read(root.path(), ".").unwrap();
        assert_eq!(open.left_out, [".git", ".kanmon", "vendor/lib/.git"]);
        assert_eq!(open.doubtful, [".env", ".npmrc"]);
        assert_eq!(open.unused_ignores, ["app/.dockerignore"]);
        std::fs::write(root.path().join(".dockerignore"), ".env\n.npmrc\n**/*.txt\ndocs\n!docs/keep.md\napp\n!.git\n")
            .unwrap();
        let closed = read(root.path(), ".").unwrap();
        let names = [
            ".dockerignore",
            "dist",
            "dist/lib",
            "dist/lib/deep",
            "dist/server",
            "docs",
            "docs/keep.md",
            "vendor",
            "vendor/lib",
        ];
        assert_eq!(paths(&closed), names);
        assert_eq!(
            closed.left_out,
            [".env", ".git", ".kanmon", ".npmrc", "app", "dist/lib/a.txt", "docs/a.md", "vendor/lib/.git"]
        );
        assert!(closed.doubtful.is_empty());
    }

    #[test]
    fn an_excluded_folder_of_which_nothing_comes_back_is_left_out_whole() {
        let root = tree();
        std::fs::write(root.path().join(".dockerignore"), "*\n!**/server").unwrap();
        let found = read(root.path(), "dist").unwrap();
        assert_eq!(paths(&found), ["server"]);
        assert_eq!(found.left_out, ["dist/lib"]);
    }

    #[rstest]
    #[case("dist", "dist")]
    #[case("dist\n!dist/none", "dist")]
    #[case("dist/server", "dist/server")]
    #[case("dist/*", "dist")]
    #[case("dist", "public")]
    #[case("public", "public")]
    fn a_source_that_is_excluded_is_a_mistake(#[case] ignore: &str, #[case] from: &str) {
        let root = tree();
        symlink("dist", root.path().join("public")).unwrap();
        std::fs::write(root.path().join(".dockerignore"), ignore).unwrap();
        let fault = read(root.path(), from).unwrap_err();
        assert_eq!(fault, FileProblem::Excluded { path: from.to_owned() }.into());
    }

    #[rstest]
    #[case(".git")]
    #[case(".git/config")]
    #[case("alias/config")]
    fn git_folders_are_never_a_source(#[case] from: &str) {
        let root = tree();
        write(root.path(), ".git/config", 0o644);
        symlink(".git", root.path().join("alias")).unwrap();
        let fault = read(root.path(), from).unwrap_err();
        assert_eq!(fault.code(), "files-never-packed");
    }

    #[test]
    fn an_ignore_file_that_cannot_be_used_stops_the_build() {
        let root = tree();
        let file = root.path().join(".dockerignore");
        std::fs::write(&file, "a\n[b").unwrap();
        let fault = ignore_file(root.path()).unwrap_err();
        let unusable = IgnoreFileUnusable::Pattern { line: 2, pattern: "[b".into() };
        assert_eq!(fault.problem, FileProblem::IgnoreFileUnusable { unusable }.into());
        std::fs::remove_file(&file).unwrap();
        symlink("nowhere", &file).unwrap();
        assert_eq!(ignore_file(root.path()).unwrap_err().kind(), FaultKind::Invalid);
    }

    #[test]
    fn modes_are_kept_but_for_what_a_umask_decides() {
        let root = tree();
        for (path, mode) in [("dist/key", 0o600), ("dist/shared", 0o664), ("dist/tool", 0o775), ("dist/su", 0o4755)] {
            write(root.path(), path, mode);
        }
        set(root.path(), "dist/lib/deep", 0o1777);
        let found = read(root.path(), "dist").unwrap();
        let modes: Vec<(&str, u32)> =
            found.items.iter().map(|i| (i.path.to_str().unwrap(), i.attributes.mode)).collect();
        assert_eq!(
            modes,
            [
                ("key", 0o600),
                ("lib", 0o755),
                ("lib/a.txt", 0o644),
                ("lib/deep", 0o1777),
                ("server", 0o700),
                ("shared", 0o644),
                ("su", 0o4755),
                ("tool", 0o755),
            ]
        );
    }

    #[test]
    fn a_link_inside_stays_a_link() {
        let root = tree();
        symlink("../server", root.path().join("dist/lib/link")).unwrap();
        let found = read(root.path(), "dist").unwrap();
        let link = found.items.iter().find(|i| i.path == Path::new("lib/link")).unwrap();
        assert_eq!(link.kind, Kind::Link { target: "../server".into() });
    }

    #[rstest]
    #[case("../../outside")]
    #[case("lib/../../../etc/passwd")]
    #[case("/etc/passwd")]
    fn a_link_that_leads_out_is_refused(#[case] target: &str) {
        let root = tree();
        symlink(target, root.path().join("dist/link")).unwrap();
        let fault = read(root.path(), "dist").unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Invalid);
        assert_eq!(fault.code(), "link-leaves-folder");
    }

    #[rstest]
    #[case("../x", "path-outside-repository")]
    #[case("/etc/passwd", "path-outside-repository")]
    #[case("way-out", "path-outside-repository")]
    #[case("missing", "file-missing")]
    #[case("dist/lib/deep", "files-empty")]
    fn an_impossible_source_is_reported(#[case] from: &str, #[case] code: &str) {
        let root = tree();
        symlink("/etc", root.path().join("way-out")).unwrap();
        let fault = read(root.path(), from).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Invalid);
        assert_eq!(fault.code(), code);
    }

    #[test]
    fn whiteouts_never_go_in() {
        let root = tree();
        write(root.path(), "dist/.wh.server", 0o644);
        assert!(read(root.path(), "dist").is_err());
    }
}
