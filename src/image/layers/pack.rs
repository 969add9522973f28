//! Entries into a layer whose bytes depend on nothing but names, contents and attributes.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use sha2::{Digest as _, Sha256};

use super::placing::Entry;
use super::sources::Kind;
use crate::image::scratch::io_fault;
use crate::model::fault::Fault;
use crate::model::fault::file::{FileProblem, Use};
use crate::model::ids::Digest;

/// gzip's header names the system that made it; 255 is "unknown" (RFC 1952).
const UNKNOWN_SYSTEM: u8 = 255;

/// A packed layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    pub file: PathBuf,
    /// Of the compressed bytes.
    pub digest: Digest,
    /// In bytes, compressed.
    pub size: u64,
    /// Of the tar archive (OCI image-spec, config.md, "DiffID").
    pub diff_id: Digest,
}

/// Packs entries into `file`, in the order given.
///
/// # Errors
/// `Changed` where a source changed while it was read, `Invalid` where one cannot be read, `BuildFailed` where the disk is full.
pub fn pack(entries: &[Entry], file: &Path) -> Result<Layer, Fault> {
    let failed = |e: std::io::Error| io_fault(Use::Write, file, &e);
    let out = Hashing::new(BufWriter::new(File::create_new(file).map_err(failed)?));
    let gzip = GzBuilder::new().mtime(0).operating_system(UNKNOWN_SYSTEM).write(out, Compression::default());
    let mut archive = tar::Builder::new(Hashing::new(gzip));
    for entry in entries {
        append(&mut archive, entry, file)?;
    }
    let tar = archive.into_inner().map_err(failed)?;
    let (gzip, diff_id, _) = tar.finish();
    let (mut inner, digest, size) = gzip.finish().map_err(failed)?.finish();
    inner.flush().map_err(failed)?;
    Ok(Layer { file: file.to_owned(), digest, size, diff_id })
}

fn append<W: Write>(archive: &mut tar::Builder<W>, entry: &Entry, file: &Path) -> Result<(), Fault> {
    let failed = |e: std::io::Error| io_fault(Use::Write, file, &e);
    let attributes = &entry.attributes;
    let xattrs = attributes.xattrs.iter().map(|(key, value)| (key.as_str(), value.as_slice()));
    archive.append_pax_extensions(xattrs).map_err(failed)?;
    let mut header = tar::Header::new_gnu();
    header.set_mode(attributes.mode);
    header.set_mtime(attributes.mtime);
    header.set_uid(attributes.uid);
    header.set_gid(attributes.gid);
    header.set_size(0);
    match &entry.kind {
        Kind::Directory => {
            header.set_entry_type(tar::EntryType::Directory);
            // The slash at the end is what other tools write for folders.
            let path = Path::new(&entry.path).join("");
            archive.append_data(&mut header, path, std::io::empty()).map_err(failed)
        }
        Kind::Link { target } => {
            header.set_entry_type(tar::EntryType::Symlink);
            archive.append_link(&mut header, &entry.path, target).map_err(failed)
        }
        Kind::File { from, size } => {
            header.set_entry_type(tar::EntryType::Regular);
            header.set_size(*size);
            let source = File::open(from).map_err(|e| {
                Fault::from(FileProblem::Unreadable { path: from.display().to_string() }).said(e.to_string())
            })?;
            let mut counted = Counted { from: source.take(*size), read: 0 };
            archive.append_data(&mut header, &entry.path, &mut counted).map_err(failed)?;
            let more = counted.from.into_inner().read(&mut [0]).map_err(failed)?;
            if counted.read != *size || more != 0 {
                return Err(FileProblem::ChangedWhileRead { path: from.display().to_string() }.into());
            }
            Ok(())
        }
    }
}

struct Counted<R> {
    from: R,
    read: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.from.read(buffer)?;
        self.read += n as u64;
        Ok(n)
    }
}

/// Hashes and counts what goes through.
struct Hashing<W> {
    to: W,
    hash: Sha256,
    size: u64,
}

impl<W: Write> Hashing<W> {
    fn new(to: W) -> Hashing<W> {
        Hashing { to, hash: Sha256::new(), size: 0 }
    }

    fn finish(self) -> (W, Digest, u64) {
        let digest = format!("sha256:{}", hex::encode(self.hash.finalize()));
        (self.to, digest.parse().expect("SHA-256 in hex is a digest"), self.size)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.to.write(bytes)?;
        self.hash.update(&bytes[..n]);
        self.size += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::image::layers::dockerignore::Ignore;
    use crate::image::layers::headers::{self, Change};
    use crate::image::layers::placing::entries;
    use crate::image::layers::sources::{Attributes, source};
    use crate::image::layers::tree::Tree;
    use crate::model::fault::FaultKind;

    fn found(root: &Path) -> Vec<Entry> {
        let source = source(root, "dist", &Ignore::default()).unwrap();
        entries(&source, "dist", "/app", &mut Tree::default()).unwrap()
    }

    fn make(root: &Path, mode: u32, seconds: u64) {
        std::fs::create_dir_all(root.join("dist/lib")).unwrap();
        for (name, text) in [("dist/server", "binary"), ("dist/lib/b", "b"), ("dist/lib/a", "a")] {
            std::fs::write(root.join(name), text).unwrap();
            std::fs::set_permissions(root.join(name), PermissionsExt::from_mode(0o644)).unwrap();
        }
        std::fs::set_permissions(root.join("dist/lib"), PermissionsExt::from_mode(0o755)).unwrap();
        let server = root.join("dist/server");
        std::fs::set_permissions(&server, PermissionsExt::from_mode(mode)).unwrap();
        let then = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        File::options().write(true).open(&server).unwrap().set_modified(then).unwrap();
    }

    fn packed(root: &Path) -> Layer {
        let layer = pack(&found(root), &root.join("layer.tar.gz")).unwrap();
        assert_eq!(Digest::of(&std::fs::read(&layer.file).unwrap()), layer.digest);
        layer
    }

    #[test]
    fn neither_time_nor_owner_nor_umask_nor_the_folders_order_changes_a_layer() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        make(one.path(), 0o755, 1_000_000);
        make(two.path(), 0o775, 2_000_000);
        let (a, b) = (packed(one.path()), packed(two.path()));
        assert_eq!((a.digest, a.diff_id, a.size), (b.digest, b.diff_id, b.size));
    }

    #[test]
    fn content_and_mode_change_it() {
        let (one, two, three) =
            (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        make(one.path(), 0o755, 1);
        make(two.path(), 0o644, 1);
        make(three.path(), 0o755, 1);
        std::fs::write(three.path().join("dist/lib/a"), "c").unwrap();
        let digests = [one, two, three].map(|d| packed(d.path()).digest);
        assert_ne!(digests[0], digests[1]);
        assert_ne!(digests[0], digests[2]);
    }

    #[test]
    fn another_reader_finds_the_files_with_neutral_owners_and_their_modes() {
        let root = tempfile::tempdir().unwrap();
        make(root.path(), 0o4711, 5);
        std::os::unix::fs::symlink("lib/a", root.path().join("dist/link")).unwrap();
        let layer = packed(root.path());
        let listed =
            std::process::Command::new("tar").args(["-tzvf"]).arg(&layer.file).env("TZ", "UTC").output().unwrap();
        let text = String::from_utf8(listed.stdout).unwrap();
        let lines: Vec<Vec<&str>> = text.lines().map(|l| l.split_whitespace().collect()).collect();
        let brief: Vec<(&str, &str, &str)> = lines.iter().map(|l| (l[0], l[3], l[5])).collect();
        assert_eq!(
            brief,
            [
                ("drwxr-xr-x", "1970-01-01", "app/"),
                ("drwxr-xr-x", "1970-01-01", "app/lib/"),
                ("-rw-r--r--", "1970-01-01", "app/lib/a"),
                ("-rw-r--r--", "1970-01-01", "app/lib/b"),
                ("lrwxrwxrwx", "1970-01-01", "app/link"),
                ("-rws--x--x", "1970-01-01", "app/server"),
            ]
        );
        assert!(lines.iter().all(|l| l[1] == "0/0"), "{text}");
    }

    #[test]
    fn a_file_that_grew_is_not_packed() {
        let root = tempfile::tempdir().unwrap();
        make(root.path(), 0o755, 1);
        let found = found(root.path());
        std::fs::write(root.path().join("dist/server"), "a longer binary").unwrap();
        let fault = pack(&found, &root.path().join("layer")).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Changed);
    }

    #[test]
    fn long_paths_survive() {
        let root = tempfile::tempdir().unwrap();
        let deep = format!("dist/{}/{}", "d".repeat(120), "e".repeat(120));
        std::fs::create_dir_all(root.path().join(&deep)).unwrap();
        std::fs::write(root.path().join(&deep).join("f"), "x").unwrap();
        let layer = packed(root.path());
        let tar = flate2::read::GzDecoder::new(File::open(layer.file).unwrap());
        let mut archive = tar::Archive::new(tar);
        let last = archive.entries().unwrap().last().unwrap().unwrap().path().unwrap().into_owned();
        assert_eq!(last, Path::new("app").join(deep.strip_prefix("dist/").unwrap()).join("f"));
    }

    #[test]
    fn owners_times_and_extended_attributes_are_written() {
        let root = tempfile::tempdir().unwrap();
        let attributes = Attributes {
            mode: 0o2775,
            uid: 3_000_000,
            gid: 1,
            mtime: 9,
            xattrs: vec![("SCHILY.xattr.user.a".into(), b"1\n2".to_vec())],
        };
        let entry = Entry { path: "home/app".into(), kind: Kind::Directory, attributes: attributes.clone() };
        let layer = pack(&[entry], &root.path().join("layer")).unwrap();
        let archive = flate2::read::GzDecoder::new(File::open(layer.file).unwrap());
        assert_eq!(headers::read(archive).unwrap(), [Change::Folder { path: "home/app".into(), attributes }]);
    }
}
