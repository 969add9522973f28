//! A layer's bytes as the tar archive that they hold.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::flaw::invalid;
use crate::model::fault::build::LayerFlaw;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// The archive, by what the bytes begin with: media types of layers are often wrong, and every runtime looks itself.
///
/// # Errors
/// Where nothing can be read.
pub fn archive<'r>(layer: impl Read + 'r) -> Result<Box<dyn Read + 'r>> {
    let mut layer = BufReader::new(Peeked { head: Vec::new(), at: 0, rest: layer }.filled(ZSTD.len())?);
    let begins = layer.fill_buf()?;
    Ok(if begins.starts_with(GZIP) {
        // A layer of several gzip members is one archive (eStargz).
        Box::new(MultiGzDecoder::new(layer))
    } else if begins.starts_with(ZSTD) || is_skippable(begins) {
        Box::new(Frames { source: layer, decoder: FrameDecoder::new(), open: false })
    } else {
        Box::new(layer)
    })
}

/// A reader whose first bytes were looked at.
struct Peeked<R> {
    head: Vec<u8>,
    at: usize,
    rest: R,
}

impl<R: Read> Peeked<R> {
    fn filled(mut self, bytes: usize) -> Result<Peeked<R>> {
        (&mut self.rest).take(bytes as u64).read_to_end(&mut self.head)?;
        Ok(self)
    }
}

impl<R: Read> Read for Peeked<R> {
    fn read(&mut self, to: &mut [u8]) -> Result<usize> {
        if self.at == self.head.len() {
            return self.rest.read(to);
        }
        let n = (&self.head[self.at..]).read(to)?;
        self.at += n;
        Ok(n)
    }
}

/// RFC 8878, "Skippable Frames": 0x184D2A50 to 0x184D2A5F, little-endian.
fn is_skippable(begins: &[u8]) -> bool {
    begins.len() >= 4 && begins[0] & 0xf0 == 0x50 && begins[1..4] == [0x2a, 0x4d, 0x18]
}

/// Zstandard frames, one after the other: a layer may have many (zstd:chunked).
struct Frames<R> {
    source: R,
    decoder: FrameDecoder,
    open: bool,
}

impl<R: BufRead> Frames<R> {
    /// The next frame with content; `false` at the end.
    fn next(&mut self) -> Result<bool> {
        loop {
            let mut magic = [0; 4];
            match self.source.fill_buf()? {
                [] => return Ok(false),
                [first, ..] => magic[0] = *first,
            }
            if magic[0] & 0xf0 != 0x50 {
                self.decoder.init(&mut self.source).map_err(Error::other)?;
                return Ok(true);
            }
            self.source.read_exact(&mut magic)?;
            if !is_skippable(&magic) {
                return Err(invalid(LayerFlaw::NotZstd));
            }
            let mut size = [0; 4];
            self.source.read_exact(&mut size)?;
            let size = u64::from(u32::from_le_bytes(size));
            if std::io::copy(&mut (&mut self.source).take(size), &mut std::io::sink())? != size {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, to: &mut [u8]) -> Result<usize> {
        loop {
            if self.open && self.decoder.can_collect() > 0 {
                return self.decoder.read(to);
            }
            if self.open && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(Error::other)?;
                continue;
            }
            self.open = self.next()?;
            if !self.open {
                return Ok(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        archive(bytes)?.read_to_end(&mut out).map(|_| out)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    #[test]
    fn every_compression_of_a_layer_is_known_by_its_bytes_also_in_several_pieces() {
        let text = b"an archive ".repeat(100_000);
        let (one, two) = text.split_at(70_001);
        assert_eq!(read(&text).unwrap(), text);
        assert_eq!(read(&[gzip(one), gzip(two)].concat()).unwrap(), text);
        let skipped = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"toc"].concat();
        let frames = [skipped.clone(), zstd(one), skipped.clone(), zstd(two), skipped].concat();
        assert_eq!(read(&frames).unwrap(), text);
        assert_eq!(read(b"").unwrap(), b"");
        assert_eq!(read(b"ab").unwrap(), b"ab");
    }

    #[test]
    fn a_layer_that_breaks_off_is_an_error() {
        for whole in [gzip(&[7; 5000]), zstd(&[7; 5000])] {
            assert!(read(&whole[..whole.len() - 6]).is_err());
        }
    }
}
