//! Payloads too large for a row: named by the hash of their content, compressed, in chunks.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};

use crate::model::fault::state::BlobFlaw;
use crate::model::ids::sha256_hex;

/// A larger payload becomes a blob. DynamoDB's items stay under 100 kB, and an event's row needs less
/// than 1 kB beside its payload; what is smaller than this is one read instead of two.
pub(super) const INLINE_LIMIT: usize = 64 * 1024;

/// The size of a compressed chunk: with its key it stays under 100 kB.
pub(super) const CHUNK: usize = 96 * 1000;

/// What a row has in place of a large payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BlobRef {
    /// The content's size, which also bounds what a damaged blob may inflate to.
    pub bytes: u64,
    pub chunks: u32,
    /// The kind of the fact within, for whoever looks at the row.
    pub of: String,
    /// Of the content before compression: the blob's name.
    pub sha256: String,
}

/// Names and compresses a content.
pub(super) fn pack(content: &[u8], of: &str) -> (BlobRef, Vec<Vec<u8>>) {
    let packed = compress(content);
    let chunks: Vec<Vec<u8>> = packed.chunks(CHUNK).map(<[u8]>::to_vec).collect();
    let blob = BlobRef {
        bytes: content.len() as u64,
        chunks: u32::try_from(chunks.len()).expect("2^32 chunks do not fit into memory"),
        of: of.to_owned(),
        sha256: sha256_hex(content),
    };
    (blob, chunks)
}

/// Compresses a content for a row that exists already and names a number of chunks: this kanmon's compression may be longer or shorter
/// than that of the one which wrote the row.
pub(super) fn pack_into(content: &[u8], chunks: u32) -> Vec<Vec<u8>> {
    let packed = compress(content);
    let chunks = (chunks as usize).clamp(1, packed.len());
    (0..chunks).map(|n| packed[n * packed.len() / chunks..(n + 1) * packed.len() / chunks].to_vec()).collect()
}

fn compress(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).and_then(|()| encoder.finish()).expect("writing into memory cannot fail")
}

/// The content again, checked against its name.
///
/// # Errors
/// What is wrong with it.
pub(super) fn unpack(blob: &BlobRef, chunks: &[Vec<u8>]) -> Result<Vec<u8>, BlobFlaw> {
    let name = || blob.sha256.clone();
    if chunks.len() != blob.chunks as usize {
        return Err(BlobFlaw::Chunks { name: name(), found: chunks.len(), expected: blob.chunks });
    }
    let packed = chunks.concat();
    let mut content = Vec::new();
    ZlibDecoder::new(packed.as_slice())
        .take(blob.bytes.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(|e| BlobFlaw::NotUnpackable { name: name(), error: e.to_string() })?;
    if content.len() as u64 != blob.bytes || sha256_hex(&content) != blob.sha256 {
        return Err(BlobFlaw::HashMismatch { name: name() });
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Incompressible, and the same each time.
    fn noise(len: usize) -> Vec<u8> {
        let mut x = 0x9e37_79b9_u32;
        let mut next = || {
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            x.to_le_bytes()[0]
        };
        (0..len).map(|_| next()).collect()
    }

    #[test]
    fn what_is_packed_into_several_small_chunks_comes_out_again() {
        let content = noise(3 * CHUNK);
        let (blob, chunks) = pack(&content, "warned");
        assert!(chunks.len() >= 3 && chunks.iter().all(|c| c.len() < 100_000));
        assert_eq!(unpack(&blob, &chunks).unwrap(), content);
    }

    #[test]
    fn a_content_is_packed_into_as_many_chunks_as_its_row_says() {
        let content = noise(CHUNK);
        for chunks in [1, 2, 5] {
            let blob = BlobRef { chunks, ..pack(&content, "warned").0 };
            let packed = pack_into(&content, chunks);
            assert_eq!((packed.len(), unpack(&blob, &packed)), (chunks as usize, Ok(content.clone())));
        }
    }

    #[test]
    fn the_name_is_the_contents_alone() {
        assert_eq!(pack(b"same", "a").0.sha256, pack(b"same", "b").0.sha256);
    }

    #[test]
    fn another_content_of_the_same_length_is_not_accepted() {
        let (blob, _) = pack(b"approved", "warned");
        let (_, other) = pack(b"rejected", "warned");
        assert_eq!(unpack(&blob, &other), Err(BlobFlaw::HashMismatch { name: blob.sha256.clone() }));
    }

    #[test]
    fn a_lost_chunk_a_flipped_byte_and_a_bomb_are_found() {
        let (blob, chunks) = pack(&noise(2 * CHUNK), "warned");
        assert!(unpack(&blob, &chunks[1..]).is_err());
        let mut flipped = chunks.clone();
        flipped[1][700] ^= 1;
        assert!(unpack(&blob, &flipped).is_err());
        let (_, bomb) = pack(&vec![0; 4 << 20], "warned");
        assert!(unpack(&BlobRef { bytes: 10, chunks: 1, ..blob }, &bomb).is_err());
    }
}
