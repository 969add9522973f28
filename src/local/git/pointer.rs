//! Git LFS's pointers (git-lfs/docs/spec.md): what a commit has in place of a large file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// A pointer is shorter than this, by its specification.
const LONGEST: usize = 1024;
const VERSION: &str = "version https://git-lfs.github.com/spec/v1";

#[derive(Debug, PartialEq, Eq)]
pub struct Pointer {
    sha256: String,
    /// In bytes.
    size: u64,
}

impl Pointer {
    /// `None` for what is not a pointer, and for one whose content an extension changes first.
    pub fn parse(blob: &[u8]) -> Option<Pointer> {
        let text = std::str::from_utf8(blob).ok().filter(|t| t.len() < LONGEST)?;
        let mut lines = text.lines();
        if lines.next()? != VERSION {
            return None;
        }
        let (mut sha256, mut size) = (None, None);
        for line in lines {
            match line.split_once(' ')? {
                ("oid", oid) => sha256 = oid.strip_prefix("sha256:").map(str::to_owned),
                ("size", n) => size = n.parse().ok(),
                _ => return None,
            }
        }
        Some(Pointer { sha256: sha256?, size: size? })
    }

    /// Whether this file is the content that the pointer names.
    pub fn fits(&self, file: &Path) -> bool {
        // Git does not follow a link.
        let is_so_long = |m: std::fs::Metadata| m.is_file() && m.len() == self.size;
        file.symlink_metadata().is_ok_and(is_so_long) && hash(file).is_ok_and(|hash| hash == self.sha256)
    }
}

fn hash(file: &Path) -> std::io::Result<String> {
    let mut file = File::open(file)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex::encode(hash.finalize())),
            n => hash.update(&buffer[..n]),
        }
    }
}
