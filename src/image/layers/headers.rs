//! The folders, links and deletions of a base's layer, read from the headers of its archive; contents are skipped.

use std::ffi::OsStr;
use std::io::{ErrorKind, Read, Result};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use tar::{EntryType, Header};

use super::flaw::invalid;
use super::sources::Attributes;
use crate::model::fault::build::LayerFlaw;

const BLOCK: usize = 512;
/// A name, or all pax records of an entry. Paths have 4,096 bytes at most on Linux; extended attributes 64 KiB each.
const LONGEST_RECORD: u64 = 1 << 20;
/// The bytes of all that is kept of a layer: a hundred times what the names of a large distribution need.
const MOST_KEPT: usize = 256 << 20;
/// The bytes of an unpacked layer: ECR takes layers of 52 GB packed; past this it is a bomb.
const LARGEST: u64 = 1 << 40;
const XATTR: &str = "SCHILY.xattr.";

/// One entry of a layer; paths are relative to the image's root.
#[derive(Debug, PartialEq)]
pub enum Change {
    Folder {
        path: PathBuf,
        attributes: Attributes,
    },
    Link {
        path: PathBuf,
        target: PathBuf,
    },
    /// The same file under another name: a link, where that one is.
    HardLink {
        path: PathBuf,
        to: PathBuf,
    },
    /// A file or a device.
    Other {
        path: PathBuf,
    },
    /// A whiteout: what the layers below have here is gone (OCI image-spec, layer.md).
    Gone {
        path: PathBuf,
    },
    /// An opaque whiteout: what the layers below have in this folder is gone.
    Emptied {
        path: PathBuf,
    },
}

/// All entries of an archive, which is read to its end.
///
/// # Errors
/// Where it is not a tar archive, or holds more than anybody's base does.
#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
pub fn read(archive: impl Read) -> Result<Vec<Change>> {
    let mut archive = archive.take(LARGEST);
    let mut changes = Vec::new();
    let mut kept = 0;
    let mut of_next = Overrides::default();
    while let Some(block) = block(&mut archive)? {
        if block.iter().all(|b| *b == 0) {
            // The end of the archive; what pads it belongs to the layer all the same.
            std::io::copy(&mut archive, &mut std::io::sink())?;
            break;
        }
        let header = Header::from_byte_slice(&block);
        if header.cksum().ok() != Some(checksum(&block)) {
            return Err(invalid(LayerFlaw::NotTar));
        }
        let kind = header.entry_type();
        let size = of_next.size.filter(|_| !is_extension(kind)).map_or_else(|| header.entry_size(), Ok)?;
        match kind {
            EntryType::GNULongName => of_next.path = Some(until_nul(record(&mut archive, size)?)),
            EntryType::GNULongLink => of_next.link = Some(until_nul(record(&mut archive, size)?)),
            EntryType::XHeader => of_next.take(&record(&mut archive, size)?)?,
            EntryType::XGlobalHeader => skip(&mut archive, size)?,
            _ => {
                // Old GNU sparse files have more headers before their content.
                let mut more = header.as_gnu().is_some_and(|gnu| kind.is_gnu_sparse() && gnu.is_extended());
                while more {
                    let sparse = self::block(&mut archive)?.ok_or(ErrorKind::UnexpectedEof)?;
                    more = sparse[504] == 1;
                }
                if let Some(change) = change(header, std::mem::take(&mut of_next))? {
                    kept += change.weight();
                    if kept > MOST_KEPT {
                        return Err(invalid(LayerFlaw::TooManyFiles));
                    }
                    changes.push(change);
                }
                skip(&mut archive, if kind.is_hard_link() { 0 } else { size })?;
            }
        }
    }
    Ok(changes)
}

fn is_extension(kind: EntryType) -> bool {
    kind.is_gnu_longname()
        || kind.is_gnu_longlink()
        || kind.is_pax_local_extensions()
        || kind.is_pax_global_extensions()
}

/// What extended headers say of the entry after them.
#[derive(Default)]
struct Overrides {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    mtime: Option<u64>,
    uid: Option<u64>,
    gid: Option<u64>,
    xattrs: Vec<(String, Vec<u8>)>,
}

impl Overrides {
    /// pax records: `LENGTH KEY=VALUE\n`, the length counting the whole record.
    fn take(&mut self, mut records: &[u8]) -> Result<()> {
        let broken = || invalid(LayerFlaw::PaxRecordsUnreadable);
        while !records.is_empty() {
            let space = records.iter().position(|b| *b == b' ').ok_or_else(broken)?;
            let length: usize = number(&records[..space]).and_then(|n| n.try_into().ok()).ok_or_else(broken)?;
            let record = records.get(space + 1..length.checked_sub(1).ok_or_else(broken)?).ok_or_else(broken)?;
            let equals = record.iter().position(|b| *b == b'=').ok_or_else(broken)?;
            let (key, value) = (String::from_utf8_lossy(&record[..equals]), &record[equals + 1..]);
            match key.as_ref() {
                "path" => self.path = Some(value.to_vec()),
                "linkpath" => self.link = Some(value.to_vec()),
                "size" => self.size = Some(number(value).ok_or_else(broken)?),
                "uid" => self.uid = number(value),
                "gid" => self.gid = number(value),
                // Fractions of a second are ignored.
                "mtime" => self.mtime = value.split(|b| *b == b'.').next().and_then(number),
                name if name.starts_with(XATTR) => self.xattrs.push((name.to_owned(), value.to_vec())),
                _ => {}
            }
            records = records.get(length..).ok_or_else(broken)?;
        }
        Ok(())
    }
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
fn change(header: &Header, overrides: Overrides) -> Result<Option<Change>> {
    let named = overrides.path.unwrap_or_else(|| header.path_bytes().into_owned());
    let Some(path) = in_image(Path::new(OsStr::from_bytes(&named))) else { return Ok(None) };
    let link = || {
        let target = overrides.link.or_else(|| header.link_name_bytes().map(|l| l.into_owned())).unwrap_or_default();
        PathBuf::from(OsStr::from_bytes(&target))
    };
    let name = path.file_name().map(OsStrExt::as_bytes).unwrap_or_default();
    if name == b".wh..wh..opq" {
        return Ok(path.parent().map(|p| Change::Emptied { path: p.to_owned() }));
    }
    if let Some(gone) = name.strip_prefix(b".wh.") {
        // `.wh..wh.` begins what aufs kept for itself.
        let gone = (!gone.starts_with(b".wh.")).then(|| path.with_file_name(OsStr::from_bytes(gone)));
        return Ok(gone.map(|path| Change::Gone { path }));
    }
    Ok(Some(match header.entry_type() {
        EntryType::Directory => {
            let attributes = Attributes {
                mode: header.mode()? & 0o7777,
                uid: overrides.uid.map_or_else(|| header.uid(), Ok)?,
                gid: overrides.gid.map_or_else(|| header.gid(), Ok)?,
                mtime: overrides.mtime.map_or_else(|| header.mtime(), Ok).unwrap_or(0),
                xattrs: overrides.xattrs,
            };
            Change::Folder { path, attributes }
        }
        EntryType::Symlink => Change::Link { path, target: link() },
        EntryType::Link => match in_image(&link()) {
            Some(to) => Change::HardLink { path, to },
            None => Change::Other { path },
        },
        _ => Change::Other { path },
    }))
}

/// A path of an archive, relative to the image's root; `None` for one that leads out, which no runtime follows.
fn in_image(path: &Path) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => inside.push(name),
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => return None,
        }
    }
    Some(inside)
}

impl Change {
    /// The memory that it takes, nearly.
    fn weight(&self) -> usize {
        let own = size_of::<Change>();
        own + match self {
            Change::Folder { path, attributes } => {
                path.as_os_str().len() + attributes.xattrs.iter().map(|(k, v)| k.len() + v.len()).sum::<usize>()
            }
            Change::Link { path, target: other } | Change::HardLink { path, to: other } => {
                path.as_os_str().len() + other.as_os_str().len()
            }
            Change::Other { path } | Change::Gone { path } | Change::Emptied { path } => path.as_os_str().len(),
        }
    }
}

/// The next block; `None` at the end.
fn block(archive: &mut impl Read) -> Result<Option<[u8; BLOCK]>> {
    let mut block = [0; BLOCK];
    let mut filled = 0;
    while filled < BLOCK {
        match archive.read(&mut block[filled..]) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(n) => filled += n,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(Some(block))
}

/// POSIX: the sum of the header's bytes, those of the checksum itself taken as spaces.
fn checksum(block: &[u8; BLOCK]) -> u32 {
    let place = 148..156;
    block.iter().enumerate().map(|(i, b)| if place.contains(&i) { u32::from(b' ') } else { u32::from(*b) }).sum()
}

fn padded(size: u64) -> u64 {
    size.div_ceil(BLOCK as u64).saturating_mul(BLOCK as u64)
}

fn skip(archive: &mut impl Read, size: u64) -> Result<()> {
    let skipped = std::io::copy(&mut archive.take(padded(size)), &mut std::io::sink())?;
    if skipped == padded(size) { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

fn record(archive: &mut impl Read, size: u64) -> Result<Vec<u8>> {
    if size > LONGEST_RECORD {
        return Err(invalid(LayerFlaw::ExtendedHeaderTooLarge { limit: LONGEST_RECORD }));
    }
    let mut bytes = Vec::new();
    archive.take(padded(size)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != padded(size) {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    bytes.truncate(usize::try_from(size).expect("at most LONGEST_RECORD"));
    Ok(bytes)
}

fn until_nul(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(archive: &mut tar::Builder<Vec<u8>>, path: &str, mode: u32, uid: u64) {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Directory);
        header.set_mode(mode);
        header.set_uid(uid);
        header.set_gid(7);
        header.set_mtime(5);
        header.set_size(0);
        archive.append_data(&mut header, path, std::io::empty()).unwrap();
    }

    fn file(archive: &mut tar::Builder<Vec<u8>>, path: &str, content: &[u8]) {
        let mut header = Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, path, content).unwrap();
    }

    fn link(archive: &mut tar::Builder<Vec<u8>>, kind: EntryType, path: &str, to: &str) {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        archive.append_link(&mut header, path, to).unwrap();
    }

    #[test]
    fn folders_links_and_whiteouts_are_read_and_contents_are_skipped() {
        let mut archive = tar::Builder::new(Vec::new());
        folder(&mut archive, "./var/www/", 0o1777, 33);
        file(&mut archive, "var/www/page", &[b'x'; 1300]);
        link(&mut archive, EntryType::Symlink, "var/run", "/run");
        link(&mut archive, EntryType::Link, "var/lock", "var/run");
        file(&mut archive, "etc/.wh.motd", b"");
        file(&mut archive, "opt/.wh..wh..opq", b"");
        file(&mut archive, ".wh..wh.aufs", b"");
        let changes = read(&archive.into_inner().unwrap()[..]).unwrap();
        let attributes = Attributes { mode: 0o1777, uid: 33, gid: 7, mtime: 5, xattrs: vec![] };
        assert_eq!(
            changes,
            [
                Change::Folder { path: "var/www".into(), attributes },
                Change::Other { path: "var/www/page".into() },
                Change::Link { path: "var/run".into(), target: "/run".into() },
                Change::HardLink { path: "var/lock".into(), to: "var/run".into() },
                Change::Gone { path: "etc/motd".into() },
                Change::Emptied { path: "opt".into() },
            ]
        );
    }

    #[test]
    fn long_names_and_pax_records_count() {
        let deep = format!("{}/{}", "d".repeat(120), "e".repeat(120));
        let mut archive = tar::Builder::new(Vec::new());
        folder(&mut archive, &deep, 0o755, 0);
        let pax: [(&str, &[u8]); 4] =
            [("uid", b"3000000"), ("path", b"home/app"), ("mtime", b"12.75"), ("SCHILY.xattr.user.a", b"line\nline")];
        archive.append_pax_extensions(pax).unwrap();
        folder(&mut archive, "short", 0o2775, 0);
        let changes = read(&archive.into_inner().unwrap()[..]).unwrap();
        let Change::Folder { path, .. } = &changes[0] else { panic!("{changes:?}") };
        assert_eq!(path, Path::new(&deep));
        let xattrs = vec![("SCHILY.xattr.user.a".to_owned(), b"line\nline".to_vec())];
        let attributes = Attributes { mode: 0o2775, uid: 3_000_000, gid: 7, mtime: 12, xattrs };
        assert_eq!(changes[1], Change::Folder { path: "home/app".into(), attributes });
    }

    #[test]
    fn a_damaged_archive_is_an_error_and_a_huge_name_is_not_read() {
        let flaw_of = |read: Result<Vec<Change>>| crate::image::layers::flaw::of(&read.unwrap_err());
        assert_eq!(flaw_of(read(&b"<html>".repeat(200)[..])), Some(LayerFlaw::NotTar));
        let mut archive = tar::Builder::new(Vec::new());
        file(&mut archive, "a", &[1; 2000]);
        let whole = archive.into_inner().unwrap();
        assert_eq!(read(&whole[..1500]).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::GNULongName);
        header.set_size(1 << 40);
        header.set_cksum();
        let endless = header.as_bytes().chain(std::io::repeat(b'x'));
        assert_eq!(flaw_of(read(endless)), Some(LayerFlaw::ExtendedHeaderTooLarge { limit: LONGEST_RECORD }));
    }
}
